/* SPDX-License-Identifier: Apache-2.0 */
/* Products of float matrices: 14 rows and 32 channels at a time, in 28 of the 32 registers. */
#include "kernels/kernels.h"
#include "kernels/x86/vec_f32_avx512.h"

enum { ROWS = 14 };

#include "kernels/gemm_f32_vec.h"

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)

static zk_gemm_f32_fn *const tiles[2 * ROWS] = {
    narrow_1, narrow_2, narrow_3,  narrow_4,  narrow_5,  narrow_6,  narrow_7,
    narrow_8, narrow_9, narrow_10, narrow_11, narrow_12, narrow_13, narrow_14,
    wide_1,   wide_2,   wide_3,    wide_4,    wide_5,    wide_6,    wide_7,
    wide_8,   wide_9,   wide_10,   wide_11,   wide_12,   wide_13,   wide_14};

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

GEMM_F32_VARIANT(avx512)
