/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch on a board that does not end: its buffers stay until XRT says that it has. XRT's
 * functions are ours here, so that the test decides when that is; the engine is the test kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/pl/pl_xrt_api.h"
#include "base/thread.h"
#include "support/ctx_fixture.h"
#include "support/pl_fixture.h"
#include "xrt/pretend_board.h"

typedef struct fake_bo {
    size_t bytes;
    uint8_t *host;
    uint8_t *device;
} fake_bo;

enum { N_ARGS = 8, MAX_OBJECTS = 64 };

typedef struct fake_run {
    fake_bo *bos[N_ARGS];
    int n_epochs;
    enum ert_cmd_state state;
    bool waited_for; // since it was started
} fake_run;

static fake_bo *bos[MAX_OBJECTS];
static fake_run *runs[MAX_OBJECTS];
static uint8_t uuid[16];
static bool hangs;               // launches with work from now on
static int n_devices, n_kernels; // open
static int n_device_opens;

static int count(void *const *objects)
{
    int n = 0;
    for (int i = 0; i < MAX_OBJECTS; i++)
        n += objects[i] != NULL;
    return n;
}

static void *add(void **objects, size_t size)
{
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (!objects[i])
            return objects[i] = calloc(1, size);
    }
    return NULL;
}

static void drop(void **objects, void *object)
{
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (objects[i] == object)
            objects[i] = NULL;
    }
    free(object);
}

static xrtDeviceHandle device_open(unsigned index)
{
    n_devices++;
    n_device_opens++;
    return index == 0 ? &n_devices : NULL;
}

static int device_close(xrtDeviceHandle d)
{
    (void)d;
    n_devices--;
    return 0;
}

static int device_load(xrtDeviceHandle d, const struct axlf *x)
{
    (void)d;
    memcpy(uuid, (const uint8_t *)x + 416, sizeof(uuid));
    return 0;
}

static int device_uuid(xrtDeviceHandle d, xuid_t out)
{
    (void)d;
    memcpy(out, uuid, sizeof(uuid));
    return 0;
}

static xrtKernelHandle kernel_open(xrtDeviceHandle d, const xuid_t id, const char *name)
{
    (void)d, (void)id, (void)name;
    n_kernels++;
    return &n_kernels;
}

static int kernel_close(xrtKernelHandle k)
{
    (void)k;
    n_kernels--;
    return 0;
}

static int kernel_group(xrtKernelHandle k, int argument)
{
    (void)k, (void)argument;
    return 0;
}

static xrtBufferHandle bo_alloc(xrtDeviceHandle d, size_t bytes, xrtBufferFlags f, xrtMemoryGroup g)
{
    (void)d, (void)f, (void)g;
    fake_bo *bo = add((void **)bos, sizeof(*bo));
    assert_non_null(bo);
    *bo = (fake_bo){bytes, calloc(1, bytes), calloc(1, bytes)};
    return bo;
}

static int bo_free(xrtBufferHandle handle)
{
    fake_bo *bo = handle;
    free(bo->host);
    free(bo->device);
    drop((void **)bos, bo);
    return 0;
}

static void *bo_map(xrtBufferHandle bo)
{
    return ((fake_bo *)bo)->host;
}

static int bo_sync(xrtBufferHandle handle, enum xclBOSyncDirection to, size_t bytes, size_t at)
{
    fake_bo *bo = handle;
    if (to == XCL_BO_SYNC_BO_TO_DEVICE)
        memcpy(bo->device + at, bo->host + at, bytes);
    else
        memcpy(bo->host + at, bo->device + at, bytes);
    return 0;
}

static xrtRunHandle run_open(xrtKernelHandle k)
{
    (void)k;
    fake_run *r = add((void **)runs, sizeof(*r));
    assert_non_null(r);
    *r = (fake_run){.state = ERT_CMD_STATE_COMPLETED, .waited_for = true};
    return r;
}

static int run_set_arg(xrtRunHandle handle, int i, ...)
{
    fake_run *r = handle;
    va_list args;
    va_start(args, i);
    if (i == 1)
        r->n_epochs = va_arg(args, int);
    else
        r->bos[i] = va_arg(args, void *);
    va_end(args);
    return 0;
}

static void compute(const fake_run *r)
{
    zk_engine_test(r->bos[0]->device, r->n_epochs, r->bos[2]->device, r->bos[3]->device,
                   r->bos[4]->device, r->bos[5]->device, r->bos[6]->device, r->bos[7]->device);
}

static int run_start(xrtRunHandle handle)
{
    fake_run *r = handle;
    const bool works = r->n_epochs > 0;
    r->waited_for = false;
    r->state = hangs && works ? ERT_CMD_STATE_RUNNING : ERT_CMD_STATE_COMPLETED;
    if (r->state == ERT_CMD_STATE_COMPLETED)
        compute(r);
    return 0;
}

