/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX MaxPool-12, AveragePool-19, GlobalAveragePool-1, GlobalMaxPool-1. */
#include <string.h>

#include "import/onnx/importer.h"

/* Where the values come from: counted in the input as ONNX sees it. */
static zurt_status indices(zc_onnx *o, zi_attr attr, zi_id x, int32_t rank)
{
    zi_id out;
    zurt_status st = zc_attr_bool(o, "storage_order", false, &attr.pool.column_major);
    if (!st)
        st = zc_emit1(o, ZI_OP_MaxPoolIndices, "indices", &attr, x, &out);
    if (!st)
        st = zc_from_nhwc(o, out, rank, &out);
    return st ? st : zc_define(o, 1, out);
}

static zurt_status pool(zc_onnx *o, zi_op op)
{
    zc_window w;
    zi_attr attr = {0};
    zurt_status st = zc_window_read(o, o->in[0], NULL, &w);
    if (st)
        return st;
    memcpy(attr.pool.kernel, w.kernel, sizeof(w.kernel));
    memcpy(attr.pool.stride, w.stride, sizeof(w.stride));
    memcpy(attr.pool.dilation, w.dilation, sizeof(w.dilation));
    memcpy(attr.pool.pad, w.pad, sizeof(w.pad));
    zc_attr_harmless(o, "storage_order"); // of the indices
    st = zc_attr_bool(o, "ceil_mode", false, &attr.pool.ceil_mode);
    if (!st)
        st = zc_attr_bool(o, "count_include_pad", false, &attr.pool.count_include_pad);
    if (!st && op == ZI_OP_AveragePool && (w.dilation[0] != 1 || w.dilation[1] != 1))
        st = zc_fail(o, ZURT_E_UNSUPPORTED, "dilated average; export it as a convolution");
    int32_t rank = zc_input(o, 0)->rank;
    zi_id x, out;
    if (!st)
        st = zc_to_nhwc(o, o->in[0], &x);
    if (!st && zc_is_used(o, 1))
        st = indices(o, attr, x, rank);
    if (!st)
        st = zc_emit1(o, op, NULL, &attr, x, &out);
    if (!st)
        st = zc_from_nhwc(o, out, rank, &out);
    return st ? st : zc_define(o, 0, out);
}

zurt_status zc_op_max_pool(zc_onnx *o)
{
    return pool(o, ZI_OP_MaxPool);
}

zurt_status zc_op_average_pool(zc_onnx *o)
{
    return pool(o, ZI_OP_AveragePool);
}

zurt_status zc_op_global_pool(zc_onnx *o)
{
    int32_t rank = zc_input(o, 0)->rank;
    if (rank < 3)
        return zc_fail(o, ZURT_E_FORMAT, "input of rank %d has no spatial axes", (int)rank);
    zi_id out;
    uint32_t axes = ((1u << rank) - 1) & ~3u;
    zurt_status st = zc_emit_reduce(o, o->row->op, NULL, o->in[0], axes, true, &out);
    return st ? st : zc_define(o, 0, out);
}
