/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test of a PL, with engines that are right, wrong, late and foreign. */
#include "backend/pl/pl_self_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "backend/pl/pl_engine.h"
#include "support/ctx_fixture.h"
#include "support/pl_fixture.h"

enum { TIMEOUT_MS = 5000 };

static zurt_status try_engine(zurt_ctx *ctx, const zi_caps *caps, zi_pl_kernel_fn *kernel,
                              const char *faults, char *note)
{
    const zi_pl_engine engine = {caps, kernel, NULL};
    const zi_pl_config config = {.engine = &engine, .faults = faults};
    zi_pl_device *device;
    assert_int_equal(zi_pl_open_sim(ctx, &config, &device), ZURT_OK);
    note[0] = 0;
    zurt_status st = zi_pl_self_test(ctx, device, faults[0] ? 100 : TIMEOUT_MS, note);
    zi_pl_close(device);
    return st;
}

static void every_engine_is_what_its_table_says(void **state)
{
    static const char *const boards[] = {"kv260", "zcu104"};
    char note[ZI_ERROR_BYTES];
    for (size_t i = 0; i < 2; i++) {
        zi_pl_engine e;
        assert_true(zi_pl_engine_get(boards[i], &e));
        if (try_engine(*state, e.caps, e.kernel, "", note))
            fail_msg("%s: %s", boards[i], zurt_ctx_error(*state));
        assert_string_equal(note, "");
    }
    assert_int_equal(try_engine(*state, zt_pl_caps(), zk_engine_test, "", note), ZURT_OK);
}

static void a_table_of_another_engine_is_refused(void **state)
{
    zi_pl_engine kv260, zcu104;
    assert_true(zi_pl_engine_get("kv260", &kv260) && zi_pl_engine_get("zcu104", &zcu104));
    char note[ZI_ERROR_BYTES];
    assert_int_equal(try_engine(*state, zcu104.caps, kv260.kernel, "", note), ZURT_E_DEVICE);
    assert_non_null(strstr(zurt_ctx_error(*state), "pixels per cycle 12, the engine has 8"));
    assert_int_equal(try_engine(*state, kv260.caps, zcu104.kernel, "", note), ZURT_E_DEVICE);
    static const size_t fields[] = {
        offsetof(zi_caps, engine_version),   offsetof(zi_caps, pixel_parallel),
        offsetof(zi_caps, requant_parallel), offsetof(zi_caps, ring_beats),
        offsetof(zi_caps, scratchpad_words), offsetof(zi_caps, max_taps)};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        zi_caps caps = *kv260.caps;
        uint32_t *field = (uint32_t *)(void *)((char *)&caps + fields[i]);
        *field *= 2;
        assert_int_equal(try_engine(*state, &caps, kv260.kernel, "", note), ZURT_E_DEVICE);
        assert_non_null(strstr(zurt_ctx_error(*state), "of another engine"));
    }
}

static void says_nothing(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                         const void *w2, const void *w3, const void *act_r, void *act_w)
{
    (void)steps, (void)n_epochs, (void)w0, (void)w1, (void)w2, (void)w3, (void)act_r, (void)act_w;
}

static void an_engine_of_others_is_refused(void **state)
{
    char note[ZI_ERROR_BYTES];
    assert_int_equal(try_engine(*state, zt_pl_caps(), says_nothing, "", note), ZURT_E_DEVICE);
    assert_non_null(strstr(zurt_ctx_error(*state), "does not say who it is"));
}

static void an_engine_that_fails_is_refused(void **state)
{
    char note[ZI_ERROR_BYTES];
    assert_int_equal(try_engine(*state, zt_pl_caps(), zk_engine_test, "hang:2", note),
                     ZURT_E_TIMEOUT);
    assert_int_equal(strncmp(zurt_ctx_error(*state), "self-test: ", 11), 0);
    assert_int_equal(try_engine(*state, zt_pl_caps(), zk_engine_test, "error:4", note),
                     ZURT_E_DEVICE);
}

/* As a launch whose interrupt does not come. */
static void answers_late(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                         const void *w2, const void *w3, const void *act_r, void *act_w)
{
    const struct timespec pause = {0, 450000000};
    nanosleep(&pause, NULL);
    zk_engine_test(steps, n_epochs, w0, w1, w2, w3, act_r, act_w);
}

static void a_missing_interrupt_is_remarked(void **state)
{
    char note[ZI_ERROR_BYTES];
    assert_int_equal(try_engine(*state, zt_pl_caps(), answers_late, "", note), ZURT_OK);
    assert_non_null(strstr(note, "the engine's interrupt does not arrive"));
    assert_non_null(strstr(note, "ert_polling=true"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_engine_is_what_its_table_says),
        cmocka_unit_test(a_table_of_another_engine_is_refused),
        cmocka_unit_test(an_engine_of_others_is_refused),
        cmocka_unit_test(an_engine_that_fails_is_refused),
        cmocka_unit_test(a_missing_interrupt_is_remarked),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
