/* SPDX-License-Identifier: Apache-2.0 */
/* Transposes of the ONNX model: where NHWC values meet ops that want NCHW. */
#include "emit/onnx_layout.h"

#include <math.h>
#include <string.h>

#include "quant/scale.h"

const int32_t zo_to_nchw[4] = {0, 3, 1, 2};
const int32_t zo_to_nhwc[4] = {0, 2, 3, 1};

int32_t zo_axis(bool nchw, int32_t axis)
{
    return nchw ? zo_to_nhwc[axis] : axis; // where NCHW has that axis
}

bool zo_is_nchw(const zo_builder *b, zi_id id)
{
    return b->values[id].real_nchw && !b->values[id].real;
}

bool zo_prefers_nchw(const zo_builder *b, const zi_node *n)
{
    bool any = false;
    for (uint32_t i = 0; i < n->n_in; i++) {
        const zi_tensor *t = n->in[i] == ZI_NONE ? NULL : &b->g->tensors[n->in[i]];
        if (!t || (zi_tensor_is_const(t) && t->rank <= 4))
            continue;
        if (t->rank != 4)
            return false;
        any |= zo_is_nchw(b, n->in[i]);
    }
    return any && b->g->tensors[n->out[0]].rank == 4;
}

const void *zo_permuted(zo_builder *b, const void *data, size_t elem_bytes, const int32_t *dims,
                        const int32_t *perm, int32_t rank)
{
    size_t elems = 1, step[ZURT_MAX_RANK], at = 0;
    int32_t index[ZURT_MAX_RANK] = {0};
    for (int32_t i = rank - 1; i >= 0; i--) {
        step[i] = elems;
        elems *= (size_t)dims[i];
    }
    uint8_t *out = zo_alloc(b, elems, elem_bytes);
    for (size_t e = 0; out && e < elems; e++) {
        memcpy(out + e * elem_bytes, (const uint8_t *)data + at * elem_bytes, elem_bytes);
        for (int32_t i = rank - 1; i >= 0; i--) { // next index, last axis first
            at += step[perm[i]];
            if (++index[i] < dims[perm[i]])
                break;
            at -= (size_t)index[i] * step[perm[i]];
            index[i] = 0;
        }
    }
    return out;
}

static const char *constant(zo_builder *b, zi_id id, bool nchw)
{
    const zi_tensor *t = &b->g->tensors[id];
    const char *base = b->values[id].base; // itself: an output that is constant has its name then
    if (nchw)
        base = zo_name(b, "%s~nchw", base);
    int32_t rank = t->rank, dims[ZURT_MAX_RANK], axis = t->quant.axis;
    const void *data = t->data;
    memcpy(dims, t->dims, sizeof(dims));
    if (nchw) {
        int32_t full[4] = {1, 1, 1, 1};
        for (int32_t i = 0; i < t->rank; i++)
            full[4 - t->rank + i] = t->dims[i];
        for (int32_t i = 0; i < 4; i++)
            dims[i] = full[zo_to_nchw[i]];
        data = zo_permuted(b, t->data, zurt_dtype_bytes(t->dtype), full, zo_to_nchw, 4);
        if (t->quant.n > 1) // a scalar has no axis
            axis = zo_axis(true, axis + 4 - t->rank);
        rank = 4;
    }
    if (!zi_tensor_is_quantised(t))
        return zo_tensor(b, base, t->dtype, dims, rank, data);
    const char *q = zo_tensor(b, zo_name(b, "%s~q", base), t->dtype, dims, rank, data);
    return zo_dequantize(b, t, axis, base, q, base);
}

const char *zo_real(zo_builder *b, zi_id id, bool nchw)
{
    zo_value *v = &b->values[id];
    const char **have = nchw ? &v->real_nchw : &v->real;
    if (*have)
        return *have;
    if (zi_tensor_is_const(&b->g->tensors[id]))
        *have = constant(b, id, nchw);
    else if (nchw)
        *have = zo_transpose(b, v->real, zo_to_nchw, 4, zo_name(b, "%s~nchw", v->base));
    else
        *have = zo_transpose(b, v->real_nchw, zo_to_nhwc, 4, zo_name(b, "%s~nhwc", v->base));
    return *have;
}

const char *zo_raw_name(zo_builder *b, zi_id id)
{
    return zo_name(b, "%s~raw", b->values[id].base);
}

/* Nothing where the quantised range clamps already. */
static const char *clamp(zo_builder *b, const zi_node *n, const zi_tensor *t, const char *base,
                         const char *real)
{
    if (!zi_node_has_clamp(n))
        return real;
    if (t->dtype == ZURT_S8 && t->quant.n == 1) {
        int32_t lo, hi;
        zi_clamp_bounds(n->clamp_lo, n->clamp_hi, t->quant.scale[0], t->quant.zero_point[0], &lo,
                        &hi);
        if (lo == -128 && hi == 127)
            return real;
    }
    const char *out = zo_name(b, "%s~clamped", base);
    if (n->clamp_lo == 0.0f && isinf(n->clamp_hi))
        return zo_unary(b, "Relu", real, out);
    const char *in[3] = {real, "", ""};
    if (isfinite(n->clamp_lo))
        in[1] = zo_scalar_f32(b, zo_name(b, "%s~lo", base), n->clamp_lo);
    if (isfinite(n->clamp_hi))
        in[2] = zo_scalar_f32(b, zo_name(b, "%s~hi", base), n->clamp_hi);
    zo_node(b, "Clip", out, in, 3, out);
    return out;
}

void zo_finish(zo_builder *b, const zi_node *n, uint32_t output, const char *real, bool nchw)
{
    zi_id id = n->out[output];
    const zi_tensor *t = &b->g->tensors[id];
    zo_value *v = &b->values[id];
    const char *value = clamp(b, n, t, v->base, real);
    if (t->quant.n > 1 && !b->st)
        b->st =
            zi_node_fail(b->ctx, b->g, n, ZURT_E_UNSUPPORTED,
                         "its output has several scales, which only constants may have in ONNX");
    if (zi_tensor_is_quantised(t)) {
        v->quantised = zo_quantize(b, t, v->base, value);
        v->quantised_nchw = nchw;
        value =
            zo_dequantize(b, t, t->quant.axis, v->base, v->quantised, zo_name(b, "%s~dq", v->base));
    }
    if (nchw)
        v->real_nchw = value;
    else
        v->real = value;
}
