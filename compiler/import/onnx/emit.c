/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX nodes become graph nodes here: shaped at once, and folded where all inputs are constant. */
#include <string.h>

#include "float/evaluator.h"
#include "import/onnx/importer.h"

/** Limits of folding. A small file can ask for any amount of memory and time (Expand, Tile, MatMul
 *  of constants); a node that would go beyond stays in the graph. Legitimate folding moves
 *  weights about and computes shapes and grids. */
#define ZC_FOLD_FILE_BYTES ((uint64_t)1 << 34) // what a file counts for; it may be sparse

void zc_fold_earn(zc_onnx *o, size_t file_bytes)
{
    uint64_t bytes = file_bytes < ZC_FOLD_FILE_BYTES ? file_bytes : ZC_FOLD_FILE_BYTES;
    o->fold_bytes += 4 * bytes;
    o->fold_work += 16 * bytes;
}

zurt_status zc_fold_spend(zc_onnx *o, uint64_t bytes)
{
    if (bytes > o->fold_bytes)
        return zi_fail(o->ctx, ZURT_E_LIMIT,
                       "constants that are computed or repeated need too much memory for a file of "
                       "this size");
    o->fold_bytes -= bytes;
    return ZURT_OK;
}

/* ---- who computes what --------------------------------------------------------------------- */

uint32_t zc_writer(const zc_onnx *o, zi_id id)
{
    return id < o->cap_origin && o->origin[id].node1 ? o->origin[id].node1 - 1 : ZI_NONE;
}

static bool is_fixed(const zc_onnx *o, zi_id id)
{
    return zi_tensor_is_const(&o->g->tensors[id]) || (id < o->cap_origin && o->origin[id].is_fixed);
}

/* What the outputs of a new node come from. */
static zurt_status set_origin(zc_onnx *o, const zi_node *n)
{
    zc_origin origin = {(uint32_t)(n - o->g->nodes) + 1, true};
    for (uint32_t i = 0; i < n->n_in; i++)
        origin.is_fixed = origin.is_fixed && (n->in[i] == ZI_NONE || is_fixed(o, n->in[i]));
    for (uint32_t i = 0; i < n->n_out; i++) {
        void *array = o->origin;
        while (n->out[i] >= o->cap_origin) {
            if (!zi_grow(&o->ctx->allocator, &array, &o->cap_origin, o->cap_origin,
                         sizeof(*o->origin)))
                return zc_no_memory(o);
            o->origin = array;
        }
        o->origin[n->out[i]] = origin;
    }
    return ZURT_OK;
}

/* ---- folding ------------------------------------------------------------------------------- */

/* First input that is not computed yet; ZI_NONE: there is none. */
static zi_id open_input(const zc_onnx *o, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE && !zi_tensor_is_const(&o->g->tensors[n->in[i]]))
            return n->in[i];
    }
    return ZI_NONE;
}

/* What multiply-accumulates and bytes do not show: windows, and boxes that are compared with each
 * other. At most 2^31 results of windows of 2^23, or 2^24 boxes squared. */
static uint64_t comparisons(const zi_graph *g, const zi_node *n)
{
    const zi_tensor *y = &g->tensors[n->out[0]];
    switch (n->op) {
    case ZI_OP_MaxPool:
    case ZI_OP_AveragePool:
    case ZI_OP_MaxPoolIndices:
        return zi_tensor_elems(y) * (uint64_t)n->attr.pool.kernel[0] *
               (uint64_t)n->attr.pool.kernel[1];
    case ZI_OP_NonMaxSuppression:
        return (uint64_t)y->dims[0] * (uint64_t)g->tensors[n->in[1]].dims[2];
    default:
        return 0;
    }
}

static zurt_status fold(zc_onnx *o, zi_node *n)
{
    uint64_t bytes = 0, work = zi_node_macs(o->g, n) + comparisons(o->g, n);
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] != ZI_NONE)
            work += zi_tensor_bytes(&o->g->tensors[n->in[i]]);
    }
    for (uint32_t i = 0; i < n->n_out; i++)
        bytes += zi_tensor_bytes(&o->g->tensors[n->out[i]]);
    work += bytes;
    if (bytes > o->fold_bytes || work > o->fold_work)
        return ZURT_OK;
    o->fold_bytes -= bytes;
    o->fold_work -= work;
    zurt_status st = zc_fold_node(o->ctx, o->g, n);
    return st == ZURT_E_UNSUPPORTED ? ZURT_OK : st; // then it stays and is judged with the rest
}

static zurt_status push(zc_onnx *o, size_t depth, uint32_t node)
{
    void *array = o->pending;
    if (depth == o->cap_pending &&
        !zi_grow(&o->ctx->allocator, &array, &o->cap_pending, depth, sizeof(*o->pending)))
        return zc_no_memory(o);
    o->pending = array;
    o->pending[depth] = node;
    return ZURT_OK;
}

