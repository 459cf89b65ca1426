/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of a convolution for Winograd's form on x86, block by block. */
#include <string.h>

#include "kernels/x86/conv_s8_winograd_x86.h"
#include "kernels/x86/conv_s8_x86_pack.h"

enum { POINTS = ZK_WINOGRAD_POINTS, GROUP = ZK_WINOGRAD_LANES, PAIRS = GROUP / 2, MAX_LANES = 16 };

/* Transformed weights of a register's channels and a group of input channels, as they are read. */
typedef struct group {
    int16_t w[POINTS][PAIRS][MAX_LANES][2];
} group;

static int64_t step_bytes(const zk_x86_isa *isa, int32_t regs)
{
    return (int64_t)regs * isa->lanes * ZK_X86_STEP;
}

static int64_t block_bytes(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t regs)
{
    return zk_x86_weights_at(isa, regs) + POINTS * zk_x86_winograd_steps(s) * step_bytes(isa, regs);
}

size_t zk_x86_winograd_bytes(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    int64_t bytes = 0;
    for (int32_t b = 0; b < zk_x86_blocks(isa, s); b++) {
        int32_t begin;
        bytes += block_bytes(isa, s, zk_x86_regs_of(isa, s, b, &begin));
    }
    return (size_t)bytes + ZK_X86_HEAD;
}

bool zk_x86_winograd_proves(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    zk_winograd_sum sum;
    bool all = zk_x86_winograd_takes(isa, a->shape);
    for (int32_t c = 0; c < a->shape->out_c && all; c++)
        all = zk_winograd_prove(a, c, &sum);
    return all;
}

/* Channel c's weights for input channels from k on, to lane `lane` of the group. */
static void pack_lane(const zk_conv_s8_args *a, int32_t c, int32_t k, int32_t lane, group *g)
{
    const int32_t in_c = a->shape->in_c, in = k < in_c - GROUP ? k : in_c - GROUP;
    int16_t w[POINTS][2 * GROUP] = {{0}}; // zeros past the last input channel
    zk_winograd_weights_of(a, c, in, 2 * GROUP, w[0]);
    for (int32_t p = 0; p < POINTS; p++)
        for (int32_t i = 0; i < PAIRS; i++)
            memcpy(g->w[p][i][lane], &w[p][k - in + 2 * i], sizeof(g->w[p][i][lane]));
}

/* The weights of n_c channels from c on, a register's; `regs` registers take turns in `out`. */
static void pack_register(const zk_x86_isa *isa, const zk_conv_s8_args *a, int32_t c, int32_t n_c,
                          int32_t regs, int8_t *out)
{
    const int64_t steps = zk_x86_winograd_steps(a->shape), pitch = step_bytes(isa, regs);
    group g;
    memset(&g, 0, sizeof(g));
    for (int64_t at = 0; at < steps; at += PAIRS) {
        const int64_t n = steps - at < PAIRS ? steps - at : PAIRS;
        for (int32_t i = 0; i < n_c; i++)
            pack_lane(a, c + i, (int32_t)(2 * at), i, &g);
        for (int64_t p = 0; p < POINTS; p++)
            for (int64_t i = 0; i < n; i++)
                memcpy(out + (p * steps + at + i) * pitch, g.w[p][i], (size_t)step_bytes(isa, 1));
    }
}

/* The numbers of a block: sums are 576 times what they are elsewhere. */
static void pack_numbers(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_x86_block *b)
{
    const int32_t lanes = b->regs * isa->lanes;
    int32_t *numbers = (int32_t *)(void *)((char *)b + b->numbers);
    int32_t *bias = numbers + ZK_X86_BIAS * lanes, *rest = numbers + ZK_X86_REST * lanes;
    zk_winograd_sum sums[ZK_X86_MAX_CHANNELS];
    bool plain = true;
    for (int32_t i = 0; i < b->channels; i++) {
        zk_winograd_prove(a, b->channel + i, &sums[i]);
        plain = plain && !sums[i].rest;
    }
    zk_x86_pack_numbers(isa, a, plain, b);
    for (int32_t i = 0; i < b->channels; i++) {
        bias[i] = (int32_t)sums[i].offset;
        rest[i] = sums[i].rest;
    }
}

void zk_x86_winograd_pack(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_x86_block *b)
{
    const zk_conv_shape *s = a->shape;
    for (int32_t i = 0; i < zk_x86_blocks(isa, s); i++, b = (void *)((char *)b + b->bytes)) {
        int32_t begin;
        b->regs = zk_x86_regs_of(isa, s, i, &begin);
        b->channel = begin * isa->lanes;
        b->numbers = zk_x86_numbers_at();
        b->weights = zk_x86_weights_at(isa, b->regs);
        b->bytes = block_bytes(isa, s, b->regs);
        for (int32_t r = 0; r < b->regs; r++) {
            const int32_t n_c = zk_x86_channels_of(isa, s, begin + r);
            pack_register(isa, a, b->channel + r * isa->lanes, n_c, b->regs,
                          (int8_t *)b + b->weights + r * step_bytes(isa, 1));
            b->channels += n_c;
        }
        pack_numbers(isa, a, b);
    }
}
