/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of a convolution for x86, block by block. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/x86/conv_s8_x86.h"
#include "kernels/x86/requant_x86.h"
#include "quant/requant.h"

enum { ALIGN = 64 };

/* Which weights a lane multiplies at a step, or what is left of them. */
typedef struct quad {
    int16_t w[ZK_X86_STEP];
} quad;

static int64_t align(int64_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static int64_t steps_of(const zk_conv_shape *s)
{
    const zk_x86_layout l = zk_x86_layout_of(s);
    return (int64_t)l.segments * l.steps;
}

/* Bytes of a block without its extras. */
static int64_t block_bytes(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t regs)
{
    const int64_t vector = (int64_t)isa->lanes * 4;
    return align(sizeof(zk_x86_block)) + align(ZK_X86_NUMBERS * regs * vector) +
           align(steps_of(s) * regs * vector);
}

/* The registers of block b are [begin, begin + regs) of the group's. */
static int32_t regs_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t b, int32_t *begin)
{
    const int32_t all = (s->out_c / s->groups + isa->lanes - 1) / isa->lanes;
    const int32_t n = zk_x86_blocks(isa, s);
    *begin = (int32_t)((int64_t)all * b / n);
    return (int32_t)((int64_t)all * (b + 1) / n) - *begin;
}

size_t zk_x86_packed_bytes(const zk_x86_isa *isa, const zk_conv_shape *s)
{
    int64_t bytes = 0;
    for (int32_t b = 0; b < zk_x86_blocks(isa, s); b++) {
        int32_t begin;
        bytes += block_bytes(isa, s, regs_of(isa, s, b, &begin));
    }
    return (size_t)(s->groups * bytes) + ALIGN;
}

/* Weights of channel c at a step, less their zero point; zeros past the segment. */
static quad quad_at(const zk_conv_s8_args *a, const zk_x86_layout *l, int32_t c, int64_t step)
{
    const int32_t zero = a->w_zero_point ? a->w_zero_point[c] : 0;
    const int64_t segment = step / l->steps, first = step % l->steps * ZK_X86_STEP;
    const int8_t *w = a->w + c * zk_conv_patch(a->shape) + segment * l->segment_bytes + first;
    quad q = {{0}};
    for (int32_t i = 0; i < ZK_X86_STEP && first + i < l->segment_bytes; i++)
        q.w[i] = (int16_t)(w[i] - zero);
    return q;
}

/* Moves from q as much as one step takes. */
static void take(const zk_x86_isa *isa, quad *q, int8_t part[ZK_X86_STEP])
{
    for (int32_t i = 0; i < ZK_X86_STEP; i++)
        part[i] = (int8_t)zi_clamp(q->w[i], -128, 127);
    for (int32_t i = 0; isa->pair_limit && i < ZK_X86_STEP; i += 2) {
        const int32_t over = abs(part[i]) + abs(part[i + 1]) - isa->pair_limit;
        if (over > 0) { // off the larger one, which is more than half of the limit
            int8_t *large = abs(part[i]) > abs(part[i + 1]) ? &part[i] : &part[i + 1];
            *large = (int8_t)(*large < 0 ? *large + over : *large - over);
        }
    }
    for (int32_t i = 0; i < ZK_X86_STEP; i++)
        q->w[i] = (int16_t)(q->w[i] - part[i]);
}

static bool rest(const quad *q)
{
    return q->w[0] || q->w[1] || q->w[2] || q->w[3];
}

/* Packs one step of a register; writes its extras behind the n there are, if there is room for
 * them, and returns how many there are now. */
static int32_t pack_step(const zk_x86_isa *isa, const zk_conv_s8_args *a, const zk_x86_layout *l,
                         int32_t c, int32_t n_c, int64_t step, int8_t *w, int8_t *extras,
                         int32_t *offsets, int32_t n)
{
    const int32_t at = (int32_t)(step / l->steps);
    quad left[ZK_X86_MAX_CHANNELS] = {{{0}}};
    bool any = false;
    for (int32_t j = 0; j < n_c; j++) {
        int8_t part[ZK_X86_STEP];
        left[j] = quad_at(a, l, c + j, step);
        take(isa, &left[j], part);
        if (w)
            memcpy(w + j * ZK_X86_STEP, part, sizeof(part));
        any = any || rest(&left[j]);
    }
    for (; any; n++) {
        any = false;
        for (int32_t j = 0; j < n_c; j++) {
            int8_t part[ZK_X86_STEP];
            take(isa, &left[j], part);
            if (extras)
                memcpy(extras + (n * isa->lanes + j) * (int64_t)ZK_X86_STEP, part, sizeof(part));
            any = any || rest(&left[j]);
        }
        if (offsets) { // which segment, and where in it
            offsets[2 * n] = at;
            offsets[2 * n + 1] = (int32_t)(step % l->steps) * ZK_X86_STEP;
        }
    }
    return n;
}

