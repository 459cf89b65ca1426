/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax of s8 in integers, reference. */
#include "kernels/kernels.h"
#include "quant/softmax.h"

/* sum = reciprocal^-1 * 2^bits, sum having 12 integer bits and the reciprocal none. Sums beyond
 * 31 bits, of more than 4095 elements, lose their low ones. */
static int32_t reciprocal_of(int64_t sum, int32_t *bits)
{
    int32_t n = 0;
    for (; sum > INT32_MAX; sum >>= 1)
        n++;
    uint32_t x = (uint32_t)sum;
    int32_t headroom = 0;
    for (int32_t step = 16; step; step /= 2) { // the highest bit goes to the top
        const int32_t shift = x >> (32 - step) ? 0 : step;
        x <<= shift;
        headroom += shift;
    }
    *bits = 12 - headroom + n;
    return zi_one_over_one_plus((int32_t)(x - 0x80000000u));
}

void zk_softmax_s8_ref(const zk_softmax_s8 *p, const int8_t *x, int8_t *out, size_t n,
                       size_t stride)
{
    int32_t max = -128;
    for (size_t i = 0; i < n; i++)
        max = x[i * stride] > max ? x[i * stride] : max;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += zi_rshift_round(p->exp[max - x[i * stride]], 12);
    int32_t bits;
    int32_t scale = reciprocal_of(sum, &bits);
    for (size_t i = 0; i < n; i++) {
        int32_t y = zi_mulh(scale, p->exp[max - x[i * stride]]);
        int32_t q = bits + 23 > 31 ? 0 : zi_rshift_round(y, bits + 23);
        out[i * stride] = (int8_t)(zi_clamp(q, 0, 255) - 128);
    }
}
