/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU, RNN: whole sequences. */
#include <string.h>

#include "graph/infer.h"

enum { X = 0, W = 1, R = 2, B = 3, FIRST_H = 4, FIRST_C = 5, PEEPHOLES = 6 };

/** Sizes of a node; x, w and r have their ranks. */
typedef struct sizes {
    int32_t steps, batch, input, directions, gates, hidden;
} sizes;

static zurt_status check_directions(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                                    int32_t directions)
{
    if (directions == (n->attr.rnn.direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1))
        return ZURT_OK;
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "weights of %d directions do not fit",
                        (int)directions);
}

/** Input i, where there is one, must have these dims. */
static zurt_status need(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, uint32_t i,
                        int32_t rank, const int64_t *dims)
{
    const zi_tensor *t = zi_node_in(g, n, i);
    if (!t)
        return ZURT_OK;
    if (t->dtype != ZURT_F32)
        return zi_node_fail(ctx, g, n, ZURT_E_UNSUPPORTED, "input %u of type %s; f32 is taken",
                            (unsigned)i, zurt_dtype_name(t->dtype));
    bool fits = t->rank == rank;
    for (int32_t d = 0; d < rank && fits; d++)
        fits = t->dims[d] == dims[d];
    char is[96];
    return fits ? ZURT_OK
                : zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "input %u is %s, which does not fit",
                               (unsigned)i, zi_tensor_describe(t, is, sizeof(is)));
}

static zurt_status check_inputs(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, const sizes *s)
{
    const int64_t x[3] = {s->steps, s->batch, s->input};
    const int64_t w[4] = {s->directions, s->gates, s->input, s->hidden};
    const int64_t r[4] = {s->directions, s->gates, s->hidden, s->hidden};
    const int64_t b[2] = {s->directions, 2 * (int64_t)s->gates * s->hidden};
    const int64_t state[3] = {s->directions, s->batch, s->hidden};
    const int64_t peepholes[2] = {s->directions, 3 * (int64_t)s->hidden};
    zurt_status st = need(ctx, g, n, X, 3, x);
    if (!st)
        st = need(ctx, g, n, W, 4, w);
    if (!st)
        st = need(ctx, g, n, R, 4, r);
    if (!st)
        st = need(ctx, g, n, B, 2, b);
    if (!st)
        st = need(ctx, g, n, FIRST_H, 3, state);
    if (!st)
        st = need(ctx, g, n, FIRST_C, 3, state);
    return st ? st : need(ctx, g, n, PEEPHOLES, 2, peepholes);
}

zurt_status zi_infer_rnn(zurt_ctx *ctx, zi_graph *g, zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, X), *w = zi_node_in(g, n, W);
    if (x->rank != 3 || w->rank != 4)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "x must be [S,N,I], w [D,G,I,H]");
    const sizes s = {x->dims[0], x->dims[1],          x->dims[2],
                     w->dims[0], zi_rnn_gates(n->op), w->dims[3]};
    zurt_status st = check_directions(ctx, g, n, s.directions);
    if (!st)
        st = check_inputs(ctx, g, n, &s);
    const int64_t all[4] = {s.steps, s.directions, s.batch, s.hidden};
    const int64_t last[3] = {s.directions, s.batch, s.hidden};
    if (!st)
        st = zi_infer_set(ctx, g, n, 0, ZURT_F32, 4, all);
    for (uint32_t i = 1; i < n->n_out && !st; i++)
        st = zi_infer_set(ctx, g, n, i, ZURT_F32, 3, last);
    return st;
}
