/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that the importer composes or moves, on constants: the import folds them, and what is
 * left must be the numbers that were worked out here by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "import/onnx/onnx_import.h"
#include "support/onnx_writer.h"

typedef struct folded {
    zurt_ctx *ctx;
    zi_graph *g;
    zurt_status st;
} folded;

static folded fold(const message *graph, int64_t opset)
{
    folded f = {0};
    size_t nodes;
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    message m = model(graph, opset);
    assert_int_equal(zurt_ctx_create(NULL, &f.ctx), ZURT_OK);
    f.st = zc_onnx_import(f.ctx, (zi_bytes){m.bytes, m.n}, &options, &f.g, &nodes);
    return f;
}

static void done(folded *f)
{
    zi_graph_destroy(f->g);
    zurt_ctx_destroy(f->ctx);
}

/* Output i, which all nodes were folded into: the one that is left only gives it a name. */
static const zi_tensor *result(const folded *f, size_t i)
{
    if (f->st)
        fail_msg("%s", zurt_ctx_error(f->ctx));
    zi_id id = f->g->outputs[i];
    for (size_t k = 0; k < f->g->n_nodes; k++) {
        const zi_node *n = &f->g->nodes[k];
        if (n->out[0] == id && n->op == ZI_OP_Reshape)
            return &f->g->tensors[n->in[0]];
    }
    fail_msg("output %zu is not folded", i);
    return NULL;
}

/* Output i is a constant of this shape and these bytes, floats within 1e-6 relative. */
static void is(const folded *f, size_t i, zurt_dtype dtype, int n_dims, const int64_t *dims,
               const void *values)
{
    const zi_tensor *t = result(f, i);
    assert_int_equal(t->dtype, dtype);
    assert_int_equal(t->rank, n_dims);
    for (int d = 0; d < n_dims; d++)
        assert_int_equal(t->dims[d], dims[d]);
    assert_non_null(t->data);
    size_t n = zi_tensor_elems(t);
    for (size_t k = 0; k < n && dtype == ZURT_F32; k++) {
        float got = ((const float *)t->data)[k], want = ((const float *)values)[k];
        if (!(fabsf(got - want) <= 1e-6f * (1.0f + fabsf(want))))
            fail_msg("[%zu] is %g, not %g", k, (double)got, (double)want);
    }
    if (dtype != ZURT_F32 && n)
        assert_memory_equal(t->data, values, zi_tensor_bytes(t));
}

static void refused(const message *graph, int64_t opset, zurt_status st, const char *text)
{
    folded f = fold(graph, opset);
    if (f.st != st || !strstr(zurt_ctx_error(f.ctx), text))
        fail_msg("%s: '%s'", zurt_status_name(f.st), zurt_ctx_error(f.ctx));
    done(&f);
}

