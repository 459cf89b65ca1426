/* SPDX-License-Identifier: Apache-2.0 */
/* Resize of [N,H,W,C]: nearest of any type, linear of f32 and s8, cubic of f32. */
#include <string.h>

#include "base/copy_rows.h"
#include "ops/impl.h"
#include "ops/lut.h"
#include "ops/resize_axis.h"
#include "quant/rescale.h"
#include "quant/scale.h"

typedef struct state {
    zi_resize_axis h, w;
    int64_t batch, in_h, in_w, channels;
    size_t elem;
    zurt_dtype dtype;
    const int8_t *table; /**< s8 in another quantisation */
    uint8_t outside[8];  /**< element of the extrapolation value */
} state;

typedef struct job {
    const zi_prepared *p;
    const state *s;
    const zi_op_args *args;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    zi_resize_mode mode = n->attr.resize.mode;
    bool s8 = zi_is_qs8(x) && zi_is_qs8(out);
    bool alike = x->dtype == out->dtype && x->quant.n <= 1 && zi_same_quant(x, out);
    if (x->dtype == ZURT_F32 && out->dtype == ZURT_F32)
        return ZURT_OK;
    if ((mode == ZI_RESIZE_NEAREST && (s8 || alike)) || (mode == ZI_RESIZE_LINEAR && s8))
        return ZURT_OK;
    return zi_unsupported(ctx, g, n, "%s of %s; keep the node in f32",
                          zi_word_of(zi_resize_mode_words, mode), zurt_dtype_name(x->dtype));
}

static void set_outside(state *s, const zi_tensor *x, float value)
{
    if (s->dtype == ZURT_F32) {
        memcpy(s->outside, &value, sizeof(value));
    } else if (zi_is_qs8(x)) {
        int32_t q = zi_quantize(value, x->quant.scale[0], x->quant.zero_point[0], -128, 127);
        s->outside[0] = (uint8_t)q;
    } else { // plain integers: the nearest, clamped to what every type holds
        int64_t v = zi_quantize(value, 1.0f, 0, 0, 127);
        int32_t v32 = (int32_t)v;
        if (s->elem == 8)
            memcpy(s->outside, &v, sizeof(v));
        else if (s->elem == 4)
            memcpy(s->outside, &v32, sizeof(v32));
        else
            s->outside[0] = (uint8_t)v;
    }
}

static zurt_status prepare(zurt_ctx *ctx, zi_prepared *p)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    const zi_attr_resize *a = &p->node->attr.resize;
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s || !zi_resize_axis_init(&s->h, &p->arena, a, 0, x->dims[1]) ||
        !zi_resize_axis_init(&s->w, &p->arena, a, 1, x->dims[2]))
        return zi_op_nomem(ctx, p);
    p->state = s;
    s->batch = x->dims[0];
    s->in_h = x->dims[1];
    s->in_w = x->dims[2];
    s->channels = x->dims[3];
    s->dtype = x->dtype;
    s->elem = zurt_dtype_bytes(x->dtype);
    set_outside(s, x, a->extrapolation);
    if (!zi_is_qs8(x) || zi_same_quant(x, out))
        return ZURT_OK;
    int8_t *table = zi_arena_alloc(&p->arena, 256);
    if (!table)
        return zi_op_nomem(ctx, p);
    if (!zi_rescale_table(x->quant.scale[0], x->quant.zero_point[0], out->quant.scale[0],
                          out->quant.zero_point[0], table))
        return zi_unsupported(ctx, p->graph, p->node,
                              "scales %g and %g are too far apart for fixed point",
                              (double)x->quant.scale[0], (double)out->quant.scale[0]);
    s->table = table;
    return ZURT_OK;
}

/* ---- one output pixel from the pixels of its taps ---- */

static void pixel_f32(const state *s, const float *image, const zi_resize_tap *ty,
                      const zi_resize_tap *tx, float *out)
{
    int64_t channels = s->channels;
    for (int64_t c = 0; c < channels; c++)
        out[c] = 0.0f;
    for (int32_t i = 0; i < s->h.n_taps; i++) {
        for (int32_t j = 0; j < s->w.n_taps; j++) {
            const float *x = image + ((int64_t)ty->index[i] * s->in_w + tx->index[j]) * channels;
            float weight = ty->weight[i] * tx->weight[j];
            for (int64_t c = 0; c < channels; c++)
                out[c] += weight * x[c];
        }
    }
}

static void pixel_s8(const job *j, const int8_t *image, const zi_resize_tap *ty,
                     const zi_resize_tap *tx, int8_t *out)
{
    const state *s = j->s;
    const int8_t *top = image + (int64_t)ty->index[0] * s->in_w * s->channels;
    const int8_t *bottom = image + (int64_t)ty->index[1] * s->in_w * s->channels;
    const int64_t left = tx->index[0] * s->channels, right = tx->index[1] * s->channels;
    const zk_bilinear_s8 p = {
        .corner = {top + left, top + right, bottom + left, bottom + right},
        .y = {ty->fixed[0], ty->fixed[1]},
        .x = {tx->fixed[0], tx->fixed[1]},
    };
    j->p->kernels->bilinear_s8(&p, out, (size_t)s->channels);
}

static void pixel(const job *j, const uint8_t *image, const zi_resize_tap *ty,
                  const zi_resize_tap *tx, uint8_t *out)
{
    const state *s = j->s;
    size_t bytes = (size_t)s->channels * s->elem;
    if (ty->outside || tx->outside) {
        for (size_t at = 0; at < bytes; at += s->elem)
            memcpy(out + at, s->outside, s->elem);
    } else if (s->h.n_taps == 1) {
        size_t from = (size_t)(ty->index[0] * s->in_w + tx->index[0]) * bytes;
        zi_copy_rows(image + from, 0, out, 0, (int64_t)bytes, 1);
    } else if (s->dtype == ZURT_F32) {
        pixel_f32(s, (const float *)(const void *)image, ty, tx, (float *)(void *)out);
    } else {
        pixel_s8(j, (const int8_t *)image, ty, tx, (int8_t *)out);
    }
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->s;
    size_t bytes = (size_t)s->channels * s->elem, image = (size_t)(s->in_h * s->in_w) * bytes;
    int64_t begin, end;
    zi_task_range(index, n_tasks, s->batch * s->h.out, &begin, &end);
    for (int64_t row = begin; row < end; row++) {
        const uint8_t *x = (const uint8_t *)j->args->in[0] + (size_t)(row / s->h.out) * image;
        const zi_resize_tap *ty = &s->h.taps[row % s->h.out];
        uint8_t *out = (uint8_t *)j->args->out[0] + (size_t)(row * s->w.out) * bytes;
        for (int32_t col = 0; col < s->w.out; col++)
            pixel(j, x, ty, &s->w.taps[col], out + (size_t)col * bytes);
        if (s->table)
            j->p->kernels->lut_s8((const int8_t *)out, s->table, (int8_t *)out,
                                  (size_t)s->w.out * bytes);
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const state *s = p->state;
    job j = {p, s, args};
    if (s->batch && s->channels)
        zi_op_parallel(args, task, &j, s->batch * s->h.out * s->w.out * s->channels);
}

const zi_op_impl zi_impl_resize = {.check = check, .prepare = prepare, .run = run, .int8 = true};
