/* SPDX-License-Identifier: Apache-2.0 */
/* Concat and Split: rows of parts, one after the other in the larger tensor. */
#include "base/copy_rows.h"
#include "ops/impl.h"
#include "ops/lut.h"
#include "quant/rescale.h"

typedef struct piece {
    int64_t offset; /**< of the part in a row of the whole, bytes */
    int64_t bytes;
    const int8_t *table; /**< Concat of s8 in another quantisation than the output's */
} piece;

typedef struct state {
    int64_t rows;
    int64_t row_bytes;
    uint32_t n;
    piece *parts;
} state;

typedef struct job {
    const zi_prepared *p;
    const state *s;
    const zi_op_args *args;
} job;

static zurt_status check_concat(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *out = zi_node_out(g, n, 0);
    for (uint32_t i = 0; i < n->n_in; i++) {
        const zi_tensor *x = zi_node_in(g, n, i);
        bool alike = x->quant.n <= 1 && zi_same_quant(x, out);
        if (x->dtype != out->dtype || (!alike && !(zi_is_qs8(x) && zi_is_qs8(out))))
            return zi_unsupported(ctx, g, n,
                                  "input %u: type or quantisation differs from the output's", i);
    }
    return ZURT_OK;
}

static zurt_status check_split(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    for (uint32_t i = 0; i < n->n_out; i++) {
        const zi_tensor *out = zi_node_out(g, n, i);
        if (x->dtype != out->dtype || x->quant.n > 1 || !zi_same_quant(x, out))
            return zi_unsupported(ctx, g, n,
                                  "output %u: type or quantisation differs from the input's", i);
    }
    return ZURT_OK;
}

/* `tensors`: the parts' ids; `whole`: the tensor that holds them all. */
static state *make_state(zi_prepared *p, const zi_tensor *whole, const zi_id *tensors, uint32_t n)
{
    int32_t axis = p->node->attr.axis.axis;
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return NULL;
    s->parts = zi_arena_calloc(&p->arena, n, sizeof(*s->parts));
    if (!s->parts)
        return NULL;
    s->n = n;
    s->rows = zi_tensor_elems(whole) ? zi_dims_product(whole->dims, 0, axis) : 0;
    p->state = s;
    for (uint32_t i = 0; i < n && s->rows; i++) {
        const zi_tensor *t = &p->graph->tensors[tensors[i]];
        s->parts[i].offset = s->row_bytes;
        s->parts[i].bytes = zi_dims_product(t->dims, axis, t->rank);
        s->parts[i].bytes *= (int64_t)zurt_dtype_bytes(whole->dtype);
        s->row_bytes += s->parts[i].bytes;
    }
    return s;
}

static zurt_status prepare_concat(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *out = zi_node_out(p->graph, p->node, 0);
    state *s = make_state(p, out, p->node->in, p->node->n_in);
    if (!s)
        return zi_op_nomem(ctx, p);
    for (uint32_t i = 0; i < s->n; i++) {
        const zi_tensor *x = zi_node_in(p->graph, p->node, i);
        if (zi_same_quant(x, out))
            continue;
        int8_t *table = zi_arena_alloc(&p->arena, 256);
        if (!table)
            return zi_op_nomem(ctx, p);
        if (!zi_rescale_table(x->quant.scale[0], x->quant.zero_point[0], out->quant.scale[0],
                              out->quant.zero_point[0], table))
            return zi_unsupported(ctx, p->graph, p->node,
                                  "scales %g and %g are too far apart for fixed point",
                                  (double)x->quant.scale[0], (double)out->quant.scale[0]);
        s->parts[i].table = table;
    }
    return ZURT_OK;
}

static zurt_status prepare_split(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    return make_state(p, x, p->node->out, p->node->n_out) ? ZURT_OK : zi_op_nomem(ctx, p);
}

/* Rows of a chunk: together they should stay in the first cache while each part is copied. */
enum { CHUNK_BYTES = 8192 };

/* The part of row `row` that lies in bytes [begin, end) of the whole: `from`, `n` within the part.
 * false: nothing. */
