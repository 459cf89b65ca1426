/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C against published values and its definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32c.h"

/* The definition, bit by bit. */
static uint32_t slow(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

/* Ref: RFC 3720 B.4; the check value of CRC-32/ISCSI. */
static void gives_published_values(void **state)
{
    (void)state;
    uint8_t zeros[32] = {0}, ones[32], up[32];
    for (int i = 0; i < 32; i++) {
        ones[i] = 0xff;
        up[i] = (uint8_t)i;
    }
    assert_int_equal(zi_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(zi_crc32c(0, zeros, 32), 0x8a9136aau);
    assert_int_equal(zi_crc32c(0, ones, 32), 0x62a8ab43u);
    assert_int_equal(zi_crc32c(0, up, 32), 0x46dd794eu);
    assert_int_equal(zi_crc32c(0, "", 0), 0);
}

static void equals_the_definition_for_all_lengths_and_starts(void **state)
{
    (void)state;
    uint8_t bytes[320];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24);
    }
    for (size_t start = 0; start < 9; start++) {
        for (size_t n = 0; n + start <= sizeof(bytes); n++)
            assert_int_equal(zi_crc32c(x, bytes + start, n), slow(x, bytes + start, n));
    }
}

static void continues_over_parts(void **state)
{
    (void)state;
    const char *text = "the quick brown fox jumps over the lazy dog";
    uint32_t whole = zi_crc32c(0, text, 43);
    for (size_t n = 0; n <= 43; n++)
        assert_int_equal(zi_crc32c(zi_crc32c(0, text, n), text + n, 43 - n), whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_published_values),
        cmocka_unit_test(equals_the_definition_for_all_lengths_and_starts),
        cmocka_unit_test(continues_over_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
