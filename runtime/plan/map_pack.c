/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures with few channels: the host puts several pixels of a window side by side into the 16
 * channels of one word, so that the first layer has fewer taps.
 */
#include "plan/map_builder.h"

static void pack_input(zi_map *m, zi_map_layer *l)
{
    zi_place *p = &m->places[l->in];
    int32_t kh = l->l.kernel[0], kw = l->l.kernel[1];
    int32_t taps = kw * zi_blocks(p->c), rows = zi_blocks(kw * p->c);
    bool fold = l->l.stride[0] == 2 && l->l.stride[1] == 2 && l->l.dilation[0] == 1 &&
                l->l.dilation[1] == 1 && 4 * p->c <= 16;
    if (fold) {
        p->pack = (zi_pack){2, 2, 2, 2, 1, l->l.pad[0], l->l.pad[1]};
        l->l.kernel[0] = (kh + 1) / 2;
        l->l.kernel[1] = (kw + 1) / 2;
        p->h = l->l.y.h + l->l.kernel[0] - 1;
        p->w = l->l.y.w + l->l.kernel[1] - 1;
        p->c = 4 * p->c;
        l->l.stride[0] = 1;
        l->l.pad[0] = 0;
    } else if (rows < taps && l->l.passes == 1) {
        p->pack = (zi_pack){1, kw, 1, l->l.stride[1], l->l.dilation[1], 0, l->l.pad[1]};
        l->l.kernel[1] = 1;
        p->w = l->l.y.w;
        p->c = kw * p->c;
    } else {
        return;
    }
    l->l.stride[1] = 1;
    l->l.dilation[1] = 1;
    l->l.pad[1] = 0;
    l->packed = true;
    p->blocks = zi_blocks(p->c);
    l->l.x = (zi_image){1, p->h, p->w, p->c};
}

void zi_map_pack_inputs(zi_map_builder *b)
{
    zi_map *m = b->m;
    for (size_t p = 0; p < m->n_places && m->places[p].input; p++) {
        uint32_t readers = 0;
        zi_map_layer *reader = NULL;
        for (size_t i = 0; i < m->n_layers; i++) {
            zi_map_layer *l = &m->layers[i];
            readers += (l->in == p ? 1u : 0u) + (l->residual == p ? 1u : 0u);
            reader = l->in == p ? l : reader;
        }
        if (readers == 1 && reader && reader->l.kind == ZI_LAYER_CONV && !reader->l.transposed &&
            reader->l.groups == 1 && !reader->flat_h && m->places[p].c <= 8 &&
            !m->places[p].output && m->places[p].parent == ZI_NONE &&
            m->g->nodes[reader->l.node].op == ZI_OP_Conv &&
            m->g->nodes[reader->l.node].attr.conv.groups == 1)
            pack_input(m, reader);
    }
}
