/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, table, depthwise Conv, table: in groups of channels of like range, joined again. */
#include "quantise/split_channels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "quantise/rewrite.h"

enum { MOST_GROUPS = 3, MOST_CHANNELS = 4096 };

/** Mean square of (range of the scale / a channel's own), in which the noise of one scale for all
 *  grows: from here on it is worth while, and by so much it must fall. */
#define LEAST_SPREAD 64.0
#define LEAST_GAIN   8.0

/** A channel of less than this share of the largest range is as good as dead. */
#define DEAD (1.0f / 1024)

/** Nodes one after the other, each the only reader of the one before. */
typedef struct chain {
    zi_id conv, table, depthwise;
    zi_id last; /* the table behind, or the depthwise convolution itself */
} chain;

// ---- where

static bool is_table(const zi_node *n)
{
    return n->op == ZI_OP_Swish || n->op == ZI_OP_HardSwish || n->op == ZI_OP_Sigmoid ||
           n->op == ZI_OP_HardSigmoid || n->op == ZI_OP_LeakyRelu || n->op == ZI_OP_Tanh;
}

/* Whether all that reads the tensor are dense convolutions, whose weights can be put in order. */
static bool feeds_dense_alone(const zc_rewrite *s, zi_id tensor)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s->g->n_nodes; i++) {
        const zi_node *reader = &s->g->nodes[i];
        if (reader->op != ZI_OP_NONE && reader->n_in && reader->in[0] == tensor) {
            if (!zc_is_dense(s->g, reader))
                return false;
            n++;
        }
    }
    return n > 0 && n == s->n_readers[tensor]; // no other operand, no output of the graph
}

static bool find_chain(const zc_rewrite *s, zi_id at, chain *c)
{
    const zi_graph *g = s->g;
    const zi_node *conv = &g->nodes[at];
    if (conv->op == ZI_OP_NONE || !zc_is_dense(g, conv))
        return false;
    const int32_t channels = g->tensors[conv->in[1]].dims[0];
    *c = (chain){.conv = at, .table = zc_only_reader(s, at)};
    if (c->table == ZI_NONE || !is_table(&g->nodes[c->table]) || channels > MOST_CHANNELS)
        return false;
    c->depthwise = zc_only_reader(s, c->table);
    if (c->depthwise == ZI_NONE || !zc_is_depthwise(g, &g->nodes[c->depthwise], channels))
        return false;
    const zi_id behind = zc_only_reader(s, c->depthwise);
    const bool has_table = behind != ZI_NONE && is_table(&g->nodes[behind]);
    c->last = has_table ? behind : c->depthwise;
    const zi_id nodes[4] = {c->conv, c->table, c->depthwise, c->last};
    for (int i = 0; i < 4; i++) {
        if (zc_is_kept(s, &g->nodes[nodes[i]]))
            return false;
    }
    return feeds_dense_alone(s, g->nodes[c->last].out[0]);
}

// ---- which channels

typedef struct ranked {
    float reach;
    int32_t channel;
} ranked;

/** Channels in the order of their ranges, cut into groups. */
typedef struct grouping {
    int32_t n_channels, n_groups;
    ranked *order;
    int32_t begin[MOST_GROUPS + 1];
} grouping;

static int compare_reach(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->reach < b->reach || a->reach > b->reach)
        return a->reach < b->reach ? -1 : 1;
    return a->channel < b->channel ? -1 : 1;
}

/* Noise of channels [begin, end) under the scale of the last: relative to their own ranges. */
static double noise_of(const ranked *order, int32_t begin, int32_t end)
{
    double sum = 0.0, largest = (double)order[end - 1].reach;
    for (int32_t i = begin; i < end; i++)
        sum += largest / (double)order[i].reach * (largest / (double)order[i].reach);
    return sum;
}

/* The cuts of least noise, by trying all: channels are few. */
static double best_cuts(const ranked *order, int32_t n, int32_t groups, int32_t begin[])
{
    double best = noise_of(order, 0, n);
    begin[0] = 0;
    begin[groups] = n;
    if (groups == 1)
        return best;
    for (int32_t first = 1; first <= n - groups + 1; first++) {
        const double head = noise_of(order, 0, first);
        for (int32_t second = groups == 3 ? first + 1 : n; head < best && second <= n; second++) {
            if (groups == 3 && second == n)
                break;
            double sum = head + noise_of(order, first, second);
            sum += second < n ? noise_of(order, second, n) : 0.0;
            if (sum < best) {
                best = sum;
                begin[1] = first;
                begin[2] = groups == 3 ? second : n;
            }
        }
    }
    return best;
}

