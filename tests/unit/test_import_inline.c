/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs inside the graph: branches whose condition is known, and functions of the model. */
#include <stdio.h>

#include "support/import_run.h"

static void put(message *g, const char *op, const char *in, const char *out)
{
    message n = node("", op, in, out);
    add_node(g, &n);
}

static message branch(const char *op, const char *in, const char *out)
{
    message g = {0};
    put(&g, op, in, out);
    add_output(&g, out);
    return g;
}

static message if_model(const message *then_branch, const message *else_branch, bool condition)
{
    message n = node("choice", "If", "c", "y"), g = {0};
    attr_graph(&n, "then_branch", then_branch);
    attr_graph(&n, "else_branch", else_branch);
    const uint8_t value = condition;
    message x = value_info("x", F32, ONNX_DIMS(2, 3)), c = tensor("c", B8, 0, NULL, &value, 1);
    add_node(&g, &n); // in front of what its branches read
    put(&g, "Neg", "x", "outside");
    add_input(&g, &x);
    add_initializer(&g, &c);
    add_output(&g, "y");
    return model(&g, 13);
}

static void takes_the_branch_that_a_constant_chooses(void **state)
{
    (void)state;
    message relu = branch("Relu", "outside", "r"), strange = branch("NonZero", "outside", "s");
    message m = if_model(&relu, &strange, true); // nobody needs what the other branch has
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 2, 3);
    assert_int_equal(count(&i, ZI_OP_Relu), 1);
    assert_int_equal(count(&i, ZI_OP_Neg), 1);
    done(&i);
    m = if_model(&strange, &relu, false);
    i = import(&m);
    assert_int_equal(count(&i, ZI_OP_Relu), 1);
    done(&i);
    m = if_model(&relu, &strange, false);
    refuses(&m, ZURT_E_UNSUPPORTED, "'choice' (If): node 0 'NonZero_0' (NonZero)", "extract_model");

    message pass = {0}; // a branch without nodes
    add_output(&pass, "outside");
    m = if_model(&pass, &strange, true);
    i = import(&m);
    OUTPUT_IS(&i, 0, 2, 3);
    done(&i);
}

static void follows_branches_in_branches(void **state)
{
    (void)state;
    static const uint8_t no = 0;
    message deep = branch("Abs", "middle", "deepest"), other = branch("NonZero", "outside", "s");
    message inner = node("inner", "If", "d", "i"), then_branch = {0};
    message d = tensor("d", B8, 0, NULL, &no, 1); // of the branch
    attr_graph(&inner, "then_branch", &other);
    attr_graph(&inner, "else_branch", &deep);
    put(&then_branch, "Relu", "outside", "middle");
    add_node(&then_branch, &inner);
    add_initializer(&then_branch, &d);
    add_output(&then_branch, "i");
    message m = if_model(&then_branch, &other, true);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 2, 3);
    assert_int_equal(count(&i, ZI_OP_Neg), 1);
    assert_int_equal(count(&i, ZI_OP_Relu), 1);
    assert_int_equal(count(&i, ZI_OP_Abs), 1);
    done(&i);
}

static void refuses_what_is_chosen_at_run_time(void **state)
{
    (void)state;
    message relu = branch("Relu", "x", "r"), neg = branch("Neg", "x", "n"), g = {0};
    message x = value_info("x", F32, ONNX_DIMS(2)), c = value_info("c", B8, 0, NULL);
    message n = node("choice", "If", "c", "y");
    attr_graph(&n, "then_branch", &relu);
    attr_graph(&n, "else_branch", &neg);
    add_input(&g, &x);
    add_input(&g, &c);
    add_node(&g, &n);
    add_output(&g, "y");
    message m = model(&g, 13);
    refuses(&m, ZURT_E_UNSUPPORTED, "'choice' (If)", "input 'c' must be constant");
    n = node("choice", "If", "x", "y");
    attr_graph(&n, "then_branch", &relu);
    g = (message){0};
    add_input(&g, &x);
    add_node(&g, &n);
    add_output(&g, "y");
    m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "'choice'", "'else_branch' must be a graph");
}

