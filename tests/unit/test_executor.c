/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: variants agree, threads change no bit, taps see every tensor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "float/evaluator.h"
#include "support/graph_builder.h"
#include "support/test_allocator.h"

/* A residual block with a branch, a pool and a classifier: in place, views and reuse happen. */
static zi_id residual_graph(builder *b)
{
    const zi_attr conv = {
        .conv = {.stride = {1, 1}, .dilation = {1, 1}, .pad = {1, 1, 1, 1}, .groups = 1}};
    zi_attr depthwise = conv;
    depthwise.conv.groups = 12;
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(2, 20, 17, 5));
    zi_id w1 = build_noise(b, "w1", DIMS(12, 3, 3, 5));
    zi_id b1 = build_noise(b, "b1", DIMS(12));
    zi_id w2 = build_noise(b, "w2", DIMS(12, 3, 3, 1));
    zi_id w3 = build_noise(b, "w3", DIMS(10, 12));
    zi_id c1 = build_op(b, ZI_OP_Conv, "c1", &conv, 3, x, w1, b1);
    b->g->nodes[0].clamp_lo = 0.0f;
    zi_id c2 = build_op(b, ZI_OP_Conv, "c2", &depthwise, 2, c1, w2);
    zi_id sum = build_op(b, ZI_OP_Add, "sum", NULL, 2, c1, c2);
    zi_id pool =
        build_op(b, ZI_OP_MaxPool, "pool",
                 ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), 1, sum);
    zi_id mean =
        build_op(b, ZI_OP_ReduceMean, "mean", ATTR(.reduce = {.axes = AXIS_1 | AXIS_2}), 1, pool);
    zi_id out = build_op(b, ZI_OP_FullyConnected, "out", NULL, 2, mean, w3);
    build_output(b, out);
    return out;
}

static float *noise(builder *b, size_t n)
{
    float *p = malloc(n * sizeof(*p));
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = builder_random(b);
    return p;
}

enum { X_ELEMS = 2 * 20 * 17 * 5, OUT_ELEMS = 2 * 10 };

static zc_executor *executor(builder *b, uint32_t threads)
{
    zc_executor *e;
    if (zc_executor_create(b->ctx, b->g, threads, &e))
        fail_msg("%s", zurt_ctx_error(b->ctx));
    return e;
}

static void run(zc_executor *e, const float *x, float *out, zc_tap_fn *tap, void *self)
{
    const zurt_view in = {x, X_ELEMS * sizeof(float)};
    const zurt_span span = {out, OUT_ELEMS * sizeof(float)};
    assert_int_equal(zc_executor_run(e, &in, 1, &span, 1, tap, self), ZURT_OK);
}

static void variants_agree_and_threads_change_no_bit(void **state)
{
    (void)state;
    builder b = builder_make();
    residual_graph(&b);
    float *x = noise(&b, X_ELEMS);
    float reference[OUT_ELEMS], one[OUT_ELEMS], out[OUT_ELEMS];
    const uint32_t cpu = b.ctx->cpu;
    b.ctx->cpu = 0; // the reference kernels alone
    zc_executor *e = executor(&b, 1);
    run(e, x, reference, NULL, NULL);
    zc_executor_destroy(e);
    b.ctx->cpu = cpu;
    float largest = 0.0f;
    for (int i = 0; i < OUT_ELEMS; i++)
        largest = fmaxf(largest, fabsf(reference[i]));
    assert_true(largest > 0.1f);
    for (uint32_t threads = 1; threads <= 5; threads++) {
        e = executor(&b, threads);
        for (int again = 0; again < 2; again++) {
            run(e, x, out, NULL, NULL);
            if (threads == 1)
                memcpy(one, out, sizeof(one));
            assert_memory_equal(out, one, sizeof(one));
        }
        zc_executor_destroy(e);
    }
    for (int i = 0; i < OUT_ELEMS; i++)
        assert_true(fabsf(one[i] - reference[i]) <= 1e-5f * largest);
    free(x);
    builder_free(&b);
}

/* Copies of what a tap saw. */
typedef struct seen {
    const zi_graph *g;
    zi_id order[16];
    void *data[16];
    size_t n;
    size_t stop_after; /* ends the run with ZURT_E_LIMIT; 0: never */
} seen;

static zurt_status remember(void *self, zi_id tensor, void *data)
{
    seen *s = self;
    const size_t bytes = zi_tensor_bytes(&s->g->tensors[tensor]);
    assert_true(s->n < 16);
    s->order[s->n] = tensor;
    s->data[s->n] = malloc(bytes);
    memcpy(s->data[s->n++], data, bytes);
    return s->n == s->stop_after ? ZURT_E_LIMIT : ZURT_OK;
}

static void tap_sees_every_tensor_as_it_is_computed(void **state)
{
    (void)state;
    builder b = builder_make();
    residual_graph(&b);
    float *x = noise(&b, X_ELEMS);
    float out[OUT_ELEMS];
    zc_executor *e = executor(&b, 1);
    seen s = {.g = b.g};
    run(e, x, out, remember, &s);
    zc_executor_destroy(e);
    assert_int_equal(s.n, 1 + b.g->n_nodes);
    // the same graph with all tensors as outputs: nothing is overwritten there
    zurt_span spans[16];
    b.g->n_outputs = 0;
    for (size_t i = 1; i < s.n; i++) {
        const size_t bytes = zi_tensor_bytes(&b.g->tensors[s.order[i]]);
        assert_int_equal(s.order[i], b.g->nodes[i - 1].out[0]);
        build_output(&b, s.order[i]);
        spans[i - 1] = (zurt_span){malloc(bytes), bytes};
    }
    e = executor(&b, 1);
    const zurt_view in = {x, X_ELEMS * sizeof(float)};
    assert_int_equal(zc_executor_run(e, &in, 1, spans, s.n - 1, NULL, NULL), ZURT_OK);
    assert_memory_equal(s.data[0], x, in.bytes);
    for (size_t i = 1; i < s.n; i++) {
        assert_memory_equal(s.data[i], spans[i - 1].data, spans[i - 1].bytes);
        free(spans[i - 1].data);
    }
    for (size_t i = 0; i < s.n; i++)
        free(s.data[i]);
    zc_executor_destroy(e);
    free(x);
    builder_free(&b);
}