#define FLOATS(...)                                                                                \
    (const float[])                                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define INTS(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void give_f32(message *g, const char *name, int n_dims, const int64_t *dims, const float *v)
{
    size_t n = 1;
    for (int i = 0; i < n_dims; i++)
        n *= (size_t)dims[i];
    message t = tensor(name, F32, n_dims, dims, v, n * sizeof(*v));
    add_initializer(g, &t);
}

static void give_s64(message *g, const char *name, int n_dims, const int64_t *dims,
                     const int64_t *v)
{
    size_t n = 1;
    for (int i = 0; i < n_dims; i++)
        n *= (size_t)dims[i];
    message t = tensor(name, S64, n_dims, dims, v, n * sizeof(*v));
    add_initializer(g, &t);
}

/* ---- masks ---------------------------------------------------------------------------------- */

static void tells_nan_and_infinities(void **state)
{
    (void)state;
    static const struct {
        const char *op, *off;
        uint8_t expected[5];
    } cases[] = {{"IsNaN", NULL, {0, 0, 0, 1, 0}},
                 {"IsInf", NULL, {0, 1, 1, 0, 0}},
                 {"IsInf", "detect_negative", {0, 1, 0, 0, 0}},
                 {"IsInf", "detect_positive", {0, 0, 1, 0, 0}}};
    for (size_t i = 0; i < 4; i++) {
        message g = {0}, n = node("n", cases[i].op, "x", "y");
        if (cases[i].off)
            attr_int(&n, cases[i].off, 0);
        give_f32(&g, "x", ONNX_DIMS(5), FLOATS(1.0f, INFINITY, -INFINITY, NAN, -3e38f));
        add_node(&g, &n);
        add_output(&g, "y");
        folded f = fold(&g, 13);
        is(&f, 0, ZURT_BOOL, ONNX_DIMS(5), cases[i].expected);
        done(&f);
    }
}

static void hardmax_marks_the_first_largest(void **state)
{
    (void)state;
    const float *rows = FLOATS(1, 3, 3, /**/ 2, 0, -1);
    message g = {0}, n = node("n", "Hardmax", "x", "y");
    attr_int(&n, "axis", -1);
    give_f32(&g, "x", ONNX_DIMS(2, 3), rows);
    add_node(&g, &n);
    add_output(&g, "y");
    folded f = fold(&g, 13);
    is(&f, 0, ZURT_F32, ONNX_DIMS(2, 3), FLOATS(0, 1, 0, 1, 0, 0));
    done(&f);
    message old = {0}, whole = node("n", "Hardmax", "x", "y"); // before 13: axes 0 and 1 are one
    attr_int(&whole, "axis", 0);
    give_f32(&old, "x", ONNX_DIMS(2, 3), rows);
    add_node(&old, &whole);
    add_output(&old, "y");
    f = fold(&old, 11);
    is(&f, 0, ZURT_F32, ONNX_DIMS(2, 3), FLOATS(0, 1, 0, 0, 0, 0));
    done(&f);
}

static void one_hot_counts_from_the_end_too(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        message g = {0}, n = node("n", "OneHot", "i depth values", "y");
        attr_int(&n, "axis", first ? 0 : -1);
        give_s64(&g, "i", ONNX_DIMS(2), INTS(1, -1));
        give_s64(&g, "depth", 0, NULL, INTS(3));
        give_f32(&g, "values", ONNX_DIMS(2), FLOATS(0.5f, 2));
        add_node(&g, &n);
        add_output(&g, "y");
        folded f = fold(&g, 11);
        if (first)
            is(&f, 0, ZURT_F32, ONNX_DIMS(3, 2), FLOATS(.5f, .5f, 2, .5f, .5f, 2));
        else
            is(&f, 0, ZURT_F32, ONNX_DIMS(2, 3), FLOATS(.5f, 2, .5f, .5f, .5f, 2));
        done(&f);
    }
}

static void trilu_keeps_one_side(void **state)
{
    (void)state;
    static const struct {
        int64_t upper, k;
        float expected[6];
    } cases[] = {{1, 0, {1, INFINITY, 3, 0, 5, 6}},
                 {1, 1, {0, INFINITY, 3, 0, 0, 6}},
                 {0, 0, {1, 0, 0, 4, 5, 0}},
                 {0, -1, {0, 0, 0, 4, 0, 0}},
                 {1, INT64_MAX, {0}},
                 {0, INT64_MIN, {0}}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        message g = {0}, n = node("n", "Trilu", "x k", "y");
        attr_int(&n, "upper", cases[i].upper);
        give_f32(&g, "x", ONNX_DIMS(1, 2, 3), FLOATS(1, INFINITY, 3, 4, 5, 6));
        give_s64(&g, "k", 0, NULL, &cases[i].k);
        add_node(&g, &n);
        add_output(&g, "y");
        folded f = fold(&g, 14);
        assert_memory_equal(result(&f, 0)->data, cases[i].expected, sizeof(cases[i].expected));
        done(&f);
    }
}

static void shrink_moves_both_tails(void **state)
{
    (void)state;
    message g = {0}, n = node("n", "Shrink", "x", "y");
    attr_float(&n, "lambd", 1.5f);
    attr_float(&n, "bias", 0.25f);
    give_f32(&g, "x", ONNX_DIMS(5), FLOATS(-2, -1.5f, 0, 1.5f, 3));
    add_node(&g, &n);
    add_output(&g, "y");
    folded f = fold(&g, 9);
    is(&f, 0, ZURT_F32, ONNX_DIMS(5), FLOATS(-1.75f, 0, 0, 0, 2.75f));
    done(&f);
}

/* ---- normalisation -------------------------------------------------------------------------- */

