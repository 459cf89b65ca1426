/* SPDX-License-Identifier: Apache-2.0 */
/* The cases that every port passes. */
#include "support/port_suite.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/thread.h"
#include "support/ctx_fixture.h"
#include "support/test_allocator.h"

enum { LIMIT_MS = 10000, SHORT_MS = 200, N_RUNS = 6 };

static const zt_port *port;

static zt_pl open_with(zurt_ctx *ctx, zt_port_fault fault)
{
    zt_pl pl = {.ctx = ctx};
    if (port->open(&pl, fault) != ZURT_OK)
        fail_msg("open: %s", zurt_ctx_error(ctx));
    if (zt_pl_prepare(&pl) != ZURT_OK)
        fail_msg("prepare: %s%s", zurt_ctx_error(ctx), pl.error);
    if (fault != ZT_PORT_SOUND && port->arm)
        assert_int_equal(port->arm(&pl, fault), ZURT_OK);
    return pl;
}

static zt_pl open_sound(zurt_ctx *ctx)
{
    return open_with(ctx, ZT_PORT_SOUND);
}

static void launch_computes(zt_pl *pl)
{
    if (zt_pl_launch(pl, LIMIT_MS) != ZURT_OK)
        fail_msg("launch: %s", pl->error);
    assert_int_equal(zt_pl_differences(pl), 0);
}

static void computes(zurt_ctx *ctx)
{
    zt_pl pl = open_sound(ctx);
    launch_computes(&pl);
    zt_pl_finish(&pl);
}

/* ---- opening ---- */

static void computes_again_and_again(void **state)
{
    zt_pl pl = open_sound(*state);
    assert_string_equal(zi_pl_caps(pl.device)->name, "test");
    assert_int_equal(zi_pl_caps(pl.device)->clock_khz, zt_pl_caps()->clock_khz);
    assert_string_equal(zi_pl_note(pl.device), "");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(zt_pl_fill(&pl, pl.act, ZT_PL_BYTES, ZT_PL_BYTES, 0, 0), ZURT_OK);
        launch_computes(&pl);
    }
    zt_pl_finish(&pl);
}

static void opens_again_many_times(void **state)
{
    for (int i = 0; i < 30; i++)
        computes(*state);
}

static void several_are_open_at_once(void **state)
{
    zt_pl a = open_sound(*state);
    zt_pl b = open_sound(*state);
    assert_int_equal(zt_pl_launch(&a, LIMIT_MS), ZURT_OK);
    assert_int_equal(zt_pl_launch(&b, LIMIT_MS), ZURT_OK);
    assert_int_equal(zt_pl_differences(&a), 0);
    zt_pl_finish(&a);
    launch_computes(&b);
    zt_pl_finish(&b);
}

static void *open_and_end(void *arg)
{
    zt_pl *pl = arg;
    const bool open =
        zurt_ctx_create(NULL, &pl->ctx) == ZURT_OK && port->open(pl, ZT_PORT_SOUND) == ZURT_OK;
    return open ? pl : NULL;
}

static void a_device_outlives_the_thread_that_opened_it(void **state)
{
    (void)state;
    pthread_t thread;
    void *opened = NULL;
    zt_pl pl = {0};
    assert_int_equal(pthread_create(&thread, NULL, open_and_end, &pl), 0);
    assert_int_equal(pthread_join(thread, &opened), 0);
    assert_ptr_equal(opened, &pl);
    assert_int_equal(zt_pl_prepare(&pl), ZURT_OK);
    launch_computes(&pl);
    zurt_ctx *ctx = pl.ctx;
    zt_pl_finish(&pl);
    zurt_ctx_destroy(ctx);
}

static void survives_every_refused_allocation(void **state)
{
    (void)state;
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 2; st; n++) { // the first is the ctx itself
        zt_allocator counter = {.refuse_at = n};
        zt_pl pl = {.ctx = zt_ctx_create(&counter, UINT32_MAX)};
        assert_non_null(pl.ctx);
        st = port->open(&pl, ZT_PORT_SOUND);
        if (!st)
            st = zt_pl_prepare(&pl);
        assert_true(st == ZURT_OK || st == ZURT_E_NOMEM);
        zt_pl_finish(&pl);
        zurt_ctx_destroy(pl.ctx);
        assert_int_equal(counter.n_live, 0);
    }
}

/* ---- buffers ---- */

