/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QDQ models made by others. Golden outputs within 1 LSB; bytes as TFLite's reference kernels give
 * for the model that the QDQ graph was made from (qdq_NAME.i8): LiteRT 2.3 rounds once, not twice,
 * in FullyConnected alone, which moves one logit in 500. Classes of a float execution (qdq_top1.h),
 * from which integer arithmetic, TFLite's too, parts where two classes are close.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden/accuracy.h"
#include "golden/qdq_top1.h"
#include "graph_handle.h"

typedef struct qdq {
    zurt_ctx *ctx;
    zurt_graph *graph;
    zurt_tensor_info in, out;
    zurt_evaluator *e;
    size_t n_in, n_out;
} qdq;

static qdq open_model(const char *name)
{
    qdq m;
    assert_int_equal(zurt_ctx_create(NULL, &m.ctx), ZURT_OK);
    m.graph = data_model(m.ctx, name);
    assert_int_equal(zurt_graph_input(m.graph, 0, &m.in), ZURT_OK);
    assert_int_equal(zurt_graph_output(m.graph, 0, &m.out), ZURT_OK);
    if (zurt_evaluator_create(m.ctx, m.graph, 0, &m.e))
        fail_msg("%s", zurt_ctx_error(m.ctx));
    m.n_in = m.in.bytes;
    m.n_out = m.out.bytes;
    return m;
}

static void close_model(qdq *m)
{
    zurt_evaluator_destroy(m->e);
    zurt_graph_destroy(m->graph);
    zurt_ctx_destroy(m->ctx);
}

static void run(qdq *m, const void *in, void *out)
{
    zurt_view view = {in, m->n_in};
    zurt_span span = {out, m->n_out};
    if (zurt_evaluator_run(m->e, &view, 1, &span, 1))
        fail_msg("%s", zurt_ctx_error(m->ctx));
}

/** Value of an 8-bit output. */
static int value(const qdq *m, const void *out, size_t i)
{
    return m->out.dtype == ZURT_S8 ? ((const int8_t *)out)[i] : ((const uint8_t *)out)[i];
}

static int largest(const qdq *m, const void *out)
{
    size_t best = 0;
    for (size_t i = 1; i < m->n_out; i++)
        best = value(m, out, i) > value(m, out, best) ? i : best;
    return (int)best;
}

/** No layer computes in float: at most the borders change type. */
static void assert_all_int8(const qdq *m)
{
    const zi_graph *g = m->graph->g;
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        if (g->tensors[n->out[0]].dtype == ZURT_F32)
            fail_msg("'%s' (%s) is float: %s", n->name, zi_op_name((uint32_t)n->op), n->note);
    }
}

/** [C,H,W] bytes to [H,W,C]. */
static void to_nhwc(const qdq *m, const uint8_t *from, uint8_t *to)
{
    size_t c = (size_t)m->in.dims[3], hw = m->n_in / c;
    for (size_t i = 0; i < hw; i++) {
        for (size_t k = 0; k < c; k++)
            to[i * c + k] = from[k * hw + i];
    }
}

static uint8_t *reference_outputs(const char *name, size_t bytes)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/tests/golden/qdq_%s", getenv("ZURT_SOURCE"), name);
    FILE *f = fopen(path, "rb");
    uint8_t *out = malloc(bytes);
    assert_true(f && out);
    assert_int_equal(fread(out, 1, bytes, f), bytes);
    fclose(f);
    return out;
}

/** `exact`: what TFLite's reference kernels give for this input; NULL: not asked. Golden outputs
 *  come from float arithmetic, in which a logit next to .5 may round otherwise: Softmax turns that
 *  step of 0.1 into 10 % of a probability, so where `exact` is given the golden file may differ. */
