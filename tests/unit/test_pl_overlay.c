/* SPDX-License-Identifier: Apache-2.0 */
/* Which overlay is this board's, on root folders that look like one board or another. */
#define _XOPEN_SOURCE 700 // nftw
#include "backend/pl/pl_overlay.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "backend/pl/pl_probe.h"
#include "support/ctx_fixture.h"

/* As device trees have them: a kernel that knows the carrier card; Linux 6.1's, of the starter
 * kit's module and of that of production; the ZCU104's; a board that has no overlay. */
static const char kv260[] = "xlnx,zynqmp-sk-kv260-rev1\0xlnx,zynqmp-sk-kv260-revB\0"
                            "xlnx,zynqmp-sk-kv260\0xlnx,zynqmp";
static const char smk_k26[] = "xlnx,zynqmp-smk-k26-rev1\0xlnx,zynqmp-smk-k26-revB\0"
                              "xlnx,zynqmp-smk-k26\0xlnx,zynqmp";
static const char sm_k26[] = "xlnx,zynqmp-sm-k26-rev1\0xlnx,zynqmp-sm-k26\0xlnx,zynqmp";
static const char zcu104[] = "xlnx,zynqmp-zcu104-revC\0xlnx,zynqmp-zcu104\0xlnx,zynqmp";
static const char zcu102[] = "xlnx,zynqmp-zcu102-rev1.1\0xlnx,zynqmp-zcu102\0xlnx,zynqmp";

static char root[] = "/tmp/zurt-overlay-XXXXXX";

