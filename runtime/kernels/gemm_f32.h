/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Products of float matrices: what the drivers of convolution and matrix product ask of an ISA.
 *
 * A panel is the weights of a few output channels side by side: for each place of the depth a
 * weight of each. A sum begins with its bias and takes its products in the order of the depth, each
 * fused into it: neither tiles nor ranges nor the ISA change a bit of a result.
 */
#ifndef ZK_GEMM_F32_H
#define ZK_GEMM_F32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/conv.h"

enum {
    ZK_GEMM_PANEL_ELEMS = 8192, /**< of any ISA's panel: its width times zk_gemm_f32.depth */
    ZK_GEMM_GROUP = 4,          /**< whole panels that zk_gemm_f32.row() takes at a time */
    ZK_GEMM_WIDEST = 32         /**< panel */
};

/** A few rows times one panel. */
typedef struct zk_gemm_f32_tile {
    const float *x; /**< the first row, at the first place of the depth */
    int64_t x_pitch;
    int64_t x_gap; /**< between stretches, if there are more than one */
    int64_t more;  /**< stretches behind the first; x_gap and this only where zk_gemm_f32.windows */
    const float *w;     /**< of the panel, likewise */
    int64_t w_pitch;    /**< from place to place */
    const float *next;  /**< what is likely read next and may be prefetched: two vectors for each */
    int64_t next_pitch; /**< place of the depth */
    int64_t depth;      /**< >= 0; of each stretch */
    const float *start; /**< one value for each lane; NULL: the sums so far are in `out` */
    float lo, hi;       /**< clamp; infinities while sums are not complete */
    float *out;         /**< lane 0 of the first row */
    int64_t out_pitch;
    int32_t first, end; /**< the lanes that are read and written in `out` */
} zk_gemm_f32_tile;

typedef void zk_gemm_f32_fn(const zk_gemm_f32_tile *t);

/** What the first-level cache keeps while the other operand runs past it, and how rows that are no
 *  whole tiles are cut. */
typedef enum zk_gemm_order {
    ZK_GEMM_KEEP_PANEL, /**< tiles as alike as can be */
    ZK_GEMM_KEEP_ROWS,  /**< whole tiles, then a short one */
} zk_gemm_order;

/** An ISA. */
typedef struct zk_gemm_f32 {
    int32_t lanes;    /**< of a vector; a panel is two of them, the last of a matrix may be one */
    int32_t max_rows; /**< of a tile */
    int32_t depth;    /**< of a panel, at most, that is multiplied at a time */
    zk_gemm_order order;
    bool windows; /**< tiles take several stretches: rows of windows in place */
    /** tile[n - 1]: n rows, a panel of one vector; tile[max_rows + n - 1]: of two. */
    zk_gemm_f32_fn *const *tile;
    /** One row and ZK_GEMM_GROUP panels of two vectors, `panel_elems` apart, all lanes. */
    void (*row)(const zk_gemm_f32_tile *t, int64_t panel_elems);
} zk_gemm_f32;

/** What zk_conv_f32_kernel wants of a variant whose products are those of an ISA. */
size_t zk_gemm_conv_packed_bytes(const zk_gemm_f32 *isa, const zk_conv_shape *shape);
void zk_gemm_conv_pack(const zk_gemm_f32 *isa, const zk_conv_f32_args *a, void *packed);
size_t zk_gemm_conv_scratch_bytes(const zk_gemm_f32 *isa, const zk_conv_shape *shape, int32_t tile);
void zk_gemm_conv_run(const zk_gemm_f32 *isa, const zk_conv_f32_args *a);

void zk_gemm_matmul(const zk_gemm_f32 *isa, const zk_matmul_f32_args *a);

/** How rows are cut into tiles. */
typedef struct zk_gemm_cut {
    int64_t tiles;
    int32_t rows; /**< of a tile, as long as so many are left */
    int64_t more; /**< tiles, the first ones, of one row more */
} zk_gemm_cut;

static inline zk_gemm_cut zk_gemm_cut_of(const zk_gemm_f32 *isa, int64_t n)
{
    const int64_t tiles = (n + isa->max_rows - 1) / isa->max_rows;
    if (isa->order == ZK_GEMM_KEEP_ROWS || !tiles)
        return (zk_gemm_cut){tiles, isa->max_rows, 0};
    return (zk_gemm_cut){tiles, (int32_t)(n / tiles), n % tiles};
}

/** The rows of the `left` last ones that lie next and are one tile, the one of that index. */
static inline int32_t zk_gemm_rows(const zk_gemm_cut *cut, int64_t tile, int64_t left)
{
    const int32_t rows = cut->rows + (tile < cut->more);
    return rows < left ? rows : (int32_t)left;
}

#endif
