/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConvTranspose. Output pixels that are a stride apart, a phase, read neighbours in the input by
 * the same taps: each phase is a convolution of stride 1 with some of the weights, and multiplies
 * by no zeros between pixels. Where the windows of phases are alike, all of them are one
 * convolution to several times the channels. Results are computed aside and then take their places.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/copy_rows.h"
#include "base/size.h"
#include "ops/conv_plan.h"

/** Phases that may be convolutions of their own; larger strides and windows, and weights that would
 *  become larger than so many times the node's, stay as they are. */
enum { MAX_PARTS = 16, MAX_STRIDE = 64, MAX_KERNEL = 4096, MAX_GROWTH = 4 };

/** Phases [begin, end) of one axis, and what they read: input pixels j + lo to j + lo + kernel - 1
 *  for the j-th output of a phase, of which there are `outputs`. */
typedef struct phases {
    int32_t begin, end;
    int32_t lo, kernel, outputs;
} phases;

typedef struct part {
    zi_conv_plan *plan;
    phases y, x;
} part;

typedef struct state {
    zk_conv_shape shape;
    size_t elem;
    size_t aside; /**< where results lie in the scratch */
    int32_t n;
    part parts[MAX_PARTS];
} state;

typedef struct job {
    const state *s;
    const part *part;
    const char *aside;
    char *out;
} job;

/* ---- geometry ---- */

/** What one axis has of a zk_conv_shape. */
typedef struct axis {
    int32_t out, kernel, stride, dilation, pad;
} axis;

static axis axis_y(const zk_conv_shape *s)
{
    return (axis){s->out_h, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top};
}

static axis axis_x(const zk_conv_shape *s)
{
    return (axis){s->out_w, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left};
}

/** The tap by which output j of a phase reads input pixel j + offset; -1: none does. */
static int32_t tap_of(const axis *a, int32_t phase, int64_t offset)
{
    const int64_t k = phase + (int64_t)a->pad - offset * a->stride;
    return k >= 0 && k % a->dilation == 0 && k / a->dilation < a->kernel
               ? (int32_t)(k / a->dilation)
               : -1;
}

/** `kernel` is 0 if it would be too large. */
static phases phases_of(const axis *a, int32_t begin, int32_t end)
{
    int64_t lo = 0, hi = -1; // paddings are within [0, kernel]
    for (int32_t phase = begin; phase < end; phase++) {
        for (int32_t k = 0; k < a->kernel; k++) {
            const int64_t at = phase + (int64_t)a->pad - (int64_t)k * a->dilation;
            if (at % a->stride)
                continue;
            lo = at / a->stride < lo ? at / a->stride : lo;
            hi = at / a->stride > hi ? at / a->stride : hi;
        }
    }
    hi = hi < lo ? lo : hi;
    if (hi - lo >= MAX_KERNEL || lo < -MAX_KERNEL)
        return (phases){.begin = begin, .end = end};
    const int32_t outputs = begin < a->out ? (a->out - begin - 1) / a->stride + 1 : 0;
    return (phases){begin, end, (int32_t)lo, (int32_t)(hi - lo + 1), outputs};
}

static zk_conv_shape shape_of(const zk_conv_shape *s, const phases *y, const phases *x)
{
    zk_conv_shape one = *s;
    one.out_h = y->outputs;
    one.out_w = x->outputs;
    one.out_c = s->out_c * (y->end - y->begin) * (x->end - x->begin);
    one.kernel_h = y->kernel;
    one.kernel_w = x->kernel;
    one.stride_h = one.stride_w = one.dilation_h = one.dilation_w = 1;
    one.pad_top = -y->lo;
    one.pad_left = -x->lo;
    one.transposed = false;
    return one;
}

/** Multiply-accumulates, channels by fours as kernels compute them. */
static double work_of(const zk_conv_shape *s)
{
    return (double)s->out_h * s->out_w * ((s->out_c + 3) / 4 * 4) * (double)zk_conv_patch(s);
}

static double weights_in(const zk_conv_shape *s)
{
    return (double)s->out_c * (double)zk_conv_patch(s);
}

