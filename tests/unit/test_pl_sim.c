/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation port: ranges, order and cache rules. */
#include "backend/pl/pl_sim.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/ctx_fixture.h"
#include "support/pl_fixture.h"
#include "support/test_allocator.h"

static const zi_pl_engine *engine(void)
{
    static zi_pl_engine e;
    e = (zi_pl_engine){zt_pl_caps(), zk_engine_test, NULL};
    return &e;
}

static zt_pl open_sim(zurt_ctx *ctx, const char *faults)
{
    zt_pl pl = {.ctx = ctx};
    const zi_pl_config config = {.engine = engine(), .faults = faults};
    assert_int_equal(zi_pl_open_sim(ctx, &config, &pl.device), ZURT_OK);
    assert_int_equal(zt_pl_prepare(&pl), ZURT_OK);
    return pl;
}

static void computes_on_the_device_side(void **state)
{
    zt_pl pl = open_sim(*state, "");
    assert_string_equal(zi_pl_caps(pl.device)->name, "test");
    assert_string_equal(zi_pl_note(pl.device), "");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(zt_pl_launch(&pl, 5000), ZURT_OK);
        assert_int_equal(zt_pl_differences(&pl), 0);
    }
    zt_pl_finish(&pl);
}

static void a_range_not_given_back_is_not_seen(void **state)
{
    zt_pl pl = open_sim(*state, "");
    void *p;
    // written beyond the range that is given back: the device keeps the old bytes
    assert_int_equal(zi_buf_cpu_begin(pl.weights[0], 0, 64, ZI_WRITE, &p, pl.error), ZURT_OK);
    memset(p, 1, 64);
    ((int8_t *)p)[64] = 100;
    assert_int_equal(zi_buf_cpu_end(pl.weights[0], 0, 64, ZI_WRITE, pl.error), ZURT_OK);
    assert_int_equal(zt_pl_launch(&pl, 5000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), 0);
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

static void cpu_access_outside_its_pair_faults(void **state)
{
    zt_pl pl = open_sim(*state, "");
    int after = touch(&pl, false);
    assert_true(WIFSIGNALED(after) && WTERMSIG(after) == SIGSEGV);
    int wrote = touch(&pl, true);
    assert_true(WIFSIGNALED(wrote) && WTERMSIG(wrote) == SIGSEGV);
    zt_pl_finish(&pl);
}

static void refuses_wrong_ranges_and_order(void **state)
{
    zt_pl pl = open_sim(*state, "");
    void *p;
    assert_int_equal(zi_buf_cpu_begin(pl.act, 8, 8, ZI_READ, &p, pl.error), ZURT_E_ARG);
    assert_null(p);
    assert_int_equal(zi_buf_cpu_begin(pl.act, 64, SIZE_MAX, ZI_READ, &p, pl.error), ZURT_E_ARG);
    assert_int_equal(zi_buf_cpu_begin(pl.act, 2 * ZT_PL_BYTES + 64, 0, ZI_READ, &p, pl.error),
                     ZURT_E_ARG);
    assert_int_equal(zi_buf_cpu_end(pl.act, 0, 64, ZI_READ, pl.error), ZURT_E_INTERNAL);
    assert_int_equal(zi_pl_run_wait(pl.run, 10, pl.error), ZURT_E_ARG);
    const zi_pl_launch missing = {.steps = pl.steps, .n_segments = 1};
    assert_int_equal(zi_pl_run_start(pl.run, &missing, pl.error), ZURT_E_ARG);

    assert_int_equal(zi_buf_cpu_begin(pl.steps, 0, 16, ZI_READ_WRITE, &p, pl.error), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_E_INTERNAL);
    assert_non_null(strstr(pl.error, "CPU still writes"));
    assert_int_equal(zi_buf_cpu_end(pl.steps, 0, 16, ZI_READ_WRITE, pl.error), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_E_ARG); // in flight
    assert_int_equal(zi_pl_run_wait(pl.run, 5000, pl.error), ZURT_OK);
    zi_buf *none;
    assert_int_equal(zi_buf_create(pl.ctx, pl.device, 0, &none), ZURT_E_ARG);
    assert_int_equal(zi_buf_import(pl.ctx, pl.device, 1, &none), ZURT_E_UNSUPPORTED);
    int fd;
    assert_int_equal(zi_buf_export(pl.ctx, pl.act, &fd), ZURT_E_UNSUPPORTED);
    zt_pl_finish(&pl);
}

static void runs_queue_in_the_order_of_their_starts(void **state)
{
    enum { RUNS = 6 };
    zt_pl pl = open_sim(*state, "");
    zi_buf *steps[RUNS];
    zi_pl_run *runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        const int32_t step[4] = {ZT_APPEND, 0, RUNS - i, 10 + i};
        void *p;
        assert_int_equal(zi_buf_create(pl.ctx, pl.device, 64, &steps[i]), ZURT_OK);
        assert_int_equal(zi_pl_run_create(pl.ctx, pl.device, &runs[i]), ZURT_OK);
        assert_int_equal(zi_buf_cpu_begin(steps[i], 0, 16, ZI_WRITE, &p, pl.error), ZURT_OK);
        memcpy(p, step, sizeof(step));
        assert_int_equal(zi_buf_cpu_end(steps[i], 0, 16, ZI_WRITE, pl.error), ZURT_OK);
    }
    for (int i = 0; i < RUNS; i++) {
        const zi_pl_launch l = {steps[i],
                                1,
                                {pl.weights[0], pl.weights[1], pl.weights[2], pl.weights[3]},
                                pl.act,
                                pl.act};
        assert_int_equal(zi_pl_run_start(runs[i], &l, pl.error), ZURT_OK);
    }
    for (int i = RUNS - 1; i >= 0; i--)
        assert_int_equal(zi_pl_run_wait(runs[i], 5000, pl.error), ZURT_OK);
    void *p;
    assert_int_equal(zi_buf_cpu_begin(pl.act, 0, 64, ZI_READ, &p, pl.error), ZURT_OK);
    const int8_t want[] = {RUNS, 10, 11, 12, 13, 14, 15};
    assert_memory_equal(p, want, sizeof(want));
    assert_int_equal(zi_buf_cpu_end(pl.act, 0, 64, ZI_READ, pl.error), ZURT_OK);
    for (int i = 0; i < RUNS; i++) {
        zi_pl_run_destroy(runs[i]);
        zi_buf_destroy(steps[i]);
    }
    zt_pl_finish(&pl);
}

