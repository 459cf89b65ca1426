/* SPDX-License-Identifier: Apache-2.0 */
/** @file An int8 graph by one recipe, from statistics that several recipes share. */
#ifndef ZC_QUANTISE_CANDIDATE_H
#define ZC_QUANTISE_CANDIDATE_H

#include "quantise/quant_report.h"

/**
 * Quantises a copy of a float graph.
 *
 * @param from   not changed; must outlive *out.
 * @param io     type of the inputs and outputs; options->io is not looked at.
 * @param out    owned by the caller: zi_graph_destroy(); NULL on failure.
 * @param report the tensors' half of it; owned by the caller; NULL on failure.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: options->require_int8 and a node stays float.
 */
zurt_status zc_candidate_make(zurt_ctx *ctx, const zi_graph *from,
                              const zurt_quantize_options *options, zc_recipe recipe,
                              zurt_io_type io, const zc_stats *stats, zi_graph **out,
                              zurt_quant_report **report);

/** What came of a candidate beside float, on the samples that judge. */
typedef struct zc_trial {
    bool is_possible; /**< false: a node stays float that must not; the ctx says which */
    size_t n_float;   /**< nodes in float */
    double db;        /**< of the mean over the outputs of noise to signal */
    double worst_db;  /**< of the output that is furthest from float */
} zc_trial;

/**
 * The recipe of the options; for ZURT_CALIB_AUTO that of the four methods whose int8 graph is
 * nearest to float on the samples that judge, among those that leave fewest nodes in float.
 *
 * @param db [ZURT_CALIB_AUTO]: what each method scored; NAN if it was not tried, or not possible.
 * @param best what came of it; all 0 for another method than AUTO.
 * @return as zc_candidate_make(); also what the executor or the sample function return.
 */
zurt_status zc_choose_method(zurt_ctx *ctx, const zi_graph *from,
                             const zurt_quantize_options *options, const zc_stats *stats,
                             zc_recipe *out, double db[ZURT_CALIB_AUTO], zc_trial *best);

#endif
