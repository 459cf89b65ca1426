/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX Upsample-7, Upsample-9, Resize-10, 11, 13, 18, 19. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

/* Per axis of the model's tensor, before the two resized ones are picked. */
typedef struct target {
    int32_t rank;
    float scale[ZURT_MAX_RANK];
    int64_t size[ZURT_MAX_RANK];
    float roi[2 * ZURT_MAX_RANK];
} target;

static zurt_status read_modes(zc_onnx *o, zi_attr_resize *a)
{
    static const zi_word modes[] = {{"nearest", ZI_RESIZE_NEAREST},
                                    {"linear", ZI_RESIZE_LINEAR},
                                    {"bilinear", ZI_RESIZE_LINEAR},
                                    {"cubic", ZI_RESIZE_CUBIC},
                                    {NULL, 0}};
    bool old = o->opset < 11; // without the attribute: asymmetric, floor
    int mode = 0, coord = 0, nearest = 0;
    zurt_status st = zc_attr_choice(o, "mode", "nearest", modes, &mode);
    if (!st)
        st = zc_attr_choice(o, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel",
                            zi_resize_coord_words, &coord);
    if (!st)
        st = zc_attr_choice(o, "nearest_mode", old ? "floor" : "round_prefer_floor",
                            zi_resize_nearest_words, &nearest);
    if (!st)
        st = zc_attr_float(o, "cubic_coeff_a", -0.75f, &a->cubic_coeff);
    if (!st)
        st = zc_attr_float(o, "extrapolation_value", 0.0f, &a->extrapolation);
    if (!st)
        st = zc_attr_bool(o, "exclude_outside", false, &a->exclude_outside);
    if (!st)
        st = zc_attr_expect(o, "antialias", 0, "export without anti-aliasing");
    a->mode = (zi_resize_mode)mode;
    a->coord = (zi_resize_coord)coord;
    a->nearest = (zi_resize_nearest)nearest;
    return st;
}

/* Floats of an input that lists `per_axis` values for each of the axes in play. */
static zurt_status read_floats(zc_onnx *o, uint32_t i, size_t n, const float **out)
{
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    if (t->dtype != ZURT_F32 || zi_tensor_elems(t) != n)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must have %zu floats", (unsigned)i, n);
    *out = t->data;
    return ZURT_OK;
}

static bool is_given(const zc_onnx *o, uint32_t i)
{
    return zc_has(o, i) && zi_tensor_elems(zc_input(o, i)) > 0;
}

/* Scales of input i; of the attribute that Upsample has before opset 9. */
static zurt_status find_scales(zc_onnx *o, uint32_t i, size_t n, const float **out)
{
    if (o->opset >= 9)
        return read_floats(o, i, n, out);
    size_t count;
    zurt_status st = zc_attr_floats(o, "scales", out, &count);
    if (!st && count != n)
        st = zc_fail(o, ZURT_E_FORMAT, "%zu scales for %zu axes", count, n);
    return st;
}

/* ONNX's text puts the last corner where the scaled length ends, whole or not; others put it on the
 * last element. Whoever trained the model may have had those. */
static void warn_of_corners(zc_onnx *o, int32_t dim, float scale)
{
    const float length = (float)dim * scale;
    if (fabsf(length - roundf(length)) > 1e-3f)
        zi_log(o->ctx, ZURT_LOG_WARNING,
               "node %u '%.80s' (Resize): align_corners of %d by %g gives %g elements: computed as "
               "ONNX defines it, PyTorch and ONNX Runtime differ; export with sizes",
               (unsigned)o->index, o->name, (int)dim, (double)scale, (double)length);
}

static zurt_status read_scales(zc_onnx *o, uint32_t i, const int32_t *axes, size_t n,
                               bool align_corners, target *t)
{
    const float *scales = NULL;
    zurt_status st = find_scales(o, i, n, &scales);
    for (size_t k = 0; k < n && !st; k++) {
        float s = scales[k];
        int32_t dim = zc_input(o, 0)->dims[axes[k]];
        float span = t->roi[t->rank + axes[k]] - t->roi[axes[k]];
        float size = floorf((float)dim * span * s);
        if (!(s > 0) || !(size >= 0 && size <= (float)ZI_MAX_DIM))
            st = zc_fail(o, ZURT_E_FORMAT, "scale %g of an axis of %d", (double)s, (int)dim);
        t->scale[axes[k]] = s;
        t->size[axes[k]] = st ? 0 : (int64_t)size;
        if (!st && align_corners)
            warn_of_corners(o, dim, s);
    }
    return st;
}

static zurt_status read_sizes(zc_onnx *o, uint32_t i, const int32_t *axes, size_t n, target *t)
{
    int64_t sizes[ZURT_MAX_RANK];
    size_t count;
    const char *policy = NULL;
    zurt_status st = zc_const_ints(o, i, ZURT_MAX_RANK, sizes, &count);
    if (!st)
        st = zc_attr_string(o, "keep_aspect_ratio_policy", "stretch", &policy);
    if (!st && strcmp(policy, "stretch") != 0)
        st = zc_fail(o, ZURT_E_UNSUPPORTED,
                     "keep_aspect_ratio_policy '%.40s'; export with final sizes", policy);
    if (!st && count != n)
        st = zc_fail(o, ZURT_E_FORMAT, "%zu sizes for %zu axes", count, n);
    for (size_t k = 0; k < n && !st; k++) {
        int32_t dim = zc_input(o, 0)->dims[axes[k]];
        // The exporter's batch follows options.batch.
        int64_t size = axes[k] == 0 && o->batch_from && sizes[k] == o->batch_from ? dim : sizes[k];
        if (size < 1 || size > ZI_MAX_DIM || dim < 1)
            st = zc_fail(o, ZURT_E_FORMAT, "size %lld of an axis of %d", (long long)size, (int)dim);
        t->size[axes[k]] = size;
        t->scale[axes[k]] = st ? 1.0f : (float)size / (float)dim;
    }
    return st;
}

