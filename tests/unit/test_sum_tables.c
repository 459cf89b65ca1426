/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's adds: every pair of operands gives the bytes that the kernels give. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codegen/sum_tables.h"
#include "kernels/kernels.h"
#include "quant/requant.h"
#include "quant/scale.h"
#include "support/bytes_source.h"

typedef struct scales {
    double a, b, y;
} scales;

/** The numbers of an Add as docs/arithmetic.md derives them; false: the engine's form has none. */
static bool numbers_of(scales s, zt_source *source, zi_add_numbers *out)
{
    double twice_max = 2.0 * (s.a > s.b ? s.a : s.b);
    int32_t zero = zt_pick_range(source, -128, 127);
    bool relu = zt_one_in(source, 3);
    zi_multiplier m[3];
    if (!zi_multiplier_from_real(s.a / twice_max, &m[0]) ||
        !zi_multiplier_from_real(s.b / twice_max, &m[1]) ||
        !zi_multiplier_from_real(twice_max / ((double)(1 << ZI_ADD_LEFT_SHIFT) * s.y), &m[2]) ||
        m[2].shift > 0)
        return false;
    *out = (zi_add_numbers){
        .multiplier = {m[0].multiplier, m[1].multiplier},
        .shift = {m[0].shift, m[1].shift},
        .out_multiplier = m[2].multiplier,
        .out_shift = m[2].shift,
        .zero = {zt_pick_range(source, -128, 127), zt_pick_range(source, -128, 127)},
        .lo = relu ? 0 : -128 - zero,
        .hi = 127 - zero,
    };
    return out->lo <= out->hi;
}

/** Compares all 65,536 pairs with the reference kernel. */
static void expect_exact(const zi_add_numbers *n, const zi_sum_tables *t)
{
    zk_binary_s8 p = {.a_zero = n->zero[0],
                      .b_zero = n->zero[1],
                      .a = {n->multiplier[0], n->shift[0]},
                      .b = {n->multiplier[1], n->shift[1]},
                      .out = {n->out_multiplier, n->out_shift},
                      .b_sign = 1,
                      .out_zero = 127 - n->hi,
                      .lo = n->lo + 127 - n->hi,
                      .hi = 127};
    zk_table kernels;
    int8_t all[256], out[256];
    zk_table_init(&kernels, 0);
    zk_add_s8_set_terms(&p);
    for (int32_t q = -128; q <= 127; q++)
        all[q + 128] = (int8_t)q;
    for (int32_t a = 0; a < 256; a++) {
        kernels.add_s8(&p, &all[a], 0, all, 1, out, 256);
        for (int32_t b = 0; b < 256; b++) {
            int32_t sum = t->term[0][a] + t->term[1][b];
            int32_t v = (sum + (sum < 0 ? t->down : t->up)) >> t->shift;
            assert_int_equal(zi_clamp(v, n->lo, n->hi) + p.out_zero, out[b]);
        }
    }
}

static scales random_scales(zt_source *s)
{
    double a = exp(-zt_pick_range(s, 0, 8000) * 1e-3),
           b = a * exp(zt_pick_range(s, -2000, 2000) * 1e-3);
    double y = (a > b ? a : b) * exp(zt_pick_range(s, -600, 1400) * 1e-3);
    switch (zt_pick(s, 4)) {
    case 0: // ties in half of all pairs
        a = 1.0 / 128;
        b = ldexp(a, zt_pick_range(s, -3, 3));
        y = ldexp(a, zt_pick_range(s, -2, 4));
        break;
    case 1:
        b = a;
        break;
    case 2:
        y = a;
        break;
    default:
        break;
    }
    return (scales){(double)(float)a, (double)(float)b, (double)(float)y};
}

static void random_scales_have_exact_tables(void **state)
{
    (void)state;
    int made = 0;
    for (uint64_t seed = 1; seed <= 150; seed++) {
        zt_source source = zt_source_seed(seed);
        zi_add_numbers n;
        zi_sum_tables t;
        if (!numbers_of(random_scales(&source), &source, &n))
            continue;
        assert_true(zi_sum_tables_make(&n, &t));
        expect_exact(&n, &t);
        made++;
    }
    assert_true(made > 100);
}

/* Proportions of small integers, inexact in binary: many pairs are next to a tie. A few cannot be.
 */
static void nearly_rational_scales_are_exact_or_refused(void **state)
{
    (void)state;
    int made = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        zt_source source = zt_source_seed(seed);
        float a = 0.001f * (float)zt_pick_range(&source, 1, 900);
        scales s = {
            (double)a,
            (double)(a * (float)zt_pick_range(&source, 1, 9) / (float)zt_pick_range(&source, 1, 5)),
            (double)(a * (float)zt_pick_range(&source, 1, 12) /
                     (float)zt_pick_range(&source, 1, 6))};
        zi_add_numbers n;
        zi_sum_tables t;
        if (!numbers_of(s, &source, &n))
            continue;
        if (zi_sum_tables_make(&n, &t)) {
            expect_exact(&n, &t);
            made++;
        } else {
            refused++;
        }
    }
    assert_true(made > 10 * refused);
}

/** The comparison can fail: one entry moved by half an output step shows. */
static void a_wrong_entry_shows(void **state)
{
    (void)state;
    zt_source source = zt_source_seed(1);
    zi_add_numbers n;
    zi_sum_tables t;
    int differ = 0;
    assert_true(numbers_of((scales){0.02, 0.03, 0.04}, &source, &n));
    assert_true(zi_sum_tables_make(&n, &t));
    for (int32_t b = 0; b < 256; b++) {
        int32_t sum = t.term[0][130] + t.term[1][b] + (1 << t.shift >> 1);
        int32_t v = (sum + (sum < 0 ? t.down : t.up)) >> t.shift;
        differ += zi_clamp(v, n.lo, n.hi) != zi_add_exact(&n, 2, b - 128);
    }
    assert_true(differ > 0);
}

/* The engine has 18 fraction bits at least: sums of 4096 output steps leave that many. */
static void sums_of_too_many_output_steps_are_refused(void **state)
{
    (void)state;
    const double outputs[] = {1.0, 1.0 / 4, 1.0 / 32, 1.0 / 1000};
    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        zt_source source = zt_source_seed(1);
        zi_add_numbers n;
        zi_sum_tables t;
        assert_true(numbers_of((scales){1.0, 1.0, outputs[i]}, &source, &n));
        const bool made = zi_sum_tables_make(&n, &t);
        assert_int_equal(made, i < 2);
        assert_int_equal(made, t.shift >= 18);
        assert_true(t.shift <= 23);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_scales_have_exact_tables),
        cmocka_unit_test(sums_of_too_many_output_steps_are_refused),
        cmocka_unit_test(nearly_rational_scales_are_exact_or_refused),
        cmocka_unit_test(a_wrong_entry_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
