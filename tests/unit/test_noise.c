/* SPDX-License-Identifier: Apache-2.0 */
/* Signal and noise, where values are no numbers as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quantise/noise.h"

static const double inf = (double)INFINITY, nan_ = (double)NAN;

static double db_of(double real, double held)
{
    zc_noise p = {0};
    zc_noise_add(&p, 4.0, 4.0);
    zc_noise_add(&p, real, held);
    return zc_noise_db(p);
}

static void squares_are_summed(void **state)
{
    (void)state;
    assert_true(fabs(db_of(2.0, 1.0) - 10.0 * log10(20.0)) < 1e-9);
    assert_true(db_of(2.0, 2.0) == inf);
    assert_true(zc_noise_db((zc_noise){0.0, 1.0}) == -inf);
    assert_true(zc_noise_db((zc_noise){0}) == inf);
}

static void what_is_no_number_counts_only_where_it_differs(void **state)
{
    (void)state;
    assert_true(db_of(nan_, nan_) == inf);
    assert_true(db_of(-inf, -inf) == inf);
    assert_true(db_of(nan_, 0.0) == -inf);
    assert_true(db_of(1.0, nan_) == -inf);
    assert_true(db_of(inf, -inf) == -inf);
    assert_true(db_of(-inf, -128.0) == -inf);
}

static void parts_count_alike_and_the_silent_do_not(void **state)
{
    (void)state;
    const zc_noise parts[] = {{100.0, 1.0}, {1.0, inf}, {0.0, 5.0}};
    assert_true(fabs(zc_noise_mean_db(parts, 3) + 10.0 * log10((0.01 + 1.0) / 2)) < 1e-9);
    assert_true(isnan(zc_noise_mean_db(parts + 2, 1)));
    assert_true(isnan(zc_noise_mean_db(NULL, 0)));
    assert_true(zc_noise_mean_db((zc_noise[]){{1.0, 0.0}}, 1) == inf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squares_are_summed),
        cmocka_unit_test(what_is_no_number_counts_only_where_it_differs),
        cmocka_unit_test(parts_count_alike_and_the_silent_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
