/* SPDX-License-Identifier: Apache-2.0 */
/* Random layers for the tests of the engine, with the results they must give. */
#include "engine_case.h"

#include <stdlib.h>
#include <string.h>

/** Finds words for the tensor; 0: none left. */
static int place(test_case *t, tensor *x)
{
    x->base = t->free_word + pick(0, 20);
    t->free_word = x->base + tensor_extent(x);
    return t->free_word <= ZK_PP * ZK_ROWS;
}

/** Row pitch >= least with factor * pitch = width (mod PP), or -1. */
static int32_t rotating_pitch(int32_t least, int32_t factor, int32_t width)
{
    for (int32_t p = least; p < least + ZK_PP; p++)
        if (mod(factor * p - width, ZK_PP) == 0)
            return p;
    return -1;
}

/** Layout of the input such that vectors rotate, or a walk that copes without. */
static int layout_input(test_case *t)
{
    tensor *x = &t->in;
    const layer *y = &t->y;
    int32_t phases, width, pitch, ahead = (y->kw - 1) * y->dil_x - y->pad_x;
    x->split = y->sx == 2 ? 1 : y->sx == 4 ? 2 : 0;
    if (y->kind != ZK_DW_ROW && pick(0, 7) == 0)
        x->split = 0;
    phases = 1 << x->split;
    width = (x->w + phases - 1) / phases;
    x->half = x->split ? width + pick(0, 3) : 0;
    x->row = (phases - 1) * x->half + width;
    t->lanes_one = y->sx != phases;
    pitch = rotating_pitch(x->row, y->sy, y->out_w);
    t->by_rows = pitch < 0 || pick(0, 3) == 0;
    if (y->kind == ZK_DW_ROW && y->sx == 1 && ahead > 0) {
        t->by_rows = 0;
        x->row = y->out_w;
    } else {
        x->row = t->by_rows ? x->row + pick(0, 3) : pitch;
    }
    x->plane = x->h * x->row + pick(0, 5);
    return place(t, x);
}

/** The result's place, after POOL2 or UP2. */
static int layout_output(test_case *t)
{
    tensor *x = &t->out;
    const layer *y = &t->y;
    int32_t phases, width;
    x->planes = y->out_planes;
    x->h = y->flags & ZK_POOL2 ? y->out_h / 2 : y->flags & ZK_UP2 ? 2 * y->out_h : y->out_h;
    x->w = y->flags & ZK_POOL2 ? y->out_w / 2 : y->flags & ZK_UP2 ? 2 * y->out_w : y->out_w;
    x->split = pick(0, 3) == 0 ? pick(1, 2) : 0;
    phases = 1 << x->split;
    width = (x->w + phases - 1) / phases;
    x->half = x->split ? width + pick(0, 3) : 0;
    t->out_col = x->split || pick(0, 5) ? 1 : pick(2, 3);
    x->row = (phases - 1) * x->half + width * t->out_col;
    if (pick(0, 1))
        x->row = x->row + mod(y->out_w - x->row, ZK_PP);
    x->plane = x->h * x->row + pick(0, 5);
    return place(t, x);
}

static int layout_residual(test_case *t)
{
    const layer *y = &t->y;
    tensor *x = &t->residual;
    if (!(y->flags & ZK_RESIDUAL))
        return 1;
    *x = tensor_make(y->out_planes, y->out_h, y->out_w);
    x->row =
        t->by_rows || t->lanes_one ? y->out_w + pick(0, 3) : rotating_pitch(y->out_w, 1, y->out_w);
    x->plane = x->h * x->row + pick(0, 5);
    return place(t, x);
}

static void random_channels(layer *y, int32_t terms)
{
    int32_t bits = 12;
    while (terms > 1) {
        terms /= 4;
        bits++;
    }
    for (int32_t o = 0; o < y->out_planes * ZK_C; o++) {
        int32_t shift = bits - 6 + pick(-2, 2);
        y->ch[o].bias = pick(-20000, 20000);
        y->ch[o].multiplier = (1 << 30) + pick(0, (1 << 30) - 1);
        y->ch[o].shift = -(shift < 0 ? 0 : shift);
        if (pick(0, 15) == 0)
            y->ch[o].bias = pick(-(1 << 29), 1 << 29);
        if (pick(0, 3) == 0) { // any shift, and a sum that it leaves something of
            shift = pick(0, CASE_SHIFT_MAX);
            int32_t most = 1 << (shift + 8 < 29 ? shift + 8 : 29);
            y->ch[o].bias = pick(-most, most);
            y->ch[o].shift = -shift;
        }
    }
}

