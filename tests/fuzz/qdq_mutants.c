/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutates QDQ files that zurt wrote and compiles them: what compiles must load and find a plan.
 *
 *   qdq_mutants [N [SEED]]   N mutants (default 2000); fails if one compiles and is then refused
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>
#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/graph_builder.h"

enum { N_BASES = 3, MAX_REASONS = 32 };

static uint32_t state;

static size_t pick(size_t n)
{
    state = state * 1664525u + 1013904223u;
    return n ? (state >> 8) % n : 0;
}

static void *must(void *p)
{
    if (!p) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return p;
}

/* ---- files to start from ---- */

static zi_id named(builder *b, const char *name, zi_id out)
{
    b->g->nodes[b->g->n_nodes - 1].name = name;
    return out;
}

static zi_id conv(builder *b, const char *name, zi_id x, int32_t n_out, int32_t kernel)
{
    int32_t c = b->g->tensors[x].dims[3], pad = kernel / 2;
    zi_attr a = {
        .conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {pad, pad, pad, pad}, .groups = 1}};
    zi_id w = build_noise(b, "w", DIMS(n_out, kernel, kernel, c));
    return named(b, name, build_op(b, ZI_OP_Conv, name, &a, 2, x, w));
}

static zi_id one(builder *b, zi_op op, const char *name, const zi_attr *a, zi_id x)
{
    return named(b, name, build_op(b, op, name, a, 1, x));
}

static void build_classifier(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 8, 8, 3));
    b->g->tensors[x].from_nchw = true;
    zi_id a = one(b, ZI_OP_Relu, "relu", NULL, conv(b, "stem", x, 8, 3));
    zi_id s = one(b, ZI_OP_HardSwish, "hard", NULL, conv(b, "second", a, 8, 1));
    zi_id r = named(b, "add", build_op(b, ZI_OP_Add, "add", NULL, 2, s, a));
    zi_id p = one(b, ZI_OP_MaxPool, "pool",
                  ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), r);
    zi_id c = named(b, "concat",
                    build_op(b, ZI_OP_Concat, "concat", ATTR(.axis = {.axis = 3}), 2, p,
                             conv(b, "third", p, 8, 1)));
    zi_id m = one(b, ZI_OP_ReduceMean, "mean", ATTR(.reduce = {.axes = AXIS_1 | AXIS_2}), c);
    zi_id w = build_noise(b, "fw", DIMS(5, 16));
    zi_id f = named(b, "fc", build_op(b, ZI_OP_FullyConnected, "fc", NULL, 2, m, w));
    build_output(b, one(b, ZI_OP_Softmax, "softmax", ATTR(.axis = {.axis = 1}), f));
}

static void build_head(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 6, 6, 4));
    b->g->tensors[x].from_nchw = true;
    zi_id a = conv(b, "a", x, 6, 1), t = one(b, ZI_OP_Tanh, "tanh", NULL, conv(b, "b", x, 6, 3));
    zi_id rows[2];
    rows[0] = one(b, ZI_OP_Reshape, "rows_a", ATTR(.shape = {.rank = 3, .dims = {1, 36, 6}}), a);
    rows[1] = one(b, ZI_OP_Reshape, "rows_b", ATTR(.shape = {.rank = 3, .dims = {1, 36, 6}}), t);
    zi_id c = named(
        b, "cat", build_op(b, ZI_OP_Concat, "cat", ATTR(.axis = {.axis = 1}), 2, rows[0], rows[1]));
    zi_id turned = one(b, ZI_OP_Transpose, "turn", ATTR(.perm = {{0, 2, 1}}), c);
    build_output(b, one(b, ZI_OP_Sigmoid, "scores", NULL, turned));
    zi_id m = named(b, "mul", build_op(b, ZI_OP_Mul, "mul", NULL, 2, a, t));
    build_output(b,
                 one(b, ZI_OP_LeakyRelu, "leaky", ATTR(.unary = {.alpha = 0.1f, .beta = 0.0f}), m));
}

