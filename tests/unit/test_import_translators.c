/* SPDX-License-Identifier: Apache-2.0 */
/* Import of single operators: what older opsets, padding and attributes mean. */
#include <stdlib.h>

#include "support/import_run.h"
#include "support/test_allocator.h"

static void softmax_flattens_before_opset_13(void **state)
{
    (void)state;
    message n = node("", "Softmax", "x", "y"), g = one_node(&n, ONNX_DIMS(2, 3, 4));
    message old = model(&g, 12), young = model(&g, 13);
    imported i = import(&old);
    OUTPUT_IS(&i, 0, 2, 3, 4);
    assert_int_equal(count(&i, ZI_OP_Reshape), 2);
    done(&i);
    i = import(&young);
    assert_int_equal(count(&i, ZI_OP_Reshape), 0);
    assert_int_equal(i.g->nodes[0].attr.axis.axis, 2);
    done(&i);
}

static void pads_for_same_outputs(void **state)
{
    (void)state;
    static const char *const modes[2] = {"SAME_UPPER", "SAME_LOWER"};
    for (int k = 0; k < 2; k++) {
        message n = node("", "MaxPool", "x", "y");
        attr_ints(&n, "kernel_shape", 2, (const int64_t[]){2, 2});
        attr_text(&n, "auto_pad", modes[k]);
        message g = one_node(&n, ONNX_DIMS(1, 1, 5, 5)), m = model(&g, 12);
        imported i = import(&m);
        OUTPUT_IS(&i, 0, 1, 1, 5, 5);
        for (size_t p = 0; p < i.g->n_nodes; p++) {
            if (i.g->nodes[p].op == ZI_OP_MaxPool)
                assert_int_equal(i.g->nodes[p].attr.pool.pad[0], k); // top
        }
        done(&i);
    }
}

static void refuses_three_spatial_axes(void **state)
{
    (void)state;
    message n = node("deep", "MaxPool", "x", "y");
    attr_ints(&n, "kernel_shape", 3, (const int64_t[]){2, 2, 2});
    message g = one_node(&n, ONNX_DIMS(1, 1, 4, 4, 4)), m = model(&g, 12);
    refuses(&m, ZURT_E_UNSUPPORTED, "3 spatial axes: zurt takes 1 or 2", "'deep'");
}

static void refuses_hostile_attributes(void **state)
{
    (void)state;
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, (int64_t)1 << 32};
    static const char *const names[] = {"kernel_shape", "strides", "dilations"};
    for (size_t a = 0; a < 3; a++) {
        for (size_t v = 0; v < 5; v++) {
            message n = node("pool", "MaxPool", "x", "y");
            for (size_t k = 0; k < 3; k++) {
                int64_t value = k == a ? bad[v] : 1;
                attr_ints(&n, names[k], 2, (const int64_t[]){value, value});
            }
            message g = one_node(&n, ONNX_DIMS(1, 1, 4, 4)), m = model(&g, 12);
            refuses(&m, ZURT_E_UNSUPPORTED, names[a], "node 0 'pool' (MaxPool)");
        }
    }
}

static void slice_clamps_its_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t start, end, step;
        int32_t count;
    } cases[] = {{0, INT64_MAX, 1, 10},          {-3, INT64_MAX, 1, 3}, {20, 30, 1, 0},
                 {INT64_MAX, INT64_MIN, -1, 10}, {8, 2, -4, 2},         {0, 10, INT64_MAX, 1},
                 {9, -11, -INT64_MAX, 1},        {INT64_MIN, 4, 3, 2}};
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        message n = node("", "Slice", "x s e a t", "y"), g = one_node(&n, ONNX_DIMS(10, 2));
        const int64_t zero = 0;
        message s = tensor("s", S64, ONNX_DIMS(1), &cases[c].start, 8);
        message e = tensor("e", S64, ONNX_DIMS(1), &cases[c].end, 8);
        message a = tensor("a", S64, ONNX_DIMS(1), &zero, 8);
        message t = tensor("t", S64, ONNX_DIMS(1), &cases[c].step, 8);
        add_initializer(&g, &s);
        add_initializer(&g, &e);
        add_initializer(&g, &a);
        add_initializer(&g, &t);
        message m = model(&g, 13);
        imported i = import(&m);
        OUTPUT_IS(&i, 0, cases[c].count, 2);
        done(&i);
    }
}

