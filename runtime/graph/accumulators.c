/* SPDX-License-Identifier: Apache-2.0 */
/* The proof that no 32-bit accumulator overflows, once for each set of weights and bias: thousands
 * of nodes may share one tensor, and thousands of tensors the same bytes. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "graph/graph.h"

/* Most weights of all nodes together, each node's counted. Twice the largest file's, or a few
 * seconds of a session's creation, which reads them for every node: only nodes that share weights
 * by the thousand get beyond. */
#define MAX_WEIGHTS ((uint64_t)1 << 33)

typedef struct use {
    const zi_tensor *weight;
    const zi_tensor *bias; // NULL: none
    zi_id node;
} use;

typedef struct checker {
    zurt_ctx *ctx;
    const zi_graph *g;
    int64_t *sums;      // per channel, of |w - zero point|; room for the widest
    uint64_t n_weights; // so far
} checker;

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_zero_points(const zi_quant *a, const zi_quant *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return a->n && a->zero_point != b->zero_point
               ? memcmp(a->zero_point, b->zero_point, a->n * sizeof(*a->zero_point))
               : 0;
}

/* Equal only if the sums are the same. */
static int compare_weights(const zi_tensor *a, const zi_tensor *b)
{
    int c = a == b ? 0 : compare_numbers((uintptr_t)a->data, (uintptr_t)b->data);
    if (!c && a != b)
        c = compare_numbers(zi_tensor_elems(a), zi_tensor_elems(b));
    if (!c && a != b)
        c = compare_numbers((uint64_t)a->dims[0], (uint64_t)b->dims[0]);
    return c || a == b ? c : compare_zero_points(&a->quant, &b->quant);
}

static const void *bias_data(const use *u)
{
    return u->bias ? u->bias->data : NULL;
}

static int compare_uses(const void *left, const void *right)
{
    const use *a = left, *b = right;
    int c = compare_weights(a->weight, b->weight);
    if (!c)
        c = compare_numbers((uintptr_t)bias_data(a), (uintptr_t)bias_data(b));
    return c ? c : compare_numbers(a->node, b->node);
}

static zurt_status count_weights(checker *k, const use *u)
{
    k->n_weights += zi_tensor_elems(u->weight);
    if (k->n_weights <= MAX_WEIGHTS)
        return ZURT_OK;
    return zi_node_fail(
        k->ctx, k->g, &k->g->nodes[u->node], ZURT_E_LIMIT,
        "with its weights, '%.64s', those of all nodes are more than 2^33, for nodes "
        "share them: unroll fewer steps",
        u->weight->name);
}

static void sum_weights(const checker *k, const use *u)
{
    const zi_tensor *w = u->weight;
    const size_t channels = (size_t)w->dims[0];
    const size_t taps = channels ? zi_tensor_elems(w) / channels : 0;
    const int8_t *q = w->data;
    for (size_t c = 0; c < channels; c++) {
        const int32_t zero = w->quant.n == 1 ? w->quant.zero_point[0]
                             : w->quant.n    ? w->quant.zero_point[c]
                                             : 0;
        int64_t sum = 0;
        for (size_t i = 0; i < taps; i++)
            sum += abs(q[c * taps + i] - zero);
        k->sums[c] = sum;
    }
}

/* The sum over one output channel times the input's range, plus |bias|, fits: then no kernel can
 * overflow, whatever the input. */
static zurt_status check_channels(const checker *k, const use *u)
{
    const size_t channels = (size_t)u->weight->dims[0];
    const int32_t *bias = bias_data(u);
    zurt_status st = ZURT_OK;
    for (size_t c = 0; !st && c < channels; c++) {
        const int64_t worst = k->sums[c] * 255 + (bias ? llabs((long long)bias[c]) : 0);
        if (worst > INT32_MAX)
            st = zi_node_fail(k->ctx, k->g, &k->g->nodes[u->node], ZURT_E_LIMIT,
                              "channel %zu can exceed the 32-bit accumulator: keep it in float", c);
    }
    return st;
}

static size_t collect(const zi_graph *g, use *out, size_t *most_channels)
{
    size_t n = 0;
    *most_channels = 0;
    for (zi_id i = 0; i < g->n_nodes; i++) {
        const zi_node *node = &g->nodes[i];
        if (node->op != ZI_OP_Conv && node->op != ZI_OP_ConvTranspose &&
            node->op != ZI_OP_FullyConnected)
            continue;
        const zi_tensor *w = zi_node_in(g, node, 1), *b = zi_node_in(g, node, 2);
        if (w->dtype != ZURT_S8 || !w->data || (b && !b->data))
            continue;
        out[n++] = (use){w, b, i};
        if ((size_t)w->dims[0] > *most_channels)
            *most_channels = (size_t)w->dims[0];
    }
    return n;
}

zurt_status zi_check_accumulators(zurt_ctx *ctx, const zi_graph *g)
{
    checker k = {.ctx = ctx, .g = g};
    use *uses = zi_calloc(&ctx->allocator, g->n_nodes, sizeof(*uses));
    if (!uses)
        return zi_fail(ctx, ZURT_E_NOMEM, "check: out of memory");
    size_t most_channels;
    const size_t n = collect(g, uses, &most_channels);
    qsort(uses, n, sizeof(*uses), compare_uses);
    k.sums = zi_calloc(&ctx->allocator, most_channels, sizeof(*k.sums));
    zurt_status st = k.sums ? ZURT_OK : zi_fail(ctx, ZURT_E_NOMEM, "check: out of memory");
    for (size_t i = 0; i < n && !st; i++) {
        const use *u = &uses[i], *before = i ? u - 1 : NULL;
        const bool same = before && compare_weights(before->weight, u->weight) == 0;
        st = count_weights(&k, u);
        if (!st && !same)
            sum_weights(&k, u);
        if (!st && !(same && bias_data(before) == bias_data(u)))
            st = check_channels(&k, u);
    }
    zi_free(&ctx->allocator, k.sums);
    zi_free(&ctx->allocator, uses);
    return st;
}
