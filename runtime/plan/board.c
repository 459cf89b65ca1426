/* SPDX-License-Identifier: Apache-2.0 */
/* Boards for users of the library: a capability table and what it says. */
#include "plan/board.h"

#include <string.h>

#include "base/alloc.h"
#include "graph/op.h"

enum { WORD_BYTES = 16 };

zurt_status zi_board_create(zurt_ctx *ctx, const zi_caps *caps, zurt_board **out)
{
    *out = NULL;
    size_t n = strlen(caps->name);
    if (n >= ZI_CAPS_NAME_BYTES)
        return zi_fail(ctx, ZURT_E_ARG, "board: the name has %zu bytes, at most %d", n,
                       ZI_CAPS_NAME_BYTES - 1);
    zurt_board *b = zi_zalloc(&ctx->allocator, sizeof(*b));
    if (!b)
        return zi_fail(ctx, ZURT_E_NOMEM, "board: need %zu bytes", sizeof(*b));
    b->allocator = ctx->allocator;
    b->record.caps = *caps;
    memcpy(b->record.name, caps->name, n + 1);
    b->record.caps.name = b->record.name;
    *out = b;
    return ZURT_OK;
}

zurt_status zurt_board_info_get(const zurt_board *board, zurt_board_info *out)
{
    if (!board || !out)
        return ZURT_E_ARG;
    const zi_caps *c = &board->record.caps;
    *out = (zurt_board_info){
        .name = c->name,
        .engine_version = c->engine_version,
        .macs_per_cycle = c->pixel_parallel * c->in_parallel * c->out_parallel,
        .pixels_per_cycle = c->pixel_parallel,
        .results_per_cycle = c->requant_parallel,
        .scratchpad_bytes = (size_t)c->scratchpad_words * WORD_BYTES,
        .ring_bytes = (size_t)c->ring_beats * WORD_BYTES,
        .clock_khz = c->clock_khz,
        .ddr_bytes_per_us = c->ddr_bytes_per_us,
        .link_khz = board->link_khz,
    };
    return ZURT_OK;
}

const char *zurt_board_op(const zurt_board *board, size_t i)
{
    if (!board || board->record.caps.kind != ZI_CAPS_PL)
        return NULL;
    for (uint32_t op = 0; op < ZI_OP_LIMIT; op++) { // a table may have ops of a later version
        if (zi_caps_has_op(&board->record.caps, op) && zi_op_get(op) && i-- == 0)
            return zi_op_name(op);
    }
    return NULL;
}

void zurt_board_destroy(zurt_board *board)
{
    if (!board)
        return;
    zurt_allocator allocator = board->allocator;
    zi_free(&allocator, board);
}
