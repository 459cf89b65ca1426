/* SPDX-License-Identifier: Apache-2.0 */
/* The XRT port through the real libxrt_coreutil, started by scripts/swemu-env: what every port
 * does, and what it alone has, a process beside it and an xclbin. For tests of several processes:
 * with --once it only computes one result, with --hang it waits for a launch that does not end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/pl/pl_probe.h"
#include "codegen/engine_caps.h"
#include "support/ctx_fixture.h"
#include "support/port_suite.h"

static const zi_pl_config good = {.xclbin = TEST_XCLBIN, .engine_version = 7, .timeout_ms = 10000};

static zurt_status open_port(zt_pl *pl, zt_port_fault fault)
{
    (void)fault;
    return zi_pl_open_xrt(pl->ctx, &good, &pl->device);
}

static zurt_status arm_port(zt_pl *pl, zt_port_fault fault)
{
    return zt_pl_step(pl, fault == ZT_PORT_HANGS ? ZT_HANG : ZT_CRASH, 0, 0);
}

static const zt_port xrt = {
    .name = "xrt",
    .open = open_port,
    .arm = arm_port,
    .outside = ZT_OUTSIDE_STALE,
    .sharing = ZT_SHARE_DEVICE,
    .order = ZT_ORDER_ANY,
    .too_large_bytes = (size_t)8 << 30,
    .too_large_says = "cma=",
};

static zt_pl open_xrt(zurt_ctx *ctx)
{
    zt_pl pl = {.ctx = ctx};
    if (open_port(&pl, ZT_PORT_SOUND) != ZURT_OK)
        fail_msg("open: %s", zurt_ctx_error(ctx));
    if (zt_pl_prepare(&pl) != ZURT_OK)
        fail_msg("prepare: %s%s", zurt_ctx_error(ctx), pl.error);
    return pl;
}

static void computes(zurt_ctx *ctx)
{
    zt_pl pl = open_xrt(ctx);
    assert_int_equal(zt_pl_launch(&pl, 10000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), 0);
    zt_pl_finish(&pl);
}

/* Whether a file of that name is mapped into this process. */
static bool is_mapped(const char *name, char *line, int size)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;
    while (maps && !found && fgets(line, size, maps))
        found = strstr(line, name) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static void runs_through_the_real_library(void **state)
{
    char line[512];
    zt_pl pl = open_xrt(*state);
    assert_true(is_mapped("/libxrt_coreutil.so.2", line, sizeof(line)));
    assert_true(is_mapped("/libxrt_swemu.so.2", line, sizeof(line)));
    assert_int_equal(zt_pl_launch(&pl, 10000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), 0);
    zt_pl_finish(&pl);
}

static void ends_the_device(zurt_ctx *ctx, zt_command command)
{
    zt_pl pl = open_xrt(ctx);
    assert_int_equal(zt_pl_step(&pl, command, 0, 0), ZURT_OK);
    assert_int_equal(zt_pl_launch(&pl, 10000), ZURT_E_DEVICE);
    assert_non_null(strstr(pl.error, "device process has ended"));
    zt_pl_finish(&pl);
    computes(ctx);
}

static void a_device_process_that_ends_is_said(void **state)
{
    ends_the_device(*state, ZT_CRASH);
    ends_the_device(*state, ZT_EXIT);
    ends_the_device(*state, ZT_CRASH);
}

static void a_killed_device_is_an_error(void **state)
{
    zt_pl pl = open_xrt(*state);
    assert_int_equal(zt_pl_step(&pl, ZT_ADD, 1000, 0), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_OK);
    const struct timespec pause = {0, 100000000};
    nanosleep(&pause, NULL);
    assert_int_equal(zi_pl_kill_emulation(), 1);
    assert_int_equal(zi_pl_run_wait(pl.run, 10000, pl.error), ZURT_E_DEVICE);
    zt_pl_finish(&pl);
    computes(*state);
}

static void a_device_killed_while_idle_is_noticed(void **state)
{
    zt_pl pl = open_xrt(*state);
    assert_int_equal(zi_pl_kill_emulation(), 1);
    assert_int_equal(zt_pl_launch(&pl, 10000), ZURT_E_DEVICE);
    zt_pl_finish(&pl);
    computes(*state);
}

/* In the child: nothing of the parent's device can be used, and letting it go does not disturb it,
 * nor does the child's exit. */
