/* SPDX-License-Identifier: Apache-2.0 */
/* One step: where each weight of the window finds its pixel, in what order the pixels are walked,
 * and where the results go. */
#include "codegen/cg_emit.h"
#include "isa/zk_conflicts.h"
#include "isa/zk_cycles.h"

/* ---- taps ---- */

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

static zurt_status plain_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
                              const zi_cg_share *s)
{
    if (zi_cg_takes_maximum(l))
        return quad_taps(e, l, v, s);
    return l->l.transposed ? phase_taps(e, l, v, s) : window_taps(e, l, v, s);
}

/* ---- depthwise, a row at a time ---- */

/** Last horizontal tap of each column phase: its kx; -1: the phase has none. */
static int32_t last_tap(const zi_layer *d, int32_t phase)
{
    for (int32_t kx = d->kernel[1] - 1; kx >= 0; kx--) {
        if (((kx - d->pad[1]) & (d->stride[1] - 1)) == phase)
            return kx;
    }
    return -1;
}

static bool row_mode(const zi_cg_program *m, const zi_cg_layer *l, const zi_cg_view *v, bool flows)
{
    const zi_layer *d = &l->l;
    int32_t reads = d->kernel[0] * d->stride[1], most = (int32_t)m->caps->pixel_parallel;
    const bool is_plain = d->kind == ZI_LAYER_DEPTHWISE && !d->mean_weight && d->passes == 1;
    const bool is_dense = d->dilation[1] == 1 && d->stride[1] <= 2;
    const bool width_fits = d->kernel[1] >= 2 && d->kernel[1] <= most &&
                            zi_ceil_div(d->kernel[1], d->stride[1]) <= ZK_ROW_WIDTH;
    const bool reads_less = reads <= ZK_ROW_TAPS && reads < d->kernel[0] * d->kernel[1];
    if (!flows || !is_plain || !is_dense || !width_fits || !reads_less)
        return false;
    int32_t ahead = d->kernel[1] - 1 - d->pad[1];
    if (ahead < 0 || ahead > most)
        return false;
    if (d->stride[1] == 1)
        return ahead == 0 || (v->pitch * d->stride[0] == d->y.w && d->y.w == v->w);
    return ahead <= 1;
}

static zurt_status row_taps(zi_cg_emitter *e, const zi_cg_layer *l, const zi_cg_view *v,
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
    step->in.row_n = zi_ceil_div(d->kernel[1], d->stride[1]);
    step->in.row_dx = d->stride[1];
    if (d->stride[1] == 1 && d->kernel[1] - 1 - d->pad[1] > 0) { // a group ahead, for the lanes
        step->walk.start_y = zi_floor_div(-step->walk.lanes, step->walk.w);
        step->walk.start_x = -step->walk.lanes - step->walk.start_y * step->walk.w;
        step->walk.n_groups++;
    }
    return st;
}

/* ---- results ---- */

/** As many pixels at a time as the banks allow; fewer where that lets loads in for nothing. */
static int32_t write_lanes(const zi_cg_program *m, zk_step s)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel, reads = zk_step_reads(&s);
    for (s.walk.wr_lanes = (int32_t)m->caps->requant_parallel / ZK_C; s.walk.wr_lanes > 1;
         s.walk.wr_lanes--) {
        s.walk.period = zk_step_period(&s);
        int suit = zk_writes_suit(&s, pp);
        bool slower = zi_ceil_div(s.walk.lanes, s.walk.wr_lanes - 1) > reads;
        if (suit == ZK_SUIT_LOADS || (suit == ZK_SUIT_ALONE && slower))
            break;
    }
    return s.walk.wr_lanes;
}

static void set_write_lanes(const zi_cg_program *m, zk_step *s)
{
    if (s->flags & ZK_POOL2)
        s->walk.wr_lanes = 2;
    else
        s->walk.wr_lanes = s->flags & (ZK_OUT_FIFO | ZK_UP2) ? 1 : write_lanes(m, *s);
}

/** Where results of row `y` on go in the scratchpad. */
static void set_place(const zi_cg_layer *l, const zi_cg_share *sh, const zi_cg_tensor *p, int32_t y,
                      zk_step_out *out)
{
    const int32_t pitch = p->buffer.pitch;
    out->row = pitch;
    out->plane = p->buffer.plane;
    out->split = p->buffer.split;
    out->half = p->buffer.half;
    out->base = p->buffer.base + sh->block * p->buffer.plane + y * pitch;
    if (l->l.transposed) {
        out->base += sh->phase[0] * pitch + sh->phase[1];
        out->row = l->l.stride[0] * pitch;
        out->col = l->l.stride[1];
    }
}

static void set_output(const zi_cg_program *m, const zi_cg_layer *l, const zi_cg_share *sh,
                       zi_cg_step *ms)
{
    zk_step *s = &ms->step;
    bool tile = zi_cg_fills_tile(l);
    const zi_cg_tensor *p = &m->tensors[tile ? l->tile : l->out];
    int32_t y = tile ? 0 : l->pool2 ? sh->y0 / 2 : l->l.up2 ? sh->y0 * 2 : sh->y0;
    s->flags |= (l->pool2 ? ZK_POOL2 : 0) | (l->l.up2 ? ZK_UP2 : 0);
    s->out.col = 1;
    if (p->buffer.words > 0) {
        s->flags |= ZK_OUT_BANK;
        set_place(l, sh, p, y, &s->out);
        ms->write[0] = p->buffer.base;
        ms->write[1] = p->buffer.base + p->blocks * p->buffer.plane;
    }
    if (p->buffer.stored) {
        s->flags |= ZK_OUT_FIFO;
        s->store.plane = p->h * p->w;
        s->store.dst = p->buffer.ddr + sh->block * s->store.plane + y * p->w;
        s->store.words = s->walk.w * s->walk.h / (l->pool2 ? 4 : 1);
    }
}

