/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a step computes. Fields have the ranges of their widths (zk_fields.h), in which no product
 * of two leaves 64 bits, and narrower ones here; the sums that the engine forms of them, in 32
 * bits, have one rule of their own (addresses_ok).
 */
#include <stddef.h>
#include <string.h>

#include "base/whole.h"
#include "codegen/cg_verify.h"
#include "isa/zk_conflicts.h"

/** Pictures' sides, counts of blocks, strides. */
enum { SIDE = 1 << 14 };

/** Sums of addresses and pitches within the engine. */
enum { SUM = 1 << 30 };

/** The engine's own limit of addresses below 0, in rows of the banks. */
enum { ROWS_BELOW = 1 << 20 };

typedef struct field {
    const char *name;
    size_t offset;
    int32_t least, most;
} field;

#define FIELD(name, least, most)                                                                   \
    {                                                                                              \
#name, offsetof(zk_step, name), least, most                                                \
    }

static const field fields[] = {
    FIELD(n_taps, 1, ZK_TAPS),
    FIELD(n_icb, 1, SIDE),
    FIELD(n_ocb, 1, SIDE),
    FIELD(walk.period, 1, INT32_MAX / 2),
    FIELD(walk.lanes, 1, ZK_PP_MAX),
    FIELD(walk.wr_lanes, 1, ZK_PP_MAX),
    FIELD(walk.w, 1, SIDE),
    FIELD(walk.h, 1, SIDE),
    FIELD(in.stride_y, 1, SIDE),
    FIELD(in.stride_x, 1, SIDE),
    FIELD(in.h, 1, SIDE),
    FIELD(in.w, 1, SIDE),
    FIELD(in.ocb_every, 1, SIDE),
    FIELD(out.col, 1, ZK_OUT_COL),
    FIELD(out.split, 0, 2),
    FIELD(in.row_n, 0, ZK_ROW_WIDTH),
};

static zurt_status check_fields(const zi_checker *c, const zk_step *s)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const field *f = &fields[i];
        int32_t v = *(const int32_t *)(const void *)((const char *)s + f->offset);
        if (v < f->least || v > f->most)
            return zi_check_bad(c, "%s is %d, not in %d..%d", f->name, (int)v, (int)f->least,
                                (int)f->most);
    }
    return ZURT_OK;
}

static zurt_status check_kind(const zi_checker *c, const zk_step *s)
{
    int32_t pp = (int32_t)c->caps->pixel_parallel;
    int32_t rq = (int32_t)c->caps->requant_parallel / ZK_C;
    if (s->walk.lanes > pp || s->walk.wr_lanes > rq)
        return zi_check_bad(c, "%d lanes, %d written together: '%s' has %d and %d",
                            (int)s->walk.lanes, (int)s->walk.wr_lanes, c->caps->name, (int)pp,
                            (int)rq);
    if (s->kind != ZK_CONV && s->n_icb != 1)
        return zi_check_bad(c, "sums over %d input blocks, which only CONV can", (int)s->n_icb);
    if (s->kind == ZK_DW_ROW && (s->n_taps > ZK_ROW_TAPS || s->walk.lanes != pp ||
                                 s->in.row_n < 1 || s->in.row_n > pp || s->in.row_dx < 1))
        return zi_check_bad(c, "rows of %d taps, %d vectors, %d lanes are beyond DW_ROW",
                            (int)s->in.row_n, (int)s->n_taps, (int)s->walk.lanes);
    if (s->out.lo > s->out.hi || ((s->flags & ZK_RESIDUAL) && s->res.lo > s->res.hi))
        return zi_check_bad(c, "the clamp's bounds are not in order");
    int64_t reads = (int64_t)s->n_taps * s->n_icb,
            groups = (int64_t)s->walk.n_groups * s->walk.period;
    if (s->walk.period < zk_step_period(s))
        return zi_check_bad(c, "a period of %d for %lld reads", (int)s->walk.period,
                            (long long)reads);
    if (s->walk.n_groups < 1 || groups + reads >= ZK_STEP_ITERATIONS ||
        (groups + reads + 1) * s->n_ocb > ZK_STEP_ITERATIONS)
        return zi_check_bad(c, "its iterations exceed 32 bits");
    return ZURT_OK;
}

