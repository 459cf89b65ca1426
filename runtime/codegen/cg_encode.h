/* SPDX-License-Identifier: Apache-2.0 */
/** @file A map with its numbers: the bytes that the engine reads, and the proof that they are safe.
 */
#ifndef ZI_CODEGEN_ENCODE_H
#define ZI_CODEGEN_ENCODE_H

#include "codegen/codegen.h"

/** What the engine's pointers point to; all in words of 16 bytes. */
typedef struct zi_cg_code {
    zurt_allocator allocator;
    v16 *steps;
    int32_t step_words;
    int32_t n_epochs;
    v16 *weights[4];
    int32_t weight_words; /**< of each stream */
    int32_t act_words;
} zi_cg_code;

/**
 * Packs steps, tables and weight streams of a map, the steps once per picture of the batch.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_LIMIT: beyond the address range.
 */
zurt_status zi_cg_encode(zurt_ctx *ctx, const zi_cg_program *map, zi_cg_code *out);
/** A zeroed code is allowed. */
void zi_cg_code_destroy(zi_cg_code *code);

/**
 * Proves that a step list is safe: every address of every step in its buffer, no bank read or
 * written twice in a cycle, nothing written that the same step reads, weights there when they are
 * needed and never too many, nothing loaded that the same epoch stores.
 *
 * @return ZURT_OK; ZURT_E_INTERNAL, with the step and what is wrong; ZURT_E_NOMEM.
 */
zurt_status zi_cg_verify(zurt_ctx *ctx, const zi_caps *caps, const zi_cg_code *code);

#endif
