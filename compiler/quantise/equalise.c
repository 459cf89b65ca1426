/* SPDX-License-Identifier: Apache-2.0 */
/* Factors a channel from the ranges that were seen, moved from one convolution into the next. */
#include "quantise/equalise.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "quantise/rewrite.h"

/** Least factor: a channel that hardly ever was anything may be more on other samples. */
#define LEAST_FACTOR (1.0 / 64)
/** Room that is left below ReLU6's bound for what was not seen. */
#define HEADROOM 1.1

typedef struct pair {
    zi_id writer, reader;
    int32_t channels;
    bool depthwise; /* the reader */
} pair;

static bool passes_factors(const zi_node *n)
{
    return n->op == ZI_OP_LeakyRelu || n->op == ZI_OP_MaxPool;
}

/* Clamped at 0, or not at all, below; at whatever bound above. */
static bool clamp_scales(const zi_node *n)
{
    const bool from_zero = !(n->clamp_lo < 0.0f) && !(n->clamp_lo > 0.0f);
    return from_zero || n->clamp_lo < -3.4e38f;
}

static bool find_pair(const zc_rewrite *s, zi_id at, pair *p)
{
    const zi_graph *g = s->g;
    const zi_node *writer = &g->nodes[at];
    if (writer->op != ZI_OP_Conv)
        return false;
    *p = (pair){.writer = at, .channels = g->tensors[writer->in[1]].dims[0]};
    const bool is_known = zc_is_dense(g, writer) || zc_is_depthwise(g, writer, p->channels);
    if (!is_known || !clamp_scales(writer) || zc_is_kept(s, writer))
        return false;
    zi_id next = zc_only_reader(s, at);
    while (next != ZI_NONE && passes_factors(&g->nodes[next]) &&
           !zi_node_has_clamp(&g->nodes[next]))
        next = zc_only_reader(s, next);
    if (next == ZI_NONE || zc_is_kept(s, &g->nodes[next]))
        return false;
    p->reader = next;
    p->depthwise = zc_is_depthwise(g, &g->nodes[next], p->channels);
    return p->depthwise || zc_is_dense(g, &g->nodes[next]);
}

/* Largest weight of each input channel of the reader. */
static void reader_reach(const zi_graph *g, const pair *p, float *out)
{
    const zi_tensor *w = &g->tensors[g->nodes[p->reader].in[1]];
    const float *data = w->data;
    const size_t channels = (size_t)p->channels, n = zi_tensor_elems(w);
    const size_t row = n / (size_t)w->dims[0];
    memset(out, 0, channels * sizeof(*out));
    for (size_t i = 0; i < n; i++) {
        const size_t c = p->depthwise ? i / row : i % channels;
        out[c] = fabsf(data[i]) > out[c] ? fabsf(data[i]) : out[c];
    }
}

/* The factors by which channels are divided: the largest range stays. False: all are 1. */
static bool find_factors(const zc_rewrite *s, const pair *p, double alpha, const float *weights,
                         float *factor)
{
    const float *reach = s->stats->channels[s->g->nodes[p->reader].in[0]].reach;
    const zi_node *writer = &s->g->nodes[p->writer];
    double largest = 0.0, scaled = 0.0;
    for (int32_t c = 0; c < p->channels; c++) {
        const double r = (double)reach[c], w = (double)weights[c];
        const bool is_dead = !(r > 0.0) || !(w > 0.0);
        const double f = p->depthwise ? r : pow(r, alpha) / pow(w, 1.0 - alpha);
        factor[c] = is_dead || !isfinite(f) ? 0.0f : (float)f;
        largest = r > largest ? r : largest;
        if (factor[c] > 0.0f && r / (double)factor[c] > scaled)
            scaled = r / (double)factor[c];
    }
    bool any = false;
    for (int32_t c = 0; c < p->channels; c++) {
        double f = factor[c] > 0.0f ? (double)factor[c] * scaled / largest : 1.0;
        f = f < LEAST_FACTOR ? LEAST_FACTOR : f > 1.0 / LEAST_FACTOR ? 1.0 / LEAST_FACTOR : f;
        if (writer->clamp_hi < 3.4e38f) { // nothing may meet the bound that did not before
            const double least = (double)reach[c] * HEADROOM / (double)writer->clamp_hi;
            f = f < least ? least : f;
            f = f > 1.0 ? 1.0 : f;
        }
        factor[c] = (float)f;
        any = any || f < 0.99 || f > 1.01;
    }
    return any;
}

