/* SPDX-License-Identifier: Apache-2.0 */
/* Taps of a step: where each weight of a window finds its pixel. */
#include "codegen/cg_emit.h"

static zurt_status add_tap(zi_cg_emitter *e, const zi_cg_view *v, int32_t dy, int32_t dx,
                           zi_cg_tap tap)
{
    zi_cg_program *m = e->m;
    if (!zi_cg_grow(m, (void **)&m->taps, &m->cap_taps, m->n_taps, sizeof(*m->taps)))
        return zi_cg_nomem(e->ctx);
    int32_t phases = 1 << v->split, phase = dx & (phases - 1);
    tap.tap.dy = dy - v->first_row;
    tap.tap.dx = dx;
    tap.tap.offset = tap.tap.dy * v->pitch + phase * v->half + (dx - phase) / phases;
    m->taps[m->n_taps++] = tap;
    return ZURT_OK;
}

static zurt_status window_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
                               const zi_cg_share *s)
{
    const zi_layer *d = &l->l;
    zurt_status st = ZURT_OK;
    for (int32_t part = 0; !st && part < d->passes; part++) {
        for (int32_t ky = 0; !st && ky < d->kernel[0]; ky++) {
            for (int32_t kx = 0; !st && kx < d->kernel[1]; kx++)
                st = add_tap(e, v, ky * d->dilation[0] - d->pad[0] + s->y0 * d->stride[0],
                             kx * d->dilation[1] - d->pad[1],
                             (zi_cg_tap){.ky = ky, .kx = kx, .part = part});
        }
    }
    return st;
}

/** Those taps of a transposed convolution that reach one phase of the output. */
static zurt_status phase_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
                              const zi_cg_share *s)
{
    const zi_layer *d = &l->l;
    size_t first = e->m->n_taps;
    zurt_status st = ZURT_OK;
    for (int32_t part = 0; !st && part < d->passes; part++) {
        for (int32_t ky = 0; !st && ky < d->kernel[0]; ky++) {
            int32_t y = s->phase[0] + d->pad[0] - ky * d->dilation[0];
            for (int32_t kx = 0; !st && kx < d->kernel[1] && y % d->stride[0] == 0; kx++) {
                int32_t x = s->phase[1] + d->pad[1] - kx * d->dilation[1];
                if (x % d->stride[1] == 0)
                    st = add_tap(e, v, y / d->stride[0] + s->y0 / d->stride[0], x / d->stride[1],
                                 (zi_cg_tap){.ky = ky, .kx = kx, .part = part});
            }
        }
    }
    if (!st && e->m->n_taps == first) // the bias alone
        st = add_tap(e, v, v->first_row, 0, (zi_cg_tap){.ky = -1, .kx = -1});
    return st;
}

/** The four sums of each pixel: they lie `blocks` planes apart. */
static zurt_status quad_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
                             const zi_cg_share *s)
{
    zurt_status st = ZURT_OK;
    for (int32_t k = 0; !st && k < 4; k++) {
        st = add_tap(e, v, s->y0, 0, (zi_cg_tap){0});
        if (!st)
            e->m->taps[e->m->n_taps - 1].tap.offset += k * zi_blocks(l->l.y.c) * v->plane;
    }
    return st;
}

zurt_status zi_cg_window_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
                              const zi_cg_share *s)
{
    if (zi_cg_takes_maximum(l))
        return quad_taps(e, l, v, s);
    return l->l.transposed ? phase_taps(e, l, v, s) : window_taps(e, l, v, s);
}

/* ---- depthwise, a row at a time ---- */

static int32_t floor_div(int32_t a, int32_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/** Last horizontal tap of each column phase: its kx; -1: the phase has none. */
static int32_t last_tap(const zi_layer *d, int32_t phase)
{
    for (int32_t kx = d->kernel[1] - 1; kx >= 0; kx--) {
        if (((kx - d->pad[1]) & (d->stride[1] - 1)) == phase)
            return kx;
    }
    return -1;
}

bool zi_cg_row_mode(const zi_cg_program *m, const zi_cg_layer *l, const zi_cg_view *v, bool flows)
{
    const zi_layer *d = &l->l;
    int32_t reads = d->kernel[0] * d->stride[1], most = (int32_t)m->caps->pixel_parallel;
    if (d->kind != ZI_LAYER_DEPTHWISE || d->mean_weight || d->passes != 1 || !flows ||
        d->dilation[1] != 1 || d->kernel[1] < 2 || d->stride[1] > 2 ||
        (d->kernel[1] + d->stride[1] - 1) / d->stride[1] > ZK_ROW_WIDTH || d->kernel[1] > most ||
        reads > ZK_ROW_TAPS || reads >= d->kernel[0] * d->kernel[1])
        return false;
    int32_t ahead = d->kernel[1] - 1 - d->pad[1];
    if (ahead < 0 || ahead > most)
        return false;
    if (d->stride[1] == 1)
        return ahead == 0 || (v->pitch * d->stride[0] == d->y.w && d->y.w == v->w);
    return ahead <= 1;
}

zurt_status zi_cg_row_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
                           const zi_cg_share *s, zk_step *step)
{
    const zi_layer *d = &l->l;
    zurt_status st = ZURT_OK;
    for (int32_t ky = 0; ky < d->kernel[0]; ky++) {
        for (int32_t phase = 0; !st && phase < d->stride[1]; phase++) {
            int32_t kx = last_tap(d, phase);
            if (kx >= 0)
                st = add_tap(e, v, ky * d->dilation[0] - d->pad[0] + s->y0 * d->stride[0],
                             kx - d->pad[1], (zi_cg_tap){.ky = ky, .kx = kx});
        }
    }
    step->in.row_n = (d->kernel[1] + d->stride[1] - 1) / d->stride[1];
    step->in.row_dx = d->stride[1];
    if (d->stride[1] == 1 && d->kernel[1] - 1 - d->pad[1] > 0) { // a group ahead, for the lanes
        step->walk.start_y = floor_div(-step->walk.lanes, step->walk.w);
        step->walk.start_x = -step->walk.lanes - step->walk.start_y * step->walk.w;
        step->walk.n_groups++;
    }
    return st;
}
