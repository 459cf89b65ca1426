/* SPDX-License-Identifier: Apache-2.0 */
/* Capability tables as bytes: back unchanged, and every damage found. */
#include "plan/caps_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "support/ctx_fixture.h"
#include "support/pl_fixture.h"

static void reseal(uint8_t *table)
{
    zi_put_u32(table + 16, zi_crc32c(0, table + 20, ZI_CAPS_BYTES - 20));
}

static void comes_back_as_it_was(void **state)
{
    zurt_ctx *ctx = *state;
    const zi_caps *caps = zt_pl_caps();
    uint8_t table[ZI_CAPS_BYTES + 8] = {0};
    zi_caps_record r;
    assert_int_equal(zi_caps_encode(ctx, caps, table), ZURT_OK);
    assert_int_equal(zi_caps_decode(ctx, (zi_bytes){table, sizeof(table)}, &r), ZURT_OK);
    assert_string_equal(r.caps.name, caps->name);
    zi_caps same = r.caps;
    same.name = caps->name;
    assert_memory_equal(&same, caps, sizeof(same));
}

static void every_damage_is_found(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t table[ZI_CAPS_BYTES];
    zi_caps_record r;
    assert_int_equal(zi_caps_encode(ctx, zt_pl_caps(), table), ZURT_OK);
    for (size_t n = 0; n < sizeof(table); n++)
        assert_int_equal(zi_caps_decode(ctx, (zi_bytes){table, n}, &r), ZURT_E_FORMAT);
    for (size_t bit = 0; bit < sizeof(table) * 8; bit++) {
        table[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(zi_caps_decode(ctx, (zi_bytes){table, sizeof(table)}, &r), ZURT_OK);
        table[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void another_version_is_named(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t table[ZI_CAPS_BYTES];
    zi_caps_record r;
    assert_int_equal(zi_caps_encode(ctx, zt_pl_caps(), table), ZURT_OK);
    zi_put_u32(table + 8, 2);
    assert_int_equal(zi_caps_decode(ctx, (zi_bytes){table, sizeof(table)}, &r), ZURT_E_VERSION);
    assert_non_null(strstr(zurt_ctx_error(ctx), "version 2"));
}

static void values_of_no_engine_are_refused(void **state)
{
    zurt_ctx *ctx = *state;
    static const size_t at[] = {24, 28, 32, 36, 40, 44, 48, 52, 56};
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        for (int big = 0; big < 2; big++) {
            uint8_t table[ZI_CAPS_BYTES];
            zi_caps_record r;
            assert_int_equal(zi_caps_encode(ctx, zt_pl_caps(), table), ZURT_OK);
            zi_put_u32(table + at[i], big ? UINT32_MAX : 0);
            reseal(table);
            assert_int_equal(zi_caps_decode(ctx, (zi_bytes){table, sizeof(table)}, &r),
                             ZURT_E_FORMAT);
        }
    }
    uint8_t table[ZI_CAPS_BYTES];
    zi_caps_record r;
    assert_int_equal(zi_caps_encode(ctx, zt_pl_caps(), table), ZURT_OK);
    memset(table + 80, 'x', 32); // the name does not end
    reseal(table);
    assert_int_equal(zi_caps_decode(ctx, (zi_bytes){table, sizeof(table)}, &r), ZURT_E_FORMAT);
    assert_int_equal(zi_caps_encode(ctx, zi_caps_cpu(), table), ZURT_E_ARG);
    zi_caps wordy = *zt_pl_caps();
    wordy.name = "a name of thirty-two characters!";
    assert_int_equal(zi_caps_encode(ctx, &wordy, table), ZURT_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(every_damage_is_found),
        cmocka_unit_test(another_version_is_named),
        cmocka_unit_test(values_of_no_engine_are_refused),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
