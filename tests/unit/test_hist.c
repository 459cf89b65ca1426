/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms that widen while values arrive. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quantise/hist.h"

static float noise(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(*seed >> 8) / 8388608.0f - 1.0f;
}

static uint64_t total(const zc_hist *h)
{
    uint64_t n = 0;
    for (size_t i = 0; i < ZC_HIST_BINS; i++)
        n += h->bin[i];
    return n;
}

static void every_value_is_in_its_bin_while_the_range_grows(void **state)
{
    (void)state;
    static zc_hist h;
    static float seen[4000];
    uint32_t seed = 7;
    memset(&h, 0, sizeof(h));
    for (size_t i = 0; i < 4000; i++) { // from 1e-3 to 1e3, one by one
        seen[i] = noise(&seed) * powf(10.0f, (float)i / 667.0f - 3.0f);
        zc_hist_add(&h, &seen[i], 1);
    }
    assert_int_equal(h.n_values + h.n_zeros, 4000);
    assert_int_equal(total(&h), h.n_values);
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        uint64_t n = 0;
        double lo = ldexp((double)(h.first + (int64_t)i), h.exponent);
        for (size_t k = 0; k < 4000; k++)
            n += seen[k] != 0.0f && (double)seen[k] >= lo &&
                 (double)seen[k] < lo + ldexp(1.0, h.exponent);
        assert_int_equal(h.bin[i], n);
    }
}

static void order_and_chunks_do_not_matter(void **state)
{
    (void)state;
    static zc_hist a, b, c;
    static float x[3000];
    uint32_t seed = 3;
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    memset(&c, 0, sizeof(c));
    for (size_t i = 0; i < 3000; i++)
        x[i] = i % 5 ? noise(&seed) * (float)i : 0.0f;
    zc_hist_add(&a, x, 1000);
    zc_hist_add(&b, x + 1000, 2000);
    zc_hist_merge(&a, &b);
    zc_hist_merge(&c, &b);
    zc_hist_add(&c, x, 1000);
    assert_int_equal(a.n_zeros, 600);
    assert_int_equal(a.n_values, 2400);
    assert_int_equal(total(&a), 2400);
    assert_true(a.min == c.min && a.max == c.max);
    assert_int_equal(a.exponent, c.exponent);
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        int64_t k = a.first + (int64_t)i - c.first;
        assert_int_equal(a.bin[i], k >= 0 && k < ZC_HIST_BINS ? c.bin[k] : 0);
    }
}

static void what_is_not_finite_is_counted_apart(void **state)
{
    (void)state;
    static zc_hist h;
    memset(&h, 0, sizeof(h));
    static const float x[] = {NAN, 1.0f, INFINITY, -2.0f, -INFINITY, 0.0f};
    zc_hist_add(&h, x, 6);
    assert_int_equal(h.n_bad, 3);
    assert_int_equal(h.n_zeros, 1);
    assert_int_equal(total(&h), 2);
    assert_true(h.min == -2.0f && h.max == 1.0f);
}

static void extremes_of_float_have_a_bin(void **state)
{
    (void)state;
    static zc_hist h;
    memset(&h, 0, sizeof(h));
    static const float x[] = {1e-45f, -3.4e38f, 3.4e38f, 1.0f, 0.0f, 1e-38f};
    for (size_t i = 0; i < 6; i++)
        zc_hist_add(&h, &x[i], 1);
    assert_int_equal(total(&h), 5);
    assert_int_equal(h.n_zeros, 1);
}

static void clipping_moves_values_to_the_bounds(void **state)
{
    (void)state;
    static zc_hist h;
    memset(&h, 0, sizeof(h));
    static const float x[] = {-3.0f, -2.0f, 1.0f, 5.0f, 9.0f, 6.0f};
    zc_hist_add(&h, x, 6);
    zc_hist_clip(&h, 0.0, 6.0);
    assert_int_equal(h.n_zeros, 2);
    assert_int_equal(h.n_values, 4);
    assert_int_equal(total(&h), 4);
    assert_true(h.min == 0.0f && h.max == 6.0f);
}

static void clipping_at_a_bound_beyond_what_was_seen(void **state)
{
    (void)state;
    static zc_hist h;
    static const struct {
        float from, to; /* seen, evenly */
        double lo, hi;  /* of the clip */
        float min, max; /* after it */
        size_t zeros;
    } cases[] = {
        {100.0f, 255.0f, 0.0, 6.0, 6.0f, 6.0f, 0},   // all above
        {2000.0f, 2001.0f, 0.0, 6.0, 6.0f, 6.0f, 0}, // far above, narrow bins
        {1e4f, 1.0001e4f, -1e-30, 1e-30, 1e-30f, 1e-30f, 0},
        {-300.0f, -290.0f, -6.0, 6.0, -6.0f, -6.0f, 0},      // all below
        {-300.0f, -290.0f, 0.0, 6.0, 0.0f, 0.0f, 100},       // all below, at zero
        {100.0f, 255.0f, 0.0, 0.0, 0.0f, 0.0f, 100},         // nothing is left
        {-5.0f, 5.0f, -7.0, 7.0, -5.0f, 5.0f, 0},            // nothing outside
        {-5.0f, 5.0f, -1e30, 1e30, -5.0f, 5.0f, 0},          // far outside
        {1.0f, 5.0f, -(double)INFINITY, 5.0, 1.0f, 5.0f, 0}, // at the upper edge
        {-5.0f, -1.0f, -5.0, (double)INFINITY, -5.0f, -1.0f, 0},
        {-4.0f, 4.0f, -1e-3, 1e-3, -1e-3f, 1e-3f, 0}, // both sides, little between
        {-3e38f, 3e38f, -1e-38, 3e38, -1e-38f, 3e38f, 0},
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        memset(&h, 0, sizeof(h));
        float x[100];
        for (size_t i = 0; i < 100; i++) {
            float part = ((float)i + 0.5f) / 100.0f;
            x[i] = cases[c].from * (1.0f - part) + cases[c].to * part;
        }
        x[0] = cases[c].from;
        x[99] = cases[c].to;
        zc_hist_add(&h, x, 100);
        zc_hist_clip(&h, cases[c].lo, cases[c].hi);
        assert_int_equal(h.n_zeros, cases[c].zeros);
        assert_int_equal(h.n_values, 100 - cases[c].zeros);
        assert_int_equal(total(&h), h.n_values);
        assert_true(h.min == cases[c].min && h.max == cases[c].max);
        zc_hist_add(&h, x, 100); // still a histogram that takes values
        assert_int_equal(total(&h), h.n_values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_in_its_bin_while_the_range_grows),
        cmocka_unit_test(order_and_chunks_do_not_matter),
        cmocka_unit_test(what_is_not_finite_is_counted_apart),
        cmocka_unit_test(extremes_of_float_have_a_bin),
        cmocka_unit_test(clipping_moves_values_to_the_bounds),
        cmocka_unit_test(clipping_at_a_bound_beyond_what_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
