/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The products of gemm_f32.h on vectors, written once. Who includes it has included an ISA's
 * vec_f32_*.h and defined ROWS before: two vectors of sums for each row fit the registers, beside
 * two of weights and a value.
 */
#ifndef ZK_GEMM_F32_VEC_H
#define ZK_GEMM_F32_VEC_H

#include <stdint.h>

#include "kernels/gemm_f32.h"

/* Rows that one pointer reaches: x86 adds a register once or twice over to an address. */
#define REACH 3

/* A bit for each lane of both vectors. */
static inline uint32_t lanes_of(const zk_gemm_f32_tile *t)
{
    return (uint32_t)(((uint64_t)1 << t->end) - ((uint64_t)1 << t->first));
}

static inline __attribute__((always_inline)) void multiply(const zk_gemm_f32_tile *t, int rows,
                                                           int vectors)
{
    const int64_t pitch = t->x_pitch;
    const uint32_t lanes = lanes_of(t);
    const float *x[(ROWS + REACH - 1) / REACH];
    vec sum[ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i += REACH)
        x[i / REACH] = t->x + i * pitch;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[i][v] = t->start ? vec_load(t->start + v * LANES)
                                 : vec_load_some(t->out + i * t->out_pitch + v * LANES,
                                                 lanes >> (v * LANES));
    }
    const float *w = t->w, *next = t->next;
    for (int64_t more = t->more;; more--) {
        for (int64_t k = 0; k < t->depth; k++, w += t->w_pitch, next += t->next_pitch) {
            vec_prefetch(next);
            if (vectors * LANES > 16)
                vec_prefetch(next + LANES);
            const vec w0 = vec_load(w);
            const vec w1 = vectors > 1 ? vec_load(w + LANES) : w0;
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                const vec value = vec_all(x[i / REACH][i % REACH * pitch]);
                sum[i][0] = vec_fused(value, w0, sum[i][0]);
                if (vectors > 1)
                    sum[i][1] = vec_fused(value, w1, sum[i][1]);
            }
#pragma GCC unroll 16
            for (int i = 0; i < rows; i += REACH)
                x[i / REACH]++;
        }
        if (!more)
            break;
#pragma GCC unroll 16
        for (int i = 0; i < rows; i += REACH)
            x[i / REACH] += t->x_gap;
    }
    const vec lo = vec_all(t->lo), hi = vec_all(t->hi);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            vec_store_some(t->out + i * t->out_pitch + v * LANES, lanes >> (v * LANES),
                           vec_clamp(sum[i][v], lo, hi));
    }
}

/* The weights are read once: several streams of them at a time. */
static void row(const zk_gemm_f32_tile *t, int64_t panel_elems)
{
    const float *w = t->w;
    vec sum[ZK_GEMM_GROUP][2];
#pragma GCC unroll 4
    for (int p = 0; p < ZK_GEMM_GROUP; p++) {
        const float *from = (t->start ? t->start : t->out) + p * 2 * LANES;
        sum[p][0] = vec_load(from);
        sum[p][1] = vec_load(from + LANES);
    }
    for (int64_t k = 0; k < t->depth; k++, w += t->w_pitch) {
        const vec value = vec_all(t->x[k]);
#pragma GCC unroll 4
        for (int p = 0; p < ZK_GEMM_GROUP; p++) {
            sum[p][0] = vec_fused(value, vec_load(w + p * panel_elems), sum[p][0]);
            sum[p][1] = vec_fused(value, vec_load(w + p * panel_elems + LANES), sum[p][1]);
        }
    }
    const vec lo = vec_all(t->lo), hi = vec_all(t->hi);
#pragma GCC unroll 4
    for (int p = 0; p < ZK_GEMM_GROUP; p++) {
        vec_store(t->out + p * 2 * LANES, vec_clamp(sum[p][0], lo, hi));
        vec_store(t->out + p * 2 * LANES + LANES, vec_clamp(sum[p][1], lo, hi));
    }
}

#define TILE(n)                                                                                    \
    static void narrow_##n(const zk_gemm_f32_tile *t)                                              \
    {                                                                                              \
        multiply(t, n, 1);                                                                         \
    }                                                                                              \
    static void wide_##n(const zk_gemm_f32_tile *t)                                                \
    {                                                                                              \
        multiply(t, n, 2);                                                                         \
    }

#endif
