/* SPDX-License-Identifier: Apache-2.0 */
/* The layout pass's moves: what is written when a stored form is not the one that is wanted. */
#include <string.h>

#include "passes/layout.h"

zurt_status zc_layout_emit(zc_layout *l, zi_op op, zi_id like, const char *suffix, const zi_id *in,
                           uint32_t n_in, const zi_attr *attr, zi_id *out)
{
    zi_graph *g = l->g;
    const char *name = zi_arena_printf(&g->arena, "%s%s", g->tensors[like].name, suffix);
    if (!name)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "layout: out of memory");
    zi_node *n;
    zi_id made; // `out` may be where `in` is
    zurt_status st = zi_graph_add_tensor(l->ctx, g, name, &made);
    if (!st)
        st = zi_graph_add_node(l->ctx, g, op, name, in, n_in, &made, 1, &n);
    if (st)
        return st;
    *out = made;
    n->attr = *attr;
    st = zi_node_infer(l->ctx, g, n);
    const zi_quant quant = g->tensors[n->in[0]].quant;
    if (!st && n_in == 1 && zi_op_has(op, ZI_OPF_MOVE) && quant.n == 1)
        g->tensors[made].quant = quant; // moved values keep their meaning
    return st;
}

static const zi_attr no_attr;

static bool has_dims(const zi_tensor *t, int32_t rank, const int32_t *dims)
{
    return t->rank == rank && memcmp(t->dims, dims, (size_t)rank * sizeof(*dims)) == 0;
}

zurt_status zc_layout_view(zc_layout *l, zi_id held, int32_t rank, const int32_t *dims, zi_id *out)
{
    const zi_tensor t = l->g->tensors[held];
    *out = held;
    if (has_dims(&t, rank, dims))
        return ZURT_OK;
    if (t.data)
        return zi_graph_add_const(l->ctx, l->g, t.name, t.dtype, rank, dims, t.data, out, NULL);
    zi_attr attr = no_attr;
    attr.shape.rank = rank;
    memcpy(attr.shape.dims, dims, (size_t)rank * sizeof(*dims));
    return zc_layout_emit(l, ZI_OP_Reshape, held, "_reshaped", &held, 1, &attr, out);
}

/** Elements of a constant in another order: axis i of `to` is axis perm[i] of `from`. */
static void permute(const uint8_t *from, uint8_t *to, size_t elem, int32_t rank,
                    const int32_t *dims, const int32_t *perm)
{
    size_t stride[ZC_MAX_ATOMS], step[ZC_MAX_ATOMS], total = 1;
    int32_t count[ZC_MAX_ATOMS], at[ZC_MAX_ATOMS] = {0};
    for (int32_t i = rank - 1; i >= 0; i--) {
        stride[i] = total * elem;
        total *= (size_t)dims[i];
    }
    for (int32_t i = 0; i < rank; i++) {
        step[i] = stride[perm[i]];
        count[i] = dims[perm[i]];
    }
    size_t offset = 0;
    for (size_t k = 0; k < total; k++) {
        memcpy(to + k * elem, from + offset, elem);
        for (int32_t i = rank - 1; i >= 0; i--) {
            offset += step[i];
            if (++at[i] < count[i])
                break;
            offset -= step[i] * (size_t)count[i];
            at[i] = 0;
        }
    }
}

/** A move as a Transpose of runs: dims of the stored runs and their permutation. */
typedef struct runs {
    int32_t rank;
    int32_t dims[ZC_MAX_ATOMS]; // in stored order
    int32_t perm[ZC_MAX_ATOMS];
} runs;

