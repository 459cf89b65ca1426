/* SPDX-License-Identifier: Apache-2.0 */
/* Average pooling of s8, reference. */
#include "kernels/kernels.h"
#include "kernels/window.h"
#include "quant/requant.h"

/* Channels summed at a time. */
#define BLOCK 64

static void add(const int8_t *restrict x, int32_t zero_point, int32_t n, int32_t *restrict sum)
{
    for (int32_t i = 0; i < n; i++)
        sum[i] += x[i] - zero_point;
}

/* Mean from the sum of (q - zero point) over a window; padding adds nothing to that sum. */
static int32_t mean(const zk_avgpool_s8_args *a, int32_t sum, int32_t count)
{
    if (!count)
        return a->out_zero_point;
    if (!a->multiplier) {
        const int32_t low = a->ties_up ? -128 : 0; // from where the values count
        const int32_t values = sum + (a->x_zero_point - low) * count;
        return zi_clamp(zi_div_round(values, count) + low, -128, 127);
    }
    const int32_t q = zi_requant(sum, a->multiplier[count], a->shift[count]);
    return zi_offset_clamp(q, a->out_zero_point, -128, 127);
}

static void block(const zk_avgpool_s8_args *a, int64_t row, const zk_window *wy,
                  const zk_window *wx, int32_t c, int32_t n, int8_t *out)
{
    int32_t sum[BLOCK] = {0};
    for (int32_t ky = wy->begin; ky < wy->end; ky++) {
        for (int32_t kx = wx->begin; kx < wx->end; kx++)
            add(a->x + zk_window_offset(a->shape, row, wy, ky, wx, kx) + c, a->x_zero_point, n,
                sum);
    }
    for (int32_t i = 0; i < n; i++)
        out[i] = (int8_t)mean(a, sum[i], wy->counted * wx->counted);
}

void zk_avgpool_s8_ref(const zk_avgpool_s8_args *a)
{
    const zk_pool_shape *s = a->shape;
    int8_t *out = a->out + a->row_begin * s->out_w * s->channels;
    for (int64_t row = a->row_begin; row < a->row_end; row++) {
        const zk_window wy = zk_window_y(s, (int32_t)(row % s->out_h));
        for (int32_t ox = 0; ox < s->out_w; ox++, out += s->channels) {
            const zk_window wx = zk_window_x(s, ox);
            for (int32_t c = 0; c < s->channels; c += BLOCK) {
                const int32_t n = s->channels - c < BLOCK ? s->channels - c : BLOCK;
                block(a, row, &wy, &wx, c, n, out + c);
            }
        }
    }
}