/* Nodes that finish() leaves alone stand between: Dequantize, and what reads one. */
zurt_status zc_fold(zc_onnx *o, zi_id id)
{
    if (zi_tensor_is_const(&o->g->tensors[id]) || !is_fixed(o, id))
        return ZURT_OK;
    size_t depth = 0;
    zurt_status st = push(o, depth++, zc_writer(o, id));
    while (!st && depth > 0) {
        zi_node *n = &o->g->nodes[o->pending[depth - 1]];
        zi_id open = open_input(o, n);
        if (open != ZI_NONE) {
            st = push(o, depth++, zc_writer(o, open));
            continue;
        }
        st = fold(o, n);
        if (!zi_tensor_is_const(&o->g->tensors[n->out[0]]))
            break; // too large, or nothing computes it
        depth--;
    }
    return st;
}

/* ---- nodes --------------------------------------------------------------------------------- */

/* Moved values keep their meaning: outputs take over the parameters of the one data input. */
static zurt_status pass_quant_on(zc_onnx *o, const zi_node *n)
{
    const zi_tensor *x = &o->g->tensors[n->in[0]];
    if (!zi_op_has(n->op, ZI_OPF_MOVE) || n->op == ZI_OP_Concat || x->quant.n != 1)
        return ZURT_OK;
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n->n_out && !st; i++) {
        const zi_quant q = o->g->tensors[n->in[0]].quant;
        st = zi_graph_set_quant(o->ctx, o->g, n->out[i], 1, 0, q.scale, q.zero_point);
    }
    return st;
}

static zurt_status finish(zc_onnx *o, zi_node *n)
{
    zurt_status st = zi_node_infer(o->ctx, o->g, n);
    if (!st)
        st = pass_quant_on(o, n);
    if (!st)
        st = set_origin(o, n);
    bool quantises = n->op == ZI_OP_Quantize || n->op == ZI_OP_Dequantize;
    return !st && !quantises && open_input(o, n) == ZI_NONE ? fold(o, n) : st;
}

static zurt_status node_name(zc_onnx *o, const char *tag, const char **out)
{
    *out = tag ? zi_arena_printf(&o->scratch, "%s.%s", o->name, tag) : o->name;
    return *out ? ZURT_OK : zc_no_memory(o);
}

static zurt_status add_tensor(zc_onnx *o, zi_id *out)
{
    const char *name = zi_arena_printf(&o->scratch, "%s:%u", o->name, (unsigned)o->n_emitted++);
    return name ? zi_graph_add_tensor(o->ctx, o->g, name, out) : zc_no_memory(o);
}

static zurt_status add_node(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr,
                            const zi_id *in, uint32_t n_in, const zi_id *out, uint32_t n_out)
{
    const char *name;
    zi_node *n = NULL;
    zurt_status st = node_name(o, tag, &name);
    if (!st)
        st = zi_graph_add_node(o->ctx, o->g, op, name, in, n_in, out, n_out, &n);
    if (st)
        return st;
    if (attr)
        n->attr = *attr;
    if (o->note) {
        n->note = zi_arena_strdup(&o->g->arena, o->note);
        if (!n->note) {
            n->note = "";
            return zc_no_memory(o);
        }
    }
    return finish(o, n);
}

zurt_status zc_emit(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr, const zi_id *in,
                    uint32_t n_in, zi_id *out)
{
    zi_id made;
    zurt_status st = add_tensor(o, &made);
    if (!st)
        st = add_node(o, op, tag, attr, in, n_in, &made, 1);
    if (!st)
        *out = made;
    return st;
}

zurt_status zc_emit1(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr, zi_id x,
                     zi_id *out)
{
    return zc_emit(o, op, tag, attr, &x, 1, out);
}

zurt_status zc_emit2(zc_onnx *o, zi_op op, const char *tag, zi_id a, zi_id b, zi_id *out)
{
    const zi_id in[2] = {a, b};
    return zc_emit(o, op, tag, NULL, in, 2, out);
}

zurt_status zc_emit_outputs(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr,
                            const zi_id *in, uint32_t n_in, zi_id *out, uint32_t n_out)
{
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n_out && !st; i++)
        st = add_tensor(o, &out[i]);
    return st ? st : add_node(o, op, tag, attr, in, n_in, out, n_out);
}

zurt_status zc_emit_split(zc_onnx *o, int32_t axis, zi_id x, const int32_t *sizes, uint32_t n_out,
                          zi_id *out)
{
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < n_out && !st; i++) {
        st = add_tensor(o, &out[i]);
        if (st)
            break;
        const zi_tensor *from = &o->g->tensors[x];
        zi_tensor *t = &o->g->tensors[out[i]];
        t->dtype = from->dtype;
        t->rank = from->rank;
        memcpy(t->dims, from->dims, sizeof(t->dims));
        t->dims[axis] = sizes[i];
    }
    zi_attr attr = {.axis.axis = axis};
    return st ? st : add_node(o, ZI_OP_Split, NULL, &attr, &x, 1, out, n_out);
}

