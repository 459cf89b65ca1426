/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation over groups of channels and over neighbours, composed from existing ops.
 * Ref: ONNX GroupNormalization-18 and -21, LRN-13, MeanVarianceNormalization-13,
 * RMSNormalization-23, LpNormalization-22. */
#include <float.h>
#include <string.h>

#include "import/onnx/importer.h"

/* Parameter i for every channel as a [C,1,1...] constant. Opset 18 has one number a group. */
static zurt_status group_parameter(zc_onnx *o, uint32_t i, const zi_tensor *x, int32_t groups,
                                   zi_id *out)
{
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor t = *zc_input(o, i);
    const int32_t channels = x->dims[1];
    bool is_list = t.dtype == ZURT_F32 && t.rank == 1;
    bool fits = is_list && (t.dims[0] == channels || (o->opset < 21 && t.dims[0] == groups));
    if (!fits)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must be [%d] float", (unsigned)i,
                       (int)(o->opset < 21 ? groups : channels));
    const int32_t dims[ZURT_MAX_RANK] = {channels, 1, 1, 1, 1, 1, 1, 1};
    const float *from = t.data;
    float *data;
    st = zc_const_f32(o, x->rank - 1, dims, out, &data);
    for (int32_t c = 0; c < channels && !st; c++)
        data[c] = t.dims[0] == channels ? from[c] : from[c / (channels / groups)];
    return st;
}

