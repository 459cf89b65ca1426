/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of a convolution for x86, block by block. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/x86/conv_s8_winograd_x86.h"
#include "kernels/x86/conv_s8_x86_pack.h"
#include "kernels/x86/requant_x86.h"
#include "quant/requant.h"

/* Extras for so many of 100 steps cost more than widening. */
enum { MANY_EXTRAS = 30 };

/* Four bytes of a patch: which segment they are in and where, and which weights are theirs. */
typedef struct step {
    int32_t segment, byte;
    int64_t first; /* weight */
    int32_t n;     /* of them */
} step;

/* What is left of a lane's weights at a step. */
typedef struct quad {
    int16_t w[ZK_X86_STEP];
} quad;

static int64_t steps_of(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const zk_x86_layout l = zk_x86_layout_of(isa, s);
    return (int64_t)l.segments * l.steps;
}

static step step_at(const zk_x86_isa *isa, const zk_x86_layout *l, int64_t i)
{
    const int32_t values = ZK_X86_STEP / isa->value_bytes;
    step at = {.segment = (int32_t)(i / l->steps), .byte = (int32_t)(i % l->steps) * ZK_X86_STEP};
    const int32_t value = at.byte / isa->value_bytes, left = l->segment_values - value;
    at.first = (int64_t)at.segment * l->segment_values + value;
    at.n = left < values ? left : values;
    return at;
}

/* Bytes of a block without its extras. */
static int64_t block_bytes(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t regs)
{
    const int64_t vector = (int64_t)isa->lanes * ZK_X86_STEP;
    return zk_x86_weights_at(isa, regs) + zk_x86_align(steps_of(isa, s) * regs * vector);
}

int32_t zk_x86_regs_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t b, int32_t *begin)
{
    const int32_t all = (s->out_c / s->groups + isa->lanes - 1) / isa->lanes;
    const int32_t n = zk_x86_blocks(isa, s);
    *begin = (int32_t)((int64_t)all * b / n);
    return (int32_t)((int64_t)all * (b + 1) / n) - *begin;
}

/* Without extras, in the form of bytes or the wide one. */
static size_t plain_bytes(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    int64_t bytes = 0;
    for (int32_t b = 0; b < zk_x86_blocks(isa, s); b++) {
        int32_t begin;
        bytes += block_bytes(isa, s, zk_x86_regs_of(isa, s, b, &begin));
    }
    return (size_t)(s->groups * bytes) + ZK_X86_HEAD;
}

/* Before the weights are known: of the form that needs most. */
size_t zk_x86_packed_bytes(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    const size_t bytes = plain_bytes(isa, s);
    const size_t winograd = zk_x86_winograd_takes(isa, s) ? zk_x86_winograd_bytes(isa, s) : 0;
    return bytes > winograd ? bytes : winograd;
}

/* Weights of channel c at a step, less their zero point; zeros past the segment. */
static quad quad_at(const zk_conv_s8_args *a, int32_t c, const step *at)
{
    const int32_t zero = a->w_zero_point ? a->w_zero_point[c] : 0;
    const int8_t *w = a->w + c * zk_conv_patch(a->shape) + at->first;
    quad q = {{0}};
    for (int32_t i = 0; i < at->n; i++)
        q.w[i] = (int16_t)(w[i] - zero);
    return q;
}

/* Moves from q as much as one step takes. */
static void take(const zk_x86_isa *isa, quad *q, int8_t part[ZK_X86_STEP])
{
    for (int32_t i = 0; i < ZK_X86_STEP; i++)
        part[i] = (int8_t)zi_clamp(q->w[i], -128, 127);
    for (int32_t i = 0; isa->pair_limit && i < ZK_X86_STEP; i += 2) {
        const int32_t sum = part[i] + part[i + 1];
        const int32_t over = abs(sum) - isa->pair_limit;
        if (over > 0 && (part[i] < 0) == (part[i + 1] < 0)) {
            // off the larger one, which is half of the limit at least
            int8_t *large = abs(part[i]) > abs(part[i + 1]) ? &part[i] : &part[i + 1];
            *large = (int8_t)(sum < 0 ? *large + over : *large - over);
        }
    }
    for (int32_t i = 0; i < ZK_X86_STEP; i++)
        q->w[i] = (int16_t)(q->w[i] - part[i]);
}

static bool rest(const quad *q)
{
    return q->w[0] || q->w[1] || q->w[2] || q->w[3];
}

/* A step of n_c channels; true if something is left of their weights. */
static bool pack_step(const zk_x86_isa *isa, quad *left, int32_t n_c, int8_t *w)
{
    bool any = false;
    if (isa->value_bytes == 2) { // everything
        for (int32_t j = 0; j < n_c; j++)
            memcpy(w + j * ZK_X86_STEP, left[j].w, ZK_X86_STEP);
        return false;
    }
    for (int32_t j = 0; j < n_c; j++) {
        take(isa, &left[j], w + j * ZK_X86_STEP);
        any = any || rest(&left[j]);
    }
    return any;
}

