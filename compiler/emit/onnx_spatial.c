/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, products, pooling and resizing as ONNX. */
#include <math.h>

#include "emit/onnx_ops.h"

/* Ops that ONNX defines on channels first. */

static void window(zo_builder *b, Onnx__NodeProto *node, const int32_t *kernel,
                   const int32_t *stride, const int32_t *dilation, const int32_t *pad)
{
    zo_ints(b, node, "kernel_shape", kernel, 2);
    zo_ints(b, node, "strides", stride, 2);
    if (dilation)
        zo_ints(b, node, "dilations", dilation, 2);
    zo_ints(b, node, "pads", pad, 4);
}

static size_t convolution_inputs(zo_builder *b, const zi_node *n, const char *weights,
                                 const char **in)
{
    in[0] = zo_real(b, n->in[0], true);
    in[1] = weights;
    if (n->n_in < 3 || n->in[2] == ZI_NONE)
        return 2;
    in[2] = zo_real(b, n->in[2], false);
    return 3;
}

/* OHWI to OIHW is the same permutation as NHWC to NCHW. */
void zo_emit_conv(zo_builder *b, const zi_node *n)
{
    const zi_attr_conv *a = &n->attr.conv;
    const char *in[3], *out = zo_raw_name(b, n->out[0]);
    size_t n_in = convolution_inputs(b, n, zo_real(b, n->in[1], true), in);
    Onnx__NodeProto *node = zo_node(b, "Conv", n->name, in, n_in, out);
    window(b, node, zo_tensor_in(b, n, 1)->dims + 1, a->stride, a->dilation, a->pad);
    zo_int(b, node, "group", a->groups);
    zo_finish(b, n, 0, out, true);
}

/* Values of a constant as f32. */
static const float *floats(zo_builder *b, const zi_tensor *t)
{
    if (t->dtype != ZURT_S8)
        return t->data;
    size_t elems = zi_tensor_elems(t), per_scale = t->quant.n > 1 ? elems / t->quant.n : elems;
    float *out = zo_alloc(b, elems, sizeof(*out));
    const int8_t *q = t->data;
    for (size_t i = 0; out && i < elems; i++) { // scales are per output channel, the first axis
        size_t k = per_scale ? i / per_scale : 0;
        out[i] = t->quant.scale[k] * (float)(q[i] - t->quant.zero_point[k]);
    }
    return out;
}

/* ONNX wants [I, O / groups, h, w]. Scales along O fit QuantizeLinear's axis only in one group;
 * grouped ones with several scales go out as float. */
static const char *transposed_weights(zo_builder *b, const zi_node *n)
{
    const zi_tensor *t = zo_tensor_in(b, n, 1);
    int32_t groups = n->attr.conv.groups, o = t->dims[0] / groups, i = t->dims[3];
    bool as_float = !zi_tensor_is_quantised(t) || (groups > 1 && t->quant.n > 1);
    const char *base = zo_name(b, "%s~iohw", b->values[n->in[1]].base);
    const int32_t dims[5] = {groups, o, t->dims[1], t->dims[2], i};
    static const int32_t perm[5] = {0, 4, 1, 2, 3};
    const int32_t out_dims[4] = {groups * i, o, t->dims[1], t->dims[2]};
    zurt_dtype dtype = as_float ? ZURT_F32 : t->dtype;
    const void *data = as_float ? floats(b, t) : t->data;
    if (!data)
        return "";
    data = zo_permuted(b, data, zurt_dtype_bytes(dtype), dims, perm, 5);
    if (as_float)
        return zo_tensor(b, base, dtype, out_dims, 4, data);
    const char *q = zo_tensor(b, zo_name(b, "%s~q", base), dtype, out_dims, 4, data);
    return zo_dequantize(b, t, 1, base, q, base);
}

void zo_emit_conv_transpose(zo_builder *b, const zi_node *n)
{
    const zi_attr_conv *a = &n->attr.conv;
    const char *in[3], *out = zo_raw_name(b, n->out[0]);
    size_t n_in = convolution_inputs(b, n, transposed_weights(b, n), in);
    Onnx__NodeProto *node = zo_node(b, "ConvTranspose", n->name, in, n_in, out);
    window(b, node, zo_tensor_in(b, n, 1)->dims + 1, a->stride, a->dilation, a->pad);
    zo_int(b, node, "group", a->groups);
    zo_ints(b, node, "output_padding", a->out_pad, 2);
    zo_finish(b, n, 0, out, true);
}

