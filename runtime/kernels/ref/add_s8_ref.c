/* SPDX-License-Identifier: Apache-2.0 */
/* Sum of two s8 values of different scales, reference. */
#include "kernels/kernels.h"
#include "quant/requant.h"

void zk_add_s8_ref(const zk_binary_s8 *p, const int8_t *a, size_t a_step, const int8_t *b,
                   size_t b_step, int8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int32_t sum = p->a_term[a[i * a_step] + 128] + p->b_term[b[i * b_step] + 128];
        int32_t r = zi_requant(sum, p->out.multiplier, p->out.shift);
        out[i] = (int8_t)zi_offset_clamp(r, p->out_zero, p->lo, p->hi);
    }
}
