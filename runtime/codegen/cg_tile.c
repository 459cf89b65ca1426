/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strips: the rows of a place in the act buffer that a layer reads for one tile of its output,
 * twice, so that the next are loaded while these are read. And a tile's sums, where the maximum of
 * them is the output.
 */
#include "codegen/cg_impl.h"

static int32_t strip_rows(const zi_cg_layer *l, int which, int32_t in_h, int32_t tile)
{
    if (which == 1)
        return tile;
    int64_t reach = (int64_t)(l->l.kernel[0] - 1) * l->l.dilation[0] + 1;
    int64_t rows = l->l.transposed ? tile / l->l.stride[0] + reach / l->l.stride[0] + 3
                                   : (int64_t)(tile - 1) * l->l.stride[0] + reach;
    return rows > in_h ? in_h : (int32_t)rows;
}

static int32_t tile_unit(const zi_cg_layer *l)
{
    return l->l.transposed ? l->l.stride[0] : l->pool2 ? 2 : 1;
}

static void size_strip(zi_cg_program *m, zi_cg_layer *l, int which)
{
    if (l->strip[which] == ZI_NONE)
        return;
    int32_t block;
    const zi_cg_place *source = &m->places[zi_cg_root(m, which ? l->residual : l->in, &block)];
    zi_cg_place *p = &m->places[l->strip[which]];
    p->h = strip_rows(l, which, source->h, l->tile_rows);
    p->plane = p->pitch * p->h;
    p->words = zi_cg_place_words(p, p->doubled ? 2 : 1);
}

static int32_t size_tile(zi_cg_program *m, const zi_cg_layer *l)
{
    if (l->tile == ZI_NONE)
        return 0;
    zi_cg_place *p = &m->places[l->tile];
    p->pitch = p->w;
    p->plane = p->w * l->tile_rows * (l->l.up2 ? 2 : 1);
    p->words = zi_cg_place_words(p, 1);
    return p->words;
}

static bool strips_fit(zi_cg_program *m, zi_cg_layer *l, int32_t words)
{
    int64_t sum = size_tile(m, l);
    for (int k = 0; k < 2; k++) {
        size_strip(m, l, k);
        sum += l->strip[k] == ZI_NONE ? 0 : m->places[l->strip[k]].words;
    }
    return sum <= words;
}

/** Rows of the sum in one of `parts` tiles, whole units; fewer if a step could not store them. */
static int32_t tile_of(const zi_cg_program *m, const zi_cg_layer *l, int32_t parts)
{
    int32_t unit = tile_unit(l), rows = zi_ceil_div(zi_ceil_div(l->l.y.h, parts), unit) * unit;
    int32_t most = (int32_t)m->caps->scratchpad_words / l->l.y.w / unit * unit;
    return !zi_cg_scatters(l) && most >= unit && most < rows ? most : rows;
}

// Fewer rows at a time, until strips and tile take a quarter of the scratchpad or less.
static void shrink_to_fit(zi_cg_program *m, zi_cg_layer *l)
{
    int32_t unit = tile_unit(l);
    while (l->tile_rows > unit && !strips_fit(m, l, (int32_t)m->caps->scratchpad_words / 4))
        l->tile_rows = zi_ceil_div(l->tile_rows / 2, unit) * unit;
    strips_fit(m, l, 0);
}

void zi_cg_whole_tile(zi_cg_program *m, zi_cg_layer *l)
{
    l->tile_rows = tile_of(m, l, 1);
    if (l->tile == ZI_NONE)
        strips_fit(m, l, 0);
    else
        shrink_to_fit(m, l);
}

zurt_status zi_cg_scatter_in_tiles(zurt_ctx *ctx, zi_cg_program *m, uint32_t root)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        zi_cg_layer *l = &m->layers[i];
        int32_t block;
        if (!zi_cg_scatters(l) || l->tile != ZI_NONE || zi_cg_root(m, l->out, &block) != root)
            continue;
        if (!zi_cg_grow(m, (void **)&m->places, &m->cap_places, m->n_places, sizeof(*m->places)))
            return zi_cg_nomem(ctx);
        m->places[l->out].fixed = false;
        l->tile = (uint32_t)m->n_places++;
        m->places[l->tile] = (zi_cg_place){.tensor = ZI_NONE,
                                           .w = m->places[l->out].w,
                                           .c = m->places[l->out].c,
                                           .blocks = m->places[l->out].blocks,
                                           .parent = ZI_NONE,
                                           .producer = ZI_NONE,
                                           .shares = ZI_NONE,
                                           .first_layer = (uint32_t)i,
                                           .last_layer = (uint32_t)i,
                                           .is_strip = true};
        shrink_to_fit(m, l);
    }
    m->places[root].fixed = false;
    return ZURT_OK;
}

static zurt_status add_strip(zurt_ctx *ctx, zi_cg_program *m, uint32_t layer, int which)
{
    zi_cg_layer *l = &m->layers[layer];
    if (!zi_cg_grow(m, (void **)&m->places, &m->cap_places, m->n_places, sizeof(*m->places)))
        return zi_cg_nomem(ctx);
    const zi_cg_place *source = &m->places[which ? l->residual : l->in];
    int32_t stride = which || l->l.transposed || l->picks ? 1 : l->l.stride[1];
    uint32_t index = (uint32_t)m->n_places++;
    zi_cg_place *p = &m->places[index];
    *p = (zi_cg_place){.tensor = ZI_NONE,
                       .w = source->w,
                       .c = source->c,
                       .blocks = source->blocks,
                       .parent = ZI_NONE,
                       .producer = ZI_NONE,
                       .shares = ZI_NONE,
                       .first_layer = layer,
                       .last_layer = layer,
                       .is_strip = true,
                       .doubled = true,
                       .split = stride == 4   ? 2
                                : stride == 2 ? 1
                                              : 0};
    l->strip[which] = index;
    zi_cg_choose_pitch(m, index, l);
    return ZURT_OK;
}

zurt_status zi_cg_make_strips(zurt_ctx *ctx, zi_cg_program *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++) {
        zi_cg_layer *l = &m->layers[i];
        const uint32_t reads[2] = {l->in, l->residual};
        bool fresh = false;
        for (int k = 0; k < 2; k++) {
            int32_t block;
            if (reads[k] == ZI_NONE || l->strip[k] != ZI_NONE ||
                !m->places[zi_cg_root(m, reads[k], &block)].in_ddr)
                continue;
            zurt_status st = add_strip(ctx, m, i, k);
            if (st)
                return st;
            fresh = true;
        }
        if (!fresh)
            continue;
        int32_t parts = m->places[l->in].input ? ZI_INPUT_STRIPS : 2;
        l->tile_rows = tile_of(m, l, parts);
        shrink_to_fit(m, l);
    }
    return ZURT_OK;
}

bool zi_cg_shrink_strips(zi_cg_program *m, zi_cg_layer *l)
{
    int32_t unit = tile_unit(l);
    if (l->strip[0] == ZI_NONE && l->strip[1] == ZI_NONE && l->tile == ZI_NONE)
        return false;
    if (l->tile_rows > unit) {
        l->tile_rows = zi_ceil_div(l->tile_rows / 2, unit) * unit;
    } else {
        bool any = false;
        for (int k = 0; k < 2; k++) {
            if (l->strip[k] != ZI_NONE && m->places[l->strip[k]].doubled) {
                m->places[l->strip[k]].doubled = false;
                any = true;
            }
        }
        if (!any)
            return false;
    }
    strips_fit(m, l, 0);
    return true;
}
