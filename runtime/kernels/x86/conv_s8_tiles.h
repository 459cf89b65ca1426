/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The product of patches and a block of weights, for one instruction set. Included by a variant
 * that has defined `vec`, LANES, and, on vectors: load(), four() (four bytes in all lanes), dot(),
 * scale_of(), requant_plain(), requant_any() and store().
 */
#ifndef ZK_CONV_S8_TILES_H
#define ZK_CONV_S8_TILES_H

#include "kernels/x86/conv_s8_x86.h"

/* The loops below have counts that are constants where they are inlined: sums stay in registers. */
#define INLINE static inline __attribute__((always_inline))

enum { MAX_PIXELS = 12, LINE = 64 };

typedef vec sums[MAX_PIXELS][ZK_X86_MAX_REGS];

/* `ahead`: from weights to what is wanted in the cache by then, one line of a step's. */
INLINE void add_steps(const zk_x86_call *q, const uint8_t *x, int64_t ahead, int pixels, int regs,
                      sums acc)
{
    const int8_t *w = q->weights;
    const int64_t pitch = q->pitch;
    for (int32_t i = 0; i < q->segments; i++, x += q->segment_pitch) {
        const uint8_t *at = x;
        for (int32_t k = 0; k < q->steps; k++, at += ZK_X86_STEP, w += regs * LANES * ZK_X86_STEP) {
            vec weights[ZK_X86_MAX_REGS];
#pragma GCC unroll 16
            for (int r = 0; r < regs; r++)
                weights[r] = load(w + r * LANES * ZK_X86_STEP);
            _mm_prefetch((const char *)w + ahead, _MM_HINT_T1);
#pragma GCC unroll 16
            for (int p = 0; p < pixels; p++) {
                const vec v = four(at + p * pitch);
#pragma GCC unroll 16
                for (int r = 0; r < regs; r++)
                    acc[p][r] = dot(acc[p][r], v, weights[r]);
            }
        }
    }
}

INLINE void add_extras(const zk_x86_call *q, const uint8_t *x, int pixels, int regs, sums acc)
{
    const zk_x86_block *b = q->block;
    const int8_t *w = zk_x86_at(b, b->extras);
    const int32_t *offset = zk_x86_at(b, b->offsets);
    int32_t i = 0;
#pragma GCC unroll 16
    for (int r = 0; r < regs; r++) {
        for (; i < b->extra_end[r]; i++, offset += 2, w += LANES * ZK_X86_STEP) {
            const uint8_t *at = x + offset[0] * q->segment_pitch + offset[1];
            const vec weights = load(w);
#pragma GCC unroll 16
            for (int p = 0; p < pixels; p++)
                acc[p][r] = dot(acc[p][r], four(at + p * q->pitch), weights);
        }
    }
}

/* Apart from the sums, which otherwise had to be in memory. */
INLINE void requant_slowly(const zk_x86_call *q, int pixels, int regs, sums acc)
{
    vec copy[MAX_PIXELS * ZK_X86_MAX_REGS];
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++) {
#pragma GCC unroll 16
        for (int r = 0; r < regs; r++)
            copy[p * regs + r] = acc[p][r];
    }
    for (int i = 0; i < pixels * regs; i++)
        copy[i] = requant_any(q, copy[i], regs, i % regs);
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++) {
#pragma GCC unroll 16
        for (int r = 0; r < regs; r++)
            acc[p][r] = copy[p * regs + r];
    }
}

/* `pixels` patches from x on and all channels of the block. */
INLINE void tile(const zk_x86_call *q, const uint8_t *x, int8_t *out, int64_t ahead, int pixels,
                 int regs)
{
    const int32_t *bias = zk_x86_at(q->block, q->block->numbers);
    sums acc;
#pragma GCC unroll 16
    for (int r = 0; r < regs; r++) {
        const vec v = load((const int8_t *)(bias + r * LANES));
#pragma GCC unroll 16
        for (int p = 0; p < pixels; p++)
            acc[p][r] = v;
    }
    add_steps(q, x, ahead, pixels, regs, acc);
    if (q->block->extra_end[regs - 1])
        add_extras(q, x, pixels, regs, acc);
    if (q->block->plain) {
#pragma GCC unroll 16
        for (int r = 0; r < regs; r++) {
            const scale s = scale_of(q->block, regs, r);
#pragma GCC unroll 16
            for (int p = 0; p < pixels; p++)
                acc[p][r] = requant_plain(acc[p][r], &s);
        }
    } else {
        requant_slowly(q, pixels, regs, acc);
    }
#pragma GCC unroll 16
    for (int p = 0; p < pixels; p++)
        store(q, acc[p], regs, out + p * q->out_pitch);
}

typedef void tile_fn(const zk_x86_call *q, const uint8_t *x, int8_t *out, int64_t ahead);

/* A tile of so many pixels. */
typedef struct tile_size {
    int64_t pixels;
    tile_fn *run;
} tile_size;

enum { MAX_SIZES = 6 };

/* The smallest tile of `want` pixels at least, if there are so many in all; or else the largest one
 * of no more. Sizes fall to 1. */
INLINE const tile_size *size_for(const tile_size *sizes, int64_t want, int64_t all)
{
    int i = 0;
    while (sizes[i].pixels > want && (sizes[i].pixels > all || sizes[i + 1].pixels >= want))
        i++;
    return &sizes[i];
}

/* All patches of a call by as few tiles as the largest size allows, alike: one of one or two pixels
 * would wait for its sums. What is left at the end may take some of the last pixels once more. Each
 * tile fetches a line of every step of the next block: large layers would wait for their weights
 * otherwise. */
static void run_sizes(const zk_x86_call *q, const tile_size *sizes)
{
    const int64_t lines = q->block->regs * LANES * ZK_X86_STEP / LINE;
    int64_t at = 0, line = 0;
    while (at < q->n) {
        const int64_t left = q->n - at, tiles = (left + sizes->pixels - 1) / sizes->pixels;
        const tile_size *size = size_for(sizes, (left + tiles - 1) / tiles, q->n);
        if (left < size->pixels)
            at = q->n - size->pixels;
        size->run(q, q->x + at * q->pitch, q->out + at * q->out_pitch, q->ahead + line * LINE);
        line = line + 1 < lines ? line + 1 : 0;
        at += size->pixels;
    }
}

#define TILE(pixels, regs)                                                                         \
    static void tile_##pixels##x##regs(const zk_x86_call *q, const uint8_t *x, int8_t *out,        \
                                       int64_t ahead)                                              \
    {                                                                                              \
        tile(q, x, out, ahead, pixels, regs);                                                      \
    }

#endif
