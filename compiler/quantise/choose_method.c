/* SPDX-License-Identifier: Apache-2.0 */
/* The calibration method whose int8 graph is nearest to float, by running all four. */
#include <math.h>

#include "quantise/jury.h"

/** Fewest nodes in float first, for they cost time; then what is nearest to float. Methods stand in
 *  the order of their numbers: of equals the simpler one is taken. */
static bool is_better(zc_trial t, zc_trial best)
{
    if (!best.is_possible)
        return t.is_possible;
    return t.n_float != best.n_float ? t.n_float < best.n_float : t.db > best.db;
}

zurt_status zc_choose_method(zurt_ctx *ctx, const zi_graph *from,
                             const zurt_quantize_options *options, const zc_stats *stats,
                             zc_recipe *out, double db[ZURT_CALIB_AUTO], zc_trial *best)
{
    *best = (zc_trial){0};
    for (int m = 0; m < ZURT_CALIB_AUTO; m++)
        db[m] = (double)NAN;
    *out = (zc_recipe){options->method, false};
    if (options->method != ZURT_CALIB_AUTO)
        return ZURT_OK;
    zc_jury *jury;
    zurt_status st = zc_jury_create(ctx, from, options, &jury);
    for (int m = 0; !st && m < ZURT_CALIB_AUTO; m++) {
        const zc_recipe recipe = {(zurt_calib_method)m, true};
        zc_trial t;
        st = zc_jury_try(ctx, jury, options, recipe, stats, &t);
        db[m] = t.db;
        if (!st && is_better(t, *best)) {
            *out = recipe;
            *best = t;
        }
        if (!st && options->progress)
            options->progress(options->progress_self, "choose a method", (size_t)m + 1,
                              ZURT_CALIB_AUTO);
    }
    zc_jury_destroy(ctx, jury);
    return !st && !best->is_possible ? ZURT_E_UNSUPPORTED : st;
}
