/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes corpus/import_onnx: small models, one per family of operators, for the fuzzer to start
 * from. usage: make_onnx_corpus FOLDER
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/onnx_writer.h"

static const char *folder;
static const float numbers[64] = {0.5f, -1, 2, 0.25f, 3, -0.125f, 1, 1, -2};
static const uint8_t bytes[64] = {1, 250, 3, 128, 7, 9, 200, 13};

static void save_model(const char *name, const message *m)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.onnx", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(m->bytes, 1, m->n, f) != m->n || fclose(f) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
}

static void save(const char *name, const message *graph, int64_t opset)
{
    message m = model(graph, opset);
    save_model(name, &m);
}

static void floats(message *g, const char *name, int n_dims, const int64_t *dims)
{
    size_t n = 1;
    for (int i = 0; i < n_dims; i++)
        n *= (size_t)dims[i];
    message t = tensor(name, F32, n_dims, dims, numbers, n * sizeof(float));
    add_initializer(g, &t);
}

static void ints(message *g, const char *name, int n, const int64_t *values)
{
    const int64_t count = n;
    message t = tensor(name, S64, 1, &count, values, (size_t)n * 8);
    add_initializer(g, &t);
}

static message image_graph(void)
{
    message g = {0}, x = value_info("x", F32, ONNX_DIMS(1, 2, 4, 4));
    add_input(&g, &x);
    add_output(&g, "y");
    return g;
}

static void put(message *g, const char *op, const char *in, const char *out)
{
    message n = node("", op, in, out);
    add_node(g, &n);
}

/* Ops of one input that need nothing else, in a chain. */
static void save_unary(void)
{
    static const char *const ops[] = {"Relu",        "LeakyRelu",  "Sigmoid",
                                      "HardSigmoid", "HardSwish",  "Tanh",
                                      "Exp",         "Abs",        "Sqrt",
                                      "Neg",         "Floor",      "Ceil",
                                      "Round",       "Reciprocal", "Erf",
                                      "Elu",         "Selu",       "Celu",
                                      "Softplus",    "Softsign",   "ThresholdedRelu",
                                      "Softmax",     "Clip",       "Sign",
                                      "LogSoftmax",  "Identity",   "Dropout"};
    const size_t n = sizeof(ops) / sizeof(*ops);
    message g = image_graph();
    char in[16] = "x", out[16];
    for (size_t i = 0; i < n; i++) {
        snprintf(out, sizeof(out), i + 1 < n ? "t%zu" : "y", i);
        put(&g, ops[i], in, out);
        memcpy(in, out, sizeof(in));
    }
    save("unary", &g, 14);
}

static void save_weights(void)
{
    message g = image_graph();
    floats(&g, "w", ONNX_DIMS(2, 1, 3, 3));
    floats(&g, "b", ONNX_DIMS(2));
    static const float variance[2] = {1, 2};
    message s = tensor("s", F32, ONNX_DIMS(2), variance, sizeof(variance));
    add_initializer(&g, &s);
    floats(&g, "v", ONNX_DIMS(2, 2, 2, 2));
    message conv = node("conv", "Conv", "x w b", "c");
    attr_int(&conv, "group", 2);
    attr_ints(&conv, "strides", 2, (const int64_t[]){2, 1});
    attr_text(&conv, "auto_pad", "SAME_UPPER");
    message up = node("up", "ConvTranspose", "n v", "u");
    attr_ints(&up, "strides", 2, (const int64_t[]){2, 1});
    attr_ints(&up, "output_padding", 2, (const int64_t[]){1, 0});
    add_node(&g, &conv);
    put(&g, "BatchNormalization", "c b b b s", "n0");
    put(&g, "Abs", "n0", "n");
    add_node(&g, &up);
    message pool = node("pool", "MaxPool", "u", "p");
    attr_ints(&pool, "kernel_shape", 2, (const int64_t[]){2, 2});
    attr_ints(&pool, "strides", 2, (const int64_t[]){2, 2});
    attr_int(&pool, "ceil_mode", 1);
    add_node(&g, &pool);
    put(&g, "GlobalAveragePool", "p", "a");
    put(&g, "Flatten", "a", "f");
    floats(&g, "fc", ONNX_DIMS(2, 3));
    put(&g, "Gemm", "f fc", "y");
    save("weights", &g, 13);
}

