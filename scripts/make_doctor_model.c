/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes apps/zurt/doctor_golden.c: the small network that `zurt doctor` has built in, and the
 * bytes that the reference kernels make of its input.
 *
 * make_doctor_model FILE          writes it
 * make_doctor_model --check FILE  fails if it is not what would be written
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "support/sample_graph.h"
#include "zurt/doctor_golden.h"

enum {
    SIDE = 12,
    IN_CHANNELS = 4,
    CHANNELS = 16,
    CLASSES = 10,
    OUTPUTS = 2,
    RELU_ZERO = -128,
    MAX_FILE = 1 << 16
};

static zi_id conv(sample *s, zi_id x, int32_t kernel, int32_t stride, int32_t groups, float scale,
                  int32_t zero)
{
    float scales[CHANNELS], bias_scales[CHANNELS];
    const int32_t zeros[CHANNELS] = {0};
    if (s->st)
        return ZI_NONE;
    const int32_t depth = s->g->tensors[x].dims[3] / groups;
    for (int i = 0; i < CHANNELS; i++) {
        scales[i] = 0.002f + 0.0005f * (float)i;
        bias_scales[i] = scales[i] * s->g->tensors[x].quant.scale[0];
    }
    const int32_t pad = kernel / 2;
    zi_id w = sample_const(s, "", ZURT_S8, 4, (int32_t[]){CHANNELS, kernel, kernel, depth},
                           (uint32_t)(kernel * 10 + stride));
    zi_id b = sample_const(s, "", ZURT_S32, 1, (int32_t[]){CHANNELS}, 7);
    if (!s->st)
        s->st = zi_graph_set_quant(s->ctx, s->g, w, CHANNELS, 0, scales, zeros);
    if (!s->st)
        s->st = zi_graph_set_quant(s->ctx, s->g, b, CHANNELS, 0, bias_scales, zeros);
    zi_attr attr = {.conv = {.stride = {stride, stride},
                             .dilation = {1, 1},
                             .pad = {pad, pad, pad, pad},
                             .groups = groups}};
    x = sample_node(s, ZI_OP_Conv, "conv", (zi_id[]){x, w, b}, 3, &attr, scale, zero);
    if (!s->st && zero != RELU_ZERO) { // sample_node() gives every convolution a Relu6
        zi_node *n = &s->g->nodes[s->g->n_nodes - 1];
        n->clamp_lo = -INFINITY;
        n->clamp_hi = INFINITY;
        n->note = "";
    }
    return x;
}

static zi_id classes(sample *s, zi_id x)
{
    const float scale = 0.004f;
    const int32_t zero = 0;
    zi_attr flat = {.shape = {.rank = 2, .dims = {1, CHANNELS}}};
    zi_attr mean = {.reduce = {.axes = 1u << 1 | 1u << 2, .keep_dims = true}};
    x = sample_node(s, ZI_OP_ReduceMean, "mean", &x, 1, &mean, 0.05f, 11);
    x = sample_node(s, ZI_OP_Reshape, "flat", &x, 1, &flat, 0.05f, 11);
    zi_id w = sample_const(s, "", ZURT_S8, 2, (int32_t[]){CLASSES, CHANNELS}, 5);
    if (!s->st)
        s->st = zi_graph_set_quant(s->ctx, s->g, w, 1, 0, &scale, &zero);
    return sample_node(s, ZI_OP_FullyConnected, "classes", (zi_id[]){x, w}, 2, NULL, 0.06f, 0);
}

