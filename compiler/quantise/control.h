/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Accuracy control: which nodes to leave in float, within a share of the multiply-accumulates. What
 * is left so is a tensor: the node that writes it and all that read it, since a reader in int8
 * would round it again.
 */
#ifndef ZC_QUANTISE_CONTROL_H
#define ZC_QUANTISE_CONTROL_H

#include "quantise/candidate.h"

/** What was found. */
typedef struct zc_control {
    const char **names; /**< of nodes, borrowed from the graph; the options' own are in front */
    size_t n;           /**< of names */
    size_t n_own;       /**< those in front */
    double before_db, after_db;
    double share; /**< percent of the multiply-accumulates that those behind cost */
} zc_control;

/**
 * Tries tensors, those with the largest error of their own first, measures each alone and then
 * together on the samples that judge, and drops what brings nothing.
 *
 * @param from    a float graph.
 * @param ranked  its int8 graph's report, with layers ranked.
 * @param recipe  how ranges are chosen.
 * @param out     zc_control_destroy() it, also after a failure.
 * @return ZURT_OK; what zc_jury_create() and zc_jury_try() return.
 */
zurt_status zc_control_find(zurt_ctx *ctx, const zi_graph *from,
                            const zurt_quantize_options *options, zc_recipe recipe,
                            const zc_stats *stats, const zurt_quant_report *ranked,
                            zc_control *out);
void zc_control_destroy(zurt_ctx *ctx, zc_control *c);

#endif