static void only_the_range_given_back_is_seen(void **state)
{
    zt_pl pl = open_sound(*state);
    void *p;
    assert_int_equal(zi_buf_cpu_begin(pl.act, 64, 64, ZI_READ_WRITE, &p, pl.error), ZURT_OK);
    memset(p, 77, 128); // twice the range
    assert_int_equal(zi_buf_cpu_end(pl.act, 64, 64, ZI_READ_WRITE, pl.error), ZURT_OK);
    assert_int_equal(zt_pl_launch(&pl, LIMIT_MS), ZURT_OK);
    assert_int_equal(zi_buf_cpu_begin(pl.act, ZT_PL_BYTES, 256, ZI_READ, &p, pl.error), ZURT_OK);
    assert_int_equal(((int8_t *)p)[64], 77 + 10);
    assert_int_equal(((int8_t *)p)[127], 77 + 10);
    assert_int_equal(((int8_t *)p)[128], 0 + 10); // the device kept the old bytes
    assert_int_equal(zi_buf_cpu_end(pl.act, ZT_PL_BYTES, 256, ZI_READ, pl.error), ZURT_OK);
    zt_pl_finish(&pl);
}

static void what_is_written_alone_is_seen_in_its_range_alone(void **state)
{
    zt_pl pl = open_sound(*state);
    void *p;
    assert_int_equal(zi_buf_cpu_begin(pl.weights[0], 0, 64, ZI_WRITE, &p, pl.error), ZURT_OK);
    memset(p, 1, 64);
    ((int8_t *)p)[64] = 100;
    assert_int_equal(zi_buf_cpu_end(pl.weights[0], 0, 64, ZI_WRITE, pl.error), ZURT_OK);
    launch_computes(&pl);
    zt_pl_finish(&pl);
}

/* Exit status of a child that touches a buffer outside, or beyond, what it was given. */
static int touch(zt_pl *pl, bool write_to_read_only)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        void *p = NULL;
        signal(SIGSEGV, SIG_DFL);
        if (zi_buf_cpu_begin(pl->act, 0, 64, ZI_READ, &p, pl->error) != ZURT_OK)
            _exit(9);
        volatile int8_t *bytes = p;
        if (write_to_read_only)
            bytes[0] = 1;
        if (zi_buf_cpu_end(pl->act, 0, 64, ZI_READ, pl->error) != ZURT_OK)
            _exit(9);
        _exit(bytes[0] == 99);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void access_outside_faults(zt_pl *pl)
{
    const int after = touch(pl, false);
    assert_true(WIFSIGNALED(after) && WTERMSIG(after) == SIGSEGV);
    const int wrote = touch(pl, true);
    assert_true(WIFSIGNALED(wrote) && WTERMSIG(wrote) == SIGSEGV);
}

static void access_outside_is_stale(zt_pl *pl)
{
    void *p;
    assert_int_equal(zi_buf_cpu_begin(pl->act, 0, ZT_PL_BYTES, ZI_READ, &p, pl->error), ZURT_OK);
    assert_int_equal(zi_buf_cpu_end(pl->act, 0, ZT_PL_BYTES, ZI_READ, pl->error), ZURT_OK);
    memset(p, 50, ZT_PL_BYTES); // never given to the device
    launch_computes(pl);        // so this is of the input before

    // the other direction: results that were not fetched
    memset((int8_t *)p + ZT_PL_BYTES, 0, ZT_PL_BYTES);
    assert_int_equal(zt_pl_launch(pl, LIMIT_MS), ZURT_OK);
    assert_int_equal(((volatile int8_t *)p)[ZT_PL_BYTES], 0);
    assert_int_equal(zt_pl_differences(pl), 0);
}

static void a_forgotten_pair_shows(void **state)
{
    zt_pl pl = open_sound(*state);
    switch (port->outside) {
    case ZT_OUTSIDE_FAULTS:
        access_outside_faults(&pl);
        break;
    case ZT_OUTSIDE_STALE:
        access_outside_is_stale(&pl);
        break;
    }
    zt_pl_finish(&pl);
}

