/* SPDX-License-Identifier: Apache-2.0 */
/** @file The assembly of the NEON products in float. */
#ifndef ZK_GEMM_F32_NEON_H
#define ZK_GEMM_F32_NEON_H

#include <stdint.h>

enum { ZK_NEON_F32_ROWS = 8, ZK_NEON_F32_CHANNELS = 8 };

/** Rows times a panel of ZK_NEON_F32_CHANNELS; as zk_gemm_f32_tile, all lanes. */
typedef struct zk_neon_f32_rows {
    const float *x[ZK_NEON_F32_ROWS];
    float *out[ZK_NEON_F32_ROWS]; /**< some may be the same, with the same x */
    const float *w;
    const float *start; /**< NULL: the sums begin with what is in `out` */
    int64_t steps;      /**< of two places of the depth, >= 1 */
    int32_t odd;        /**< 1: one place more */
    int32_t clamp;      /**< 0: lo and hi are infinities */
    float lo, hi;
} zk_neon_f32_rows;

void zk_neon_f32_rows_run(const zk_neon_f32_rows *a);

#endif