/* Replaces a constant operand by a copy, which the caller changes; ZI_NONE stays. */
static zurt_status own(zc_rewrite *s, zi_id node, uint32_t i, float **data)
{
    zi_node *n = &s->g->nodes[node];
    *data = NULL;
    if (i >= n->n_in || n->in[i] == ZI_NONE)
        return ZURT_OK;
    const zi_tensor t = s->g->tensors[n->in[i]];
    void *copy;
    zi_id id;
    zurt_status st =
        zi_graph_add_const(s->ctx, s->g, t.name, t.dtype, t.rank, t.dims, NULL, &id, &copy);
    if (st)
        return st;
    memcpy(copy, t.data, zi_tensor_bytes(&t));
    n->in[i] = id;
    *data = copy;
    return ZURT_OK;
}

static zurt_status move_factors(zc_rewrite *s, const pair *p, const float *factor)
{
    float *w, *b, *next;
    zurt_status st = own(s, p->writer, 1, &w);
    if (!st)
        st = own(s, p->writer, 2, &b);
    if (!st)
        st = own(s, p->reader, 1, &next);
    if (st)
        return st;
    const zi_tensor *t = &s->g->tensors[s->g->nodes[p->writer].in[1]];
    const size_t channels = (size_t)p->channels, row = zi_tensor_elems(t) / channels;
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < row; i++)
            w[c * row + i] /= factor[c];
        if (b)
            b[c] /= factor[c];
    }
    t = &s->g->tensors[s->g->nodes[p->reader].in[1]];
    const size_t n = zi_tensor_elems(t), next_row = n / (size_t)t->dims[0];
    for (size_t i = 0; i < n; i++)
        next[i] *= factor[p->depthwise ? i / next_row : i % channels];
    return ZURT_OK;
}

static zurt_status equalise_at(zc_rewrite *s, zi_id at, double alpha, bool *changed)
{
    pair p;
    if (!find_pair(s, at, &p))
        return ZURT_OK;
    const zc_channel_sum *seen = &s->stats->channels[s->g->nodes[p.reader].in[0]];
    if (!seen->reach || seen->n_channels != p.channels)
        return ZURT_OK;
    const zurt_allocator *a = &s->ctx->allocator;
    float *weights = zi_calloc(a, (size_t)p.channels, sizeof(*weights));
    float *factor = zi_calloc(a, (size_t)p.channels, sizeof(*factor));
    zurt_status st =
        weights && factor ? ZURT_OK : zi_fail(s->ctx, ZURT_E_NOMEM, "equalisation: out of memory");
    if (!st) {
        reader_reach(s->g, &p, weights);
        if (find_factors(s, &p, alpha, weights, factor)) {
            st = move_factors(s, &p, factor);
            *changed = true;
        }
    }
    zi_free(a, weights);
    zi_free(a, factor);
    return st;
}

zurt_status zc_equalise(zurt_ctx *ctx, const zi_graph *from, const zc_stats *stats,
                        const zurt_quantize_options *options, double alpha, zi_graph **out)
{
    zc_rewrite s;
    bool changed = false;
    zurt_status st = zc_rewrite_begin(ctx, from, stats, options, &s);
    for (zi_id i = 0; !st && i < (zi_id)from->n_nodes; i++)
        st = equalise_at(&s, i, alpha, &changed);
    return zc_rewrite_end(&s, st, changed, out);
}
