/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product in float on the products of gemm_f32.h: panels of b are copied side by side where
 * they are read more than once or end beside a whole vector. */
#include <math.h>
#include <stdalign.h>
#include <string.h>

#include "kernels/gemm_f32.h"

static const float zeros[ZK_GEMM_GROUP * ZK_GEMM_WIDEST];

/* Columns [c, c + n) of b, `depth` rows from k on; zeros up to width. */
static void copy_panel(const zk_matmul_f32_args *a, int64_t c, int64_t n, int64_t width, int64_t k,
                       int64_t depth, float *out)
{
    const float *b = a->b + k * a->n + c;
    for (int64_t i = 0; i < depth; i++, b += a->n, out += width) {
        memcpy(out, b, (size_t)n * sizeof(*out));
        memset(out + n, 0, (size_t)(width - n) * sizeof(*out));
    }
}

/* Columns [c, c + n) of the product, part of the depth from k on. */
static void columns(const zk_gemm_f32 *isa, const zk_matmul_f32_args *a, int64_t c, int64_t n,
                    int64_t k, int64_t depth)
{
    alignas(64) float panel[ZK_GEMM_PANEL_ELEMS];
    const int64_t width = n > isa->lanes ? 2 * isa->lanes : isa->lanes;
    const bool copied = n < width || a->m > isa->max_rows;
    if (copied)
        copy_panel(a, c, n, width, k, depth, panel);
    zk_gemm_f32_fn *const *tile = isa->tile + (width > isa->lanes ? isa->max_rows : 0) - 1;
    zk_gemm_f32_tile t = {
        .x = a->a + k,
        .x_pitch = a->k,
        .w = copied ? panel : a->b + k * a->n + c,
        .w_pitch = copied ? width : a->n,
        .next = copied ? panel : a->b + k * a->n + c,
        .depth = depth,
        .start = k ? NULL : zeros,
        .lo = -INFINITY,
        .hi = INFINITY,
        .out = a->out + c,
        .out_pitch = a->n,
        .end = (int32_t)n,
    };
    const zk_gemm_cut cut = zk_gemm_cut_of(isa, a->m);
    int64_t left = a->m;
    for (int64_t i = 0; i < cut.tiles; i++) {
        const int32_t rows = zk_gemm_rows(&cut, i, left);
        tile[rows](&t);
        t.x += rows * t.x_pitch;
        t.out += rows * t.out_pitch;
        left -= rows;
    }
}

/* One row alone: columns up to the last whole group of panels, whose number is returned. */
static int64_t row(const zk_gemm_f32 *isa, const zk_matmul_f32_args *a)
{
    const int64_t width = 2 * isa->lanes, wide = ZK_GEMM_GROUP * width;
    int64_t c = 0;
    for (; c + wide <= a->n; c += wide) {
        const zk_gemm_f32_tile t = {
            .x = a->a,
            .w = a->b + c,
            .w_pitch = a->n,
            .depth = a->k,
            .start = zeros,
            .lo = -INFINITY,
            .hi = INFINITY,
            .out = a->out + c,
        };
        isa->row(&t, width);
    }
    return c;
}

void zk_gemm_matmul(const zk_gemm_f32 *isa, const zk_matmul_f32_args *a)
{
    const int64_t width = 2 * isa->lanes;
    const int64_t begin = a->m == 1 ? row(isa, a) : 0;
    int64_t k = 0;
    do {
        const int64_t depth = a->k - k < isa->depth ? a->k - k : isa->depth;
        for (int64_t c = begin; c < a->n; c += width)
            columns(isa, a, c, a->n - c < width ? a->n - c : width, k, depth);
        k += isa->depth;
    } while (k < a->k);
}
