/* SPDX-License-Identifier: Apache-2.0 */
#include "quantise/scheme.h"

#include <math.h>

#include "base/alloc.h"
#include "ops/lut.h"

/** A tensor of which int8 leaves less than this, in dB, is not quantised. */
#define MIN_SQNR_DB 10.0

/* ---- ranges ---- */

/** Where all readers of a tensor clamp it, what lies outside does not count. */
static void clip_to_readers(const zc_scheme *s, zi_id t, zc_hist *h)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    uint32_t n = 0;
    for (size_t i = 0; i < s->g->n_nodes; i++) {
        const zi_node *r = &s->g->nodes[i];
        if (s->reason[i] || r->in[0] != t || (r->op != ZI_OP_Relu && r->op != ZI_OP_Clip))
            continue;
        double a = r->op == ZI_OP_Relu ? 0.0 : (double)r->attr.unary.alpha;
        double b = r->op == ZI_OP_Relu ? (double)INFINITY : (double)r->attr.unary.beta;
        lo = fmin(lo, a);
        hi = fmax(hi, b);
        n++;
    }
    if (n && n == s->n_readers[t] && lo <= 0.0 && hi >= 0.0)
        zc_hist_clip(h, lo, hi);
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
        bool picks = op == ZI_OP_Softmax || op == ZI_OP_LogSoftmax || op == ZI_OP_ArgMax;
        if (picks && zc_scheme_root(s, g->nodes[i].in[0]) == root)
            return true;
    }
    return false;
}

/** Histogram of a group: all its members together; returns their number. */
static size_t group_hist(const zc_scheme *s, zi_id root, zc_hist *h)
{
    *h = (zc_hist){0};
    size_t n = 0;
    for (size_t t = 0; t < s->g->n_tensors; t++) {
        if (s->stats->hist[t] && zc_scheme_root(s, (zi_id)t) == root) {
            zc_hist_merge(h, s->stats->hist[t]);
            n++;
        }
    }
    if (n == 1)
        clip_to_readers(s, root, h);
    return n;
}

/** The unary op that alone reads a tensor, in int8, and so decides what of it matters; NULL if
 *  there is none, or if another method than mse was asked for. */
static const zi_node *sole_function(const zc_scheme *s, zi_id t)
{
    double y;
    bool asked = s->options->method == ZURT_CALIB_MSE && s->n_readers[t] == 1;
    for (size_t i = 0; asked && i < s->g->n_nodes; i++) {
        const zi_node *n = &s->g->nodes[i];
        if (n->in[0] == t && !s->reason[i] && zi_map_real(n->op, &n->attr.unary, 0.5, &y))
            return n;
    }
    return NULL;
}

static void set_group(zc_scheme *s, zi_id root, zc_hist *h, size_t members)
{
    zc_tensor_plan *r = &s->tensor[root];
    const zi_node *f = members == 1 && !r->fixed ? sole_function(s, root) : NULL;
    if (f) {
        r->range = zc_calib_mse_through(h, f->op, &f->attr.unary);
        r->method = "mse of the result";
        r->p = zc_qparam_from_range(r->range.lo, r->range.hi);
    } else if (!r->fixed) {
        zurt_calib_method method = is_answer(s, root) ? ZURT_CALIB_MINMAX : s->options->method;
        r->range = zc_calib_range(h, method, s->options->percentile);
        r->method = zc_calib_name(method);
        r->p = zc_qparam_from_range(r->range.lo, r->range.hi);
    }
    r->range.lo = (double)r->p.scale * (-128 - r->p.zero_point);
    r->range.hi = (double)r->p.scale * (127 - r->p.zero_point);
    if (h->n_bad)
        r->sqnr = -(double)INFINITY;
    else
        r->sqnr = f ? zc_calib_sqnr_through(h, r->p, f->op, &f->attr.unary) : zc_hist_sqnr(h, r->p);
}

