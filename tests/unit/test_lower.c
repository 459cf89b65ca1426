/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering of QDQ graphs to int8. */
#include <math.h>
#include <string.h>

#include "quantise/quantise.h"
#include "support/graph_builder.h"

static const zi_attr_axis to_s8 = {ZURT_S8, 0, 0}, to_u8 = {ZURT_U8, 0, 0};

static zi_id quantize(builder *b, const char *name, zi_id x, zurt_dtype dtype, float scale,
                      int32_t zero)
{
    zi_id q =
        build_op(b, ZI_OP_Quantize, name, ATTR(.axis = dtype == ZURT_S8 ? to_s8 : to_u8), 1, x);
    build_quant(b, q, scale, zero);
    return q;
}

static zi_id dequantize(builder *b, const char *name, zi_id q)
{
    return build_op(b, ZI_OP_Dequantize, name, NULL, 1, q);
}

/** x -> Q -> DQ, as tools write it. */
static zi_id fake(builder *b, const char *name, zi_id x, float scale, int32_t zero)
{
    return dequantize(b, name, quantize(b, name, x, ZURT_S8, scale, zero));
}

static void lower(builder *b)
{
    if (zc_qdq_to_int8(b->ctx, b->g))
        fail_msg("%s", zurt_ctx_error(b->ctx));
}

static void a_graph_without_quantize_is_left_alone(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4));
    build_output(&b, build_op(&b, ZI_OP_Relu, "y", NULL, 1, x));
    lower(&b);
    assert_graph(&b, "input x:[1,4]f32\n"
                     "y:[1,4]f32 = Relu(x)\n"
                     "output y\n");
    builder_free(&b);
}

static void a_convolution_takes_the_scales_around_it(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 2, 2, 1));
    build_quant(&b, x, 0.5f, 3);
    static const int8_t weights[] = {1, -2};
    static const int32_t bias[] = {10, 20};
    static const float bias_scale[] = {0.125f, 0.0625f}, w_scale[] = {0.25f, 0.125f};
    static const int32_t zeros[] = {0, 0};
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(2, 1, 1, 1), weights);
    zi_id c = build_const(&b, "c", ZURT_S32, DIMS(2), bias);
    assert_int_equal(zi_graph_set_quant(b.ctx, b.g, w, 2, 0, w_scale, zeros), ZURT_OK);
    assert_int_equal(zi_graph_set_quant(b.ctx, b.g, c, 2, 0, bias_scale, zeros), ZURT_OK);
    zi_id y = build_op(&b, ZI_OP_Conv, "y",
                       ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 3,
                       dequantize(&b, "xf", x), dequantize(&b, "wf", w), dequantize(&b, "cf", c));
    b.g->nodes[b.g->n_nodes - 1].clamp_lo = 0.0f;
    build_output(&b, quantize(&b, "q", y, ZURT_S8, 0.25f, -128));
    lower(&b);
    assert_graph(&b, "input x:[1,2,2,1]s8(0.5,3)\n"
                     "q:[1,2,2,2]s8(0.25,-128) = Conv(x, w:[2,1,1,1]s8(2 scales on axis 0), "
                     "c:[2]s32(2 scales on axis 0)){clamp=0..inf}\n"
                     "output q\n");
    const zi_tensor *t = &b.g->tensors[b.g->nodes[0].in[2]];
    assert_memory_equal(t->data, bias, sizeof(bias));
    builder_free(&b);
}

static void uint8_models_compute_on_s8(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_U8, DIMS(1, 2, 2, 1));
    build_quant(&b, x, 0.5f, 131);
    static const uint8_t weights[] = {130, 0};
    zi_id w = build_const(&b, "w", ZURT_U8, DIMS(2, 1, 1, 1), weights);
    build_quant(&b, w, 0.25f, 120);
    zi_id y = build_op(&b, ZI_OP_Conv, "y",
                       ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 2,
                       dequantize(&b, "xf", x), dequantize(&b, "wf", w));
    zi_id yq = quantize(&b, "yq", y, ZURT_U8, 0.25f, 0);
    zi_id p = build_op(&b, ZI_OP_MaxPool, "p",
                       ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), 1,
                       dequantize(&b, "yf", yq));
    zi_id r = build_op(&b, ZI_OP_Reshape, "r", ATTR(.shape = {.rank = 2, .dims = {1, 2}}), 1, p);
    build_output(&b, quantize(&b, "q", r, ZURT_U8, 0.25f, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,2,2,1]u8(0.5,131)\n"
                     "x:[1,2,2,1]s8(0.5,3) = Quantize(x){axis=2} x\n"
                     "yq:[1,2,2,2]s8(0.25,-128) = Conv(x, w:[2,1,1,1]s8(0.25,-8))\n"
                     "p:[1,1,1,2]s8(0.25,-128) = MaxPool(yq){kernel=2,2 stride=2,2}\n"
                     "q:[1,2]s8(0.25,-128) = Reshape(p)\n"
                     "q:[1,2]u8(0.25,0) = Quantize(q){axis=3}\n"
                     "output q\n");
    builder_free(&b);
}

