/* SPDX-License-Identifier: Apache-2.0 */
/* Maps a segment onto the engine: layers, where their data lie, the steps of each. */
#include "plan/map.h"

#include "base/alloc.h"
#include "plan/map_impl.h"

zurt_status zi_map_nomem(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "mapping: out of memory");
}

bool zi_map_grow(zi_map *m, void **array, size_t *capacity, size_t count, size_t size)
{
    return zi_grow(&m->arena.allocator, array, capacity, count, size);
}

zurt_status zi_map_create(zurt_ctx *ctx, const zi_caps *caps, const zi_graph *g,
                          const zi_segment *segment, zi_map **out)
{
    *out = NULL;
    zurt_status st = zi_caps_check_engine(ctx, caps);
    if (st)
        return st;
    zi_map *m = zi_zalloc(&ctx->allocator, sizeof(*m));
    if (!m)
        return zi_map_nomem(ctx);
    zi_arena_init(&m->arena, &ctx->allocator);
    m->g = g;
    m->caps = caps;
    m->first_node = segment->first_node;
    m->n_nodes = segment->n_nodes;
    st = zi_map_layers(ctx, m, segment);
    if (!st)
        st = zi_map_memory(ctx, m);
    if (!st)
        st = zi_map_steps(ctx, m);
    if (!st)
        st = zi_map_schedule(ctx, m);
    if (st) {
        zi_map_destroy(m);
        return st;
    }
    *out = m;
    return ZURT_OK;
}

void zi_map_destroy(zi_map *m)
{
    if (!m)
        return;
    zurt_allocator allocator = m->arena.allocator;
    zi_free(&allocator, m->layers);
    zi_free(&allocator, m->places);
    zi_free(&allocator, m->steps);
    zi_free(&allocator, m->taps);
    zi_free(&allocator, m->starts);
    zi_arena_clear(&m->arena);
    zi_free(&allocator, m);
}