/* Where a register's channels begin and how many it has, of the group's. */
static int32_t channels_of(const zk_x86_isa *isa, const zk_conv_shape *s, int32_t reg)
{
    const int32_t left = s->out_c / s->groups - reg * isa->lanes;
    return left < isa->lanes ? left : isa->lanes;
}

static int64_t extra_bytes(const zk_x86_isa *isa, int64_t n)
{
    return align(n * isa->lanes * ZK_X86_STEP) + align(n * 2 * (int64_t)sizeof(int32_t));
}

size_t zk_x86_packed_more(const zk_x86_isa *isa, const zk_conv_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    const zk_x86_layout l = zk_x86_layout_of(s);
    const int32_t per_group = s->out_c / s->groups;
    int64_t bytes = 0;
    for (int32_t c = 0; c < s->out_c; c += per_group) {
        for (int32_t b = 0; b < zk_x86_blocks(isa, s); b++) {
            int32_t begin, n = 0;
            const int32_t regs = regs_of(isa, s, b, &begin);
            for (int32_t r = begin; r < begin + regs; r++) {
                for (int64_t step = 0; step < steps_of(s); step++)
                    n = pack_step(isa, a, &l, c + r * isa->lanes, channels_of(isa, s, r), step,
                                  NULL, NULL, NULL, n);
            }
            bytes += extra_bytes(isa, n);
        }
    }
    return (size_t)bytes;
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

/* The numbers of a block, for the short way of requantising if that is for all channels. */
static void pack_block_numbers(const zk_x86_isa *isa, const zk_conv_s8_args *a, zk_x86_block *b)
{
    int32_t *numbers = (int32_t *)((char *)b + b->numbers);
    b->plain = 1;
    for (int32_t i = 0; i < b->channels && b->plain; i++)
        b->plain = pack_numbers(a, b->channel + i, i, b->regs * isa->lanes, true, numbers);
    for (int32_t i = 0; i < b->channels && !b->plain; i++)
        pack_numbers(a, b->channel + i, i, b->regs * isa->lanes, false, numbers);
}

static void pack_block(const zk_x86_isa *isa, const zk_conv_s8_args *a, int32_t group_begin,
                       int32_t begin, zk_x86_block *b)
{
    const zk_conv_shape *s = a->shape;
    const zk_x86_layout l = zk_x86_layout_of(s);
    const int64_t steps = steps_of(s), vector = (int64_t)isa->lanes * ZK_X86_STEP;
    char *base = (char *)b;
    int32_t n = 0;
    b->channel = group_begin + begin * isa->lanes;
    b->numbers = align(sizeof(*b));
    b->weights = b->numbers + align(ZK_X86_NUMBERS * b->regs * vector);
    b->extras = b->weights + align(steps * b->regs * vector);
    for (int32_t r = 0; r < b->regs; r++) { // how many there are
        const int32_t c = b->channel + r * isa->lanes, n_c = channels_of(isa, s, begin + r);
        b->channels += n_c;
        for (int64_t step = 0; step < steps; step++)
            n = pack_step(isa, a, &l, c, n_c, step,
                          (int8_t *)base + b->weights + (step * b->regs + r) * vector, NULL, NULL,
                          n);
        b->extra_end[r] = n;
    }
    pack_block_numbers(isa, a, b);
    b->offsets = b->extras + align(n * vector);
    b->bytes = b->extras + extra_bytes(isa, n);
    n = 0;
    for (int32_t r = 0; r < b->regs; r++) {
        for (int64_t step = 0; step < steps && n < b->extra_end[r]; step++)
            n = pack_step(isa, a, &l, b->channel + r * isa->lanes, channels_of(isa, s, begin + r),
                          step, NULL, (int8_t *)base + b->extras, (int32_t *)(base + b->offsets),
                          n);
    }
}

void zk_x86_pack(const zk_x86_isa *isa, const zk_conv_s8_args *a, void *packed)
{
    const zk_conv_shape *s = a->shape;
    const int32_t per_group = s->out_c / s->groups;
    char *out = (char *)packed + ((char *)zk_x86_first_block(packed) - (char *)packed);
    for (int32_t c = 0; c < s->out_c; c += per_group) {
        for (int32_t i = 0; i < zk_x86_blocks(isa, s); i++) {
            zk_x86_block *b = (void *)out;
            int32_t begin;
            b->regs = regs_of(isa, s, i, &begin);
            pack_block(isa, a, c, begin, b);
            out += b->bytes;
        }
    }
}
