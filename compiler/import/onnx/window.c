/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel, strides, padding and dilation of ONNX's convolutions and pools. */
#include <string.h>

#include "base/whole.h"
#include "import/onnx/importer.h"

/* A list attribute with one value per spatial axis (or two: begins, then ends), put behind the
 * implied height of a 1-D op. */
static zurt_status read_list(zc_onnx *o, const char *name, int32_t n, int32_t per_axis, int32_t lo,
                             int32_t *out)
{
    const int64_t *values;
    size_t count;
    zurt_status st = zc_attr_ints(o, name, &values, &count);
    if (st || !values)
        return st;
    if (count != (size_t)(n * per_axis))
        return zc_fail(o, ZURT_E_FORMAT, "attribute '%s' has %zu values, needs %d", name, count,
                       (int)(n * per_axis));
    for (int32_t k = 0; k < per_axis; k++) {
        for (int32_t i = 0; i < n; i++) {
            int64_t v = values[k * n + i];
            if (v < lo || v > ZI_MAX_DIM)
                return zc_fail(o, ZURT_E_UNSUPPORTED, "attribute '%s' has %lld; from %d to %d fits",
                               name, (long long)v, (int)lo, (int)ZI_MAX_DIM);
            out[2 * k + (2 - n) + i] = (int32_t)v;
        }
    }
    return ZURT_OK;
}

static zurt_status read_kernel(zc_onnx *o, const int32_t *weights, zc_window *w)
{
    w->kernel[0] = w->kernel[1] = 0;
    zurt_status st = read_list(o, "kernel_shape", w->n, 1, 1, &w->kernel[0]);
    bool given = zc_attr(o, "kernel_shape") != NULL;
    if (st)
        return st;
    if (!given && !weights)
        return zc_fail(o, ZURT_E_FORMAT, "attribute 'kernel_shape' is missing");
    if (w->n == 1)
        w->kernel[0] = 1;
    for (int32_t i = 2 - w->n; i < 2 && weights; i++) {
        int32_t size = weights[i - (2 - w->n)];
        if (given && w->kernel[i] != size)
            return zc_fail(o, ZURT_E_FORMAT, "kernel_shape has %d where the weights have %d",
                           (int)w->kernel[i], (int)size);
        if (size < 1)
            return zc_fail(o, ZURT_E_FORMAT, "weights without elements");
        w->kernel[i] = size;
    }
    return ZURT_OK;
}

static void pad_same(zc_window *w)
{
    for (int32_t i = 2 - w->n; i < 2; i++) {
        int64_t window = (int64_t)w->dilation[i] * (w->kernel[i] - 1) + 1;
        int64_t outputs = zi_ceil_div64(w->in[i], w->stride[i]);
        int64_t total = (outputs - 1) * w->stride[i] + window - w->in[i];
        if (total < 0)
            total = 0;
        int64_t first = w->same_upper ? total / 2 : total - total / 2;
        if (total > ZI_MAX_DIM)
            first = total = ZI_MAX_DIM; // no output dim survives that: infer refuses it
        w->pad[i] = (int32_t)first;
        w->pad[2 + i] = (int32_t)(total - first);
    }
}

zurt_status zc_window_read(zc_onnx *o, zi_id x, const int32_t *kernel, zc_window *out)
{
    const zi_tensor t = o->g->tensors[x];
    if (t.rank != 3 && t.rank != 4)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "%d spatial axes: zurt takes 1 or 2; reshape to [N,C,H,W]",
                       (int)(t.rank < 2 ? 0 : t.rank - 2));
    zc_window w = {.n = t.rank - 2, .stride = {1, 1}, .dilation = {1, 1}};
    w.in[0] = w.n == 1 ? 1 : t.dims[2];
    w.in[1] = t.dims[t.rank - 1];
    const char *auto_pad = NULL;
    zurt_status st = read_kernel(o, kernel, &w);
    if (!st)
        st = read_list(o, "strides", w.n, 1, 1, w.stride);
    if (!st)
        st = read_list(o, "dilations", w.n, 1, 1, w.dilation);
    if (!st)
        st = zc_attr_string(o, "auto_pad", "NOTSET", &auto_pad);
    if (st)
        return st;
    zc_attr_harmless(o, "pads"); // with another auto_pad than NOTSET they do not count
    w.same_upper = strcmp(auto_pad, "SAME_UPPER") == 0;
    w.same = w.same_upper || strcmp(auto_pad, "SAME_LOWER") == 0;
    if (w.same)
        pad_same(&w);
    else if (strcmp(auto_pad, "NOTSET") == 0 || !*auto_pad)
        st = read_list(o, "pads", w.n, 2, 0, w.pad);
    else if (strcmp(auto_pad, "VALID") != 0)
        st = zc_fail(o, ZURT_E_FORMAT, "unknown auto_pad '%.40s'", auto_pad);
    *out = w;
    return st;
}