/* Who goes by the number of boxes must not be out of sight. */
static void refuses_boxes_that_cross_scopes(void **state)
{
    (void)state;
    static const uint8_t yes = 1;
    static const int64_t most = 2;
    message boxes = value_info("boxes", F32, ONNX_DIMS(1, 4, 4));
    message scores = value_info("scores", F32, ONNX_DIMS(1, 1, 4));
    message c = tensor("c", B8, 0, NULL, &yes, 1), k = tensor("k", S64, ONNX_DIMS(1), &most, 8);
    for (int inside = 0; inside < 2; inside++) {
        message nms = node("nms", "NonMaxSuppression", "boxes scores k", "found");
        message branch_graph = {0}, g = {0};
        add_node(inside ? &branch_graph : &g, &nms);
        if (!inside)
            put(&branch_graph, "Relu", "found", "r");
        add_output(&branch_graph, inside ? "found" : "r");
        message n = node("", "If", "c", inside ? "mine" : "y");
        attr_graph(&n, "then_branch", &branch_graph);
        attr_graph(&n, "else_branch", &branch_graph);
        add_node(&g, &n);
        if (inside)
            put(&g, "Relu", "mine", "y");
        add_input(&g, &boxes);
        add_input(&g, &scores);
        add_initializer(&g, &c);
        add_initializer(&g, &k);
        add_output(&g, "y");
        message m = model(&g, 13);
        refuses(&m, ZURT_E_UNSUPPORTED, "'nms' (NonMaxSuppression)", "enter or leave a branch");
    }
}

/* ---- functions ------------------------------------------------------------------------------ */

typedef struct function {
    message m;
} function;

static function make_function(const char *name, int n_in, const char *const *in, const char *out)
{
    function f = {0};
    message set = {0};
    put_text(&f.m, 1, name);
    for (int i = 0; i < n_in; i++)
        put_text(&f.m, 4, in[i]);
    put_text(&f.m, 5, out);
    put_text(&f.m, 10, "own");
    put_int(&set, 2, 18);
    put_message(&f.m, 9, &set);
    return f;
}

static void body(function *f, const message *n)
{
    put_message(&f->m, 7, n);
}

static message call(const char *name, const char *op, const char *in, const char *out)
{
    message n = node(name, op, in, out);
    put_text(&n, 7, "own");
    return n;
}

static message with_functions(const message *g, int n, const function *functions)
{
    message m = model(g, 13);
    for (int i = 0; i < n; i++)
        put_message(&m, 25, &functions[i].m);
    return m;
}

static const char *const ab[] = {"a", "b"};

static void puts_functions_in_place(void **state)
{
    (void)state;
    // leak(a, b; slope, axis = 1): sum of LeakyRelu(a) and b along the axis; b may be left out
    function inner = make_function("inner", 1, ab, "r"), outer = make_function("leak", 2, ab, "r");
    message l = node("l", "LeakyRelu", "a", "r");
    attr_ref(&l, "alpha", "slope", 1);
    put_text(&inner.m, 6, "slope");
    body(&inner, &l);
    message first = call("first", "inner", "a", "t"), s = node("cat", "Concat", "t a b", "r");
    attr_ref(&first, "slope", "steep", 1);
    attr_ref(&s, "axis", "axis", 2);
    put_text(&outer.m, 6, "steep");
    message axis = {0};
    put_text(&axis, 1, "axis");
    put_int(&axis, 3, 1);
    put_int(&axis, 20, 2);
    put_message(&outer.m, 11, &axis); // with a default: newer than the onnx.proto of zurt's build
    body(&outer, &s);
    body(&outer, &first);
    const function functions[2] = {outer, inner};

    message n = call("one", "leak", "x x", "t"), again = call("two", "leak", "t t", "y"), g = {0};
    attr_float(&n, "steep", 0.25f);
    attr_float(&again, "steep", 0.5f);
    attr_int(&again, "axis", 0);
    message x = value_info("x", F32, ONNX_DIMS(2, 3));
    add_input(&g, &x);
    add_node(&g, &again);
    add_node(&g, &n);
    add_output(&g, "y");
    message m = with_functions(&g, 2, functions);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 6, 9); // axis 1 by default, then 0
    float seen = 0;
    for (size_t k = 0; k < i.g->n_nodes; k++) {
        if (i.g->nodes[k].op == ZI_OP_LeakyRelu)
            seen = seen * 10 + i.g->nodes[k].attr.unary.alpha;
        if (i.g->nodes[k].op == ZI_OP_LeakyRelu && seen < 1)
            assert_string_equal(i.g->nodes[k].name, "one/first/l");
    }
    assert_true(seen == 0.25f * 10 + 0.5f);
    done(&i);

    attr_int(&n, "unheard", 1);
    g = (message){0};
    add_input(&g, &x);
    add_node(&g, &n);
    add_output(&g, "t");
    m = with_functions(&g, 2, functions);
    refuses(&m, ZURT_E_UNSUPPORTED, "'one'", "attribute 'unheard'");
}

