/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bands: the rows of a tensor in the act buffer that a layer reads for one tile of its output,
 * twice, so that the next are loaded while these are read. And a tile's sums, where the maximum of
 * them is the output.
 */
#include "codegen/cg_impl.h"

static int32_t band_rows(const zi_cg_layer *l, int which, int32_t in_h, int32_t tile)
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

static void size_band(zi_cg_program *m, zi_cg_layer *l, int which)
{
    if (l->band[which] == ZI_NONE)
        return;
    int32_t block;
    const zi_cg_tensor *source = &m->tensors[zi_cg_root(m, which ? l->residual : l->in, &block)];
    zi_cg_tensor *p = &m->tensors[l->band[which]];
    p->h = band_rows(l, which, source->h, l->tile_rows);
    p->buffer.plane = p->buffer.pitch * p->h;
    p->buffer.words = zi_cg_tensor_words(p, p->buffer.doubled ? 2 : 1);
}

static int32_t size_tile(zi_cg_program *m, const zi_cg_layer *l)
{
    if (l->tile == ZI_NONE)
        return 0;
    zi_cg_tensor *p = &m->tensors[l->tile];
    p->buffer.pitch = p->w;
    p->buffer.plane = p->w * l->tile_rows * (l->l.up2 ? 2 : 1);
    p->buffer.words = zi_cg_tensor_words(p, 1);
    return p->buffer.words;
}

static bool bands_fit(zi_cg_program *m, zi_cg_layer *l, int32_t words)
{
    int64_t sum = size_tile(m, l);
    for (int k = 0; k < 2; k++) {
        size_band(m, l, k);
        sum += l->band[k] == ZI_NONE ? 0 : m->tensors[l->band[k]].buffer.words;
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

// Fewer rows at a time, until bands and tile take a quarter of the scratchpad or less.
static void shrink_to_fit(zi_cg_program *m, zi_cg_layer *l)
{
    int32_t unit = tile_unit(l);
    while (l->tile_rows > unit && !bands_fit(m, l, (int32_t)m->caps->scratchpad_words / 4))
        l->tile_rows = zi_ceil_div(l->tile_rows / 2, unit) * unit;
    bands_fit(m, l, 0);
}

void zi_cg_whole_tile(zi_cg_program *m, zi_cg_layer *l)
{
    l->tile_rows = tile_of(m, l, 1);
    if (l->tile == ZI_NONE)
        bands_fit(m, l, 0);
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
        if (!zi_cg_grow(m, (void **)&m->tensors, &m->cap_tensors, m->n_tensors,
                        sizeof(*m->tensors)))
            return zi_cg_nomem(ctx);
        m->tensors[l->out].buffer.pinned = false;
        l->tile = (uint32_t)m->n_tensors++;
        m->tensors[l->tile] = (zi_cg_tensor){.id = ZI_NONE,
                                             .w = m->tensors[l->out].w,
                                             .c = m->tensors[l->out].c,
                                             .blocks = m->tensors[l->out].blocks,
                                             .parent = ZI_NONE,
                                             .producer = ZI_NONE,
                                             .buffer.shares = ZI_NONE,
                                             .buffer.first_layer = (uint32_t)i,
                                             .buffer.last_layer = (uint32_t)i,
                                             .buffer.where = ZI_CG_BAND};
        shrink_to_fit(m, l);
    }
    m->tensors[root].buffer.pinned = false;
    return ZURT_OK;
}

static zurt_status add_band(zurt_ctx *ctx, zi_cg_program *m, uint32_t layer, int which)
{
    zi_cg_layer *l = &m->layers[layer];
    if (!zi_cg_grow(m, (void **)&m->tensors, &m->cap_tensors, m->n_tensors, sizeof(*m->tensors)))
        return zi_cg_nomem(ctx);
    const zi_cg_tensor *source = &m->tensors[which ? l->residual : l->in];
    int32_t stride = which || l->l.transposed || l->picks ? 1 : l->l.stride[1];
    uint32_t index = (uint32_t)m->n_tensors++;
    zi_cg_tensor *p = &m->tensors[index];
    *p = (zi_cg_tensor){.id = ZI_NONE,
                        .w = source->w,
                        .c = source->c,
                        .blocks = source->blocks,
                        .parent = ZI_NONE,
                        .producer = ZI_NONE,
                        .buffer.shares = ZI_NONE,
                        .buffer.first_layer = layer,
                        .buffer.last_layer = layer,
                        .buffer.where = ZI_CG_BAND,
                        .buffer.doubled = true,
                        .buffer.split = stride == 4   ? 2
                                        : stride == 2 ? 1
                                                      : 0};
    l->band[which] = index;
    zi_cg_choose_pitch(m, index, l);
    return ZURT_OK;
}

zurt_status zi_cg_make_bands(zurt_ctx *ctx, zi_cg_program *m)
{
    for (uint32_t i = 0; i < m->n_layers; i++) {
        zi_cg_layer *l = &m->layers[i];
        const uint32_t reads[2] = {l->in, l->residual};
        bool fresh = false;
        for (int k = 0; k < 2; k++) {
            int32_t block;
            if (reads[k] == ZI_NONE || l->band[k] != ZI_NONE ||
                m->tensors[zi_cg_root(m, reads[k], &block)].buffer.where != ZI_CG_DDR)
                continue;
            zurt_status st = add_band(ctx, m, i, k);
            if (st)
                return st;
            fresh = true;
        }
        if (!fresh)
            continue;
        int32_t parts = m->tensors[l->in].input ? ZI_INPUT_BANDS : 2;
        l->tile_rows = tile_of(m, l, parts);
        shrink_to_fit(m, l);
    }
    return ZURT_OK;
}

bool zi_cg_shrink_bands(zi_cg_program *m, zi_cg_layer *l)
{
    int32_t unit = tile_unit(l);
    if (l->band[0] == ZI_NONE && l->band[1] == ZI_NONE && l->tile == ZI_NONE)
        return false;
    if (l->tile_rows > unit) {
        l->tile_rows = zi_ceil_div(l->tile_rows / 2, unit) * unit;
    } else {
        bool any = false;
        for (int k = 0; k < 2; k++) {
            if (l->band[k] != ZI_NONE && m->tensors[l->band[k]].buffer.doubled) {
                m->tensors[l->band[k]].buffer.doubled = false;
                any = true;
            }
        }
        if (!any)
            return false;
    }
    bands_fit(m, l, 0);
    return true;
}
