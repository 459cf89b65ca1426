/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a session could have, asked without opening one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/zurt.h>

static void what_is_linked_in_is_there(void **state)
{
    assert_int_equal(zurt_device_probe(*state, ZURT_DEVICE_CPU, NULL), ZURT_OK);
    assert_int_equal(zurt_device_probe(*state, ZURT_DEVICE_SIM, NULL), ZURT_OK);
}

static void xrt_says_what_is_missing(void **state)
{
    setenv("XCL_EMULATION_MODE", "hw_emu", 1);
    assert_int_equal(zurt_device_probe(*state, ZURT_DEVICE_XRT, NULL), ZURT_E_DEVICE);
    assert_true(strlen(zurt_ctx_error(*state)) > 20);
    unsetenv("XCL_EMULATION_MODE");
}

static void only_one_device_can_be_asked_for(void **state)
{
    assert_int_equal(zurt_device_probe(NULL, ZURT_DEVICE_CPU, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_device_probe(*state, ZURT_DEVICE_AUTO, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_device_probe(*state, (zurt_device)99, NULL), ZURT_E_ARG);
}

static int setup(void **state)
{
    return zurt_ctx_create(NULL, (zurt_ctx **)state);
}

static int teardown(void **state)
{
    zurt_ctx_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_linked_in_is_there),
        cmocka_unit_test(xrt_says_what_is_missing),
        cmocka_unit_test(only_one_device_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
