/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution and matrix product in float on OpenBLAS. */
#include "float/blas.h"

#include "kernels/patch.h"

static void bias_clamp(const zk_conv_f32_args *a, int64_t pixel, int64_t n, int32_t begin,
                       int32_t end)
{
    const float lo = a->lo, hi = a->hi;
    for (int64_t i = pixel; i < pixel + n; i++) {
        float *restrict out = a->out + i * a->shape->out_c;
        const float *restrict bias = a->bias;
        for (int32_t c = begin; c < end; c++) {
            const float v = out[c] + bias[c];
            out[c] = v < lo ? lo : v > hi ? hi : v;
        }
    }
}

/* Channels [begin, end) of one group, from its patches, which lie side by side. */
static void product(const zk_conv_f32_args *a, const float *patches, int64_t pixel, int64_t n,
                    int32_t begin, int32_t end)
{
    const int64_t k = zk_conv_patch(a->shape);
    const int64_t out_c = a->shape->out_c;
    const float *w = a->w + begin * k;
    float *out = a->out + pixel * out_c + begin;
    if (zk_conv_pixels(a->shape) == 1) // not n: how work is split must not change the order of sums
        atomic_load_explicit(&zc_blas.sgemv, memory_order_acquire)(
            ZC_BLAS_ROW_MAJOR, ZC_BLAS_NO_TRANSPOSE, end - begin, (int)k, 1.0f, w, (int)k, patches,
            1, 0.0f, out, 1);
    else
        atomic_load_explicit(&zc_blas.sgemm, memory_order_acquire)(
            ZC_BLAS_ROW_MAJOR, ZC_BLAS_NO_TRANSPOSE, ZC_BLAS_TRANSPOSE, (int)n, end - begin, (int)k,
            1.0f, patches, (int)k, w, (int)k, 0.0f, out, (int)out_c);
    bias_clamp(a, pixel, n, begin, end);
}

static void run(const zk_conv_f32_args *a)
{
    zc_conv_f32_tiles(a, a->shape->out_c, product);
}

const zk_conv_f32_kernel zc_conv_f32_blas = {.scratch_bytes = zk_conv_f32_scratch, .run = run};

void zc_matmul_f32_blas(const zk_matmul_f32_args *a)
{
    const int m = (int)a->m, n = (int)a->n, k = (int)a->k;
    if (k == 0) // OpenBLAS refuses leading dimensions of 0
        zk_matmul_f32_ref(a);
    else
        atomic_load_explicit(&zc_blas.sgemm, memory_order_acquire)(
            ZC_BLAS_ROW_MAJOR, ZC_BLAS_NO_TRANSPOSE, ZC_BLAS_NO_TRANSPOSE, m, n, k, 1.0f, a->a, k,
            a->b, n, 0.0f, a->out, n);
}
