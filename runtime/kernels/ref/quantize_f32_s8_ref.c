/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zi_quantize() without calls and branches, so that compilers vectorise it: what lies beyond LIMIT
 * saturates anyway, and below it the sum with 1.5 * 2^23 rounds to nearest even.
 */
#include <string.h>

#include "kernels/kernels.h"
#include "quant/requant.h"

#define LIMIT 65536.0f

void zk_quantize_f32_s8_ref(float scale, int32_t zero, int32_t lo, int32_t hi, const float *x,
                            int8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float v = x[i] == x[i] ? x[i] / scale : 0.0f; // NaN becomes the zero point
        v = v < -LIMIT ? -LIMIT : v;
        v = v > LIMIT ? LIMIT : v;
        v += 12582912.0f;
        int32_t bits;
        memcpy(&bits, &v, sizeof(bits));
        out[i] = (int8_t)zi_clamp(bits - 0x4b400000 + zero, lo, hi);
    }
}