static zurt_status check_sum(const zi_checker *c, const zk_step *s)
{
    if ((s->flags & ZK_RESIDUAL) && !zi_within(s->res.shift, ZK_ADD_SHIFT_MIN, ZK_ADD_SHIFT_MAX))
        return zi_check_bad(c, "res.shift is %d, not in %d..%d", (int)s->res.shift,
                            ZK_ADD_SHIFT_MIN, ZK_ADD_SHIFT_MAX);
    return ZURT_OK;
}

static zurt_status check_result(const zi_checker *c, const zk_step *s)
{
    int32_t flags = s->flags, pool = flags & ZK_POOL2, up = flags & ZK_UP2;
    if (!(flags & (ZK_OUT_BANK | ZK_OUT_FIFO)))
        return zi_check_bad(c, "its results go nowhere");
    if (up && (pool || (flags & ZK_OUT_FIFO) || s->walk.wr_lanes != 1))
        return zi_check_bad(c, "UP2 with POOL2, with a store or with %d pixels at once",
                            (int)s->walk.wr_lanes);
    if ((flags & ZK_OUT_FIFO) && !pool && s->walk.wr_lanes != 1)
        return zi_check_bad(c, "stores %d pixels at once", (int)s->walk.wr_lanes);
    if (pool && (s->walk.wr_lanes != 2 || s->walk.w % 2 || s->walk.h % 2 || s->walk.lanes % 2 ||
                 s->walk.w < ZK_POOL2_WIDTH || s->walk.w / 2 > ZK_LINE))
        return zi_check_bad(c, "POOL2 of %dx%d pixels, %d of %d lanes at once", (int)s->walk.h,
                            (int)s->walk.w, (int)s->walk.wr_lanes, (int)s->walk.lanes);
    return ZURT_OK;
}

/** A group before the first pixel, which fills the lanes' history. */
static bool is_primed(const zk_step *s)
{
    return s->kind == ZK_DW_ROW && s->walk.start_y < 0;
}

/** Flattened or row order, and every pixel once. */
static bool order_ok(const zk_step *s)
{
    int64_t pixels = (int64_t)s->walk.w * s->walk.h;
    if (s->walk.wrap_w == s->walk.w && s->walk.dx == s->walk.lanes % s->walk.w &&
        s->walk.dy == s->walk.lanes / s->walk.w) {
        int64_t start = (int64_t)s->walk.start_y * s->walk.w + s->walk.start_x;
        int64_t groups = zi_ceil_div64(pixels, s->walk.lanes);
        return zi_within(s->walk.start_x, 0, s->walk.w - 1) &&
               start == (is_primed(s) ? -s->walk.lanes : 0) &&
               s->walk.n_groups == groups + is_primed(s);
    }
    int64_t per_row = zi_ceil_div64(s->walk.w, s->walk.lanes);
    return s->walk.wrap_w == per_row * s->walk.lanes && s->walk.dx == s->walk.lanes &&
           s->walk.dy == 0 && s->walk.start_x == 0 && s->walk.start_y == 0 &&
           s->walk.n_groups == per_row * s->walk.h && s->kind != ZK_DW_ROW;
}

/* ---- addresses ---- */

static void tap_offsets(const zk_step *s, const v16 *table, int64_t *least, int64_t *most)
{
    *least = *most = 0;
    for (int32_t i = 0; i < s->n_taps; i++) {
        zk_tap t;
        zk_tap_unpack(&table[i / 2], i % 2, &t);
        *least = t.offset < *least ? t.offset : *least;
        *most = t.offset > *most ? t.offset : *most;
    }
}

/** What the engine computes for lanes that count and for those that do not stays in 32 bits, and
 *  within a vector so near that negative addresses have their banks. */
static bool addresses_ok(const zi_checker *c, const zk_step *s, const v16 *table)
{
    int64_t pp = c->caps->pixel_parallel, least, most;
    int64_t rows = (int64_t)s->walk.h + 2 * pp + 2, columns = (int64_t)s->walk.wrap_w + pp;
    int64_t steps = zi_ceil_div64(s->n_ocb, s->in.ocb_every);
    int64_t vector_rows = pp / s->walk.w + 2;
    tap_offsets(s, table, &least, &most);
    if (least < -(int64_t)SUM || most > SUM)
        return false;
    int64_t input = s->in.base + steps * s->in.ocb_step + (int64_t)s->n_icb * s->in.plane +
                    rows * s->in.row + columns * s->in.col + most;
    int64_t residual = s->res.base + (int64_t)s->n_ocb * s->res.plane + rows * s->res.row + columns;
    int64_t output = s->out.base + (int64_t)s->n_ocb * s->out.plane + 2 * rows * s->out.row +
                     2 * columns * s->out.col + 3 * (int64_t)s->out.half;
    return input < SUM && residual < SUM && output < SUM &&
           vector_rows * s->in.row + columns * s->in.col <= pp * ROWS_BELOW &&
           vector_rows * s->res.row + columns <= pp * ROWS_BELOW;
}

