/* SPDX-License-Identifier: Apache-2.0 */
/* A budget of float: what it buys, what it may cost, and that it can be given back. */
#include <stdio.h>

#include "unit/spread_graph.h"

typedef struct fixture {
    builder b;
    zurt_graph *from, *out;
    zurt_quant_report *report;
    zurt_quant_control control;
} fixture;

/* Not to be split: a pool is behind. */
static fixture setup(void)
{
    fixture f = {.b = builder_make()};
    build(&f.b, VARIANT_POOL_BEHIND);
    assert_int_equal(zc_graph_wrap(f.b.ctx, f.b.g, &f.from), ZURT_OK);
    return f;
}

static void clear(fixture *f)
{
    zurt_quant_report_destroy(f->report);
    zurt_graph_destroy(f->out);
    f->report = NULL;
    f->out = NULL;
}

static void teardown(fixture *f)
{
    clear(f);
    zurt_graph_destroy(f->from);
    zurt_ctx_destroy(f->b.ctx);
}

static void quantise(fixture *f, const zurt_quantize_options *o)
{
    clear(f);
    if (zurt_quantize(f->b.ctx, f->from, o, &f->out, &f->report))
        fail_msg("%s", zurt_ctx_error(f->b.ctx));
    f->control.size = sizeof(f->control);
    assert_int_equal(zurt_quant_report_control(f->report, &f->control), ZURT_OK);
}

static void without_a_budget_nothing_is_kept(void **state)
{
    (void)state;
    fixture f = setup();
    const zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    quantise(&f, &o);
    assert_int_equal(zurt_quant_report_n_kept(f.report), 0);
    assert_true(isnan(f.control.before_db) && isnan(f.control.after_db));
    teardown(&f);
}

static void a_budget_buys_accuracy_within_its_cost(void **state)
{
    (void)state;
    fixture f = setup();
    static const double budgets[] = {1.0, 30.0, 60.0, 100.0};
    double last = 0.0;
    for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
        zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
        o.float_budget = budgets[i];
        quantise(&f, &o);
        assert_true(f.control.share <= budgets[i]);
        assert_true(f.control.after_db >= f.control.before_db);
        if (i == 3)
            assert_true(f.control.after_db > f.control.before_db + 10.0);
        assert_true(f.control.after_db >= last - 1.0);
        last = f.control.after_db;
        for (size_t k = 0; k < zurt_quant_report_n_kept(f.report); k++)
            assert_non_null(zurt_quant_report_kept(f.report, k));
        assert_null(zurt_quant_report_kept(f.report, zurt_quant_report_n_kept(f.report)));
    }
    teardown(&f);
}

static void what_was_kept_can_be_given_back(void **state)
{
    (void)state;
    fixture f = setup();
    zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    void *bytes[2];
    size_t size[2];
    o.float_budget = 60.0;
    quantise(&f, &o);
    assert_int_equal(zurt_emit_zurt_mem(f.b.ctx, f.out, &bytes[0], &size[0]), ZURT_OK);
    const size_t n = zurt_quant_report_n_kept(f.report);
    char names[16][32];
    const char *list[16];
    assert_in_range(n, 1, 16);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "%s", zurt_quant_report_kept(f.report, i));
        list[i] = names[i];
    }
    o.float_budget = 0.0;
    o.keep_float = list;
    o.n_keep_float = n;
    quantise(&f, &o);
    assert_int_equal(zurt_emit_zurt_mem(f.b.ctx, f.out, &bytes[1], &size[1]), ZURT_OK);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    zurt_buffer_free(f.b.ctx, bytes[0]);
    zurt_buffer_free(f.b.ctx, bytes[1]);
    teardown(&f);
}

static void a_target_that_is_met_costs_nothing(void **state)
{
    (void)state;
    fixture f = setup();
    zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    o.float_budget = 100.0;
    o.target_db = 1.0;
    quantise(&f, &o);
    assert_int_equal(zurt_quant_report_n_kept(f.report), 0);
    assert_true(f.control.before_db >= 1.0 && f.control.share <= 0.0);
    teardown(&f);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    fixture f = setup();
    static const double bad[][2] = {
        {-1, 0}, {101, 0}, {(double)NAN, 0}, {10, -1}, {10, (double)NAN}};
    zurt_graph *out;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
        o.float_budget = bad[i][0];
        o.target_db = bad[i][1];
        assert_int_equal(zurt_quantize(f.b.ctx, f.from, &o, &out, NULL), ZURT_E_ARG);
    }
    zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    o.float_budget = 10;
    o.require_int8 = 1;
    assert_int_equal(zurt_quantize(f.b.ctx, f.from, &o, &out, NULL), ZURT_E_ARG);
    zurt_quant_control c = {.size = 3};
    o = options_of(ZURT_CALIB_AUTO);
    quantise(&f, &o);
    assert_int_equal(zurt_quant_report_control(f.report, &c), ZURT_E_ARG);
    assert_int_equal(zurt_quant_report_control(f.report, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_quant_report_control(NULL, &c), ZURT_E_ARG);
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_budget_nothing_is_kept),
        cmocka_unit_test(a_budget_buys_accuracy_within_its_cost),
        cmocka_unit_test(what_was_kept_can_be_given_back),
        cmocka_unit_test(a_target_that_is_met_costs_nothing),
        cmocka_unit_test(wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
