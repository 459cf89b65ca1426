/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Lowering of a QDQ graph to int8, shared by the files lower*.c.
 *
 * Every tensor of the source graph may have a *form*: the s8 tensor (s32 for a bias) that holds
 * its values. Dequantize gives its output the form of its input; a node whose inputs have forms is
 * emitted again on the forms. A float tensor that somebody still reads is then computed from its
 * form; zi_graph_compact() drops what nobody reads.
 */
#ifndef ZC_QUANTISE_LOWER_H
#define ZC_QUANTISE_LOWER_H

#include "quantise/qparam.h"

typedef struct zc_lowering {
    zurt_ctx *ctx;
    zi_graph *g;
    size_t n;            /**< tensors at the start; the arrays below have this length */
    zi_id *form;         /**< ZI_NONE: none yet */
    zi_id *writer;       /**< at the start */
    zi_id *quantised_to; /**< of an f32 tensor that only Quantize nodes with equal parameters
                              read: the output of the first; else ZI_NONE */
} zc_lowering;

/** The form of a tensor, made now if it is a constant or an input; ZI_NONE: it has none. */
zurt_status zc_lower_form(zc_lowering *l, zi_id tensor, zi_id *out);

/** Adds a computed s8 tensor, named as `like`. */
zurt_status zc_lower_tensor(zc_lowering *l, zi_id like, zc_qparam p, zi_id *out);

/**
 * Emits `n` again as `op` with other tensors, and checks that ops can compute it.
 * @param done false: no int8 form of this node exists; nothing was emitted, the reason is in the
 *             ctx's error text.
 */
zurt_status zc_lower_emit(zc_lowering *l, const zi_node *n, zi_op op, const zi_id *in,
                          uint32_t n_in, const zi_id *out, uint32_t n_out, bool *done);

/** Emits Quantize from `in` to `out`, which has its parameters. */
zurt_status zc_lower_requantise(zc_lowering *l, const char *name, zi_id in, zi_id out);

/** Lowers a node that is neither Quantize nor Dequantize; `done` false: it stays as it is. */
zurt_status zc_lower_node(zc_lowering *l, const zi_node *n, bool *done);

/* ---- constants (lower_const.c) ---- */

/** u8 constant to s8: values and zero points - 128. */
zurt_status zc_lower_const_u8(zc_lowering *l, zi_id tensor, zi_id *out);
/** f32 constant to s8 with the parameters of `like` (u8 or s8, per tensor or per axis). */
zurt_status zc_lower_const_as(zc_lowering *l, zi_id tensor, zi_id like, zi_id *out);
/** f32 constant to s8 with parameters that fit it best, per tensor. */
zurt_status zc_lower_const_fit(zc_lowering *l, zi_id tensor, zi_id *out);
/** Quantised s8 constant with its axes permuted. */
zurt_status zc_lower_const_transpose(zc_lowering *l, zi_id tensor, const int32_t *perm, zi_id *out);
/** Quantised s8 constant with other dims; `done` false if the quantised axis would not survive. */
zurt_status zc_lower_const_reshape(zc_lowering *l, zi_id tensor, int32_t rank, const int32_t *dims,
                                   zi_id *out, bool *done);
/**
 * Where the bias of a channel, in steps of s_x * s_w, leaves no room for its products, the weights
 * are all but zero beside it: replaces *w by weights of a coarser scale in those channels. Only for
 * a scale per channel and zero points of 0; else, and where all fits, *w stays.
 */
zurt_status zc_lower_const_coarsen(zc_lowering *l, zi_id x, zi_id bias, zi_id *w);
/**
 * Bias to s32 with scale s_x * s_w per channel.
 * @param bias f32 constant, or quantised s32 constant of any scale.
 * @param done false: a value does not fit into 32 bits.
 */
zurt_status zc_lower_const_bias(zc_lowering *l, zi_id bias, zi_id x, zi_id w, zi_id *out,
                                bool *done);

#endif
