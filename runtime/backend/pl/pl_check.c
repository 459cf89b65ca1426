/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step checker. Works on the packed bytes alone, as the engine sees them, in 64-bit arithmetic:
 * it trusts nothing that the mapper says.
 */
#include "backend/pl/pl_code.h"
#include "base/alloc.h"
#include "engine/zk_cycles.h"
#include "plan/step_banks.h"

/** Inclusive range of words; empty if hi < lo. */
typedef struct range {
    int64_t lo, hi;
} range;

typedef struct checker {
    zurt_ctx *ctx;
    const zi_caps *caps;
    const zi_pl_code *code;
    range *stores; // of the segment
    size_t n_stores, cap_stores;
    int32_t level; // of the ring
    int32_t segment, index;
} checker;

static const range nothing = {0, -1};

static zurt_status bad(const checker *c, const char *what)
{
    return zi_fail(c->ctx, ZURT_E_INTERNAL, "PL: segment %d, step %d: %s", (int)c->segment,
                   (int)c->index, what);
}

static bool meets(range a, range b)
{
    return a.lo <= a.hi && b.lo <= b.hi && a.lo <= b.hi && b.lo <= a.hi;
}

static bool within(range r, int64_t size)
{
    return r.hi < r.lo || (r.lo >= 0 && r.hi < size);
}

static void widen(range *r, int64_t a)
{
    if (r->hi < r->lo) {
        *r = (range){a, a};
        return;
    }
    r->lo = a < r->lo ? a : r->lo;
    r->hi = a > r->hi ? a : r->hi;
}

/** Adds 0 .. n times `step` to both ends. */
static range repeat(range r, int64_t n, int64_t step)
{
    if (r.hi < r.lo)
        return r;
    int64_t far = (n - 1) * step;
    return (range){r.lo + (far < 0 ? far : 0), r.hi + (far > 0 ? far : 0)};
}

static bool in(int64_t value, int64_t lo, int64_t hi)
{
    return value >= lo && value <= hi;
}

/* ---- shape ---- */

static bool counts_ok(const checker *c, const zk_step *s)
{
    const int64_t side = 1 << 16, far = 1 << 26;
    int32_t pp = (int32_t)c->caps->pixel_parallel, flags = s->flags;
    if (!in(s->kind, ZK_CONV, ZK_MAXPOOL) || flags < 0 || flags >= 2 * ZK_KEEP_WEIGHTS ||
        !in(s->n_taps, 1, ZK_TAPS) || !in(s->n_icb, 1, side) || !in(s->n_ocb, 1, side) ||
        !in(s->lanes, 1, pp) || !in(s->wr_lanes, 1, (int32_t)c->caps->requant_parallel / ZK_C))
        return false;
    if (s->kind != ZK_CONV && s->n_icb != 1)
        return false;
    if (s->kind == ZK_DW_ROW &&
        (s->n_taps > ZK_ROW_TAPS || s->lanes != pp || !in(s->row_n, 1, ZK_ROW_WIDTH) ||
         s->row_n > pp || !in(s->row_dx, 1, side)))
        return false;
    if (!in(s->out_w, 1, side) || !in(s->out_h, 1, side) || !in(s->in_h, 1, side) ||
        !in(s->in_w, 1, side) || !in(s->stride_y, 1, side) || !in(s->stride_x, 1, side) ||
        !in(s->in_row, 0, far) || !in(s->in_col, 0, far) || !in(s->in_plane, 0, far) ||
        !in(s->in_ocb_step, 0, far) || !in(s->in_ocb_every, 1, side) || !in(s->in_base, 0, far))
        return false;
    if (!in(s->out_split, 0, 2) || !in(s->out_row, 0, far) || !in(s->out_col, 1, ZK_OUT_COL) ||
        !in(s->out_plane, 0, far) || !in(s->out_half, 0, far) || !in(s->out_base, 0, far) ||
        !in(s->res_row, 0, far) || !in(s->res_plane, 0, far) || !in(s->res_base, 0, far))
        return false;
    return in(s->zp_in, -128, 127) && in(s->zp_out, -128, 127) && in(s->lo, -128, s->hi) &&
           in(s->hi, -128, 127) && s->period >= zk_step_period(s) && s->period <= side * 16;
}

