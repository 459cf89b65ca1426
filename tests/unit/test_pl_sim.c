/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation port: what every port does, and what it alone has: faults and counts. */
#include "backend/pl/pl_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/ctx_fixture.h"
#include "support/port_suite.h"

static const zi_pl_engine *engine(void)
{
    static zi_pl_engine e;
    e = (zi_pl_engine){zt_pl_caps(), zk_engine_test, NULL};
    return &e;
}

static zurt_status open_engine(zt_pl *pl, const char *faults)
{
    const zi_pl_config config = {.engine = engine(), .faults = faults};
    return zi_pl_open_sim(pl->ctx, &config, &pl->device);
}

static zurt_status open_port(zt_pl *pl, zt_port_fault fault)
{
    static const char *const faults[] = {
        [ZT_PORT_SOUND] = "", [ZT_PORT_HANGS] = "hang:1", [ZT_PORT_FAILS] = "error:1"};
    return open_engine(pl, faults[fault]);
}

static const zt_port sim = {
    .name = "sim",
    .open = open_port,
    .outside = ZT_OUTSIDE_FAULTS,
    .sharing = ZT_SHARE_NOTHING,
    .order = ZT_ORDER_OF_STARTS,
};

static zt_pl open_sim(zurt_ctx *ctx, const char *faults)
{
    zt_pl pl = {.ctx = ctx};
    assert_int_equal(open_engine(&pl, faults), ZURT_OK);
    assert_int_equal(zt_pl_prepare(&pl), ZURT_OK);
    return pl;
}

/* It knows who has a buffer, as no other port does. */
static void what_the_cpu_has_is_not_for_the_device(void **state)
{
    zt_pl pl = open_sim(*state, "");
    void *p;
    assert_int_equal(zi_buf_cpu_end(pl.act, 0, 64, ZI_READ, pl.error), ZURT_E_INTERNAL);
    assert_int_equal(zi_buf_cpu_begin(pl.steps, 0, 16, ZI_READ_WRITE, &p, pl.error), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_E_INTERNAL);
    assert_non_null(strstr(pl.error, "CPU still writes"));
    assert_int_equal(zi_buf_cpu_end(pl.steps, 0, 16, ZI_READ_WRITE, pl.error), ZURT_OK);
    assert_int_equal(zt_pl_launch(&pl, 5000), ZURT_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_cpu_has_is_not_for_the_device),
        cmocka_unit_test(faults_are_errors_and_the_next_open_works),
        cmocka_unit_test(what_the_engine_counts_wrong_is_an_error),
        cmocka_unit_test(reads_fault_texts),
    };
    const int failed = zt_port_suite(&sim);
    return failed + cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
