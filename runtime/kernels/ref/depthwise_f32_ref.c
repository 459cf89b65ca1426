/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution in float, reference. */
#include "kernels/kernels.h"
#include "kernels/patch.h"

static void add_tap(const float *restrict x, const float *restrict w, int32_t n,
                    float *restrict acc)
{
    for (int32_t i = 0; i < n; i++)
        acc[i] += x[i] * w[i];
}

static void pixel_all(const zk_depthwise_f32_args *a, zk_pixel p, float *restrict out)
{
    const zk_conv_shape *s = a->shape;
    const int32_t n = s->out_c;
    const float *image = a->x + p.image * s->in_h * s->in_w * n;
    const float *w = a->w;
    for (int32_t c = 0; c < n; c++)
        out[c] = a->bias[c];
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++, w += n) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix >= 0)
                add_tap(image + (iy * s->in_w + ix) * n, w, n, out);
        }
    }
    for (int32_t c = 0; c < n; c++)
        out[c] = out[c] < a->lo ? a->lo : out[c] > a->hi ? a->hi : out[c];
}

void zk_depthwise_f32_ref(const zk_depthwise_f32_args *a)
{
    const zk_conv_shape *s = a->shape;
    const int64_t end = a->row_end * s->out_w;
    zk_pixel p = zk_pixel_at(s, a->row_begin * s->out_w);
    for (int64_t pixel = a->row_begin * s->out_w; pixel < end; pixel++, zk_pixel_next(s, &p))
        pixel_all(a, p, a->out + pixel * s->out_c);
}