/* ---- prepare ---- */

/** The weights of all phases of a part, in the order of its channels; NULL without memory. */
static void *weights_of(zi_prepared *p, const state *s, const part *t, const zk_conv_shape *one)
{
    const zi_tensor *w = zi_node_in(p->graph, p->node, 1);
    const axis ay = axis_y(&s->shape), ax = axis_x(&s->shape);
    const size_t row = (size_t)(one->in_c / one->groups) * s->elem;
    const size_t from_row = row * (size_t)ax.kernel, from = from_row * (size_t)ay.kernel;
    char *out = zi_arena_calloc(&p->arena, (size_t)one->out_c,
                                row * (size_t)one->kernel_h * (size_t)one->kernel_w);
    char *to = out;
    for (int32_t o = 0; out && o < one->out_c; o++) {
        const int32_t c = o % s->shape.out_c, phase = o / s->shape.out_c;
        const int32_t py = t->y.begin + phase / (t->x.end - t->x.begin);
        const int32_t px = t->x.begin + phase % (t->x.end - t->x.begin);
        const int zero = w->quant.n ? w->quant.zero_point[w->quant.n == 1 ? 0 : c] : 0;
        for (int32_t y = 0; y < one->kernel_h; y++) {
            const int32_t ky = tap_of(&ay, py, t->y.lo + y);
            for (int32_t x = 0; x < one->kernel_w; x++, to += row) {
                const int32_t kx = ky < 0 ? -1 : tap_of(&ax, px, t->x.lo + x);
                if (kx < 0)
                    memset(to, zero, row); // floats: w->quant is empty
                else
                    memcpy(to,
                           (const char *)w->data + (size_t)c * from + (size_t)ky * from_row +
                               (size_t)kx * row,
                           row);
            }
        }
    }
    return out;
}

/** Chooses between one convolution for all phases and one for each; false: as it stands is best. */
static bool choose_parts(state *s)
{
    const zk_conv_shape *shape = &s->shape;
    const axis ay = axis_y(shape), ax = axis_x(shape);
    const int64_t n = (int64_t)ay.stride * ax.stride;
    if (ay.stride > MAX_STRIDE || ax.stride > MAX_STRIDE || n > INT32_MAX / shape->out_c)
        return false;
    part all = {.y = phases_of(&ay, 0, ay.stride), .x = phases_of(&ax, 0, ax.stride)};
    if (!all.y.kernel || !all.x.kernel)
        return false;
    const zk_conv_shape whole = shape_of(shape, &all.y, &all.x);
    const double most = MAX_GROWTH * weights_in(shape);
    double best = work_of(shape), apart = 0.0, weights = 0.0;
    for (int32_t i = 0; n <= MAX_PARTS && i < n; i++) {
        part *t = &s->parts[s->n];
        t->y = phases_of(&ay, i / ax.stride, i / ax.stride + 1);
        t->x = phases_of(&ax, i % ax.stride, i % ax.stride + 1);
        const zk_conv_shape one = shape_of(shape, &t->y, &t->x);
        apart += work_of(&one);
        weights += weights_in(&one);
        s->n += t->y.outputs > 0 && t->x.outputs > 0;
    }
    if (n <= MAX_PARTS && apart < best && weights <= most)
        best = apart;
    else
        s->n = 0;
    // one convolution gathers its rows once
    if (shape->groups == 1 && work_of(&whole) <= best * (s->n > 1 ? 1.25 : 1.0) &&
        weights_in(&whole) <= most) {
        s->parts[0] = all;
        s->n = 1;
    }
    return s->n > 0;
}