static int misuses_the_parent_s_device(zt_pl *pl)
{
    zi_pl_device *device;
    zi_buf *buf;
    if (zi_pl_open_xrt(pl->ctx, &good, &device) != ZURT_E_DEVICE ||
        !strstr(zurt_ctx_error(pl->ctx), "before this process was forked"))
        return 1;
    if (zi_buf_create(pl->ctx, pl->device, 4096, &buf) != ZURT_E_DEVICE ||
        zt_pl_start(pl) != ZURT_E_DEVICE)
        return 2;
    zt_pl_finish(pl);
    return 0;
}

static void a_forked_child_leaves_the_device_alone(void **state)
{
    zt_pl pl = open_xrt(*state);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(30);
        exit(misuses_the_parent_s_device(&pl));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(zt_pl_launch(&pl, 10000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), 0);
    zt_pl_finish(&pl);
    computes(*state);
}

/* The only child of this process. */
static pid_t device_process(void)
{
    char path[64];
    int pid = 0;
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &pid), 1);
    fclose(f);
    return pid;
}

/* Between two sessions nobody is there to notice; the next one opens another. */
static void a_device_killed_between_sessions_is_replaced(void **state)
{
    computes(*state);
    assert_int_equal(zi_pl_kill_emulation(), 1);
    computes(*state);
}

/* Every close of XRT's device would leave a thread behind: it stays open, with its process. */
static void the_device_stays_open_between_sessions(void **state)
{
    computes(*state);
    const pid_t process = device_process();
    computes(*state);
    assert_int_equal(device_process(), process);
    // another xclbin replaces it
    const zi_pl_config config = {.xclbin = KV260_XCLBIN,
                                 .engine_version = zi_caps_builtin("kv260")->engine_version};
    zi_pl_device *device;
    if (zi_pl_open_xrt(*state, &config, &device) != ZURT_OK)
        fail_msg("%s", zurt_ctx_error(*state));
    assert_string_equal(zi_pl_caps(device)->name, "kv260");
    zi_pl_close(device);
    computes(*state);
}

static void a_stopped_device_is_an_error(void **state)
{
    setenv("SWEMU_ANSWER_MS", "300", 1);
    zt_pl pl = open_xrt(*state);
    void *p;
    assert_int_equal(kill(device_process(), SIGSTOP), 0);
    assert_int_equal(zi_buf_cpu_begin(pl.act, 0, 64, ZI_READ, &p, pl.error), ZURT_E_DEVICE);
    zt_pl_finish(&pl);
    computes(*state);
    pl = open_xrt(*state); // and while it is sent more than a socket holds
    zi_buf *large;
    enum { BYTES = 4 << 20 };
    assert_int_equal(zi_buf_create(pl.ctx, pl.device, BYTES, &large), ZURT_OK);
    assert_int_equal(kill(device_process(), SIGSTOP), 0);
    assert_int_equal(zi_buf_cpu_begin(large, 0, BYTES, ZI_WRITE, &p, pl.error), ZURT_OK);
    memset(p, 1, BYTES);
    assert_int_equal(zi_buf_cpu_end(large, 0, BYTES, ZI_WRITE, pl.error), ZURT_E_DEVICE);
    zi_buf_destroy(large);
    zt_pl_finish(&pl);
    unsetenv("SWEMU_ANSWER_MS");
    computes(*state);
}

static void a_hang_leaves_no_process(void **state)
{
    zt_pl pl = open_xrt(*state);
    assert_int_equal(zt_pl_step(&pl, ZT_HANG, 0, 0), ZURT_OK);
    assert_int_equal(zt_pl_launch(&pl, 200), ZURT_E_TIMEOUT);
    zt_pl_finish(&pl);
    assert_int_equal(zi_pl_kill_emulation(), 0); // nothing is left
    computes(*state);
}

static void waits_for_ever(void **state)
{
    zt_pl pl = open_xrt(*state);
    assert_int_equal(zt_pl_step(&pl, ZT_HANG, 0, 0), ZURT_OK);
    assert_int_equal(zt_pl_start(&pl), ZURT_OK);
    print_message("launched\n");
    fflush(stdout);
    assert_int_equal(zi_pl_run_wait(pl.run, 60000, pl.error), ZURT_E_DEVICE);
    zt_pl_finish(&pl);
}

