/* SPDX-License-Identifier: Apache-2.0 */
/* y = a * x + d per channel, next to a weighted op, goes into its weights and bias: behind it on
 * the output channels, in front of it on the input channels. What is left becomes a convolution. */
#include <math.h>

#include "passes/passes_all.h"

/** A node seen as a[c] * x + d[c]; the constants have one value or one per channel. */
typedef struct affine {
    zi_id x;
    const float *values;
    bool per_channel;
    zi_op op;
    bool constant_first; /**< k - x, not x - k */
} affine;

static bool read_affine(const zi_graph *g, const zi_node *n, int32_t channels, affine *out)
{
    if (n->op != ZI_OP_Add && n->op != ZI_OP_Sub && n->op != ZI_OP_Mul && n->op != ZI_OP_Div)
        return false;
    uint32_t k = zc_is_const_f32(g, n->in[1]) ? 1 : 0;
    if (!zc_is_const_f32(g, n->in[k]) || (n->op == ZI_OP_Div && k == 0))
        return false;
    const zi_tensor *c = &g->tensors[n->in[k]];
    const zi_tensor *y = &g->tensors[n->out[0]];
    size_t elems = zi_tensor_elems(c);
    bool per_channel = elems == (size_t)channels && c->rank > 0 &&
                       c->dims[c->rank - 1] == channels && y->dims[y->rank - 1] == channels;
    if ((elems != 1 && !per_channel) || zi_tensor_is_const(&g->tensors[n->in[1 - k]]) ||
        !zi_tensor_same_shape(&g->tensors[n->in[1 - k]], y))
        return false;
    *out = (affine){n->in[1 - k], c->data, per_channel && elems != 1, n->op, k == 0};
    for (size_t i = 0; i < elems; i++) {
        float v = out->values[i];
        if (!isfinite(v) || (n->op == ZI_OP_Div && (v == 0.0f || !isfinite(1.0f / v))))
            return false;
    }
    return true;
}

static float scale_of(const affine *a, int32_t channel)
{
    float v = a->values[a->per_channel ? channel : 0];
    switch (a->op) {
    case ZI_OP_Mul:
        return v;
    case ZI_OP_Div:
        return 1.0f / v;
    case ZI_OP_Sub:
        return a->constant_first ? -1.0f : 1.0f;
    default:
        return 1.0f;
    }
}

static float shift_of(const affine *a, int32_t channel)
{
    float v = a->values[a->per_channel ? channel : 0];
    if (a->op == ZI_OP_Add)
        return v;
    return a->op == ZI_OP_Sub ? (a->constant_first ? v : -v) : 0.0f;
}

static bool is_weighted(const zi_graph *g, const zi_node *n)
{
    return (n->op == ZI_OP_Conv || n->op == ZI_OP_ConvTranspose || n->op == ZI_OP_FullyConnected) &&
           zc_is_const_f32(g, n->in[1]) &&
           (n->n_in < 3 || n->in[2] == ZI_NONE || zc_is_const_f32(g, n->in[2]));
}

/** New weights and bias of a weighted op, with the old ones beside them. */
typedef struct params {
    const float *w, *b; // b may be NULL
    float *new_w, *new_b;
    int32_t outs, ins; // output channels; input channels of one group
    size_t taps;       // positions of the window
    zi_id ids[2];
} params;

static zurt_status make_params(zurt_ctx *ctx, zi_graph *g, const zi_node *n, params *p)
{
    const zi_tensor w = g->tensors[n->in[1]];
    zi_id bias = n->n_in > 2 ? n->in[2] : ZI_NONE;
    void *new_w = NULL, *new_b = NULL;
    p->w = w.data;
    p->b = bias == ZI_NONE ? NULL : g->tensors[bias].data;
    p->outs = w.dims[0];
    p->ins = w.dims[w.rank - 1];
    p->taps = w.rank == 4 ? (size_t)w.dims[1] * (size_t)w.dims[2] : 1;
    const char *bias_name = bias == ZI_NONE ? n->name : g->tensors[bias].name;
    zurt_status st =
        zi_graph_add_const(ctx, g, w.name, ZURT_F32, w.rank, w.dims, NULL, &p->ids[0], &new_w);
    if (!st)
        st = zi_graph_add_const(ctx, g, bias_name, ZURT_F32, 1, &p->outs, NULL, &p->ids[1], &new_b);
    p->new_w = new_w;
    p->new_b = new_b;
    return st;
}

