/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board's way to XRT on a machine without one: a render node of zocl is pretended, what is behind
 * it is the real libxrt_coreutil. One before 2.25 aborts the program if libxrt_core is not where it
 * looks.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/pl/pl_port.h"
#include "backend/pl/pl_probe.h"
#include "backend/pl/pl_xrt_api.h"
#include "backend/pl/pl_xrt_find.h"
#include "support/ctx_fixture.h"
#include "xrt/pretend_board.h"

/* Where libxrt_core lies: the installed one, or that of the XRT this runs with. */
static const char *xrt_folder(void)
{
    const char *next = getenv("XRT_NEXT_LIBRARIES");
    return next ? next : XRT_FOLDER;
}

static char xclbin[] = "/tmp/zurt-xclbin-XXXXXX"; // TEST_XCLBIN as if for a board

/* The words that opening fails with; the program survives. */
static void expect(zurt_ctx *ctx, const char *words)
{
    const zi_pl_config config = {.xclbin = xclbin, .engine_version = 7};
    zi_pl_device *device = (void *)-1;
    assert_int_equal(zi_pl_open_xrt(ctx, &config, &device), ZURT_E_DEVICE);
    assert_null(device);
    if (!strstr(zurt_ctx_error(ctx), words))
        fail_msg("'%s' does not say '%s'", zurt_ctx_error(ctx), words);
}

static void a_machine_without_xrt_is_told_so(void **state)
{
    char root[] = "/tmp/zurt-core-XXXXXX";
    assert_true(zt_set_xrt_folder(root, xrt_folder()));
    zt_xrt_is_absent = true;
    expect(*state, "XRT is not installed: no libxrt_coreutil.so.2");
    zt_xrt_is_absent = false;
    zt_remove_xrt_folder(root);
}

/* What the probe spares the caller: so XRT itself takes it. */
static void xrt_itself_aborts(void **state)
{
    zi_xrt_found xrt;
    assert_int_equal(zi_xrt_find(*state, &xrt), ZURT_OK);
    assert_memory_equal(xrt.version, "2.", 2);
    const bool looks_elsewhere = strtol(xrt.version + 2, NULL, 10) < 25;
    setenv("XILINX_XRT", "/nonexistent", 1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        zi_xrt_api api = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        if (zi_xrt_load(*state, &api))
            _exit(1);
        fclose(stderr); // its last words
        api.device_open(0);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (looks_elsewhere)
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    else
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* It goes before what the loader finds: Debian's XRT may be there and be the wrong one. */
static void an_xrt_that_is_named_must_be_usable(void **state)
{
    char root[] = "/tmp/zurt-core-XXXXXX";
    char path[64];
    assert_true(zt_set_xrt_folder(root, xrt_folder()));
    snprintf(path, sizeof(path), "%s/lib/libxrt_coreutil.so.2", root);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    expect(*state, "XRT cannot be loaded: ");
    expect(*state, "file too short. Install it anew, or mend XILINX_XRT");
    unlink(path);
    zt_remove_xrt_folder(root);
}

/* It lies beside libxrt_coreutil, whatever XILINX_XRT says. */
static void libxrt_core_is_found_beside_libxrt_coreutil(void **state)
{
    static const char *const roots[] = {NULL, "", "/nonexistent"};
    for (int i = 0; i < 3; i++) {
        zi_xrt_found xrt;
        if (roots[i])
            setenv("XILINX_XRT", roots[i], 1);
        else
            unsetenv("XILINX_XRT");
        assert_int_equal(zi_xrt_find(*state, &xrt), ZURT_OK);
        const char *slash = strrchr(xrt.coreutil, '/');
        assert_non_null(slash);
        assert_memory_equal(xrt.core, xrt.coreutil, (size_t)(slash - xrt.coreutil));
        assert_string_equal(strrchr(xrt.core, '/'), "/libxrt_core.so.2");
    }
}

static void a_missing_libxrt_core_is_said(void **state)
{
    char root[] = "/tmp/zurt-core-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/libxrt_coreutil.so.2", root);
    assert_int_equal(symlink(ANY_LIBRARY, path), 0);
    zt_coreutil = path;
    setenv("XILINX_XRT", "/nonexistent", 1);
    expect(*state, "XRT is not whole: no libxrt_core.so.2 in /tmp/zurt-core-");
    expect(*state, ", nor in lib below XILINX_XRT ('/nonexistent'); install it anew");
    zt_coreutil = NULL;
    unlink(path);
    rmdir(root);
}

/* Such a one finds no device on a board. */
static void a_libxrt_core_for_cards_is_said(void **state)
{
    char edge[] = "/tmp/zurt-core-XXXXXX";
    char path[64];
    zi_xrt_found xrt;
    unsetenv("XILINX_XRT");
    assert_int_equal(zi_xrt_find(*state, &xrt), ZURT_OK);
#if defined(__x86_64__)
    assert_int_equal(xrt.build, ZI_XRT_PCIE);
    expect(*state, " is built for PCIe cards and does not know zocl: ");
    expect(*state, xrt.core);
    expect(*state, xrt.version);
#endif
    assert_true(zt_set_xrt_folder(edge, xrt_folder()));
    snprintf(path, sizeof(path), "%s/lib/libxrt_core.so.2", edge);
    assert_int_equal(zi_xrt_build_of(path), ZI_XRT_EDGE);
    zt_remove_xrt_folder(edge);
    assert_int_equal(zi_xrt_build_of(path), ZI_XRT_UNKNOWN);
    assert_int_equal(zi_xrt_build_of("/dev/null"), ZI_XRT_UNKNOWN);
}

static void a_libxrt_core_that_cannot_be_loaded_is_said(void **state)
{
    char root[] = "/tmp/zurt-core-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof(path), "%s/lib", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/lib/libxrt_core.so.2", root);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    setenv("XILINX_XRT", root, 1);
    expect(*state, "XRT would end the program: ");
    expect(*state, "file too short");
    unlink(path);
    snprintf(path, sizeof(path), "%s/lib", root);
    rmdir(path);
    rmdir(root);
}

static void a_node_that_may_not_be_used_is_said(void **state)
{
    zt_node_is_refused = true;
    expect(*state, "renderD128: Permission denied; add the user to the group 'render'");
    zt_node_is_refused = false;
}

/* XRT looks for devices by itself, and there is none. */
static void the_remedy_reaches_xrt(void **state)
{
    char root[] = "/tmp/zurt-core-XXXXXX";
    assert_true(zt_set_xrt_folder(root, xrt_folder()));
    expect(*state, "XRT: no device '0'");
    zt_remove_xrt_folder(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_without_xrt_is_told_so), // before any test loads it
        cmocka_unit_test(xrt_itself_aborts),
        cmocka_unit_test(an_xrt_that_is_named_must_be_usable),
        cmocka_unit_test(libxrt_core_is_found_beside_libxrt_coreutil),
        cmocka_unit_test(a_missing_libxrt_core_is_said),
        cmocka_unit_test(a_libxrt_core_for_cards_is_said),
        cmocka_unit_test(a_libxrt_core_that_cannot_be_loaded_is_said),
        cmocka_unit_test(a_node_that_may_not_be_used_is_said),
        cmocka_unit_test(the_remedy_reaches_xrt),
    };
    unsetenv("XCL_EMULATION_MODE");
    if (!zt_board_xclbin(TEST_XCLBIN, xclbin))
        return 2;
    int failed = cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
    unlink(xclbin);
    return failed;
}