/* How the channels of a chain are cut; false: one scale does. */
static bool group(const float *reach, grouping *out)
{
    const int32_t n = out->n_channels;
    float largest = 0.0f;
    for (int32_t i = 0; i < n; i++)
        largest = reach[i] > largest ? reach[i] : largest;
    if (!(largest > 0.0f))
        return false;
    for (int32_t i = 0; i < n; i++) {
        const float least = largest * DEAD;
        out->order[i] = (ranked){reach[i] > least ? reach[i] : least, i};
    }
    qsort(out->order, (size_t)n, sizeof(*out->order), compare_reach);
    const double whole = noise_of(out->order, 0, n);
    if (whole < LEAST_SPREAD * n)
        return false;
    double before = whole;
    for (int32_t groups = 2; groups <= MOST_GROUPS && groups < n; groups++) {
        int32_t begin[MOST_GROUPS + 1];
        const double noise = best_cuts(out->order, n, groups, begin);
        if (noise > before / 2) // one more is not worth its layers
            break;
        before = noise;
        out->n_groups = groups;
        memcpy(out->begin, begin, sizeof(begin));
    }
    return out->n_groups > 1 && before <= whole / LEAST_GAIN;
}

// ---- the new nodes

/* Rows of a constant along its first axis, those of the channels of group k. */
static zurt_status take_rows(zc_rewrite *s, zi_id from, const grouping *p, int32_t k, zi_id *out)
{
    if (from == ZI_NONE) {
        *out = ZI_NONE;
        return ZURT_OK;
    }
    const zi_tensor t = s->g->tensors[from];
    int32_t dims[ZURT_MAX_RANK];
    memcpy(dims, t.dims, sizeof(dims));
    dims[0] = p->begin[k + 1] - p->begin[k];
    const size_t row = zi_tensor_elems(&t) / (size_t)t.dims[0];
    void *data = NULL;
    zurt_status st =
        zi_graph_add_const(s->ctx, s->g, t.name, t.dtype, t.rank, dims, NULL, out, &data);
    for (int32_t i = 0; !st && i < dims[0]; i++)
        memcpy((float *)data + (size_t)i * row,
               (const float *)t.data + (size_t)p->order[p->begin[k] + i].channel * row,
               row * sizeof(float));
    return st;
}

/* Node `n` for group k, reading *tensor; *tensor becomes what it writes. */
static zurt_status copy_node(zc_rewrite *s, zi_id n, const grouping *p, int32_t k, zi_id *tensor)
{
    zi_graph *g = s->g;
    const zi_node from = g->nodes[n]; // adding may move the array
    char name[256];
    snprintf(name, sizeof(name), "%.200s/%d", from.name, (int)k);
    zi_id in[3] = {*tensor, ZI_NONE, ZI_NONE}, out = ZI_NONE;
    uint32_t n_in = 1;
    zurt_status st = zi_graph_add_tensor(s->ctx, g, name, &out);
    if (from.op == ZI_OP_Conv) {
        n_in = from.n_in;
        for (uint32_t i = 1; !st && i < n_in; i++)
            st = take_rows(s, from.in[i], p, k, &in[i]);
    }
    zi_node *node;
    if (!st)
        st = zi_graph_add_node(s->ctx, g, from.op, name, in, n_in, &out, 1, &node);
    if (st)
        return st;
    node->attr = from.attr;
    node->clamp_lo = from.clamp_lo;
    node->clamp_hi = from.clamp_hi;
    if (from.op == ZI_OP_Conv && from.attr.conv.groups > 1)
        node->attr.conv.groups = p->begin[k + 1] - p->begin[k];
    *tensor = out;
    return zi_node_infer(s->ctx, g, node);
}

