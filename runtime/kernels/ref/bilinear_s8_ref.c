/* SPDX-License-Identifier: Apache-2.0 */
/* A pixel between four others, reference. */
#include "kernels/kernels.h"
#include "quant/requant.h"

static void mix(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d,
                const int32_t weight[4], size_t n, int8_t *restrict out)
{
    const int32_t wa = weight[0], wb = weight[1], wc = weight[2], wd = weight[3];
    for (size_t i = 0; i < n; i++) {
        const int32_t sum = wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i];
        out[i] = (int8_t)zi_rshift_round(sum, 2 * ZK_BILINEAR_BITS);
    }
}

void zk_bilinear_s8_ref(const zk_bilinear_s8 *p, int8_t *out, size_t n)
{
    const int32_t weight[4] = {p->y[0] * p->x[0], p->y[0] * p->x[1], p->y[1] * p->x[0],
                               p->y[1] * p->x[1]};
    mix(p->corner[0], p->corner[1], p->corner[2], p->corner[3], weight, n, out);
}
