/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pitches: rows of a picture are spaced so that its readers, groups of pixels across the ends of
 * rows, find each pixel in a bank of its own.
 */
#include "codegen/cg_impl.h"

/** Cycles of a layer, roughly: to weigh one reader's wish against another's. */
static uint64_t weight_of(const zi_cg_layer *l)
{
    return (uint64_t)l->l.y.h * (uint64_t)l->l.y.w * (uint64_t)zi_blocks(l->l.y.c) *
           (uint64_t)(l->l.kernel[0] * l->l.kernel[1]);
}

/** Whether a reader of `pitch` can go on across the end of a row. */
static bool flows(const zi_cg_program *m, const zi_cg_layer *l, bool residual, int32_t pitch)
{
    if (l->picks && !residual)
        return true;
    int64_t row = (int64_t)(residual || l->l.transposed ? 1 : l->l.stride[0]) * pitch;
    int32_t w = l->l.transposed ? zi_ceil_div(l->l.y.w, l->l.stride[1]) : l->l.y.w;
    return l->l.y.h == 1 || (row - w) % (int32_t)m->caps->pixel_parallel == 0;
}

/** Penalty of a pitch over all readers of root `p`, or over layer `only`. */
static uint64_t penalty(const zi_cg_program *m, uint32_t p, const zi_cg_layer *only, int32_t pitch)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->n_layers; i++) {
        const zi_cg_layer *l = &m->layers[i];
        int32_t block;
        if (only) {
            if (l != only)
                continue;
            bool is_residual = only->band[1] == p;
            return flows(m, l, is_residual, pitch) ? 0 : weight_of(l);
        }
        if (zi_cg_root(m, l->in, &block) == p && !flows(m, l, false, pitch))
            sum += weight_of(l);
        if (l->residual != ZI_NONE && zi_cg_root(m, l->residual, &block) == p &&
            !flows(m, l, true, pitch))
            sum += weight_of(l);
    }
    return sum;
}

/** Distance between column phases such that neighbours are written to different banks. */
static int32_t half_of(const zi_cg_program *m, int32_t w, int32_t split)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel, half = zi_ceil_div(w, 1 << split);
    if (split == 0)
        return 0;
    while (half % pp == 0 || half % pp == 1 || half % pp == pp - 1)
        half++;
    return half;
}

void zi_cg_choose_pitch(zi_cg_program *m, uint32_t index, const zi_cg_layer *only)
{
    zi_cg_tensor *p = &m->tensors[index];
    int32_t phases = 1 << p->buffer.split, pp = (int32_t)m->caps->pixel_parallel;
    p->buffer.half = half_of(m, p->w, p->buffer.split);
    int32_t least = p->buffer.half * (phases - 1) + zi_ceil_div(p->w, phases);
    uint64_t best = UINT64_MAX;
    for (int32_t pitch = least; pitch < least + pp && best > 0; pitch++) {
        uint64_t cost = penalty(m, index, only, pitch);
        if (cost < best) {
            best = cost;
            p->buffer.pitch = pitch;
        }
    }
}
