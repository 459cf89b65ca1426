/* SPDX-License-Identifier: Apache-2.0 */
/* Products of float matrices: 6 rows and 16 channels at a time, in 12 of the 16 registers. */
#include "kernels/kernels.h"
#include "kernels/x86/vec_f32_avx2.h"

enum { ROWS = 6 };

#include "kernels/gemm_f32_vec.h"

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)

static zk_gemm_f32_fn *const tiles[2 * ROWS] = {narrow_1, narrow_2, narrow_3, narrow_4,
                                                narrow_5, narrow_6, wide_1,   wide_2,
                                                wide_3,   wide_4,   wide_5,   wide_6};

static const zk_gemm_f32 isa = {
    .lanes = LANES,
    .max_rows = ROWS,
    .depth = 256,
    .order = ZK_GEMM_KEEP_PANEL,
    .windows = true,
    .tile = tiles,
    .row = row,
};

#include "kernels/gemm_f32_variant.h"

GEMM_F32_VARIANT(avx2)
