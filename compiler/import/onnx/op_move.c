/* SPDX-License-Identifier: Apache-2.0 */
/* Values moved about. Ref: ONNX Concat-13, Split-18, Slice-13, Pad-19, Transpose-13, Gather-13,
 * Tile-13, DepthToSpace-13, SpaceToDepth-13. */
#include <math.h>
#include <string.h>

#include "base/whole.h"
#include "import/onnx/importer.h"

zurt_status zc_op_concat(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id out;
    for (uint32_t i = 0; i < o->n_in; i++) {
        if (!zc_has(o, i))
            return zc_fail(o, ZURT_E_FORMAT, "input %u is missing", (unsigned)i);
    }
    if (!zc_attr(o, "axis"))
        return zc_fail(o, ZURT_E_FORMAT, "attribute 'axis' is missing");
    zurt_status st = zc_attr_axis(o, "axis", 0, zc_input(o, 0)->rank, &attr.axis.axis);
    if (!st)
        st = zc_emit(o, ZI_OP_Concat, NULL, &attr, o->in, o->n_in, &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- Split --------------------------------------------------------------------------------- */

static zurt_status split_sizes(zc_onnx *o, int32_t dim, int32_t *sizes)
{
    int64_t *list = zi_arena_calloc(&o->scratch, o->n_out, sizeof(*list));
    size_t n;
    bool given;
    if (!list)
        return zc_no_memory(o);
    zurt_status st = zc_ints(o, 1, 13, "split", o->n_out, list, &n, &given);
    if (st)
        return st;
    if (given && n != o->n_out)
        return zc_fail(o, ZURT_E_FORMAT, "%zu sizes for %u outputs", n, (unsigned)o->n_out);
    int64_t part = zi_ceil_div64(dim, o->n_out), sum = 0;
    for (uint32_t i = 0; i < o->n_out; i++) {
        int64_t left = dim - sum;
        int64_t size = given ? list[i] : (part < left ? part : left);
        if (size < 0 || size > left)
            return zc_fail(o, ZURT_E_FORMAT, "parts do not add up to the axis of %d", (int)dim);
        sizes[i] = (int32_t)size;
        sum += size;
    }
    if (sum != dim || (!given && o->opset < 18 && dim % (int32_t)o->n_out))
        return zc_fail(o, ZURT_E_FORMAT, "parts do not add up to the axis of %d", (int)dim);
    return ZURT_OK;
}

zurt_status zc_op_split(zc_onnx *o)
{
    int32_t axis = 0;
    int32_t *sizes = zi_arena_calloc(&o->scratch, o->n_out, sizeof(*sizes));
    zi_id *out = zi_arena_calloc(&o->scratch, o->n_out, sizeof(*out));
    if (!sizes || !out)
        return zc_no_memory(o);
    zurt_status st = zc_attr_expect(o, "num_outputs", o->n_out, "it must be the number of outputs");
    if (!st)
        st = zc_attr_axis(o, "axis", 0, zc_input(o, 0)->rank, &axis);
    if (!st)
        st = split_sizes(o, zc_input(o, 0)->dims[axis], sizes);
    if (!st)
        st = zc_emit_split(o, axis, o->in[0], sizes, o->n_out, out);
    for (uint32_t i = 0; i < o->n_out && !st; i++)
        st = zc_define(o, i, out[i]);
    return st;
}

/* ---- Slice --------------------------------------------------------------------------------- */

typedef struct ranges {
    int64_t start[ZURT_MAX_RANK], end[ZURT_MAX_RANK], step[ZURT_MAX_RANK];
    int64_t axes[ZURT_MAX_RANK];
    size_t n;
} ranges;

static zurt_status read_ranges(zc_onnx *o, ranges *r)
{
    size_t n_end, n_axes, n_step;
    bool given_start, given_end, given_axes, given_step;
    const size_t max = ZURT_MAX_RANK;
    zurt_status st = zc_ints(o, 1, 10, "starts", max, r->start, &r->n, &given_start);
    if (!st)
        st = zc_ints(o, 2, 10, "ends", max, r->end, &n_end, &given_end);
    if (!st)
        st = zc_ints(o, 3, 10, "axes", max, r->axes, &n_axes, &given_axes);
    if (!st)
        st = zc_ints(o, 4, 10, "steps", max, r->step, &n_step, &given_step);
    if (st)
        return st;
    const bool ends_fit = given_start && given_end && n_end == r->n;
    const bool axes_fit = !given_axes || n_axes == r->n, steps_fit = !given_step || n_step == r->n;
    if (!ends_fit || !axes_fit || !steps_fit)
        return zc_fail(o, ZURT_E_FORMAT, "starts, ends, axes and steps differ in number");
    for (size_t i = 0; i < r->n; i++) {
        if (!given_axes)
            r->axes[i] = (int64_t)i;
        if (!given_step)
            r->step[i] = 1;
    }
    return ZURT_OK;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* One axis of `dim` elements. Ends may lie anywhere; they are clamped to the axis. */
static void slice_axis(int64_t dim, int64_t start, int64_t end, int64_t step, zi_attr_slice *a,
                       int32_t axis)
{
    int64_t count = 0;
    if (step > 0) {
        start = clamp(start < 0 ? start + dim : start, 0, dim);
        end = clamp(end < 0 ? end + dim : end, 0, dim);
        if (end > start)
            count = (end - start - 1) / step + 1;
    } else {
        start = clamp(start < 0 ? start + dim : start, -1, dim - 1);
        end = clamp(end < 0 ? end + dim : end, -1, dim - 1);
        if (end < start)
            count = (start - end - 1) / -step + 1;
    }
    a->count[axis] = (int32_t)count;
    a->start[axis] = count ? (int32_t)start : 0;
    a->step[axis] = (int32_t)clamp(step, -ZI_MAX_DIM, ZI_MAX_DIM); // beyond any axis anyway
}

zurt_status zc_op_slice(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    ranges r = {0};
    zi_attr attr = {0};
    zi_id out;
    uint32_t seen = 0;
    zurt_status st = read_ranges(o, &r);
    for (int32_t i = 0; i < x.rank; i++) {
        attr.slice.step[i] = 1;
        attr.slice.count[i] = x.dims[i];
    }
    for (size_t i = 0; i < r.n && !st; i++) {
        int32_t axis;
        st = zc_axis(o, r.axes[i], x.rank, &axis);
        if (!st && (r.step[i] == 0 || r.step[i] == INT64_MIN || (seen >> axis & 1)))
            st = zc_fail(o, ZURT_E_FORMAT, "step 0, or axis %d given twice", (int)axis);
        if (!st)
            slice_axis(x.dims[axis], r.start[i], r.end[i], r.step[i], &attr.slice, axis);
        seen |= st ? 0 : 1u << axis;
    }
    if (!st)
        st = zc_emit1(o, ZI_OP_Slice, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- Pad ----------------------------------------------------------------------------------- */

static zurt_status pad_mode(zc_onnx *o, zi_pad_mode *out)
{
    int mode = ZI_PAD_CONSTANT;
    zurt_status st = zc_attr_choice(o, "mode", "constant", zi_pad_mode_words, &mode);
    *out = (zi_pad_mode)mode;
    return st;
}

static zurt_status pad_axes(zc_onnx *o, int32_t rank, int32_t *axes, size_t *n)
{
    int64_t list[ZURT_MAX_RANK];
    *n = 0;
    for (int32_t i = 0; i < rank; i++)
        axes[i] = i;
    if (!zc_has(o, 3)) {
        *n = (size_t)rank;
        return ZURT_OK;
    }
    zurt_status st = zc_const_ints(o, 3, ZURT_MAX_RANK, list, n);
    for (size_t i = 0; i < *n && !st; i++)
        st = zc_axis(o, list[i], rank, &axes[i]);
    return st;
}

zurt_status zc_op_pad(zc_onnx *o)
{
    int32_t rank = zc_input(o, 0)->rank, axes[ZURT_MAX_RANK];
    int64_t pads[2 * ZURT_MAX_RANK];
    size_t n_pads, n = 0;
    bool given;
    zi_attr attr = {0};
    zi_id out;
    zurt_status st = pad_mode(o, &attr.pad.mode);
    if (!st)
        st = zc_ints(o, 1, 11, "pads", 2 * ZURT_MAX_RANK, pads, &n_pads, &given);
    if (!st)
        st = pad_axes(o, rank, axes, &n);
    if (!st && (!given || n_pads != 2 * n))
        st = zc_fail(o, ZURT_E_FORMAT, "%zu pads for %zu axes", n_pads, n);
    if (!st && o->opset < 11)
        st = zc_attr_float(o, "value", 0.0f, &attr.pad.value);
    else if (!st && zc_has(o, 2))
        st = zc_const_float(o, 2, &attr.pad.value);
    for (size_t i = 0; i < n && !st; i++) {
        int64_t before = pads[i], after = pads[n + i];
        if (before < -ZI_MAX_DIM || before > ZI_MAX_DIM || after < -ZI_MAX_DIM ||
            after > ZI_MAX_DIM)
            st = zc_fail(o, ZURT_E_LIMIT, "padding of %lld and %lld", (long long)before,
                         (long long)after);
        attr.pad.before[axes[i]] = (int32_t)before;
        attr.pad.after[axes[i]] = (int32_t)after;
    }
    if (!st)
        st = zc_emit1(o, ZI_OP_Pad, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* ---- Transpose, Gather, Tile, DepthToSpace ------------------------------------------------- */

zurt_status zc_op_transpose(zc_onnx *o)
{
    int32_t rank = zc_input(o, 0)->rank, perm[ZURT_MAX_RANK];
    const int64_t *list;
    size_t n;
    uint32_t seen = 0;
    zi_id out;
    zurt_status st = zc_attr_ints(o, "perm", &list, &n);
    if (st)
        return st;
    if (list && n != (size_t)rank)
        return zc_fail(o, ZURT_E_FORMAT, "perm of %zu axes for rank %d", n, (int)rank);
    for (int32_t i = 0; i < rank && !st; i++) {
        st = zc_axis(o, list ? list[i] : rank - 1 - i, rank, &perm[i]);
        seen |= 1u << perm[i];
    }
    if (!st && seen != (1u << rank) - 1)
        st = zc_fail(o, ZURT_E_FORMAT, "perm names an axis twice");
    if (!st)
        st = zc_emit_transpose(o, NULL, o->in[0], perm, &out);
    return st ? st : zc_define(o, 0, out);
}

/* Constant indices: counted from the start, and inside the axis. */
static zurt_status check_indices(zc_onnx *o, int32_t dim, zi_id *indices)
{
    const zi_tensor t = o->g->tensors[*indices];
    if (!zi_tensor_is_const(&t))
        return ZURT_OK;
    size_t n = zi_tensor_elems(&t);
    const int64_t *from = t.data;
    bool negative = false;
    for (size_t i = 0; i < n; i++) {
        if (from[i] < -(int64_t)dim || from[i] >= dim)
            return zc_fail(o, ZURT_E_FORMAT, "index %lld of an axis of %d", (long long)from[i],
                           (int)dim);
        negative = negative || from[i] < 0;
    }
    if (!negative)
        return ZURT_OK;
    void *data;
    zurt_status st =
        zi_graph_add_const(o->ctx, o->g, o->name, ZURT_S64, t.rank, t.dims, NULL, indices, &data);
    for (size_t i = 0; i < n && !st; i++)
        ((int64_t *)data)[i] = from[i] < 0 ? from[i] + dim : from[i];
    return st;
}

zurt_status zc_op_gather(zc_onnx *o)
{
    zi_attr attr = {0};
    zi_id in[2] = {o->in[0], o->in[1]}, out;
    zurt_dtype dtype = zc_input(o, 1)->dtype;
    if (dtype != ZURT_S64 && dtype != ZURT_S32)
        return zc_fail(o, ZURT_E_FORMAT, "indices of type %s", zurt_dtype_name(dtype));
    zurt_status st = zc_attr_axis(o, "axis", 0, zc_input(o, 0)->rank, &attr.axis.axis);
    if (!st)
        st = zc_emit_cast(o, "indices", in[1], ZURT_S64, &in[1]);
    if (!st)
        st = check_indices(o, zc_input(o, 0)->dims[attr.axis.axis], &in[1]);
    if (!st)
        st = zc_emit(o, ZI_OP_Gather, NULL, &attr, in, 2, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_tile(zc_onnx *o)
{
    const zi_tensor x = *zc_input(o, 0);
    int64_t repeats[ZURT_MAX_RANK];
    size_t n;
    zi_attr attr = {.shape.rank = x.rank};
    zi_id out;
    zurt_status st = zc_const_ints(o, 1, ZURT_MAX_RANK, repeats, &n);
    if (!st && n != (size_t)x.rank)
        st = zc_fail(o, ZURT_E_FORMAT, "%zu repeats for rank %d", n, (int)x.rank);
    for (size_t i = 0; i < n && !st; i++) {
        if (repeats[i] < 0 || repeats[i] > ZI_MAX_DIM ||
            repeats[i] * x.dims[i] > (int64_t)ZI_MAX_DIM)
            st = zc_fail(o, ZURT_E_LIMIT, "%lld repeats of %d", (long long)repeats[i],
                         (int)x.dims[i]);
        attr.shape.dims[i] = (int32_t)(st ? 0 : repeats[i] * x.dims[i]);
    }
    if (!st)
        st = zc_emit1(o, ZI_OP_Tile, NULL, &attr, o->in[0], &out);
    return st ? st : zc_define(o, 0, out);
}

/* DepthToSpace and SpaceToDepth. */
zurt_status zc_op_depth_space(zc_onnx *o)
{
    zi_attr attr = {0};
    const char *mode = NULL;
    zi_id x, out;
    if (zc_input(o, 0)->rank != 4)
        return zc_fail(o, ZURT_E_FORMAT, "input of rank %d, not 4", (int)zc_input(o, 0)->rank);
    zurt_status st = zc_attr_int32(o, "blocksize", 0, 1, ZI_MAX_DIM, &attr.axis.axis);
    if (!st)
        st = zc_attr_string(o, "mode", "DCR", &mode);
    if (!st && attr.axis.axis < 1)
        st = zc_fail(o, ZURT_E_FORMAT, "attribute 'blocksize' is missing");
    if (st)
        return st;
    bool crd = strcmp(mode, "CRD") == 0;
    if ((!crd && strcmp(mode, "DCR") != 0) || (crd && o->row->op != ZI_OP_DepthToSpace))
        return zc_fail(o, ZURT_E_UNSUPPORTED, "mode '%.40s'; export with mode DCR", mode);
    attr.axis.keep_dims = crd;
    st = zc_to_nhwc(o, o->in[0], &x);
    if (!st)
        st = zc_emit1(o, o->row->op, NULL, &attr, x, &out);
    if (!st)
        st = zc_from_nhwc(o, out, 4, &out);
    return st ? st : zc_define(o, 0, out);
}
