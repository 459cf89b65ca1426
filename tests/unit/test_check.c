/* SPDX-License-Identifier: Apache-2.0 */
/* The check of graphs that come from files. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/graph_builder.h"

/** x -> Conv -> Relu -> y, in int8. */
typedef struct tiny {
    builder b;
    zi_id x, w, bias, c, y;
} tiny;

static tiny tiny_make(void)
{
    tiny t = {.b = builder_make()};
    builder *b = &t.b;
    t.x = build_input(b, "x", ZURT_S8, DIMS(1, 4, 4, 2));
    t.w = build_const(b, "w", ZURT_S8, DIMS(3, 1, 1, 2), NULL);
    t.bias = build_const(b, "b", ZURT_S32, DIMS(3), NULL);
    t.c = build_op(b, ZI_OP_Conv, "c",
                   ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 3, t.x, t.w,
                   t.bias);
    t.y = build_op(b, ZI_OP_Relu, "y", NULL, 1, t.c);
    build_quant(b, t.x, 0.5f, 3);
    build_quant(b, t.w, 0.25f, 0);
    build_quant(b, t.c, 0.5f, -128);
    build_quant(b, t.y, 0.5f, -128);
    build_output(b, t.y);
    assert_checked(b);
    return t;
}

/** The damaged graph must be refused with `code` and a message that holds `words`. */
static void refused(tiny *t, zurt_status code, const char *words)
{
    assert_int_equal(zi_graph_check(t->b.ctx, t->b.g), code);
    if (!strstr(zurt_ctx_error(t->b.ctx), words))
        fail_msg("'%s' does not hold '%s'", zurt_ctx_error(t->b.ctx), words);
    builder_free(&t->b);
}

static void structure_is_checked(void **state)
{
    (void)state;
    tiny t = tiny_make();
    t.b.g->nodes[0].in[0] = 77;
    refused(&t, ZURT_E_FORMAT, "node 0 '' (Conv): input 0 is no tensor");
    t = tiny_make();
    t.b.g->nodes[0].in[1] = ZI_NONE;
    refused(&t, ZURT_E_FORMAT, "input 1 is missing");
    t = tiny_make();
    t.b.g->nodes[1].out[0] = t.c;
    refused(&t, ZURT_E_FORMAT, "written twice");
    t = tiny_make();
    t.b.g->nodes[1].out[0] = t.w;
    refused(&t, ZURT_E_FORMAT, "constant");
    t = tiny_make();
    t.b.g->nodes[0].in[0] = t.y;
    refused(&t, ZURT_E_FORMAT, "'y' is not computed before");
    t = tiny_make();
    t.b.g->nodes[0].op = (zi_op)99;
    refused(&t, ZURT_E_UNSUPPORTED, "op 99 is unknown");
    t = tiny_make();
    t.b.g->nodes[1].n_in = 0;
    refused(&t, ZURT_E_FORMAT, "0 inputs");
    t = tiny_make();
    t.b.g->nodes[0].name = NULL;
    refused(&t, ZURT_E_FORMAT, "no name");
    t = tiny_make();
    t.b.g->tensors[t.x].name = NULL;
    refused(&t, ZURT_E_FORMAT, "no name");
    t = tiny_make();
    t.b.g->outputs[0] = 1000;
    refused(&t, ZURT_E_FORMAT, "output 0 is no tensor");
    t = tiny_make();
    t.b.g->n_outputs = 0;
    refused(&t, ZURT_E_FORMAT, "no outputs");
    t = tiny_make();
    build_output(&t.b, build_tensor(&t.b, "floating"));
    refused(&t, ZURT_E_FORMAT, "that no node writes");
    t = tiny_make();
    build_output(&t.b, t.y);
    refused(&t, ZURT_E_FORMAT, "two outputs are named 'y'");
    t = tiny_make();
    t.b.g->inputs[0] = t.w;
    refused(&t, ZURT_E_FORMAT, "an input that is constant");
}

static void tensors_are_checked(void **state)
{
    (void)state;
    tiny t = tiny_make();
    t.b.g->tensors[t.y].dims[2] = 5;
    refused(&t, ZURT_E_FORMAT, "output 'y' is [1,4,5,3] s8, should be [1,4,4,3] s8");
    t = tiny_make();
    t.b.g->tensors[t.c].dtype = ZURT_U8;
    build_quant(&t.b, t.c, 1.0f, 0);
    refused(&t, ZURT_E_FORMAT, "'c' is [1,4,4,3] u8");
    t = tiny_make();
    t.b.g->tensors[t.x].rank = 9;
    refused(&t, ZURT_E_LIMIT, "rank");
    t = tiny_make();
    t.b.g->tensors[t.x].dims[0] = -1;
    refused(&t, ZURT_E_LIMIT, "a dim");
    t = tiny_make();
    t.b.g->tensors[t.x].dims[0] = t.b.g->tensors[t.x].dims[1] = ZI_MAX_DIM;
    refused(&t, ZURT_E_LIMIT, "more than 2^31 bytes");
    t = tiny_make();
    t.b.g->tensors[t.x].dtype = (zurt_dtype)55;
    refused(&t, ZURT_E_FORMAT, "unknown type");
    t = tiny_make();
    t.b.g->tensors[t.bias].data = (const uint8_t *)t.b.g->tensors[t.bias].data + 1;
    refused(&t, ZURT_E_FORMAT, "aligned");
    t = tiny_make();
    t.b.g->tensors[t.w].data = NULL;
    refused(&t, ZURT_E_FORMAT, "'w' is not computed before");
}

