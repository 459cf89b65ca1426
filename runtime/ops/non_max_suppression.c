/* SPDX-License-Identifier: Apache-2.0 */
/* NonMaxSuppression. Per batch and class the boxes come off a heap, the best score first; each that
 * does not overlap one taken before it too much is taken. Rows that are left over are -1. */
#include <math.h>

#include "ops/impl.h"

typedef struct job {
    const zi_attr_nms *a;
    const float *boxes;  /**< of the batch: [N,4] */
    const float *scores; /**< of the batch and class: [N] */
    int32_t *heap;
} job;

typedef struct box {
    float x[2], y[2]; /**< low, high */
} box;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    if (zi_node_in(g, n, 0)->dtype != ZURT_F32 || zi_node_in(g, n, 1)->dtype != ZURT_F32)
        return zi_unsupported(ctx, g, n, "only f32 is taken");
    return ZURT_OK;
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    (void)ctx;
    p->scratch_bytes = (size_t)zi_node_in(p->graph, p->node, 0)->dims[1] * sizeof(int32_t);
    return ZURT_OK;
}

static box box_of(const job *j, int32_t i)
{
    const float *v = j->boxes + 4 * (int64_t)i;
    if (j->a->centre) {
        const float w = v[2] / 2.0f, h = v[3] / 2.0f;
        return (box){{v[0] - w, v[0] + w}, {v[1] - h, v[1] + h}};
    }
    const bool x = v[1] <= v[3], y = v[0] <= v[2]; // any two opposite corners
    return (box){{x ? v[1] : v[3], x ? v[3] : v[1]}, {y ? v[0] : v[2], y ? v[2] : v[0]}};
}

static float area(const box *b)
{
    return (b->x[1] - b->x[0]) * (b->y[1] - b->y[0]);
}

static bool overlap(const job *j, int32_t first, int32_t second)
{
    const box a = box_of(j, first), b = box_of(j, second);
    const box both = {{a.x[0] > b.x[0] ? a.x[0] : b.x[0], a.x[1] < b.x[1] ? a.x[1] : b.x[1]},
                      {a.y[0] > b.y[0] ? a.y[0] : b.y[0], a.y[1] < b.y[1] ? a.y[1] : b.y[1]}};
    if (!(both.x[0] < both.x[1]) || !(both.y[0] < both.y[1]))
        return false;
    const float common = area(&both), one = area(&a), other = area(&b);
    const float whole = one + other - common;
    if (!(one > 0.0f) || !(other > 0.0f) || !(whole > 0.0f))
        return false;
    return common / whole > j->a->iou_threshold;
}

/** A NaN comes last. */
static bool before(const job *j, int32_t a, int32_t b)
{
    const float x = j->scores[a], y = j->scores[b];
    const bool nan_x = x != x, nan_y = y != y;
    if (nan_x || nan_y)
        return nan_x != nan_y ? nan_y : a < b;
    return x != y ? x > y : a < b;
}

/** Lets the box at `at` sink below every better one. */
static void sink(const job *j, int64_t n, int64_t at)
{
    int32_t *heap = j->heap, moved = heap[at];
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= n)
            break;
        if (child + 1 < n && before(j, heap[child + 1], heap[child]))
            child++;
        if (!before(j, heap[child], moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/** Writes the rows of one batch and class; returns how many. */
static int64_t select_boxes(const job *j, int32_t n_boxes, int64_t most, int64_t batch,
                            int64_t class, int64_t *rows)
{
    int64_t left = 0, taken = 0;
    const bool all = isinf(j->a->score_threshold) && j->a->score_threshold < 0.0f;
    for (int32_t i = 0; i < n_boxes; i++) {
        if (all || j->scores[i] > j->a->score_threshold)
            j->heap[left++] = i;
    }
    for (int64_t i = left / 2; i-- > 0;)
        sink(j, left, i);
    while (left > 0 && taken < most) {
        const int32_t next = j->heap[0];
        bool fresh = true;
        for (int64_t i = 0; i < taken && fresh; i++)
            fresh = !overlap(j, next, (int32_t)rows[3 * i + 2]);
        if (fresh) {
            rows[3 * taken] = batch;
            rows[3 * taken + 1] = class;
            rows[3 * taken++ + 2] = next;
        }
        j->heap[0] = j->heap[--left];
        if (left > 0)
            sink(j, left, 0);
    }
    return taken;
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const zi_tensor *scores = zi_node_in(p->graph, p->node, 1),
                    *out = zi_node_out(p->graph, p->node, 0);
    const zi_attr_nms *a = &p->node->attr.nms;
    const int32_t n_boxes = scores->dims[2];
    const int64_t most = a->max_boxes < n_boxes ? a->max_boxes : n_boxes;
    int64_t *rows = args->out[0];
    int64_t taken = 0;
    for (int64_t b = 0; b < scores->dims[0] && most > 0; b++) {
        for (int64_t c = 0; c < scores->dims[1]; c++) {
            const job j = {a, (const float *)args->in[0] + b * n_boxes * 4,
                           (const float *)args->in[1] + (b * scores->dims[1] + c) * n_boxes,
                           args->scratch};
            taken += select_boxes(&j, n_boxes, most, b, c, rows + 3 * taken);
        }
    }
    for (int64_t i = 3 * taken; i < 3 * (int64_t)out->dims[0]; i++)
        rows[i] = -1;
}

const zi_op_impl zi_impl_non_max_suppression = {.check = check, .prepare = prepare, .run = run};