static void check_golden(const char *model, const char *golden, const char *exact)
{
    char path[256];
    snprintf(path, sizeof(path), "%s.onnx", model);
    qdq m = open_model(path);
    assert_all_int8(&m);
    const char *type = m.in.dtype == ZURT_S8 ? "i8" : "u8";
    size_t in_bytes, out_bytes;
    snprintf(path, sizeof(path), "golden/%s.%s.in.%s", model, golden, type);
    uint8_t *nchw = data_file(path, &in_bytes);
    snprintf(path, sizeof(path), "golden/%s.%s.out0.%s", model, golden, type);
    uint8_t *want = data_file(path, &out_bytes);
    assert_int_equal(in_bytes, m.n_in);
    assert_int_equal(out_bytes, m.n_out);
    uint8_t *nhwc = malloc(in_bytes), *out = malloc(out_bytes);
    assert_true(nhwc && out);
    if (m.in.from_nchw)
        to_nhwc(&m, nchw, nhwc);
    else
        memcpy(nhwc, nchw, in_bytes);
    run(&m, nhwc, out);
    int worst = 0;
    size_t differ = 0;
    for (size_t i = 0; i < out_bytes; i++) {
        int d = abs(value(&m, out, i) - value(&m, want, i));
        worst = d > worst ? d : worst;
        differ += d != 0;
    }
    print_message("%s: %zu of %zu outputs differ, by at most %d\n", model, differ, out_bytes,
                  worst);
    if (exact) {
        uint8_t *bytes = reference_outputs(exact, out_bytes);
        assert_memory_equal(out, bytes, out_bytes);
        assert_true(differ <= 2 && worst <= 12);
        free(bytes);
    } else {
        assert_true(worst <= 1);
    }
    free(nchw);
    free(nhwc);
    free(want);
    free(out);
    close_model(&m);
}

static void outputs_are_within_one_of_the_golden_ones(void **state)
{
    (void)state;
    check_golden("mlperf_ic_resnet8_int8_qdq", "ic0", NULL);
    check_golden("mlperf_kws_int8_qdq", "kws0", NULL);
    check_golden("mlperf_vww_int8_qdq", "vww0", NULL);
    check_golden("mobilenet_v2_1.0_224_quant_qdq", "samoyed", "samoyed.u8");
}

/** Samples of bytes, NHWC; `offset` is taken off each, as the data set defines it. */
static void check_bytes(const char *name, const char *model, const char *file, int offset,
                        const int *top1, size_t n)
{
    qdq m = open_model(model);
    size_t bytes, same_class = 0, same_bytes = 0;
    uint8_t *raw = data_file(file, &bytes), *want = reference_outputs(name, n * m.n_out);
    assert_int_equal(bytes, n * m.n_in);
    uint8_t *in = malloc(m.n_in), *out = malloc(m.n_out);
    assert_true(in && out);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < m.n_in; k++)
            in[k] = (uint8_t)(raw[i * m.n_in + k] - offset);
        run(&m, in, out);
        same_class += largest(&m, out) == top1[i];
        same_bytes += !memcmp(out, want + i * m.n_out, m.n_out);
    }
    print_message("%s: bytes of %zu of %zu samples as TFLite's, %zu classes as in float\n", model,
                  same_bytes, n, same_class);
    assert_true(same_bytes * 100 >= n * 98);
    assert_true(same_class * 100 >= n * 97);
    free(raw);
    free(want);
    free(in);
    free(out);
    close_model(&m);
}

static void bytes_are_those_of_tflites_reference_kernels(void **state)
{
    (void)state;
    check_bytes("ic.i8", "mlperf_ic_resnet8_int8_qdq.onnx", "mlperf_tiny/ic01_100.bin", 128,
                top1_ic, 100);
    check_bytes("kws.i8", "mlperf_kws_int8_qdq.onnx", "mlperf_tiny/kws01_500.bin", 0, top1_kws,
                500);
    check_bytes("vww.i8", "mlperf_vww_int8_qdq.onnx", "mlperf_tiny/vww01_200.bin", 128, top1_vww,
                200);
}

static void mobilenet_finds_the_same_classes(void **state)
{
    (void)state;
    qdq m = open_model("mobilenet_v2_1.0_224_quant_qdq.onnx");
    dataset d = data_imagenet(m.ctx, m.graph, DATA_STRETCHED_BYTES);
    uint8_t *in = malloc(m.n_in), *out = malloc(m.n_out);
    assert_true(in && out);
    size_t equal = 0;
    for (size_t i = 0; i < d.n; i++) {
        for (size_t k = 0; k < m.n_in; k++)
            in[k] = (uint8_t)d.x[i * d.elems + k];
        run(&m, in, out);
        equal += largest(&m, out) == top1_imagenet[i];
    }
    print_message("mobilenet_v2: %zu of %zu classes equal\n", equal, d.n);
    assert_int_equal(equal, d.n);
    free(in);
    free(out);
    dataset_free(&d);
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_within_one_of_the_golden_ones),
        cmocka_unit_test(bytes_are_those_of_tflites_reference_kernels),
        cmocka_unit_test(mobilenet_finds_the_same_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
