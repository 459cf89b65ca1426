/* SPDX-License-Identifier: Apache-2.0 */
/* Detection heads: what decides is the best few of thousands of scores, not the SQNR of them all.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/graph_builder.h"

enum { SIDE = 64, CHANNELS = 6, CLASSES = 8, BEST = 10, SAMPLES = 4 };

/** What reads the logits before they meet, and after. */
typedef enum head { HEAD_DIRECT, HEAD_CONCAT, HEAD_SPLIT, HEAD_SECOND_READER, N_HEADS } head;

static zi_id constant(builder *b, float value, int32_t rank, const int32_t *dims)
{
    zi_id id;
    void *data;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, "c", ZURT_F32, rank, dims, NULL, &id, &data),
                     ZURT_OK);
    for (size_t i = 0; i < zi_tensor_elems(&b->g->tensors[id]); i++)
        ((float *)data)[i] = value;
    return id;
}

static zi_id conv(builder *b, const char *name, zi_id x, int32_t n_out, float weight, float bias,
                  int32_t stride)
{
    zi_attr a = {.conv = {.stride = {stride, stride}, .dilation = {1, 1}, .groups = 1}};
    zi_id w = constant(b, weight, DIMS(n_out, 1, 1, b->g->tensors[x].dims[3]));
    zi_id y = build_op(b, ZI_OP_Conv, name, &a, 3, x, w, constant(b, bias, DIMS(n_out)));
    b->g->nodes[b->g->n_nodes - 1].name = name;
    return y;
}

/** [1, H, W, C] as [1, H * W, C]. */
static zi_id rows(builder *b, const char *name, zi_id x)
{
    const zi_tensor *t = &b->g->tensors[x];
    zi_attr a = {.shape = {.rank = 3, .dims = {1, t->dims[1] * t->dims[2], t->dims[3]}}};
    return build_op(b, ZI_OP_Reshape, name, &a, 1, x);
}

/** Logits far below zero but for a handful, as every trained detector has them; and boxes. */
static void build_head(builder *b, head kind)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, CHANNELS));
    zi_id fine = conv(b, "fine", x, CLASSES, 8.3f, -47.0f, 1);
    zi_id logits = fine;
    if (kind != HEAD_DIRECT) {
        zi_id coarse = conv(b, "coarse", x, CLASSES, 8.3f, -47.0f, 2);
        logits = build_op(b, ZI_OP_Concat, "logits", ATTR(.axis = {.axis = 1}), 2,
                          rows(b, "fine_rows", fine), rows(b, "coarse_rows", coarse));
    }
    if (kind == HEAD_SPLIT) {
        zi_id out[2] = {build_tensor(b, "upper"), build_tensor(b, "lower")};
        zi_node *n;
        assert_int_equal(
            zi_graph_add_node(b->ctx, b->g, ZI_OP_Split, "split", &logits, 1, out, 2, &n), ZURT_OK);
        n->attr.axis.axis = 2;
        for (int i = 0; i < 2; i++) {
            b->g->tensors[out[i]].rank = 3;
            memcpy(b->g->tensors[out[i]].dims, b->g->tensors[logits].dims,
                   sizeof(b->g->tensors[logits].dims));
            b->g->tensors[out[i]].dims[2] = CLASSES / 2;
        }
        assert_int_equal(zi_node_infer(b->ctx, b->g, n), ZURT_OK);
        logits = out[0];
        build_output(b, build_op(b, ZI_OP_Sigmoid, "more_scores", NULL, 1, out[1]));
    }
    build_output(b, build_op(b, ZI_OP_Sigmoid, "scores", NULL, 1, logits));
    if (kind == HEAD_SECOND_READER)
        build_output(b, conv(b, "boxes", fine, 4, 0.125f, 40.0f, 1));
    else
        build_output(b, conv(b, "boxes", x, 4, 0.5f, -1.0f, 1));
}

