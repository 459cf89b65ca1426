/* SPDX-License-Identifier: Apache-2.0 */
/* Boards and plans through the public API: what `zurt inspect` shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <zurt/compile.h>

#include "codegen/engine_caps.h"
#include "support/ctx_fixture.h"
#include "support/test_allocator.h"
#include "support/xclbin_builder.h"

/* ---- boards ---- */

static void built_in_boards_have_numbers(void **state)
{
    static const char *const names[] = {"cpu", "kv260", "zcu104"};
    static const uint32_t macs[] = {0, 2048, 3072};
    for (size_t i = 0; i < 3; i++) {
        zurt_board *board;
        zurt_board_info info;
        assert_int_equal(zurt_board_builtin(*state, names[i], &board), ZURT_OK);
        assert_int_equal(zurt_board_info_get(board, &info), ZURT_OK);
        assert_string_equal(info.name, names[i]);
        assert_int_equal(info.macs_per_cycle, macs[i]);
        size_t n = 0;
        while (zurt_board_op(board, n))
            n++;
        assert_int_equal(n > 0, macs[i] > 0);
        if (n)
            assert_string_equal(zurt_board_op(board, 0), "Conv");
        zurt_board_destroy(board);
    }
    zurt_board *board = (zurt_board *)1;
    assert_int_equal(zurt_board_builtin(*state, "zx81", &board), ZURT_E_ARG);
    assert_null(board);
    assert_non_null(strstr(zurt_ctx_error(*state), "kv260, zcu104"));
    assert_int_equal(zurt_board_builtin(*state, NULL, &board), ZURT_E_ARG);
    assert_int_equal(zurt_board_builtin(*state, "cpu", NULL), ZURT_E_ARG);
    assert_int_equal(zurt_board_info_get(NULL, NULL), ZURT_E_ARG);
    assert_null(zurt_board_op(NULL, 0));
    zurt_board_destroy(NULL);
}

/* An xclbin in a file with a table: the status of loading it. */
static zurt_status load_with(zurt_ctx *ctx, const zi_caps *caps, size_t bytes, zurt_board **out)
{
    uint8_t x[ZT_XCLBIN_BYTES];
    char path[] = "/tmp/zurt_board.XXXXXX";
    assert_true(zt_xclbin_build(ctx, x));
    assert_int_equal(zi_caps_encode(ctx, caps, x + ZT_XCLBIN_CAPS_AT), ZURT_OK);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, x, bytes), bytes);
    close(fd);
    zurt_status st = zurt_board_load_xclbin(ctx, path, out);
    unlink(path);
    return st;
}

static void an_xclbin_is_a_board(void **state)
{
    zurt_ctx *ctx = *state;
    zi_caps caps = *zi_caps_builtin("zcu104");
    caps.name = "my board";
    caps.clock_khz = 250000;
    zurt_board *board;
    zurt_board_info info;
    assert_int_equal(load_with(ctx, &caps, ZT_XCLBIN_BYTES, &board), ZURT_OK);
    assert_int_equal(zurt_board_info_get(board, &info), ZURT_OK);
    assert_string_equal(info.name, "my board");
    assert_int_equal(info.clock_khz, 250000);
    assert_int_equal(info.scratchpad_bytes, 16 * caps.scratchpad_words);
    zurt_board_destroy(board);

    assert_int_equal(load_with(ctx, &caps, 500, &board), ZURT_E_FORMAT);
    assert_null(board);
    assert_int_equal(zurt_board_load_xclbin(ctx, "/nonexistent", &board), ZURT_E_IO);
    caps.engine_version++;
    assert_int_equal(load_with(ctx, &caps, ZT_XCLBIN_BYTES, &board), ZURT_E_VERSION);
    caps.engine_version--;
    caps.in_parallel = 8;
    assert_int_equal(load_with(ctx, &caps, ZT_XCLBIN_BYTES, &board), ZURT_E_UNSUPPORTED);
    assert_null(board);
}

/* ---- plans ---- */

static zurt_graph *import(zurt_ctx *ctx, const char *name)
{
    char path[4096];
    const char *source = getenv("ZURT_SOURCE");
    snprintf(path, sizeof(path), "%s/models/%s.onnx", source ? source : ".", name);
    zurt_graph *graph;
    if (zurt_import_onnx_file(ctx, path, NULL, &graph))
        fail_msg("%s", zurt_ctx_error(ctx));
    return graph;
}

