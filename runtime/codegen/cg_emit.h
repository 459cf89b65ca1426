/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the files of emission, layers to steps, share. Private to codegen/. */
#ifndef ZI_CODEGEN_EMIT_H
#define ZI_CODEGEN_EMIT_H

#include "codegen/cg_impl.h"

typedef struct zi_cg_emitter {
    zurt_ctx *ctx;
    zi_cg_program *m;
    uint32_t *written_in; /**< per tensor: epoch + 1 that stores it */
    bool *loaded;         /**< per tensor: an input that is in the scratchpad */
    zi_arena temporary;
} zi_cg_emitter;

/** Where a step finds its input or residual. */
typedef struct zi_cg_view {
    int32_t base, first_row, rows, w;
    int32_t pitch, half, plane, split;
    int32_t begin, end; /**< scratchpad words that may be read */
} zi_cg_view;

/** One step's share of a layer. */
typedef struct zi_cg_share {
    int32_t y0, y1;   /**< rows of the sum */
    int32_t phase[2]; /**< of a transposed convolution */
    int32_t block, n_blocks;
    bool keep, again; /**< weights stay in the ring for the next step; are there from the last */
} zi_cg_share;

/** A step that does nothing yet; *out is borrowed until the next. ZURT_OK; ZURT_E_NOMEM;
 *  ZURT_E_UNSUPPORTED: too many. */
zurt_status zi_cg_add_step(zi_cg_emitter *e, zi_cg_step **out);

/**
 * Adds one step: the share `sh` of layer `layer`, as `l` describes it.
 *
 * @param v where its input and its residual are.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: too many steps.
 */
zurt_status zi_cg_emit_step(zi_cg_emitter *e, uint32_t layer, const zi_cg_layer *l,
                            const zi_cg_view v[2], const zi_cg_share *sh);

#endif