static zurt_status open_with(zurt_ctx *ctx, const char *xclbin, uint32_t engine_version)
{
    zi_pl_device *device = (void *)-1;
    const zi_pl_config config = {.xclbin = xclbin, .engine_version = engine_version};
    zurt_status st = zi_pl_open_xrt(ctx, &config, &device);
    if (st)
        assert_null(device);
    zi_pl_close(device);
    return st;
}

static void copy_part(const char *from, const char *to, size_t bytes)
{
    static char block[1 << 16];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_true(in && out);
    size_t n = fread(block, 1, bytes < sizeof(block) ? bytes : sizeof(block), in);
    assert_int_equal(fwrite(block, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void refuses_wrong_xclbins(void **state)
{
    zurt_ctx *ctx = *state;
    char path[256];
    snprintf(path, sizeof(path), "%s/part.xclbin", getenv("SDACCEL_EM_RUN_DIR"));
    static const size_t sizes[] = {1, 8, 400, 455, 456, 600, 5000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        copy_part(TEST_XCLBIN, path, sizes[i]);
        assert_int_equal(open_with(ctx, path, 7), ZURT_E_FORMAT);
    }
    assert_int_equal(open_with(ctx, NO_TABLE_XCLBIN, 7), ZURT_E_DEVICE);
    assert_non_null(strstr(zurt_ctx_error(ctx), "capability table"));
    assert_int_equal(open_with(ctx, DAMAGED_XCLBIN, 7), ZURT_E_FORMAT);
    assert_non_null(strstr(zurt_ctx_error(ctx), "capability table: damaged"));
    assert_int_equal(open_with(ctx, TEST_XCLBIN, 8), ZURT_E_VERSION);
    assert_int_equal(open_with(ctx, "/nonexistent.xclbin", 7), ZURT_E_IO);
    assert_int_equal(open_with(ctx, "/", 7), ZURT_E_IO);
    computes(ctx);
}

static void refuses_wrong_devices(void **state)
{
    zurt_ctx *ctx = *state;
    zi_pl_device *device;
    zi_pl_config config = good;
    config.device = "0; rm";
    assert_int_equal(zi_pl_open_xrt(ctx, &config, &device), ZURT_E_ARG);
    computes(ctx);
}

/* Opening launches the engine itself, without work. */
static void the_engine_is_packed_with_its_table(void **state)
{
    static const char *const files[] = {KV260_XCLBIN, ZCU104_XCLBIN};
    static const char *const names[] = {"kv260", "zcu104"};
    for (int i = 0; i < 2; i++) {
        const zi_caps *want = zi_caps_builtin(names[i]);
        const zi_pl_config config = {.xclbin = files[i], .engine_version = want->engine_version};
        zi_pl_device *device;
        if (zi_pl_open_xrt(*state, &config, &device) != ZURT_OK)
            fail_msg("%s: %s", names[i], zurt_ctx_error(*state));
        const zi_caps *got = zi_pl_caps(device);
        assert_string_equal(got->name, names[i]);
        assert_int_equal(got->pixel_parallel, want->pixel_parallel);
        assert_int_equal(got->ops[1], want->ops[1]);
        zi_pl_close(device);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest once[] = {cmocka_unit_test(runs_through_the_real_library)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_through_the_real_library),
        cmocka_unit_test(a_device_process_that_ends_is_said),
        cmocka_unit_test(a_killed_device_is_an_error),
        cmocka_unit_test(a_device_killed_while_idle_is_noticed),
        cmocka_unit_test(a_forked_child_leaves_the_device_alone),
        cmocka_unit_test(a_device_killed_between_sessions_is_replaced),
        cmocka_unit_test(the_device_stays_open_between_sessions),
        cmocka_unit_test(a_stopped_device_is_an_error),
        cmocka_unit_test(a_hang_leaves_no_process),
        cmocka_unit_test(refuses_wrong_xclbins),
        cmocka_unit_test(refuses_wrong_devices),
        cmocka_unit_test(the_engine_is_packed_with_its_table),
    };
    const struct CMUnitTest hang[] = {cmocka_unit_test(waits_for_ever)};
    if (argc > 1 && strcmp(argv[1], "--hang") == 0)
        return cmocka_run_group_tests(hang, zt_ctx_setup, zt_ctx_teardown);
    if (argc > 1 && strcmp(argv[1], "--once") == 0)
        return cmocka_run_group_tests(once, zt_ctx_setup, zt_ctx_teardown);
    const int failed = zt_port_suite(&xrt);
    return failed + cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
