/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution of s8, reference. */
#include "kernels/kernels.h"
#include "kernels/patch.h"
#include "quant/requant.h"

/* Channels summed at a time: few enough that the sums stay in registers or close to them. */
#define BLOCK 32

static void add_tap(const int8_t *restrict x, const int16_t *restrict w, int32_t zero_point,
                    int32_t n, int32_t *restrict acc)
{
    for (int32_t i = 0; i < n; i++)
        acc[i] += (int16_t)(x[i] - zero_point) * w[i];
}

/* One output pixel, channels [c, c + n). */
static void block(const zk_depthwise_s8_args *a, zk_pixel p, int32_t c, int32_t n, int8_t *out)
{
    const zk_conv_shape *s = a->shape;
    const int8_t *image = a->x + p.image * s->in_h * s->in_w * s->in_c + c;
    const int16_t *w = a->w + c;
    int32_t acc[BLOCK];
    for (int32_t i = 0; i < n; i++)
        acc[i] = a->bias[c + i];
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++, w += s->out_c) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                continue;
            const int8_t *x = image + (iy * s->in_w + ix) * s->in_c;
            if (n == BLOCK)
                add_tap(x, w, a->x_zero_point, BLOCK, acc);
            else
                add_tap(x, w, a->x_zero_point, n, acc);
        }
    }
    for (int32_t i = 0; i < n; i++) {
        const int32_t q = zi_requant(acc[i], a->multiplier[c + i], a->shift[c + i]);
        out[i] = (int8_t)zi_offset_clamp(q, a->out_zero_point, a->lo, a->hi);
    }
}

void zk_depthwise_s8_ref(const zk_depthwise_s8_args *a)
{
    const zk_conv_shape *s = a->shape;
    const int64_t end = a->row_end * s->out_w;
    zk_pixel p = zk_pixel_at(s, a->row_begin * s->out_w);
    for (int64_t pixel = a->row_begin * s->out_w; pixel < end; pixel++, zk_pixel_next(s, &p)) {
        int8_t *out = a->out + pixel * s->out_c;
        for (int32_t c = 0; c < s->out_c; c += BLOCK)
            block(a, p, c, s->out_c - c < BLOCK ? s->out_c - c : BLOCK, out + c);
    }
}