static void faults_are_errors_and_the_next_open_works(void **state)
{
    static const struct {
        const char *text;
        zurt_status first, second;
    } cases[] = {
        {"hang:1", ZURT_E_TIMEOUT, ZURT_E_DEVICE},
        {"error:1", ZURT_E_DEVICE, ZURT_E_DEVICE},
        {"hang:2", ZURT_OK, ZURT_E_TIMEOUT},
        {"error:2", ZURT_OK, ZURT_E_DEVICE},
        {"slow", ZURT_OK, ZURT_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zt_pl pl = open_sim(*state, cases[i].text);
        uint32_t limit_ms = cases[i].text[0] == 'h' ? 50 : 10000;
        assert_int_equal(zt_pl_launch(&pl, limit_ms), cases[i].first);
        assert_int_equal(zt_pl_launch(&pl, limit_ms), cases[i].second);
        zt_pl_finish(&pl);
    }
    zt_pl pl = open_sim(*state, "slow:1");
    assert_int_equal(zt_pl_launch(&pl, 20), ZURT_E_TIMEOUT);
    zt_pl_finish(&pl); // waits for the launch, which still writes

    pl = open_sim(*state, "length:1");
    assert_int_equal(zt_pl_launch(&pl, 5000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), UINT32_MAX);
    assert_non_null(strstr(pl.error, "moved 2048 of 4096 bytes"));
    assert_int_equal(zt_pl_start(&pl), ZURT_E_DEVICE);
    zt_pl_finish(&pl);

    pl = open_sim(*state, NULL);
    assert_int_equal(zt_pl_launch(&pl, 5000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), 0);
    zt_pl_finish(&pl);
}

static zi_pl_counts one_bank_met_twice(void)
{
    return (zi_pl_counts){.steps = 1, .iterations = 1, .wrong = 1};
}

static void what_the_engine_counts_wrong_is_an_error(void **state)
{
    zt_pl pl = {.ctx = *state};
    const zi_pl_engine counting = {zt_pl_caps(), zk_engine_test, one_bank_met_twice};
    const zi_pl_config config = {.engine = &counting, .faults = ""};
    assert_int_equal(zi_pl_open_sim(pl.ctx, &config, &pl.device), ZURT_OK);
    assert_int_equal(zt_pl_prepare(&pl), ZURT_OK);
    assert_int_equal(zt_pl_launch(&pl, 5000), ZURT_E_INTERNAL);
    assert_non_null(strstr(pl.error, "counted 1 conflict"));
    zt_pl_finish(&pl);
}

static void reads_fault_texts(void **state)
{
    zurt_ctx *ctx = *state;
    zi_sim_fault f;
    assert_int_equal(zi_sim_fault_parse(ctx, "length:12", &f), ZURT_OK);
    assert_int_equal(f.kind, ZI_SIM_LENGTH);
    assert_int_equal(f.launch, 12);
    assert_int_equal(zi_sim_fault_parse(ctx, "slow", &f), ZURT_OK);
    assert_int_equal(f.launch, 0);
    static const char *const wrong[] = {"hang:", "hang:0", "hang:x", "hang:1x", "fast", ":"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(zi_sim_fault_parse(ctx, wrong[i], &f), ZURT_E_ARG);
}

static void survives_every_refused_allocation(void **state)
{
    (void)state;
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 2; st; n++) { // the first is the ctx itself
        zt_allocator counter = {.refuse_at = n};
        zt_pl pl = {.ctx = zt_ctx_create(&counter, UINT32_MAX)};
        assert_non_null(pl.ctx);
        const zi_pl_config config = {.engine = engine(), .faults = ""};
        st = zi_pl_open_sim(pl.ctx, &config, &pl.device);
        if (!st)
            st = zt_pl_prepare(&pl);
        assert_true(st == ZURT_OK || st == ZURT_E_NOMEM);
        zt_pl_finish(&pl);
        zurt_ctx_destroy(pl.ctx);
        assert_int_equal(counter.n_live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_on_the_device_side),
        cmocka_unit_test(a_range_not_given_back_is_not_seen),
        cmocka_unit_test(cpu_access_outside_its_pair_faults),
        cmocka_unit_test(refuses_wrong_ranges_and_order),
        cmocka_unit_test(runs_queue_in_the_order_of_their_starts),
        cmocka_unit_test(faults_are_errors_and_the_next_open_works),
        cmocka_unit_test(what_the_engine_counts_wrong_is_an_error),
        cmocka_unit_test(reads_fault_texts),
        cmocka_unit_test(survives_every_refused_allocation),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