/* Two groups of two channels; each group's four values are a +- b: standardised they are +-1. */
static void group_norm_takes_both_forms_of_its_scale(void **state)
{
    (void)state;
    for (int per_channel = 0; per_channel < 2; per_channel++) {
        message g = {0}, n = node("n", "GroupNormalization", "x scale bias", "y");
        attr_int(&n, "num_groups", 2);
        attr_float(&n, "epsilon", 0.0f);
        give_f32(&g, "x", ONNX_DIMS(1, 4, 1, 2), FLOATS(1, 3, 3, 1, 10, 30, 10, 30));
        if (per_channel) {
            give_f32(&g, "scale", ONNX_DIMS(4), FLOATS(1, 2, 3, 4));
            give_f32(&g, "bias", ONNX_DIMS(4), FLOATS(0, 10, 0, 0));
        } else {
            give_f32(&g, "scale", ONNX_DIMS(2), FLOATS(1, 2));
            give_f32(&g, "bias", ONNX_DIMS(2), FLOATS(0, 10));
        }
        add_node(&g, &n);
        add_output(&g, "y");
        folded f = fold(&g, per_channel ? 21 : 18);
        is(&f, 0, ZURT_F32, ONNX_DIMS(1, 4, 1, 2),
           per_channel ? FLOATS(-1, 1, 12, 8, -3, 3, -4, 4) : FLOATS(-1, 1, 1, -1, 8, 12, 8, 12));
        done(&f);
        if (!per_channel)
            refused(&g, 21, ZURT_E_FORMAT, "must be [4] float");
    }
}

/* size 2: a channel and the one behind it; size 3: one on each side. */
static void lrn_looks_at_its_neighbours(void **state)
{
    (void)state;
    for (int64_t size = 2; size <= 3; size++) {
        message g = {0}, n = node("n", "LRN", "x", "y");
        attr_int(&n, "size", size);
        attr_float(&n, "alpha", (float)size);
        attr_float(&n, "beta", 1.0f);
        attr_float(&n, "bias", 1.0f);
        give_f32(&g, "x", ONNX_DIMS(1, 3, 1), FLOATS(1, 2, 3));
        add_node(&g, &n);
        add_output(&g, "y");
        folded f = fold(&g, 13);
        is(&f, 0, ZURT_F32, ONNX_DIMS(1, 3, 1),
           size == 2 ? FLOATS(1.0f / 6, 2.0f / 14, 3.0f / 10)
                     : FLOATS(1.0f / 6, 2.0f / 15, 3.0f / 14));
        done(&f);
    }
}

static void mean_variance_norm_gives_zero_for_equal_values(void **state)
{
    (void)state;
    message g = {0}, n = node("n", "MeanVarianceNormalization", "x", "y");
    give_f32(&g, "x", ONNX_DIMS(1, 2, 1, 2), FLOATS(5, 5, 1, 3));
    add_node(&g, &n);
    add_output(&g, "y");
    folded f = fold(&g, 13);
    is(&f, 0, ZURT_F32, ONNX_DIMS(1, 2, 1, 2), FLOATS(0, 0, -1, 1));
    done(&f);
}

static void rms_and_lp_norms(void **state)
{
    (void)state;
    static const struct {
        const char *op, *in;
        int64_t p;
        float expected[4];
    } cases[] = {{"RMSNormalization", "x scale", 0, {1.2f, 3.2f, 0, 0}},
                 {"LpNormalization", "x", 2, {0.6f, 0.8f, 0, 0}},
                 {"LpNormalization", "x", 1, {3.0f / 7, 4.0f / 7, 0, 0}}};
    for (size_t i = 0; i < 3; i++) {
        message g = {0}, n = node("n", cases[i].op, cases[i].in, "y");
        if (cases[i].p)
            attr_int(&n, "p", cases[i].p);
        else
            attr_float(&n, "epsilon", 12.5f); // with the mean, 25 of the first row
        give_f32(&g, "x", ONNX_DIMS(2, 2), FLOATS(3, 4, 0, 0));
        give_f32(&g, "scale", ONNX_DIMS(2), FLOATS(2, 4));
        add_node(&g, &n);
        add_output(&g, "y");
        folded f = fold(&g, 23);
        is(&f, 0, ZURT_F32, ONNX_DIMS(2, 2), cases[i].expected);
        done(&f);
    }
}

static void eye_like_moves_its_diagonal(void **state)
{
    (void)state;
    message g = {0}, n = node("n", "EyeLike", "x", "y");
    attr_int(&n, "k", -1);
    attr_int(&n, "dtype", S64);
    give_f32(&g, "x", ONNX_DIMS(3, 2), FLOATS(9, 9, 9, 9, 9, 9));
    add_node(&g, &n);
    add_output(&g, "y");
    folded f = fold(&g, 9);
    is(&f, 0, ZURT_S64, ONNX_DIMS(3, 2), INTS(0, 0, 1, 0, 0, 1));
    done(&f);
}

/* ---- NonMaxSuppression ----------------------------------------------------------------------- */

