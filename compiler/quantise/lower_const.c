/* SPDX-License-Identifier: Apache-2.0 */
/* Constants of a QDQ graph in the type that their int8 readers want. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "quant/scale.h"
#include "quantise/lower.h"

/** Elements between two neighbours of `axis`. */
static size_t stride_of(const zi_tensor *t, int32_t axis)
{
    size_t stride = 1;
    for (int32_t i = axis + 1; i < t->rank; i++)
        stride *= (size_t)t->dims[i];
    return stride;
}

/** Adds an s8 (or s32) constant with the dims and, unless it has none, the quantisation of `t`. */
static zurt_status add_like(zc_lowering *l, const zi_tensor *t, zurt_dtype dtype,
                            int32_t zero_shift, zi_id *out, void **data)
{
    const zi_tensor src = *t; // adding may move the array
    zurt_status st =
        zi_graph_add_const(l->ctx, l->g, src.name, dtype, src.rank, src.dims, NULL, out, data);
    if (st || !src.quant.n)
        return st;
    int32_t *zero = zi_calloc(&l->ctx->allocator, src.quant.n, sizeof(*zero));
    if (!zero)
        return zi_fail(l->ctx, ZURT_E_NOMEM, "constant '%s': out of memory", src.name);
    for (uint32_t i = 0; i < src.quant.n; i++)
        zero[i] = src.quant.zero_point[i] - zero_shift;
    st = zi_graph_set_quant(l->ctx, l->g, *out, src.quant.n, src.quant.axis, src.quant.scale, zero);
    zi_free(&l->ctx->allocator, zero);
    return st;
}

zurt_status zc_lower_const_u8(zc_lowering *l, zi_id tensor, zi_id *out)
{
    const uint8_t *from = l->g->tensors[tensor].data;
    size_t n = zi_tensor_elems(&l->g->tensors[tensor]);
    void *data;
    zurt_status st = add_like(l, &l->g->tensors[tensor], ZURT_S8, 128, out, &data);
    int8_t *to = data;
    for (size_t i = 0; !st && i < n; i++)
        to[i] = (int8_t)(from[i] - 128);
    return st;
}

zurt_status zc_lower_const_as(zc_lowering *l, zi_id tensor, zi_id like, zi_id *out)
{
    const float *from = l->g->tensors[tensor].data;
    size_t n = zi_tensor_elems(&l->g->tensors[tensor]);
    int32_t shift = l->g->tensors[like].dtype == ZURT_U8 ? 128 : 0;
    void *data;
    zurt_status st = add_like(l, &l->g->tensors[like], ZURT_S8, shift, out, &data);
    if (st)
        return st;
    const zi_tensor *t = &l->g->tensors[*out];
    const zi_quant *q = &t->quant;
    size_t stride = q->n > 1 ? stride_of(t, q->axis) : n;
    int8_t *to = data;
    for (size_t i = 0; i < n; i++) {
        size_t c = q->n > 1 ? i / stride % q->n : 0;
        to[i] = (int8_t)zi_quantize(from[i], q->scale[c], q->zero_point[c], -128, 127);
    }
    return ZURT_OK;
}

/** One value everywhere, a scalar above all, is held exactly: as 127 times a scale. */
static zc_qparam fit_param(const float *v, size_t n)
{
    float lo = n ? v[0] : 0.0f, hi = lo;
    for (size_t i = 1; i < n; i++) {
        lo = v[i] < lo ? v[i] : lo;
        hi = v[i] > hi ? v[i] : hi;
    }
    if (lo == hi && lo != 0.0f)
        return (zc_qparam){fabsf(lo) / 127.0f, 0};
    return zc_qparam_from_range((double)lo, (double)hi);
}

zurt_status zc_lower_const_fit(zc_lowering *l, zi_id tensor, zi_id *out)
{
    const zi_tensor src = l->g->tensors[tensor];
    const float *from = src.data;
    size_t n = zi_tensor_elems(&src);
    zc_qparam p = fit_param(from, n);
    void *data;
    zurt_status st =
        zi_graph_add_const(l->ctx, l->g, src.name, ZURT_S8, src.rank, src.dims, NULL, out, &data);
    if (!st)
        st = zc_qparam_set(l->ctx, l->g, *out, p);
    int8_t *to = data;
    for (size_t i = 0; !st && i < n; i++)
        to[i] = zc_qparam_quantise(p, (double)from[i]);
    return st;
}

