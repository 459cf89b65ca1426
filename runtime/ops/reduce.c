/* SPDX-License-Identifier: Apache-2.0 */
/* ReduceMean, Sum, Max, Min, Prod over any set of axes. */
#include <math.h>
#include <string.h>

#include "base/whole.h"
#include "ops/impl.h"
#include "ops/ints.h"
#include "ops/lut.h"
#include "quant/requant.h"
#include "quant/rescale.h"
#include "quant/scale.h"

enum { WIDTH = 64, MAX_COUNT_S8 = 1 << 23 };

typedef struct axis {
    int64_t dim;
    int64_t stride;
} axis;

/* The output is kept axes times `width` neighbours; each element sums up `count` inputs. */
typedef struct state {
    zi_op op;
    zurt_dtype dtype;
    int32_t n_kept, n_reduced; /**< without the innermost kept axis; at least one reduced */
    axis kept[ZURT_MAX_RANK], reduced[ZURT_MAX_RANK];
    int64_t width; /**< innermost kept axis, 1 if the innermost axis is reduced */
    int64_t rows;  /**< product of kept */
    int64_t count; /**< product of reduced */
    bool quantised, alike;
    zi_multiplier m; /**< Mean, Sum in another quantisation */
    int32_t x_zero, out_zero;
    int8_t table[256]; /**< Max, Min */
} state;

typedef struct job {
    const zi_prepared *p;
    const zi_op_args *args;
} job;

static int64_t count_reduced(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    int64_t count = 1;
    for (int32_t d = 0; d < x->rank; d++)
        count *= n->attr.reduce.axes >> d & 1 ? x->dims[d] : 1;
    return count;
}

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (x->dtype != out->dtype)
        return zi_unsupported(ctx, g, n, "input and output must have one type");
    if (x->dtype == ZURT_F32 || (zi_is_plain_int(x) && zi_is_plain_int(out)))
        return ZURT_OK;
    if (!zi_is_qs8(x) || !zi_is_qs8(out) || n->op == ZI_OP_ReduceProd)
        return zi_unsupported(ctx, g, n, "no int8 form of these tensors; keep the node in f32");
    if (zi_tensor_elems(x) && count_reduced(g, n) > MAX_COUNT_S8)
        return zi_unsupported(ctx, g, n, "%lld elements to one in int8, limit %d",
                              (long long)count_reduced(g, n), (int)MAX_COUNT_S8);
    return ZURT_OK;
}

static void add_axis(axis *axes, int32_t *n, int64_t dim, int64_t stride)
{
    if (*n && axes[*n - 1].stride == dim * stride)
        axes[*n - 1] = (axis){axes[*n - 1].dim * dim, stride};
    else
        axes[(*n)++] = (axis){dim, stride};
}

static void set_shape(state *s, const zi_tensor *x, uint32_t mask)
{
    s->rows = s->width = s->count = 1;
    for (int32_t d = 0; d < x->rank; d++) {
        bool reduced = mask >> d & 1;
        int64_t stride = zi_dims_product(x->dims, d + 1, x->rank);
        *(reduced ? &s->count : &s->rows) *= x->dims[d];
        if (x->dims[d] != 1)
            add_axis(reduced ? s->reduced : s->kept, reduced ? &s->n_reduced : &s->n_kept,
                     x->dims[d], stride);
    }
    if (s->n_kept && s->kept[s->n_kept - 1].stride == 1) {
        s->width = s->kept[--s->n_kept].dim;
        s->rows /= s->width;
    }
    if (s->n_reduced == 0)
        s->reduced[s->n_reduced++] = (axis){1, 0};
}