static zurt_status use_params(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n, zi_id x,
                              const params *p)
{
    zi_id in[3] = {x, p->ids[0], p->ids[1]};
    return zc_set_inputs(ctx, g, index, n, in, 3);
}

/** `after` reads only what the weighted op `n` writes. */
static zurt_status fold_behind(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n,
                               zi_node *after, const affine *a)
{
    params p;
    zurt_status st = make_params(ctx, g, n, &p);
    if (st)
        return st;
    size_t row = p.taps * (size_t)p.ins;
    for (int32_t o = 0; o < p.outs; o++) {
        float scale = scale_of(a, o);
        for (size_t i = (size_t)o * row; i < (size_t)(o + 1) * row; i++)
            p.new_w[i] = p.w[i] * scale;
        p.new_b[o] = (p.b ? p.b[o] * scale : 0.0f) + shift_of(a, o);
    }
    n->clamp_lo = after->clamp_lo;
    n->clamp_hi = after->clamp_hi;
    st = use_params(ctx, g, index, n, n->in[0], &p);
    if (!st)
        zc_take_output(g, index, n, after);
    return st;
}

/** The weighted op `n` alone reads what `before` writes. */
static zurt_status fold_in_front(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n,
                                 zi_node *before, const affine *a)
{
    params p;
    zurt_status st = make_params(ctx, g, n, &p);
    if (st)
        return st;
    int32_t groups = n->op == ZI_OP_Conv ? n->attr.conv.groups : 1;
    for (int32_t o = 0; o < p.outs; o++) {
        int32_t first = o / (p.outs / groups) * p.ins; // of the input channels of this group
        double sum = p.b ? p.b[o] : 0.0;
        size_t i = (size_t)o * p.taps * (size_t)p.ins;
        for (size_t t = 0; t < p.taps; t++) {
            for (int32_t c = 0; c < p.ins; c++, i++) {
                sum += (double)p.w[i] * shift_of(a, first + c);
                p.new_w[i] = p.w[i] * scale_of(a, first + c);
            }
        }
        p.new_b[o] = (float)sum;
    }
    st = use_params(ctx, g, index, n, a->x, &p);
    if (!st) {
        index->n_readers[a->x]--;
        before->op = ZI_OP_NONE;
    }
    return st;
}

static bool shifts_nothing(const affine *a)
{
    return a->op == ZI_OP_Mul || a->op == ZI_OP_Div;
}

static bool is_unpadded(const zi_node *n)
{
    const int32_t *pad = n->attr.conv.pad;
    return n->op == ZI_OP_FullyConnected ||
           (pad[0] == 0 && pad[1] == 0 && pad[2] == 0 && pad[3] == 0);
}

static bool is_f32_read_once(const zi_graph *g, const zc_index *index, zi_id id)
{
    return index->n_readers[id] == 1 && g->tensors[id].dtype == ZURT_F32;
}

static zurt_status look_in_front(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n)
{
    zurt_status st = ZURT_OK;
    while (!st) {
        const zi_tensor *x = &g->tensors[n->in[0]];
        zi_node *before = zc_writer(g, index, n->in[0]);
        affine a;
        const bool is_free = before && is_f32_read_once(g, index, n->in[0]);
        if (!is_free || zi_node_has_clamp(before) ||
            !read_affine(g, before, x->dims[x->rank - 1], &a))
            break;
        if (!shifts_nothing(&a) && !is_unpadded(n)) // the padding is not shifted
            break;
        st = fold_in_front(ctx, g, index, n, before, &a);
    }
    return st;
}

