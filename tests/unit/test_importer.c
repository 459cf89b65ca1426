/* SPDX-License-Identifier: Apache-2.0 */
/* Import of whole models, damaged ones among them. */
#include <stdlib.h>

#include "support/import_run.h"
#include "support/test_allocator.h"

/* ---- helpers -------------------------------------------------------------------------------- */

/* x [1,2,4,4] -> Conv 3x3 -> Relu -> flattened by a computed shape -> y */
static message small_graph(void)
{
    static const float w[3 * 2 * 3 * 3] = {1, 2, 3, -1}, b[3] = {0.5f, 0, -0.5f};
    static const int64_t minus_one = -1, zero = 0;
    message g = {0};
    message x = value_info("x", F32, ONNX_DIMS(1, 2, 4, 4));
    message tw = tensor("w", F32, ONNX_DIMS(3, 2, 3, 3), w, sizeof(w));
    message tb = tensor("b", F32, ONNX_DIMS(3), b, sizeof(b));
    message rest = tensor("rest", S64, ONNX_DIMS(1), &minus_one, 8);
    message first = tensor("first", S64, 0, NULL, &zero, 8);
    message axes = tensor("axes", S64, ONNX_DIMS(1), &zero, 8);
    message conv = node("conv1", "Conv", "x w b", "c");
    attr_ints(&conv, "pads", 4, (const int64_t[]){1, 1, 1, 1});
    message relu = node("", "Relu", "c", "r");
    message shape = node("", "Shape", "r", "s"), gather = node("", "Gather", "s first", "n");
    message unsqueeze = node("", "Unsqueeze", "n axes", "n1");
    message concat = node("", "Concat", "n1 rest", "to");
    attr_int(&concat, "axis", 0);
    message reshape = node("flat", "Reshape", "r to", "y");
    const message *nodes[] = {&reshape, &concat, &conv, &relu, &shape, &gather, &unsqueeze};
    for (size_t i = 0; i < 7; i++) // not in the order of execution
        add_node(&g, nodes[i]);
    const message *constants[] = {&tw, &tb, &rest, &first, &axes};
    for (size_t i = 0; i < 5; i++)
        add_initializer(&g, constants[i]);
    add_input(&g, &x);
    add_output(&g, "y");
    return g;
}

/* ---- structure ------------------------------------------------------------------------------ */

static void imports_nodes_in_any_order(void **state)
{
    (void)state;
    message g = small_graph(), m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 1, 48);
    assert_string_equal(i.g->tensors[i.g->outputs[0]].name, "y");
    assert_string_equal(i.g->tensors[i.g->inputs[0]].name, "x");
    done(&i);
}

static void folds_shape_arithmetic_away(void **state)
{
    (void)state;
    message g = small_graph(), m = model(&g, 13);
    imported i = import(&m);
    assert_int_equal(i.status, ZURT_OK);
    assert_int_equal(count(&i, ZI_OP_Concat) + count(&i, ZI_OP_Gather), 0);
    assert_int_equal(count(&i, ZI_OP_Conv), 1);
    assert_int_equal(count(&i, ZI_OP_Transpose), 2); // the weights' one is folded
    done(&i);
}

static void refuses_every_truncation(void **state)
{
    (void)state;
    message g = small_graph(), m = model(&g, 13);
    for (size_t n = 0; n < m.n; n++) {
        zurt_ctx *ctx;
        zi_graph *graph;
        size_t nodes;
        const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
        assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
        uint8_t *cut = malloc(n + 1); // its own block, so that a sanitizer sees its end
        memcpy(cut, m.bytes, n);
        assert_int_equal(zc_onnx_import(ctx, (zi_bytes){cut, n}, &options, &graph, &nodes),
                         ZURT_E_FORMAT);
        assert_true(strlen(zurt_ctx_error(ctx)) > 0);
        assert_null(graph);
        free(cut);
        zurt_ctx_destroy(ctx);
    }
}

static void survives_every_byte_flip(void **state)
{
    (void)state;
    message g = small_graph(), m = model(&g, 13);
    for (size_t n = 0; n < m.n; n++) {
        static const uint8_t flips[] = {0x01, 0x80, 0xff};
        for (size_t k = 0; k < sizeof(flips); k++) {
            m.bytes[n] ^= flips[k];
            imported i = import(&m);
            assert_true(i.status != ZURT_E_INTERNAL && i.status != ZURT_E_NOMEM);
            done(&i);
            m.bytes[n] ^= flips[k];
        }
    }
}

static void reports_refused_memory(void **state)
{
    (void)state;
    message g = small_graph(), m = model(&g, 13);
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        zt_allocator counter = {0};
        zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
        zi_graph *graph = NULL;
        size_t nodes;
        assert_non_null(ctx);
        zt_allocator_arm(&counter, n);
        st = zc_onnx_import(ctx, (zi_bytes){m.bytes, m.n}, &options, &graph, &nodes);
        if (st && st != ZURT_E_NOMEM)
            fail_msg("request %zu: %s", n, zurt_ctx_error(ctx));
        zi_graph_destroy(graph);
        zurt_ctx_destroy(ctx);
        assert_int_equal(counter.n_live, 0);
        assert_true(n < 100000);
    }
}

