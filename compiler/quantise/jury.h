/* SPDX-License-Identifier: Apache-2.0 */
/** @file Float's answers to the samples that judge, and how near int8 graphs come to them. */
#ifndef ZC_QUANTISE_JURY_H
#define ZC_QUANTISE_JURY_H

#include "float/evaluator.h"
#include "quantise/candidate.h"

typedef struct zc_jury zc_jury;

/**
 * Runs float on the samples that judge: the first 16 at most, and no more than fit 64 MiB.
 * @param from    must outlive the jury, as must `options`.
 * @param out     owned by the caller: zc_jury_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_NOMEM; what the executor or the sample function return.
 */
zurt_status zc_jury_create(zurt_ctx *ctx, const zi_graph *from,
                           const zurt_quantize_options *options, zc_jury **out);
/** NULL is allowed. */
void zc_jury_destroy(zurt_ctx *ctx, zc_jury *jury);

/** Makes a candidate, with options of its own, and runs it on the samples that judge. ZURT_OK also
 *  if it is not possible. */
zurt_status zc_jury_try(zurt_ctx *ctx, const zc_jury *jury, const zurt_quantize_options *options,
                        zc_recipe recipe, const zc_stats *stats, zc_trial *out);

/** How near float itself comes on the first `n` samples, with a tap that changes tensors; dB as of
 * a trial. */
zurt_status zc_jury_disturb(zurt_ctx *ctx, const zc_jury *jury, size_t n, zc_tap_fn *tap,
                            void *self, double *db);

#endif
