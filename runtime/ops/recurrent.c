/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM, GRU, RNN over a whole sequence. What does not depend on the state, x . w, is computed for a
 * chunk of steps at once; then step by step h . r and the cell. Every product is cut into the same
 * tiles whatever the number of threads, so that float sums do not change with it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "base/whole.h"
#include "ops/impl.h"
#include "ops/recurrent_cell.h"

enum { X, W, R, B, FIRST_H, FIRST_C, PEEPHOLES };
enum { ALL, LAST_H, LAST_C };

/** Rows of x . w that are computed together, and those of a tile of it. */
enum { CHUNK_ROWS = 256, TILE = 64 };

/** Multiply-accumulates that cost as much as one element of an elementwise op. */
enum { MACS_PER_ELEM = 16 };

typedef struct state {
    int64_t steps, batch, input, hidden;
    int32_t directions, gates;
    int64_t chunk;      /**< steps of a chunk */
    size_t gates_at;    /**< in the scratch: [chunk][G][N][H] */
    size_t products_at; /**< [G][N][H] */
    size_t reset_at;    /**< [N][H] */
} state;

/** Products of one a [m,k] with a matrix for each gate. */
typedef struct products {
    const zi_prepared *p;
    const float *a;
    const float *b; /**< [G][k][n] */
    float *out;     /**< gate and row by the strides below */
    int64_t m, n, k;
    int64_t rows; /**< of one step: a row of the product is step * rows + row */
    int32_t gates;
} products;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    if (zi_node_in(g, n, X)->dtype != ZURT_F32)
        return zi_unsupported(ctx, g, n, "input of type %s; only f32 is taken",
                              zurt_dtype_name(zi_node_in(g, n, X)->dtype));
    return ZURT_OK;
}

/** Adds elems floats to the scratch. */
static bool reserve(zi_prepared *p, size_t elems, size_t *at)
{
    size_t bytes, end;
    *at = p->scratch_bytes;
    return zi_size_mul(elems, sizeof(float), &bytes) && zi_size_add(*at, bytes, &end) &&
           zi_size_align(end, ZI_ALIGN, &p->scratch_bytes);
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, X), *w = zi_node_in(p->graph, p->node, W);
    state *s = zi_arena_calloc(&p->arena, 1, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    *s = (state){.steps = x->dims[0],
                 .batch = x->dims[1],
                 .input = x->dims[2],
                 .hidden = w->dims[3],
                 .directions = w->dims[0],
                 .gates = w->dims[1]};
    p->state = s;
    if (s->batch == 0 || s->hidden == 0 || s->steps == 0)
        return ZURT_OK;
    s->chunk = CHUNK_ROWS / s->batch;
    s->chunk = s->chunk < 1 ? 1 : s->chunk > s->steps ? s->steps : s->chunk;
    size_t step, gates, chunk; // of Y's elements, 2^29 at most
    const bool have_sizes = zi_size_mul((size_t)s->batch, (size_t)s->hidden, &step) &&
                            zi_size_mul(step, (size_t)s->gates, &gates) &&
                            zi_size_mul(gates, (size_t)s->chunk, &chunk);
    if (!have_sizes || !reserve(p, chunk, &s->gates_at) || !reserve(p, gates, &s->products_at) ||
        !reserve(p, step, &s->reset_at))
        return zi_node_fail(ctx, p->graph, p->node, ZURT_E_LIMIT, "its states are too large");
    return ZURT_OK;
}

static void task_products(void *arg, uint32_t index, uint32_t n_tasks)
{
    const products *j = arg;
    const int64_t per_step = zi_ceil_div64(j->rows, TILE);
    const int64_t tiles = j->m / j->rows * per_step;
    int64_t begin, end;
    zi_task_range(index, n_tasks, tiles * j->gates, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        const int64_t gate = i / tiles, tile = i % tiles;
        const int64_t step = tile / per_step, row = tile % per_step * TILE;
        const int64_t left = j->rows - row;
        const zk_matmul_f32_args args = {
            .a = j->a + (step * j->rows + row) * j->k,
            .b = j->b + gate * j->k * j->n,
            .out = j->out + ((step * j->gates + gate) * j->rows + row) * j->n,
            .m = left < TILE ? left : TILE,
            .n = j->n,
            .k = j->k,
        };
        j->p->kernels->matmul_f32(&args);
    }
}

static void multiply(const zi_op_args *args, products *j)
{
    zi_op_parallel(args, task_products, j, j->m * j->n * j->gates * (j->k / MACS_PER_ELEM + 1));
}

/** One direction of a run. */
typedef struct pass {
    const zi_prepared *p;
    const state *s;
    const zi_op_args *args;
    int32_t direction;
    zi_rnn_step step;
    float *gates; /**< of the chunk */
} pass;

static float *scratch(const pass *w, size_t at)
{
    return (float *)((uint8_t *)w->args->scratch + at);
}

