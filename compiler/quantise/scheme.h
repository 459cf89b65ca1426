/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the quantiser decides before it changes anything: which nodes compute on s8, which tensors
 * share one quantisation, and the parameters of each.
 */
#ifndef ZC_QUANTISE_SCHEME_H
#define ZC_QUANTISE_SCHEME_H

#include "quantise/calib.h"
#include "quantise/stats.h"

typedef struct zc_tensor_plan {
    zc_qparam p;
    zc_range range;
    const char *method; /**< how the range was found, for the report */
    double sqnr;        /**< dB that p leaves of this tensor, as its readers see it */
    zi_id tie;          /**< parent in the forest of tied tensors; itself at the root */
    bool fixed;         /**< p is fixed by the op that writes a member of its group */
    bool quantised;     /**< written or read by an int8 node */
    size_t n_views;     /**< of the readers outside its group; without any, of the group's */
    zc_view views[ZC_VIEWS_MAX];
    double power[ZC_VIEWS_MAX]; /**< what each view shows of the whole group: mean square */
} zc_tensor_plan;

/** How ranges are chosen. */
typedef struct zc_recipe {
    zurt_calib_method method; /**< not AUTO */
    bool spare_heads;         /**< what regression heads read is not clipped */
} zc_recipe;

typedef struct zc_scheme {
    zurt_ctx *ctx;
    zi_graph *g;
    const zurt_quantize_options *options;
    zc_recipe recipe;
    const zc_stats *stats;
    zi_id *writer;
    uint32_t *n_readers;
    zc_tensor_plan *tensor; /**< g->n_tensors */
    bool *is_spared;        /**< per tensor: a regression head reads it, and it is not clipped */
    const char **reason;    /**< per node: why it stays float; NULL: int8 */
} zc_scheme;

/**
 * Decides everything. The graph's arena keeps the texts.
 * @param out zc_scheme_destroy() it, also after a failure.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: options.require_int8 and a node stays float.
 */
zurt_status zc_scheme_make(zurt_ctx *ctx, zi_graph *g, const zurt_quantize_options *options,
                           zc_recipe recipe, const zc_stats *stats, zc_scheme *out);
void zc_scheme_destroy(zc_scheme *s);

/** Conv, ConvTranspose, FullyConnected: input 1 are weights, input 2 a bias. */
bool zc_op_is_linear(zi_op op);

/** True if input i of a node is data that is quantised with the node: not weights, not indices. */
bool zc_is_data_input(const zi_graph *g, const zi_node *n, uint32_t i);

/* ---- parts (scheme_*.c) ---- */

/** Sets reasons that follow from ops, types and options alone. */
zurt_status zc_scheme_ops(zc_scheme *s);
/** Ties tensors of the nodes that are int8 at this point. */
void zc_scheme_tie(zc_scheme *s);
zi_id zc_scheme_root(const zc_scheme *s, zi_id tensor);
/** Ranges and parameters of all tensors, per group. */
zurt_status zc_scheme_ranges(zc_scheme *s);
/** dB that parameters leave of a tensor for what reads `as`, which holds the same values. */
double zc_scheme_sqnr(const zc_scheme *s, zi_id tensor, zi_id as, zc_qparam p);

#endif