static void leaves_out_what_a_call_leaves_out(void **state)
{
    (void)state;
    function f = make_function("bounded", 2, ab, "r"); // the second input and output are optional
    put_text(&f.m, 5, "s");
    message clip = node("clip", "Clip", "a - b", "r"), strange = node("z", "NonZero", "a", "s");
    body(&f, &clip);
    body(&f, &strange);
    message n = call("c", "bounded", "x", "y"), g = one_node(&n, ONNX_DIMS(4));
    message m = with_functions(&g, 1, &f);
    imported i = import(&m);
    OUTPUT_IS(&i, 0, 4);
    done(&i);
    n = call("c", "bounded", "x", "r y");
    g = one_node(&n, ONNX_DIMS(4));
    m = with_functions(&g, 1, &f);
    refuses(&m, ZURT_E_UNSUPPORTED, "'c' (bounded): node 1 'c/z' (NonZero)", "");
    n = call("c", "bounded", "x x x", "y");
    g = one_node(&n, ONNX_DIMS(4));
    m = with_functions(&g, 1, &f);
    refuses(&m, ZURT_E_FORMAT, "3 inputs and 1 outputs, its function has 2 and 2", "'c'");
    n = node("r", "LeakyRelu", "x", "y");
    attr_ref(&n, "alpha", "slope", 1);
    g = one_node(&n, ONNX_DIMS(4));
    m = model(&g, 13);
    refuses(&m, ZURT_E_FORMAT, "'alpha' stands for one of a function's call", "'r'");
}

/* 4 KiB in the file, in the memory for every call: a small file must not ask for gigabytes. */
static void bounds_what_the_constants_of_functions_cost(void **state)
{
    (void)state;
    enum { LEVELS = 9 };
    static function chain[LEVELS];
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    static uint8_t big[4096];
    message value = {0}, c = node("", "Constant", "", "k"), sum = node("", "Size", "k", "e");
    message t = tensor("", U8, ONNX_DIMS(4096), big, sizeof(big));
    put_text(&value, 1, "value");
    put_message(&value, 5, &t);
    put_message(&c, 5, &value);
    for (int k = 0; k < LEVELS; k++) {
        char name[8], next[8];
        snprintf(name, sizeof(name), "f%d", k);
        snprintf(next, sizeof(next), "f%d", k + 1);
        chain[k] = make_function(name, 1, names, "e");
        for (int i = 0; i < 4 && k + 1 < LEVELS; i++) {
            message step = call("", next, names[i], names[i + 1]);
            body(&chain[k], &step);
        }
    }
    body(&chain[LEVELS - 1], &c);
    body(&chain[LEVELS - 1], &sum);
    message n = call("start", "f0", "x", "y"), g = one_node(&n, ONNX_DIMS(1));
    message m = with_functions(&g, LEVELS, chain);
    refuses(&m, ZURT_E_LIMIT, "constants that are computed or repeated", "'start'");
}

static void refuses_functions_without_end(void **state)
{
    (void)state;
    function a = make_function("f0", 1, ab, "r"), b = make_function("f1", 1, ab, "r");
    message to_b = call("", "f1", "a", "r"), to_a = call("", "f0", "a", "r");
    message n = call("start", "f0", "x", "y"), g = one_node(&n, ONNX_DIMS(1));
    body(&a, &to_a);
    message m = with_functions(&g, 1, &a);
    refuses(&m, ZURT_E_FORMAT, "its function calls itself", "'start'");
    a = make_function("f0", 1, ab, "r");
    body(&a, &to_b);
    body(&b, &to_a);
    const function both[2] = {a, b};
    m = with_functions(&g, 2, both);
    refuses(&m, ZURT_E_FORMAT, "its function calls itself", "'start'");

    // every function calls the next one four times: 4^12 nodes
    enum { LEVELS = 12 };
    static function chain[LEVELS];
    for (int k = 0; k < LEVELS; k++) {
        char name[8], next[8];
        snprintf(name, sizeof(name), "f%d", k);
        snprintf(next, sizeof(next), "f%d", k + 1);
        chain[k] = make_function(name, 1, ab, "e");
        static const char *const names[] = {"a", "b", "c", "d", "e"};
        for (int i = 0; i < 4; i++) {
            message step = k + 1 < LEVELS ? call("", next, names[i], names[i + 1])
                                          : node("", "Identity", names[i], names[i + 1]);
            body(&chain[k], &step);
        }
    }
    m = with_functions(&g, LEVELS, chain);
    refuses(&m, ZURT_E_LIMIT, "as its functions and branches are put in place", "'start'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_branch_that_a_constant_chooses),
        cmocka_unit_test(follows_branches_in_branches),
        cmocka_unit_test(refuses_what_is_chosen_at_run_time),
        cmocka_unit_test(refuses_boxes_that_cross_scopes),
        cmocka_unit_test(puts_functions_in_place),
        cmocka_unit_test(leaves_out_what_a_call_leaves_out),
        cmocka_unit_test(bounds_what_the_constants_of_functions_cost),
        cmocka_unit_test(refuses_functions_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
