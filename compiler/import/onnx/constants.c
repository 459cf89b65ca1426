/* SPDX-License-Identifier: Apache-2.0 */
/* What translators learn from constant inputs. */
#include <math.h>
#include <string.h>

#include "import/onnx/importer.h"

bool zc_is_weights(const zc_onnx *o, zi_id id, zi_id *source)
{
    zi_id from = id;
    uint32_t writer = zc_writer(o, id);
    if (!zi_tensor_is_const(&o->g->tensors[id]) && writer != ZI_NONE &&
        o->g->nodes[writer].op == ZI_OP_Dequantize)
        from = o->g->nodes[writer].in[0];
    if (source)
        *source = from;
    return zi_tensor_is_const(&o->g->tensors[from]);
}

/* A graph input that `id` depends on; ZI_NONE: there is none. For messages: not fast. */
static zi_id find_input_behind(const zc_onnx *o, zi_id id)
{
    for (size_t depth = 0; depth <= o->g->n_nodes; depth++) {
        uint32_t writer = zc_writer(o, id);
        if (writer == ZI_NONE)
            return zi_tensor_is_const(&o->g->tensors[id]) ? ZI_NONE : id;
        const zi_node *n = &o->g->nodes[writer];
        zi_id next = ZI_NONE;
        for (uint32_t i = 0; i < n->n_in && next == ZI_NONE; i++) {
            if (n->in[i] != ZI_NONE && !zi_tensor_is_const(&o->g->tensors[n->in[i]]))
                next = n->in[i];
        }
        if (next == ZI_NONE)
            return ZI_NONE;
        id = next;
    }
    return ZI_NONE;
}

zurt_status zc_need_const(zc_onnx *o, uint32_t i)
{
    zurt_status st = zc_fold(o, o->in[i]);
    if (st || zi_tensor_is_const(zc_input(o, i)))
        return st;
    zi_id input = find_input_behind(o, o->in[i]);
    if (input == ZI_NONE)
        return zc_fail(o, ZURT_E_LIMIT,
                       "its operand %u is constant but too large to compute at import",
                       (unsigned)i);
    return zc_fail(o, ZURT_E_UNSUPPORTED,
                   "input '%.80s' must be constant; freeze it when importing, or export the model "
                   "with fixed shapes and weights",
                   o->g->tensors[input].name);
}

static int64_t read_int(const zi_tensor *t, size_t i)
{
    switch (t->dtype) {
    case ZURT_S64:
        return ((const int64_t *)t->data)[i];
    case ZURT_S32:
        return ((const int32_t *)t->data)[i];
    case ZURT_S8:
        return ((const int8_t *)t->data)[i];
    default:
        return ((const uint8_t *)t->data)[i];
    }
}

zurt_status zc_const_ints(zc_onnx *o, uint32_t i, size_t max, int64_t *out, size_t *n)
{
    *n = 0;
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    size_t count = zi_tensor_elems(t);
    if (t->dtype == ZURT_F32 || t->rank > 1 || count > max)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must be a list of at most %zu integers",
                       (unsigned)i, max);
    for (size_t k = 0; k < count; k++)
        out[k] = read_int(t, k);
    *n = count;
    return ZURT_OK;
}

zurt_status zc_ints(zc_onnx *o, uint32_t i, int64_t since, const char *name, size_t max,
                    int64_t *out, size_t *n, bool *given)
{
    *n = 0;
    *given = o->opset >= since ? zc_has(o, i) : zc_attr(o, name) != NULL;
    if (!*given)
        return ZURT_OK;
    if (o->opset >= since)
        return zc_const_ints(o, i, max, out, n);
    const int64_t *values;
    zurt_status st = zc_attr_ints(o, name, &values, n);
    if (!st && *n > max)
        st = zc_fail(o, ZURT_E_FORMAT, "attribute '%s' has %zu values, at most %zu fit", name, *n,
                     max);
    if (!st && *n)
        memcpy(out, values, *n * sizeof(*out));
    return st;
}

zurt_status zc_const_float(zc_onnx *o, uint32_t i, float *out)
{
    zurt_status st = zc_need_const(o, i);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, i);
    if (zi_tensor_elems(t) != 1)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must be one number", (unsigned)i);
    if (t->dtype == ZURT_F32) {
        *out = *(const float *)t->data;
        return ZURT_OK;
    }
    int64_t value = read_int(t, 0);
    *out = (float)value;
    if (value < -(1 << 24) || value > 1 << 24)
        return zc_fail(o, ZURT_E_UNSUPPORTED, "input %u is %lld, beyond what a float holds exactly",
                       (unsigned)i, (long long)value);
    return ZURT_OK;
}

zurt_status zc_const_f32(zc_onnx *o, int32_t rank, const int32_t *dims, zi_id *out, float **data)
{
    void *p = NULL;
    uint64_t bytes = sizeof(float); // dims are those of tensors, or lists of the file
    for (int32_t i = 0; i < rank; i++)
        bytes *= (uint64_t)dims[i];
    zurt_status st = zc_fold_spend(o, bytes);
    if (!st)
        st = zi_graph_add_const(o->ctx, o->g, o->name, ZURT_F32, rank, dims, NULL, out, &p);
    *data = p;
    return st;
}

zurt_status zc_const_scalar(zc_onnx *o, float value, zi_id *out)
{
    float *data;
    zurt_status st = zc_const_f32(o, 0, NULL, out, &data);
    if (!st)
        *data = value;
    return st;
}

zurt_status zc_const_like(zc_onnx *o, zi_id like, int32_t value, zi_id *out)
{
    zurt_dtype dtype = o->g->tensors[like].dtype;
    void *p = NULL;
    zurt_status st = zi_graph_add_const(o->ctx, o->g, o->name, dtype, 0, NULL, NULL, out, &p);
    if (st)
        return st;
    if (dtype == ZURT_F32)
        *(float *)p = (float)value;
    else if (dtype == ZURT_S64)
        *(int64_t *)p = value;
    else if (dtype == ZURT_S32)
        *(int32_t *)p = value;
    else
        *(uint8_t *)p = (uint8_t)value;
    return ZURT_OK;
}
