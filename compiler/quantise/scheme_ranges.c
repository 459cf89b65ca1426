/* SPDX-License-Identifier: Apache-2.0 */
/* The range of every group of tied tensors, judged by what reads the group from outside. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "ops/lut.h"
#include "quantise/scheme.h"

static const zc_view plain = {.op = ZI_OP_NONE};

/** One group: its members' values together, and the ways in which others read them. */
typedef struct group {
    zi_id root;
    bool is_answer;
    bool is_spared; /* not clipped either, but for what functions flatten */
    size_t n_views;
    zc_view views[ZC_VIEWS_MAX];
    zc_hist hist;
} group;

/* ---- who reads, and how ---- */

static bool same_view(const zc_view *a, const zc_view *b)
{
    return a->op == b->op && a->attr.alpha == b->attr.alpha && a->attr.beta == b->attr.beta;
}

/** Adds a view to a list; where there are too many, the values as they are stand for the rest. */
static void add_view(zc_view *list, size_t *n, const zc_view *view)
{
    for (size_t i = 0; i < *n; i++) {
        if (same_view(&list[i], view))
            return;
    }
    if (*n < ZC_VIEWS_MAX)
        list[(*n)++] = *view;
    else
        list[ZC_VIEWS_MAX - 1] = plain;
}

/** The values come out as they went in: what reads the result reads the operand. */
static bool hands_on(const zi_node *n)
{
    return zi_op_has(n->op, ZI_OPF_MOVE) ||
           (n->op == ZI_OP_Resize && n->attr.resize.mode == ZI_RESIZE_NEAREST);
}

static zc_view view_of(const zc_scheme *s, size_t node)
{
    const zi_node *n = &s->g->nodes[node];
    double y;
    if (s->reason[node] || !zi_unary_real(n->op, &n->attr.unary, 0.5, &y))
        return plain;
    zc_view v = {.op = n->op};
    if (zi_op_get((uint32_t)n->op)->attr == ZI_ATTR_unary)
        v.attr = n->attr.unary;
    return v;
}

/** The views of every tensor's readers outside its group. */
static void see_readers(zc_scheme *s)
{
    const zi_graph *g = s->g;
    for (size_t t = 0; t < g->n_tensors; t++)
        s->tensor[t].n_views = 0;
    for (size_t i = 0; i < g->n_nodes; i++) {
        const zi_node *n = &g->nodes[i];
        const zc_view view = view_of(s, i);
        for (uint32_t k = 0; k < n->n_in; k++) {
            zi_id t = n->in[k];
            if (t == ZI_NONE || !s->stats->hist[t])
                continue;
            bool inside = !s->reason[i] && hands_on(n) &&
                          zc_scheme_root(s, t) == zc_scheme_root(s, n->out[0]);
            if (!inside)
                add_view(s->tensor[t].views, &s->tensor[t].n_views, &view);
        }
    }
}

/** A member is spared for a regression head. */
static bool is_spared(const zc_scheme *s, zi_id root)
{
    for (size_t t = 0; t < s->g->n_tensors; t++) {
        if (s->is_spared[t] && zc_scheme_root(s, (zi_id)t) == root)
            return true;
    }
    return false;
}

/** A network's answer, and what Softmax makes one of, is not clipped: its extremes decide. */
static bool is_answer(const zc_scheme *s, zi_id root)
{
    const zi_graph *g = s->g;
    for (size_t i = 0; i < g->n_outputs; i++) {
        if (zc_scheme_root(s, g->outputs[i]) == root)
            return true;
    }
    for (size_t i = 0; i < g->n_nodes; i++) {
        zi_op op = g->nodes[i].op;
        bool picks =
            op == ZI_OP_Softmax || op == ZI_OP_LogSoftmax || op == ZI_OP_ArgMax || op == ZI_OP_TopK;
        if (picks && zc_scheme_root(s, g->nodes[i].in[0]) == root)
            return true;
    }
    return false;
}

/* ---- a group ---- */

/** Where all readers clamp, what lies outside does not count. */
static bool clip_to_readers(group *r)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    for (size_t i = 0; i < r->n_views; i++) {
        const zc_view *v = &r->views[i];
        if (v->op != ZI_OP_Relu && v->op != ZI_OP_Clip)
            return false;
        lo = fmin(lo, v->op == ZI_OP_Relu ? 0.0 : (double)v->attr.alpha);
        hi = fmax(hi, v->op == ZI_OP_Relu ? (double)INFINITY : (double)v->attr.beta);
    }
    if (!(lo <= 0.0 && hi >= 0.0))
        return false;
    zc_hist_clip(&r->hist, lo, hi);
    return true;
}