/** Atoms that are neighbours in both orders move together. */
static runs find_runs(const zc_rep *r, const uint8_t *atoms, int32_t count)
{
    uint8_t ranks[ZC_MAX_ATOMS];
    zc_rep_ranks(r, atoms, count, ranks);
    runs out = {0};
    int32_t size[ZC_MAX_ATOMS], start[ZC_MAX_ATOMS]; // in the wanted order
    for (int32_t i = 0; i < count; i++) {
        int64_t joined = i ? (int64_t)size[out.rank - 1] * r->size[atoms[i]] : 0;
        if (i && ranks[i] == ranks[i - 1] + 1 && joined <= ZI_MAX_DIM) {
            size[out.rank - 1] = (int32_t)joined;
            continue;
        }
        size[out.rank] = r->size[atoms[i]];
        start[out.rank++] = ranks[i];
    }
    for (int32_t i = 0; i < out.rank; i++) {
        int32_t place = 0;
        for (int32_t k = 0; k < out.rank; k++)
            place += start[k] < start[i];
        out.dims[place] = size[i];
        out.perm[i] = place;
    }
    return out;
}

/** True if the stored order is the wanted one. */
static bool stays(const runs *m)
{
    for (int32_t i = 0; i < m->rank; i++) {
        if (m->perm[i] != i)
            return false;
    }
    return true;
}

static zurt_status move_const(zc_layout *l, zi_id held, const runs *m, int32_t rank,
                              const int32_t *dims, zi_id *out)
{
    const zi_tensor t = l->g->tensors[held];
    void *data;
    zurt_status st =
        zi_graph_add_const(l->ctx, l->g, t.name, t.dtype, rank, dims, NULL, out, &data);
    if (!st)
        permute(t.data, data, zurt_dtype_bytes(t.dtype), m->rank, m->dims, m->perm);
    return st;
}

/** A shuffle within the last axis alone is a Gather: no other axis is disturbed. */
static zurt_status move_within_last(zc_layout *l, zi_id held, const runs *m, int32_t first,
                                    int32_t rank, const int32_t *dims, zi_id *out)
{
    zi_id in[2];
    zurt_status st = zc_layout_view(l, held, rank, dims, &in[0]);
    void *data = NULL;
    if (!st)
        st = zi_graph_add_const(l->ctx, l->g, "shuffle", ZURT_S64, 1, &dims[rank - 1], NULL, &in[1],
                                &data);
    if (st)
        return st;
    int64_t *index = data;
    int32_t perm[ZC_MAX_ATOMS];
    for (int32_t i = first; i < m->rank; i++)
        perm[i - first] = m->perm[i] - first;
    int64_t *plain = zi_arena_calloc(&l->g->arena, (size_t)dims[rank - 1], sizeof(*plain));
    if (!plain)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "layout: out of memory");
    for (int32_t i = 0; i < dims[rank - 1]; i++)
        plain[i] = i;
    permute((const uint8_t *)plain, (uint8_t *)index, sizeof(*plain), m->rank - first,
            m->dims + first, perm);
    zi_attr attr = no_attr;
    attr.axis.axis = rank - 1;
    return zc_layout_emit(l, ZI_OP_Gather, held, "_shuffled", in, 2, &attr, out);
}

/** A table of indices is worth its bytes for channels, not for whole images. */
enum { MAX_SHUFFLE = 8192 };

/** Index of the first run within the last axis if only runs inside it change places; else -1. */
static int32_t last_axis_runs(const runs *m, int32_t last_dim, size_t elems)
{
    if (last_dim > MAX_SHUFFLE || elems < 2 * (size_t)last_dim)
        return -1;
    int32_t first = m->rank;
    int64_t product = 1;
    while (first > 0 && product < last_dim)
        product *= m->dims[--first];
    bool inside = product == last_dim;
    for (int32_t i = 0; i < first; i++)
        inside = inside && m->perm[i] == i;
    return inside ? first : -1;
}

