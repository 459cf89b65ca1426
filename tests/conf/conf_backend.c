/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every back end must do. The suite runs for each row of the device table, and for the
 * accelerators that the tests bring along; a row whose device is absent here is reported as
 * skipped.
 * usage: conf_backend [NAME]    only the back end of that name
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec/session.h"
#include "support/random_graph.h"
#include "support/reference.h"
#include "support/test_allocator.h"
#include "support/test_device.h"
#include "support/toy_backend.h"

// The back end under test.
typedef struct target {
    const char *name;
    zi_accelerators accelerators;
} target;

static target current;

// Held open while its sessions come and go, so that a device is not started for each.
static struct {
    zurt_ctx *ctx;
    const zi_backend_vtable *vtable;
    zi_backend *backend;
} held;

static zurt_ctx *new_ctx(uint32_t cpu_mask)
{
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    options.cpu_mask = cpu_mask;
    zurt_ctx *ctx = NULL;
    assert_int_equal(zurt_ctx_create(&options, &ctx), ZURT_OK);
    return ctx;
}

static bool hold(const zi_backend_vtable *vtable)
{
    const zi_backend_config config = {.threads = 1, .streams = 1, .timeout_ms = 1000};
    held.ctx = new_ctx(0);
    held.vtable = vtable;
    if (!vtable->open(held.ctx, &config, &held.backend))
        return true;
    print_message("%s: skipped: %s\n", vtable->name, zurt_ctx_error(held.ctx));
    return false;
}

static void let_go(void)
{
    if (held.ctx)
        held.vtable->close(held.backend);
    zurt_ctx_destroy(held.ctx);
    held.ctx = NULL;
}

static zi_graph *new_graph(zurt_ctx *ctx, uint64_t seed, zurt_dtype input, uint32_t max_nodes)
{
    zt_source source = zt_source_seed(seed);
    zt_graph_wish wish = {.max_nodes = max_nodes, .input = input, .runnable = true};
    zi_graph *g = zt_random_graph(ctx, &source, &wish, NULL);
    assert_non_null(g);
    if (zi_graph_check(ctx, g))
        fail_msg("seed %llu: %s", (unsigned long long)seed, zurt_ctx_error(ctx));
    return g;
}

static zurt_session *new_session(zurt_ctx *ctx, const zi_graph *g, uint32_t threads,
                                 uint32_t streams, uint32_t profile)
{
    struct zurt_model model = zt_model_of((zi_graph *)g);
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.threads = threads;
    options.streams = streams;
    options.profile = profile;
    zurt_session *s = NULL;
    if (zi_session_create(ctx, &model, &options, &current.accelerators, &s))
        fail_msg("session: %s", zurt_ctx_error(ctx));
    return s;
}

// Runs a graph and compares every output byte with the reference.
static void compare(zurt_ctx *ctx, const zi_graph *g, uint64_t seed, uint32_t threads)
{
    zt_io expected = zt_io_create(g, seed), got = zt_io_create(g, seed);
    if (zt_reference_run(ctx, g, &expected))
        fail_msg("reference: %s", zurt_ctx_error(ctx));
    zurt_session *s = new_session(ctx, g, threads, 1, 0);
    for (int i = 0; i < 2; i++) { // the second run finds the first one's memory
        if (zurt_session_run(s, got.in, g->n_inputs, got.out, g->n_outputs))
            fail_msg("seed %llu: %s", (unsigned long long)seed, zurt_ctx_error(ctx));
        int differs = zt_io_compare(&expected, &got);
        if (differs >= 0) {
            char *text = NULL;
            zi_graph_print(ctx, g, &text);
            fail_msg("seed %llu, %u threads, run %d: output %d differs\n%s",
                     (unsigned long long)seed, (unsigned)threads, i, differs, text ? text : "");
        }
    }
    zurt_session_destroy(s);
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
}