static zurt_status resize_axes(zc_onnx *o, int32_t rank, int32_t *axes, size_t *n)
{
    const int64_t *list;
    zurt_status st = zc_attr_ints(o, "axes", &list, n);
    if (!st && *n > ZURT_MAX_RANK)
        st = zc_fail(o, ZURT_E_FORMAT, "%zu axes", *n);
    for (size_t i = 0; i < *n && !st && list; i++)
        st = zc_axis(o, list[i], rank, &axes[i]);
    if (list)
        return st;
    *n = (size_t)rank;
    for (int32_t i = 0; i < rank; i++)
        axes[i] = i;
    return st;
}

static zurt_status read_target(zc_onnx *o, const zi_attr_resize *a, target *t)
{
    int32_t axes[ZURT_MAX_RANK] = {0};
    size_t n = 0;
    const zi_tensor x = *zc_input(o, 0);
    t->rank = x.rank;
    for (int32_t i = 0; i < x.rank; i++) {
        t->scale[i] = 1.0f;
        t->size[i] = x.dims[i];
        t->roi[i] = 0.0f;
        t->roi[x.rank + i] = 1.0f;
    }
    zurt_status st = resize_axes(o, x.rank, axes, &n);
    if (!st && o->opset >= 11 && a->coord == ZI_COORD_TF_CROP_AND_RESIZE) {
        const float *roi = NULL;
        st = zc_has(o, 1) ? read_floats(o, 1, 2 * n, &roi)
                          : zc_fail(o, ZURT_E_FORMAT, "input 'roi' is missing");
        for (size_t k = 0; k < n && !st; k++) {
            t->roi[axes[k]] = roi[k];
            t->roi[x.rank + axes[k]] = roi[n + k];
        }
    }
    if (st)
        return st;
    uint32_t scales = o->opset < 11 ? 1 : 2;
    zc_attr_harmless(o, "keep_aspect_ratio_policy"); // counts with sizes only
    if (o->opset < 9 || is_given(o, scales))
        return read_scales(o, scales, axes, n, a->coord == ZI_COORD_ALIGN_CORNERS, t);
    if (o->opset >= 11 && is_given(o, 3))
        return read_sizes(o, 3, axes, n, t);
    return zc_fail(o, ZURT_E_FORMAT, "neither scales nor sizes");
}

static bool unchanged(zc_onnx *o, const target *t, int32_t axis)
{
    return t->size[axis] == zc_input(o, 0)->dims[axis] && t->scale[axis] == 1.0f &&
           t->roi[axis] == 0.0f && t->roi[t->rank + axis] == 1.0f;
}

static void pick(const target *t, int32_t from, int k, zi_attr_resize *a)
{
    a->out[k] = (int32_t)t->size[from];
    a->scale[k] = t->scale[from];
    a->roi[k] = t->roi[from];
    a->roi[2 + k] = t->roi[t->rank + from];
}

static zurt_status resize(zc_onnx *o)
{
    zi_attr attr = {0};
    target t = {0};
    zi_id x = o->in[0], out;
    zurt_status st = read_modes(o, &attr.resize);
    if (!st)
        st = read_target(o, &attr.resize, &t);
    if (st)
        return st;
    int32_t first = 2; // spatial axes: [N,C,H,W], [N,C,L], or [N,H,W,C] if that is what changes
    if (t.rank == 4 && unchanged(o, &t, 3) && !unchanged(o, &t, 1))
        first = 1;
    bool fits =
        (t.rank == 3 || t.rank == 4) && unchanged(o, &t, 0) && (first == 1 || unchanged(o, &t, 1));
    if (!fits)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "resizes other axes than the height and width of a [N,C,H,W] tensor");
    attr.resize.out[0] = 1;
    attr.resize.scale[0] = attr.resize.roi[2] = 1.0f;
    if (t.rank == 4)
        pick(&t, first, 0, &attr.resize);
    pick(&t, t.rank == 4 ? first + 1 : 2, 1, &attr.resize);
    if (first == 2)
        st = zc_to_nhwc(o, x, &x);
    if (!st)
        st = zc_emit1(o, ZI_OP_Resize, NULL, &attr, x, &out);
    if (!st && first == 2)
        st = zc_from_nhwc(o, out, t.rank, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_resize(zc_onnx *o)
{
    if (o->opset < 10)
        return zc_fail(o, ZURT_E_FORMAT, "not an operator of opset %lld", (long long)o->opset);
    return resize(o);
}

zurt_status zc_op_upsample(zc_onnx *o)
{
    if (o->opset >= 11)
        return zc_fail(o, ZURT_E_FORMAT, "not an operator of opset %lld", (long long)o->opset);
    return resize(o);
}
