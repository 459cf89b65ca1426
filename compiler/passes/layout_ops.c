/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the layout pass for ops that work element by element, and for matrix products. */
#include <string.h>

#include "passes/layout_ops.h"

enum { MAX_ELEMENTWISE = 3 };

zurt_status zc_layout_output(zc_layout *l, const zi_node *n, uint32_t i, const int32_t *order,
                             zi_id *out)
{
    zi_id id = n->out[i];
    const zi_tensor t = l->g->tensors[id];
    bool own = true;
    for (int32_t d = 0; d < t.rank; d++)
        own = own && order[d] == d;
    *out = id;
    if (!own) {
        zurt_status st = zi_graph_add_tensor(l->ctx, l->g, t.name, out);
        if (st)
            return st;
        l->g->tensors[*out].quant = t.quant;
    }
    l->reps[id] = zc_rep_make(*out, t.rank, t.dims, order);
    return ZURT_OK;
}

zurt_status zc_layout_copy(zc_layout *l, const zi_node *n, const zi_id *in, const zi_id *out,
                           const zi_attr *attr)
{
    zi_node *copy;
    zurt_status st =
        zi_graph_add_node(l->ctx, l->g, n->op, n->name, in, n->n_in, out, n->n_out, &copy);
    if (st)
        return st;
    copy->attr = *attr;
    copy->note = n->note;
    copy->clamp_lo = n->clamp_lo;
    copy->clamp_hi = n->clamp_hi;
    return zi_node_infer(l->ctx, l->g, copy);
}

zurt_status zc_layout_transpose(zc_layout *l, const zi_node *n, bool *done)
{
    zc_rep r = l->reps[n->in[0]];
    zc_rep_transpose(&r, l->g->tensors[n->in[0]].rank, n->attr.perm.perm);
    l->reps[n->out[0]] = r;
    *done = true;
    return ZURT_OK;
}

zurt_status zc_layout_reshape(zc_layout *l, const zi_node *n, bool *done)
{
    zc_rep r = l->reps[n->in[0]];
    *done = zc_rep_reshape(&r, n->attr.shape.rank, n->attr.shape.dims);
    if (*done)
        l->reps[n->out[0]] = r;
    return ZURT_OK;
}

/** Element by element: works on the stored form whatever it is. */
zurt_status zc_layout_unary(zc_layout *l, const zi_node *n, bool *done)
{
    const zi_tensor *x = &l->g->tensors[l->reps[n->in[0]].held];
    zi_id out = n->out[0];
    if (n->op == ZI_OP_Dequantize && x->data) { // stays recognisable as a weight
        zc_rep r = l->reps[n->in[0]];
        r.dequantise = true;
        l->reps[out] = r;
        *done = true;
        return ZURT_OK;
    }
    if (l->reps[n->in[0]].quant_axis >= 0 || l->g->tensors[out].quant.n > 1)
        return ZURT_OK;
    zi_id in[2] = {0, n->n_in > 1 ? n->in[1] : ZI_NONE};
    zurt_status st = zc_layout_held(l, n->in[0], &in[0]);
    if (st)
        return st;
    zc_rep r = l->reps[n->in[0]];
    const zi_tensor t = l->g->tensors[out];
    bool own = zi_tensor_same_shape(&l->g->tensors[in[0]], &t);
    for (uint8_t a = 0; a < r.n; a++)
        own = own && r.pos[a] == a;
    zi_id held = out;
    if (!own)
        st = zi_graph_add_tensor(l->ctx, l->g, t.name, &held);
    if (st)
        return st;
    l->g->tensors[held].quant = t.quant;
    r.held = held;
    l->reps[out] = r;
    *done = true;
    return zc_layout_copy(l, n, in, &held, &n->attr);
}

/** The computed input of full rank whose order all will be brought to: the largest; ZI_NONE if
 *  there is none. */