static bool set_quant(state *s, const zi_tensor *x, const zi_tensor *out)
{
    double s_x = (double)x->quant.scale[0], s_out = (double)out->quant.scale[0];
    s->quantised = true;
    s->alike = zi_same_quant(x, out);
    s->x_zero = x->quant.zero_point[0];
    s->out_zero = out->quant.zero_point[0];
    if (s->op == ZI_OP_ReduceMax || s->op == ZI_OP_ReduceMin)
        return zi_rescale_table(x->quant.scale[0], s->x_zero, out->quant.scale[0], s->out_zero,
                                s->table);
    if (s->op == ZI_OP_ReduceMean && s->count)
        s_out *= (double)s->count;
    return zi_multiplier_from_real(s_x / s_out, &s->m);
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    p->state = s;
    s->op = p->node->op;
    s->dtype = x->dtype;
    if (zi_tensor_elems(x) == 0) { // only neutral elements are written
        s->width = (int64_t)zi_tensor_elems(out);
        s->rows = 1;
    } else {
        set_shape(s, x, p->node->attr.reduce.axes);
    }
    if (zi_is_qs8(x) && !set_quant(s, x, out))
        return zi_unsupported(ctx, p->graph, p->node,
                              "scales %g and %g are too far apart for fixed point",
                              (double)x->quant.scale[0], (double)out->quant.scale[0]);
    return ZURT_OK;
}

/* ---- one line: `n` groups of `width` neighbours, `stride` apart ---- */

/* A dense line to one sum: eight running sums, so that additions need not wait for each other. */
static double sum_dense_f32(const float *x, int64_t n)
{
    double sum[8] = {0.0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int k = 0; k < 8; k++)
            sum[k] += (double)x[i + k];
    }
    for (; i < n; i++)
        sum[0] += (double)x[i];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

static void line_f32(zi_op op, const float *x, int64_t n, int64_t stride, int64_t width,
                     double *acc)
{
    bool sums = op == ZI_OP_ReduceSum || op == ZI_OP_ReduceMean;
    if (sums && stride == 1 && width == 1) {
        acc[0] += sum_dense_f32(x, n);
        return;
    }
    for (int64_t i = 0; i < n; i++, x += stride) {
        if (sums) {
            for (int64_t c = 0; c < width; c++)
                acc[c] += (double)x[c];
        } else if (op == ZI_OP_ReduceProd) {
            for (int64_t c = 0; c < width; c++)
                acc[c] *= (double)x[c];
        } else if (op == ZI_OP_ReduceMax) {
            for (int64_t c = 0; c < width; c++)
                acc[c] = (double)x[c] > acc[c] || x[c] != x[c] ? (double)x[c] : acc[c];
        } else {
            for (int64_t c = 0; c < width; c++)
                acc[c] = (double)x[c] < acc[c] || x[c] != x[c] ? (double)x[c] : acc[c];
        }
    }
}

/* Their number is limited: no sum leaves 32 bits. */
static void line_sum_s8(zk_sum_s8_fn *kernel, const int8_t *x, axis line, int64_t width,
                        int64_t *acc)
{
    int32_t sum[WIDTH] = {0};
    kernel(x, line.dim, line.stride, width, sum);
    for (int64_t c = 0; c < width; c++)
        acc[c] += sum[c];
}

static void line_ints(const state *s, const void *x, int64_t first, axis line, int64_t width,
                      int64_t *acc)
{
    int64_t v[WIDTH];
    for (int64_t i = 0; i < line.dim; i++) {
        zi_ints_load(s->dtype, x, first + i * line.stride, 1, (size_t)width, v);
        for (int64_t c = 0; c < width; c++) {
            if (s->op == ZI_OP_ReduceSum || s->op == ZI_OP_ReduceMean)
                acc[c] = zi_wrap_add(acc[c], v[c]);
            else if (s->op == ZI_OP_ReduceProd)
                acc[c] = zi_wrap_mul(acc[c], v[c]);
            else if (s->op == ZI_OP_ReduceMax)
                acc[c] = v[c] > acc[c] ? v[c] : acc[c];
            else
                acc[c] = v[c] < acc[c] ? v[c] : acc[c];
        }
    }
}

/* ---- results ---- */

static void store_f32(const state *s, const double *acc, int64_t width, float *out)
{
    for (int64_t c = 0; c < width; c++)
        out[c] = (float)(s->op == ZI_OP_ReduceMean ? acc[c] / (double)s->count : acc[c]);
}