zurt_status zc_emit_reshape(zc_onnx *o, const char *tag, zi_id x, int32_t rank, const int32_t *dims,
                            zi_id *out)
{
    zi_attr attr = {.shape.rank = rank};
    if (rank)
        memcpy(attr.shape.dims, dims, (size_t)rank * sizeof(*dims));
    return zc_emit1(o, ZI_OP_Reshape, tag, &attr, x, out);
}

zurt_status zc_emit_rows(zc_onnx *o, zi_id x, int32_t axis, zi_id *out)
{
    const zi_tensor *t = &o->g->tensors[x];
    int64_t flat[2] = {1, 1};
    for (int32_t i = 0; i < t->rank; i++)
        flat[i >= axis] *= t->dims[i];
    if (flat[0] > ZI_MAX_DIM || flat[1] > ZI_MAX_DIM)
        return zc_fail(o, ZURT_E_LIMIT, "a row of %lld elements", (long long)flat[1]);
    const int32_t dims[2] = {(int32_t)flat[0], (int32_t)flat[1]};
    return zc_emit_reshape(o, "rows", x, 2, dims, out);
}

/* The same constant, permuted, with its quantised axis moved along; then dequantised again. */
static zurt_status transpose_weights(zc_onnx *o, const char *tag, zi_id source, const zi_attr *attr,
                                     zi_id *out)
{
    zi_id plain, moved = ZI_NONE;
    const zi_tensor t = o->g->tensors[source];
    const zi_quant q = t.quant;
    zurt_status st =
        zi_graph_add_const(o->ctx, o->g, t.name, t.dtype, t.rank, t.dims, t.data, &plain, NULL);
    if (!st) // as plain numbers: scales of an axis do not pass through a Transpose
        st = zc_emit1(o, ZI_OP_Transpose, tag, attr, plain, &moved);
    if (st)
        return st;
    int32_t axis = 0;
    for (int32_t i = 0; i < t.rank && q.n > 1; i++) {
        if (attr->perm.perm[i] == q.axis)
            axis = i;
    }
    st = zi_graph_set_quant(o->ctx, o->g, moved, q.n, axis, q.scale, q.zero_point);
    return st ? st : zc_emit1(o, ZI_OP_Dequantize, tag, NULL, moved, out);
}

zurt_status zc_emit_transpose(zc_onnx *o, const char *tag, zi_id x, const int32_t *perm, zi_id *out)
{
    zi_attr attr = {0};
    int32_t rank = o->g->tensors[x].rank;
    if (rank)
        memcpy(attr.perm.perm, perm, (size_t)rank * sizeof(*perm));
    zi_id source;
    if (!zi_tensor_is_const(&o->g->tensors[x]) && zc_is_weights(o, x, &source))
        return transpose_weights(o, tag, source, &attr, out);
    return zc_emit1(o, ZI_OP_Transpose, tag, &attr, x, out);
}

zurt_status zc_emit_cast(zc_onnx *o, const char *tag, zi_id x, zurt_dtype to, zi_id *out)
{
    *out = x;
    if (o->g->tensors[x].dtype == to)
        return ZURT_OK;
    zi_attr attr = {.axis.axis = (int32_t)to};
    return zc_emit1(o, ZI_OP_Cast, tag, &attr, x, out);
}

zurt_status zc_emit_reduce(zc_onnx *o, zi_op op, const char *tag, zi_id x, uint32_t axes,
                           bool keep_dims, zi_id *out)
{
    zi_attr attr = {.reduce = {axes, keep_dims}};
    return zc_emit1(o, op, tag, &attr, x, out);
}

/* ---- layout -------------------------------------------------------------------------------- */

zurt_status zc_to_nhwc(zc_onnx *o, zi_id x, zi_id *out)
{
    const zi_tensor t = o->g->tensors[x];
    zurt_status st = ZURT_OK;
    if (t.rank != 3 && t.rank != 4)
        return zc_fail(o, ZURT_E_UNSUPPORTED,
                       "%d spatial axes: zurt takes 1 or 2; reshape to [N,C,H,W]",
                       (int)(t.rank < 2 ? 0 : t.rank - 2));
    if (t.rank == 3) {
        const int32_t dims[4] = {t.dims[0], t.dims[1], 1, t.dims[2]};
        st = zc_emit_reshape(o, "to_2d", x, 4, dims, &x);
    }
    static const int32_t perm[4] = {0, 2, 3, 1};
    return st ? st : zc_emit_transpose(o, "to_nhwc", x, perm, out);
}

zurt_status zc_from_nhwc(zc_onnx *o, zi_id x, int32_t rank, zi_id *out)
{
    static const int32_t perm[4] = {0, 3, 1, 2};
    zurt_status st = zc_emit_transpose(o, "to_nchw", x, perm, out);
    if (st || rank == 4)
        return st;
    const zi_tensor t = o->g->tensors[*out];
    const int32_t dims[3] = {t.dims[0], t.dims[1], t.dims[3]};
    return zc_emit_reshape(o, "to_1d", *out, 3, dims, out);
}