static zurt_plan *plan_graph(zurt_ctx *ctx, const zurt_graph *graph, const char *name)
{
    zurt_board *board;
    zurt_plan *plan;
    assert_int_equal(zurt_board_builtin(ctx, name, &board), ZURT_OK);
    if (zurt_graph_plan(ctx, graph, board, &plan))
        fail_msg("%s", zurt_ctx_error(ctx));
    zurt_board_destroy(board); // the plan outlives it
    return plan;
}

/* Noise of a generator that is not the plan's. */
static zurt_status noise(void *self, size_t index, const zurt_span *inputs, size_t n_inputs)
{
    uint32_t *state = self;
    *state += (uint32_t)index;
    for (size_t k = 0; k < n_inputs; k++) {
        float *values = inputs[k].data;
        for (size_t i = 0; i < inputs[k].bytes / sizeof(*values); i++) {
            *state = *state * 1664525u + 1013904223u;
            values[i] = (float)(*state >> 8) / 16777216.0f;
        }
    }
    return ZURT_OK;
}

/* The model as its file says it. */
static zurt_model *compile(zurt_ctx *ctx, const zurt_graph *graph)
{
    uint32_t seed = 1;
    zurt_quantize_options options = ZURT_QUANTIZE_OPTIONS_INIT;
    options.report_sqnr = 0;
    options.sample = noise;
    options.sample_self = &seed;
    options.n_samples = 3;
    zurt_graph *int8;
    char path[] = "/tmp/zurt_inspect.XXXXXX";
    zurt_model *model;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(zurt_quantize(ctx, graph, &options, &int8, NULL), ZURT_OK);
    assert_int_equal(zurt_emit_zurt_file(ctx, int8, path), ZURT_OK);
    assert_int_equal(zurt_model_load_file(ctx, path, &model), ZURT_OK);
    unlink(path);
    zurt_graph_destroy(int8);
    return model;
}

static void assert_same_plan(const zurt_plan *a, const zurt_plan *b)
{
    assert_int_equal(zurt_plan_n_nodes(a), zurt_plan_n_nodes(b));
    for (size_t i = 0; i < zurt_plan_n_nodes(a); i++) {
        zurt_plan_node x, y;
        assert_int_equal(zurt_plan_node_get(a, i, &x), ZURT_OK);
        assert_int_equal(zurt_plan_node_get(b, i, &y), ZURT_OK);
        assert_string_equal(x.name, y.name);
        assert_string_equal(x.op, y.op);
        assert_string_equal(x.device, y.device);
        assert_string_equal(x.reason, y.reason);
        assert_string_equal(x.remedy, y.remedy);
        assert_int_equal(x.cycles, y.cycles);
        assert_int_equal(x.ddr_bytes, y.ddr_bytes);
        assert_int_equal(x.segment, y.segment);
        assert_int_equal(x.cpu_ns, y.cpu_ns);
    }
    zurt_plan_totals s = zurt_plan_totals_get(a), t = zurt_plan_totals_get(b);
    assert_int_equal(s.assumed_scales, 1);
    assert_int_equal(t.assumed_scales, 0);
    s.assumed_scales = 0;
    assert_memory_equal(&s, &t, sizeof(s));
}

static void a_float_model_is_judged_as_its_file(void **state)
{
    static const char *const names[] = {"mnist_small", "mnist_cnn"};
    zurt_ctx *ctx = *state;
    for (size_t i = 0; i < 2; i++) {
        zurt_graph *graph = import(ctx, names[i]);
        zurt_model *model = compile(ctx, graph);
        zurt_plan *before = plan_graph(ctx, graph, "kv260"), *after;
        zurt_board *board;
        assert_int_equal(zurt_board_builtin(ctx, "kv260", &board), ZURT_OK);
        assert_int_equal(zurt_plan_create(ctx, model, board, &after), ZURT_OK);
        assert_same_plan(before, after);
        assert_false(zurt_graph_is_quantized(graph));
        zurt_plan_destroy(before);
        zurt_plan_destroy(after);
        zurt_board_destroy(board);
        zurt_model_destroy(model);
        zurt_graph_destroy(graph);
    }
}

