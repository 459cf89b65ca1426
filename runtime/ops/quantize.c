/* SPDX-License-Identifier: Apache-2.0 */
/* Quantize and Dequantize; 8-bit to 8-bit goes through a table made at load. */
#include <string.h>

#include "ops/impl.h"
#include "ops/lut.h"
#include "quant/rescale.h"

/* Elements that share a scale lie `inner` apart along the axis; per tensor is one channel. */
typedef struct state {
    const zi_quant *quant; /**< of the quantised side */
    int64_t channels, inner, elems;
    const int8_t *table; /**< Quantize from 8 bits */
    zurt_dtype dtype;    /**< of the quantised side */
} state;

typedef struct job {
    const zi_prepared *p;
    const zi_op_args *args;
} job;

static bool is_8bit(const zi_tensor *t)
{
    return t->dtype == ZURT_S8 || t->dtype == ZURT_U8;
}

static state *make_state(zi_prepared *p, const zi_tensor *t)
{
    state *s = zi_arena_alloc(&p->arena, sizeof(*s));
    if (!s)
        return NULL;
    s->quant = &t->quant;
    s->dtype = t->dtype;
    s->elems = (int64_t)zi_tensor_elems(t);
    s->channels = 1;
    s->inner = s->elems;
    if (t->quant.n > 1) {
        s->channels = t->quant.n;
        s->inner = zi_dims_product(t->dims, t->quant.axis + 1, t->rank);
    }
    p->state = s;
    return s;
}

/* A part of one channel: `n` elements from `first` on. */
typedef void channel_fn(const job *j, int64_t first, size_t n, float scale, int32_t zero);

static void walk_channels(const job *j, int64_t begin, int64_t end, channel_fn *fn)
{
    const state *s = j->p->state;
    while (begin < end) {
        int64_t channel = s->channels > 1 ? begin / s->inner % s->channels : 0;
        int64_t n = s->channels > 1 ? s->inner - begin % s->inner : end - begin;
        n = n > end - begin ? end - begin : n;
        fn(j, begin, (size_t)n, s->quant->scale[channel], s->quant->zero_point[channel]);
        begin += n;
    }
}

/* ---- Quantize ---- */

static zurt_status check_quantize(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (!is_8bit(out) || !out->quant.n)
        return zi_unsupported(ctx, g, n, "the output must be s8 or u8 with scale and zero point");
    if (x->dtype == ZURT_F32)
        return ZURT_OK;
    if (is_8bit(x) && x->quant.n == 1 && out->quant.n == 1)
        return ZURT_OK;
    return zi_unsupported(ctx, g, n,
                          "from %s; f32, or s8 and u8 with one scale each, can be quantised",
                          zurt_dtype_name(x->dtype));
}

/* Both sides as s8: a u8 value is the s8 value 128 above, in scale and in zero point alike. */
static zurt_status make_table(zurt_ctx *ctx, zi_prepared *p, state *s)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *out = zi_node_out(p->graph, p->node, 0);
    int32_t x_offset = x->dtype == ZURT_U8 ? 128 : 0, out_offset = out->dtype == ZURT_U8 ? 128 : 0;
    int8_t table[256];
    int8_t *bytes = zi_arena_alloc(&p->arena, 256);
    if (!bytes)
        return zi_op_nomem(ctx, p);
    if (!zi_rescale_table(x->quant.scale[0], x->quant.zero_point[0] - x_offset, out->quant.scale[0],
                          out->quant.zero_point[0] - out_offset, table))
        return zi_unsupported(ctx, p->graph, p->node,
                              "scales %g and %g are too far apart for fixed point",
                              (double)x->quant.scale[0], (double)out->quant.scale[0]);
    for (int32_t q = -128; q <= 127; q++) { // the byte of q, read as s8, is the kernel's index
        int8_t index = (int8_t)(uint8_t)(q + x_offset);
        bytes[index + 128] = (int8_t)(uint8_t)(table[q + 128] + out_offset);
    }
    s->table = bytes;
    return ZURT_OK;
}

static zurt_status prepare_quantize(zurt_ctx *ctx, zi_prepared *p)
{
    state *s = make_state(p, zi_node_out(p->graph, p->node, 0));
    if (!s)
        return zi_op_nomem(ctx, p);
    return zi_node_in(p->graph, p->node, 0)->dtype == ZURT_F32 ? ZURT_OK : make_table(ctx, p, s);
}

static void quantize_channel(const job *j, int64_t first, size_t n, float scale, int32_t zero)
{
    const state *s = j->p->state;
    int32_t lo = s->dtype == ZURT_U8 ? 0 : -128;
    j->p->kernels->quantize_f32_s8(scale, zero, lo, lo + 255, (const float *)j->args->in[0] + first,
                                   (int8_t *)j->args->out[0] + first, n);
}

static void task_quantize(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const state *s = j->p->state;
    int64_t begin, end;
    zi_task_range(index, n_tasks, s->elems, &begin, &end);
    if (s->table)
        j->p->kernels->lut_s8((const int8_t *)j->args->in[0] + begin, s->table,
                              (int8_t *)j->args->out[0] + begin, (size_t)(end - begin));
    else
        walk_channels(j, begin, end, quantize_channel);
}

static void run_quantize(const zi_prepared *p, const zi_op_args *args)
{
    job j = {p, args};
    zi_op_parallel(args, task_quantize, &j, ((const state *)p->state)->elems);
}

const zi_op_impl zi_impl_quantize = {
    .check = check_quantize, .prepare = prepare_quantize, .run = run_quantize, .int8 = true};

/* ---- Dequantize ---- */

static zurt_status check_dequantize(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if ((is_8bit(x) || x->dtype == ZURT_S32) && x->quant.n)
        return ZURT_OK;
    return zi_unsupported(ctx, g, n, "from %s; the input must be quantised s8, u8 or s32",
                          zurt_dtype_name(x->dtype));
}

static zurt_status prepare_dequantize(zurt_ctx *ctx, zi_prepared *p)
{
    return make_state(p, zi_node_in(p->graph, p->node, 0)) ? ZURT_OK : zi_op_nomem(ctx, p);
}

static void dequantize_channel(const job *j, int64_t first, size_t n, float scale, int32_t zero)
{
    const state *s = j->p->state;
    float *out = (float *)j->args->out[0] + first;
    if (s->dtype == ZURT_S8) {
        j->p->kernels->dequantize_s8_f32(scale, zero, (const int8_t *)j->args->in[0] + first, out,
                                         n);
    } else if (s->dtype == ZURT_U8) {
        const uint8_t *x = (const uint8_t *)j->args->in[0] + first;
        for (size_t i = 0; i < n; i++)
            out[i] = scale * (float)(x[i] - zero);
    } else {
        const int32_t *x = (const int32_t *)j->args->in[0] + first;
        for (size_t i = 0; i < n; i++)
            out[i] = scale * (float)((int64_t)x[i] - zero);
    }
}

static void task_dequantize(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t begin, end;
    zi_task_range(index, n_tasks, ((const state *)j->p->state)->elems, &begin, &end);
    walk_channels(j, begin, end, dequantize_channel);
}

static void run_dequantize(const zi_prepared *p, const zi_op_args *args)
{
    job j = {p, args};
    zi_op_parallel(args, task_dequantize, &j, ((const state *)p->state)->elems);
}

const zi_op_impl zi_impl_dequantize = {
    .check = check_dequantize, .prepare = prepare_dequantize, .run = run_dequantize, .int8 = true};