static zurt_status join(zc_rewrite *s, const chain *c, const zi_id *parts, int32_t n, zi_id *out)
{
    const zi_node *last = &s->g->nodes[c->last];
    const int32_t axis = s->g->tensors[last->out[0]].rank - 1;
    char name[256];
    snprintf(name, sizeof(name), "%.200s/join", last->name);
    zi_node *node;
    zurt_status st = zi_graph_add_tensor(s->ctx, s->g, name, out);
    if (!st)
        st = zi_graph_add_node(s->ctx, s->g, ZI_OP_Concat, name, parts, (uint32_t)n, out, 1, &node);
    if (st)
        return st;
    node->attr.axis.axis = axis;
    return zi_node_infer(s->ctx, s->g, node);
}

/* A dense convolution reads `tensor`, whose channels are in another order. */
static zurt_status reorder_inputs(zc_rewrite *s, zi_id n, const grouping *p, zi_id tensor)
{
    const zi_tensor w = s->g->tensors[s->g->nodes[n].in[1]];
    const size_t channels = (size_t)p->n_channels, rows = zi_tensor_elems(&w) / channels;
    void *data = NULL;
    zi_id id;
    zurt_status st =
        zi_graph_add_const(s->ctx, s->g, w.name, w.dtype, w.rank, w.dims, NULL, &id, &data);
    if (st)
        return st;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < channels; i++)
            ((float *)data)[r * channels + i] =
                ((const float *)w.data)[r * channels + (size_t)p->order[i].channel];
    }
    s->g->nodes[n].in[0] = tensor;
    s->g->nodes[n].in[1] = id;
    return ZURT_OK;
}

static zurt_status rewrite(zc_rewrite *s, const chain *c, const grouping *p)
{
    zi_graph *g = s->g;
    const zi_id whole = g->nodes[c->last].out[0];
    const size_t n_nodes = g->n_nodes;
    zi_id parts[MOST_GROUPS], joined = ZI_NONE;
    zurt_status st = ZURT_OK;
    for (int32_t k = 0; !st && k < p->n_groups; k++) {
        parts[k] = g->nodes[c->conv].in[0];
        st = copy_node(s, c->conv, p, k, &parts[k]);
        if (!st)
            st = copy_node(s, c->table, p, k, &parts[k]);
        if (!st)
            st = copy_node(s, c->depthwise, p, k, &parts[k]);
        if (!st && c->last != c->depthwise)
            st = copy_node(s, c->last, p, k, &parts[k]);
    }
    if (!st)
        st = join(s, c, parts, p->n_groups, &joined);
    for (zi_id i = 0; !st && i < n_nodes; i++) {
        if (g->nodes[i].op != ZI_OP_NONE && g->nodes[i].n_in && g->nodes[i].in[0] == whole)
            st = reorder_inputs(s, i, p, joined);
    }
    const zi_id gone[4] = {c->conv, c->table, c->depthwise, c->last};
    for (int i = 0; i < 4; i++)
        g->nodes[gone[i]].op = ZI_OP_NONE;
    return st;
}

// ---- all

static zurt_status split_at(zc_rewrite *s, zi_id at, size_t *n_split)
{
    chain c;
    if (!find_chain(s, at, &c))
        return ZURT_OK;
    const zc_channel_sum *seen = &s->stats->channels[s->g->nodes[c.table].out[0]];
    grouping p = {.n_channels = s->g->tensors[s->g->nodes[at].in[1]].dims[0]};
    if (!seen->reach || seen->n_channels != p.n_channels)
        return ZURT_OK;
    p.order = zi_calloc(&s->ctx->allocator, (size_t)p.n_channels, sizeof(*p.order));
    if (!p.order)
        return zi_fail(s->ctx, ZURT_E_NOMEM, "split of channels: out of memory");
    zurt_status st = ZURT_OK;
    if (group(seen->reach, &p)) {
        st = rewrite(s, &c, &p);
        ++*n_split;
    }
    zi_free(&s->ctx->allocator, p.order);
    return st;
}

zurt_status zc_split_channels(zurt_ctx *ctx, const zi_graph *from, const zc_stats *stats,
                              const zurt_quantize_options *options, zi_graph **out, size_t *n_split)
{
    zc_rewrite s;
    *n_split = 0;
    zurt_status st = zc_rewrite_begin(ctx, from, stats, options, &s);
    const zi_id n_nodes = st ? 0 : (zi_id)from->n_nodes;
    for (zi_id i = 0; !st && i < n_nodes; i++) // tensors that are added are looked at by nobody
        st = split_at(&s, i, n_split);
    return zc_rewrite_end(&s, st, *n_split > 0, out);
}
