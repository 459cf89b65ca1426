/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration: the range that each method chooses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quantise/calib.h"

#define N 200000

static float values[N];
static zc_hist hist;

static double uniform(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return ((double)(*seed >> 8) + 0.5) / 16777216.0;
}

/** A normal distribution cut by ReLU or not, and one far outlier. */
static void fill(bool relu, float outlier)
{
    uint32_t seed = 5;
    for (size_t i = 0; i < N; i++) {
        double r = sqrt(-2.0 * log(uniform(&seed)));
        float v = (float)(r * cos(6.283185307 * uniform(&seed)));
        values[i] = relu && v < 0.0f ? 0.0f : v;
    }
    values[N / 2] = outlier;
    memset(&hist, 0, sizeof(hist));
    zc_hist_add(&hist, values, N);
}

/* The mean square error of the range, or as much of it as `enough`: most ranges are soon that bad.
 */
static double error_of(zc_range r, double enough)
{
    zc_qparam p = zc_qparam_from_range(r.lo, r.hi);
    double sum = 0.0;
    for (size_t i = 0; i < N && sum < enough * N; i++) {
        double e = (double)values[i] -
                   (double)p.scale * (zc_qparam_quantise(p, (double)values[i]) - p.zero_point);
        sum += e * e;
    }
    return sum / N;
}

static void ranges_hold_zero(void **state)
{
    (void)state;
    for (int m = 0; m < 4; m++) {
        static const float above[] = {2.0f, 3.0f, 4.0f}, below[] = {-2.0f, -3.0f};
        memset(&hist, 0, sizeof(hist));
        zc_hist_add(&hist, above, 3);
        zc_range r = zc_calib_range(&hist, (zurt_calib_method)m, 99.0);
        assert_true(r.lo == 0.0 && r.hi > 2.0 && r.hi <= 4.0);
        memset(&hist, 0, sizeof(hist));
        zc_hist_add(&hist, below, 2);
        r = zc_calib_range(&hist, (zurt_calib_method)m, 99.0);
        assert_true(r.hi == 0.0 && r.lo < -2.0 && r.lo >= -3.0);
        memset(&hist, 0, sizeof(hist));
        r = zc_calib_range(&hist, (zurt_calib_method)m, 99.0);
        assert_true(r.hi == 0.0 && r.lo == 0.0);
    }
}

static void minmax_is_exact(void **state)
{
    (void)state;
    fill(false, 40.0f);
    zc_range r = zc_calib_range(&hist, ZURT_CALIB_MINMAX, 0.0);
    assert_true(r.hi == 40.0 && r.lo > -6.0 && r.lo < -3.0);
}

static void percentile_cuts_the_share_asked_for(void **state)
{
    (void)state;
    fill(false, 40.0f);
    zc_range r = zc_calib_range(&hist, ZURT_CALIB_PERCENTILE, 99.0);
    assert_true(fabs(r.lo + 2.576) < 0.05 && fabs(r.hi - 2.576) < 0.05); // 0.5 % at each end
    fill(true, 40.0f);
    r = zc_calib_range(&hist, ZURT_CALIB_PERCENTILE, 99.0);
    assert_true(r.lo == 0.0 && fabs(r.hi - 2.576) < 0.05);
}

static void mse_beats_every_scaled_range(void **state)
{
    (void)state;
    for (int relu = 0; relu < 2; relu++) {
        fill(relu, 12.0f);
        double best = error_of(zc_calib_range(&hist, ZURT_CALIB_MSE, 0.0), INFINITY);
        for (int i = relu ? 40 : 1; i <= 40; i++) {
            for (int k = 1; k <= 40; k++) {
                zc_range r = {relu ? 0.0 : -5.0 * i / 40, 12.0 * k / 40};
                assert_true(best <= error_of(r, best) * 1.03);
            }
        }
    }
}

static void entropy_drops_the_outlier_and_keeps_the_bulk(void **state)
{
    (void)state;
    for (int relu = 0; relu < 2; relu++) {
        fill(relu, 40.0f);
        zc_range r = zc_calib_range(&hist, ZURT_CALIB_ENTROPY, 0.0);
        assert_true(r.hi > 2.0 && r.hi < 8.0);
        assert_true(relu ? r.lo == 0.0 : r.lo < -2.0 && r.lo > -6.0);
    }
}

static void what_the_reader_flattens_gets_no_levels(void **state)
{
    (void)state;
    uint32_t seed = 9;
    for (size_t i = 0; i < N; i++)
        values[i] = (float)(40.0 * uniform(&seed) - 36.0); // Swish is flat from -8 down
    memset(&hist, 0, sizeof(hist));
    zc_hist_add(&hist, values, N);
    const zc_view swish = {.op = ZI_OP_Swish};
    zc_range plain = zc_calib_mse(&hist);
    zc_range through = zc_calib_mse_seen(&hist, &swish, 1);
    assert_true(plain.lo < -30.0);
    assert_true(through.lo > -16.0 && through.lo < -3.0 && through.hi > 3.5);
    zc_qparam p = zc_qparam_from_range(plain.lo, plain.hi);
    zc_qparam t = zc_qparam_from_range(through.lo, through.hi);
    assert_true(zc_view_noise(&hist, &swish, t) * 4.0 < zc_view_noise(&hist, &swish, p));
    // A second reader that wants it all has its say, by what each of them sees.
    const zc_view both[] = {{.op = ZI_OP_Swish}, {.op = ZI_OP_NONE}};
    zc_range mixed = zc_calib_mse_seen(&hist, both, 2);
    zc_qparam m = zc_qparam_from_range(mixed.lo, mixed.hi);
    assert_true(zc_view_noise(&hist, &both[1], m) < zc_view_noise(&hist, &both[1], t) / 4.0);
    double cost[3];
    for (int i = 0; i < 3; i++) {
        zc_qparam q = i == 0 ? m : i == 1 ? p : t;
        cost[i] = zc_view_noise(&hist, &both[0], q) / zc_view_power(&hist, &both[0]) +
                  zc_view_noise(&hist, &both[1], q) / zc_view_power(&hist, &both[1]);
    }
    assert_true(cost[0] <= cost[1] * 1.001 && cost[0] < cost[2]);
    zc_range alone = zc_calib_mse_seen(&hist, &both[1], 1);
    assert_true(alone.lo == plain.lo && alone.hi == plain.hi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_hold_zero),
        cmocka_unit_test(minmax_is_exact),
        cmocka_unit_test(percentile_cuts_the_share_asked_for),
        cmocka_unit_test(mse_beats_every_scaled_range),
        cmocka_unit_test(what_the_reader_flattens_gets_no_levels),
        cmocka_unit_test(entropy_drops_the_outlier_and_keeps_the_bulk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
