/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures with few channels: the host puts several pixels of a window side by side into the 16
 * channels of one word, so that the first layer has fewer taps and fewer words to load. There are
 * two ways, and the cheaper one wins, or none:
 *
 * - a row of the window: all of its columns in one word;
 * - 2x2 pixels in one word. A layer of stride 2 finds its windows there with half the kernel. One
 *   of stride 1 that is followed by a 2x2 maximum computes the four sums of a maximum from the same
 *   words, as blocks of channels of their own; a second step takes the maximum of the four.
 */
#include "codegen/cg_lower.h"

/** A way to pack a layer's input. */
typedef struct packing {
    zi_cg_pack pack;
    int32_t kernel[2]; // over words
    int32_t h, w, c;   // of the packed picture
    int32_t phases;    // sums of each 2x2 window apart: 2, else 1; per axis
} packing;

bool zi_cg_unpack_lane(const zi_cg_tensor *packed, int32_t lane, int32_t *ky, int32_t *kx,
                       int32_t *c)
{
    int32_t row = packed->pack.lanes_w * packed->source.c;
    *ky += lane / row;
    *kx += lane % row / packed->source.c;
    *c = lane % packed->source.c;
    return lane < row * packed->pack.lanes_h;
}

static packing no_packing(const zi_cg_tensor *p, const zi_layer *d)
{
    return (packing){
        .kernel = {d->kernel[0], d->kernel[1]}, .h = p->h, .w = p->w, .c = p->c, .phases = 1};
}

static bool pack_row(const zi_cg_tensor *p, const zi_layer *d, packing *out)
{
    if (d->passes != 1)
        return false;
    *out = (packing){
        .pack = {1, d->kernel[1], 1, d->stride[1], d->dilation[1], 0, d->pad[1]},
        .kernel = {d->kernel[0], 1},
        .h = p->h,
        .w = d->y.w,
        .c = d->kernel[1] * p->c,
        .phases = 1,
    };
    return true;
}

static bool pack_square(const zi_cg_tensor *p, const zi_cg_layer *l, packing *out)
{
    const zi_layer *d = &l->l;
    bool quads = d->stride[0] == 1 && l->pool2 && l->residual == ZI_NONE;
    if (d->stride[0] != d->stride[1] || (d->stride[0] != 2 && !quads) || d->dilation[0] != 1 ||
        d->dilation[1] != 1 || 4 * p->c > ZK_C)
        return false;
    *out = (packing){
        .pack = {2, 2, 2, 2, 1, d->pad[0], d->pad[1]}, .c = 4 * p->c, .phases = 2 / d->stride[0]};
    for (int k = 0; k < 2; k++)
        out->kernel[k] = (d->kernel[k] + out->phases) / 2;
    out->h = d->y.h / out->phases + out->kernel[0] - 1;
    out->w = d->y.w / out->phases + out->kernel[1] - 1;
    return true;
}

/** Cycles of the layer, about: what of the loads computing does not hide comes on top. */
static int64_t cost_of(const zi_cg_program *m, const zi_cg_layer *l, const packing *p)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel, blocks = zi_blocks(l->l.y.c);
    int32_t lanes = (int32_t)m->caps->requant_parallel / ZK_C, in = zi_blocks(p->c);
    int32_t reads = p->kernel[0] * p->kernel[1] * in * l->l.passes;
    int32_t writes = zi_ceil_div(pp, l->pool2 && p->phases == 1 ? 2 : lanes);
    int64_t groups = zi_ceil_div64((int64_t)l->l.y.h * l->l.y.w, pp);
    int64_t time = groups * blocks * (reads > writes ? reads : writes);
    if (p->phases == 2)
        time += groups / 4 * blocks * (writes > 4 ? writes : 4);
    // Neighbouring bands share rows, which are loaded twice.
    int32_t stride = p->pack.lanes_h > 1 ? 1 : l->l.stride[0];
    int32_t shared = p->kernel[0] > stride ? p->kernel[0] - stride : 0;
    int64_t rows = p->h + (int64_t)(ZI_INPUT_BANDS - 1) * shared;
    int64_t late = rows * p->w * in - time / 2;
    return time + (late > 0 ? late : 0);
}

/** The tensor of the sums of one tile, until their maximum is taken. */
static zurt_status add_quads(zi_cg_builder *b, uint32_t layer)
{
    zi_cg_layer *l = &b->m->layers[layer];
    l->pool2 = false;
    l->l.y.h /= 2;
    l->l.y.w /= 2;
    zi_image sums = {1, l->l.y.h, l->l.y.w, 4 * ZK_C * zi_blocks(l->l.y.c)};
    zurt_status st = zi_cg_add_tensor(b, ZI_NONE, sums, &l->tile);
    if (!st)
        b->m->tensors[l->tile].buffer.where = ZI_CG_BAND;
    return st;
}

static zurt_status pack_input(zi_cg_builder *b, uint32_t layer)
{
    zi_cg_layer *l = &b->m->layers[layer];
    zi_cg_tensor *p = &b->m->tensors[l->in];
    packing best = no_packing(p, &l->l), other;
    if (pack_row(p, &l->l, &other) && cost_of(b->m, l, &other) < cost_of(b->m, l, &best))
        best = other;
    if (pack_square(p, l, &other) && cost_of(b->m, l, &other) < cost_of(b->m, l, &best))
        best = other;
    if (!best.pack.lanes_h)
        return ZURT_OK;
    p->pack = best.pack;
    p->h = best.h;
    p->w = best.w;
    p->c = best.c;
    p->blocks = zi_blocks(p->c);
    l->packed = true;
    l->l.x = (zi_image){1, p->h, p->w, p->c};
    for (int k = best.pack.lanes_h > 1 ? 0 : 1; k < 2; k++) {
        l->l.kernel[k] = best.kernel[k];
        l->l.stride[k] = l->l.dilation[k] = 1;
        l->l.pad[k] = 0;
    }
    return best.phases == 2 ? add_quads(b, layer) : ZURT_OK;
}

/** The layer that reads tensor `p`, if it is the only one and an ordinary convolution. */
static uint32_t packable_reader(const zi_cg_program *m, uint32_t p)
{
    uint32_t readers = 0, reader = ZI_NONE;
    for (uint32_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        readers += (l->in == p ? 1u : 0u) + (l->residual == p ? 1u : 0u);
        reader = l->in == p ? i : reader;
    }
    for (size_t i = 0; i < m->n_tensors; i++)
        readers += m->tensors[i].parent == p; // some of its channels are read elsewhere
    if (readers != 1 || reader == ZI_NONE || m->tensors[p].c > 8 || m->tensors[p].output ||
        m->tensors[p].parent != ZI_NONE)
        return ZI_NONE;
    const zi_cg_layer *l = &m->layers[reader];
    const zi_node *n = &m->g->nodes[l->l.node];
    return l->l.kind == ZI_LAYER_CONV && !l->choice && !l->channels && n->op == ZI_OP_Conv &&
                   n->attr.conv.groups == 1
               ? reader
               : ZI_NONE;
}

zurt_status zi_cg_pack_inputs(zi_cg_builder *b)
{
    zurt_status st = ZURT_OK;
    for (uint32_t p = 0; !st && p < b->m->n_tensors && b->m->tensors[p].input; p++) {
        uint32_t reader = packable_reader(b->m, p);
        if (reader != ZI_NONE)
            st = pack_input(b, reader);
    }
    return st;
}