/* ---- one step ---- */

static void set_order(const zi_cg_program *m, zk_step *s, bool flows)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel, pixels = s->walk.w * s->walk.h;
    // Lanes find their words in neighbouring banks; where those are further apart, one works.
    int32_t width = s->in.col > 1 ? 1 : flows ? pixels : s->walk.w;
    s->walk.lanes = width < pp ? width : pp;
    if (flows) {
        s->walk.wrap_w = s->walk.w;
        s->walk.dx = s->walk.lanes % s->walk.w;
        s->walk.dy = s->walk.lanes / s->walk.w;
        s->walk.n_groups = zi_ceil_div(pixels, s->walk.lanes);
    } else {
        int32_t per_row = zi_ceil_div(s->walk.w, s->walk.lanes);
        s->walk.wrap_w = per_row * s->walk.lanes;
        s->walk.dx = s->walk.lanes;
        s->walk.n_groups = per_row * s->walk.h;
    }
}

static bool flows_on(const zi_cg_program *m, const zk_step *s)
{
    int32_t pp = (int32_t)m->caps->pixel_parallel;
    if (s->walk.h == 1 || s->in.col > 1)
        return true;
    if ((s->in.row - s->walk.w) % pp != 0)
        return false;
    return !(s->flags & ZK_RESIDUAL) || (s->res.row - s->walk.w) % pp == 0;
}

static void set_input(const zi_cg_layer *l, const zi_cg_view *v, const zi_cg_share *sh, zk_step *s)
{
    const zi_layer *d = &l->l;
    int32_t in_blocks = zi_blocks(d->x.c), group_out = zi_cg_blocks(l) / d->groups;
    s->in.stride_y = d->transposed ? 1 : d->stride[0];
    s->in.stride_x = d->transposed ? 1 : d->stride[1];
    s->in.h = v->rows;
    s->in.w = v->w;
    s->in.base = v->base;
    s->in.row = s->in.stride_y * v->pitch;
    s->in.col = s->in.stride_x >> v->split; // not 1: picks, strides 3 and above 4
    s->in.plane = v->plane;
    s->n_icb = 1;
    if (d->kind == ZI_LAYER_CONV) {
        s->n_icb = in_blocks / d->groups;
        s->in.base += sh->block / group_out * s->n_icb * v->plane;
    } else {
        s->in.base += sh->block * v->plane;
        s->in.ocb_step = v->plane;
    }
}

zurt_status zi_cg_emit_step(zi_cg_emitter *e, uint32_t layer, const zi_cg_layer *l,
                            const zi_cg_view v[2], const zi_cg_share *sh)
{
    zi_cg_program *m = e->m;
    const zi_layer *d = &l->l;
    zi_cg_step *ms = NULL;
    zurt_status st = zi_cg_add_step(e, &ms);
    if (st)
        return st;
    zk_step *s = &ms->step;
    ms->layer = layer;
    ms->first_block = sh->block;
    ms->w_again = sh->again;
    s->n_ocb = sh->n_blocks;
    s->walk.w = d->y.w;
    s->walk.h = sh->y1 - sh->y0;
    if (d->transposed) {
        s->walk.w = zi_ceil_div(s->walk.w - sh->phase[1], d->stride[1]);
        s->walk.h = zi_ceil_div(s->walk.h - sh->phase[0], d->stride[0]);
    }
    s->flags = (l->residual != ZI_NONE ? ZK_RESIDUAL : 0) | (l->has_lut ? ZK_LUT : 0) |
               (sh->keep ? ZK_KEEP_WEIGHTS : 0);
    set_input(l, &v[0], sh, s);
    ms->read[0][0] = v[0].begin;
    ms->read[0][1] = v[0].end;
    if (l->residual != ZI_NONE) {
        s->res.base = v[1].base + sh->block * v[1].plane + (sh->y0 - v[1].first_row) * v[1].pitch;
        s->res.row = v[1].pitch;
        s->res.plane = v[1].plane;
        ms->read[1][0] = v[1].begin;
        ms->read[1][1] = v[1].end;
    }
    bool flows = flows_on(m, s);
    // The kind is the layer's, not the band's: the next band may use the same weights.
    bool steady = d->y.h == 1 || (s->in.row - s->walk.w) % (int32_t)m->caps->pixel_parallel == 0;
    bool rows = row_mode(m, l, &v[0], flows && steady);
    set_order(m, s, flows);
    s->kind = d->kind == ZI_LAYER_CONV  ? ZK_CONV
              : d->kind == ZI_LAYER_MAX ? ZK_MAXPOOL
              : rows                    ? ZK_DW_ROW
                                        : ZK_DW_DIAG;
    if (rows &&
        s->walk.lanes < (int32_t)m->caps->pixel_parallel) { // the lanes shift by whole vectors
        s->walk.lanes = (int32_t)m->caps->pixel_parallel;
        s->walk.dx = s->walk.lanes % s->walk.w;
        s->walk.dy = s->walk.lanes / s->walk.w;
        s->walk.n_groups = 1;
    }
    st = rows ? row_taps(e, l, &v[0], sh, s) : plain_taps(e, l, &v[0], sh);
    if (st)
        return st;
    s->n_taps = (int32_t)(m->n_taps - ms->first_tap);
    set_output(m, l, sh, ms);
    set_write_lanes(m, s);
    s->walk.period = zk_step_period(s);
    ms->w_used = zk_block_words(s) ? s->n_ocb * (zk_block_words(s) + 1) : 0;
    return ZURT_OK;
}