static zurt_status make_parts(zurt_ctx *ctx, zi_prepared *p, state *s)
{
    size_t aside = 0;
    for (int32_t i = 0; i < s->n; i++) {
        part *t = &s->parts[i];
        const zk_conv_shape one = shape_of(&s->shape, &t->y, &t->x);
        const void *w = weights_of(p, s, t, &one);
        if (!w)
            return zi_op_nomem(ctx, p);
        zurt_status st = zi_conv_plan_make(ctx, p, &one, w, &t->plan);
        if (st)
            return st;
        const size_t bytes = (size_t)zk_conv_pixels(&one) * (size_t)one.out_c * s->elem;
        const size_t scratch = zi_conv_plan_scratch(t->plan);
        aside = bytes > aside ? bytes : aside;
        s->aside = scratch > s->aside ? scratch : s->aside;
    }
    if (!zi_size_align(s->aside, ZI_ALIGN, &s->aside) ||
        !zi_size_add(s->aside, aside, &p->scratch_bytes))
        return zi_node_fail(ctx, p->graph, p->node, ZURT_E_LIMIT, "the output is too large");
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *w = zi_node_in(p->graph, p->node, 1), *b = zi_node_in(p->graph, p->node, 2);
    const zk_conv_shape shape = zi_conv_shape_of(p);
    const bool constant = zi_tensor_is_const(w) && (!b || zi_tensor_is_const(b));
    state *s = zi_arena_calloc(&p->arena, 1, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    s->shape = shape;
    s->elem = zurt_dtype_bytes(w->dtype);
    if (constant && zk_conv_pixels(&shape) && shape.out_c && choose_parts(s)) {
        zurt_status st = make_parts(ctx, p, s);
        p->state = s;
        return st;
    }
    s->n = 0;
    zurt_status st = zi_conv_plan_make(ctx, p, &shape, w->data, &s->parts[0].plan);
    p->state = s;
    p->scratch_bytes = st ? 0 : zi_conv_plan_scratch(s->parts[0].plan);
    return st;
}

/* ---- run ---- */

/** Rows of a part's results to their places: of phases that are neighbours pixels are, too. */
static void task_place(void *arg, uint32_t task, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->s;
    const part *t = j->part;
    const int64_t pixel = s->shape.out_c * (int64_t)s->elem, n_x = t->x.end - t->x.begin;
    const int64_t n_y = t->y.end - t->y.begin, row = s->shape.out_w * pixel;
    const int64_t step = n_y * n_x * pixel;
    // of the last pixels some phases may lie outside
    const int64_t last =
        s->shape.out_w - t->x.begin - (t->x.outputs - 1) * (int64_t)s->shape.stride_w;
    const int64_t whole = last < n_x ? t->x.outputs - 1 : t->x.outputs;
    int64_t begin, end;
    zi_task_range(task, n_tasks, (int64_t)s->shape.batch * t->y.outputs, &begin, &end);
    for (int64_t k = begin; k < end; k++) {
        const int64_t image = k / t->y.outputs, first = k % t->y.outputs * s->shape.stride_h;
        const char *x = j->aside + k * t->x.outputs * step;
        for (int64_t py = 0; py < n_y && first + t->y.begin + py < s->shape.out_h; py++) {
            const int64_t oy = image * s->shape.out_h + first + t->y.begin + py;
            char *y = j->out + oy * row + t->x.begin * pixel;
            const char *from = x + py * n_x * pixel;
            zi_copy_rows(from, step, y, s->shape.stride_w * pixel, n_x * pixel, whole);
            if (whole < t->x.outputs)
                memcpy(y + whole * s->shape.stride_w * pixel, from + whole * step,
                       (size_t)(last * pixel));
        }
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    if (!s->n) {
        zi_conv_plan_run(p, s->parts[0].plan, args);
        return;
    }
    char *aside = (char *)args->scratch + s->aside;
    for (int32_t i = 0; i < s->n; i++) {
        const part *t = &s->parts[i];
        void *out[1] = {aside};
        zi_op_args inner = *args;
        inner.out = out;
        zi_conv_plan_run(p, t->plan, &inner);
        job j = {s, t, aside, args->out[0]};
        const int64_t elems = (int64_t)t->y.outputs * t->x.outputs * (t->y.end - t->y.begin) *
                              (t->x.end - t->x.begin) * s->shape.out_c * s->shape.batch;
        zi_op_parallel(args, task_place, &j, elems);
    }
}

const zi_op_impl zi_impl_conv_transpose = {
    .check = zi_conv_check, .prepare = prepare, .run = run, .int8 = true};