static bool result_ok(const zk_step *s)
{
    int32_t flags = s->flags;
    if (!(flags & (ZK_OUT_BANK | ZK_OUT_FIFO)))
        return false;
    if ((flags & ZK_OUT_FIFO) && ((flags & ZK_UP2) || s->wr_lanes != (flags & ZK_POOL2 ? 2 : 1)))
        return false;
    if ((flags & ZK_UP2) && ((flags & ZK_POOL2) || s->wr_lanes != 1))
        return false;
    if ((flags & ZK_POOL2) && (s->wr_lanes != 2 || s->out_w % 2 || s->out_h % 2 || s->lanes % 2 ||
                               s->out_w / 2 > ZK_LINE))
        return false;
    if (flags & ZK_RESIDUAL)
        return in(s->add_shift, 0, 31) &&
               in(s->add_zp, -128, 127) && in(s->add_lo, -128, s->add_hi) &&
               in(s->add_hi, -128, 127);
    return true;
}

/** Flattened or row order, and every pixel once. */
static bool order_ok(const zk_step *s, bool *out_flat)
{
    int64_t pixels = (int64_t)s->out_w * s->out_h;
    *out_flat = s->wrap_w == s->out_w && s->grp_dx == s->lanes % s->out_w &&
                s->grp_dy == s->lanes / s->out_w;
    if (*out_flat) {
        int64_t start = (int64_t)s->start_y * s->out_w + s->start_x;
        int64_t groups = (pixels + s->lanes - 1) / s->lanes;
        bool primed = s->kind == ZK_DW_ROW && start == -s->lanes;
        return in(s->start_x, 0, s->out_w - 1) && (start == 0 || primed) &&
               s->n_groups == groups + primed;
    }
    int64_t per_row = (s->out_w + s->lanes - 1) / s->lanes;
    return s->wrap_w == per_row * s->lanes && s->grp_dx == s->lanes && s->grp_dy == 0 &&
           s->start_x == 0 && s->start_y == 0 && s->n_groups == per_row * s->out_h &&
           s->kind != ZK_DW_ROW;
}

/* ---- reads ---- */

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return -ceil_div(-a, b);
}

/** Output positions [*lo, *hi] of one axis whose input position i * stride + d exists. */
static void positions(int64_t n, int64_t stride, int64_t d, int64_t size, int64_t *lo, int64_t *hi)
{
    *lo = ceil_div(-d, stride);
    *hi = floor_div(size - 1 - d, stride);
    *lo = *lo < 0 ? 0 : *lo;
    *hi = *hi > n - 1 ? n - 1 : *hi;
}

/** Words that a tap reads in the first block; in DW_ROW those that count. */
static void widen_tap(const zk_step *s, const zk_tap *t, int32_t back, range *r)
{
    int64_t y0, y1, x0, x1;
    positions(s->out_h, s->stride_y, t->dy, s->in_h, &y0, &y1);
    positions(s->out_w, s->stride_x, (int64_t)t->dx - (int64_t)back * s->row_dx, s->in_w, &x0, &x1);
    if (y0 > y1 || x0 > x1)
        return;
    // A horizontal tap's word was read for the pixel `back` lanes before.
    int64_t base = (int64_t)s->in_base + t->offset - (int64_t)back * s->in_col;
    widen(r, base + y0 * s->in_row + x0 * s->in_col);
    widen(r, base + y1 * s->in_row + x1 * s->in_col);
}

static range input_range(const zk_step *s, const v16 *table)
{
    range r = nothing;
    int32_t windows = s->kind == ZK_DW_ROW ? s->row_n : 1;
    for (int32_t i = 0; i < s->n_taps; i++) {
        zk_tap t;
        zk_tap_unpack(&table[i / 2], i % 2, &t);
        for (int32_t back = 0; back < windows; back++)
            widen_tap(s, &t, back, &r);
    }
    r = repeat(r, s->n_icb, s->in_plane);
    return repeat(r, (s->n_ocb + s->in_ocb_every - 1) / s->in_ocb_every, s->in_ocb_step);
}

static range residual_range(const zk_step *s)
{
    if (!(s->flags & ZK_RESIDUAL))
        return nothing;
    range r = {s->res_base, s->res_base + (int64_t)(s->out_h - 1) * s->res_row + s->out_w - 1};
    return repeat(r, s->n_ocb, s->res_plane);
}

