/* SPDX-License-Identifier: Apache-2.0 */
/* Source positions and weights along one axis of a resize. */
#include "ops/resize_axis.h"

#include <math.h>

/* True if the stated scale is the quotient of the sizes, rounded to f32, and so stands for it. */
static bool is_quotient(const zi_attr_resize *a, int axis, int32_t in)
{
    return (float)((double)a->out[axis] / (double)in) == a->scale[axis];
}

/* at / scale. Of whole sizes it is divided once: a rounded quotient in between would put it just
 * below an integer that it should hit. */
static double unscaled(const zi_attr_resize *a, int axis, int32_t in, double at)
{
    return is_quotient(a, axis, in) ? at * in / a->out[axis] : at / (double)a->scale[axis];
}

/* Corners meet the resized length as the model states it, in * scale, before it was cut to `out`.
 */
static double align_corners(const zi_attr_resize *a, int axis, int32_t in, int32_t x)
{
    double resized = is_quotient(a, axis, in) ? (double)a->out[axis] : (double)a->scale[axis] * in;
    return a->out[axis] > 1 && resized > 1.0 ? (double)x * (in - 1) / (resized - 1.0) : 0.0;
}

/* Ref: ONNX Resize, coordinate_transformation_mode. */
static double source(const zi_attr_resize *a, int axis, int32_t in, int32_t x)
{
    double out = (double)a->out[axis];
    double begin = (double)a->roi[axis], end = (double)a->roi[2 + axis];
    switch (a->coord) {
    case ZI_COORD_HALF_PIXEL:
        return unscaled(a, axis, in, x + 0.5) - 0.5;
    case ZI_COORD_PYTORCH_HALF_PIXEL:
        return a->out[axis] > 1 ? unscaled(a, axis, in, x + 0.5) - 0.5 : 0.0;
    case ZI_COORD_ALIGN_CORNERS:
        return align_corners(a, axis, in, x);
    case ZI_COORD_ASYMMETRIC:
        return unscaled(a, axis, in, x);
    case ZI_COORD_TF_CROP_AND_RESIZE:
        break;
    }
    if (a->out[axis] > 1)
        return begin * (in - 1) + x * (end - begin) * (in - 1) / (out - 1);
    return 0.5 * (begin + end) * (in - 1);
}

static double nearest(zi_resize_nearest mode, double x)
{
    switch (mode) {
    case ZI_NEAREST_ROUND_PREFER_FLOOR:
        return ceil(x - 0.5);
    case ZI_NEAREST_ROUND_PREFER_CEIL:
        return floor(x + 0.5);
    case ZI_NEAREST_FLOOR:
        return floor(x);
    case ZI_NEAREST_CEIL:
        break;
    }
    return ceil(x);
}

/* Weight of a pixel at distance t: Keys' kernel with coefficient a. */
static double cubic(double t, double a)
{
    t = fabs(t);
    if (t < 1.0)
        return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
    return t < 2.0 ? ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a : 0.0;
}

static int32_t clamp_index(double i, int32_t in)
{
    return i <= 0.0 ? 0 : i >= (double)(in - 1) ? in - 1 : (int32_t)i;
}

/* Taps around x: pixels first, first + 1, ... with their weights before clamping. */
static void set_taps(zi_resize_tap *tap, const zi_attr_resize *a, int32_t n, int32_t in, double x)
{
    double first = floor(x) - (n == 4 ? 1.0 : 0.0), sum = 0.0, weight[ZI_RESIZE_TAPS];
    for (int32_t i = 0; i < n; i++) {
        double at = first + i;
        weight[i] = n == 4 ? cubic(x - at, (double)a->cubic_coeff) : 1.0 - fabs(x - at);
        if (a->exclude_outside && (at < 0.0 || at > (double)(in - 1)))
            weight[i] = 0.0;
        sum += weight[i];
        tap->index[i] = clamp_index(at, in);
    }
    for (int32_t i = 0; i < n; i++)
        tap->weight[i] = (float)(sum != 0.0 ? weight[i] / sum : 1.0 / n);
    if (n == 2) {
        tap->fixed[1] = (int32_t)floor((double)tap->weight[1] * (1 << ZI_RESIZE_BITS) + 0.5);
        tap->fixed[0] = (1 << ZI_RESIZE_BITS) - tap->fixed[1];
    }
}

bool zi_resize_axis_init(zi_resize_axis *r, zi_arena *arena, const zi_attr_resize *a, int axis,
                         int32_t in)
{
    r->n_taps = a->mode == ZI_RESIZE_NEAREST ? 1 : a->mode == ZI_RESIZE_LINEAR ? 2 : 4;
    r->out = a->out[axis];
    r->taps = zi_arena_calloc(arena, (size_t)r->out, sizeof(*r->taps));
    if (!r->taps)
        return false;
    for (int32_t i = 0; i < r->out; i++) {
        zi_resize_tap *tap = &r->taps[i];
        double x = source(a, axis, in, i);
        tap->outside = a->coord == ZI_COORD_TF_CROP_AND_RESIZE && (x < 0.0 || x > in - 1.0);
        if (r->n_taps > 1) {
            set_taps(tap, a, r->n_taps, in, x);
            continue;
        }
        tap->index[0] = clamp_index(nearest(a->nearest, x), in);
        tap->weight[0] = 1.0f;
    }
    return true;
}
