/* SPDX-License-Identifier: Apache-2.0 */
/* TopK: the indices of the k best of each row, in order. A heap of k places, its worst on top, sees
 * the row once; it is then emptied from the worst to the best. */
#include "base/alloc.h"
#include "ops/impl.h"
#include "ops/ints.h"

typedef struct state {
    size_t heap_bytes; /**< one thread's part of the scratch */
} state;

typedef struct job {
    const zi_prepared *p;
    const zi_op_args *args;
    zi_slots slots;
    zurt_dtype dtype;
    bool smallest;
    int64_t outer, n, inner, k;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    if (zi_node_in(g, n, 0)->quant.n > 1)
        return zi_unsupported(ctx, g, n, "a scale per channel; per tensor is taken");
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    state *s = zi_arena_calloc(&p->arena, 1, sizeof(*s));
    if (!s)
        return zi_op_nomem(ctx, p);
    p->state = s;
    s->heap_bytes = ((size_t)p->node->attr.top.k * sizeof(int32_t) + ZI_ALIGN - 1) &
                    ~(size_t)(ZI_ALIGN - 1); // k is at most 2^24
    p->scratch_bytes = s->heap_bytes * p->n_threads;
    return ZURT_OK;
}

/** One row: its elements stand `inner` apart. */
typedef struct row {
    const job *j;
    int64_t first;
} row;

static double value_f32(const row *r, int32_t i)
{
    return (double)((const float *)r->j->args->in[0])[r->first + i * r->j->inner];
}

static int64_t value_int(const row *r, int32_t i)
{
    int64_t v;
    zi_ints_load(r->j->dtype, r->j->args->in[0], r->first + i * r->j->inner, 1, 1, &v);
    return v;
}

/** Place a comes before place b: the better value, or of equals the first. A NaN beats all, as in
 *  ArgMax. */
static bool before(const row *r, int32_t a, int32_t b)
{
    if (r->j->dtype == ZURT_F32) {
        double x = value_f32(r, a), y = value_f32(r, b);
        bool nan_x = x != x, nan_y = y != y;
        if (nan_x || nan_y)
            return nan_x != nan_y ? nan_x : a < b;
        if (x != y)
            return r->j->smallest ? x < y : x > y;
        return a < b;
    }
    int64_t x = value_int(r, a), y = value_int(r, b);
    if (x != y)
        return r->j->smallest ? x < y : x > y;
    return a < b;
}

/** Lets the place at `at` sink until no child comes behind it. */
static void sink(const row *r, int32_t *heap, int64_t n, int64_t at)
{
    const int32_t place = heap[at];
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= n)
            break;
        if (child + 1 < n && before(r, heap[child], heap[child + 1]))
            child++;
        if (!before(r, place, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = place;
}

static void select_row(const row *r, int32_t *heap, int64_t *out)
{
    const int64_t k = r->j->k;
    for (int64_t i = 0; i < k; i++)
        heap[i] = (int32_t)i;
    for (int64_t i = k / 2; i-- > 0;)
        sink(r, heap, k, i);
    for (int64_t i = k; i < r->j->n; i++) {
        if (!before(r, (int32_t)i, heap[0]))
            continue;
        heap[0] = (int32_t)i;
        sink(r, heap, k, 0);
    }
    for (int64_t left = k; left-- > 0;) {
        out[left * r->j->inner] = heap[0];
        heap[0] = heap[left];
        sink(r, heap, left, 0);
    }
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    job *j = arg;
    const state *s = j->p->state;
    const uint32_t slot = zi_slots_take(&j->slots);
    int32_t *heap = (int32_t *)((uint8_t *)j->args->scratch + slot * s->heap_bytes);
    int64_t *out = j->args->out[0];
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->outer * j->inner, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        const int64_t outer = i / j->inner, inner = i % j->inner;
        const row r = {j, outer * j->n * j->inner + inner};
        select_row(&r, heap, out + outer * j->k * j->inner + inner);
    }
    zi_slots_give(&j->slots, slot);
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_attr_top *a = &p->node->attr.top;
    if (zi_tensor_elems(zi_node_out(p->graph, p->node, 0)) == 0)
        return;
    job j = {.p = p,
             .args = args,
             .dtype = x->dtype,
             .smallest = a->smallest,
             .outer = zi_dims_product(x->dims, 0, a->axis),
             .n = x->dims[a->axis],
             .inner = zi_dims_product(x->dims, a->axis + 1, x->rank),
             .k = a->k};
    zi_op_parallel(args, task, &j, (int64_t)zi_tensor_elems(x));
}

const zi_op_impl zi_impl_top_k = {.check = check, .prepare = prepare, .run = run, .int8 = true};
