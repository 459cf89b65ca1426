/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/patch.h"

#include <string.h>

static void gather(const zk_conv_f32_args *a, zk_pixel p, int32_t group, float *out)
{
    const zk_conv_shape *s = a->shape;
    const size_t n = (size_t)(s->in_c / s->groups);
    const float *image = a->x + p.image * s->in_h * s->in_w * s->in_c + (size_t)group * n;
    for (int32_t ky = 0; ky < s->kernel_h; ky++) {
        const int64_t iy = zk_tap_y(s, p.y, ky);
        for (int32_t kx = 0; kx < s->kernel_w; kx++) {
            const int64_t ix = iy < 0 ? -1 : zk_tap_x(s, p.x, kx);
            if (ix < 0)
                memset(out, 0, n * sizeof(*out));
            else
                memcpy(out, image + (iy * s->in_w + ix) * s->in_c, n * sizeof(*out));
            out += n;
        }
    }
}

void zk_gather_f32(const zk_conv_f32_args *a, int64_t pixel, int64_t n, int32_t group)
{
    const int64_t patch = zk_conv_patch(a->shape);
    zk_pixel p = zk_pixel_at(a->shape, pixel);
    for (int64_t i = 0; i < n; i++, zk_pixel_next(a->shape, &p))
        gather(a, p, group, a->scratch + i * patch);
}
