/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of xclbin files. */
#include "backend/pl/xclbin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/ctx_fixture.h"
#include "support/xclbin_builder.h"

static zurt_status parse(zurt_ctx *ctx, const uint8_t *bytes, size_t size)
{
    zi_xclbin x;
    return zi_xclbin_parse(ctx, (zi_bytes){bytes, size}, &x);
}

static void reads_what_zurt_needs(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    zi_xclbin x;
    assert_true(zt_xclbin_build(ctx, bytes));
    assert_int_equal(zi_xclbin_parse(ctx, (zi_bytes){bytes, sizeof(bytes)}, &x), ZURT_OK);
    assert_int_equal(x.mode, ZI_XCLBIN_MODE_SW_EMU);
    assert_string_equal(x.platform, "xilinx_test_1");
    assert_string_equal(x.kernel, "zk_engine_test");
    assert_string_equal(x.unit, "zk_engine_test:zk_engine_test_1");
    assert_string_equal(x.caps.caps.name, "test");
    assert_memory_equal(x.uuid, "0123456789abcdef", 16);
    zi_bytes s;
    assert_true(zi_xclbin_section(&x, ZI_XCLBIN_MEMORY, &s));
    assert_int_equal(s.size, 48);
    assert_false(zi_xclbin_section(&x, ZI_XCLBIN_XML, &s));
}

static void every_truncation_is_refused(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    assert_true(zt_xclbin_build(ctx, bytes));
    for (size_t n = 0; n < sizeof(bytes); n++) {
        uint8_t *part = malloc(n ? n : 1); // its own size, for the sanitizer
        assert_non_null(part);
        memcpy(part, bytes, n);
        assert_int_equal(parse(ctx, part, n), ZURT_E_FORMAT);
        if (n >= 312) {
            zi_put_u64(part + 304, n); // the length agrees: sections do not
            assert_int_equal(parse(ctx, part, n), ZURT_E_FORMAT);
        }
        free(part);
    }
}

static void sections_stay_inside_the_file(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    for (int i = 0; i < ZT_XCLBIN_SECTIONS; i++) {
        assert_true(zt_xclbin_build(ctx, bytes));
        zi_put_u64(bytes + ZT_XCLBIN_HEADERS + 40 * i + 24, UINT64_MAX);
        assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
        assert_true(zt_xclbin_build(ctx, bytes));
        zi_put_u64(bytes + ZT_XCLBIN_HEADERS + 40 * i + 32, UINT64_MAX);
        assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
    }
    static const size_t counts[] = {ZT_XCLBIN_UNITS_AT, ZT_XCLBIN_MEMORY_AT, ZT_XCLBIN_LINKS_AT};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        static const uint32_t values[] = {2, 0x80000000u, UINT32_MAX};
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            assert_true(zt_xclbin_build(ctx, bytes));
            zi_put_u32(bytes + counts[i], values[k]);
            assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
        }
    }
    assert_true(zt_xclbin_build(ctx, bytes));
    zi_put_u32(bytes + 448, UINT32_MAX);
    assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
    assert_true(zt_xclbin_build(ctx, bytes));
    memset(bytes + ZT_XCLBIN_UNITS_AT + 24, 'z', 64);
    assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
}

