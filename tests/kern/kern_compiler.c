/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's float kernels as further variants. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "float/blas.h"
#include "kern.h"

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

void kern_add_compiler(kern_variant *list, size_t *count)
{
    kern_variant *v = &list[(*count)++];
    v->name = "own";
    zk_table_init(&v->table, zi_cpu_detect());
    v->table.conv_f32 = zc_conv_f32_own;
    if (!has_blas())
        return;
    v = &list[(*count)++];
    v->name = "blas";
    zk_table_init(&v->table, zi_cpu_detect());
    v->table.conv_f32 = zc_conv_f32_blas;
    v->table.matmul_f32 = zc_matmul_f32_blas;
}