static void averages_of_uint8_models_round_ties_up(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_U8, DIMS(1, 4, 2, 1));
    build_quant(&b, x, 0.5f, 0);
    const zi_attr halves = {.pool = {.kernel = {2, 1}, .stride = {2, 1}, .dilation = {1, 1}}};
    zi_id p = build_op(&b, ZI_OP_AveragePool, "p", &halves, 1, dequantize(&b, "xf", x));
    zi_id pq = dequantize(&b, "pf", quantize(&b, "pq", p, ZURT_U8, 0.5f, 0));
    zi_id r = build_op(&b, ZI_OP_AveragePool, "r", &halves, 1, pq); // with a change of scale
    build_output(&b, quantize(&b, "rq", r, ZURT_U8, 0.25f, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,4,2,1]u8(0.5,0)\n"
                     "x:[1,4,2,1]s8(0.5,-128) = Quantize(x){axis=2} x\n"
                     "pq:[1,2,2,1]s8(0.5,-128) = AveragePool(x){kernel=2,1 stride=2,1 ties_up}\n"
                     "rq:[1,1,2,1]s8(0.25,-128) = AveragePool(pq){kernel=2,1 stride=2,1}\n"
                     "rq:[1,1,2,1]u8(0.25,0) = Quantize(rq){axis=3}\n"
                     "output rq\n");
    builder_free(&b);
}

static void an_int8_bias_keeps_its_values(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 1));
    build_quant(&b, x, 0.5f, 0);
    static const int8_t weights[] = {1, 2}, bias[] = {-3, 100};
    static const int32_t expected[] = {-8, 404};
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(2, 1), weights);
    zi_id c = build_const(&b, "c", ZURT_S8, DIMS(2), bias);
    build_quant(&b, w, 0.25f, 0);
    build_quant(&b, c, 0.5f, -1);
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 3, dequantize(&b, "xf", x),
                       dequantize(&b, "wf", w), dequantize(&b, "cf", c));
    build_output(&b, quantize(&b, "q", y, ZURT_S8, 0.25f, 0));
    lower(&b);
    const zi_node *n = &b.g->nodes[0];
    assert_int_equal(n->op, ZI_OP_FullyConnected);
    assert_memory_equal(b.g->tensors[n->in[2]].data, expected, sizeof(expected));
    builder_free(&b);
}

static void unary_functions_become_tables(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 4));
    zi_id t = build_op(&b, ZI_OP_Tanh, "t", NULL, 1, fake(&b, "xq", x, 0.125f, 0));
    build_output(&b, quantize(&b, "q", t, ZURT_S8, 1.0f / 128, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,4]f32\n"
                     "xq:[1,4]s8(0.125,0) = Quantize(x){axis=2}\n"
                     "q:[1,4]s8(0.0078125,0) = Lut(xq, :[256]s8){op=Tanh}\n"
                     "output q\n");
    const int8_t *table = b.g->tensors[b.g->nodes[1].in[1]].data;
    for (int i = -128; i < 128; i++) {
        double want = rint(tanh(0.125 * i) * 128);
        assert_int_equal(table[i + 128], want > 127 ? 127 : (int)want);
    }
    builder_free(&b);
}