static zurt_status look_behind(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *after)
{
    for (uint32_t k = 0; k < 2; k++) {
        zi_id x = after->in[k];
        zi_node *n = zc_writer(g, index, x);
        affine a;
        const bool takes = n && is_weighted(g, n) && !zi_node_has_clamp(n);
        if (takes && is_f32_read_once(g, index, x) &&
            read_affine(g, after, g->tensors[n->in[1]].dims[0], &a) && a.x == x)
            return fold_behind(ctx, g, index, n, after, &a);
    }
    return ZURT_OK;
}

zurt_status zc_fuse_affine_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_index index;
    zurt_status st = zc_index_make(ctx, g, &index);
    if (st)
        return st;
    for (size_t i = 0; i < g->n_nodes && !st; i++) {
        zi_node *n = &g->nodes[i];
        if (n->op == ZI_OP_NONE)
            continue;
        if (zi_op_has(n->op, ZI_OPF_BINARY))
            st = look_behind(ctx, g, &index, n);
        else if ((n->op == ZI_OP_Conv || n->op == ZI_OP_FullyConnected) && is_weighted(g, n))
            st = look_in_front(ctx, g, &index, n);
    }
    zc_index_free(ctx, &index);
    return st;
}

/* ---- what is left ---- */

/** Fewer channels are an input's: its first convolution would rather read it as it is. */
enum { LEAST_CHANNELS = 9 };

/** `n` becomes a depthwise convolution of one pixel: with weights per channel int8 loses less, and
 *  a factor and a term are one node. */
static zurt_status become_conv(zurt_ctx *ctx, zi_graph *g, zc_index *index, zi_node *n,
                               const affine *a)
{
    const zi_tensor *x = &g->tensors[a->x];
    const int32_t c = x->dims[3], dims[4] = {c, 1, 1, 1};
    zi_id in[3] = {a->x, ZI_NONE, ZI_NONE};
    void *w = NULL, *b = NULL;
    zurt_status st = zi_graph_add_const(ctx, g, n->name, ZURT_F32, 4, dims, NULL, &in[1], &w);
    if (!st)
        st = zi_graph_add_const(ctx, g, n->name, ZURT_F32, 1, &c, NULL, &in[2], &b);
    for (int32_t i = 0; !st && i < c; i++) {
        ((float *)w)[i] = scale_of(a, i);
        ((float *)b)[i] = shift_of(a, i);
    }
    if (!st)
        st = zc_set_inputs(ctx, g, index, n, in, 3);
    if (st)
        return st;
    n->op = ZI_OP_Conv;
    n->attr = (zi_attr){.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = c}};
    return ZURT_OK;
}

static bool stays_affine(const zi_graph *g, const zi_node *n, affine *a)
{
    const zi_tensor *y = n->op == ZI_OP_NONE ? NULL : &g->tensors[n->out[0]];
    return y && y->rank == 4 && y->dtype == ZURT_F32 && y->dims[3] >= LEAST_CHANNELS &&
           read_affine(g, n, y->dims[3], a) && a->per_channel;
}

zurt_status zc_affine_conv_pass(zurt_ctx *ctx, zi_graph *g)
{
    zc_index index;
    zurt_status st = zc_index_make(ctx, g, &index);
    if (st)
        return st;
    for (size_t i = 0; i < g->n_nodes && !st; i++) {
        zi_node *n = &g->nodes[i];
        affine a;
        if (n->op == ZI_OP_NONE || !zi_op_has(n->op, ZI_OPF_BINARY))
            continue;
        st = look_behind(ctx, g, &index, n); // a convolution that this pass made
        if (!st && stays_affine(g, n, &a))
            st = become_conv(ctx, g, &index, n, &a);
    }
    zc_index_free(ctx, &index);
    return st;
}
