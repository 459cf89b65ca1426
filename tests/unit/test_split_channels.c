/* SPDX-License-Identifier: Apache-2.0 */
/* Channels of unlike ranges in groups: the same values, nearer to float in int8. */
#include "quantise/split_channels.h"
#include "unit/spread_graph.h"

static zi_graph *split(builder *b, const zurt_quantize_options *o, size_t *n)
{
    zc_stats stats;
    zi_graph *g;
    assert_int_equal(zc_stats_collect(b->ctx, b->g, o, &stats), ZURT_OK);
    assert_int_equal(zc_split_channels(b->ctx, b->g, &stats, o, &g, n), ZURT_OK);
    zc_stats_destroy(b->ctx, &stats);
    assert_true((g != NULL) == (*n > 0));
    return g;
}

static void what_is_computed_stays_the_same(void **state)
{
    (void)state;
    const zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    for (variant v = 0; v < N_SPLIT; v++) {
        builder b = builder_make();
        size_t n;
        build(&b, v);
        zi_graph *g = split(&b, &o, &n);
        assert_int_equal(n, 1);
        assert_true(sqnr(&b, g) > 110.0); // rounding of sums in another order
        size_t depthwise = 0;
        for (size_t i = 0; i < g->n_nodes; i++)
            depthwise +=
                g->nodes[i].op == ZI_OP_Conv && !strncmp(g->nodes[i].name, "depthwise/", 10);
        assert_in_range(depthwise, 2, 3);
        zi_graph_destroy(g);
        builder_free(&b);
    }
}

static void other_chains_are_left_alone(void **state)
{
    (void)state;
    zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    for (variant v = N_SPLIT; v < N_VARIANTS; v++) {
        builder b = builder_make();
        size_t n;
        build(&b, v);
        assert_null(split(&b, &o, &n));
        builder_free(&b);
    }
    builder b = builder_make();
    const char *kept = "depthwise";
    size_t n;
    build(&b, VARIANT_PLAIN);
    o.keep_float = &kept;
    o.n_keep_float = 1;
    assert_null(split(&b, &o, &n));
    builder_free(&b);
}

static void int8_is_nearer_to_float(void **state)
{
    (void)state;
    builder b = builder_make();
    build(&b, VARIANT_PLAIN);
    zurt_graph *whole;
    double db[2];
    assert_int_equal(zc_graph_wrap(b.ctx, b.g, &whole), ZURT_OK);
    for (int k = 0; k < 2; k++) {
        const zurt_quantize_options o = options_of(k ? ZURT_CALIB_AUTO : ZURT_CALIB_MINMAX);
        zurt_graph *out;
        zurt_quant_report *report;
        assert_int_equal(zurt_quantize(b.ctx, whole, &o, &out, &report), ZURT_OK);
        assert_int_equal(zurt_quant_report_n_split(report), k);
        db[k] = sqnr(&b, out->g);
        zurt_quant_report_destroy(report);
        zurt_graph_destroy(out);
    }
    assert_true(db[1] > db[0] + 3.0);
    assert_int_equal(zurt_quant_report_n_split(NULL), 0);
    zurt_graph_destroy(whole);
    zurt_ctx_destroy(b.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_computed_stays_the_same),
        cmocka_unit_test(other_chains_are_left_alone),
        cmocka_unit_test(int8_is_nearer_to_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
