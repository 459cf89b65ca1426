/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of s8 over rows: sixteen columns at a time, or one dense row by itself. */
#include "kernels/kernels.h"
#include "kernels/neon/sum_neon.h"

enum { WIDE = 16, NARROW = 8 };

static void add(int32_t *sum, int32x4_t v)
{
    vst1q_s32(sum, vaddq_s32(vld1q_s32(sum), v));
}

/* A dense row to one sum: its sixteenths first. */
static int32_t dense(const int8_t *x, int64_t n)
{
    zk_sums_neon s = zk_sums_neon_zero();
    zk_sums_neon_add16(&s, x, WIDE, n / WIDE);
    int32_t sum = vaddvq_s32(vaddq_s32(vaddq_s32(s.v[0], s.v[1]), vaddq_s32(s.v[2], s.v[3])));
    for (int64_t i = n / WIDE * WIDE; i < n; i++)
        sum += x[i];
    return sum;
}

void zk_sum_s8_neon(const int8_t *x, int64_t n, int64_t stride, int64_t width, int32_t *sum)
{
    if (width == 1 && stride == 1) {
        sum[0] += dense(x, n);
        return;
    }
    int64_t c = 0;
    for (; c + WIDE <= width; c += WIDE) {
        zk_sums_neon s = zk_sums_neon_zero();
        zk_sums_neon_add16(&s, x + c, stride, n);
        for (int k = 0; k < 4; k++)
            add(sum + c + 4 * k, s.v[k]);
    }
    for (; c + NARROW <= width; c += NARROW) {
        zk_sums_neon s = zk_sums_neon_zero();
        zk_sums_neon_add8(&s, x + c, stride, n);
        add(sum + c, s.v[0]);
        add(sum + c + 4, s.v[1]);
    }
    zk_sum_s8_ref(x + c, n, stride, width - c, sum + c);
}
