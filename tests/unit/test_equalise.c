/* SPDX-License-Identifier: Apache-2.0 */
/* Factors moved from one convolution into the next: the same values, ranges more alike. */
#include "quantise/equalise.h"
#include "unit/spread_graph.h"

/** What stands between the two convolutions. */
typedef enum between {
    BETWEEN_NOTHING,
    BETWEEN_RELU,
    BETWEEN_RELU6,
    BETWEEN_LEAKY,
    BETWEEN_POOL,
    N_PASSED, /**< those before let factors through */
    BETWEEN_TABLE = N_PASSED,
    BETWEEN_OFFSET_CLAMP, /**< from -1 */
    BETWEEN_OUTPUT,       /**< it is an output of the graph, too */
    N_BETWEEN
} between;

static void build_pair(builder *b, between kind, bool depthwise)
{
    zi_id x = build_input(b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, IN));
    zi_id y = conv(b, "first", x, WIDE, 3, 1);
    zi_node *first = &b->g->nodes[b->g->n_nodes - 1];
    if (kind == BETWEEN_RELU || kind == BETWEEN_RELU6)
        first->clamp_lo = 0.0f;
    if (kind == BETWEEN_RELU6)
        first->clamp_hi = 600.0f;
    if (kind == BETWEEN_OFFSET_CLAMP)
        first->clamp_lo = -1.0f;
    spread(b, y);
    const zi_id written = y;
    if (kind == BETWEEN_LEAKY)
        y = build_op(b, ZI_OP_LeakyRelu, "leaky", ATTR(.unary = {.alpha = 0.1f}), 1, y);
    if (kind == BETWEEN_TABLE)
        y = build_op(b, ZI_OP_Swish, "table", NULL, 1, y);
    if (kind == BETWEEN_POOL)
        y = build_op(b, ZI_OP_MaxPool, "pool",
                     ATTR(.pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}), 1, y);
    y = conv(b, "second", y, depthwise ? WIDE : OUT, 3, depthwise ? WIDE : 1);
    if (!depthwise)
        weigh(b, y);
    build_output(b, y);
    if (kind == BETWEEN_OUTPUT)
        build_output(b, written);
    assert_checked(b);
}

/* Largest over smallest range of the channels that the first convolution writes. */
static double unlikeness(builder *b, const zi_graph *g, const zurt_quantize_options *o)
{
    zc_stats stats;
    float most = 0.0f, least = INFINITY;
    assert_int_equal(zc_stats_collect(b->ctx, g, o, &stats), ZURT_OK);
    for (size_t i = 0; i < g->n_nodes; i++) {
        if (strcmp(g->nodes[i].name, "second"))
            continue;
        const zc_channel_sum *c = &stats.channels[g->nodes[i].in[0]];
        assert_int_equal(c->n_channels, WIDE);
        for (int k = 0; k < WIDE; k++) {
            most = c->reach[k] > most ? c->reach[k] : most;
            least = c->reach[k] < least ? c->reach[k] : least;
        }
    }
    zc_stats_destroy(b->ctx, &stats);
    return (double)most / (double)least;
}

static zi_graph *equalise(builder *b, const zurt_quantize_options *o)
{
    zc_stats stats;
    zi_graph *g;
    assert_int_equal(zc_stats_collect(b->ctx, b->g, o, &stats), ZURT_OK);
    assert_int_equal(zc_equalise(b->ctx, b->g, &stats, o, 0.5, &g), ZURT_OK);
    zc_stats_destroy(b->ctx, &stats);
    return g;
}

static void ranges_are_made_alike(void **state)
{
    (void)state;
    const zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    for (int depthwise = 0; depthwise < 2; depthwise++) {
        for (between kind = 0; kind < N_PASSED; kind++) {
            builder b = builder_make();
            build_pair(&b, kind, depthwise);
            zi_graph *g = equalise(&b, &o);
            assert_non_null(g);
            assert_true(sqnr(&b, g) > 100.0); // what is computed stays
            const double before = unlikeness(&b, b.g, &o), after = unlikeness(&b, g, &o);
            assert_true(before > 30.0);
            assert_true(after < before / 3.0);
            zi_graph_destroy(g);
            builder_free(&b);
        }
    }
}

static void what_factors_do_not_pass_is_left_alone(void **state)
{
    (void)state;
    zurt_quantize_options o = options_of(ZURT_CALIB_AUTO);
    for (between kind = N_PASSED; kind < N_BETWEEN; kind++) {
        builder b = builder_make();
        build_pair(&b, kind, false);
        assert_null(equalise(&b, &o));
        builder_free(&b);
    }
    builder b = builder_make();
    const char *kept = "second";
    build_pair(&b, BETWEEN_RELU, false);
    o.keep_float = &kept;
    o.n_keep_float = 1;
    assert_null(equalise(&b, &o));
    builder_free(&b);
}

static void int8_is_nearer_to_float(void **state)
{
    (void)state;
    builder b = builder_make();
    zurt_graph *from, *out;
    zurt_quant_report *report;
    double db[2];
    build_pair(&b, BETWEEN_RELU, false);
    assert_int_equal(zc_graph_wrap(b.ctx, b.g, &from), ZURT_OK);
    for (int k = 0; k < 2; k++) {
        const zurt_quantize_options o = options_of(k ? ZURT_CALIB_AUTO : ZURT_CALIB_MINMAX);
        assert_int_equal(zurt_quantize(b.ctx, from, &o, &out, &report), ZURT_OK);
        assert_int_equal(zurt_quant_report_is_equalised(report), k);
        db[k] = sqnr(&b, out->g);
        zurt_quant_report_destroy(report);
        zurt_graph_destroy(out);
    }
    assert_true(db[1] > db[0] + 2.0);
    assert_int_equal(zurt_quant_report_is_equalised(NULL), 0);
    zurt_graph_destroy(from);
    zurt_ctx_destroy(b.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_made_alike),
        cmocka_unit_test(what_factors_do_not_pass_is_left_alone),
        cmocka_unit_test(int8_is_nearer_to_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