static void refuses_other_opsets(void **state)
{
    (void)state;
    message g = small_graph(), old = model(&g, 6), young = model(&g, 29);
    refuses(&old, ZURT_E_VERSION, "opset 6", "7 to 28");
    refuses(&young, ZURT_E_VERSION, "opset 29", "'conv1' (Conv)"); // the first that is needed
}

static void refuses_cycles_and_unknown_names(void **state)
{
    (void)state;
    message g = {0};
    message a = node("a", "Add", "x q", "p"), b = node("b", "Relu", "p", "q");
    message x = value_info("x", F32, ONNX_DIMS(2));
    add_input(&g, &x);
    add_node(&g, &a);
    add_node(&g, &b);
    add_output(&g, "q");
    message m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "cycle", "node");

    message self = node("self", "Add", "x y", "y"), sg = one_node(&self, ONNX_DIMS(2));
    message sm = model(&sg, 13);
    refuses(&sm, ZURT_E_FORMAT, "cycle", "node 0");

    message lost = node("lost", "Add", "x nobody", "y"), lg = one_node(&lost, ONNX_DIMS(2));
    message lm = model(&lg, 13);
    refuses(&lm, ZURT_E_FORMAT, "'nobody'", "'lost'");
}

static void refuses_values_made_twice(void **state)
{
    (void)state;
    message n = node("", "Relu", "x", "y"), g = one_node(&n, ONNX_DIMS(2));
    add_node(&g, &n);
    message m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "'y'", "twice");
}

static void refuses_deep_nesting(void **state)
{
    (void)state;
    // graph -> node -> attribute -> graph ... two hundred times: 600 levels
    message inner = {0};
    for (int i = 0; i < 200; i++) {
        message attribute = {0}, n = {0}, graph = {0};
        put_message(&attribute, 6, &inner);
        put_message(&n, 5, &attribute);
        put_message(&graph, 1, &n);
        inner = graph;
    }
    message m = model(&inner, 13);
    refuses(&m, ZURT_E_LIMIT, "nested", "32");
}

static void refuses_what_is_no_model(void **state)
{
    (void)state;
    message empty = {0}, text = {0}, no_graph = {0}, set = {0};
    refuses(&empty, ZURT_E_FORMAT, "no ONNX model", "");
    memcpy(text.bytes, "not a model", text.n = 11);
    refuses(&text, ZURT_E_FORMAT, "no ONNX model", "byte");
    put_int(&set, 2, 13);
    put_message(&no_graph, 8, &set);
    refuses(&no_graph, ZURT_E_FORMAT, "no graph", "");
}

static void refuses_tensors_that_do_not_fit(void **state)
{
    (void)state;
    static const float two[2] = {1, 2};
    message add = node("add", "Add", "x c", "y"), g = one_node(&add, ONNX_DIMS(2));
    message small = g, huge = g, strange = g;
    message t = tensor("c", F32, ONNX_DIMS(3), two, sizeof(two));
    add_initializer(&small, &t);
    message m = model(&small, 13);
    refuses(&m, ZURT_E_FORMAT, "'c'", "12");

    t = tensor("c", F32, ONNX_DIMS(1 << 20, 1 << 20, 1 << 20), two, sizeof(two));
    add_initializer(&huge, &t);
    m = model(&huge, 13);
    refuses(&m, ZURT_E_LIMIT, "'c'", "too large");

    t = tensor("c", 14, ONNX_DIMS(1), two, sizeof(two));
    add_initializer(&strange, &t);
    m = model(&strange, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "complex64", "'c'");
}

static void refuses_open_shapes_with_the_flag(void **state)
{
    (void)state;
    message n = node("", "Relu", "x", "y");
    message image = one_node(&n, ONNX_DIMS(-1, 3, -1, -1)), m = model(&image, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "--input-size WxH", "'x'");
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.height = 5;
    options.width = 7;
    imported i = import_with(&m, &options);
    OUTPUT_IS(&i, 0, 1, 3, 5, 7);
    done(&i);
    message list = one_node(&n, ONNX_DIMS(1, -1)), lm = model(&list, 13);
    refuses(&lm, ZURT_E_UNSUPPORTED, "dim 1 is open", "--shape");
}

static void names_unsupported_nodes(void **state)
{
    (void)state;
    message n = node("strange", "NonZero", "x", "y"), g = one_node(&n, ONNX_DIMS(2));
    message m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "node 0 'strange' (NonZero)", "not supported");
    message loop = node("again", "Loop", "x", "y"), lg = one_node(&loop, ONNX_DIMS(2));
    message lm = model(&lg, 13);
    refuses(&lm, ZURT_E_UNSUPPORTED, "node 0 'again' (Loop)", "export without it");
}