static enum ert_cmd_state run_state(xrtRunHandle r)
{
    return ((fake_run *)r)->state;
}

static enum ert_cmd_state run_wait_for(xrtRunHandle r, unsigned ms)
{
    zi_sleep_ns((uint64_t)ms * 1000000);
    return run_state(r);
}

static enum ert_cmd_state run_wait(xrtRunHandle r)
{
    assert_true(run_state(r) != ERT_CMD_STATE_RUNNING); // it would never return
    ((fake_run *)r)->waited_for = true;
    return run_state(r);
}

/* As XRT 2.25 has it. */
static int run_close(xrtRunHandle r)
{
    if (!((fake_run *)r)->waited_for)
        abort();
    drop((void **)runs, r);
    return 0;
}

/* What XRT does with the runs that are left when the program ends. */
static void close_runs(void)
{
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (runs[i])
            run_close(runs[i]);
    }
}

zurt_status __wrap_zi_xrt_load(zurt_ctx *ctx, zi_xrt_api *api);
zurt_status __wrap_zi_xrt_load(zurt_ctx *ctx, zi_xrt_api *api)
{
    (void)ctx;
    *api = (zi_xrt_api){.loaded = true,
                        .device_open = device_open,
                        .device_close = device_close,
                        .device_load = device_load,
                        .device_uuid = device_uuid,
                        .kernel_open = kernel_open,
                        .kernel_close = kernel_close,
                        .kernel_group = kernel_group,
                        .bo_alloc = bo_alloc,
                        .bo_free = bo_free,
                        .bo_map = bo_map,
                        .bo_sync = bo_sync,
                        .run_open = run_open,
                        .run_set_arg = run_set_arg,
                        .run_start = run_start,
                        .run_wait = run_wait,
                        .run_wait_for = run_wait_for,
                        .run_state = run_state,
                        .run_close = run_close};
    return ZURT_OK;
}

/* ---- tests ---- */

static char xclbin[] = "/tmp/zurt-xclbin-XXXXXX";

static zurt_status open_board(zt_pl *pl)
{
    const zi_pl_config config = {.xclbin = xclbin, .engine_version = 7, .timeout_ms = 1000};
    return zi_pl_open_xrt(pl->ctx, &config, &pl->device);
}

static zt_pl open_and_prepare(zurt_ctx *ctx)
{
    zt_pl pl = {.ctx = ctx};
    if (open_board(&pl) || zt_pl_prepare(&pl))
        fail_msg("%s%s", zurt_ctx_error(ctx), pl.error);
    return pl;
}

static void computes(zurt_ctx *ctx)
{
    zt_pl pl = open_and_prepare(ctx);
    assert_int_equal(zt_pl_launch(&pl, 1000), ZURT_OK);
    assert_int_equal(zt_pl_differences(&pl), 0);
    zt_pl_finish(&pl);
}

static void an_idle_device_stays_open_and_its_engine_does_not(void **state)
{
    computes(*state);
    assert_int_equal(n_devices, 1);
    assert_int_equal(n_kernels, 0);
    const int opens = n_device_opens;
    computes(*state);
    assert_int_equal(n_device_opens, opens);
    assert_int_equal(count((void **)bos), 0);
    assert_int_equal(count((void **)runs), 0);
}

/* Leaves a launch that is still at work, after its session is gone. */
static fake_run *give_up_a_launch(zurt_ctx *ctx, int *n_bos)
{
    zt_pl pl = open_and_prepare(ctx);
    *n_bos = count((void **)bos);
    hangs = true;
    assert_int_equal(zt_pl_launch(&pl, 20), ZURT_E_TIMEOUT);
    hangs = false;
    fake_run *run = NULL;
    for (int i = 0; i < MAX_OBJECTS; i++)
        run = runs[i] && runs[i]->state == ERT_CMD_STATE_RUNNING ? runs[i] : run;
    assert_non_null(run);
    assert_int_equal(zt_pl_start(&pl), ZURT_E_DEVICE);
    zt_pl_finish(&pl);
    return run;
}

static void its_buffers_stay_while_it_may_write(void **state)
{
    int n_bos;
    fake_run *run = give_up_a_launch(*state, &n_bos);
    assert_int_equal(count((void **)bos), n_bos);
    assert_int_equal(n_devices, 1); // to close it would free them too
    compute(run);                   // the sanitizer looks on
    zt_pl pl = {.ctx = *state};
    assert_int_equal(open_board(&pl), ZURT_E_DEVICE);
    assert_non_null(strstr(zurt_ctx_error(*state), "still works on a launch that was given up"));
    assert_int_equal(count((void **)bos), n_bos);
    compute(run);
    run->state = ERT_CMD_STATE_COMPLETED; // at last: the next open cleans up, and works
    computes(*state);
    assert_int_equal(count((void **)bos), 0);
    assert_int_equal(count((void **)runs), 0);
}