static void wrong_ranges_are_refused(void **state)
{
    static const struct {
        size_t offset, bytes;
    } wrong[] = {
        {8, 8},                    // not at a line
        {64, SIZE_MAX},            // the sum wraps
        {2 * ZT_PL_BYTES + 64, 0}, // begins behind the end
        {0, 2 * ZT_PL_BYTES + 1},  // ends behind it
    };
    zt_pl pl = open_sound(*state);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        void *p = &pl;
        assert_int_equal(
            zi_buf_cpu_begin(pl.act, wrong[i].offset, wrong[i].bytes, ZI_READ, &p, pl.error),
            ZURT_E_ARG);
        assert_null(p);
    }
    launch_computes(&pl);
    zt_pl_finish(&pl);
}

static void a_buffer_without_room_is_refused(zt_pl *pl)
{
    zi_buf *buf = (void *)-1;
    assert_int_equal(zi_buf_create(pl->ctx, pl->device, port->too_large_bytes, &buf),
                     ZURT_E_DEVICE);
    assert_null(buf);
    if (!strstr(zurt_ctx_error(pl->ctx), port->too_large_says))
        fail_msg("'%s' does not say '%s'", zurt_ctx_error(pl->ctx), port->too_large_says);
}

static void buffers_that_cannot_be_are_refused(void **state)
{
    zt_pl pl = open_sound(*state);
    zi_buf *buf = (void *)-1;
    int fd;
    assert_int_equal(zi_buf_create(pl.ctx, pl.device, 0, &buf), ZURT_E_ARG);
    assert_null(buf);
    if (port->too_large_bytes)
        a_buffer_without_room_is_refused(&pl);
    assert_int_equal(zi_buf_import(pl.ctx, pl.device, 1, &buf), ZURT_E_UNSUPPORTED);
    assert_int_equal(zi_buf_export(pl.ctx, pl.act, &fd), ZURT_E_UNSUPPORTED);
    launch_computes(&pl); // nothing is lost by that
    zt_pl_finish(&pl);
}

/* ---- runs ---- */

static void wrong_order_is_refused(void **state)
{
    zt_pl pl = open_sound(*state);
    assert_int_equal(zi_pl_run_wait(pl.run, 10, pl.error), ZURT_E_ARG); // not started
    const zi_pl_launch missing = {.steps = pl.steps, .n_epochs = 1};
    assert_int_equal(zi_pl_run_start(pl.run, &missing, pl.error), ZURT_E_ARG);
    assert_int_equal(zt_pl_start(&pl), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_E_ARG); // in flight
    assert_int_equal(zi_pl_run_wait(pl.run, LIMIT_MS, pl.error), ZURT_OK);
    zt_pl_finish(&pl);
}

typedef struct queued {
    zi_buf *steps;
    zi_pl_run *run;
} queued;

/* Appends 10 + i; the later ones take less time, so that the order shows. */
static queued prepare_append(zt_pl *pl, int i)
{
    const int32_t step[4] = {ZT_APPEND, 0, N_RUNS - i, 10 + i};
    queued q;
    void *p;
    assert_int_equal(zi_buf_create(pl->ctx, pl->device, 64, &q.steps), ZURT_OK);
    assert_int_equal(zi_pl_run_create(pl->ctx, pl->device, &q.run), ZURT_OK);
    assert_int_equal(zi_buf_cpu_begin(q.steps, 0, 16, ZI_WRITE, &p, pl->error), ZURT_OK);
    memcpy(p, step, sizeof(step));
    assert_int_equal(zi_buf_cpu_end(q.steps, 0, 16, ZI_WRITE, pl->error), ZURT_OK);
    return q;
}

static void runs_queue(void **state)
{
    static const int8_t in_order[] = {N_RUNS, 10, 11, 12, 13, 14, 15};
    zt_pl pl = open_sound(*state);
    queued q[N_RUNS];
    for (int i = 0; i < N_RUNS; i++)
        q[i] = prepare_append(&pl, i);
    for (int i = 0; i < N_RUNS; i++) {
        const zi_pl_launch l = {
            .steps = q[i].steps,
            .n_epochs = 1,
            .weights = {pl.weights[0], pl.weights[1], pl.weights[2], pl.weights[3]},
            .act_r = pl.act,
            .act_w = pl.act,
        };
        assert_int_equal(zi_pl_run_start(q[i].run, &l, pl.error), ZURT_OK);
    }
    for (int i = N_RUNS - 1; i >= 0; i--)
        assert_int_equal(zi_pl_run_wait(q[i].run, LIMIT_MS, pl.error), ZURT_OK);
    void *p;
    assert_int_equal(zi_buf_cpu_begin(pl.act, 0, 64, ZI_READ, &p, pl.error), ZURT_OK);
    const int8_t *done = p;
    if (port->order == ZT_ORDER_OF_STARTS)
        assert_memory_equal(done, in_order, sizeof(in_order));
    unsigned seen = 0;
    for (int i = 1; i <= N_RUNS; i++)
        seen |= 1u << (done[i] - 10);
    assert_int_equal(done[0], N_RUNS);
    assert_int_equal(seen, (1u << N_RUNS) - 1);
    assert_int_equal(zi_buf_cpu_end(pl.act, 0, 64, ZI_READ, pl.error), ZURT_OK);
    for (int i = 0; i < N_RUNS; i++) {
        zi_pl_run_destroy(q[i].run);
        zi_buf_destroy(q[i].steps);
    }
    zt_pl_finish(&pl);
}

