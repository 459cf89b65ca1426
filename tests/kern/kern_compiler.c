/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's float kernels as further variants. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "float/blas.h"
#include "harness.h"

/* Where OpenBLAS is not installed, the others are all there is. */
static bool has_blas(void)
{
    zurt_ctx *ctx = NULL;
    if (zurt_ctx_create(NULL, &ctx))
        exit(1);
    const zurt_status st = zc_blas_load(ctx, 1);
    if (st)
        fprintf(stderr, "kern: %s\n", zurt_ctx_error(ctx));
    if (st && st != ZURT_E_UNSUPPORTED)
        exit(1);
    zurt_ctx_destroy(ctx);
    return st == ZURT_OK;
}

void kern_add_compiler(void)
{
    kern_add_variant(&kern_conv_f32, "own", 0)->conv_f32 = &zc_conv_f32_own;
    if (!has_blas())
        return;
    kern_add_variant(&kern_conv_f32, "blas", 0)->conv_f32 = &zc_conv_f32_blas;
    kern_add_variant(&kern_matmul_f32, "blas", 0)->matmul_f32 = zc_matmul_f32_blas;
}