static zi_id leader_of(const zc_layout *l, const zi_node *n, int32_t rank)
{
    zi_id leader = ZI_NONE;
    size_t best = 0;
    bool best_moved = false;
    for (uint32_t i = 0; i < n->n_in; i++) {
        const zi_tensor *t = &l->g->tensors[n->in[i]];
        const zc_rep *r = &l->reps[n->in[i]];
        if (t->data || r->dequantise || t->rank != rank)
            continue;
        int32_t own[ZURT_MAX_RANK];
        bool moved = false; // a form that would cost a move to undo wins a tie
        if (zc_rep_axis_order(r, rank, own)) {
            for (int32_t d = 0; d < rank; d++)
                moved = moved || own[d] != d;
        }
        size_t elems = zi_tensor_elems(t);
        const bool leads = elems > best || (elems == best && moved && !best_moved);
        if (leader == ZI_NONE || leads) {
            leader = n->in[i];
            best = elems;
            best_moved = moved;
        }
    }
    return leader;
}

/** All inputs stored alike, or single values: the op works on the stored forms as they are. */
static zurt_status stored_alike(zc_layout *l, const zi_node *n, zi_id leader, bool *done)
{
    const zi_graph *g = l->g;
    const zc_rep first = l->reps[leader];
    zi_id in[MAX_ELEMENTWISE];
    if (!zi_tensor_same_shape(&g->tensors[leader], &g->tensors[n->out[0]]))
        return ZURT_OK;
    for (uint32_t i = 0; i < n->n_in; i++) {
        const zi_tensor *t = &g->tensors[n->in[i]];
        const zc_rep *r = &l->reps[n->in[i]];
        in[i] = r->held;
        if (t->data && zi_tensor_elems(t) == 1 && t->rank <= g->tensors[first.held].rank)
            continue;
        if (r->n != first.n || r->dequantise || memcmp(r->pos, first.pos, first.n) ||
            memcmp(r->axis, first.axis, first.n) ||
            memcmp(r->size, first.size, first.n * sizeof(first.size[0])) ||
            !zi_tensor_same_shape(&g->tensors[r->held], &g->tensors[first.held]))
            return ZURT_OK;
    }
    zc_rep r = first;
    zi_id out = n->out[0];
    zurt_status st = zi_graph_add_tensor(l->ctx, l->g, g->tensors[out].name, &r.held);
    if (st)
        return st;
    l->g->tensors[r.held].quant = g->tensors[out].quant;
    l->reps[out] = r;
    *done = true;
    return zc_layout_copy(l, n, in, &r.held, &n->attr);
}

zurt_status zc_layout_elementwise(zc_layout *l, const zi_node *n, bool *done)
{
    int32_t rank = l->g->tensors[n->out[0]].rank;
    int32_t order[ZURT_MAX_RANK];
    zi_id in[MAX_ELEMENTWISE], out;
    zi_id leader = leader_of(l, n, rank);
    if (leader == ZI_NONE)
        return ZURT_OK;
    zurt_status st = ZURT_OK;
    if (!zc_rep_axis_order(&l->reps[leader], rank, order))
        st = stored_alike(l, n, leader, done);
    if (st || *done)
        return st;
    for (uint32_t i = 0; i < n->n_in && !st; i++) {
        const zi_tensor *t = &l->g->tensors[n->in[i]];
        int32_t own[ZURT_MAX_RANK];
        if (t->rank == 0) {
            st = zc_layout_plain(l, n->in[i], &in[i]);
            continue;
        }
        for (int32_t d = 0; d < rank; d++) {
            int32_t axis = order[d] - (rank - t->rank);
            own[d] = axis < 0 ? -1 : axis;
        }
        st = zc_layout_realise(l, &l->reps[n->in[i]], n->in[i], rank, own, &in[i]);
    }
    if (!st)
        st = zc_layout_output(l, n, 0, order, &out);
    *done = true;
    return st ? st : zc_layout_copy(l, n, in, &out, &n->attr);
}