/* ---- reads ---- */

static void widen(zi_words *r, int64_t a)
{
    if (r->hi < r->lo) {
        *r = (zi_words){a, a};
        return;
    }
    r->lo = a < r->lo ? a : r->lo;
    r->hi = a > r->hi ? a : r->hi;
}

/** Output positions [*lo, *hi] of one axis whose input position i * stride + d exists. */
static void positions(int64_t n, int64_t stride, int64_t d, int64_t size, int64_t *lo, int64_t *hi)
{
    *lo = zi_ceil_div64(-d, stride);
    *hi = zi_floor_div64(size - 1 - d, stride);
    *lo = *lo < 0 ? 0 : *lo;
    *hi = *hi > n - 1 ? n - 1 : *hi;
}

/** Words that a tap reads in the first block; in DW_ROW those that count. */
static void widen_tap(const zk_step *s, const zk_tap *t, int32_t back, zi_words *r)
{
    int64_t y0, y1, x0, x1;
    positions(s->walk.h, s->in.stride_y, t->dy, s->in.h, &y0, &y1);
    positions(s->walk.w, s->in.stride_x, (int64_t)t->dx - (int64_t)back * s->in.row_dx, s->in.w,
              &x0, &x1);
    if (y0 > y1 || x0 > x1)
        return;
    // A horizontal tap's word was read for the pixel `back` lanes before.
    int64_t base = (int64_t)s->in.base + t->offset - (int64_t)back * s->in.col;
    widen(r, base + y0 * s->in.row + x0 * s->in.col);
    widen(r, base + y1 * s->in.row + x1 * s->in.col);
}

static zi_words input_words(const zk_step *s, const v16 *table)
{
    zi_words r = {0, -1};
    int32_t windows = s->kind == ZK_DW_ROW ? s->in.row_n : 1;
    for (int32_t i = 0; i < s->n_taps; i++) {
        zk_tap t;
        zk_tap_unpack(&table[i / 2], i % 2, &t);
        for (int32_t back = 0; back < windows; back++)
            widen_tap(s, &t, back, &r);
    }
    r = zi_words_repeat(r, s->n_icb, s->in.plane);
    return zi_words_repeat(r, zi_ceil_div64(s->n_ocb, s->in.ocb_every), s->in.ocb_step);
}

static zi_words residual_words(const zk_step *s)
{
    zi_words r = {0, -1};
    if (!(s->flags & ZK_RESIDUAL))
        return r;
    r = (zi_words){s->res.base,
                   s->res.base + (int64_t)(s->walk.h - 1) * s->res.row + s->walk.w - 1};
    return zi_words_repeat(r, s->n_ocb, s->res.plane);
}

/** Lanes find their words in banks in rotation; those before the first pixel count in DW_ROW. */
static bool reads_rotate(const zk_step *s, int32_t pp)
{
    bool goes_on = (s->in.row - (int64_t)s->walk.w * s->in.col) % pp == 0;
    return zk_reads_rotate(s, pp) && (!is_primed(s) || (goes_on && s->in.col % pp == 1 % pp));
}

/* ---- writes ---- */

/** Size of what is written to the scratchpad. */
static void written(const zk_step *s, int64_t *h, int64_t *w)
{
    *h = s->flags & ZK_POOL2 ? s->walk.h / 2 : s->flags & ZK_UP2 ? 2 * s->walk.h : s->walk.h;
    *w = s->flags & ZK_POOL2 ? s->walk.w / 2 : s->flags & ZK_UP2 ? 2 * s->walk.w : s->walk.w;
}