zurt_status zc_scheme_ranges(zc_scheme *s)
{
    zc_hist *h = zi_zalloc(&s->ctx->allocator, sizeof(*h));
    if (!h)
        return zi_fail(s->ctx, ZURT_E_NOMEM, "ranges: out of memory");
    zurt_status st = ZURT_OK;
    for (size_t t = 0; t < s->g->n_tensors; t++) {
        if (!s->stats->hist[t] || zc_scheme_root(s, (zi_id)t) != t)
            continue;
        size_t members = group_hist(s, (zi_id)t, h);
        set_group(s, (zi_id)t, h, members);
    }
    for (size_t t = 0; !st && t < s->g->n_tensors; t++) {
        zi_id root = zc_scheme_root(s, (zi_id)t);
        zc_tensor_plan *p = &s->tensor[t];
        if (!s->stats->hist[t] || root == t)
            continue;
        const zc_tensor_plan *r = &s->tensor[root];
        p->p = r->p;
        p->range = r->range;
        p->fixed = r->fixed;
        p->sqnr =
            s->stats->hist[t]->n_bad ? -(double)INFINITY : zc_hist_sqnr(s->stats->hist[t], p->p);
        p->method = zi_arena_printf(&s->g->arena, "tied to %s", s->g->tensors[root].name);
        if (!p->method)
            st = zi_fail(s->ctx, ZURT_E_NOMEM, "ranges: out of memory");
    }
    zi_free(&s->ctx->allocator, h);
    return st;
}

/* ---- what the ranges forbid ---- */

/** Tensor of an int8 node that its parameters would ruin; the text names it. */
static const char *ruined(const zc_scheme *s, zi_id t, zc_qparam p)
{
    const zc_hist *h = s->stats->hist[t];
    if (!h)
        return NULL;
    const char *name = s->g->tensors[t].name, *text = NULL;
    double db = zc_qparam_equal(p, s->tensor[t].p) ? s->tensor[t].sqnr : zc_hist_sqnr(h, p);
    if (h->n_bad)
        text = zi_arena_printf(&s->g->arena, "'%s' has values that are not finite", name);
    else if (db < MIN_SQNR_DB)
        text = zi_arena_printf(&s->g->arena, "int8 would leave %.1f dB of '%s'", db, name);
    else
        return NULL;
    return text ? text : "";
}

static const char *outputs_ruined(const zc_scheme *s, const zi_node *n)
{
    const char *text = NULL;
    for (uint32_t i = 0; !text && i < n->n_out; i++)
        text = ruined(s, n->out[i], s->tensor[n->out[i]].p);
    return text;
}

/** A Concat gives its inputs the parameters of its output. */
static const char *inputs_ruined(const zc_scheme *s, const zi_node *n)
{
    const char *text = NULL;
    for (uint32_t i = 0; !text && i < n->n_in; i++) {
        zi_id t = n->in[i];
        if (!zc_is_data_input(s->g, n, i) || zi_tensor_is_const(&s->g->tensors[t]))
            continue;
        text = ruined(s, t, n->op == ZI_OP_Concat ? s->tensor[n->out[0]].p : s->tensor[t].p);
    }
    return text;
}

/** Concats first: without the tie that one makes, its neighbours may do very well. */
static zurt_status forbid_ruined(zc_scheme *s, bool *changed)
{
    for (int concats = 1; concats >= 0 && !*changed; concats--) {
        for (size_t i = 0; i < s->g->n_nodes; i++) {
            const zi_node *n = &s->g->nodes[i];
            if (s->reason[i] || (concats && n->op != ZI_OP_Concat))
                continue;
            s->reason[i] = inputs_ruined(s, n);
            if (!s->reason[i])
                s->reason[i] = outputs_ruined(s, n);
            if (s->reason[i] && !s->reason[i][0])
                return zi_fail(s->ctx, ZURT_E_NOMEM, "scheme: out of memory");
            *changed = *changed || s->reason[i];
        }
    }
    return ZURT_OK;
}