static bool overlap(const state *s, const piece *part, int64_t row, int64_t begin, int64_t end,
                    int64_t *from, int64_t *n)
{
    int64_t first = row * s->row_bytes + part->offset, last = first + part->bytes;
    int64_t lo = first > begin ? first : begin, hi = last < end ? last : end;
    *from = lo - first;
    *n = hi - lo;
    return hi > lo;
}

/* Moves bytes [from, from + n) of part i in some rows. */
typedef void move_fn(const job *j, uint32_t i, int64_t row, int64_t rows, int64_t from, int64_t n);

static void concat_part(const job *j, uint32_t i, int64_t row, int64_t rows, int64_t from,
                        int64_t n)
{
    const state *s = j->s;
    const piece *part = &s->parts[i];
    const int8_t *x = (const int8_t *)j->args->in[i] + row * part->bytes + from;
    int8_t *y = (int8_t *)j->args->out[0] + row * s->row_bytes + part->offset + from;
    if (!part->table) {
        zi_copy_rows(x, part->bytes, y, s->row_bytes, n, rows);
        return;
    }
    for (int64_t k = 0; k < rows; k++, x += part->bytes, y += s->row_bytes)
        j->p->kernels->lut_s8(x, part->table, y, (size_t)n);
}

static void split_part(const job *j, uint32_t i, int64_t row, int64_t rows, int64_t from, int64_t n)
{
    const state *s = j->s;
    const piece *part = &s->parts[i];
    zi_copy_rows((const int8_t *)j->args->in[0] + row * s->row_bytes + part->offset + from,
                 s->row_bytes, (int8_t *)j->args->out[i] + row * part->bytes + from, part->bytes, n,
                 rows);
}

/* Bytes [begin, end) of the whole, of one row. */
static void move_within(const job *j, int64_t row, int64_t begin, int64_t end, move_fn *move)
{
    int64_t from, n;
    for (uint32_t i = 0; i < j->s->n; i++) {
        if (overlap(j->s, &j->s->parts[i], row, begin, end, &from, &n))
            move(j, i, row, 1, from, n);
    }
}

static void move_share(const job *j, uint32_t index, uint32_t n_tasks, move_fn *move)
{
    const state *s = j->s;
    const int64_t chunk = s->row_bytes < CHUNK_BYTES ? CHUNK_BYTES / s->row_bytes : 1;
    int64_t begin, end;
    zi_task_range(index, n_tasks, s->rows * s->row_bytes, &begin, &end);
    int64_t row = begin / s->row_bytes, last = end / s->row_bytes; // rows [row, last) are whole
    if (begin > row * s->row_bytes)
        move_within(j, row++, begin, end, move);
    for (int64_t rows; row < last; row += rows) {
        rows = last - row < chunk ? last - row : chunk;
        for (uint32_t i = 0; i < s->n; i++)
            move(j, i, row, rows, 0, s->parts[i].bytes);
    }
    if (row == last && end > row * s->row_bytes)
        move_within(j, row, row * s->row_bytes, end, move);
}

static void task_concat(void *arg, uint32_t index, uint32_t n_tasks)
{
    move_share(arg, index, n_tasks, concat_part);
}

static void task_split(void *arg, uint32_t index, uint32_t n_tasks)
{
    move_share(arg, index, n_tasks, split_part);
}

static void run(const zi_prepared *p, const zi_op_args *args, zi_task_fn *fn)
{
    job j = {p, p->state, args};
    if (j.s->rows > 0)
        zi_op_parallel(args, fn, &j, j.s->rows * j.s->row_bytes);
}

static void run_concat(const zi_prepared *p, const zi_op_args *args)
{
    run(p, args, task_concat);
}

static void run_split(const zi_prepared *p, const zi_op_args *args)
{
    run(p, args, task_split);
}

const zi_op_impl zi_impl_concat = {
    .check = check_concat, .prepare = prepare_concat, .run = run_concat, .int8 = true};
const zi_op_impl zi_impl_split = {
    .check = check_split, .prepare = prepare_split, .run = run_split, .int8 = true};