/** Lanes must find their words in banks in rotation. */
static bool rotates(const checker *c, const zk_step *s, bool flat)
{
    int64_t pp = c->caps->pixel_parallel;
    bool crosses = flat && s->out_h > 1 && s->lanes > 1 && s->out_w % s->lanes != 0;
    if (s->lanes > 1 && s->out_w > 1 && s->in_col % pp != 1 % pp)
        return false;
    if (crosses && (s->in_row - (int64_t)(s->out_w - 1) * s->in_col - 1) % pp != 0)
        return false;
    return !(s->flags & ZK_RESIDUAL) || !crosses || (s->res_row - s->out_w) % pp == 0;
}

/* ---- writes ---- */

static range output_range(const zk_step *s)
{
    range r = nothing;
    if (!(s->flags & ZK_OUT_BANK))
        return r;
    int64_t w = s->flags & ZK_POOL2 ? s->out_w / 2 : s->flags & ZK_UP2 ? 2 * s->out_w : s->out_w;
    int64_t h = s->flags & ZK_POOL2 ? s->out_h / 2 : s->flags & ZK_UP2 ? 2 * s->out_h : s->out_h;
    for (int64_t x = w > 8 ? w - 8 : 0; x < w; x++) // the last of each phase
        widen(&r, zi_step_word(s, h - 1, x));
    for (int64_t x = 0; x < w && x < 8; x++)
        widen(&r, zi_step_word(s, 0, x));
    return repeat(r, s->n_ocb, s->out_plane);
}

/** Pixels written together, and beats between them, go to different banks. */
static bool banks_ok(const checker *c, const zk_step *s)
{
    int32_t pp = (int32_t)c->caps->pixel_parallel;
    if (s->a_planes && !zi_step_admits_loads(s, pp))
        return false;
    return !(s->flags & ZK_OUT_BANK) || (s->flags & (ZK_POOL2 | ZK_UP2)) ||
           zi_step_banks_distinct(s, pp);
}

/** A sum may replace its own residual: each word is read before it is written. */
static bool in_place(const zk_step *s)
{
    return s->res_base == s->out_base && s->res_row == s->out_row &&
           (s->res_plane == s->out_plane || s->n_ocb == 1) && s->out_col == 1 &&
           s->out_split == 0 && !(s->flags & (ZK_POOL2 | ZK_UP2));
}

/* ---- the act buffer ---- */

static bool load_ok(const checker *c, const zk_step *s, range *out_to)
{
    const int64_t far = 1 << 26;
    *out_to = nothing;
    if (s->a_planes == 0)
        return true;
    int64_t beats = (int64_t)c->caps->scratchpad_words;
    if (!in(s->a_planes, 1, far) || !in(s->a_words, 1, far) ||
        (int64_t)s->a_planes * s->a_words > beats || !in(s->a_src, 0, far) ||
        !in(s->a_src_plane, 0, far) || !in(s->a_w, 1, far) || !in(s->a_row, 0, far) ||
        !in(s->a_plane, 0, far) || !in(s->a_split, 0, 2) || !in(s->a_half, 0, far) ||
        !in(s->a_dst, 0, far))
        return false;
    range from =
        repeat((range){s->a_src, s->a_src + (int64_t)s->a_words - 1}, s->a_planes, s->a_src_plane);
    if (!within(from, c->code->act_words))
        return false;
    for (size_t i = 0; i < c->n_stores; i++) {
        if (meets(from, c->stores[i]))
            return false;
    }
    int64_t rows = (s->a_words + (int64_t)s->a_w - 1) / s->a_w;
    int64_t width = s->a_words < s->a_w ? s->a_words : s->a_w, mask = (1 << s->a_split) - 1;
    range to = {s->a_dst, s->a_dst};
    for (int64_t x = width > 8 ? width - 8 : 0; x < width; x++)
        widen(&to, s->a_dst + (rows - 1) * s->a_row + (x >> s->a_split) + (x & mask) * s->a_half);
    *out_to = repeat(to, s->a_planes, s->a_plane);
    return within(*out_to, beats);
}