int32_t zk_x86_channels_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t reg)
{
    const int32_t left = s->out_c / s->groups - reg * isa->lanes;
    return left < isa->lanes ? left : isa->lanes;
}

/* Where a block's steps go; NULL: they are counted. */
typedef struct target {
    int8_t *weights, *extras;
    int32_t *offsets;
} target;

/* The weights of a register, n_c channels from c on; returns the number of extras, of which there
 * are n already. `regs` registers of a block take turns in its weights. */
static int32_t pack_register(const zk_x86_isa *isa, const zk_conv_s8_args *a, int32_t c,
                             int32_t n_c, int32_t regs, target out, int32_t n)
{
    const zk_x86_layout l = zk_x86_layout_of(isa, a->shape);
    const int64_t steps = steps_of(isa, a->shape);
    const int64_t vector = (int64_t)isa->lanes * ZK_X86_STEP;
    for (int64_t i = 0; i < steps; i++) {
        const step at = step_at(isa, &l, i);
        quad left[ZK_X86_MAX_CHANNELS];
        int8_t aside[ZK_X86_MAX_CHANNELS * ZK_X86_STEP];
        for (int32_t j = 0; j < n_c; j++)
            left[j] = quad_at(a, c + j, &at);
        bool more =
            pack_step(isa, left, n_c, out.weights ? out.weights + i * regs * vector : aside);
        for (; more; n++) {
            more = pack_step(isa, left, n_c, out.extras ? out.extras + n * vector : aside);
            if (out.offsets) {
                out.offsets[2 * n] = at.segment;
                out.offsets[2 * n + 1] = at.byte;
            }
        }
    }
    return n;
}

static int64_t extra_bytes(const zk_x86_isa *isa, int64_t n)
{
    return zk_x86_align(n * isa->lanes * ZK_X86_STEP) +
           zk_x86_align(n * 2 * (int64_t)sizeof(int32_t));
}

/* Extras of all blocks; adds their bytes up. */
static int64_t count_extras(const zk_x86_isa *isa, const zk_conv_s8_args *a, int64_t *bytes)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    int64_t all = 0;
    if (isa->value_bytes == 2 || (!isa->pair_limit && !a->w_zero_point))
        return 0; // every weight fits
    for (int32_t c = 0; c < s->out_c; c += per_group) {
        for (int32_t b = 0; b < zk_x86_blocks(isa, s); b++) {
            int32_t begin, n = 0;
            const int32_t regs = zk_x86_regs_of(isa, s, b, &begin);
            for (int32_t r = begin; r < begin + regs; r++)
                n = pack_register(isa, a, c + r * isa->lanes, zk_x86_channels_of(isa, s, r), regs,
                                  (target){NULL, NULL, NULL}, n);
            *bytes += extra_bytes(isa, n);
            all += n;
        }
    }
    return all;
}

/* Whether values are better widened, and the bytes that extras take otherwise. */
static bool is_wide(const zk_x86_isa *isa, const zk_conv_s8_args *a, int64_t *bytes)
{
    const zk_conv_shape *s = a->shape;
    const int64_t regs = (s->out_c / s->groups + isa->lanes - 1) / isa->lanes * s->groups;
    *bytes = 0;
    return count_extras(isa, a, bytes) * 100 > steps_of(isa, s) * regs * MANY_EXTRAS && isa->wide;
}

size_t zk_x86_packed_more(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    const size_t held = zk_x86_packed_bytes(isa, a->shape);
    int64_t extras;
    if (zk_x86_winograd_proves(isa, a))
        return 0;
    const size_t bytes = is_wide(isa, a, &extras) ? plain_bytes(isa->wide, a->shape)
                                                  : plain_bytes(isa, a->shape) + (size_t)extras;
    return bytes > held ? bytes - held : 0;
}

/* True if channel c has one value whatever the input, its sum changing by `spread` at most; the
 * value with the zero point, as a byte that a clamp may still change. */
static bool always(const zk_conv_s8_args *a, int32_t c, int64_t spread, int32_t *value)
{
    int32_t q[2];
    for (int i = 0; i < 2; i++) {
        const int32_t acc = (int32_t)(a->bias[c] + (i ? spread : -spread));
        q[i] = zi_offset_clamp(zi_requant(acc, a->multiplier[c], a->shift[c]), a->out_zero_point,
                               -128, 127);
    }
    *value = q[0];
    return q[0] == q[1];
}