/** h . r of some gates into the products' places. */
static void multiply_state(const pass *w, const float *h, int32_t first, int32_t count)
{
    const state *s = w->s;
    const float *r = (const float *)w->args->in[R] +
                     ((int64_t)w->direction * s->gates + first) * s->hidden * s->hidden;
    products j = {w->p,     h,         r,         w->step.products + first * s->batch * s->hidden,
                  s->batch, s->hidden, s->hidden, s->batch,
                  count};
    multiply(w->args, &j);
}

static void run_step(pass *w, int64_t at, int64_t in_chunk)
{
    const state *s = w->s;
    const int64_t size = s->batch * s->hidden;
    float *out = (float *)w->args->out[ALL] + (at * s->directions + w->direction) * size;
    w->step.gates = w->gates + in_chunk * s->gates * size;
    w->step.out = out;
    const bool late = w->step.attr->linear_before_reset;
    if (w->p->node->op != ZI_OP_GRU) {
        multiply_state(w, w->step.h, 0, s->gates);
        if (w->p->node->op == ZI_OP_LSTM)
            zi_lstm_step(&w->step);
        else
            zi_rnn_plain_step(&w->step);
    } else {
        float *reset_h = scratch(w, s->reset_at);
        multiply_state(w, w->step.h, 0, late ? 3 : 2);
        zi_gru_gates(&w->step, reset_h);
        if (!late)
            multiply_state(w, reset_h, 2, 1);
        zi_gru_output(&w->step);
    }
    w->step.h = out;
}

/** Steps first, first + 1, ... of the sequence, or backwards from the last. */
static void run_chunk(pass *w, int64_t first, int64_t count, bool reverse)
{
    const state *s = w->s;
    const int64_t lowest = reverse ? s->steps - first - count : first;
    products j = {w->p,
                  (const float *)w->args->in[X] + lowest * s->batch * s->input,
                  (const float *)w->args->in[W] +
                      (int64_t)w->direction * s->gates * s->input * s->hidden,
                  w->gates,
                  count * s->batch,
                  s->hidden,
                  s->input,
                  s->batch,
                  s->gates};
    multiply(w->args, &j);
    for (int64_t i = 0; i < count; i++) {
        const int64_t in_chunk = reverse ? count - 1 - i : i;
        run_step(w, lowest + in_chunk, in_chunk);
    }
}

/** Where the state begins: the input's, or zeros. */
static void first_state(const pass *w, uint32_t input, float *to)
{
    const size_t n = (size_t)(w->s->batch * w->s->hidden);
    const float *from = input < w->p->node->n_in ? w->args->in[input] : NULL;
    if (from)
        memcpy(to, from + (size_t)w->direction * n, n * sizeof(*to));
    else
        memset(to, 0, n * sizeof(*to));
}

static void run_direction(const zi_prepared *p, const zi_op_args *args, int32_t d)
{
    const state *s = p->state;
    const zi_attr_rnn *a = &p->node->attr.rnn;
    const int64_t size = s->batch * s->hidden;
    const int32_t functions = zi_rnn_functions(p->node->op) * d;
    const bool reverse = a->direction == ZI_RNN_REVERSE || d == 1;
    const float *bias = p->node->n_in > B ? args->in[B] : NULL;
    const float *peepholes = p->node->n_in > PEEPHOLES ? args->in[PEEPHOLES] : NULL;
    float *last_h = (float *)args->out[LAST_H] + d * size;
    pass w = {.p = p, .s = s, .args = args, .direction = d};
    w.step = (zi_rnn_step){.attr = a,
                           .function = a->function + functions,
                           .alpha = a->alpha + functions,
                           .beta = a->beta + functions,
                           .bias = bias ? bias + (int64_t)d * 2 * s->gates * s->hidden : NULL,
                           .peepholes = peepholes ? peepholes + (int64_t)d * 3 * s->hidden : NULL,
                           .batch = (int32_t)s->batch,
                           .hidden = (int32_t)s->hidden,
                           .h = last_h};
    first_state(&w, FIRST_H, last_h);
    if (p->node->op == ZI_OP_LSTM) {
        w.step.c = (float *)args->out[LAST_C] + d * size;
        first_state(&w, FIRST_C, w.step.c);
    }
    if (s->steps == 0)
        return;
    w.gates = scratch(&w, s->gates_at);
    w.step.products = scratch(&w, s->products_at);
    for (int64_t first = 0; first < s->steps; first += s->chunk) {
        const int64_t left = s->steps - first;
        run_chunk(&w, first, left < s->chunk ? left : s->chunk, reverse);
    }
    memcpy(last_h, w.step.h, (size_t)size * sizeof(*last_h));
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    if (s->batch == 0 || s->hidden == 0)
        return;
    for (int32_t d = 0; d < s->directions; d++)
        run_direction(p, args, d);
}

const zi_op_impl zi_impl_recurrent = {.check = check, .prepare = prepare, .run = run};