static void random_numbers(layer *y)
{
    y->zp_in = pick(-128, 127);
    y->zp_out = pick(-128, 127);
    y->lo = pick(0, 1) ? -128 : pick(-128, 60);
    y->hi = pick(0, 1) ? 127 : pick(y->lo, 127);
    y->add_shift = pick(ZK_ADD_SHIFT_MIN, ZK_ADD_SHIFT_MAX);
    y->add_up = (1 << y->add_shift) / 2 + pick(0, 9);
    y->add_down = (1 << y->add_shift) / 2 - pick(0, 9);
    for (int side = 0; side < 2; side++) { // about +-200 units
        int32_t zero = pick(-128, 127),
                slope = pick(1, 1 << (y->add_shift < 22 ? y->add_shift : 22));
        for (int32_t q = -128; q < 128; q++)
            y->term[side][q + 128] = (q - zero) * slope + pick(-3, 3);
    }
    y->add_zp = pick(-128, 127);
    y->add_lo = pick(0, 1) ? -128 : pick(-128, 60);
    y->add_hi = pick(0, 1) ? 127 : pick(y->add_lo, 127);
    for (int q = 0; q < 256; q++)
        y->lut[q] = rnd8();
}

static int32_t flags_of(const layer *y)
{
    int32_t flags = pick(0, 2) ? ZK_OUT_BANK : ZK_OUT_FIFO;
    if (pick(0, 7) == 0)
        flags = ZK_OUT_BANK | ZK_OUT_FIFO;
    if (ASM_COSIM)
        flags |= ZK_OUT_FIFO;
    flags |= pick(0, 2) == 0 ? ZK_RESIDUAL : 0;
    flags |= pick(0, 2) == 0 ? ZK_LUT : 0;
    if (pick(0, 3) == 0 && y->out_w % 2 == 0 && y->out_w >= 8)
        flags |= ZK_POOL2;
    else if (pick(0, 4) == 0 && !(flags & ZK_OUT_FIFO))
        flags |= ZK_UP2;
    return flags;
}

/** A fully connected layer over the whole input: one output pixel, weights read once. */
static void whole_window(layer *y, int32_t in_h, int32_t in_w)
{
    y->kh = in_h;
    y->kw = in_w;
    y->sy = y->sx = y->dil_y = y->dil_x = 1;
    y->pad_y = y->pad_x = 0;
    y->out_h = y->out_w = 1;
}

/** Strides, dilation, pads and the size of the output; 0: there is no output. */
static int random_window(layer *y, int32_t in_h, int32_t in_w)
{
    int32_t after_y, after_x;
    y->kh = pick(1, pick(0, 3) ? 3 : 11);
    y->kw = pick(0, 2) ? y->kh : pick(1, 11);
    y->sx = pick(0, 2) ? 1 : pick(1, 4);
    y->sy = pick(0, 3) ? y->sx : pick(1, 4);
    y->dil_y = pick(0, 4) ? 1 : pick(1, 3);
    y->dil_x = pick(0, 4) ? 1 : pick(1, 3);
    y->pad_y = pick(0, (y->kh - 1) * y->dil_y);
    y->pad_x = pick(0, (y->kw - 1) * y->dil_x);
    after_y = pick(0, y->kh - 1);
    after_x = pick(0, y->kw - 1);
    if (y->kind == ZK_DW_ROW) {
        y->kw = pick(1, ZK_PP < ZK_ROW_WIDTH ? ZK_PP : ZK_ROW_WIDTH); // one vector back
        y->kh = pick(1, 5);
        y->sx = pick(1, 2);
        y->sy = y->sx == 1 ? 1 : y->sy; // linear addresses
        y->dil_x = 1;
        y->pad_x = y->sx == 1 ? pick(0, y->kw - 1) : pick(y->kw - 2 > 0 ? y->kw - 2 : 0, y->kw - 1);
        after_x = y->kw - 1 - y->pad_x + (y->sx == 1 ? y->pad_x : 0); // out_w >= in_w
    }
    y->out_h = (in_h + y->pad_y + after_y - (y->kh - 1) * y->dil_y - 1) / y->sy + 1;
    y->out_w = (in_w + y->pad_x + after_x - (y->kw - 1) * y->dil_x - 1) / y->sx + 1;
    return in_h + y->pad_y + after_y > (y->kh - 1) * y->dil_y &&
           in_w + y->pad_x + after_x > (y->kw - 1) * y->dil_x;
}

/** Kind and input: small, wide, or a vector of many channels. Returns whether there is an output.
 */
static int random_shape(test_case *t)
{
    layer *y = &t->y;
    int32_t size = pick(0, 9), vector = size == 0 && y->kind == ZK_CONV;
    int32_t planes = vector ? pick(1, 70) : pick(1, pick(0, 3) ? 3 : 6);
    int32_t h = pick(1, pick(0, 3) ? 12 : 30), w = size == 1 ? pick(31, 230) : pick(1, 30);
    if (vector) {
        h = pick(1, 4);
        w = pick(1, 4);
    }
    t->in = tensor_make(planes, h, w);
    if (vector)
        whole_window(y, h, w);
    return vector || random_window(y, h, w);
}