static void save_conv_1d(void)
{
    message g = {0}, x = value_info("x", F32, ONNX_DIMS(-1, 2, 6));
    add_input(&g, &x);
    add_output(&g, "y");
    floats(&g, "w", ONNX_DIMS(3, 2, 3));
    message conv = node("conv", "Conv", "x w", "c");
    attr_ints(&conv, "dilations", 1, (const int64_t[]){2});
    attr_ints(&conv, "pads", 2, (const int64_t[]){2, 1});
    add_node(&g, &conv);
    message pool = node("", "AveragePool", "c", "y");
    attr_ints(&pool, "kernel_shape", 1, (const int64_t[]){2});
    add_node(&g, &pool);
    save("conv_1d", &g, 11);
}

static void save_shapes(void)
{
    message g = image_graph();
    ints(&g, "zero", 1, (const int64_t[]){0});
    ints(&g, "rest", 1, (const int64_t[]){-1});
    put(&g, "Shape", "x", "s");
    put(&g, "Gather", "s zero", "n");
    message concat = node("", "Concat", "n rest", "to");
    attr_int(&concat, "axis", 0);
    add_node(&g, &concat);
    put(&g, "Reshape", "x to", "r");
    put(&g, "ConstantOfShape", "to2", "ones");
    ints(&g, "to2", 2, (const int64_t[]){1, 32});
    put(&g, "Add", "r ones", "a");
    put(&g, "Unsqueeze", "a zero", "u");
    put(&g, "Squeeze", "u zero", "q");
    ints(&g, "wide", 2, (const int64_t[]){3, 32});
    put(&g, "Expand", "q wide", "e");
    put(&g, "Tile", "e twice", "y");
    ints(&g, "twice", 2, (const int64_t[]){2, 1});
    save("shapes", &g, 13);
}

static void save_moves(void)
{
    message g = image_graph();
    ints(&g, "starts", 2, (const int64_t[]){-1, 0});
    ints(&g, "ends", 2, (const int64_t[]){-9, 3});
    ints(&g, "axes", 2, (const int64_t[]){2, 3});
    ints(&g, "steps", 2, (const int64_t[]){-1, 2});
    put(&g, "Slice", "x starts ends axes steps", "s");
    ints(&g, "pads", 8, (const int64_t[]){0, 0, 1, 1, 0, 0, 1, 0});
    message pad = node("", "Pad", "s pads", "p");
    attr_text(&pad, "mode", "edge");
    add_node(&g, &pad);
    message split = node("", "Split", "p parts", "l r");
    attr_int(&split, "axis", 1);
    add_node(&g, &split);
    ints(&g, "parts", 2, (const int64_t[]){1, 1});
    message concat = node("", "Concat", "r l p p", "c");
    attr_int(&concat, "axis", 1);
    add_node(&g, &concat);
    ints(&g, "index", 4, (const int64_t[]){3, -1, 0, 0});
    message gather = node("", "Gather", "c index", "i");
    attr_int(&gather, "axis", 1);
    add_node(&g, &gather);
    message depth = node("", "DepthToSpace", "i", "d");
    attr_int(&depth, "blocksize", 2);
    add_node(&g, &depth);
    message turn = node("", "Transpose", "d", "y");
    attr_ints(&turn, "perm", 4, (const int64_t[]){2, 0, 3, 1});
    add_node(&g, &turn);
    save("moves", &g, 13);
}

static void save_resize(void)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    for (int i = 0; i < 3; i++) {
        static const float scales[4] = {1, 1, 1.5f, 2};
        message g = image_graph();
        message t = tensor("scales", F32, ONNX_DIMS(4), scales, sizeof(scales));
        add_initializer(&g, &t);
        message resize = node("", "Resize", "x - scales", "y");
        attr_text(&resize, "mode", modes[i]);
        attr_text(&resize, "coordinate_transformation_mode", i ? "align_corners" : "asymmetric");
        add_node(&g, &resize);
        save(i == 0 ? "resize_nearest" : i == 1 ? "resize_linear" : "resize_cubic", &g, 13);
    }
}