static zurt_status sample(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    (void)self, (void)n_inputs;
    builder b = {.seed = (uint32_t)index * 977u + 1u};
    float *x = inputs[0].data;
    for (size_t i = 0; i < SIDE * SIDE * CHANNELS; i++)
        x[i] = 0.5f + 0.5f * builder_random(&b);
    for (size_t k = 0; k < 3; k++) { // a few objects
        size_t at = (size_t)((0.5f + 0.5f * builder_random(&b)) * (float)(SIDE * SIDE - 1));
        for (size_t c = 0; c < CHANNELS; c++)
            x[at * CHANNELS + c] = 0.96f + 0.03f * builder_random(&b);
    }
    return ZURT_OK;
}

static int descending(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

/** The best values of every output over all samples, in order. */
static void best_values(zurt_ctx *ctx, const zurt_graph *g, float best[3][BEST])
{
    static float x[SIDE * SIDE * CHANNELS];
    static float y[3][SAMPLES * SIDE * SIDE * CLASSES * 2];
    size_t n_out = zurt_graph_n_outputs(g), elems[3] = {0};
    zurt_evaluator *e;
    assert_int_equal(zurt_evaluator_create(ctx, g, 1, &e), ZURT_OK);
    for (size_t i = 0; i < SAMPLES; i++) {
        zurt_span in = {x, sizeof(x)}, out[3];
        sample(NULL, i, &in, 1);
        for (size_t k = 0; k < n_out; k++) {
            zurt_tensor_info info;
            assert_int_equal(zurt_graph_output(g, k, &info), ZURT_OK);
            elems[k] = info.bytes / sizeof(float);
            assert_true((i + 1) * elems[k] <= sizeof(y[k]) / sizeof(float));
            out[k] = (zurt_span){y[k] + i * elems[k], info.bytes};
        }
        zurt_view view = {x, sizeof(x)};
        assert_int_equal(zurt_evaluator_run(e, &view, 1, out, n_out), ZURT_OK);
    }
    zurt_evaluator_destroy(e);
    for (size_t k = 0; k < n_out; k++) {
        qsort(y[k], SAMPLES * elems[k], sizeof(float), descending);
        memcpy(best[k], y[k], sizeof(best[k]));
    }
}

static void the_best_ten_of_every_output_stay(void **state)
{
    (void)state;
    for (head kind = HEAD_DIRECT; kind < N_HEADS; kind++) {
        builder b = builder_make();
        build_head(&b, kind);
        assert_checked(&b);
        zurt_graph *graph, *out;
        assert_int_equal(zc_graph_wrap(b.ctx, b.g, &graph), ZURT_OK);
        zurt_quantize_options options = ZURT_QUANTIZE_OPTIONS_INIT;
        options.sample = sample;
        options.n_samples = SAMPLES;
        options.threads = 1;
        options.io = ZURT_IO_FLOAT;
        options.require_int8 = 1;
        if (zurt_quantize(b.ctx, graph, &options, &out, NULL))
            fail_msg("head %d: %s", (int)kind, zurt_ctx_error(b.ctx));
        float real[3][BEST], held[3][BEST];
        best_values(b.ctx, graph, real);
        best_values(b.ctx, out, held);
        for (size_t k = 0; k < zurt_graph_n_outputs(graph); k++) {
            bool boxes = k + 1 == zurt_graph_n_outputs(graph);
            assert_true(boxes || real[k][0] > 0.7f);
            for (size_t i = 0; i < BEST; i++) {
                if (!(fabsf(real[k][i] - held[k][i]) < 0.02f * (boxes ? real[k][0] : 1.0f)))
                    fail_msg("head %d, output %zu, value %zu: %g became %g", (int)kind, k, i,
                             (double)real[k][i], (double)held[k][i]);
            }
        }
        zurt_graph_destroy(out);
        zurt_graph_destroy(graph);
        zurt_ctx_destroy(b.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_ten_of_every_output_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