static void results_equal_the_reference(void **state)
{
    (void)state;
    zurt_ctx *ctx = new_ctx(0);
    for (uint64_t seed = 1; seed <= 400; seed++) {
        zi_graph *g = new_graph(ctx, seed, ZURT_DTYPE_NONE, 25);
        compare(ctx, g, seed, 1);
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
}

// Integer kernels give the same bytes in every variant; float ones only to rounding.
static void int8_results_do_not_depend_on_the_cpu(void **state)
{
    (void)state;
    zurt_ctx *ctx = new_ctx(UINT32_MAX);
    for (uint64_t seed = 1; seed <= 400; seed++) {
        zi_graph *g = new_graph(ctx, seed, ZURT_S8, 25);
        bool has_float = false;
        for (size_t i = 0; i < g->n_tensors; i++)
            has_float = has_float || g->tensors[i].dtype == ZURT_F32;
        if (!has_float)
            compare(ctx, g, seed, 1);
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
}

static void results_do_not_depend_on_the_threads(void **state)
{
    (void)state;
    zurt_ctx *ctx = new_ctx(0);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        zt_source source = zt_source_seed(seed);
        zt_graph_wish wish = {.max_nodes = 12, .runnable = true, .large = true};
        zi_graph *g = zt_random_graph(ctx, &source, &wish, NULL);
        assert_non_null(g);
        for (uint32_t threads = 1; threads <= 4; threads++)
            compare(ctx, g, seed, threads);
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
}

// ---- several requests, several sessions

static void requests_in_flight_do_not_disturb_each_other(void **state)
{
    (void)state;
    enum { STREAMS = 3, REQUESTS = 7 };
    zurt_ctx *ctx = new_ctx(0);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        zi_graph *g = new_graph(ctx, seed, ZURT_DTYPE_NONE, 25);
        zt_io expected[REQUESTS], got[REQUESTS];
        uint64_t ticket[REQUESTS];
        for (uint32_t i = 0; i < REQUESTS; i++) {
            expected[i] = zt_io_create(g, seed * 100 + i);
            got[i] = zt_io_create(g, seed * 100 + i);
            assert_int_equal(zt_reference_run(ctx, g, &expected[i]), ZURT_OK);
        }
        zurt_session *s = new_session(ctx, g, 2, STREAMS, 0);
        for (uint32_t i = 0; i < REQUESTS; i++) {
            if (i >= STREAMS)
                assert_int_equal(zurt_session_wait(s, ticket[i - STREAMS], UINT32_MAX), ZURT_OK);
            assert_int_equal(zurt_session_submit(s, got[i].in, g->n_inputs, got[i].out,
                                                 g->n_outputs, &ticket[i]),
                             ZURT_OK);
        }
        for (uint32_t i = REQUESTS; i-- > REQUESTS - STREAMS;) // the last one first
            assert_int_equal(zurt_session_wait(s, ticket[i], UINT32_MAX), ZURT_OK);
        for (uint32_t i = 0; i < REQUESTS; i++) {
            assert_int_equal(zt_io_compare(&expected[i], &got[i]), -1);
            zt_io_destroy(&expected[i]);
            zt_io_destroy(&got[i]);
        }
        zurt_session_destroy(s);
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
}

typedef struct user {
    const zi_graph *graph;
    uint64_t seed;
    int differs;
    zurt_status status;
} user;

// A thread with a ctx and sessions of its own on a model that others use too.
static void *user_main(void *arg)
{
    user *u = arg;
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    options.cpu_mask = 0;
    zurt_ctx *ctx = NULL;
    struct zurt_model model = zt_model_of((zi_graph *)u->graph);
    u->status = zurt_ctx_create(&options, &ctx);
    for (int round = 0; round < 3 && !u->status && u->differs < 0; round++) {
        zt_io expected = zt_io_create(u->graph, u->seed), got = zt_io_create(u->graph, u->seed);
        zurt_session_options session_options = ZURT_SESSION_OPTIONS_INIT;
        session_options.threads = 2;
        zurt_session *s = NULL;
        u->status = zt_reference_run(ctx, u->graph, &expected);
        if (!u->status)
            u->status = zi_session_create(ctx, &model, &session_options, &current.accelerators, &s);
        for (int i = 0; i < 3 && !u->status; i++)
            u->status =
                zurt_session_run(s, got.in, u->graph->n_inputs, got.out, u->graph->n_outputs);
        if (!u->status)
            u->differs = zt_io_compare(&expected, &got);
        zurt_session_destroy(s);
        zt_io_destroy(&expected);
        zt_io_destroy(&got);
    }
    zurt_ctx_destroy(ctx);
    return NULL;
}

static void a_model_serves_sessions_on_several_threads(void **state)
{
    (void)state;
    enum { USERS = 4 };
    zurt_ctx *ctx = new_ctx(0);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        zi_graph *g = new_graph(ctx, seed, ZURT_DTYPE_NONE, 25);
        pthread_t threads[USERS];
        user users[USERS];
        for (uint32_t i = 0; i < USERS; i++) {
            users[i] = (user){.graph = g, .seed = seed + i, .differs = -1};
            assert_int_equal(pthread_create(&threads[i], NULL, user_main, &users[i]), 0);
        }
        for (uint32_t i = 0; i < USERS; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(users[i].status, ZURT_OK);
            assert_int_equal(users[i].differs, -1);
        }
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
}

// ---- profile and memory

static void profile_covers_every_step(void **state)
{
    (void)state;
    zurt_ctx *ctx = new_ctx(0);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        zi_graph *g = new_graph(ctx, seed, ZURT_DTYPE_NONE, 25);
        zt_io io = zt_io_create(g, seed);
        zurt_session *s = new_session(ctx, g, 1, 2, 1);
        for (int i = 0; i < 3; i++)
            assert_int_equal(zurt_session_run(s, io.in, g->n_inputs, io.out, g->n_outputs),
                             ZURT_OK);
        zurt_session_info info;
        assert_int_equal(zurt_session_info_get(s, &info), ZURT_OK);
        assert_int_equal(zurt_session_n_profile(s), info.n_steps);
        uint64_t macs = 0, expected_macs = 0;
        for (size_t i = 0; i < info.n_steps; i++) {
            zurt_profile_entry e;
            assert_int_equal(zurt_session_profile(s, i, &e), ZURT_OK);
            assert_int_equal(e.runs, 3);
            assert_non_null(e.name);
            assert_non_null(e.op);
            assert_true(strcmp(e.device, "cpu") == 0 || strcmp(e.device, current.name) == 0);
            macs += e.macs;
        }
        for (size_t i = 0; i < g->n_nodes; i++)
            expected_macs += zi_node_macs(g, &g->nodes[i]);
        assert_int_equal(macs, expected_macs);
        zurt_session_profile_reset(s);
        for (size_t i = 0; i < info.n_steps; i++) {
            zurt_profile_entry e;
            assert_int_equal(zurt_session_profile(s, i, &e), ZURT_OK);
            assert_int_equal(e.runs, 0);
            assert_int_equal(e.total_ns, 0);
        }
        zurt_session_destroy(s);
        zt_io_destroy(&io);
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
}

static void runs_allocate_nothing(void **state)
{
    (void)state;
    zt_allocator allocator = {0};
    zurt_ctx *ctx = zt_ctx_create(&allocator, 0);
    assert_non_null(ctx);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        zi_graph *g = new_graph(ctx, seed, ZURT_DTYPE_NONE, 25);
        zt_io a = zt_io_create(g, seed), b = zt_io_create(g, seed);
        zurt_session *s = new_session(ctx, g, 2, 2, 1);
        zt_allocator_arm(&allocator, 0);
        for (int i = 0; i < 3; i++) {
            uint64_t first, second;
            assert_int_equal(zurt_session_run(s, a.in, g->n_inputs, a.out, g->n_outputs), ZURT_OK);
            assert_int_equal(zurt_session_submit(s, a.in, g->n_inputs, a.out, g->n_outputs, &first),
                             ZURT_OK);
            assert_int_equal(
                zurt_session_submit(s, b.in, g->n_inputs, b.out, g->n_outputs, &second), ZURT_OK);
            assert_int_equal(zurt_session_wait(s, second, UINT32_MAX), ZURT_OK);
            assert_int_equal(zurt_session_wait(s, first, UINT32_MAX), ZURT_OK);
        }
        assert_int_equal(atomic_load(&allocator.n_requests), 0);
        zurt_session_destroy(s);
        zt_io_destroy(&a);
        zt_io_destroy(&b);
        zi_graph_destroy(g);
    }
    zurt_ctx_destroy(ctx);
    assert_int_equal(atomic_load(&allocator.n_live), 0);
}

static void refused_memory_is_reported_without_a_leak(void **state)
{
    (void)state;
    let_go(); // a session opens the device, with all that this allocates
    zt_allocator allocator = {0};
    zurt_ctx *ctx = zt_ctx_create(&allocator, 0);
    assert_non_null(ctx);
    zi_graph *g = new_graph(ctx, 5, ZURT_DTYPE_NONE, 25);
    struct zurt_model model = zt_model_of(g);
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.threads = 2;
    options.streams = 2;
    options.profile = 1;
    options.fallback = 1;
    const char *xclbin = getenv("ZURT_XCLBIN"); // the name is copied, so it has to be one
    options.xclbin = xclbin ? xclbin : "none";
    size_t live = atomic_load(&allocator.n_live);
    zurt_status st = ZURT_E_NOMEM;
    size_t n = 0;
    while (st) {
        zurt_session *s = (void *)-1;
        zt_allocator_arm(&allocator, ++n);
        st = zi_session_create(ctx, &model, &options, &current.accelerators, &s);
        assert_int_equal(st, zt_allocator_refused(&allocator) ? ZURT_E_NOMEM : ZURT_OK);
        assert_true(st ? s == NULL && zurt_ctx_error(ctx)[0] : s != NULL);
        zurt_session_destroy(s);
        assert_int_equal(atomic_load(&allocator.n_live), live);
    }
    assert_true(n > 20);
    zt_allocator_arm(&allocator, 0);
    zi_graph_destroy(g);
    zurt_ctx_destroy(ctx);
}

static int run_suite(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_equal_the_reference),
        cmocka_unit_test(int8_results_do_not_depend_on_the_cpu),
        cmocka_unit_test(results_do_not_depend_on_the_threads),
        cmocka_unit_test(requests_in_flight_do_not_disturb_each_other),
        cmocka_unit_test(a_model_serves_sessions_on_several_threads),
        cmocka_unit_test(profile_covers_every_step),
        cmocka_unit_test(runs_allocate_nothing),
        cmocka_unit_test(refused_memory_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

// Random graphs are no test of an op that never gets into one.
static int check_coverage(void)
{
    uint32_t used[ZI_OP_LIMIT] = {0};
    zurt_ctx *ctx = NULL;
    if (zurt_ctx_create(NULL, &ctx))
        return 1;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        zt_source source = zt_source_seed(seed);
        zt_graph_wish wish = {.max_nodes = 25, .runnable = true};
        zi_graph_destroy(zt_random_graph(ctx, &source, &wish, used));
    }
    zurt_ctx_destroy(ctx);
    int missing = 0;
    for (uint32_t op = 1; op < ZI_OP_LIMIT; op++) {
        if (!zi_op_get(op) || used[op])
            continue;
        fprintf(stderr, "no random graph has a %s\n", zi_op_name(op));
        missing++;
    }
    return missing;
}

static bool is_wanted(int argc, char **argv, const char *name)
{
    return argc < 2 || strcmp(argv[1], name) == 0;
}

static bool is_known(const char *name, const zi_device_row *rows, size_t n_rows)
{
    bool known = strcmp(name, "test") == 0 || strcmp(name, "toy") == 0;
    for (size_t i = 0; i < n_rows; i++)
        known = known || strcmp(name, rows[i].vtable->name) == 0;
    return known;
}

int main(int argc, char **argv)
{
    size_t n_rows;
    const zi_device_row *rows = zi_device_rows(&n_rows);
    if (argc > 2 || (argc == 2 && !is_known(argv[1], rows, n_rows))) {
        fprintf(stderr, "usage: conf_backend [NAME]\n");
        return 2;
    }
    int failed = check_coverage();
    for (size_t i = 0; i < n_rows; i++) {
        current = (target){rows[i].vtable->name, zi_accelerators_for(rows[i].device)};
        if (is_wanted(argc, argv, current.name) && hold(rows[i].vtable))
            failed += run_suite(current.name);
        let_go();
    }
    zt_device_reset();
    current = (target){"test", {.candidates = {&zt_backend_device}, .n = 1, .required = true}};
    if (is_wanted(argc, argv, current.name))
        failed += run_suite(current.name);
    current = (target){"toy", {.candidates = {&zt_backend_toy}, .n = 1, .required = true}};
    if (is_wanted(argc, argv, current.name)) {
        failed += run_suite(current.name);
        if (atomic_load(&zt_toy.n_commands) == 0) {
            fprintf(stderr, "the toy had nothing to do\n");
            failed++;
        }
    }
    return failed ? 1 : 0;
}