static void refuses_missing_inputs(void **state)
{
    (void)state;
    message n = node("half", "Concat", "x", "y"), g = one_node(&n, ONNX_DIMS(2));
    message m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "'axis' is missing", "'half'");
    message gap = node("gap", "QuantizeLinear", "x - x", "y"), gg = one_node(&gap, ONNX_DIMS(2));
    message gm = model(&gg, 13);
    refuses(&gm, ZURT_E_FORMAT, "input 1 is missing", "'gap'");
}

static void skips_nodes_that_nobody_needs(void **state)
{
    (void)state;
    message n = node("", "Relu", "x", "y"), g = one_node(&n, ONNX_DIMS(2));
    message dead = node("dead", "NonZero", "x", "unused");
    add_node(&g, &dead);
    message m = model(&g, 13);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 2);
    done(&i);
}

static void freezes_bound_inputs(void **state)
{
    (void)state;
    message n = node("r", "Reshape", "x to", "y"), g = one_node(&n, ONNX_DIMS(6));
    message to = value_info("to", S64, ONNX_DIMS(2));
    add_input(&g, &to);
    message m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "input 'to' must be constant", "node 0 'r' (Reshape)");
    const int64_t shape[2] = {2, 3};
    zurt_binding binding = {"to", ZURT_S64, 1, {2}, shape};
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.bindings = &binding;
    options.n_bindings = 1;
    imported i = import_with(&m, &options);
    OUTPUT_IS(&i, 0, 2, 3);
    assert_int_equal(i.g->n_inputs, 1);
    done(&i);
    binding.name = "nobody";
    i = import_with(&m, &options);
    assert_int_equal(i.status, ZURT_E_ARG);
    done(&i);
}

static void rewrites_the_batch(void **state)
{
    (void)state;
    static const int64_t shape[2] = {10, 6};
    message n = node("", "Reshape", "x to", "y"), g = one_node(&n, ONNX_DIMS(10, 2, 3));
    message to = tensor("to", S64, ONNX_DIMS(2), shape, sizeof(shape));
    add_initializer(&g, &to);
    message m = model(&g, 13);
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    imported i = import_with(&m, &options);
    OUTPUT_IS(&i, 0, 10, 6);
    done(&i);
    options.batch = 4;
    i = import_with(&m, &options);
    OUTPUT_IS(&i, 0, 4, 6);
    done(&i);
}

static void refuses_to_mix_a_batch(void **state)
{
    (void)state;
    static const int64_t shape[2] = {6, -1};
    message n = node("flat", "Reshape", "x to", "y"), g = one_node(&n, ONNX_DIMS(1, 6, 3));
    message to = tensor("to", S64, ONNX_DIMS(2), shape, sizeof(shape));
    add_initializer(&g, &to);
    message m = model(&g, 13);
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.batch = 4; // 4 x 6 x 3 fits [6, 12], but not as the model means it
    imported i = import_with(&m, &options);
    assert_int_equal(i.status, ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(i.ctx), "export it with batch 4"));
    done(&i);
}

static void bounds_what_folding_costs(void **state)
{
    (void)state;
    static const int64_t big[2] = {1 << 14, 1 << 14};
    message g = {0};
    message shape = tensor("s", S64, ONNX_DIMS(2), big, sizeof(big));
    message fill = node("fill", "ConstantOfShape", "s", "a");
    message product = node("product", "MatMul", "a a", "y");
    add_initializer(&g, &shape);
    add_node(&g, &fill);
    add_node(&g, &product);
    add_output(&g, "y");
    message m = model(&g, 13);
    imported i = import(&m); // 2^42 multiplications are left to the run
    OUTPUT_IS(&i, 0, 1 << 14, 1 << 14);
    assert_int_equal(count(&i, ZI_OP_MatMul), 1);
    done(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_nodes_in_any_order),
        cmocka_unit_test(folds_shape_arithmetic_away),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_every_byte_flip),
        cmocka_unit_test(reports_refused_memory),
        cmocka_unit_test(refuses_other_opsets),
        cmocka_unit_test(refuses_cycles_and_unknown_names),
        cmocka_unit_test(refuses_values_made_twice),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(refuses_what_is_no_model),
        cmocka_unit_test(refuses_tensors_that_do_not_fit),
        cmocka_unit_test(refuses_open_shapes_with_the_flag),
        cmocka_unit_test(names_unsupported_nodes),
        cmocka_unit_test(refuses_missing_inputs),
        cmocka_unit_test(skips_nodes_that_nobody_needs),
        cmocka_unit_test(freezes_bound_inputs),
        cmocka_unit_test(rewrites_the_batch),
        cmocka_unit_test(refuses_to_mix_a_batch),
        cmocka_unit_test(bounds_what_folding_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