static void quantisation_is_checked(void **state)
{
    (void)state;
    static const float bad_scales[] = {0.0f, -1.0f, INFINITY, NAN};
    for (size_t i = 0; i < 4; i++) {
        tiny t = tiny_make();
        build_quant(&t.b, t.c, bad_scales[i], 0);
        refused(&t, ZURT_E_FORMAT, "scale is not positive and finite");
    }
    tiny t = tiny_make();
    build_quant(&t.b, t.c, 1.0f, 128);
    refused(&t, ZURT_E_FORMAT, "zero point is outside the type");
    t = tiny_make();
    build_quant(&t.b, t.bias, 1.0f, 1);
    refused(&t, ZURT_E_FORMAT, "zero point is outside the type");
    t = tiny_make();
    t.b.g->tensors[t.w].quant.n = 2;
    refused(&t, ZURT_E_FORMAT, "as many scales");
    t = tiny_make();
    t.b.g->tensors[t.w].quant.n = 2;
    t.b.g->tensors[t.w].quant.axis = 8;
    refused(&t, ZURT_E_FORMAT, "as many scales");
    t = tiny_make();
    ((int32_t *)t.b.g->tensors[t.bias].data)[1] = INT32_MAX;
    ((int8_t *)t.b.g->tensors[t.w].data)[2] = 1;
    refused(&t, ZURT_E_LIMIT, "channel 1 can exceed the 32-bit accumulator");
    t = tiny_make();
    t.b.g->nodes[0].clamp_lo = NAN;
    refused(&t, ZURT_E_FORMAT, "no range");
    t = tiny_make();
    t.b.g->nodes[1].clamp_lo = 0.0f;
    refused(&t, ZURT_E_FORMAT, "takes no fused activation");
}

static void weights_may_stand_behind_a_dequantize(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4));
    zi_id q = build_const(&b, "q", ZURT_S8, DIMS(3, 4), NULL);
    build_quant(&b, q, 0.5f, 0);
    zi_id w = build_op(&b, ZI_OP_Dequantize, "w", NULL, 1, q);
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 2, x, w);
    build_output(&b, y);
    assert_checked(&b);
    zi_id computed = build_op(&b, ZI_OP_Relu, "r", NULL, 1, w);
    build_output(&b, build_op(&b, ZI_OP_FullyConnected, "z", NULL, 2, x, computed));
    assert_int_equal(zi_graph_check(b.ctx, b.g), ZURT_E_UNSUPPORTED);
    builder_free(&b);
}

static void constants_may_be_outputs(void **state)
{
    (void)state;
    tiny t = tiny_make();
    build_output(&t.b, t.bias);
    assert_checked(&t.b);
    builder_free(&t.b);
}

/* Twenty thousand nodes that share their weights: they are summed once, and refused where a session
 * would read them for a minute. */
static zurt_status check_shared(int32_t width, char *error)
{
    enum { NODES = 20000, MOST = 2048 };
    builder b = builder_make();
    static int8_t weights[MOST * MOST];
    memset(weights, 1, sizeof(weights));
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(width, width), weights);
    build_quant(&b, w, 0.5f, 0);
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, width));
    build_quant(&b, x, 0.5f, 0);
    for (int i = 0; i < NODES; i++) {
        x = build_op(&b, ZI_OP_FullyConnected, "", NULL, 2, x, w);
        build_quant(&b, x, 0.5f, 0);
    }
    build_output(&b, x);
    zurt_status st = zi_graph_check(b.ctx, b.g);
    snprintf(error, ZI_ERROR_BYTES, "%s", zurt_ctx_error(b.ctx));
    builder_free(&b);
    return st;
}

static void shared_weights_are_summed_once(void **state)
{
    (void)state;
    char error[ZI_ERROR_BYTES];
    assert_int_equal(check_shared(512, error), ZURT_OK);
    assert_int_equal(check_shared(2048, error), ZURT_E_LIMIT);
    assert_non_null(strstr(error, "node 2048"));
    assert_non_null(strstr(error, "'w'"));
    assert_non_null(strstr(error, "more than 2^33"));
}

/* Each bias beside them is, and the node that has it is named. */
static void each_bias_of_shared_weights_is_checked(void **state)
{
    (void)state;
    builder b = builder_make();
    static const int8_t weights[4] = {1, 1, 1, 1};
    static const int32_t biases[3][2] = {{1, 2}, {3, INT32_MAX}, {5, 6}};
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(2, 2), weights);
    build_quant(&b, w, 0.5f, 0);
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 2));
    build_quant(&b, x, 0.5f, 0);
    for (int i = 0; i < 3; i++) {
        zi_id bias = build_const(&b, "b", ZURT_S32, DIMS(2), biases[i]);
        x = build_op(&b, ZI_OP_FullyConnected, "", NULL, 3, x, w, bias);
        build_quant(&b, x, 0.5f, 0);
    }
    build_output(&b, x);
    assert_int_equal(zi_graph_check(b.ctx, b.g), ZURT_E_LIMIT);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "node 1"));
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "channel 1 can exceed"));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure_is_checked),
        cmocka_unit_test(tensors_are_checked),
        cmocka_unit_test(quantisation_is_checked),
        cmocka_unit_test(weights_may_stand_behind_a_dequantize),
        cmocka_unit_test(constants_may_be_outputs),
        cmocka_unit_test(shared_weights_are_summed_once),
        cmocka_unit_test(each_bias_of_shared_weights_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