static void collect(const zc_scheme *s, zi_id root, group *r)
{
    *r = (group){.root = root, .is_answer = is_answer(s, root), .is_spared = is_spared(s, root)};
    for (size_t t = 0; t < s->g->n_tensors; t++) {
        if (!s->stats->hist[t] || zc_scheme_root(s, (zi_id)t) != root)
            continue;
        zc_hist_merge(&r->hist, s->stats->hist[t]);
        for (size_t i = 0; i < s->tensor[t].n_views; i++)
            add_view(r->views, &r->n_views, &s->tensor[t].views[i]);
    }
    bool by_views = r->n_views && !r->is_answer && !s->tensor[root].fixed;
    bool clipped = by_views && clip_to_readers(r);
    if (!by_views || (s->recipe.method != ZURT_CALIB_MSE && !clipped)) {
        r->n_views = 1;
        r->views[0] = plain;
    }
}

static void set_root(zc_scheme *s, const group *r)
{
    zc_tensor_plan *p = &s->tensor[r->root];
    size_t n_functions = 0;
    for (size_t i = 0; s->recipe.method == ZURT_CALIB_MSE && i < r->n_views; i++)
        n_functions += r->views[i].op != ZI_OP_NONE;
    bool by_function = r->is_spared ? n_functions && n_functions == r->n_views : n_functions > 0;
    if (!p->fixed) {
        zurt_calib_method method =
            r->is_answer || r->is_spared ? ZURT_CALIB_MINMAX : s->recipe.method;
        p->range = by_function ? zc_calib_mse_seen(&r->hist, r->views, r->n_views)
                               : zc_calib_range(&r->hist, method, s->options->percentile);
        p->method = by_function ? "mse of the result" : zc_calib_name(method);
        p->p = zc_qparam_from_range(p->range.lo, p->range.hi);
    }
    p->range.lo = (double)p->p.scale * (-128 - p->p.zero_point);
    p->range.hi = (double)p->p.scale * (127 - p->p.zero_point);
}

/** A member's views: its own readers', as far as the group was judged by them. */
static void set_views(zc_tensor_plan *p, const group *r)
{
    if (!p->n_views || (r->n_views == 1 && r->views[0].op == ZI_OP_NONE)) {
        p->n_views = r->n_views;
        memcpy(p->views, r->views, sizeof(p->views));
    }
    for (size_t i = 0; i < p->n_views; i++)
        p->power[i] = zc_view_power(&r->hist, &p->views[i]);
}

double zc_scheme_sqnr(const zc_scheme *s, zi_id t, zi_id as, zc_qparam p)
{
    const zc_hist *h = s->stats->hist[t];
    const zc_tensor_plan *of = &s->tensor[as];
    if (h->n_bad)
        return -(double)INFINITY;
    double least = (double)INFINITY;
    for (size_t i = 0; i < of->n_views; i++) {
        double noise = zc_view_noise(h, &of->views[i], p);
        // As it is, a small part among large ones is a signal of its own: scores beside boxes. What
        // a function hands on has one scale in any case.
        double signal = of->views[i].op == ZI_OP_NONE ? zc_view_power(h, &plain) : of->power[i];
        if (noise > 0.0)
            least = fmin(least, 10.0 * log10(signal / noise));
    }
    return least;
}

/** Gives every member what the group decided. */
static zurt_status set_members(zc_scheme *s, const group *r)
{
    const zc_tensor_plan *root = &s->tensor[r->root];
    const char *tied = NULL;
    for (size_t t = 0; t < s->g->n_tensors; t++) {
        zc_tensor_plan *p = &s->tensor[t];
        if (!s->stats->hist[t] || zc_scheme_root(s, (zi_id)t) != r->root)
            continue;
        if (p != root) {
            if (!tied)
                tied = zi_arena_printf(&s->g->arena, "tied to %s", s->g->tensors[r->root].name);
            if (!tied)
                return zi_fail(s->ctx, ZURT_E_NOMEM, "ranges: out of memory");
            p->p = root->p;
            p->range = root->range;
            p->fixed = root->fixed;
            p->method = tied;
        }
        set_views(p, r);
        p->sqnr = zc_scheme_sqnr(s, (zi_id)t, (zi_id)t, p->p);
    }
    return ZURT_OK;
}

zurt_status zc_scheme_ranges(zc_scheme *s)
{
    group *r = zi_zalloc(&s->ctx->allocator, sizeof(*r));
    if (!r)
        return zi_fail(s->ctx, ZURT_E_NOMEM, "ranges: out of memory");
    see_readers(s);
    zurt_status st = ZURT_OK;
    for (size_t t = 0; !st && t < s->g->n_tensors; t++) {
        if (!s->stats->hist[t] || zc_scheme_root(s, (zi_id)t) != t)
            continue;
        collect(s, (zi_id)t, r);
        set_root(s, r);
        st = set_members(s, r);
    }
    zi_free(&s->ctx->allocator, r);
    return st;
}
