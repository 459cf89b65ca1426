/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Winograd's transforms and products, for one instruction set. Included by conv_s8_winograd_256.h
 * and _512.h, which define, on vectors: zero(), widen(), add16(), sub16(), shift16(), add32(),
 * sub32(), shift32(), undo(), store16(), store32() and store_four().
 */
#ifndef ZK_CONV_S8_WINOGRAD_TILES_H
#define ZK_CONV_S8_WINOGRAD_TILES_H

#include "kernels/x86/conv_s8_winograd_x86.h"

enum { IN = ZK_WINOGRAD_IN, OUT = ZK_WINOGRAD_OUT, VALUES = 2 * LANES };

/* ---- windows ---- */

/* B^T of six values. */
INLINE void window_six(const vec d[IN], vec out[IN])
{
    const vec far = sub16(d[4], shift16(d[2], 2)), near = sub16(d[3], shift16(d[1], 2));
    const vec even = sub16(d[4], d[2]), odd = shift16(sub16(d[3], d[1]), 1);
    out[0] = add16(shift16(sub16(d[0], d[2]), 2), even);
    out[1] = add16(far, near);
    out[2] = sub16(far, near);
    out[3] = add16(even, odd);
    out[4] = sub16(even, odd);
    out[5] = sub16(sub16(d[5], d[3]), shift16(odd, 1));
}

INLINE void window_channels(const zk_x86_window *w, int64_t c)
{
    vec columns[IN][IN], d[IN], row[IN];
#pragma GCC unroll 6
    for (int j = 0; j < IN; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < IN; i++)
            d[i] = widen(w->x[i * IN + j] + c);
        window_six(d, columns[j]);
    }
#pragma GCC unroll 6
    for (int i = 0; i < IN; i++) {
#pragma GCC unroll 6
        for (int j = 0; j < IN; j++)
            d[j] = columns[j][i];
        window_six(d, row);
#pragma GCC unroll 6
        for (int j = 0; j < IN; j++)
            store16(w->out + (i * IN + j) * w->pitch + c, row[j]);
    }
}

/* The last channels are some of the ones before them once more. */
static void window(const zk_x86_window *w)
{
    for (int64_t c = 0; c < w->channels; c += VALUES)
        window_channels(w, c < w->channels - VALUES ? c : w->channels - VALUES);
}

/* ---- products ---- */

INLINE void sums_of(const zk_x86_call *q, const uint8_t *x, int8_t *out, int64_t ahead, int pixels,
                    int regs)
{
    sums acc;
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++) {
#pragma GCC unroll 16
        for (int r = 0; r < regs; r++)
            acc[p][r] = zero();
    }
    add_steps(q, x, ahead, pixels, regs, acc);
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++) {
#pragma GCC unroll 16
        for (int r = 0; r < regs; r++)
            store32(out + p * q->out_pitch + r * (int)sizeof(vec), acc[p][r]);
    }
}

#define SUMS(pixels, regs)                                                                         \
    static void sums_##pixels##x##regs(const zk_x86_call *q, const uint8_t *x, int8_t *out,        \
                                       int64_t ahead)                                              \
    {                                                                                              \
        sums_of(q, x, out, ahead, pixels, regs);                                                   \
    }

/* ---- outputs ---- */

/* A^T of six sums, where the last one is half. */
INLINE void output_four(const vec m[IN], vec out[OUT])
{
    const vec near = add32(m[1], m[2]), far = add32(m[3], m[4]);
    const vec odd = sub32(m[1], m[2]), far_odd = sub32(m[3], m[4]);
    out[0] = add32(add32(m[0], near), far);
    out[1] = add32(odd, shift32(far_odd, 1));
    out[2] = add32(near, shift32(far, 2));
    out[3] = add32(add32(odd, shift32(far_odd, 3)), shift32(m[5], 1));
}

/* 4x4 sums, 576 times. */
INLINE void output_tile(const int32_t *m, int64_t pitch, vec out[OUT][OUT])
{
    vec columns[IN][OUT], six[IN];
#pragma GCC unroll 6
    for (int j = 0; j < IN; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < IN; i++)
            six[i] = load((const int8_t *)(m + (i * IN + j) * pitch));
        output_four(six, columns[j]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < OUT; i++) {
#pragma GCC unroll 6
        for (int j = 0; j < IN; j++)
            six[j] = columns[j][i];
        output_four(six, out[i]);
    }
}

static void outputs(const void *state, const zk_winograd_target *to)
{
    const zk_x86_outputs *o = state;
    const zk_x86_block *b = o->call->block;
    const int regs = b->regs, r = o->reg;
    const vec offset = number(b, regs, r, ZK_X86_BIAS), rest = number(b, regs, r, ZK_X86_REST);
    const scale s = scale_of(b, regs, r);
    const int32_t *m = o->sums + to->tile * o->tile_pitch;
    int8_t *out = to->out;
    for (int64_t t = 0; t < to->n; t++, m += o->tile_pitch, out += OUT * to->pixel_pitch) {
        vec y[OUT][OUT];
        output_tile(m, o->point_pitch, y);
        for (int i = 0; i < OUT; i++) {
            vec v[OUT];
#pragma GCC unroll 4
            for (int j = 0; j < OUT; j++) {
                v[j] = undo(add32(y[i][j], offset));
                v[j] = b->plain ? requant_plain(v[j], &s)
                                : requant_any(o->call, add32(v[j], rest), regs, r);
            }
            store_four(o->call, v, out + i * to->row_pitch, to->pixel_pitch);
        }
    }
}

#endif