static void totals_are_the_sums_of_the_nodes(void **state)
{
    zurt_graph *graph = import(*state, "mnist_cnn");
    zurt_plan *plan = plan_graph(*state, graph, "zcu104");
    zurt_plan_totals t = zurt_plan_totals_get(plan), sum = {0};
    zurt_plan_node n, previous = {.device = "", .segment = UINT32_MAX};
    uint32_t joined = 0, segments = 0, launches = 0;
    for (size_t i = 0; zurt_plan_node_get(plan, i, &n) == ZURT_OK; i++, previous = n) {
        bool pl = strcmp(n.device, "pl") == 0;
        sum.macs += n.macs;
        sum.pl_macs += pl ? n.macs : 0;
        sum.cycles += n.cycles;
        sum.ddr_bytes += n.ddr_bytes;
        sum.cpu_nodes += !pl;
        sum.cpu_ns += n.cpu_ns;
        assert_true(pl ? n.cpu_ns == 0 : n.cycles == 0);
        assert_true(n.reason[0] != 0);
        if (strncmp(n.reason, "computed with '", 15) == 0) {
            assert_true(pl && n.cycles == 0);
            joined++;
        }
        if (n.segment != previous.segment) {
            assert_int_equal(n.segment, segments++);
            launches += pl;
        }
    }
    assert_int_equal(t.macs, sum.macs);
    assert_int_equal(t.pl_macs, sum.pl_macs);
    assert_int_equal(t.cycles, sum.cycles);
    assert_int_equal(t.ddr_bytes, sum.ddr_bytes);
    assert_int_equal(t.cpu_nodes, sum.cpu_nodes);
    assert_int_equal(t.cpu_ns, sum.cpu_ns);
    assert_int_equal(t.pl_ns, t.cycles * 5); // at 200 MHz
    assert_int_equal(t.low_ns, t.pl_ns + t.launches * 50000 + t.convert_ns + t.cpu_ns / 4);
    assert_true(t.high_ns >= t.pl_ns + t.launches * 200000 + t.convert_ns + t.cpu_ns);
    assert_true(t.convert_ns > 0);
    assert_true(t.device_bytes > t.boundary_bytes);
    assert_int_equal(t.segments, segments);
    assert_int_equal(t.launches, launches);
    assert_true(t.cycles > 0 && joined > 0 && launches > 0);
    assert_true(t.boundary_bytes >= 28 * 28); // the picture, at the least
    assert_int_equal(zurt_plan_node_get(plan, zurt_plan_n_nodes(plan), &n), ZURT_E_ARG);
    zurt_plan_destroy(plan);
    zurt_graph_destroy(graph);
}

static void edges_lead_from_inputs_to_outputs(void **state)
{
    zurt_graph *graph = import(*state, "mnist_cnn");
    zurt_plan *plan = plan_graph(*state, graph, "kv260");
    size_t n = zurt_plan_n_nodes(plan), from_input = 0;
    zurt_plan_node node;
    for (size_t i = 0; zurt_plan_node_get(plan, i, &node) == ZURT_OK; i++) {
        assert_true(node.out_rank >= 1 && node.out_dims[0] == 1);
        if (strcmp(node.op, "Conv") == 0)
            assert_true(node.kernel[0] >= 1 && node.stride[1] >= 1 && node.groups >= 1);
        for (size_t k = 0; k < node.n_inputs; k++) {
            size_t input = zurt_plan_edge_input(plan, i, k), writer = zurt_plan_edge(plan, i, k);
            assert_true(input == SIZE_MAX ? writer < i : writer == SIZE_MAX && input == 0);
            from_input += input == 0;
        }
        assert_int_equal(zurt_plan_edge_input(plan, i, node.n_inputs), SIZE_MAX);
    }
    assert_int_equal(from_input, 1);
    assert_true(zurt_plan_output_node(plan, 0) < n);
    assert_int_equal(zurt_plan_output_node(plan, 1), SIZE_MAX);
    assert_int_equal(zurt_plan_edge_input(NULL, 0, 0), SIZE_MAX);
    zurt_plan_destroy(plan);
    zurt_graph_destroy(graph);
}