/* The numbers of channel c in lane `lane` of its block; false if the short way is not for it. */
static bool pack_numbers(const zk_conv_s8_args *a, int32_t c, int32_t lane, int32_t lanes,
                         bool plain, int32_t *numbers)
{
    const int64_t patch = zk_conv_patch(a->shape);
    const int32_t zero = a->w_zero_point ? a->w_zero_point[c] : 0;
    int32_t multiplier = a->multiplier[c], shift = a->shift[c];
    int64_t sum = 0, size = 0;
    for (int64_t i = 0; i < patch; i++) {
        sum += a->w[c * patch + i] - zero;
        size += abs(a->w[c * patch + i] - zero);
    }
    const int64_t most = llabs((long long)a->bias[c]) + 255 * size; // of an accumulator
    int32_t constant; // what the channel always is: with weights of 0, or far out of the range
    const bool dead = plain && always(a, c, 255 * size, &constant);
    multiplier = dead ? 0 : multiplier;
    shift = dead ? -1 : shift;
    const int32_t right = shift < 0 ? -shift : 0;
    numbers[ZK_X86_BIAS * lanes + lane] =
        (int32_t)(a->bias[c] - ((int64_t)a->x_zero_point + 128) * sum);
    numbers[ZK_X86_MULTIPLIER * lanes + lane] = multiplier;
    numbers[ZK_X86_RIGHT * lanes + lane] = right;
    numbers[ZK_X86_LEFT * lanes + lane] = shift > 0 ? shift : 0;
    plain = dead || (plain && right >= 1 && right <= ZK_PLAIN_SHIFT && most < ZK_PLAIN_SUM);
    // one half of the doubled product's low bits; above them one half of what is shifted out, and
    // the zero point
    int32_t *add = &numbers[(lane % 2 ? ZK_X86_ADD_ODD : ZK_X86_ADD_EVEN) * lanes + lane / 2 * 2];
    add[0] = INT32_MIN;
    add[1] = 0;
    if (plain)
        add[1] = (1 << (right - 1)) + (dead ? constant : a->out_zero_point) * (1 << right);
    if (lane % 2)
        numbers[ZK_X86_ODD * lanes + lane - 1] = multiplier;
    return plain;
}

void zk_x86_pack_numbers(const zk_x86_isa *isa, const zk_conv_s8_args *a, bool may, zk_x86_block *b)
{
    int32_t *numbers = (int32_t *)((char *)b + b->numbers);
    b->plain = may;
    for (int32_t i = 0; i < b->channels && b->plain; i++)
        b->plain = pack_numbers(a, b->channel + i, i, b->regs * isa->lanes, true, numbers);
    for (int32_t i = 0; i < b->channels && !b->plain; i++)
        pack_numbers(a, b->channel + i, i, b->regs * isa->lanes, false, numbers);
}

static void pack_block(const zk_x86_isa *isa, const zk_conv_s8_args *a, int32_t group_begin,
                       int32_t begin, zk_x86_block *b)
{
    const zk_conv_shape *s = a->shape;
    const int64_t vector = (int64_t)isa->lanes * ZK_X86_STEP;
    char *base = (char *)b;
    b->channel = group_begin + begin * isa->lanes;
    b->numbers = zk_x86_numbers_at();
    b->weights = zk_x86_weights_at(isa, b->regs);
    b->extras = b->weights + zk_x86_align(steps_of(isa, s) * b->regs * vector);
    int32_t n = 0;
    for (int32_t r = 0; r < b->regs; r++) {
        const int32_t n_c = zk_x86_channels_of(isa, s, begin + r);
        const target to = {(int8_t *)base + b->weights + r * vector, NULL, NULL};
        n = pack_register(isa, a, b->channel + r * isa->lanes, n_c, b->regs, to, n);
        b->extra_end[r] = n;
        b->channels += n_c;
    }
    zk_x86_pack_numbers(isa, a, true, b);
    b->offsets = b->extras + zk_x86_align(n * vector);
    b->bytes = b->extras + extra_bytes(isa, n);
    const target to = {NULL, (int8_t *)base + b->extras, (int32_t *)(base + b->offsets)};
    for (int32_t r = 0, done = 0; done < n; r++)
        done = pack_register(isa, a, b->channel + r * isa->lanes,
                             zk_x86_channels_of(isa, s, begin + r), b->regs, to, done);
}

void zk_x86_pack(const zk_x86_isa *isa, const zk_conv_s8_args *a, void *packed)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    zk_x86_packed *head = zk_x86_packed_at(packed);
    char *out = (char *)(head + 1);
    int64_t bytes;
    if (zk_x86_winograd_proves(isa, a)) {
        head->form = ZK_X86_WINOGRAD;
        zk_x86_winograd_pack(isa, a, (void *)out);
        return;
    }
    head->form = is_wide(isa, a, &bytes) ? ZK_X86_WIDE : ZK_X86_BYTES;
    isa = head->form == ZK_X86_WIDE ? isa->wide : isa;
    for (int32_t c = 0; c < s->out_c; c += per_group) {
        for (int32_t i = 0; i < zk_x86_blocks(isa, s); i++) {
            zk_x86_block *b = (void *)out;
            int32_t begin;
            b->regs = zk_x86_regs_of(isa, s, i, &begin);
            pack_block(isa, a, c, begin, b);
            out += b->bytes;
        }
    }
}