static void put(const char *path, const void *bytes, size_t n)
{
    char full[ZI_PATH_BYTES];
    assert_true(snprintf(full, sizeof(full), "%s%s", root, path) < (int)sizeof(full));
    for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = 0;
        mkdir(full, 0700);
    }
    FILE *f = fopen(full, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void install(const char *app)
{
    char path[ZI_PATH_BYTES];
    snprintf(path, sizeof(path), "/lib/firmware/xilinx/%s/%s.xclbin", app, app);
    put(path, "x", 1);
}

static void load(const char *region, const char *bitstream)
{
    char path[ZI_PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/device-tree/%s/firmware-name", region);
    put(path, bitstream, strlen(bitstream) + 1);
}

#define BOARD(compatible) put("/proc/device-tree/compatible", compatible, sizeof(compatible))

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static int new_root(void **state)
{
    memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
    return mkdtemp(root) ? zt_ctx_setup(state) : -1;
}

static int remove_root(void **state)
{
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS) | zt_ctx_teardown(state);
}

static void expect(zurt_ctx *ctx, const char *app)
{
    char path[ZI_PATH_BYTES], want[ZI_PATH_BYTES];
    snprintf(want, sizeof(want), "%s/lib/firmware/xilinx/%s/%s.xclbin", root, app, app);
    if (zi_pl_choose_overlay(ctx, root, path))
        fail_msg("%s", zurt_ctx_error(ctx));
    assert_string_equal(path, want);
}

static void expect_refusal(zurt_ctx *ctx, const char *words)
{
    char path[ZI_PATH_BYTES];
    assert_int_equal(zi_pl_choose_overlay(ctx, root, path), ZURT_E_DEVICE);
    if (!strstr(zurt_ctx_error(ctx), words))
        fail_msg("'%s' does not say '%s'", zurt_ctx_error(ctx), words);
}

static void both(void)
{
    install("zurt-kv260");
    install("zurt-zcu104");
}

static void of_both_the_kv260_takes_its_own(void **state)
{
    both();
    BOARD(kv260);
    expect(*state, "zurt-kv260");
}

static void the_module_alone_is_the_kv260(void **state)
{
    both();
    BOARD(smk_k26);
    expect(*state, "zurt-kv260");
    BOARD(sm_k26);
    expect(*state, "zurt-kv260");
}

static void of_both_the_zcu104_takes_its_own(void **state)
{
    both();
    BOARD(zcu104);
    expect(*state, "zurt-zcu104");
}

static void what_is_loaded_beats_what_the_board_is_called(void **state)
{
    both();
    install("zurt-kv260-fast");
    BOARD(kv260);
    load("axi", "nothing");
    load("fpga-full", "zurt-kv260-fast.bit.bin");
    expect(*state, "zurt-kv260-fast");
    load("fpga-full", "xilinx/zurt-kv260/zurt-kv260.bin");
    expect(*state, "zurt-kv260");
    load("fpga-full", "k26-starter-kits.bit.bin"); // the factory's
    expect(*state, "zurt-kv260");
}

static void another_region_name_will_do(void **state)
{
    both();
    load("fpga-region", "zurt-zcu104.bit.bin");
    expect(*state, "zurt-zcu104");
}

static void a_variant_is_taken_where_the_plain_one_is_missing(void **state)
{
    install("zurt-kv260-fast");
    install("zurt-zcu104");
    BOARD(kv260);
    expect(*state, "zurt-kv260-fast");
    install("zurt-kv260-small");
    expect_refusal(*state, "2 overlays may be for this board ('xlnx,zynqmp-sk-kv260-rev1')");
    install("zurt-kv260");
    expect(*state, "zurt-kv260");
}

static void the_only_one_is_taken_where_the_board_is_not_known(void **state)
{
    install("zurt-mine");
    expect(*state, "zurt-mine");
    BOARD(zcu102);
    expect(*state, "zurt-mine");
}

static void several_are_refused_where_nothing_tells(void **state)
{
    both();
    BOARD(zcu102);
    expect_refusal(*state, "--xclbin or ZURT_XCLBIN");
    load("fpga-full", "zurt-kv260.bit.bin");
    expect(*state, "zurt-kv260");
}

static void another_boards_is_never_taken(void **state)
{
    install("zurt-zcu104");
    BOARD(kv260);
    expect_refusal(*state, "no overlay for this board, a kv260");
}

static void only_apps_count(void **state)
{
    put("/lib/firmware/xilinx/zurt-kv260/zurt-other.xclbin", "x", 1);
    put("/lib/firmware/xilinx/zurt-a/zurt-ab.xclbin", "x", 1);
    put("/lib/firmware/xilinx/zurt-ab/zurt-a.xclbin", "x", 1);
    put("/lib/firmware/xilinx/kv260-smartcam/kv260-smartcam.xclbin", "x", 1);
    BOARD(kv260);
    expect_refusal(*state, "no xclbin");
    install("zurt-kv260");
    expect(*state, "zurt-kv260");
}

static void nothing_there_is_said_with_the_remedy(void **state)
{
    expect_refusal(*state, "no xclbin: name one by --xclbin or ZURT_XCLBIN");
    put("/proc/device-tree/compatible", "", 0);
    load("fpga-full", "");
    expect_refusal(*state, "docs/first-light.md");
}

static void boards_with_an_engine_are_known(void **state)
{
    (void)state;
    assert_false(zi_pl_is_board(root));
    BOARD(zcu102);
    assert_false(zi_pl_is_board(root));
    BOARD(sm_k26);
    assert_true(zi_pl_is_board(root));
    BOARD(zcu104);
    assert_true(zi_pl_is_board(root));
}

static void a_property_without_an_end_is_read_safely(void **state)
{
    static char endless[4096];
    memset(endless, 'x', sizeof(endless));
    both();
    BOARD(endless);
    put("/proc/device-tree/fpga-full/firmware-name", endless, sizeof(endless));
    expect_refusal(*state, "2 overlays");
}

#define ON_A_ROOT(test) cmocka_unit_test_setup_teardown(test, new_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_ROOT(of_both_the_kv260_takes_its_own),
        ON_A_ROOT(the_module_alone_is_the_kv260),
        ON_A_ROOT(of_both_the_zcu104_takes_its_own),
        ON_A_ROOT(what_is_loaded_beats_what_the_board_is_called),
        ON_A_ROOT(another_region_name_will_do),
        ON_A_ROOT(a_variant_is_taken_where_the_plain_one_is_missing),
        ON_A_ROOT(the_only_one_is_taken_where_the_board_is_not_known),
        ON_A_ROOT(several_are_refused_where_nothing_tells),
        ON_A_ROOT(another_boards_is_never_taken),
        ON_A_ROOT(only_apps_count),
        ON_A_ROOT(nothing_there_is_said_with_the_remedy),
        ON_A_ROOT(boards_with_an_engine_are_known),
        ON_A_ROOT(a_property_without_an_end_is_read_safely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
