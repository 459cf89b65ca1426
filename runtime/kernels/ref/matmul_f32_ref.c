/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product in float, reference. */
#include "kernels/kernels.h"

void zk_matmul_f32_ref(const zk_matmul_f32_args *args)
{
    const int64_t n = args->n;
    for (int64_t m = 0; m < args->m; m++) {
        const float *a = args->a + m * args->k;
        float *restrict out = args->out + m * n;
        for (int64_t j = 0; j < n; j++)
            out[j] = 0.0f;
        for (int64_t k = 0; k < args->k; k++) {
            const float *restrict b = args->b + k * n;
            for (int64_t j = 0; j < n; j++)
                out[j] += a[k] * b[j];
        }
    }
}
