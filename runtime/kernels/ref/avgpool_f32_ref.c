/* SPDX-License-Identifier: Apache-2.0 */
/* Average pooling in float, reference. */
#include "kernels/kernels.h"
#include "kernels/window.h"

static void add(const float *restrict x, int32_t n, float *restrict out)
{
    for (int32_t i = 0; i < n; i++)
        out[i] += x[i];
}

void zk_avgpool_f32_ref(const zk_avgpool_f32_args *a)
{
    const zk_pool_shape *s = a->shape;
    float *out = a->out + a->row_begin * s->out_w * s->channels;
    for (int64_t row = a->row_begin; row < a->row_end; row++) {
        const zk_window wy = zk_window_y(s, (int32_t)(row % s->out_h));
        for (int32_t ox = 0; ox < s->out_w; ox++, out += s->channels) {
            const zk_window wx = zk_window_x(s, ox);
            for (int32_t c = 0; c < s->channels; c++)
                out[c] = 0.0f;
            for (int32_t ky = wy.begin; ky < wy.end; ky++) {
                for (int32_t kx = wx.begin; kx < wx.end; kx++)
                    add(a->x + zk_window_offset(s, row, &wy, ky, &wx, kx), s->channels, out);
            }
            const int64_t count = (int64_t)wy.counted * wx.counted;
            for (int32_t c = 0; c < s->channels && count; c++)
                out[c] /= (float)count;
        }
    }
}