static void equal_neighbours_vanish_and_others_requantise(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 4));
    build_quant(&b, x, 0.125f, 0);
    zi_id same = fake(&b, "same", dequantize(&b, "f", x), 0.125f, 0);
    zi_id other = fake(&b, "other", same, 0.25f, 1);
    zi_id y = build_op(&b, ZI_OP_Add, "y", NULL, 2, same, other);
    build_output(&b, quantize(&b, "q", y, ZURT_S8, 0.5f, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,4]s8(0.125,0)\n"
                     "other:[1,4]s8(0.25,1) = Quantize(x){axis=2}\n"
                     "q:[1,4]s8(0.5,0) = Add(x, other)\n"
                     "output q\n");
    builder_free(&b);
}

static void what_is_read_in_float_stays_float(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 4));
    build_quant(&b, x, 0.125f, 0);
    zi_id a = build_op(&b, ZI_OP_Abs, "a", NULL, 1, dequantize(&b, "f", x));
    build_output(&b, quantize(&b, "q", a, ZURT_S8, 0.125f, 0));
    build_output(&b, a);
    zi_id n = build_op(&b, ZI_OP_Neg, "n", NULL, 1, dequantize(&b, "g", x));
    b.g->nodes[b.g->n_nodes - 1].note = "on request";
    build_output(&b, quantize(&b, "nq", n, ZURT_S8, 0.125f, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,4]s8(0.125,0)\n"
                     "f:[1,4]f32 = Dequantize(x)\n"
                     "a:[1,4]f32 = Abs(f)\n"
                     "q:[1,4]s8(0.125,0) = Quantize(a){axis=2}\n"
                     "g:[1,4]f32 = Dequantize(x)\n"
                     "n:[1,4]f32 = Neg(g)\n"
                     "nq:[1,4]s8(0.125,0) = Quantize(n){axis=2}\n"
                     "output q, a, nq\n");
    builder_free(&b);
}

static void weights_are_seen_through_movement(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 3));
    build_quant(&b, x, 0.5f, 0);
    static const int8_t weights[] = {1, 2, 3, 4, 5, 6};
    static const float scale[] = {0.25f, 0.125f};
    static const int32_t zeros[] = {0, 0};
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(3, 2), weights);
    assert_int_equal(zi_graph_set_quant(b.ctx, b.g, w, 2, 1, scale, zeros), ZURT_OK);
    zi_id wt =
        build_op(&b, ZI_OP_Transpose, "wt", ATTR(.perm = {{1, 0}}), 1, dequantize(&b, "wf", w));
    zi_id xf = dequantize(&b, "xf", x);
    zi_id c = build_noise(&b, "c", DIMS(2));
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 3, xf, wt, c);
    build_output(&b, quantize(&b, "q", y, ZURT_S8, 0.25f, 0));
    zi_id m = build_op(&b, ZI_OP_MatMul, "m", NULL, 2, xf, dequantize(&b, "wg", w));
    build_output(&b, quantize(&b, "mq", m, ZURT_S8, 0.25f, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,3]s8(0.5,0)\n"
                     "q:[1,2]s8(0.25,0) = FullyConnected(x, w:[2,3]s8(2 scales on axis 0), "
                     "c:[2]s32(2 scales on axis 0))\n"
                     "mq:[1,2]s8(0.25,0) = FullyConnected(x, w:[2,3]s8(2 scales on axis 0))\n"
                     "output q, mq\n");
    static const int8_t transposed[] = {1, 3, 5, 2, 4, 6};
    for (int i = 0; i < 2; i++) {
        const zi_tensor *t = &b.g->tensors[b.g->nodes[i].in[1]];
        assert_memory_equal(t->data, transposed, sizeof(transposed));
        assert_int_equal(t->quant.axis, 0);
    }
    const zi_tensor *bias = &b.g->tensors[b.g->nodes[0].in[2]];
    for (int i = 0; i < 2; i++) {
        float want = rintf(((const float *)b.g->tensors[c].data)[i] / (0.5f * scale[i]));
        assert_int_equal(((const int32_t *)bias->data)[i], (int32_t)want);
    }
    builder_free(&b);
}