zurt_status zc_layout_concat(zc_layout *l, const zi_node *n, bool *done)
{
    int32_t rank = l->g->tensors[n->out[0]].rank;
    int32_t order[ZURT_MAX_RANK];
    zi_id leader = leader_of(l, n, rank), out;
    if (leader == ZI_NONE)
        return ZURT_OK;
    zc_rep_axis_order(&l->reps[leader], rank, order);
    zi_id *in = zi_arena_calloc(&l->g->arena, n->n_in, sizeof(*in));
    if (!in)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "layout: out of memory");
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n->n_in && !st; i++)
        st = zc_layout_realise(l, &l->reps[n->in[i]], n->in[i], rank, order, &in[i]);
    zi_attr attr = n->attr;
    for (int32_t d = 0; d < rank; d++) {
        if (order[d] == n->attr.axis.axis)
            attr.axis.axis = d;
    }
    if (!st)
        st = zc_layout_output(l, n, 0, order, &out);
    *done = true;
    return st ? st : zc_layout_copy(l, n, in, &out, &attr);
}

/**
 * The input's last axis stored in another order (a flattened image): the weights' columns are
 * brought to that order instead. What is needed is said in forms: the weights' columns are cut
 * into the input's atoms, those are put into stored order, and joined again.
 */
zurt_status zc_layout_fully_connected(zc_layout *l, const zi_node *n, bool *done)
{
    const zi_tensor x = l->g->tensors[n->in[0]];
    const zc_rep r = l->reps[n->in[0]];
    zc_rep w = l->reps[n->in[1]];
    int32_t axes[ZURT_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    uint8_t atoms[ZC_MAX_ATOMS], ranks[ZC_MAX_ATOMS];
    int32_t count = zc_rep_atoms(&r, x.rank, axes, atoms);
    zc_rep_ranks(&r, atoms, count, ranks);
    int32_t lead = 0;
    while (lead < count && r.axis[atoms[lead]] < x.rank - 1) {
        if (ranks[lead] != lead)
            return ZURT_OK; // leading axes are out of order
        lead++;
    }
    int32_t cut[1 + ZURT_MAX_RANK], perm[1 + ZURT_MAX_RANK];
    int32_t n_cut = count - lead;
    bool in_order = true;
    if (n_cut + 1 > ZURT_MAX_RANK || !l->g->tensors[w.held].data || w.quant_axis > 0)
        return ZURT_OK;
    const int32_t rows = l->g->tensors[n->in[1]].dims[0];
    cut[0] = rows;
    perm[0] = 0;
    for (int32_t i = 0; i < n_cut; i++) {
        in_order = in_order && ranks[lead + i] == lead + i;
        cut[1 + i] = r.size[atoms[lead + i]];
        perm[1 + ranks[lead + i] - lead] = 1 + i;
    }
    int32_t joined[2] = {rows, x.dims[x.rank - 1]};
    if (in_order || !zc_rep_reshape(&w, n_cut + 1, cut))
        return ZURT_OK;
    zc_rep_transpose(&w, n_cut + 1, perm);
    if (!zc_rep_reshape(&w, 2, joined))
        return ZURT_OK;
    zi_id in[3] = {0, 0, n->n_in > 2 ? n->in[2] : ZI_NONE}, held;
    zurt_status st = zc_layout_held(l, n->in[0], &held);
    if (!st)
        st = zc_layout_view(l, held, x.rank, x.dims, &in[0]);
    if (!st)
        st = zc_layout_realise(l, &w, n->in[1], 2, axes, &in[1]);
    if (!st && in[2] != ZI_NONE)
        st = zc_layout_plain(l, in[2], &in[2]);
    l->reps[n->out[0]] =
        zc_rep_make(n->out[0], l->g->tensors[n->out[0]].rank, l->g->tensors[n->out[0]].dims, NULL);
    *done = true;
    return st ? st : zc_layout_copy(l, n, in, n->out, &n->attr);
}
