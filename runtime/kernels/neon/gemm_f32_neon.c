/* SPDX-License-Identifier: Apache-2.0 */
/* Products of float matrices: 8 rows and 8 channels at a time in assembly. */
#include "kernels/neon/gemm_f32_neon.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/neon/vec_f32_neon.h"

enum { ROWS = ZK_NEON_F32_ROWS };

#include "kernels/gemm_f32_vec.h"

_Static_assert(2 * LANES == ZK_NEON_F32_CHANNELS, "a panel");

_Static_assert(offsetof(zk_neon_f32_rows, out) == 64 && offsetof(zk_neon_f32_rows, w) == 128 &&
                   offsetof(zk_neon_f32_rows, start) == 136 &&
                   offsetof(zk_neon_f32_rows, steps) == 144 &&
                   offsetof(zk_neon_f32_rows, odd) == 152 &&
                   offsetof(zk_neon_f32_rows, clamp) == 156 &&
                   offsetof(zk_neon_f32_rows, lo) == 160 && offsetof(zk_neon_f32_rows, hi) == 164,
               "as the assembly reads it");

/* Lanes [first, end) of rows, from `in` to `out`. */
static void copy_lanes(const zk_gemm_f32_tile *t, int rows, const float *in, int64_t in_pitch,
                       float *out, int64_t out_pitch)
{
    for (int i = 0; i < rows; i++, in += in_pitch, out += out_pitch)
        memcpy(out + t->first, in + t->first, (size_t)(t->end - t->first) * sizeof(*out));
}

/* Fewer rows than ROWS: the last one again in their place. Some of the lanes: aside. */
static void rows_in_assembly(const zk_gemm_f32_tile *t, int rows)
{
    float aside[ROWS * ZK_NEON_F32_CHANNELS];
    const bool whole = t->end - t->first == ZK_NEON_F32_CHANNELS;
    float *out = whole ? t->out : aside;
    const int64_t out_pitch = whole ? t->out_pitch : ZK_NEON_F32_CHANNELS;
    zk_neon_f32_rows a = {
        .w = t->w,
        .start = t->start,
        .steps = t->depth / 2,
        .odd = (int32_t)(t->depth % 2),
        .clamp = t->lo > -INFINITY || t->hi < INFINITY,
        .lo = t->lo,
        .hi = t->hi,
    };
    for (int i = 0; i < ROWS; i++) {
        a.x[i] = t->x + (i < rows ? i : rows - 1) * t->x_pitch;
        a.out[i] = out + (i < rows ? i : rows - 1) * out_pitch;
    }
    if (!whole && !t->start)
        copy_lanes(t, rows, t->out, t->out_pitch, aside, ZK_NEON_F32_CHANNELS);
    zk_neon_f32_rows_run(&a);
    if (!whole)
        copy_lanes(t, rows, aside, ZK_NEON_F32_CHANNELS, t->out, t->out_pitch);
}

/* From five rows on that pays. Only packed panels have the assembly's pitch. */
#define MANY(n)                                                                                    \
    static void many_##n(const zk_gemm_f32_tile *t)                                                \
    {                                                                                              \
        if (t->w_pitch == ZK_NEON_F32_CHANNELS && t->depth > 1)                                    \
            rows_in_assembly(t, n);                                                                \
        else                                                                                       \
            wide_##n(t);                                                                           \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
MANY(5)
MANY(6)
MANY(7)
MANY(8)

static zk_gemm_f32_fn *const tiles[2 * ROWS] = {
    narrow_1, narrow_2, narrow_3, narrow_4, narrow_5, narrow_6, narrow_7, narrow_8,
    wide_1,   wide_2,   wide_3,   wide_4,   many_5,   many_6,   many_7,   many_8};

static const zk_gemm_f32 isa = {
    .lanes = LANES,
    .max_rows = ROWS,
    .depth = 384,
    .order = ZK_GEMM_KEEP_ROWS,
    .tile = tiles,
    .row = row,
};

#include "kernels/gemm_f32_variant.h"

GEMM_F32_VARIANT(neon)