/* Every node is in one step of the profile, whichever device has it. */
static void a_session_tells_its_plan(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_graph *graph = import(ctx, "mnist_cnn");
    zurt_model *model = compile(ctx, graph);
    for (int d = 0; d < 2; d++) {
        zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
        options.device = d ? ZURT_DEVICE_SIM : ZURT_DEVICE_CPU;
        options.profile = 1;
        zurt_session *s;
        zurt_plan *plan;
        zurt_session_info info;
        size_t next = 0;
        assert_int_equal(zurt_session_create(ctx, model, &options, &s), ZURT_OK);
        assert_int_equal(zurt_session_plan(s, &plan), ZURT_OK);
        assert_int_equal(zurt_session_info_get(s, &info), ZURT_OK);
        for (size_t i = 0; i < zurt_session_n_profile(s); i++) {
            zurt_profile_entry e;
            assert_int_equal(zurt_session_profile(s, i, &e), ZURT_OK);
            assert_int_equal(e.first_node, next);
            assert_true(e.n_nodes >= 1);
            next += e.n_nodes;
        }
        assert_int_equal(next, zurt_plan_n_nodes(plan));
        assert_int_equal(zurt_plan_totals_get(plan).cycles, info.device_cycles);
        assert_int_equal(zurt_plan_totals_get(plan).launches, info.n_launches);
        assert_int_equal(zurt_session_plan(s, NULL), ZURT_E_ARG);
        zurt_plan_destroy(plan);
        zurt_session_destroy(s);
    }
    zurt_plan *none = (void *)-1;
    assert_int_equal(zurt_session_plan(NULL, &none), ZURT_E_ARG);
    assert_null(none);
    zurt_model_destroy(model);
    zurt_graph_destroy(graph);
}

static void without_a_pl_a_float_model_stays_as_it_is(void **state)
{
    zurt_graph *graph = import(*state, "mnist_small");
    zurt_plan *plan = plan_graph(*state, graph, "cpu");
    zurt_plan_totals t = zurt_plan_totals_get(plan);
    assert_int_equal(t.assumed_scales, 0);
    assert_int_equal(t.cycles, 0);
    assert_int_equal(t.launches, 0);
    assert_int_equal(t.boundary_bytes, 0);
    assert_int_equal(t.cpu_nodes, zurt_graph_n_nodes(graph));
    zurt_plan_destroy(plan);
    zurt_graph_destroy(graph);
}

static void refused_memory_is_reported(void **state)
{
    (void)state;
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        zt_allocator counter = {0};
        zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
        zurt_board *board;
        zurt_plan *plan = NULL;
        assert_non_null(ctx);
        zurt_graph *graph = import(ctx, "mnist_small");
        zt_allocator_arm(&counter, n);
        st = zurt_board_builtin(ctx, "kv260", &board);
        if (!st)
            st = zurt_graph_plan(ctx, graph, board, &plan);
        if (st && st != ZURT_E_NOMEM)
            fail_msg("request %zu: %s", n, zurt_ctx_error(ctx));
        assert_int_equal(st == ZURT_OK, plan != NULL);
        zurt_plan_destroy(plan);
        zurt_board_destroy(board);
        zurt_graph_destroy(graph);
        zurt_ctx_destroy(ctx);
        assert_int_equal(counter.n_live, 0);
        assert_true(n < 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(built_in_boards_have_numbers, zt_ctx_setup,
                                        zt_ctx_teardown),
        cmocka_unit_test_setup_teardown(an_xclbin_is_a_board, zt_ctx_setup, zt_ctx_teardown),
        cmocka_unit_test_setup_teardown(a_float_model_is_judged_as_its_file, zt_ctx_setup,
                                        zt_ctx_teardown),
        cmocka_unit_test_setup_teardown(totals_are_the_sums_of_the_nodes, zt_ctx_setup,
                                        zt_ctx_teardown),
        cmocka_unit_test_setup_teardown(edges_lead_from_inputs_to_outputs, zt_ctx_setup,
                                        zt_ctx_teardown),
        cmocka_unit_test_setup_teardown(a_session_tells_its_plan, zt_ctx_setup, zt_ctx_teardown),
        cmocka_unit_test_setup_teardown(without_a_pl_a_float_model_stays_as_it_is, zt_ctx_setup,
                                        zt_ctx_teardown),
        cmocka_unit_test(refused_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