/** to = from with axes permuted; `item` bytes per element. */
static void permute(const zi_tensor *from_shape, const int32_t *perm, size_t item,
                    const uint8_t *from, uint8_t *to)
{
    int32_t rank = from_shape->rank;
    size_t step[ZURT_MAX_RANK], n = zi_tensor_elems(from_shape);
    int32_t index[ZURT_MAX_RANK] = {0};
    for (int32_t i = 0; i < rank; i++)
        step[i] = stride_of(from_shape, perm[i]);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(to + i * item, from + at * item, item);
        for (int32_t a = rank - 1; a >= 0; a--) {
            at += step[a];
            if (++index[a] < from_shape->dims[perm[a]])
                break;
            at -= step[a] * (size_t)index[a];
            index[a] = 0;
        }
    }
}

zurt_status zc_lower_const_transpose(zc_lowering *l, zi_id tensor, const int32_t *perm, zi_id *out)
{
    const zi_tensor src = l->g->tensors[tensor];
    int32_t dims[ZURT_MAX_RANK], axis = 0;
    for (int32_t i = 0; i < src.rank; i++) {
        dims[i] = src.dims[perm[i]];
        if (perm[i] == src.quant.axis)
            axis = i;
    }
    void *data;
    zurt_status st =
        zi_graph_add_const(l->ctx, l->g, src.name, src.dtype, src.rank, dims, NULL, out, &data);
    if (st)
        return st;
    permute(&src, perm, zurt_dtype_bytes(src.dtype), src.data, data);
    return zi_graph_set_quant(l->ctx, l->g, *out, src.quant.n, axis, src.quant.scale,
                              src.quant.zero_point);
}

zurt_status zc_lower_const_reshape(zc_lowering *l, zi_id tensor, int32_t rank, const int32_t *dims,
                                   zi_id *out, bool *done)
{
    const zi_tensor src = l->g->tensors[tensor];
    int32_t axis = 0;
    *done = true;
    if (src.quant.n > 1) {
        zi_tensor to = {.rank = rank};
        memcpy(to.dims, dims, (size_t)rank * sizeof(*dims));
        size_t stride = stride_of(&src, src.quant.axis);
        while (axis < rank &&
               (dims[axis] != src.dims[src.quant.axis] || stride_of(&to, axis) != stride))
            axis++;
        *done = axis < rank;
        if (!*done)
            return ZURT_OK;
    }
    zurt_status st =
        zi_graph_add_const(l->ctx, l->g, src.name, src.dtype, rank, dims, src.data, out, NULL);
    if (st)
        return st;
    return zi_graph_set_quant(l->ctx, l->g, *out, src.quant.n, axis, src.quant.scale,
                              src.quant.zero_point);
}

/** Real value of element i of a bias: f32, or s32 or s8 with any scale. */
static double bias_value(const zi_tensor *t, size_t i)
{
    if (t->dtype == ZURT_F32)
        return (double)((const float *)t->data)[i];
    size_t c = t->quant.n > 1 ? i : 0;
    int64_t q = t->dtype == ZURT_S8 ? ((const int8_t *)t->data)[i] : ((const int32_t *)t->data)[i];
    q -= t->quant.zero_point[c];
    return (double)t->quant.scale[c] * (double)q;
}

/** Halvings of channel c's weights until bias and products stay below 2^30 each. */
static int halvings(const zi_tensor *bias, double s_x, const zi_tensor *w, size_t c)
{
    size_t row = zi_tensor_elems(w) / w->quant.n;
    double steps = fabs(bias_value(bias, c)) / (s_x * (double)w->quant.scale[c]);
    double room = 1073741824.0;
    int n = 0;
    if (steps + 255.0 * 128.0 * (double)row < 2147483647.0)
        return 0;
    while (steps > room && n < 60) {
        steps /= 2.0;
        n++;
    }
    return n;
}