/** The tensor comes from an int8 node. */
static bool from_int8(const zc_scheme *s, zi_id t)
{
    return s->writer[t] != ZI_NONE && !s->reason[s->writer[t]];
}

/** Moving values is not worth two changes of type: without an int8 neighbour it stays float. */
static bool leave_lone_moves(zc_scheme *s)
{
    bool changed = false;
    for (size_t i = 0; i < s->g->n_nodes; i++) {
        const zi_node *n = &s->g->nodes[i];
        if (s->reason[i] || !zi_op_has(n->op, ZI_OPF_MOVE))
            continue;
        bool wanted = false;
        for (uint32_t k = 0; k < n->n_in; k++)
            wanted = wanted || (n->in[k] != ZI_NONE && from_int8(s, n->in[k]));
        for (size_t r = 0; !wanted && r < s->g->n_nodes; r++) {
            const zi_node *reader = &s->g->nodes[r];
            for (uint32_t k = 0; !s->reason[r] && k < reader->n_in; k++)
                for (uint32_t o = 0; o < n->n_out; o++)
                    wanted = wanted || reader->in[k] == n->out[o];
        }
        if (!wanted) {
            s->reason[i] = "moves values between float nodes";
            changed = true;
        }
    }
    return changed;
}

static void mark_quantised(zc_scheme *s)
{
    for (size_t i = 0; i < s->g->n_nodes; i++) {
        const zi_node *n = &s->g->nodes[i];
        if (s->reason[i])
            continue;
        for (uint32_t k = 0; k < n->n_out; k++)
            s->tensor[n->out[k]].quantised = s->g->tensors[n->out[k]].dtype == ZURT_F32;
        for (uint32_t k = 0; k < n->n_in; k++) {
            if (zc_is_data_input(s->g, n, k) && s->stats->hist[n->in[k]])
                s->tensor[n->in[k]].quantised = true;
        }
    }
}

static zurt_status refuse_float(const zc_scheme *s)
{
    for (size_t i = 0; s->options->require_int8 && i < s->g->n_nodes; i++) {
        if (s->reason[i])
            return zi_node_fail(s->ctx, s->g, &s->g->nodes[i], ZURT_E_UNSUPPORTED,
                                "stays float: %s", s->reason[i]);
    }
    return ZURT_OK;
}

static zurt_status decide(zc_scheme *s)
{
    zurt_status st = zc_scheme_ops(s);
    bool changed = true;
    while (!st && changed) { // ends: every round but the last makes a node float
        changed = false;
        zc_scheme_tie(s);
        st = zc_scheme_ranges(s);
        if (!st)
            st = forbid_ruined(s, &changed);
        if (!st)
            changed = leave_lone_moves(s) || changed;
    }
    if (!st)
        st = refuse_float(s);
    if (!st)
        mark_quantised(s);
    return st;
}

zurt_status zc_scheme_make(zurt_ctx *ctx, zi_graph *g, const zurt_quantize_options *options,
                           const zc_stats *stats, zc_scheme *out)
{
    *out = (zc_scheme){.ctx = ctx, .g = g, .options = options, .stats = stats};
    zurt_status st = zi_graph_index(ctx, g, &out->writer, &out->n_readers);
    if (st)
        return st;
    out->tensor = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*out->tensor));
    out->reason = zi_calloc(&ctx->allocator, g->n_nodes, sizeof(*out->reason));
    if (!out->tensor || !out->reason)
        return zi_fail(ctx, ZURT_E_NOMEM, "scheme: out of memory");
    return decide(out);
}

void zc_scheme_destroy(zc_scheme *s)
{
    if (!s->ctx)
        return;
    const zurt_allocator *a = &s->ctx->allocator;
    zi_free(a, s->writer);
    zi_free(a, s->n_readers);
    zi_free(a, s->tensor);
    zi_free(a, s->reason);
}