static void build_pyramid(builder *b)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, 4, 4, 4));
    b->g->tensors[x].from_nchw = true;
    zi_id a = conv(b, "low", x, 4, 3);
    zi_attr up = {.resize = {.out = {8, 8},
                             .scale = {2, 2},
                             .coord = ZI_COORD_ASYMMETRIC,
                             .nearest = ZI_NEAREST_FLOOR}};
    zi_id r = one(b, ZI_OP_Resize, "up", &up, a);
    zi_id p = one(b, ZI_OP_AveragePool, "mean",
                  ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), r);
    zi_id s = named(b, "sub", build_op(b, ZI_OP_Sub, "sub", NULL, 2, p, x));
    zi_id pad =
        one(b, ZI_OP_Pad, "pad", ATTR(.pad = {.before = {0, 1, 1, 0}, .after = {0, 1, 1, 0}}), s);
    build_output(b, one(b, ZI_OP_Clip, "clip", ATTR(.unary = {.alpha = -1.0f, .beta = 2.0f}), pad));
}

typedef struct file {
    void *bytes;
    size_t size;
} file;

static file make_base(size_t which)
{
    static void (*const builds[N_BASES])(builder *) = {build_classifier, build_head, build_pyramid};
    builder b = builder_make();
    builds[which](&b);
    zurt_graph *graph, *out;
    file f;
    zurt_quantize_options options = ZURT_QUANTIZE_OPTIONS_INIT;
    options.sample = build_sample;
    options.n_samples = 4;
    options.report_sqnr = 0;
    options.threads = 1;
    void *bytes;
    if (zc_graph_wrap(b.ctx, b.g, &graph) || zurt_quantize(b.ctx, graph, &options, &out, NULL) ||
        zurt_emit_onnx_mem(b.ctx, out, &bytes, &f.size)) {
        fprintf(stderr, "base %zu: %s\n", which, zurt_ctx_error(b.ctx));
        exit(1);
    }
    f.bytes = must(malloc(f.size));
    memcpy(f.bytes, bytes, f.size);
    zurt_buffer_free(b.ctx, bytes);
    zurt_graph_destroy(out);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(b.ctx);
    return f;
}

/* ---- mutations ---- */

static void set_text(char **text, const char *to)
{
    char *copy = must(malloc(strlen(to) + 1));
    memcpy(copy, to, strlen(to) + 1);
    if (*text != protobuf_c_empty_string)
        free(*text);
    *text = copy;
}

static bool ends_in(const char *text, const char *with)
{
    size_t n = strlen(text), m = strlen(with);
    return n >= m && !strcmp(text + n - m, with);
}

static const Onnx__TensorProto *find(const Onnx__GraphProto *g, const char *name)
{
    for (size_t i = 0; i < g->n_initializer; i++) {
        if (!strcmp(g->initializer[i]->name, name))
            return g->initializer[i];
    }
    return NULL;
}

/* A scale or zero point of a Quantize or Dequantize node becomes another. */
static void mutate_scale(Onnx__GraphProto *g)
{
    static const float factors[] = {0.5f, 2.0f, 1.01f, 1e-3f, 1e3f, 1e-6f, 1e6f, 32768.0f, 1e20f};
    Onnx__TensorProto *t = g->initializer[pick(g->n_initializer)];
    if (t->data_type != 1 || t->raw_data.len < sizeof(float))
        return;
    float v, factor = factors[pick(sizeof(factors) / sizeof(factors[0]))];
    for (size_t i = 0; i + sizeof(v) <= t->raw_data.len; i += sizeof(v)) {
        memcpy(&v, t->raw_data.data + i, sizeof(v));
        v *= factor;
        memcpy(t->raw_data.data + i, &v, sizeof(v));
    }
}