/* ---- failures ---- */

/* Everything on a lost device fails, at once. */
static void is_lost(zt_pl *pl)
{
    void *p;
    zi_buf *buf;
    assert_int_equal(zt_pl_start(pl), ZURT_E_DEVICE);
    assert_int_equal(zi_buf_cpu_begin(pl->act, 0, 64, ZI_READ, &p, pl->error), ZURT_E_DEVICE);
    assert_int_equal(zi_buf_create(pl->ctx, pl->device, 4096, &buf), ZURT_E_DEVICE);
    zi_pl_run *run;
    assert_int_equal(zi_pl_run_create(pl->ctx, pl->device, &run), ZURT_E_DEVICE);
    if (port->sharing == ZT_SHARE_DEVICE) {
        zt_pl other = {.ctx = pl->ctx};
        assert_int_equal(port->open(&other, ZT_PORT_SOUND), ZURT_E_DEVICE);
    }
}

static void a_failed_launch_loses_the_device_and_the_next_open_works(void **state)
{
    for (int i = 0; i < 2; i++) {
        zt_pl pl = open_with(*state, ZT_PORT_FAILS);
        assert_int_equal(zt_pl_launch(&pl, LIMIT_MS), ZURT_E_DEVICE);
        is_lost(&pl);
        zt_pl_finish(&pl);
        computes(*state);
    }
}

static void a_hang_is_a_timeout_and_the_next_open_works(void **state)
{
    zt_pl pl = open_with(*state, ZT_PORT_HANGS);
    const uint64_t start = zi_now_ns();
    assert_int_equal(zt_pl_launch(&pl, SHORT_MS), ZURT_E_TIMEOUT);
    assert_true(zi_now_ns() - start >= SHORT_MS * (uint64_t)1000000);
    assert_non_null(strstr(pl.error, "within 200 ms"));
    is_lost(&pl);
    zt_pl_finish(&pl);
    computes(*state);
}

static void a_launch_that_takes_its_time_is_waited_for(void **state)
{
    zt_pl pl = open_sound(*state);
    assert_int_equal(zt_pl_step(&pl, ZT_ADD, 300, 0), ZURT_OK);
    launch_computes(&pl);
    assert_int_equal(zt_pl_launch(&pl, 20), ZURT_E_TIMEOUT);
    zt_pl_finish(&pl); // though it may still write
    computes(*state);
}

int zt_port_suite(const zt_port *of)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(computes_again_and_again),
        cmocka_unit_test(opens_again_many_times),
        cmocka_unit_test(several_are_open_at_once),
        cmocka_unit_test(a_device_outlives_the_thread_that_opened_it),
        cmocka_unit_test(survives_every_refused_allocation),
        cmocka_unit_test(only_the_range_given_back_is_seen),
        cmocka_unit_test(what_is_written_alone_is_seen_in_its_range_alone),
        cmocka_unit_test(a_forgotten_pair_shows),
        cmocka_unit_test(wrong_ranges_are_refused),
        cmocka_unit_test(buffers_that_cannot_be_are_refused),
        cmocka_unit_test(wrong_order_is_refused),
        cmocka_unit_test(runs_queue),
        cmocka_unit_test(a_failed_launch_loses_the_device_and_the_next_open_works),
        cmocka_unit_test(a_hang_is_a_timeout_and_the_next_open_works),
        cmocka_unit_test(a_launch_that_takes_its_time_is_waited_for),
    };
    port = of;
    print_message("port %s\n", port->name);
    return cmocka_run_group_tests_name(port->name, cases, zt_ctx_setup, zt_ctx_teardown);
}
