/* SPDX-License-Identifier: Apache-2.0 */
/* Searches two bounds on a grid for the least cost. */
#include <math.h>

#include "quantise/calib_search.h"

/** Coarse grid: the end seen times RATIO^k, k = 0..STEPS-1: down to 4 % of it. */
#define RATIO  0.85
#define STEPS  20
#define ROUNDS 2 /* refinements, each to a quarter of the step */

typedef struct best {
    double cost;
    double lo, hi; /* exponents k of RATIO */
} best;

static void points_of(const zc_hist *h, zc_calib_points *p)
{
    p->n = 0;
    for (size_t i = 0; i < ZC_HIST_BINS; i++) {
        if (!h->bin[i])
            continue;
        // The middle of the outermost bins may lie beyond what was seen.
        double v = zc_hist_value(h, i);
        v = v < (double)h->min ? (double)h->min : v > (double)h->max ? (double)h->max : v;
        p->value[p->n] = v;
        p->count[p->n++] = (double)h->bin[i];
    }
}

static zc_range at(zc_range seen, double lo, double hi)
{
    return (zc_range){seen.lo * pow(RATIO, lo), seen.hi * pow(RATIO, hi)};
}

/** Tries a grid around a centre; an end that was never seen does not move. */
static void try_grid(const zc_calib_points *p, zc_range seen, zc_calib_cost_fn *cost, double step,
                     int from, int to, best *b)
{
    const best centre = *b;
    for (int i = from; i <= to; i++) {
        for (int j = from; j <= to; j++) {
            double lo = centre.lo + i * step, hi = centre.hi + j * step;
            const bool moves_unseen = (seen.lo == 0.0 && i != 0) || (seen.hi == 0.0 && j != 0);
            if (lo < 0.0 || hi < 0.0 || moves_unseen)
                continue;
            double c = cost(p, at(seen, lo, hi));
            if (c < b->cost)
                *b = (best){c, lo, hi};
        }
    }
}

/** Every view's sight of the points. A view that shows nothing finite of one has no say in it. */
static void show(const zc_hist *h, const zc_view *views, size_t n_views, zc_calib_points *p)
{
    p->n_views = n_views;
    for (size_t k = 0; k < n_views; k++) {
        double power = n_views > 1 ? zc_view_power(h, &views[k]) : 1.0;
        p->views[k] = views[k];
        p->weight[k] = power > 0.0 && isfinite(power) ? 1.0 / power : 1.0;
        for (size_t i = 0; i < p->n; i++) {
            if (!zc_view_map(&views[k], p->value[i], &p->mapped[k][i]))
                p->mapped[k][i] = (double)NAN;
        }
    }
}

zc_range zc_calib_search(const zc_hist *h, zc_calib_cost_fn *cost, const zc_view *views,
                         size_t n_views)
{
    zc_range seen = zc_hist_seen(h);
    if (!h->n_values)
        return seen;
    zc_calib_points p;
    points_of(h, &p);
    show(h, views, n_views, &p);
    best b = {.cost = (double)INFINITY};
    try_grid(&p, seen, cost, 1.0, 0, STEPS - 1, &b);
    double step = 1.0;
    for (int round = 0; round < ROUNDS; round++) {
        step /= 4.0;
        try_grid(&p, seen, cost, step, -3, 3, &b);
    }
    return at(seen, b.lo, b.hi);
}
