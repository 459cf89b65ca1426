/* SPDX-License-Identifier: Apache-2.0 */
/* What is said before XRT is called, in the places where it would abort the program. */
#include "backend/pl/pl_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/pl/pl_port.h"
#include "support/ctx_fixture.h"

static void forget(void)
{
    static const char *const names[] = {"XCL_EMULATION_MODE", "XILINX_XRT", "XILINX_VITIS",
                                        "ZURT_XCLBIN"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

static void expect(zurt_ctx *ctx, const char *words)
{
    zi_pl_place place;
    assert_int_equal(zi_pl_probe(ctx, &place), ZURT_E_DEVICE);
    if (!strstr(zurt_ctx_error(ctx), words))
        fail_msg("'%s' does not say '%s'", zurt_ctx_error(ctx), words);
    // and the whole way: XRT must not be reached
    zi_pl_device *device = (void *)-1;
    const zi_pl_config config = {.xclbin = "/nonexistent"};
    assert_int_equal(zi_pl_open_xrt(ctx, &config, &device), ZURT_E_DEVICE);
    assert_null(device);
}

static void a_machine_without_a_pl_is_told_so(void **state)
{
    if (access("/sys/class/drm/renderD128/device/driver", F_OK) == 0)
        skip();
    forget();
    expect(*state, "no render node of the zocl driver");
}

static void other_modes_are_refused(void **state)
{
    forget();
    setenv("XCL_EMULATION_MODE", "hw_emu", 1);
    expect(*state, "'hw_emu'");
}

static void a_missing_shim_is_found_before_xrt_aborts(void **state)
{
    forget();
    setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    setenv("XILINX_XRT", "/nonexistent", 1);
    expect(*state, "no lib/libxrt_swemu.so.2 below XILINX_XRT ('/nonexistent')");
    setenv("XILINX_XRT", "", 1);
    expect(*state, "below XILINX_XRT ('')");
}

/* A folder with lib/libxrt_swemu.so.2 and, perhaps, a device process. */
static void make_root(char *root, const char *shim)
{
    char path[256];
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/lib", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/lib/libxrt_swemu.so.2", root);
    assert_int_equal(symlink(shim, path), 0);
}

static void remove_root(const char *root)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/lib/libxrt_swemu.so.2", root);
    unlink(path);
    snprintf(path, sizeof(path), "%s/lib", root);
    rmdir(path);
    rmdir(root);
}

static void a_missing_device_process_is_found(void **state)
{
    forget();
    char root[] = "/tmp/zurt-probe-XXXXXX";
    make_root(root, "/dev/null");
    setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    setenv("XILINX_XRT", root, 1);
    expect(*state, "no device process below XILINX_VITIS ('')");
    setenv("XILINX_VITIS", root, 1);
    expect(*state, "swemu-env");
    remove_root(root);
}

static void debians_faulty_shim_is_refused(void **state)
{
    static const char shim[] = "/usr/lib/x86_64-linux-gnu/libxrt_swemu.so.2";
    static const char *const folders[] = {"data",   "emulation",    "unified",
                                          "cpu_em", "generic_pcie", "model"};
    enum { DEPTH = sizeof(folders) / sizeof(folders[0]) };
#if !defined(__x86_64__)
    skip(); // another library, without the fault
#endif
    if (access(shim, R_OK) != 0)
        skip();
    forget();
    char root[] = "/tmp/zurt-probe-XXXXXX";
    char path[DEPTH + 1][256];
    make_root(root, shim);
    snprintf(path[0], sizeof(path[0]), "%s", root);
    for (int i = 0; i < DEPTH; i++) {
        assert_true(snprintf(path[i + 1], sizeof(path[0]), "%.200s/%s", path[i], folders[i]) > 0);
        assert_int_equal(mkdir(path[i + 1], 0700), 0);
    }
    char model[256];
    snprintf(model, sizeof(model), "%.200s/genericpciemodel", path[DEPTH]);
    assert_int_equal(symlink("/bin/true", model), 0);
    setenv("XCL_EMULATION_MODE", "sw_emu", 1);
    setenv("XILINX_XRT", root, 1);
    setenv("XILINX_VITIS", root, 1);
    expect(*state, "corrupts memory");
    unlink(model);
    for (int i = DEPTH; i > 0; i--)
        rmdir(path[i]);
    remove_root(root);
}

static void xclbins_are_looked_for(void **state)
{
    forget();
    char path[ZI_PATH_BYTES];
    assert_int_equal(zi_pl_find_xclbin(*state, "/asked", path), ZURT_OK);
    assert_string_equal(path, "/asked");
    setenv("ZURT_XCLBIN", "/environment", 1);
    assert_int_equal(zi_pl_find_xclbin(*state, NULL, path), ZURT_OK);
    assert_string_equal(path, "/environment");
    assert_int_equal(zi_pl_find_xclbin(*state, "/asked", path), ZURT_OK);
    assert_string_equal(path, "/asked");
    static char endless[2 * ZI_PATH_BYTES];
    memset(endless, 'x', sizeof(endless) - 1);
    assert_int_equal(zi_pl_find_xclbin(*state, endless, path), ZURT_E_DEVICE);
    forget();
    if (access("/lib/firmware/xilinx", F_OK) != 0) {
        assert_int_equal(zi_pl_find_xclbin(*state, NULL, path), ZURT_E_DEVICE);
        assert_non_null(strstr(zurt_ctx_error(*state), "ZURT_XCLBIN"));
    }
}

static void no_process_of_others_is_ended(void **state)
{
    (void)state;
    assert_int_equal(zi_pl_kill_emulation(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_without_a_pl_is_told_so),
        cmocka_unit_test(other_modes_are_refused),
        cmocka_unit_test(a_missing_shim_is_found_before_xrt_aborts),
        cmocka_unit_test(a_missing_device_process_is_found),
        cmocka_unit_test(debians_faulty_shim_is_refused),
        cmocka_unit_test(xclbins_are_looked_for),
        cmocka_unit_test(no_process_of_others_is_ended),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