static void the_linker_s_clock_is_read(void **state)
{
    zurt_ctx *ctx = *state;
    enum { BYTES = ZT_XCLBIN_BYTES + ZT_XCLBIN_MORE(ZT_XCLBIN_CLOCKS_BYTES) };
    uint8_t bytes[BYTES], clocks[ZT_XCLBIN_CLOCKS_BYTES];
    zi_xclbin x;
    zt_xclbin_clocks(clocks, 301);
    for (size_t size = 0; size <= sizeof(clocks); size++) {
        assert_true(zt_xclbin_build(ctx, bytes));
        zt_xclbin_add(bytes, 11, clocks, size);
        const zi_bytes file = {bytes, ZT_XCLBIN_BYTES + ZT_XCLBIN_MORE(size)};
        assert_int_equal(zi_xclbin_parse(ctx, file, &x), ZURT_OK);
        assert_int_equal(x.link_khz, size == sizeof(clocks) ? 301000 : 0); // cut off: not said
    }
    static const struct {
        uint32_t mhz;
        bool differs;
    } rows[] = {{0, false}, {297, false}, {303, false}, {296, true}, {304, true}, {142, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) { // the table's: 300 MHz
        x.link_khz = rows[i].mhz * 1000;
        assert_int_equal(zi_xclbin_clock_differs(&x), rows[i].differs);
    }
    assert_true(zt_xclbin_build(ctx, bytes));
    assert_int_equal(zi_xclbin_parse(ctx, (zi_bytes){bytes, ZT_XCLBIN_BYTES}, &x), ZURT_OK);
    assert_int_equal(x.link_khz, 0);
}

/* XRT copies as many bytes as the header says and follows the sections in its copy. */
static void the_header_s_length_is_the_file_s(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    static const uint64_t lengths[] = {0,
                                       1,
                                       ZT_XCLBIN_HEADERS,
                                       ZT_XCLBIN_BYTES - 1,
                                       ZT_XCLBIN_BYTES + 1,
                                       (uint64_t)1 << 40,
                                       UINT64_MAX};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        assert_true(zt_xclbin_build(ctx, bytes));
        zi_put_u64(bytes + 304, lengths[i]);
        assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
        assert_non_null(strstr(zurt_ctx_error(ctx), "the header says"));
    }
}

static void connections_name_what_exists(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    for (size_t field = 0; field < 3; field++) { // argument, unit, memory
        static const uint32_t values[] = {8, 0x01000000, UINT32_MAX};
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            assert_true(zt_xclbin_build(ctx, bytes));
            zi_put_u32(bytes + ZT_XCLBIN_LINKS_AT + 4 + 4 * field, values[k]);
            assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_FORMAT);
            assert_non_null(strstr(zurt_ctx_error(ctx), "connection 0"));
        }
    }
}

static void overlays_of_others_are_named_so(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    assert_true(zt_xclbin_build(ctx, bytes));
    zi_put_u32(bytes + ZT_XCLBIN_HEADERS + 40 * 3, 14); // another kind of section
    assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_DEVICE);
    assert_non_null(strstr(zurt_ctx_error(ctx), "capability table"));
    assert_true(zt_xclbin_build(ctx, bytes));
    memcpy(bytes + ZT_XCLBIN_UNITS_AT + 24, "vadd:vadd_1", 12);
    assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_DEVICE);
    assert_true(zt_xclbin_build(ctx, bytes));
    zi_put_u32(bytes + ZT_XCLBIN_UNITS_AT + 8, 4); // not a kernel
    assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_DEVICE);
    assert_true(zt_xclbin_build(ctx, bytes));
    bytes[ZT_XCLBIN_CAPS_AT + 8] = 9;
    assert_int_equal(parse(ctx, bytes, sizeof(bytes)), ZURT_E_VERSION);
}

static void files_that_cannot_be_read_are_refused(void **state)
{
    zurt_ctx *ctx = *state;
    zi_xclbin x;
    assert_int_equal(zi_xclbin_open(ctx, "/nonexistent", &x), ZURT_E_IO);
    zi_xclbin_close(&x);
    assert_int_equal(zi_xclbin_open(ctx, "/", &x), ZURT_E_IO);
    zi_xclbin_close(&x);
    assert_int_equal(zi_xclbin_open(ctx, "/dev/null", &x), ZURT_E_IO);
    zi_xclbin_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_zurt_needs),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(sections_stay_inside_the_file),
        cmocka_unit_test(the_linker_s_clock_is_read),
        cmocka_unit_test(the_header_s_length_is_the_file_s),
        cmocka_unit_test(connections_name_what_exists),
        cmocka_unit_test(overlays_of_others_are_named_so),
        cmocka_unit_test(files_that_cannot_be_read_are_refused),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
