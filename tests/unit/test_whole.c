/* SPDX-License-Identifier: Apache-2.0 */
/* Division of whole numbers: by the definition, for every sign and at the ends of the type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/whole.h"

static void floor_and_ceil_enclose_the_quotient(void **state)
{
    (void)state;
    for (int32_t b = 1; b <= 9; b++) {
        for (int32_t a = -40; a <= 40; a++) {
            const int32_t low = zi_floor_div(a, b), high = zi_ceil_div(a, b);
            assert_true(low * b <= a && a < (low + 1) * b);
            assert_true((high - 1) * b < a && a <= high * b);
            assert_int_equal(zi_floor_div64(a, b), low);
            assert_int_equal(zi_ceil_div64(a, b), high);
        }
    }
}

static void nothing_overflows_at_the_ends(void **state)
{
    (void)state;
    assert_int_equal(zi_ceil_div(INT32_MAX, INT32_MAX), 1);
    assert_int_equal(zi_ceil_div(INT32_MAX, 2), INT32_MAX / 2 + 1);
    assert_int_equal(zi_floor_div(INT32_MIN, INT32_MAX), -2);
    assert_true(zi_ceil_div64(INT64_MAX, 1) == INT64_MAX);
    assert_true(zi_floor_div64(INT64_MIN, 1) == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floor_and_ceil_enclose_the_quotient),
        cmocka_unit_test(nothing_overflows_at_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
