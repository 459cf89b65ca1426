/* SPDX-License-Identifier: Apache-2.0 */
/** @file Kernels on OpenBLAS, variants of those in kernels/. Private to float/. */
#ifndef ZC_FLOAT_BLAS_H
#define ZC_FLOAT_BLAS_H

#include "kernels/kernels.h"

zk_conv_f32_fn zc_conv_f32_blas;
zk_matmul_f32_fn zc_matmul_f32_blas;

/** Makes OpenBLAS compute on the calling thread alone: ops/ spreads the work itself. This is a
 *  setting of the process, the only one that OpenBLAS has. */
void zc_blas_single_thread(void);

#endif
