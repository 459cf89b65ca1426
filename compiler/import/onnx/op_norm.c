/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX BatchNormalization-15, InstanceNormalization-6, LayerNormalization-17. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

/* Parameter i as a plain [channels] constant. */
static zurt_status need_channels(zc_onnx *o, uint32_t i, int32_t channels)
{
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    if (t->dtype != ZURT_F32 || t->rank != 1 || t->dims[0] != channels)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must be [%d] float", (unsigned)i, (int)channels);
    return ZURT_OK;
}

/* A [C,1,1...] constant that broadcasts over the spatial axes. */
static zurt_status channel_const(zc_onnx *o, int32_t channels, zi_id *out, float **data)
{
    int32_t rank = zc_input(o, 0)->rank;
    int32_t dims[ZURT_MAX_RANK] = {channels, 1, 1, 1, 1, 1, 1, 1};
    return zc_const_f32(o, rank - 1, dims, out, data);
}

static zurt_status scale_and_shift(zc_onnx *o, zi_id x, zi_id scale, zi_id shift)
{
    zi_id out;
    zurt_status st = zc_emit2(o, ZI_OP_Mul, "scale", x, scale, &out);
    if (!st)
        st = zc_emit2(o, ZI_OP_Add, NULL, out, shift, &out);
    return st ? st : zc_define(o, 0, out);
}

/* Training normalises by the statistics of the batch itself. Before opset 14 the number of outputs
 * says so, whoever reads them: ONNX BatchNormalization-9, "Output case #1". */
static zurt_status inference_form(zc_onnx *o)
{
    static const char remedy[] = "export the model in inference (eval) mode";
    for (uint32_t i = 1; i < o->n_out && o->opset < 14; i++) {
        if (o->links[o->index].out[i] != ZI_NONE)
            return zc_fail(o, ZURT_E_UNSUPPORTED, "more than one output: training mode; %s",
                           remedy);
    }
    zc_attr_harmless(o, "momentum"); // of the running statistics
    return zc_attr_expect(o, "training_mode", 0, remedy);
}

zurt_status zc_op_batch_norm(zc_onnx *o)
{
    float epsilon;
    const zi_tensor x = *zc_input(o, 0);
    if (x.rank < 2 || x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be [N,C,...] float");
    zurt_status st = inference_form(o);
    if (!st)
        st = zc_attr_expect(o, "spatial", 1, "export the model with opset 9 or later");
    for (uint32_t i = 1; i < 5 && !st; i++)
        st = need_channels(o, i, x.dims[1]);
    if (!st)
        st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    zi_id scale_id, shift_id;
    float *scale = NULL, *shift = NULL;
    if (!st)
        st = channel_const(o, x.dims[1], &scale_id, &scale);
    if (!st)
        st = channel_const(o, x.dims[1], &shift_id, &shift);
    if (st)
        return st;
    const float *gamma = zc_input(o, 1)->data, *beta = zc_input(o, 2)->data;
    const float *mean = zc_input(o, 3)->data, *variance = zc_input(o, 4)->data;
    for (int32_t c = 0; c < x.dims[1]; c++) {
        double s = gamma[c] / sqrt((double)variance[c] + epsilon);
        if (!isfinite(s) || !isfinite(mean[c]) || !isfinite(beta[c]))
            return zc_fail(o, ZURT_E_FORMAT, "channel %d: a parameter is not finite", (int)c);
        scale[c] = (float)s;
        shift[c] = (float)(beta[c] - mean[c] * s);
    }
    return scale_and_shift(o, o->in[0], scale_id, shift_id);
}

zurt_status zc_standardise(zc_onnx *o, zi_id x, uint32_t axes, float epsilon, zc_standard *s)
{
    zi_id centred, square, variance, e;
    float *value;
    zurt_status st = zc_emit_reduce(o, ZI_OP_ReduceMean, "mean", x, axes, true, &s->mean);
    if (!st)
        st = zc_emit2(o, ZI_OP_Sub, "centred", x, s->mean, &centred);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "square", centred, centred, &square);
    if (!st)
        st = zc_emit_reduce(o, ZI_OP_ReduceMean, "variance", square, axes, true, &variance);
    if (!st)
        st = zc_const_f32(o, 0, NULL, &e, &value);
    if (st)
        return st;
    *value = epsilon;
    st = zc_emit2(o, ZI_OP_Add, "epsilon", variance, e, &variance);
    if (!st)
        st = zc_emit1(o, ZI_OP_Sqrt, "deviation", NULL, variance, &s->deviation);
    return st ? st : zc_emit2(o, ZI_OP_Div, "standard", centred, s->deviation, &s->values);
}

zurt_status zc_op_instance_norm(zc_onnx *o)
{
    float epsilon;
    const zi_tensor x = *zc_input(o, 0);
    if (x.rank < 3 || x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be [N,C,...] float");
    zurt_status st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    for (uint32_t i = 1; i < 3 && !st; i++)
        st = need_channels(o, i, x.dims[1]);
    zc_standard s;
    zi_id scale_id, shift_id;
    float *scale = NULL, *shift = NULL;
    uint32_t axes = ((1u << x.rank) - 1) & ~3u;
    if (!st)
        st = zc_standardise(o, o->in[0], axes, epsilon, &s);
    if (!st)
        st = channel_const(o, x.dims[1], &scale_id, &scale);
    if (!st)
        st = channel_const(o, x.dims[1], &shift_id, &shift);
    if (st)
        return st;
    if (x.dims[1]) {
        memcpy(scale, zc_input(o, 1)->data, (size_t)x.dims[1] * sizeof(*scale));
        memcpy(shift, zc_input(o, 2)->data, (size_t)x.dims[1] * sizeof(*shift));
    }
    return scale_and_shift(o, s.values, scale_id, shift_id);
}

zurt_status zc_op_layer_norm(zc_onnx *o)
{
    float epsilon;
    int32_t axis;
    const zi_tensor x = *zc_input(o, 0);
    if (x.dtype != ZURT_F32)
        return zc_fail(o, ZURT_E_FORMAT, "the input must be float");
    zc_attr_harmless(o, "stash_type"); // zurt computes in float, the widest there is
    zurt_status st = zc_attr_float(o, "epsilon", 1e-5f, &epsilon);
    if (!st)
        st = zc_attr_axis(o, "axis", -1, x.rank, &axis);
    if (st)
        return st;
    uint32_t axes = ((1u << x.rank) - 1) & ~((1u << axis) - 1);
    zc_standard s;
    zi_id out;
    st = zc_standardise(o, o->in[0], axes, epsilon, &s);
    if (!st)
        st = zc_emit2(o, ZI_OP_Mul, "scale", s.values, o->in[1], &out);
    if (!st && zc_has(o, 2))
        st = zc_emit2(o, ZI_OP_Add, NULL, out, o->in[2], &out);
    if (!st)
        st = zc_define(o, 0, out);
    if (!st)
        st = zc_define(o, 1, s.mean);
    if (st || !zc_is_used(o, 2))
        return st;
    st = zc_emit1(o, ZI_OP_Reciprocal, "inverse", NULL, s.deviation, &out);
    return st ? st : zc_define(o, 2, out);
}