void zo_emit_fully_connected(zo_builder *b, const zi_node *n)
{
    const char *x = zo_real(b, n->in[0], false), *w = zo_real(b, n->in[1], false);
    const char *bias = n->n_in > 2 && n->in[2] != ZI_NONE ? zo_real(b, n->in[2], false) : NULL;
    const char *out = zo_raw_name(b, n->out[0]);
    if (zo_tensor_in(b, n, 0)->rank == 2) {
        Onnx__NodeProto *node =
            zo_node(b, "Gemm", n->name, (const char *[]){x, w, bias}, bias ? 3 : 2, out);
        zo_int(b, node, "transB", 1);
    } else {
        static const int32_t swap[2] = {1, 0};
        w = zo_transpose(b, w, swap, 2, zo_name(b, "%s~wt", b->values[n->out[0]].base));
        const char *product = bias ? zo_name(b, "%s~product", b->values[n->out[0]].base) : out;
        zo_node(b, "MatMul", n->name, (const char *[]){x, w}, 2, product);
        if (bias)
            zo_binary(b, "Add", product, bias, out);
    }
    zo_finish(b, n, 0, out, false);
}

void zo_emit_pool(zo_builder *b, const zi_node *n)
{
    const zi_attr_pool *a = &n->attr.pool;
    bool max = n->op != ZI_OP_AveragePool, indices = n->op == ZI_OP_MaxPoolIndices;
    const char *in = zo_real(b, n->in[0], true), *out = zo_raw_name(b, n->out[0]);
    Onnx__NodeProto *node = indices ? zo_node_second(b, "MaxPool", n->name, &in, 1, out)
                                    : zo_node(b, zi_op_name(n->op), n->name, &in, 1, out);
    window(b, node, a->kernel, a->stride, max ? a->dilation : NULL, a->pad);
    zo_int(b, node, "ceil_mode", a->ceil_mode);
    if (!max)
        zo_int(b, node, "count_include_pad", a->count_include_pad);
    if (indices)
        zo_int(b, node, "storage_order", a->column_major);
    zo_finish(b, n, 0, out, true);
}

static void resize_modes(zo_builder *b, Onnx__NodeProto *node, const zi_attr_resize *a)
{
    zo_string(b, node, "mode", zi_word_of(zi_resize_mode_words, a->mode));
    zo_string(b, node, "coordinate_transformation_mode",
              zi_word_of(zi_resize_coord_words, a->coord));
    if (a->mode == ZI_RESIZE_NEAREST)
        zo_string(b, node, "nearest_mode", zi_word_of(zi_resize_nearest_words, a->nearest));
    if (a->mode == ZI_RESIZE_CUBIC)
        zo_float(b, node, "cubic_coeff_a", a->cubic_coeff);
    if (a->exclude_outside)
        zo_int(b, node, "exclude_outside", 1);
    if (a->coord == ZI_COORD_TF_CROP_AND_RESIZE)
        zo_float(b, node, "extrapolation_value", a->extrapolation);
}

/* By scales where they give the size, since a stated scale may differ from the quotient. A cropped
 * image has a size that the scales alone do not give. */
void zo_emit_resize(zo_builder *b, const zi_node *n)
{
    const zi_attr_resize *a = &n->attr.resize;
    const zi_tensor *x = zo_tensor_in(b, n, 0), *y = zo_tensor_out(b, n, 0);
    const char *base = b->values[n->out[0]].base, *out = zo_raw_name(b, n->out[0]);
    const char *in[4] = {zo_real(b, n->in[0], true), "", "", ""};
    const bool crops = a->coord == ZI_COORD_TF_CROP_AND_RESIZE;
    if (crops) {
        const float roi[8] = {0, 0, a->roi[0], a->roi[1], 1, 1, a->roi[2], a->roi[3]};
        in[1] = zo_list_f32(b, zo_name(b, "%s~roi", base), roi, 8);
    }
    bool by_scale = !crops && floorf((float)x->dims[1] * a->scale[0]) == (float)a->out[0] &&
                    floorf((float)x->dims[2] * a->scale[1]) == (float)a->out[1];
    if (by_scale) {
        const float scales[4] = {1, 1, a->scale[0], a->scale[1]};
        in[2] = zo_list_f32(b, zo_name(b, "%s~scales", base), scales, 4);
    } else {
        const int64_t sizes[4] = {y->dims[0], y->dims[3], a->out[0], a->out[1]};
        in[3] = zo_list_s64(b, zo_name(b, "%s~sizes", base), sizes, 4);
    }
    Onnx__NodeProto *node = zo_node(b, "Resize", n->name, in, by_scale ? 3 : 4, out);
    resize_modes(b, node, a);
    zo_finish(b, n, 0, out, true);
}

void zo_emit_blocks(zo_builder *b, const zi_node *n)
{
    const char *in = zo_real(b, n->in[0], true), *out = zo_raw_name(b, n->out[0]);
    Onnx__NodeProto *node = zo_node(b, zi_op_name(n->op), n->name, &in, 1, out);
    zo_int(b, node, "blocksize", n->attr.axis.axis);
    if (n->op == ZI_OP_DepthToSpace)
        zo_string(b, node, "mode", n->attr.axis.keep_dims ? "CRD" : "DCR");
    zo_finish(b, n, 0, out, true);
}