zurt_status zc_lower_const_coarsen(zc_lowering *l, zi_id x, zi_id bias, zi_id *w)
{
    const zi_tensor from = l->g->tensors[*w];
    const zi_tensor *b = &l->g->tensors[bias];
    uint32_t n = from.quant.n;
    int most = 0;
    for (uint32_t c = 0; n > 1 && c < n; c++) {
        if (from.quant.zero_point[c])
            return ZURT_OK;
        int k = halvings(b, (double)l->g->tensors[x].quant.scale[0], &from, c);
        most = k > most ? k : most;
    }
    if (!most)
        return ZURT_OK;
    float *scale = zi_calloc(&l->ctx->allocator, n, sizeof(*scale));
    void *data;
    zurt_status st = scale ? add_like(l, &from, ZURT_S8, 0, w, &data)
                           : zi_fail(l->ctx, ZURT_E_NOMEM, "weights: out of memory");
    size_t row = zi_tensor_elems(&from) / n;
    int8_t *q = data;
    for (uint32_t c = 0; !st && c < n; c++) {
        int k = halvings(&l->g->tensors[bias], (double)l->g->tensors[x].quant.scale[0], &from, c);
        scale[c] = ldexpf(from.quant.scale[c], k);
        for (size_t i = c * row; i < (c + 1) * row; i++)
            q[i] = (int8_t)rint(ldexp((double)((const int8_t *)from.data)[i], -k));
    }
    if (!st)
        st = zi_graph_set_quant(l->ctx, l->g, *w, n, 0, scale, from.quant.zero_point);
    zi_free(&l->ctx->allocator, scale);
    return st;
}

/** The values with the scales s, in to; an s32 bias that has these scales keeps its values. */
static bool bias_fill(const zi_tensor *from, const float *s, size_t n, int32_t *to)
{
    for (size_t i = 0; i < n; i++) {
        const zi_quant *q = &from->quant;
        size_t c = q->n > 1 ? i : 0;
        double v = bias_value(from, i) / (double)s[i];
        if (from->dtype == ZURT_S32 && q->zero_point[c] == 0 &&
            fabs((double)q->scale[c] / (double)s[i] - 1.0) < 1e-5)
            v = ((const int32_t *)from->data)[i];
        if (!(fabs(v) <= 2147483647.0))
            return false;
        to[i] = (int32_t)rint(v);
    }
    return true;
}

zurt_status zc_lower_const_bias(zc_lowering *l, zi_id bias, zi_id x, zi_id w, zi_id *out,
                                bool *done)
{
    zi_graph *g = l->g;
    size_t n = zi_tensor_elems(&g->tensors[bias]);
    const char *name = g->tensors[bias].name;
    int32_t channels = (int32_t)n;
    void *data;
    zurt_status st = zi_graph_add_const(l->ctx, g, name, ZURT_S32, 1, &channels, NULL, out, &data);
    if (st)
        return st;
    float *scale = zi_calloc(&l->ctx->allocator, n, sizeof(*scale));
    int32_t *zero = zi_calloc(&l->ctx->allocator, n, sizeof(*zero));
    if (scale && zero) {
        const zi_quant *qw = &g->tensors[w].quant;
        for (size_t i = 0; i < n; i++)
            scale[i] = g->tensors[x].quant.scale[0] * qw->scale[qw->n > 1 ? i : 0];
        *done = bias_fill(&g->tensors[bias], scale, n, data);
        if (*done) {
            uint32_t count = qw->n > 1 ? (uint32_t)n : 1u;
            st = zi_graph_set_quant(l->ctx, g, *out, count, 0, scale, zero);
        } else {
            zi_fail(l->ctx, ZURT_E_UNSUPPORTED, "bias '%s' does not fit into 32 bits", name);
        }
    } else {
        st = zi_fail(l->ctx, ZURT_E_NOMEM, "bias '%s': out of memory", name);
    }
    zi_free(&l->ctx->allocator, scale);
    zi_free(&l->ctx->allocator, zero);
    return st;
}