static void save_reductions(void)
{
    static const char *const ops[] = {"ReduceMean",      "ReduceMax",  "ReduceL2",
                                      "ReduceLogSumExp", "ReduceProd", "ArgMax"};
    message g = image_graph();
    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        char out[8] = {(char)('a' + (int)i), 0};
        message n = node("", ops[i], "x", out);
        if (i < 5)
            attr_ints(&n, "axes", 2, (const int64_t[]){1, -1});
        else
            attr_int(&n, "axis", -1);
        add_node(&g, &n);
        add_output(&g, out);
    }
    put(&g, "MatMul", "x x", "m");
    put(&g, "Greater", "x m", "w");
    put(&g, "Where", "w x m", "y");
    save("reductions", &g, 13);
}

static void quantised(message *g, const char *name, int n_dims, const int64_t *dims, size_t n)
{
    message t = tensor(name, S8, n_dims, dims, bytes, n);
    add_initializer(g, &t);
}

static void save_qdq(void)
{
    static const float scale = 0.125f;
    static const int8_t zero = 3;
    static const int32_t bias[2] = {100, -7};
    message g = image_graph();
    message s = tensor("s", F32, 0, NULL, &scale, 4), z = tensor("z", S8, 0, NULL, &zero, 1);
    message b = tensor("b", S32, ONNX_DIMS(2), bias, sizeof(bias));
    add_initializer(&g, &s);
    add_initializer(&g, &z);
    add_initializer(&g, &b);
    quantised(&g, "w", ONNX_DIMS(2, 2, 3, 3), 36);
    put(&g, "QuantizeLinear", "x s z", "q");
    put(&g, "DequantizeLinear", "q s z", "d");
    put(&g, "DequantizeLinear", "w s z", "dw");
    put(&g, "DequantizeLinear", "b s", "db");
    put(&g, "Conv", "d dw db", "c");
    put(&g, "QuantizeLinear", "c s z", "cq");
    put(&g, "DequantizeLinear", "cq s z", "cd");
    put(&g, "Sigmoid", "cd", "e");
    put(&g, "QuantizeLinear", "e s z", "eq");
    put(&g, "DequantizeLinear", "eq s z", "y");
    save("qdq", &g, 13);

    message p = {0}, x = value_info("x", S8, ONNX_DIMS(1, 2, 4, 4));
    add_input(&p, &x);
    add_output(&p, "y");
    add_initializer(&p, &s);
    add_initializer(&p, &z);
    quantised(&p, "w", ONNX_DIMS(2, 2, 3, 3), 36);
    add_initializer(&p, &b);
    put(&p, "QLinearConv", "x s z w s z s z b", "y");
    save("qlinear", &p, 13);
}

/* Operators of ONNX Runtime's QOperator form, one behind the other. */
static void save_qoperator(void)
{
    static const float scale = 0.125f;
    static const int8_t zero = 1;
    message g = {0}, x = value_info("x", S8, ONNX_DIMS(1, 2, 4, 4));
    message s = tensor("s", F32, 0, NULL, &scale, 4), z = tensor("z", S8, 0, NULL, &zero, 1);
    add_input(&g, &x);
    add_output(&g, "y");
    add_initializer(&g, &s);
    add_initializer(&g, &z);
    quantised(&g, "w", ONNX_DIMS(2, 4), 8);
    static const struct {
        const char *op, *in, *out;
    } nodes[] = {{"QLinearLeakyRelu", "x s z s z", "l"},
                 {"QLinearAdd", "x s z l s z s z", "a"},
                 {"QLinearSigmoid", "a s z s z", "e"},
                 {"QLinearMul", "a s z e s z s z", "m"},
                 {"QLinearConcat", "s z m s z a s z", "c"},
                 {"QLinearAveragePool", "c s z s z", "p"},
                 {"QLinearGlobalAveragePool", "p s z s z", "v"},
                 {"QLinearSoftmax", "f s z s z", "o"},
                 {"QGemm", "o s z w s z - s z", "y"}};
    for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
        message n = domain_node("com.microsoft", nodes[i].op, nodes[i].in, nodes[i].out);
        if (strcmp(nodes[i].op, "QLinearConcat") == 0 || strcmp(nodes[i].op, "QLinearSoftmax") == 0)
            attr_int(&n, "axis", 1);
        if (strcmp(nodes[i].op, "QLinearAveragePool") == 0)
            attr_ints(&n, "kernel_shape", 2, (const int64_t[]){2, 2});
        if (strcmp(nodes[i].op, "QLinearSoftmax") == 0)
            attr_int(&n, "opset", 1);
        if (strcmp(nodes[i].op, "QGemm") == 0)
            attr_int(&n, "transB", 1);
        add_node(&g, &n);
    }
    put(&g, "Flatten", "v", "f");
    save("qoperator", &g, 13);
}

