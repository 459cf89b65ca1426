/* SPDX-License-Identifier: Apache-2.0 */
/** @file Kernels on OpenBLAS and in its place, variants of those in kernels/. Private to float/. */
#ifndef ZC_FLOAT_BLAS_H
#define ZC_FLOAT_BLAS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/ctx.h"
#include "kernels/kernels.h"

extern const zk_conv_f32_kernel zc_conv_f32_blas;
zk_matmul_f32_fn zc_matmul_f32_blas;

/** Output channels [begin, end) of one group for n patches, which lie side by side, from `pixel`
 * on; bias and clamp included. */
typedef void zc_conv_block_fn(const zk_conv_f32_args *a, const float *patches, int64_t pixel,
                              int64_t n, int32_t begin, int32_t end);

/** The loops of a convolution: tiles of pixels, groups, channels up to the next multiple of width.
 */
void zc_conv_f32_tiles(const zk_conv_f32_args *a, int32_t width, zc_conv_block_fn *block);

/** In OpenBLAS's place, and always to be had; the matrix product is then the reference's. */
extern const zk_conv_f32_kernel zc_conv_f32_own;

/**
 * Loads OpenBLAS, once for the process, for up to n_threads threads that compute at a time, and
 * makes it compute on the calling thread alone. This is a setting of the process, the only one that
 * OpenBLAS has. The kernels above may be called after a success.
 * @return ZURT_OK; ZURT_E_UNSUPPORTED: not installed; ZURT_E_NOMEM: the address space is too short
 *         for its buffers. Threads: any.
 */
zurt_status zc_blas_load(zurt_ctx *ctx, uint32_t n_threads);

/* ---- OpenBLAS's interface, as far as it is used: no header of it is needed to build ---- */

enum { ZC_BLAS_ROW_MAJOR = 101, ZC_BLAS_NO_TRANSPOSE = 111, ZC_BLAS_TRANSPOSE = 112 };

typedef void zc_sgemm_fn(int order, int transpose_a, int transpose_b, int m, int n, int k,
                         float alpha, const float *a, int lda, const float *b, int ldb, float beta,
                         float *c, int ldc);
typedef void zc_sgemv_fn(int order, int transpose, int m, int n, float alpha, const float *a,
                         int lda, const float *x, int incx, float beta, float *y, int incy);

typedef struct zc_blas_functions {
    _Atomic(zc_sgemm_fn *) sgemm;
    _Atomic(zc_sgemv_fn *) sgemv;
    _Atomic uint32_t n_threads;
    atomic_flag missed; /**< it was said that it cannot be had */
} zc_blas_functions;

extern zc_blas_functions zc_blas; /**< of the process, as the library is */

#endif
