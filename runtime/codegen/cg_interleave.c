/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs: a layer that waits for the bands of its input takes turns with the layer that reads its
 * rows, so that a band has the time of both to arrive.
 */
#include "codegen/cg_impl.h"

/** Iterations of a layer for some rows, at least. */
static int64_t array_time(const zi_cg_program *m, const zi_cg_layer *l, int32_t rows)
{
    const zi_layer *d = &l->l;
    int32_t pp = (int32_t)m->caps->pixel_parallel;
    int64_t writes = zi_ceil_div(pp, (int32_t)m->caps->requant_parallel / ZK_C);
    int64_t reads = d->kernel[0] * d->passes; // depthwise: whole rows of the kernel
    if (d->kind == ZI_LAYER_CONV)
        reads *= d->kernel[1] * zi_blocks(d->x.c) / d->groups;
    int64_t groups = zi_ceil_div(rows * d->y.w, pp);
    return groups * zi_blocks(d->y.c) * (reads > writes ? reads : writes);
}

static bool is_plain(const zi_cg_layer *l)
{
    return l->residual == ZI_NONE && l->tile == ZI_NONE && !l->pool2 && !zi_cg_scatters(l);
}

/* While results are written, every second iteration takes in a word. */
static bool pays(const zi_cg_program *m, const zi_cg_layer *first, const zi_cg_layer *second)
{
    const zi_cg_tensor *band = &m->tensors[first->band[0]];
    int64_t waiting =
        2 * (int64_t)band->h * band->w * band->blocks - array_time(m, first, first->tile_rows);
    int64_t more = array_time(m, second, first->tile_rows / second->l.stride[0]);
    return (waiting < more ? waiting : more) > 4 * ZK_STEP_OVERHEAD;
}

void zi_cg_interleave(zi_cg_program *m)
{
    for (size_t i = 0; i + 1 < m->n_layers; i++) {
        zi_cg_layer *first = &m->layers[i];
        const zi_cg_layer *second = &m->layers[i + 1];
        const zi_cg_tensor *between = &m->tensors[first->out];
        const bool loads = m->tensors[first->in].input && first->band[0] != ZI_NONE &&
                           first->tile_rows < first->l.y.h;
        const bool follows =
            second->in == first->out && between->parent == ZI_NONE && second->band[0] == ZI_NONE;
        first->leads =
            loads && follows && is_plain(first) && is_plain(second) && pays(m, first, second);
    }
}

bool zi_cg_undo_interleave(zi_cg_program *m)
{
    bool any = false;
    for (size_t i = 0; i < m->n_layers; i++) {
        any |= m->layers[i].leads;
        m->layers[i].leads = false;
    }
    return any;
}