/** Whether every result of a plane, and every plane, has words of its own. */
static bool results_apart(const zk_step *s)
{
    int64_t h, w, phases = (int64_t)1 << s->out.split;
    written(s, &h, &w);
    int64_t columns = zi_ceil_div64(w, phases), phase = (columns - 1) * s->out.col + 1;
    int64_t row = (w < phases ? w - 1 : phases - 1) * s->out.half + phase;
    int64_t plane = (h - 1) * s->out.row + row;
    return (phases == 1 || w == 1 || s->out.half >= phase) && (h == 1 || s->out.row >= row) &&
           (s->n_ocb == 1 || s->out.plane >= plane);
}

static zi_words output_words(const zk_step *s)
{
    zi_words r = {0, -1};
    int64_t h, w;
    if (!(s->flags & ZK_OUT_BANK))
        return r;
    written(s, &h, &w);
    for (int64_t x = w > 4 ? w - 4 : 0; x < w; x++) // the last of each phase
        widen(&r, s->out.base + (h - 1) * s->out.row + (x >> s->out.split) * s->out.col +
                      (x & (((int64_t)1 << s->out.split) - 1)) * s->out.half);
    widen(&r, s->out.base);
    return zi_words_repeat(r, s->n_ocb, s->out.plane);
}

/** A sum may replace its own residual: each word is read before it is written. */
static bool in_place(const zk_step *s)
{
    return s->res.base == s->out.base && s->res.row == s->out.row &&
           (s->res.plane == s->out.plane || s->n_ocb == 1) && s->out.col == 1 &&
           s->out.split == 0 && !(s->flags & (ZK_POOL2 | ZK_UP2));
}

/* ---- all ---- */

static zurt_status check_overlaps(const zi_checker *c, const zk_step *s, zi_words load)
{
    int64_t size = c->caps->scratchpad_words;
    int32_t pp = (int32_t)c->caps->pixel_parallel;
    zi_words reads = input_words(s, c->code->steps + s->table), residual = residual_words(s);
    zi_words writes = output_words(s);
    if (!zi_words_within(reads, size) || !zi_words_within(residual, size))
        return zi_check_bad(c, "it reads outside the scratchpad");
    if (!zi_words_within(writes, size))
        return zi_check_bad(c, "it writes outside the scratchpad");
    if ((s->flags & ZK_OUT_BANK) && !results_apart(s))
        return zi_check_bad(c, "two results have one word");
    if (!reads_rotate(s, pp))
        return zi_check_bad(c, "two lanes read one bank");
    int suit = zk_writes_suit(s, pp);
    if (suit == ZK_SUIT_NOT || (suit == ZK_SUIT_ALONE && s->load.planes))
        return zi_check_bad(c, "two words are written to one bank");
    if (zi_words_meet(reads, writes) || (zi_words_meet(residual, writes) && !in_place(s)))
        return zi_check_bad(c, "it overwrites what it reads");
    if (zi_words_meet(load, reads) || zi_words_meet(load, residual) || zi_words_meet(load, writes))
        return zi_check_bad(c, "it loads over what it works on");
    return ZURT_OK;
}

/** `move` is what the fields that it is made of say. */
static zurt_status check_products(const zi_checker *c, const zk_step *s)
{
    enum { N = sizeof(zk_step_move) / sizeof(int32_t) };
    const zk_step_move want = zk_step_products(s);
    int32_t is[N], must[N];
    memcpy(is, &s->move, sizeof(is));
    memcpy(must, &want, sizeof(must));
    for (int i = 0; i < N; i++) {
        if (is[i] != must[i])
            return zi_check_bad(c, "number %d of `move` is %d, its factors make %d", i, (int)is[i],
                                (int)must[i]);
    }
    return ZURT_OK;
}

zurt_status zi_check_compute(const zi_checker *c, const zk_step *s, zi_words load)
{
    zurt_status st = check_fields(c, s);
    if (!st)
        st = check_kind(c, s);
    if (!st)
        st = check_sum(c, s);
    if (!st)
        st = check_result(c, s);
    if (st)
        return st;
    if (!order_ok(s))
        return zi_check_bad(c, "lanes, groups and pixels do not fit together");
    if (s->table > c->code->step_words || zk_table_words(s) > c->code->step_words - s->table)
        return zi_check_bad(c, "its table leaves the step buffer");
    if (!addresses_ok(c, s, c->code->steps + s->table))
        return zi_check_bad(c, "its addresses exceed what the engine computes with");
    st = check_overlaps(c, s, load);
    return st ? st : check_products(c, s);
}