static void save_dynamic(void)
{
    static const float scale = 0.25f;
    static const uint8_t zero = 128;
    message g = image_graph();
    message w = tensor("w", U8, ONNX_DIMS(3, 2, 2, 2), bytes, 24);
    message z = tensor("wz", U8, 0, NULL, &zero, 1), s = tensor("ws", F32, 0, NULL, &scale, 4);
    add_initializer(&g, &w);
    add_initializer(&g, &z);
    add_initializer(&g, &s);
    put(&g, "DynamicQuantizeLinear", "x", "q qs qz");
    put(&g, "ConvInteger", "q w qz wz", "i");
    message cast = node("", "Cast", "i", "f");
    attr_int(&cast, "to", F32);
    add_node(&g, &cast);
    put(&g, "Mul", "qs ws", "m");
    put(&g, "Mul", "f m", "y");
    save("dynamic", &g, 13);
}

/* The last bytes of the file are a constant's, so that a read behind them leaves the file. */
static void save_bools(void)
{
    static const uint8_t values[4] = {1, 0, 1, 1};
    message g = image_graph();
    message c = tensor("c", B8, ONNX_DIMS(4), values, sizeof(values));
    floats(&g, "z", 0, NULL);
    put(&g, "Not", "c", "n");
    put(&g, "Where", "n x z", "y");
    add_initializer(&g, &c);
    save("bools", &g, 13);
}

static message branch(const char *op)
{
    message g = {0};
    put(&g, op, "outside", "r");
    add_output(&g, "r");
    return g;
}

static void save_branches(void)
{
    static const uint8_t yes = 1;
    message g = image_graph(), c = tensor("c", B8, 0, NULL, &yes, 1);
    message relu = branch("Relu"), neg = branch("Neg"), outer = {0};
    message inner = node("", "If", "c", "i"), n = node("", "If", "c", "y");
    attr_graph(&inner, "then_branch", &relu);
    attr_graph(&inner, "else_branch", &neg);
    add_node(&outer, &inner);
    put(&outer, "Add", "i outside", "s");
    add_output(&outer, "s");
    attr_graph(&n, "then_branch", &outer);
    attr_graph(&n, "else_branch", &neg);
    put(&g, "Abs", "x", "outside");
    add_node(&g, &n);
    add_initializer(&g, &c);
    save("branches", &g, 13);
}

/* The file has functions behind its graph, which save() does not write. */
static void save_functions(void)
{
    message g = image_graph(), f = {0}, set = {0};
    message l = node("", "LeakyRelu", "a", "t"), clip = node("", "Clip", "t - b", "r");
    attr_ref(&l, "alpha", "slope", 1);
    put_text(&f, 1, "leak");
    put_text(&f, 4, "a");
    put_text(&f, 4, "b");
    put_text(&f, 5, "r");
    put_text(&f, 6, "slope");
    put_message(&f, 7, &l);
    put_message(&f, 7, &clip);
    put_int(&set, 2, 18);
    put_message(&f, 9, &set);
    put_text(&f, 10, "own");
    message one = domain_node("own", "leak", "x", "m"), two = domain_node("own", "leak", "m", "y");
    attr_float(&one, "slope", 0.25f);
    add_node(&g, &one);
    add_node(&g, &two);
    message m = model(&g, 13);
    put_message(&m, 25, &f);
    save_model("functions", &m);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_onnx_corpus FOLDER\n");
        return 2;
    }
    folder = argv[1];
    save_unary();
    save_weights();
    save_conv_1d();
    save_shapes();
    save_moves();
    save_resize();
    save_reductions();
    save_qdq();
    save_dynamic();
    save_qoperator();
    save_bools();
    save_branches();
    save_functions();
    return 0;
}