int case_random(test_case *t, int32_t free_word, int32_t free_act)
{
    layer *y = &t->y;
    int32_t per, planes;
    int64_t macs;
    memset(t, 0, sizeof(*t));
    y->kind = pick(ZK_CONV, ZK_MAXPOOL);
    t->free_word = free_word;
    t->free_act = free_act;
    if (!random_shape(t))
        return 0;
    planes = t->in.planes;
    y->groups = y->kind == ZK_CONV && planes < 7 && pick(0, 3) == 0 ? planes : 1;
    y->out_planes = y->kind == ZK_CONV ? y->groups * pick(1, 3) : planes;
    y->flags = flags_of(y);
    random_numbers(y);
    t->n_icb = y->kind == ZK_CONV ? planes / y->groups : 1;
    per = y->kind == ZK_CONV ? t->n_icb * ZK_C : 1;
    macs = (int64_t)y->out_planes * ZK_C * per * y->kh * y->kw * y->out_h * y->out_w;
    y->ch = need(sizeof(channel) * (size_t)y->out_planes * ZK_C);
    random_channels(y, per * y->kh * y->kw);
    y->w = need((size_t)(y->out_planes * ZK_C * per * y->kh * y->kw));
    for (int32_t i = 0; i < y->out_planes * ZK_C * per * y->kh * y->kw; i++) {
        y->w[i] = rnd8();
        y->w[i] = y->w[i] == -128 ? -127 : y->w[i];
    }
    t->row_n = y->sx == 2 ? 1 + (y->pad_x + 1) / 2 : y->kw;
    t->result = need((size_t)(y->out_planes * ZK_C * y->out_h * y->out_w));
    return macs < 8000000 && layout_input(t) && layout_residual(t) && layout_output(t);
}

void case_free(test_case *t)
{
    free(t->in.v);
    free(t->residual.v);
    free(t->spare.v);
    free(t->y.w);
    free(t->y.ch);
    free(t->result);
}

int32_t case_taps(const test_case *t, zk_tap *out)
{
    const layer *y = &t->y;
    int32_t n = 0, phases = 1 << t->in.split;
    int32_t n_x = y->kind != ZK_DW_ROW ? y->kw : y->sx;
    for (int32_t ky = 0; ky < y->kh; ky++)
        for (int32_t i = 0; i < n_x; i++) {
            int32_t dy = ky * y->dil_y - y->pad_y, dx = i * y->dil_x - y->pad_x;
            if (y->kind == ZK_DW_ROW) // the last tap's column, or the column phase
                dx = y->sx == 2 ? i : y->kw - 1 - y->pad_x;
            out[n].dy = dy;
            out[n].dx = dx;
            out[n].offset =
                dy * t->in.row + mod(dx, phases) * t->in.half + (dx - mod(dx, phases)) / phases;
            n++;
        }
    return n;
}

void case_walk(const test_case *t, zk_step *s)
{
    const layer *y = &t->y;
    int32_t primed = y->kind == ZK_DW_ROW && y->sx == 1 && y->kw - 1 > y->pad_x;
    s->walk.lanes = t->lanes_one ? 1 : ZK_PP;
    if (!t->lanes_one && y->kind != ZK_DW_ROW && pick(0, 4) == 0)
        s->walk.lanes = pick(1, ZK_PP / 2) * (y->flags & ZK_POOL2 ? 2 : 1);
    if (y->flags & ZK_POOL2 && s->walk.lanes % 2)
        s->walk.lanes = 0; // cannot be
    if (s->walk.lanes == 0)
        return;
    s->walk.w = y->out_w;
    s->walk.h = y->out_h;
    if (t->by_rows) {
        s->walk.wrap_w = (y->out_w + s->walk.lanes - 1) / s->walk.lanes * s->walk.lanes;
        s->walk.dx = s->walk.lanes;
        s->walk.n_groups = y->out_h * (s->walk.wrap_w / s->walk.lanes);
    } else {
        s->walk.wrap_w = y->out_w;
        s->walk.dx = s->walk.lanes % y->out_w;
        s->walk.dy = s->walk.lanes / y->out_w;
        s->walk.n_groups = (y->out_h * y->out_w + s->walk.lanes - 1) / s->walk.lanes + primed;
    }
    if (primed) {
        s->walk.start_x = mod(-s->walk.lanes, y->out_w);
        s->walk.start_y = (-s->walk.lanes - s->walk.start_x) / y->out_w;
    }
}
