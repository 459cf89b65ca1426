/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions of the kernels in wide arithmetic, without their helpers. */
#include "naive.h"

#include <math.h>
#include <string.h>

static int64_t floor_div(int64_t a, int64_t b)
{
    const int64_t q = a / b;
    return a % b && (a < 0) != (b < 0) ? q - 1 : q;
}

int32_t naive_requant(int64_t acc, int32_t multiplier, int32_t shift)
{
    for (int32_t i = 0; i < shift; i++)
        acc *= 2;
    acc = acc > INT32_MAX ? INT32_MAX : acc < INT32_MIN ? INT32_MIN : acc;
    const int64_t high = floor_div(acc * multiplier + 1073741824, 2147483648);
    if (shift >= 0)
        return (int32_t)high;
    const int64_t unit = (int64_t)1 << -shift;
    const int64_t magnitude = ((high < 0 ? -high : high) + unit / 2) / unit; // away from zero
    return (int32_t)(high < 0 ? -magnitude : magnitude);
}

/* One (output pixel, tap, input pixel) of a transposed convolution, or of a plain one: both are
 * the same set of triples with input and output exchanged. */
static void meet(const zk_conv_shape *s, const double *x, const double *w, double *sum,
                 double *sum_abs, int64_t in_pixel, int64_t out_pixel, int64_t tap)
{
    const int64_t taps = (int64_t)s->kernel_h * s->kernel_w;
    const int32_t ic = s->in_c / s->groups, oc = s->out_c / s->groups;
    for (int32_t o = 0; o < s->out_c; o++) {
        for (int32_t i = 0; i < ic; i++) {
            const double p = x[in_pixel * s->in_c + o / oc * ic + i] * w[(o * taps + tap) * ic + i];
            sum[out_pixel * s->out_c + o] += p;
            if (sum_abs)
                sum_abs[out_pixel * s->out_c + o] += fabs(p);
        }
    }
}

void naive_conv(const zk_conv_shape *s, const double *x, const double *w, double *sum,
                double *sum_abs)
{
    /* "small" is the side that strides are counted on: the output, or transposed the input */
    const int32_t small_h = s->transposed ? s->in_h : s->out_h;
    const int32_t small_w = s->transposed ? s->in_w : s->out_w;
    const int32_t large_h = s->transposed ? s->out_h : s->in_h;
    const int32_t large_w = s->transposed ? s->out_w : s->in_w;
    for (int64_t n = 0; n < s->batch; n++) {
        for (int64_t y = 0; y < small_h; y++) {
            for (int64_t u = 0; u < small_w; u++) {
                for (int64_t ky = 0; ky < s->kernel_h; ky++) {
                    for (int64_t kx = 0; kx < s->kernel_w; kx++) {
                        const int64_t ly = y * s->stride_h - s->pad_top + ky * s->dilation_h;
                        const int64_t lx = u * s->stride_w - s->pad_left + kx * s->dilation_w;
                        if (ly < 0 || lx < 0 || ly >= large_h || lx >= large_w)
                            continue;
                        const int64_t small = (n * small_h + y) * small_w + u;
                        const int64_t large = (n * large_h + ly) * large_w + lx;
                        meet(s, x, w, sum, sum_abs, s->transposed ? small : large,
                             s->transposed ? large : small, ky * s->kernel_w + kx);
                    }
                }
            }
        }
    }
}

naive_window naive_pool(const zk_pool_shape *s, const double *x, int32_t image, int32_t oy,
                        int32_t ox, int32_t c)
{
    naive_window v = {0.0, -INFINITY, 0};
    for (int64_t ky = 0; ky < s->kernel_h; ky++) {
        for (int64_t kx = 0; kx < s->kernel_w; kx++) {
            const int64_t iy = (int64_t)oy * s->stride_h - s->pad_top + ky * s->dilation_h;
            const int64_t ix = (int64_t)ox * s->stride_w - s->pad_left + kx * s->dilation_w;
            if (iy >= 0 && ix >= 0 && iy < s->in_h && ix < s->in_w) {
                const double q = x[((image * s->in_h + iy) * s->in_w + ix) * s->channels + c];
                v.sum += q;
                v.max = isnan(q) || q > v.max ? q : v.max;
                v.counted++;
            } else if (s->count_include_pad && iy < s->in_h + s->pad_bottom &&
                       ix < s->in_w + s->pad_right) {
                v.counted++;
            }
        }
    }
    return v;
}