/* Two boxes that overlap by half, and one apart; `reader` reads the indices. */
static message nms_graph(const message *reader)
{
    message g = {0}, n = node("n", "NonMaxSuppression", "boxes scores most iou", "found");
    give_f32(&g, "boxes", ONNX_DIMS(1, 3, 4), FLOATS(0, 0, 2, 2, 0, 0, 2, 3, 5, 5, 6, 6));
    give_f32(&g, "scores", ONNX_DIMS(1, 1, 3), FLOATS(0.5f, 0.75f, 0.25f));
    give_s64(&g, "most", ONNX_DIMS(1), INTS(5));
    give_f32(&g, "iou", ONNX_DIMS(1), FLOATS(0.5f));
    give_s64(&g, "two", ONNX_DIMS(1), INTS(2));
    add_node(&g, &n);
    if (reader)
        add_node(&g, reader);
    add_output(&g, reader ? "y" : "found");
    return g;
}

static void nms_pads_what_was_not_found(void **state)
{
    (void)state;
    message g = nms_graph(NULL);
    folded f = fold(&g, 11);
    is(&f, 0, ZURT_S64, ONNX_DIMS(3, 3), INTS(0, 0, 1, 0, 0, 2, -1, -1, -1));
    done(&f);
    message columns = node("c", "Gather", "found two", "y");
    attr_int(&columns, "axis", 1);
    g = nms_graph(&columns);
    f = fold(&g, 11);
    is(&f, 0, ZURT_S64, ONNX_DIMS(3, 1), INTS(1, 2, -1));
    done(&f);
}

static void nms_refuses_readers_that_need_the_count(void **state)
{
    (void)state;
    const message readers[] = {
        node("r", "Gather", "found two", "y"),    // rows
        node("r", "Gather", "scores found", "y"), // by the boxes found
        node("r", "Shape", "found", "y"),
    };
    for (size_t i = 0; i < 3; i++) {
        message g = nms_graph(&readers[i]);
        refused(&g, 11, ZURT_E_UNSUPPORTED, "known only at run time; make the indices an output");
    }
}

/* ---- recurrent ------------------------------------------------------------------------------- */

/* h = tanh(x) for two steps of one. `lengths` and `function` as the model says them. */
static message rnn_graph(int32_t lengths, const char *function)
{
    message g = {0}, n = node("n", "RNN", "x w r - lengths", "all y"), a = {0};
    const float zero = 0;
    attr_int(&n, "hidden_size", 1);
    put_text(&a, 1, "activations");
    put_text(&a, 9, function);
    put_int(&a, 20, 8);
    put_message(&n, 5, &a);
    give_f32(&g, "x", ONNX_DIMS(2, 1, 1), FLOATS(5, 0.5f));
    give_f32(&g, "w", ONNX_DIMS(1, 1, 1), FLOATS(1));
    give_f32(&g, "r", ONNX_DIMS(1, 1, 1), &zero);
    message t = tensor("lengths", S32, ONNX_DIMS(1), &lengths, 4);
    add_initializer(&g, &t);
    add_node(&g, &n);
    add_output(&g, "y");
    return g;
}

static void recurrent_takes_whole_sequences_and_stated_functions(void **state)
{
    (void)state;
    message g = rnn_graph(2, "tanh");
    folded f = fold(&g, 14);
    is(&f, 0, ZURT_F32, ONNX_DIMS(1, 1, 1), FLOATS(0.46211716f));
    done(&f);
    g = rnn_graph(1, "Tanh");
    refused(&g, 14, ZURT_E_UNSUPPORTED, "sequence_lens is not 2");
    g = rnn_graph(2, "Affine");
    refused(&g, 14, ZURT_E_UNSUPPORTED, "no common default");
    g = rnn_graph(2, "Swish");
    refused(&g, 14, ZURT_E_FORMAT, "unknown activation 'Swish'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_nan_and_infinities),
        cmocka_unit_test(hardmax_marks_the_first_largest),
        cmocka_unit_test(one_hot_counts_from_the_end_too),
        cmocka_unit_test(trilu_keeps_one_side),
        cmocka_unit_test(shrink_moves_both_tails),
        cmocka_unit_test(group_norm_takes_both_forms_of_its_scale),
        cmocka_unit_test(lrn_looks_at_its_neighbours),
        cmocka_unit_test(mean_variance_norm_gives_zero_for_equal_values),
        cmocka_unit_test(rms_and_lp_norms),
        cmocka_unit_test(eye_like_moves_its_diagonal),
        cmocka_unit_test(nms_pads_what_was_not_found),
        cmocka_unit_test(nms_refuses_readers_that_need_the_count),
        cmocka_unit_test(recurrent_takes_whole_sequences_and_stated_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