static zurt_status move(zc_layout *l, const zc_rep *r, const runs *m, int32_t rank,
                        const int32_t *order, const int32_t *dims, zi_id *out)
{
    const zi_tensor held = l->g->tensors[r->held];
    if (held.data)
        return move_const(l, r->held, m, rank, dims, out);
    int32_t first = rank > 0 ? last_axis_runs(m, dims[rank - 1], zi_tensor_elems(&held)) : -1;
    if (first >= 0)
        return move_within_last(l, r->held, m, first, rank, dims, out);
    // The plain Transpose of whole axes, where the stored tensor has these very axes.
    int32_t stored[ZURT_MAX_RANK], stored_dims[ZURT_MAX_RANK];
    zi_attr attr = no_attr;
    bool whole = r->n && r->axis[r->n - 1] + 1 == rank && zc_rep_axis_order(r, rank, stored);
    for (int32_t i = 0; i < rank && whole; i++) {
        whole = order[i] >= 0;
        for (int32_t k = 0; k < rank && whole; k++) {
            if (stored[k] == order[i]) {
                attr.perm.perm[i] = k;
                stored_dims[k] = dims[i];
            }
        }
    }
    if (whole && has_dims(&held, rank, stored_dims))
        return zc_layout_emit(l, ZI_OP_Transpose, r->held, "_transposed", &r->held, 1, &attr, out);
    zi_id in, moved;
    zurt_status st = zc_layout_view(l, r->held, m->rank, m->dims, &in);
    memcpy(attr.perm.perm, m->perm, (size_t)m->rank * sizeof(int32_t));
    if (!st)
        st = zc_layout_emit(l, ZI_OP_Transpose, r->held, "_transposed", &in, 1, &attr, &moved);
    return st ? st : zc_layout_view(l, moved, rank, dims, out);
}

zurt_status zc_layout_realise(zc_layout *l, const zc_rep *r, zi_id tensor, int32_t rank,
                              const int32_t *order, zi_id *out)
{
    const zi_tensor t = l->g->tensors[tensor];
    int32_t dims[ZURT_MAX_RANK];
    for (int32_t i = 0; i < rank; i++)
        dims[i] = order[i] < 0 ? 1 : t.dims[order[i]];
    uint8_t atoms[ZC_MAX_ATOMS];
    runs m = find_runs(r, atoms, zc_rep_atoms(r, rank, order, atoms));
    zi_id id = r->held;
    const zi_tensor held = l->g->tensors[r->held];
    zurt_status st = stays(&m) ? zc_layout_view(l, r->held, rank, dims, &id)
                               : move(l, r, &m, rank, order, dims, &id);
    if (st)
        return st;
    if (id != r->held && held.quant.n) {
        zi_quant q = held.quant;
        for (int32_t i = 0; i < rank && q.n > 1; i++) {
            if (order[i] == r->quant_axis)
                q.axis = i;
        }
        l->g->tensors[id].quant = q;
    }
    *out = id;
    int32_t stored[ZURT_MAX_RANK];
    const bool is_plain = rank == t.rank && !held.data && held.quant.n < 2;
    const bool is_moved = r == &l->reps[tensor] && !stays(&m);
    if (is_moved && is_plain &&
        !zc_rep_axis_order(r, rank, stored)) // scattered: for all its readers
        l->reps[tensor] = zc_rep_make(id, rank, t.dims, order);
    if (!r->dequantise)
        return ZURT_OK;
    return zc_layout_emit(l, ZI_OP_Dequantize, tensor, "", &id, 1, &no_attr, out);
}

zurt_status zc_layout_plain(zc_layout *l, zi_id tensor, zi_id *out)
{
    static const int32_t order[ZURT_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    return zc_layout_realise(l, &l->reps[tensor], tensor, l->g->tensors[tensor].rank, order, out);
}

zurt_status zc_layout_held(zc_layout *l, zi_id tensor, zi_id *out)
{
    zc_rep *r = &l->reps[tensor];
    zurt_status st = ZURT_OK;
    if (r->dequantise) {
        zi_id held = r->held;
        st = zc_layout_emit(l, ZI_OP_Dequantize, tensor, "", &held, 1, &no_attr, &r->held);
        r->dequantise = false;
    }
    *out = r->held;
    return st;
}