/* Another session of the same device fails meanwhile, and its buffers are kept as well: which
 * buffers a launch reaches is what cannot be known of an engine that went astray. */
static void those_of_other_sessions_stay_too(void **state)
{
    int n_bos;
    zt_pl other = open_and_prepare(*state);
    fake_run *run = give_up_a_launch(*state, &n_bos);
    assert_int_equal(zt_pl_launch(&other, 1000), ZURT_E_DEVICE);
    zt_pl_finish(&other);
    assert_int_equal(count((void **)bos), n_bos);
    compute(run);
    run->state = ERT_CMD_STATE_ERROR;
    computes(*state);
    assert_int_equal(count((void **)bos), 0);
}

/* Two launches in flight; one fails, the other may still write when its stream gives it up. */
static void a_launch_beside_one_that_failed_is_kept(void **state)
{
    zt_pl a = open_and_prepare(*state), b = open_and_prepare(*state);
    hangs = true;
    assert_int_equal(zt_pl_start(&a), ZURT_OK);
    assert_int_equal(zt_pl_start(&b), ZURT_OK);
    hangs = false;
    fake_run *ra = NULL, *rb = NULL;
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (runs[i] && runs[i]->state == ERT_CMD_STATE_RUNNING)
            *(ra ? &rb : &ra) = runs[i];
    }
    assert_non_null(rb);
    ra->state = ERT_CMD_STATE_ERROR;
    const zurt_status st_a = zi_pl_run_wait(a.run, 20, a.error);
    const zurt_status st_b = zi_pl_run_wait(b.run, 20, b.error);
    assert_true((st_a == ZURT_E_DEVICE && st_b == ZURT_E_TIMEOUT) ||
                (st_b == ZURT_E_DEVICE && st_a == ZURT_E_TIMEOUT));
    zt_pl_finish(&a);
    zt_pl_finish(&b);
    assert_true(count((void **)bos) > 0);
    compute(rb);
    rb->state = ERT_CMD_STATE_ABORT;
    computes(*state);
    assert_int_equal(count((void **)bos), 0);
}

/* Its exit status is the program's own, although XRT would abort it. */
static void a_program_that_gave_up_a_launch_ends_well(void **state)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int n_bos;
        atexit(close_runs);
        give_up_a_launch(*state, &n_bos);
        exit(5);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 5);
}

/* A stream that goes before its launch has ended: another one failed meanwhile. */
static void a_launch_that_nobody_waited_for_is_kept(void **state)
{
    zt_pl a = open_and_prepare(*state), b = open_and_prepare(*state);
    hangs = true;
    assert_int_equal(zt_pl_start(&a), ZURT_OK);
    assert_int_equal(zt_pl_start(&b), ZURT_OK);
    hangs = false;
    for (int i = 0; i < MAX_OBJECTS; i++) {
        if (runs[i] && runs[i]->state == ERT_CMD_STATE_RUNNING) {
            runs[i]->state = ERT_CMD_STATE_ERROR;
            break;
        }
    }
    const bool a_failed = zi_pl_run_wait(a.run, 20, a.error) == ZURT_E_DEVICE;
    zt_pl_finish(a_failed ? &a : &b);
    zt_pl_finish(a_failed ? &b : &a);
    fake_run *left = NULL;
    for (int i = 0; i < MAX_OBJECTS; i++)
        left = runs[i] && runs[i]->state == ERT_CMD_STATE_RUNNING ? runs[i] : left;
    assert_non_null(left);
    compute(left);
    left->state = ERT_CMD_STATE_ABORT;
    computes(*state);
    assert_int_equal(count((void **)bos), 0);
    assert_int_equal(count((void **)runs), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_gave_up_a_launch_ends_well), // nothing is open yet
        cmocka_unit_test(an_idle_device_stays_open_and_its_engine_does_not),
        cmocka_unit_test(its_buffers_stay_while_it_may_write),
        cmocka_unit_test(those_of_other_sessions_stay_too),
        cmocka_unit_test(a_launch_beside_one_that_failed_is_kept),
        cmocka_unit_test(a_launch_that_nobody_waited_for_is_kept),
    };
    char folder[] = "/tmp/zurt-given-up-XXXXXX";
    unsetenv("XCL_EMULATION_MODE");
    if (!zt_board_xclbin(TEST_XCLBIN, xclbin) || !zt_set_xrt_folder(folder, XRT_FOLDER))
        return 2;
    int failed = cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
    zt_remove_xrt_folder(folder);
    unlink(xclbin);
    return failed;
}