static void keeps_the_quantisation_of_weights(void **state)
{
    (void)state;
    static const int8_t w[2 * 1 * 2 * 2] = {1, 2, 3, 4, -5, -6, -7, -8};
    static const float scales[2] = {0.5f, 0.25f};
    static const int8_t zeros[2] = {0, 0};
    message g = {0};
    message x = value_info("x", F32, ONNX_DIMS(1, 1, 4, 4));
    message tw = tensor("w", S8, ONNX_DIMS(2, 1, 2, 2), w, sizeof(w));
    message ts = tensor("s", F32, ONNX_DIMS(2), scales, sizeof(scales));
    message tz = tensor("z", S8, ONNX_DIMS(2), zeros, sizeof(zeros));
    message dq = node("dq", "DequantizeLinear", "w s z", "wf");
    attr_int(&dq, "axis", 0);
    message conv = node("conv", "Conv", "x wf", "y");
    add_input(&g, &x);
    add_initializer(&g, &tw);
    add_initializer(&g, &ts);
    add_initializer(&g, &tz);
    add_node(&g, &dq);
    add_node(&g, &conv);
    add_output(&g, "y");
    message m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 2, 3, 3);
    for (size_t k = 0; k < i.g->n_nodes; k++) {
        const zi_node *n = &i.g->nodes[k];
        if (n->op != ZI_OP_Dequantize)
            continue;
        const zi_tensor *t = &i.g->tensors[n->in[0]];
        assert_non_null(t->data); // OHWI, still int8
        assert_int_equal(t->dtype, ZURT_S8);
        assert_int_equal(t->dims[3], 1);
        assert_int_equal(t->quant.n, 2);
        assert_int_equal(t->quant.axis, 0);
        assert_true(t->quant.scale[1] == 0.25f);
    }
    assert_int_equal(count(&i, ZI_OP_Dequantize), 1);
    done(&i);
}

static void undoes_dynamic_quantisation(void **state)
{
    (void)state;
    static const uint8_t w[4] = {1, 2, 3, 5}, wz = 1;
    static const float ws = 0.5f;
    message g = {0};
    message x = value_info("x", F32, ONNX_DIMS(1, 2));
    message tw = tensor("w", U8, ONNX_DIMS(2, 2), w, sizeof(w));
    message tz = tensor("wz", U8, 0, NULL, &wz, 1);
    message ts = tensor("ws", F32, 0, NULL, &ws, sizeof(ws));
    message dq = node("dq", "DynamicQuantizeLinear", "x", "q s z");
    message product = node("mm", "MatMulInteger", "q w z wz", "i");
    message cast = node("cast", "Cast", "i", "f");
    attr_int(&cast, "to", F32);
    message scales = node("scales", "Mul", "s ws", "sw"), last = node("last", "Mul", "f sw", "y");
    const message *nodes[] = {&dq, &product, &cast, &scales, &last};
    for (size_t k = 0; k < 5; k++)
        add_node(&g, nodes[k]);
    add_input(&g, &x);
    add_initializer(&g, &tw);
    add_initializer(&g, &tz);
    add_initializer(&g, &ts);
    add_output(&g, "y");
    message m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 2);
    assert_int_equal(count(&i, ZI_OP_FullyConnected), 1);
    assert_int_equal(count(&i, ZI_OP_Cast), 0);
    done(&i);
    add_output(&g, "s"); // the scale itself has no float counterpart
    m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "node 0 'dq'", "float model");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_flattens_before_opset_13),
        cmocka_unit_test(pads_for_same_outputs),
        cmocka_unit_test(refuses_three_spatial_axes),
        cmocka_unit_test(refuses_hostile_attributes),
        cmocka_unit_test(slice_clamps_its_ends),
        cmocka_unit_test(keeps_the_quantisation_of_weights),
        cmocka_unit_test(undoes_dynamic_quantisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