/* A residual block between two convolutions, a maximum, a mean and a layer of classes. */
static zi_graph *build(zurt_ctx *ctx)
{
    sample s = {ctx, zi_graph_create(&ctx->allocator), ZURT_OK};
    zi_id x = ZI_NONE;
    if (!s.g)
        return NULL;
    s.st = zi_graph_add_tensor(ctx, s.g, "image", &x);
    if (!s.st) {
        zi_tensor *t = &s.g->tensors[x];
        *t = (zi_tensor){
            .name = t->name, .dtype = ZURT_S8, .rank = 4, .dims = {1, SIDE, SIDE, IN_CHANNELS}};
        s.st = zi_graph_add_input(ctx, s.g, x);
    }
    sample_quant(&s, x, 0.02f, 3);
    x = conv(&s, x, 3, 1, 1, 0.024f, RELU_ZERO);
    zi_id kept = x;
    x = conv(&s, x, 1, 1, 1, 0.05f, 4);
    x = conv(&s, x, 3, 1, CHANNELS, 0.05f, -9);
    x = sample_node(&s, ZI_OP_Add, "sum", (zi_id[]){x, kept}, 2, NULL, 0.06f, -20);
    zi_attr pool = {.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
    x = sample_node(&s, ZI_OP_MaxPool, "pool", &x, 1, &pool, 0.06f, -20);
    x = conv(&s, x, 1, 2, 1, 0.06f, 11);
    sample_answer(&s, x);
    sample_answer(&s, classes(&s, x));
    if (s.st) {
        zi_graph_destroy(s.g);
        return NULL;
    }
    return s.g;
}

static void put(char *text, size_t *n, const char *line)
{
    size_t length = strlen(line);
    if (*n + length < MAX_FILE)
        memcpy(text + *n, line, length + 1);
    *n += length;
}

static void put_array(char *text, size_t *n, const char *head, const uint8_t *bytes, size_t size)
{
    put(text, n, head);
    for (size_t i = 0; i < size; i++) {
        char item[32];
        snprintf(item, sizeof(item), "%s%u,", i % 20 == 0 ? "\n    " : " ", (unsigned)bytes[i]);
        put(text, n, item);
    }
    put(text, n, "\n};\n");
}

/* What the reference kernels compute: `out` has DOCTOR_GOLDEN_OUTPUT_BYTES. */
static zurt_status compute(const uint8_t *model, size_t size, uint8_t *out)
{
    zurt_ctx *ctx;
    zurt_model *m = NULL;
    zurt_session *s = NULL;
    int8_t input[DOCTOR_GOLDEN_INPUT_BYTES];
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    zurt_session_options on = ZURT_SESSION_OPTIONS_INIT;
    options.cpu_mask = 0;
    on.device = ZURT_DEVICE_CPU;
    doctor_golden_input(input);
    zurt_status st = zurt_ctx_create(&options, &ctx);
    if (!st)
        st = zurt_model_load_mem(ctx, model, size, &m);
    if (!st)
        st = zurt_session_create(ctx, m, &on, &s);
    if (!st) {
        const size_t first = zurt_model_output(m, 0)->bytes,
                     second = zurt_model_output(m, 1)->bytes;
        const zurt_view in = {input, sizeof(input)};
        const zurt_span outs[OUTPUTS] = {{out, first}, {out + first, second}};
        st = first + second == DOCTOR_GOLDEN_OUTPUT_BYTES
                 ? zurt_session_run(s, &in, 1, outs, OUTPUTS)
                 : ZURT_E_INTERNAL;
    }
    zurt_session_destroy(s);
    zurt_model_destroy(m);
    zurt_ctx_destroy(ctx);
    return st;
}

/* The file's text; its length, or 0. */
static size_t make(char *text)
{
    static const char head[] =
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        "/* A small network and what it answers. Generated by make_doctor_model: do not edit. */\n"
        "#include \"doctor_golden.h\"\n\n"
        "// clang-format off\n";
    _Alignas(64) static uint8_t model[MAX_FILE];
    uint8_t out[DOCTOR_GOLDEN_OUTPUT_BYTES], *bytes = NULL;
    size_t n = 0, size = 0;
    zurt_ctx *ctx;
    if (zurt_ctx_create(NULL, &ctx))
        return 0;
    zi_graph *g = build(ctx);
    const zi_meta meta = {.norm = zi_norm_none(IN_CHANNELS), .description = "zurt doctor"};
    zurt_status st = g ? zi_model_write(ctx, g, &meta, &bytes, &size) : ZURT_E_INTERNAL;
    if (!st && size <= sizeof(model)) {
        memcpy(model, bytes, size);
        st = compute(model, size, out);
    }
    if (st)
        fprintf(stderr, "make_doctor_model: %s (%s)\n", zurt_status_name(st), zurt_ctx_error(ctx));
    zi_free(&ctx->allocator, bytes);
    zi_graph_destroy(g);
    zurt_ctx_destroy(ctx);
    if (st)
        return 0;
    put(text, &n, head);
    put_array(text, &n, "_Alignas(64) const unsigned char doctor_golden_model[] = {", model, size);
    put(text, &n, "const size_t doctor_golden_model_bytes = sizeof(doctor_golden_model);\n\n");
    put_array(text, &n, "const unsigned char doctor_golden_output[DOCTOR_GOLDEN_OUTPUT_BYTES] = {",
              out, sizeof(out));
    put(text, &n, "// clang-format on\n");
    return n < MAX_FILE ? n : 0;
}

int main(int argc, char **argv)
{
    static char text[MAX_FILE], old[MAX_FILE];
    const bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    if (argc != 2 && !check) {
        fputs("usage: make_doctor_model [--check] FILE\n", stderr);
        return 2;
    }
    const char *path = argv[argc - 1];
    const size_t n = make(text);
    FILE *f = n ? fopen(path, check ? "rb" : "wb") : NULL;
    if (!f) {
        perror(path);
        return 1;
    }
    bool good = check ? fread(old, 1, sizeof(old), f) == n && memcmp(old, text, n) == 0
                      : fwrite(text, 1, n, f) == n;
    good = fclose(f) == 0 && good;
    if (!good)
        fprintf(stderr, "%s: %s\n", path,
                check ? "out of date; run make_doctor_model" : "not written");
    return !good;
}
