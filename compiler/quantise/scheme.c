/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes compute in int8: those that can, but for the ones that their ranges would ruin. */
#include "quantise/scheme.h"

#include <math.h>

#include "base/alloc.h"
#include "quantise/heads.h"

/** A tensor of which int8 leaves less than this, in dB, is not quantised. */
#define MIN_SQNR_DB 10.0

/* ---- what the ranges forbid ---- */

/** Tensor of an int8 node that the parameters of `as`, which takes its values, would ruin; the text
 *  names it. */
static const char *ruined(const zc_scheme *s, zi_id t, zi_id as)
{
    const zc_hist *h = s->stats->hist[t];
    if (!h)
        return NULL;
    const char *name = s->g->tensors[t].name, *text = NULL;
    double db = as == t ? s->tensor[t].sqnr : zc_scheme_sqnr(s, t, as, s->tensor[as].p);
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
        text = ruined(s, n->out[i], n->out[i]);
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
        text = ruined(s, t, n->op == ZI_OP_Concat ? n->out[0] : t);
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
                           zc_recipe recipe, const zc_stats *stats, zc_scheme *out)
{
    *out = (zc_scheme){.ctx = ctx, .g = g, .options = options, .recipe = recipe, .stats = stats};
    zurt_status st = zi_graph_index(ctx, g, &out->writer, &out->n_readers);
    if (st)
        return st;
    out->tensor = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*out->tensor));
    out->reason = zi_calloc(&ctx->allocator, g->n_nodes, sizeof(*out->reason));
    out->is_spared = zi_calloc(&ctx->allocator, g->n_tensors, sizeof(*out->is_spared));
    if (!out->tensor || !out->reason || !out->is_spared)
        return zi_fail(ctx, ZURT_E_NOMEM, "scheme: out of memory");
    if (recipe.spare_heads)
        st = zc_heads_find(ctx, g, out->writer, out->is_spared);
    return st ? st : decide(out);
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
    zi_free(a, s->is_spared);
}