static zurt_status note_store(checker *c, const zk_step *s)
{
    const int64_t far = 1 << 26;
    if (!(s->flags & ZK_OUT_FIFO))
        return ZURT_OK;
    int64_t words = (int64_t)s->out_w * s->out_h / (s->flags & ZK_POOL2 ? 4 : 1);
    if (!in(s->st_dst, 0, far) || !in(s->st_plane, 0, far) || s->st_words != words)
        return bad(c, "a store's sizes");
    range to = repeat((range){s->st_dst, s->st_dst + words - 1}, s->n_ocb, s->st_plane);
    if (!within(to, c->code->act_words))
        return bad(c, "a store leaves the act buffer");
    if (!zi_grow(&c->ctx->allocator, (void **)&c->stores, &c->cap_stores, c->n_stores,
                 sizeof(*c->stores)))
        return zi_fail(c->ctx, ZURT_E_NOMEM, "PL: no memory for the step checker");
    c->stores[c->n_stores++] = to;
    return ZURT_OK;
}

/* ---- all ---- */

static zurt_status check_compute(checker *c, const zk_step *s, range load)
{
    int64_t size = c->caps->scratchpad_words;
    bool flat;
    if (!counts_ok(c, s))
        return bad(c, "a field is out of its range");
    if (!result_ok(s))
        return bad(c, "its results do not fit its flags");
    if (!order_ok(s, &flat))
        return bad(c, "lanes, groups and pixels do not fit together");
    if (!in(s->table, 0, c->code->step_words) || zk_table_words(s) > c->code->step_words - s->table)
        return bad(c, "its table leaves the step buffer");
    range reads = input_range(s, c->code->steps + s->table), residual = residual_range(s);
    range writes = output_range(s);
    if (!within(reads, size) || !within(residual, size))
        return bad(c, "it reads outside the scratchpad");
    if (!within(writes, size))
        return bad(c, "it writes outside the scratchpad");
    if (!rotates(c, s, flat) || !banks_ok(c, s))
        return bad(c, "two lanes meet in one bank");
    if (meets(reads, writes) || (meets(residual, writes) && !in_place(s)))
        return bad(c, "it overwrites what it reads");
    if (meets(load, reads) || meets(load, residual) || meets(load, writes))
        return bad(c, "it loads over what it works on");
    return ZURT_OK;
}

static zurt_status check_step(checker *c, const zk_step *s)
{
    range load;
    if (!load_ok(c, s, &load))
        return bad(c, "a load's source, sizes or destination");
    if (s->kind == ZK_LOAD && (s->n_ocb || s->n_taps || s->flags))
        return bad(c, "a load with other work");
    zurt_status st = s->kind == ZK_LOAD ? ZURT_OK : check_compute(c, s, load);
    if (st)
        return st;
    int64_t end = (int64_t)s->w_src + 4 * (int64_t)s->w_words;
    if (!in(s->w_words, 0, ZK_STEP_WEIGHTS) || s->w_src < 0 || end > c->code->weight_words)
        return bad(c, "it takes weights beyond the streams");
    int32_t ring = (int32_t)c->caps->ring_words / 16;
    if (zk_step_iterations(s, ring, &c->level) != s->iterations || s->iterations < 0)
        return bad(c, "its iterations, or the weights that it waits for");
    return s->kind == ZK_LOAD ? ZURT_OK : note_store(c, s);
}

static zurt_status check_segment(checker *c)
{
    const zi_pl_code *code = c->code;
    int32_t first = zk_get32(&code->steps[c->segment], 0);
    int32_t n = zk_get32(&code->steps[c->segment], 1);
    if (n < 1 || first < code->n_segments || first > code->step_words ||
        n > (code->step_words - first) / ZK_STEP_WORDS)
        return bad(c, "it leaves the step buffer");
    zurt_status st = ZURT_OK;
    c->n_stores = 0;
    for (c->index = 0; !st && c->index < n; c->index++) {
        zk_step s;
        zk_step_unpack(code->steps + first + c->index * ZK_STEP_WORDS, &s);
        st = check_step(c, &s);
    }
    return st;
}

zurt_status zi_pl_check(zurt_ctx *ctx, const zi_caps *caps, const zi_pl_code *code)
{
    checker c = {.ctx = ctx, .caps = caps, .code = code};
    zurt_status st = code->n_segments >= 0 && code->n_segments <= code->step_words
                         ? ZURT_OK
                         : bad(&c, "more segments than words");
    for (c.segment = 0; !st && c.segment < code->n_segments; c.segment++)
        st = check_segment(&c);
    zi_free(&ctx->allocator, c.stores);
    return st;
}