static int8_t requantised(const state *s, int64_t acc)
{
    if (s->op == ZI_OP_ReduceMax || s->op == ZI_OP_ReduceMin)
        return s->table[acc + 128];
    if (s->op == ZI_OP_ReduceMean && s->alike)
        return (int8_t)zi_div_round((int32_t)acc, (int32_t)s->count);
    int32_t sum = (int32_t)(acc - s->count * s->x_zero);
    int32_t r = zi_requant(sum, s->m.multiplier, s->m.shift);
    return (int8_t)zi_offset_clamp(r, s->out_zero, -128, 127);
}

static void store_ints(const state *s, int64_t *acc, int64_t width, void *out, int64_t first)
{
    for (int64_t c = 0; c < width; c++) {
        if (s->quantised)
            acc[c] = requantised(s, acc[c]);
        else if (s->op == ZI_OP_ReduceMean)
            acc[c] = zi_safe_div(acc[c], s->count);
    }
    zi_ints_store(s->dtype, acc, (size_t)width, out, first);
}

/* Calls one line after the other: all of the reduced space at `base`. */
static void reduce_columns(const job *j, int64_t base, int64_t width, double *real, int64_t *ints)
{
    const state *s = j->p->state;
    const void *x = j->args->in[0];
    axis line = s->reduced[s->n_reduced - 1];
    int64_t lines = s->count / line.dim;
    for (int64_t i = 0; i < lines; i++) {
        int64_t rest = i, first = base;
        for (int32_t d = s->n_reduced - 2; d >= 0; d--) {
            first += rest % s->reduced[d].dim * s->reduced[d].stride;
            rest /= s->reduced[d].dim;
        }
        if (s->dtype == ZURT_F32)
            line_f32(s->op, (const float *)x + first, line.dim, line.stride, width, real);
        else if (s->dtype == ZURT_S8 && (s->op == ZI_OP_ReduceSum || s->op == ZI_OP_ReduceMean))
            line_sum_s8(j->p->kernels->sum_s8, (const int8_t *)x + first, line, width, ints);
        else
            line_ints(s, x, first, line, width, ints);
    }
}

static void set_neutral(const state *s, double *real, int64_t *ints)
{
    double start = 0.0;
    int64_t whole = 0;
    if (s->op == ZI_OP_ReduceMax) {
        start = -INFINITY;
        whole = INT64_MIN;
    } else if (s->op == ZI_OP_ReduceMin) {
        start = INFINITY;
        whole = INT64_MAX;
    } else if (s->op == ZI_OP_ReduceProd) {
        start = 1.0;
        whole = 1;
    }
    for (int i = 0; i < WIDTH; i++) {
        real[i] = start;
        ints[i] = whole;
    }
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->p->state;
    int64_t per_row = zi_ceil_div64(s->width, WIDTH), begin, end;
    zi_task_range(index, n_tasks, s->rows * per_row, &begin, &end);
    for (int64_t part = begin; part < end; part++) {
        int64_t row = part / per_row, col = part % per_row * WIDTH, base = col, rest = row;
        int64_t width = s->width - col < WIDTH ? s->width - col : WIDTH;
        for (int32_t d = s->n_kept - 1; d >= 0; d--) {
            base += rest % s->kept[d].dim * s->kept[d].stride;
            rest /= s->kept[d].dim;
        }
        double real[WIDTH];
        int64_t ints[WIDTH];
        set_neutral(s, real, ints);
        if (s->count)
            reduce_columns(j, base, width, real, ints);
        if (s->dtype == ZURT_F32)
            store_f32(s, real, width, (float *)j->args->out[0] + row * s->width + col);
        else
            store_ints(s, ints, width, j->args->out[0], row * s->width + col);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    job j = {p, args};
    if (s->rows && s->width)
        zi_op_parallel(args, task, &j, s->rows * s->width * (s->count ? s->count : 1));
}

const zi_op_impl zi_impl_reduce = {.check = check, .prepare = prepare, .run = run};
const zi_op_impl zi_impl_reduce_s8 = {.check = check, .prepare = prepare, .run = run, .int8 = true};
