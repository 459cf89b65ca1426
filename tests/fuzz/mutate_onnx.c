/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutations that keep an ONNX file well formed, for fuzz_import_onnx: lengths in protobuf make
 * nearly every random change of bytes a refusal by the parser.
 */
#include <stdlib.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static const char *const ops[] = {"Add",
                                  "ArgMax",
                                  "AveragePool",
                                  "BatchNormalization",
                                  "Cast",
                                  "Clip",
                                  "Concat",
                                  "ConstantOfShape",
                                  "Conv",
                                  "ConvInteger",
                                  "Div",
                                  "Dropout",
                                  "DepthToSpace",
                                  "DequantizeLinear",
                                  "ConvTranspose",
                                  "Expand",
                                  "Flatten",
                                  "Gather",
                                  "Gemm",
                                  "GlobalAveragePool",
                                  "Greater",
                                  "Identity",
                                  "LayerNormalization",
                                  "MatMul",
                                  "Max",
                                  "MaxPool",
                                  "Mean",
                                  "Mul",
                                  "PRelu",
                                  "Pad",
                                  "Pow",
                                  "Range",
                                  "QuantizeLinear",
                                  "ReduceLogSumExp",
                                  "ReduceMean",
                                  "ReduceSum",
                                  "Relu",
                                  "Reshape",
                                  "Resize",
                                  "Shape",
                                  "Sigmoid",
                                  "Slice",
                                  "Softmax",
                                  "SpaceToDepth",
                                  "Split",
                                  "Squeeze",
                                  "Sub",
                                  "Tile",
                                  "Transpose",
                                  "Unsqueeze",
                                  "Upsample",
                                  "Where",
                                  "QLinearConv",
                                  "QLinearMatMul",
                                  "MatMulInteger"};
static const int64_t numbers[] = {0,  1,  -1, 2,   3,   4,         7,         16,
                                  -2, -3, 64, 255, 256, INT32_MAX, INT64_MAX, INT64_MIN};

static uint32_t state;

static size_t pick(size_t n)
{
    state = state * 1664525u + 1013904223u;
    return n ? (state >> 8) % n : 0;
}

static int64_t number(void)
{
    return numbers[pick(pick(4) ? 8 : sizeof(numbers) / sizeof(*numbers))];
}

static void set_text(char **text, const char *to)
{
    char *copy = malloc(strlen(to) + 1);
    if (!copy)
        abort();
    memcpy(copy, to, strlen(to) + 1);
    if (*text != protobuf_c_empty_string)
        free(*text);
    *text = copy;
}

static void mutate_attribute(Onnx__NodeProto *n)
{
    if (!n->n_attribute)
        return;
    Onnx__AttributeProto *a = n->attribute[pick(n->n_attribute)];
    if (a->n_ints)
        a->ints[pick(a->n_ints)] = number();
    else if (a->has_i)
        a->i = number();
    else if (a->has_f)
        a->f = (float)number() / 4;
    else if (a->has_s && a->s.len)
        LLVMFuzzerMutate(a->s.data, a->s.len, a->s.len);
}

static void mutate_node(Onnx__GraphProto *g)
{
    if (!g->n_node)
        return;
    Onnx__NodeProto *n = g->node[pick(g->n_node)], *other = g->node[pick(g->n_node)];
    switch (pick(4)) {
    case 0:
        set_text(&n->op_type, ops[pick(sizeof(ops) / sizeof(*ops))]);
        break;
    case 1:
        if (n->n_input && other->n_output)
            set_text(&n->input[pick(n->n_input)], other->output[pick(other->n_output)]);
        break;
    case 2:
        if (n->n_input && g->n_initializer) {
            const char *name = g->initializer[pick(g->n_initializer)]->name;
            set_text(&n->input[pick(n->n_input)], name ? name : "");
        }
        break;
    default:
        mutate_attribute(n);
        break;
    }
}

static void mutate_tensor(Onnx__GraphProto *g)
{
    if (!g->n_initializer)
        return;
    Onnx__TensorProto *t = g->initializer[pick(g->n_initializer)];
    if (t->n_dims > 1 && pick(3) == 0) { // same number of elements
        int64_t first = t->dims[0];
        size_t k = pick(t->n_dims);
        t->dims[0] = t->dims[k];
        t->dims[k] = first;
    } else if (t->data_type == 7 && t->raw_data.len >= 8) {
        int64_t v = number();
        memcpy(t->raw_data.data + 8 * pick(t->raw_data.len / 8), &v, sizeof(v));
    } else if (t->raw_data.len) {
        LLVMFuzzerMutate(t->raw_data.data, t->raw_data.len, t->raw_data.len);
    }
}

static void mutate_input(Onnx__GraphProto *g)
{
    if (!g->n_input)
        return;
    Onnx__TypeProto *type = g->input[pick(g->n_input)]->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return;
    Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (pick(4) == 0)
        type->tensor_type->elem_type = (int32_t)pick(12);
    else if (shape && shape->n_dim) {
        Onnx__TensorShapeProto__Dimension *d = shape->dim[pick(shape->n_dim)];
        if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
            d->dim_value = number();
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    state = seed;
    Onnx__ModelProto *m = pick(5) ? onnx__model_proto__unpack(NULL, size, data) : NULL;
    if (!m)
        return LLVMFuzzerMutate(data, size, max_size);
    for (size_t k = 1 + pick(3); k > 0 && m->graph; k--) {
        switch (pick(6)) {
        case 0:
            mutate_tensor(m->graph);
            break;
        case 1:
            mutate_input(m->graph);
            break;
        case 2:
            if (m->n_opset_import)
                m->opset_import[0]->version = 9 + (int64_t)pick(13);
            break;
        default:
            mutate_node(m->graph);
            break;
        }
    }
    size_t bytes = onnx__model_proto__get_packed_size(m);
    if (bytes <= max_size)
        size = onnx__model_proto__pack(m, data);
    onnx__model_proto__free_unpacked(m, NULL);
    return size;
}