static void mutate_integers(Onnx__GraphProto *g)
{
    Onnx__TensorProto *t = g->initializer[pick(g->n_initializer)];
    if (t->data_type == 3 && !pick(3))
        t->data_type = 2; // int8 as uint8, of zero points, weights and all
    else if (t->data_type == 2 && !pick(3))
        t->data_type = 3;
    else if (t->data_type != 1 && t->raw_data.len)
        t->raw_data.data[pick(t->raw_data.len)] = (uint8_t)pick(256);
}

static void mutate_operator(Onnx__GraphProto *g)
{
    static const char *const ops[] = {"Relu",
                                      "Sigmoid",
                                      "Tanh",
                                      "Softmax",
                                      "Abs",
                                      "Neg",
                                      "Exp",
                                      "Sqrt",
                                      "Add",
                                      "Sub",
                                      "Mul",
                                      "Div",
                                      "Max",
                                      "Min",
                                      "Concat",
                                      "Reshape",
                                      "Flatten",
                                      "Transpose",
                                      "MaxPool",
                                      "AveragePool",
                                      "ArgMax",
                                      "GlobalAveragePool",
                                      "ReduceMean",
                                      "ReduceMax",
                                      "Cast",
                                      "Identity",
                                      "LogSoftmax",
                                      "LeakyRelu",
                                      "HardSigmoid",
                                      "Squeeze",
                                      "Shape",
                                      "QuantizeLinear",
                                      "DequantizeLinear",
                                      "Greater",
                                      "Where",
                                      "Split",
                                      "Gather"};
    Onnx__NodeProto *n = g->node[pick(g->n_node)];
    set_text(&n->op_type, ops[pick(sizeof(ops) / sizeof(ops[0]))]);
    for (size_t i = 0; !strcmp(n->op_type, "Cast") && i < n->n_attribute; i++)
        set_text(&n->attribute[i]->name, "to");
}

static void mutate_wire(Onnx__GraphProto *g)
{
    Onnx__NodeProto *n = g->node[pick(g->n_node)], *other = g->node[pick(g->n_node)];
    if (!n->n_input || !other->n_output)
        return;
    size_t k = pick(n->n_input);
    switch (pick(3)) {
    case 0:
        set_text(&n->input[k], other->output[0]);
        break;
    case 1:
        if (other->n_input)
            set_text(&n->input[k], other->input[pick(other->n_input)]);
        break;
    default:
        set_text(&n->input[k], g->initializer[pick(g->n_initializer)]->name);
    }
}

/* Readers of a node's result read its operand instead. */
static void bypass(Onnx__GraphProto *g)
{
    const Onnx__NodeProto *n = g->node[pick(g->n_node)];
    if (!n->n_input || !n->n_output)
        return;
    for (size_t i = 0; i < g->n_node; i++) {
        for (size_t k = 0; k < g->node[i]->n_input; k++) {
            if (!strcmp(g->node[i]->input[k], n->output[0]))
                set_text(&g->node[i]->input[k], n->input[0]);
        }
    }
}

static void mutate_attribute(Onnx__GraphProto *g)
{
    static const int64_t numbers[] = {0, 1, 2, 3, -1, -2, 4, 7};
    Onnx__NodeProto *n = g->node[pick(g->n_node)];
    if (!n->n_attribute)
        return;
    Onnx__AttributeProto *a = n->attribute[pick(n->n_attribute)];
    int64_t v = numbers[pick(sizeof(numbers) / sizeof(numbers[0]))];
    if (a->n_ints)
        a->ints[pick(a->n_ints)] = v;
    else if (a->has_i)
        a->i = v;
    else if (a->has_f)
        a->f = (float)v / 4;
}

