/* SPDX-License-Identifier: Apache-2.0 */
/** @file A map with its numbers: the bytes that the engine reads, and the proof that they are safe.
 */
#ifndef ZI_BACKEND_PL_CODE_H
#define ZI_BACKEND_PL_CODE_H

#include "plan/map.h"

/** What the engine's pointers point to; all in words of 16 bytes. */
typedef struct zi_pl_code {
    zurt_allocator allocator;
    v16 *steps;
    int32_t step_words;
    int32_t n_segments;
    v16 *weights[4];
    int32_t weight_words; /**< of each stream */
    int32_t act_words;
} zi_pl_code;

/**
 * Packs steps, tables and weight streams of a map, the steps once per picture of the batch.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_LIMIT: beyond the address range.
 */
zurt_status zi_pl_code_create(zurt_ctx *ctx, const zi_map *map, zi_pl_code *out);
/** A zeroed code is allowed. */
void zi_pl_code_destroy(zi_pl_code *code);

/**
 * Proves that a step list is safe: every address of every step in its buffer, no bank read or
 * written twice in a cycle, nothing written that the same step reads, weights there when they are
 * needed and never too many, nothing loaded that the same segment stores.
 *
 * @return ZURT_OK; ZURT_E_INTERNAL, with the step and what is wrong; ZURT_E_NOMEM.
 */
zurt_status zi_pl_check(zurt_ctx *ctx, const zi_caps *caps, const zi_pl_code *code);

/** Host tensor of one picture, dense HWC, to the act buffer: planes of 16 channels, packed if the
 *  place is; channels beyond the last are 0. */
void zi_pl_write_input(const zi_place *p, int8_t zero_point, const int8_t *picture, v16 *out);
/** Planes in the act buffer to one dense picture. */
void zi_pl_read_output(const zi_place *p, const v16 *planes, int8_t *out);

#endif
