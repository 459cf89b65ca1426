/* SPDX-License-Identifier: Apache-2.0 */
/* The range that changes the distribution of the values least. */
#include <math.h>

#include "quantise/calib.h"
#include "quantise/calib_search.h"

/** The reference distribution in one quantised level. */
typedef struct level {
    double inside; /* count of values the level represents */
    double sum_plogp;
    double total; /* with the outliers that the range moves to its ends */
    size_t bins;
} level;

/** Contribution of a level: its bins share what lies inside evenly. */
static double divergence(const level *l, double total, double inside)
{
    if (l->bins == 0 || l->total == 0.0)
        return 0.0;
    // sum over bins of p log(p / q), p = count / total, q = (level's inside / bins) / inside
    double q = l->inside > 0.0 ? l->inside / (double)l->bins / inside : 1e-12;
    return l->sum_plogp / total - l->total / total * (log(total) + log(q));
}

static double kl_divergence(const zc_calib_points *p, zc_range r)
{
    zc_qparam q = zc_qparam_from_range(r.lo, r.hi);
    double low = (-128.0 - q.zero_point - 0.5) * (double)q.scale;
    double high = (127.0 - q.zero_point + 0.5) * (double)q.scale;
    double below = 0.0, above = 0.0, total = 0.0, inside = 0.0;
    size_t begin = 0, end = p->n;
    for (size_t i = 0; i < p->n; i++)
        total += p->count[i];
    while (begin < end && p->value[begin] < low)
        below += p->count[begin++];
    while (end > begin && p->value[end - 1] > high)
        above += p->count[--end];
    inside = total - below - above;
    if (!(inside > 0.0))
        return (double)INFINITY;
    level l = {0};
    int current = -1000;
    double sum = 0.0;
    for (size_t i = begin; i < end; i++) {
        int at = zc_qparam_quantise(q, p->value[i]);
        if (at != current) {
            sum += divergence(&l, total, inside);
            l = (level){0};
            current = at;
        }
        double n = p->count[i] + (i == begin ? below : 0.0) + (i == end - 1 ? above : 0.0);
        l.inside += p->count[i];
        l.total += n;
        l.sum_plogp += n * log(n);
        l.bins++;
    }
    return sum + divergence(&l, total, inside);
}

zc_range zc_calib_entropy(const zc_hist *h)
{
    return zc_calib_search(h, kl_divergence, NULL, 0);
}