static void sums_beyond_32_bits_stay_float(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 3));
    build_quant(&b, x, 0.5f, 0);
    static const int8_t weights[] = {0, 1, 0};
    static const int32_t large = 2147483647 - 254; // 255 * 1 more does not fit
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(1, 3), weights);
    zi_id c = build_const(&b, "c", ZURT_S32, DIMS(1), &large);
    build_quant(&b, w, 0.25f, 0);
    build_quant(&b, c, 0.125f, 0);
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 3, dequantize(&b, "xf", x),
                       dequantize(&b, "wf", w), dequantize(&b, "cf", c));
    build_output(&b, quantize(&b, "q", y, ZURT_S8, 1e6f, 0));
    lower(&b);
    assert_int_equal(b.g->nodes[1].op, ZI_OP_FullyConnected);
    assert_int_equal(b.g->tensors[b.g->nodes[1].out[0]].dtype, ZURT_F32);
    assert_non_null(strstr(b.g->nodes[1].note, "exceed 32 bits"));
    builder_free(&b);
}

static void dead_channels_get_a_coarser_scale(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 2));
    build_quant(&b, x, 0.5f, 0);
    static const int8_t weights[] = {5, -3, 1, 127};
    static const float scale[] = {0.25f, 1e-12f}, bias[] = {1.0f, 3.0f};
    static const int32_t zeros[] = {0, 0};
    zi_id w = build_const(&b, "w", ZURT_S8, DIMS(2, 2), weights);
    assert_int_equal(zi_graph_set_quant(b.ctx, b.g, w, 2, 0, scale, zeros), ZURT_OK);
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 3, dequantize(&b, "xf", x),
                       dequantize(&b, "wf", w), build_const(&b, "c", ZURT_F32, DIMS(2), bias));
    build_output(&b, quantize(&b, "q", y, ZURT_S8, 0.125f, 0));
    lower(&b);
    assert_int_equal(b.g->n_nodes, 1);
    const zi_tensor *wq = &b.g->tensors[b.g->nodes[0].in[1]];
    const zi_tensor *bq = &b.g->tensors[b.g->nodes[0].in[2]];
    assert_memory_equal(wq->data, weights, 2); // the live channel as it was
    assert_true(wq->quant.scale[0] == 0.25f && wq->quant.scale[1] > 1e-12f);
    double real = (double)bq->quant.scale[1] * ((const int32_t *)bq->data)[1];
    assert_true(fabs(real - 3.0) < 1e-6);
    builder_free(&b);
}

static void concat_takes_inputs_of_any_scale(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 3));
    zi_id z = build_input(&b, "z", ZURT_S8, DIMS(1, 3));
    build_quant(&b, x, 0.5f, 0);
    build_quant(&b, z, 0.25f, 1);
    zi_id c = build_op(&b, ZI_OP_Concat, "c", ATTR(.axis = {.axis = 1}), 2, dequantize(&b, "xf", x),
                       dequantize(&b, "zf", z));
    build_output(&b, quantize(&b, "q", c, ZURT_S8, 0.5f, 0));
    lower(&b);
    assert_graph(&b, "input x:[1,3]s8(0.5,0)\n"
                     "input z:[1,3]s8(0.25,1)\n"
                     "q:[1,6]s8(0.5,0) = Concat(x, z){axis=1}\n"
                     "output q\n");
    builder_free(&b);
}

static void senseless_parameters_are_refused(void **state)
{
    (void)state;
    static const float scales[] = {0.0f, -1.0f, INFINITY, NAN};
    for (size_t i = 0; i < 4; i++) {
        builder b = builder_make();
        zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 3));
        build_quant(&b, x, scales[i], 0);
        build_output(&b, dequantize(&b, "y", x));
        assert_int_equal(zc_qdq_to_int8(b.ctx, b.g), ZURT_E_FORMAT);
        assert_non_null(strstr(zurt_ctx_error(b.ctx), "'x'"));
        builder_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_without_quantize_is_left_alone),
        cmocka_unit_test(a_convolution_takes_the_scales_around_it),
        cmocka_unit_test(uint8_models_compute_on_s8),
        cmocka_unit_test(averages_of_uint8_models_round_ties_up),
        cmocka_unit_test(an_int8_bias_keeps_its_values),
        cmocka_unit_test(unary_functions_become_tables),
        cmocka_unit_test(equal_neighbours_vanish_and_others_requantise),
        cmocka_unit_test(what_is_read_in_float_stays_float),
        cmocka_unit_test(weights_are_seen_through_movement),
        cmocka_unit_test(sums_beyond_32_bits_stay_float),
        cmocka_unit_test(dead_channels_get_a_coarser_scale),
        cmocka_unit_test(concat_takes_inputs_of_any_scale),
        cmocka_unit_test(senseless_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