static void tap_ends_the_run_with_its_status(void **state)
{
    (void)state;
    builder b = builder_make();
    residual_graph(&b);
    float *x = noise(&b, X_ELEMS);
    float out[OUT_ELEMS];
    zc_executor *e = executor(&b, 1);
    seen s = {.g = b.g, .stop_after = 3};
    const zurt_view in = {x, X_ELEMS * sizeof(float)};
    const zurt_span span = {out, sizeof(out)};
    assert_int_equal(zc_executor_run(e, &in, 1, &span, 1, remember, &s), ZURT_E_LIMIT);
    assert_int_equal(s.n, 3);
    for (size_t i = 0; i < s.n; i++)
        free(s.data[i]);
    zc_executor_destroy(e);
    free(x);
    builder_free(&b);
}

static void an_input_may_be_an_output_too(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4));
    zi_id relu = build_op(&b, ZI_OP_Relu, "relu", NULL, 1, x);
    zi_id view =
        build_op(&b, ZI_OP_Reshape, "view", ATTR(.shape = {.rank = 2, .dims = {2, 2}}), 1, relu);
    build_output(&b, x);
    build_output(&b, view);
    build_output(&b, relu);
    zc_executor *e = executor(&b, 1);
    const float in[4] = {-1.0f, 2.0f, -3.0f, 4.0f}, positive[4] = {0.0f, 2.0f, 0.0f, 4.0f};
    float out[3][4];
    const zurt_view views[] = {{in, sizeof(in)}};
    const zurt_span spans[] = {
        {out[0], sizeof(out[0])}, {out[1], sizeof(out[1])}, {out[2], sizeof(out[2])}};
    assert_int_equal(zc_executor_run(e, views, 1, spans, 3, NULL, NULL), ZURT_OK);
    assert_memory_equal(out[0], in, sizeof(in));
    assert_memory_equal(out[1], positive, sizeof(in));
    assert_memory_equal(out[2], positive, sizeof(in));
    zc_executor_destroy(e);
    builder_free(&b);
}

static void buffers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    builder b = builder_make();
    residual_graph(&b);
    float x[X_ELEMS] = {0}, out[OUT_ELEMS];
    zc_executor *e = executor(&b, 1);
    zurt_view in = {x, sizeof(x) - 4};
    zurt_span span = {out, sizeof(out)};
    assert_int_equal(zc_executor_run(e, &in, 1, &span, 1, NULL, NULL), ZURT_E_ARG);
    assert_string_equal(zurt_ctx_error(b.ctx), "input 0 'x': 13596 bytes, the tensor has 13600");
    in = (zurt_view){NULL, sizeof(x)};
    assert_int_equal(zc_executor_run(e, &in, 1, &span, 1, NULL, NULL), ZURT_E_ARG);
    in = (zurt_view){x, sizeof(x)};
    span.bytes++;
    assert_int_equal(zc_executor_run(e, &in, 1, &span, 1, NULL, NULL), ZURT_E_ARG);
    assert_string_equal(zurt_ctx_error(b.ctx), "output 0 'out': 81 bytes, the tensor has 80");
    assert_int_equal(zc_executor_run(e, &in, 0, &span, 1, NULL, NULL), ZURT_E_ARG);
    zc_executor_destroy(e);
    builder_free(&b);
}

static void running_allocates_nothing(void **state)
{
    (void)state;
    builder b = builder_make();
    residual_graph(&b);
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    zc_executor *e;
    assert_int_equal(zc_executor_create(ctx, b.g, 2, &e), ZURT_OK);
    float x[X_ELEMS] = {0}, out[OUT_ELEMS];
    zt_allocator_arm(&counter, 0);
    run(e, x, out, NULL, NULL);
    assert_int_equal(counter.n_requests, 0);
    zc_executor_destroy(e);
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
    builder_free(&b);
}

static void every_refused_allocation_is_reported(void **state)
{
    (void)state;
    builder b = builder_make();
    residual_graph(&b);
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    const size_t live = counter.n_live;
    zurt_status st = ZURT_E_NOMEM;
    size_t k = 0;
    zc_executor *e = NULL;
    while (st == ZURT_E_NOMEM) {
        zt_allocator_arm(&counter, ++k);
        st = zc_executor_create(ctx, b.g, 2, &e);
        if (st)
            assert_true(!e && counter.n_live == live);
    }
    assert_int_equal(st, ZURT_OK);
    assert_true(k > 10);
    zc_executor_destroy(e);
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_agree_and_threads_change_no_bit),
        cmocka_unit_test(tap_sees_every_tensor_as_it_is_computed),
        cmocka_unit_test(tap_ends_the_run_with_its_status),
        cmocka_unit_test(an_input_may_be_an_output_too),
        cmocka_unit_test(buffers_that_do_not_fit_are_refused),
        cmocka_unit_test(running_allocates_nothing),
        cmocka_unit_test(every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