/* Another value of the graph is an output, of the type that it may have. */
static void mutate_output(Onnx__GraphProto *g)
{
    const Onnx__NodeProto *n = g->node[pick(g->n_node)];
    Onnx__ValueInfoProto *y = g->output[pick(g->n_output)];
    if (!n->n_output)
        return;
    set_text(&y->name, n->output[0]);
    if (y->type && y->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
        const Onnx__TensorProto *zero = n->n_input > 2 ? find(g, n->input[2]) : NULL;
        bool quantises = !strcmp(n->op_type, "QuantizeLinear") && zero;
        y->type->tensor_type->elem_type = quantises ? zero->data_type : 1;
        onnx__tensor_shape_proto__free_unpacked(y->type->tensor_type->shape, NULL);
        y->type->tensor_type->shape = NULL;
    }
    (void)ends_in;
}

static file mutate(const file *base)
{
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, base->size, base->bytes);
    static void (*const kinds[])(Onnx__GraphProto *) = {
        mutate_scale, mutate_scale, mutate_integers,  mutate_operator,
        mutate_wire,  bypass,       mutate_attribute, mutate_output};
    for (size_t n = 1 + pick(3); n > 0; n--)
        kinds[pick(sizeof(kinds) / sizeof(kinds[0]))](m->graph);
    file f = {.size = onnx__model_proto__get_packed_size(m)};
    f.bytes = must(malloc(f.size));
    onnx__model_proto__pack(m, f.bytes);
    onnx__model_proto__free_unpacked(m, NULL);
    return f;
}

/* ---- what becomes of them ---- */

typedef struct totals {
    size_t refused, floats, compiled, faults;
} totals;

static zurt_status load_and_plan(zurt_ctx *ctx, const void *bytes, size_t size)
{
    zurt_model *model = NULL;
    zurt_session *session = NULL;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.device = ZURT_DEVICE_CPU;
    options.threads = 1;
    zurt_status st = zurt_model_load_mem(ctx, bytes, size, &model);
    if (!st)
        st = zurt_session_create(ctx, model, &options, &session);
    zurt_session_destroy(session);
    zurt_model_destroy(model);
    return st;
}

static void try_one(const file *f, size_t index, totals *t)
{
    zurt_ctx *ctx;
    if (zurt_ctx_create(NULL, &ctx))
        must(NULL);
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    zurt_graph *graph = NULL;
    void *bytes = NULL;
    size_t size = 0;
    if (zurt_import_onnx_mem(ctx, f->bytes, f->size, &options, &graph)) {
        t->refused++;
    } else if (!zurt_graph_is_quantized(graph)) {
        t->floats++;
    } else if (zurt_emit_zurt_mem(ctx, graph, &bytes, &size)) {
        t->faults++;
        printf("mutant %zu: not written: %s\n", index, zurt_ctx_error(ctx));
    } else if (load_and_plan(ctx, bytes, size)) {
        t->faults++;
        printf("mutant %zu: compiled, then refused: %s\n", index, zurt_ctx_error(ctx));
    } else {
        t->compiled++;
    }
    zurt_buffer_free(ctx, bytes);
    zurt_graph_destroy(graph);
    zurt_ctx_destroy(ctx);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
    file bases[N_BASES];
    for (size_t i = 0; i < N_BASES; i++)
        bases[i] = make_base(i);
    totals t = {0};
    for (size_t i = 0; i < n; i++) {
        state = seed * 2654435761u + (uint32_t)i * 40503u;
        file f = mutate(&bases[pick(N_BASES)]);
        try_one(&f, i, &t);
        const char *keep = getenv("ZURT_KEEP_MUTANT");
        if (keep && strtoul(keep, NULL, 10) == i) {
            FILE *out = must(fopen("mutant.onnx", "wb"));
            fwrite(f.bytes, 1, f.size, out);
            fclose(out);
        }
        free(f.bytes);
    }
    for (size_t i = 0; i < N_BASES; i++)
        free(bases[i].bytes);
    printf("%zu mutants, seed %u: %zu refused at import, %zu float, %zu compiled and planned, "
           "%zu compiled and refused\n",
           n, (unsigned)seed, t.refused, t.floats, t.compiled, t.faults);
    return t.faults > 0 || t.compiled * 10 < n;
}