/* [N,C,...] as [N,G,C/G,...]: the axes stay apart, so that any stored order will do. */
zurt_status zc_op_group_norm(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int32_t groups, split[ZURT_MAX_RANK];
    float epsilon;
    if (x.rank < 2 || x.rank >= ZURT_MAX_RANK || x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be [N,C,...] float of at most %d axes",
                       ZURT_MAX_RANK - 1);
    zurt_status st = zc_attr_int32(o, "num_groups", 0, 0, ZI_MAX_DIM, &groups);
    if (!st && (groups < 1 || x.dims[1] % groups))
        st = zc_fail(o, ZURT_E_FORMAT, "num_groups %d does not divide %d channels", (int)groups,
                     (int)x.dims[1]);
    if (!st)
        st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    zc_attr_harmless(o, "stash_type"); // zurt computes in float
    zi_id scale, shift, out;
    if (!st)
        st = group_parameter(o, 1, &x, groups, &scale);
    if (!st)
        st = group_parameter(o, 2, &x, groups, &shift);
    if (st)
        return st;
    split[0] = x.dims[0];
    split[1] = groups;
    split[2] = x.dims[1] / groups;
    for (int32_t i = 2; i < x.rank; i++)
        split[i + 1] = x.dims[i];
    zc_standard s;
    st = zc_emit_reshape(o, "groups", o->in[0], x.rank + 1, split, &out);
    if (!st)
        st = zc_standardise(o, out, ((1u << (x.rank + 1)) - 1) & ~3u, epsilon, &s);
    if (!st)
        st = zc_emit_reshape(o, "channels", s.values, x.rank, x.dims, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "scale", out, scale, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, NULL, out, shift, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_mean_variance_norm(zc_onnx *o)
{
    static const int64_t usual[] = {0, 2, 3};
    const zi_tensor x = *zc_input(o, 0);
    const int64_t *list;
    size_t n;
    if (x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zurt_status st = zc_attr_ints(o, "axes", &list, &n);
    if (!st && !list) {
        list = usual;
        n = 3;
    }
    uint32_t axes = 0;
    for (size_t i = 0; i < n && !st; i++) {
        int32_t axis;
        st = zc_axis(o, list[i], x.rank, &axis);
        axes |= st ? 0 : 1u << axis;
    }
    zc_standard s;
    if (!st) // ONNX adds 1e-9 to the deviation: where that counts, it is 1e-9 here too
        st = zc_standardise(o, o->in[0], axes, 1e-18f, &s);
    return st ? st : zc_define(o, 0, s.values);
}

/* Mean of x^2 over `size` neighbouring channels, zeros outside: a pool along the channels, which
 * stand last, so that an image needs no move for it. */
static zurt_status mean_of_neighbours(zc_onnx *o, zi_id x, int32_t size, zi_id *out)
{
    const zi_tensor t = o->g->tensors[x];
    const int64_t places = (int64_t)t.dims[1] * t.dims[2];
    if (places > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "an image of %lld pixels", (long long)places);
    const int32_t dims[4] = {t.dims[0], (int32_t)places, t.dims[3], 1};
    zi_attr attr = {.pool = {.kernel = {1, size},
                             .stride = {1, 1},
                             .dilation = {1, 1},
                             .pad = {0, (size - 1) / 2, 0, size / 2},
                             .count_include_pad = true}};
    zurt_status st = zc_emit2(o, ZI_OP_Mul, "square", x, x, out);
    if (!st)
        st = zc_emit_reshape(o, "channels", *out, 4, dims, out);
    if (!st)
        st = zc_emit1(o, ZI_OP_AveragePool, "neighbours", &attr, *out, out);
    return st ? st : zc_emit_reshape(o, "pixels", *out, 4, t.dims, out);
}

/* x / (bias + alpha * mean)^beta on [N,H,W,C]. */
static zurt_status normalise_response(zc_onnx *o, zi_id x, int32_t size, zi_id *out)
{
    static const char *const names[] = {"alpha", "bias", "beta"};
    static const float usual[] = {1e-4f, 1.0f, 0.75f};
    static const zi_op ops[] = {ZI_OP_Mul, ZI_OP_Add, ZI_OP_Pow};
    zurt_status st = mean_of_neighbours(o, x, size, out);
    for (int i = 0; i < 3 && !st; i++) {
        zi_id number;
        float *value;
        st = zc_const_f32(o, 0, NULL, &number, &value);
        if (!st)
            st = zc_attr_float(o, names[i], usual[i], value);
        if (!st)
            st = zc_emit2(o, ops[i], names[i], *out, number, out);
    }
    return st ? st : zc_emit2(o, ZI_OP_Div, NULL, x, *out, out);
}

zurt_status zc_op_lrn(zc_onnx *o)
{
    const zi_tensor t = *zc_input(o, 0);
    int32_t size;
    zi_id x = o->in[0], out;
    if (t.rank < 2 || t.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be [N,C,...] float");
    zurt_status st = zc_attr_int32(o, "size", 0, 0, ZI_MAX_DIM, &size);
    if (!st && size < 1)
        st = zc_fail(o, ZURT_E_FORMAT, "attribute 'size' is missing or 0");
    int64_t places = 1;
    for (int32_t i = 2; i < t.rank; i++)
        places = places > ZI_MAX_DIM ? places : places * t.dims[i];
    if (!st && places > ZI_MAX_DIM)
        st = zc_fail(o, ZURT_E_LIMIT, "more than %d places", (int)ZI_MAX_DIM);
    if (st)
        return st;
    const int32_t as_image[4] = {t.dims[0], t.dims[1], 1, (int32_t)places};
    if (t.rank != 4)
        st = zc_emit_reshape(o, "image", x, 4, as_image, &x);
    if (!st)
        st = zc_to_nhwc(o, x, &x);
    if (!st)
        st = normalise_response(o, x, size, &out);
    if (!st)
        st = zc_from_nhwc(o, out, 4, &out);
    if (!st && t.rank != 4)
        st = zc_emit_reshape(o, "shaped", out, t.rank, t.dims, &out);
    return st ? st : zc_define(o, 0, out);
}

/* x / sqrt(mean(x^2) + epsilon) * scale, over the axes from `axis` on. */
zurt_status zc_op_rms_norm(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int32_t axis;
    float *value;
    zi_id epsilon, out;
    if (x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zc_attr_harmless(o, "stash_type"); // zurt computes in float
    zurt_status st = zc_attr_axis(o, "axis", -1, x.rank, &axis);
    if (!st)
        st = zc_const_f32(o, 0, NULL, &epsilon, &value);
    if (!st)
        st = zc_attr_float(o, "epsilon", 1e-5f, value);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "square", o->in[0], o->in[0], &out);
    if (!st)
        st = zc_emit_reduce(o, ZI_OP_ReduceMean, "mean", out,
                            ((1u << x.rank) - 1) & ~((1u << axis) - 1), true, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, "epsilon", out, epsilon, &out);
    if (!st)
        st = zc_emit1(o, ZI_OP_Sqrt, "root", NULL, out, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Div, "standard", o->in[0], out, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, NULL, out, o->in[1], &out);
    return st ? st : zc_define(o, 0, out);
}

/* x over its norm along the axis; where that is 0, so is x. */
zurt_status zc_op_lp_norm(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int32_t axis, p;
    float *value;
    zi_id least, out;
    if (x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zurt_status st = zc_attr_axis(o, "axis", -1, x.rank, &axis);
    if (!st)
        st = zc_attr_int32(o, "p", 2, 1, 2, &p);
    if (!st)
        st = zc_const_f32(o, 0, NULL, &least, &value);
    if (st)
        return st;
    *value = p == 1 ? FLT_MIN : 0x1p-74f; // below it squares are lost
    st = p == 1 ? zc_emit1(o, ZI_OP_Abs, "abs", NULL, o->in[0], &out)
                : zc_emit2(o, ZI_OP_Mul, "square", o->in[0], o->in[0], &out);
    if (!st)
        st = zc_emit_reduce(o, ZI_OP_ReduceSum, "sum", out, 1u << axis, true, &out);
    if (!st && p == 2)
        st = zc_emit1(o, ZI_OP_Sqrt, "root", NULL, out, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Max, "norm", out, least, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Div, NULL, o->in[0], out, &out);
    return st ? st : zc_define(o, 0, out);
}
