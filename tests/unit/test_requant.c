/* SPDX-License-Identifier: Apache-2.0 */
/* requant.h against the published definitions, written as gemmlowp and TFLite state them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quant/requant.h"
#include "quant/scale.h"
#include "quant/softmax.h"

static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/* Every third value is a corner: powers of two and their neighbours, the ends. */
static int32_t random_s32(uint64_t *state)
{
    uint64_t r = next(state);
    int32_t value = (int32_t)(uint32_t)(r >> 32);
    if (r % 3)
        return value >> (r >> 8 & 31);
    int64_t power = (int64_t)1 << (r >> 8 & 31);
    power += (int64_t)(r >> 16 & 3) - 1;
    power = r & 1024 ? -power : power;
    return power > INT32_MAX ? INT32_MAX : power < INT32_MIN ? INT32_MIN : (int32_t)power;
}

/* gemmlowp: nudge toward the sign, then C's truncating division. */
static int32_t doubling_high_mul(int32_t a, int32_t b)
{
    if (a == b && a == INT32_MIN)
        return INT32_MAX;
    int64_t ab = (int64_t)a * (int64_t)b;
    int64_t nudge = ab >= 0 ? ((int64_t)1 << 30) : (1 - ((int64_t)1 << 30));
    return (int32_t)((ab + nudge) / ((int64_t)1 << 31));
}

/* gemmlowp: shift, then one more if the remainder is above half. */
static int32_t divide_by_pot(int32_t x, int exponent)
{
    int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
    int32_t remainder = x & mask;
    int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

static void five_million_products_equal_gemmlowp(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 5000000; i++) {
        int32_t a = random_s32(&seed), b = random_s32(&seed);
        int shift = (int)(next(&seed) % 32);
        int32_t high = doubling_high_mul(a, b);
        if (zi_mulh(a, b) != high)
            fail_msg("zi_mulh(%d, %d)", (int)a, (int)b);
        if (zi_rshift_round(high, shift) != divide_by_pot(high, shift))
            fail_msg("zi_rshift_round(%d, %d)", (int)high, shift);
        int32_t m = b | 0x40000000; // a multiplier is in [2^30, 2^31)
        m = m < 0 ? m & INT32_MAX : m;
        if (zi_requant(a, m, -shift) != divide_by_pot(doubling_high_mul(a, m), shift))
            fail_msg("zi_requant(%d, %d, %d)", (int)a, (int)m, -shift);
    }
}

static void corners_saturate(void **state)
{
    (void)state;
    assert_int_equal(zi_mulh(INT32_MIN, INT32_MIN), INT32_MAX);
    assert_int_equal(zi_mulh(INT32_MIN, INT32_MAX), -INT32_MAX);
    assert_int_equal(zi_rshift_round(INT32_MAX, 31), 1);
    assert_int_equal(zi_rshift_round(INT32_MIN, 31), -1);
    assert_int_equal(zi_rshift_round(-1, 1), -1); // -0.5, away from zero
    assert_int_equal(zi_rshift_round(1, 1), 1);
    assert_int_equal(zi_lshift_sat(INT32_MAX, 15), INT32_MAX);
    assert_int_equal(zi_lshift_sat(-65537, 15), INT32_MIN);
    assert_int_equal(zi_requant(INT32_MIN, INT32_MAX, 15), -INT32_MAX);
    assert_int_equal(zi_div_round(-5, 2), -3);
    assert_int_equal(zi_div_round(5, 2), 3);
}

static void multipliers_are_within_half_a_unit(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 100000; i++) {
        double real = ldexp(0.5 + 0.5 * (double)(next(&seed) >> 11) / 9007199254740992.0,
                            (int)(next(&seed) % 40) - 25);
        zi_multiplier m;
        assert_true(zi_multiplier_from_real(real, &m));
        assert_true(m.multiplier >= 1 << 30);
        double back = ldexp((double)m.multiplier, m.shift - 31);
        assert_true(fabs(back - real) <= ldexp(0.5, m.shift - 31));
    }
}

static void exponential_and_reciprocal_are_near_the_real_ones(void **state)
{
    (void)state;
    double worst_exp = 0.0, worst_reciprocal = 0.0;
    for (int64_t x = 0; x > INT32_MIN; x -= 9973) {
        double y = (double)zi_exp_negative((int32_t)x) / 2147483648.0;
        worst_exp = fmax(worst_exp, fabs(y - exp((double)x / 67108864.0)));
    }
    for (int64_t x = 0; x <= INT32_MAX; x += 9973) {
        double y = (double)zi_one_over_one_plus((int32_t)x) / 2147483648.0;
        worst_reciprocal = fmax(worst_reciprocal, fabs(y - 1.0 / (1.0 + (double)x / 2147483648.0)));
    }
    assert_true(worst_exp < 1e-6);
    assert_true(worst_reciprocal < 1e-7);
    assert_int_equal(zi_exp_negative(0), INT32_MAX);
    assert_int_equal(zi_exp_negative(-(31 << 26)), 0); // e^-31 < 2^-32
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_million_products_equal_gemmlowp),
        cmocka_unit_test(corners_saturate),
        cmocka_unit_test(multipliers_are_within_half_a_unit),
        cmocka_unit_test(exponential_and_reciprocal_are_near_the_real_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
