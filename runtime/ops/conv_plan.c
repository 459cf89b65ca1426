/* SPDX-License-Identifier: Apache-2.0 */
/* Prepares a convolution: multipliers, packed weights, tiles and scratch. */
#include "ops/conv_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "base/whole.h"
#include "ops/conv_members.h"
#include "quant/scale.h"

/** Patches held at a time: a core's second-level cache holds them, or what a product in float needs
 *  of them at a time. */
enum { TILE_BYTES_S8 = 256 * 1024, TILE_BYTES_F32 = 1024 * 1024 };

/** Bounds of a tile in pixels; the lower one only as far as there is memory for patches. */
enum { TILE_MIN = 16, TILE_MAX = 4096 };

/** In int8 up to MAX_TILES tiles, of GOOD_TILE pixels or more. */
enum { MAX_TILES = 16, GOOD_TILE = 64 };

typedef zi_conv_plan conv_plan;

/* ---- check ---- */

static zurt_status check_s8(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *w = zi_node_in(g, n, 1);
    const zi_tensor *b = zi_node_in(g, n, 2);
    if (!zi_is_qs8(zi_node_in(g, n, 0)) || !zi_is_qs8(zi_node_out(g, n, 0)))
        return zi_unsupported(ctx, g, n, "int8 input and output need one scale and zero point");
    if (!zi_tensor_is_const(w) || (b && !zi_tensor_is_const(b)))
        return zi_unsupported(ctx, g, n, "int8 weights and bias must be constant");
    if (w->quant.n != 1 && (w->quant.n != (uint32_t)w->dims[0] || w->quant.axis != 0))
        return zi_unsupported(ctx, g, n, "int8 weights need one scale, or one per output channel");
    return ZURT_OK;
}

zurt_status zi_conv_check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *w = zi_node_in(g, n, 1);
    const zi_tensor *b = zi_node_in(g, n, 2);
    const zi_tensor *y = zi_node_out(g, n, 0);
    const bool float_bias = !b || b->dtype == ZURT_F32;
    const bool int_bias = !b || b->dtype == ZURT_S32;
    if (!(n->clamp_lo <= n->clamp_hi))
        return zi_unsupported(ctx, g, n, "the fused activation's bounds are not in order");
    for (int32_t i = 1; i < w->rank; i++) {
        if (w->dims[i] == 0)
            return zi_unsupported(ctx, g, n, "the weights are empty");
    }
    if (x->dtype == ZURT_F32 && w->dtype == ZURT_F32 && y->dtype == ZURT_F32 && float_bias)
        return ZURT_OK;
    if (x->dtype == ZURT_S8 && w->dtype == ZURT_S8 && y->dtype == ZURT_S8 && int_bias)
        return check_s8(ctx, g, n);
    return zi_unsupported(
        ctx, g, n, "types %s x %s -> %s; all f32, or all s8 with an s32 bias, are taken",
        zurt_dtype_name(x->dtype), zurt_dtype_name(w->dtype), zurt_dtype_name(y->dtype));
}

/* ---- prepare ---- */

/** Zero point of each output channel; *out is NULL if all are zero. */
static bool weight_zero_points(zi_prepared *p, conv_plan *plan)
{
    const zi_tensor *w = zi_node_in(p->graph, p->node, 1);
    const size_t n = (size_t)plan->shape.out_c;
    bool any = false;
    for (uint32_t i = 0; i < w->quant.n; i++)
        any = any || w->quant.zero_point[i];
    if (!any)
        return true;
    int32_t *zero = zi_arena_calloc(&p->arena, n, sizeof(*zero));
    if (!zero)
        return false;
    for (size_t i = 0; i < n; i++)
        zero[i] = w->quant.zero_point[w->quant.n == 1 ? 0 : i % (size_t)plan->channels];
    plan->w_zero_point = zero;
    return true;
}

/** Proves that no sum can leave 32 bits, whatever the input. */
static zurt_status check_sums(zurt_ctx *ctx, const zi_prepared *p, const conv_plan *plan)
{
    const int8_t *w = plan->w;
    const int32_t *bias = plan->bias;
    const int64_t patch = zk_conv_patch(&plan->shape);
    for (int32_t o = 0; o < plan->shape.out_c; o++) {
        const int32_t zero = plan->w_zero_point ? plan->w_zero_point[o] : 0;
        int64_t sum = 0;
        for (int64_t i = 0; i < patch; i++)
            sum += abs(w[o * patch + i] - zero);
        if (sum * 255 + llabs((long long)bias[o]) > INT32_MAX)
            return zi_unsupported(ctx, p->graph, p->node,
                                  "sums of output channel %d may exceed 32 bits; keep this node "
                                  "in float",
                                  (int)(o % plan->channels));
    }
    return ZURT_OK;
}

static zurt_status multipliers(zurt_ctx *ctx, zi_prepared *p, conv_plan *plan)
{
    const zi_tensor *w = zi_node_in(p->graph, p->node, 1);
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0), *y = zi_node_out(p->graph, p->node, 0);
    const size_t n = (size_t)plan->shape.out_c;
    int32_t *multiplier = zi_arena_calloc(&p->arena, n, sizeof(*multiplier));
    int32_t *shift = zi_arena_calloc(&p->arena, n, sizeof(*shift));
    if (!multiplier || !shift)
        return zi_op_nomem(ctx, p);
    for (size_t k = 0; k < n; k++) {
        const size_t i = k % (size_t)plan->channels;
        zi_multiplier m;
        if (!zi_multiplier_from_real(zi_linear_factor(p->graph, p->node, i), &m))
            return zi_unsupported(ctx, p->graph, p->node,
                                  "output scale %g is too small for input scale %g and weight "
                                  "scale %g; keep this node in float",
                                  (double)y->quant.scale[0], (double)x->quant.scale[0],
                                  (double)w->quant.scale[w->quant.n == 1 ? 0 : i]);
        multiplier[k] = m.multiplier;
        shift[k] = m.shift;
    }
    plan->multiplier = multiplier;
    plan->shift = shift;
    return ZURT_OK;
}

static zurt_status prepare_s8(zurt_ctx *ctx, zi_prepared *p, conv_plan *plan)
{
    const zi_tensor *x = zi_node_in(p->graph, p->node, 0);
    const zi_tensor *y = zi_node_out(p->graph, p->node, 0);
    plan->x_zero_point = x->quant.zero_point[0];
    plan->out_zero_point = y->quant.zero_point[0];
    zi_clamp_bounds(p->node->clamp_lo, p->node->clamp_hi, y->quant.scale[0], y->quant.zero_point[0],
                    &plan->lo, &plan->hi);
    if (!weight_zero_points(p, plan))
        return zi_op_nomem(ctx, p);
    zurt_status st = check_sums(ctx, p, plan);
    return st ? st : multipliers(ctx, p, plan);
}

/** Depthwise kernels run along channels: weights [C][taps] become [taps][C]. */
static const void *pack_depthwise_f32(zi_prepared *p, const conv_plan *plan)
{
    const int64_t taps = zk_conv_patch(&plan->shape);
    const int32_t n = plan->shape.out_c;
    float *out = zi_arena_calloc(&p->arena, (size_t)n, (size_t)taps * sizeof(*out));
    const float *w = plan->w;
    for (int32_t c = 0; out && c < n; c++) {
        for (int64_t t = 0; t < taps; t++)
            out[t * n + c] = w[c * taps + t];
    }
    return out;
}

static const void *pack_depthwise_s8(zi_prepared *p, const conv_plan *plan)
{
    const int64_t taps = zk_conv_patch(&plan->shape);
    const int32_t n = plan->shape.out_c;
    int16_t *out = zi_arena_calloc(&p->arena, (size_t)n, (size_t)taps * sizeof(*out));
    const int8_t *w = plan->w;
    for (int32_t c = 0; out && c < n; c++) {
        const int32_t zero = plan->w_zero_point ? plan->w_zero_point[c] : 0;
        for (int64_t t = 0; t < taps; t++)
            out[t * n + c] = (int16_t)(w[c * taps + t] - zero);
    }
    return out;
}

static int64_t within(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static void choose_tile(conv_plan *plan, bool s8)
{
    const zk_conv_shape *s = &plan->shape;
    const int64_t pixels = zk_conv_pixels(s);
    const int64_t row = s8 ? zk_conv_s8_pitch(s) * (int64_t)sizeof(int16_t)
                           : zk_conv_patch(s) * (int64_t)sizeof(float);
    const int64_t most = within((s8 ? TILE_BYTES_S8 : TILE_BYTES_F32) / row, TILE_MIN, TILE_MAX);
    const int64_t n = zi_ceil_div64(pixels, most), good = within(pixels / GOOD_TILE, 1, MAX_TILES);
    plan->tile =
        (int32_t)(s8 ? zi_ceil_div64(pixels, n < good ? good : n) : within(most, 1, pixels));
}

zk_conv_s8_args zi_conv_args_s8(const conv_plan *plan)
{
    return (zk_conv_s8_args){
        .shape = &plan->shape,
        .w = plan->w,
        .packed = plan->packed,
        .w_zero_point = plan->w_zero_point,
        .bias = plan->bias,
        .multiplier = plan->multiplier,
        .shift = plan->shift,
        .x_zero_point = plan->x_zero_point,
        .out_zero_point = plan->out_zero_point,
        .lo = plan->lo,
        .hi = plan->hi,
        .tile = plan->tile,
    };
}

/** Cuts the work up for threads: results are the same in any parts. */
static void choose_parts(const zi_prepared *p, conv_plan *plan, bool s8)
{
    zk_conv_grain grain = zk_conv_grain_default(&plan->shape);
    if (s8 && p->kernels->conv_s8->grain) {
        const zk_conv_s8_args args = zi_conv_args_s8(plan);
        grain = p->kernels->conv_s8->grain(&args);
    }
    plan->parts = zi_conv_parts_choose(&plan->shape, grain, p->n_threads);
}

/** Has the kernel pack its constant operand, if it wants one; false without memory. */
static bool pack_s8(zi_prepared *p, conv_plan *plan)
{
    const zk_conv_s8_kernel *kernel = p->kernels->conv_s8;
    if (!kernel->packed_bytes)
        return true;
    const zk_conv_s8_args args = zi_conv_args_s8(plan);
    const size_t more = kernel->packed_more ? kernel->packed_more(&args) : 0;
    void *packed = zi_arena_alloc(&p->arena, kernel->packed_bytes(&plan->shape) + more);
    if (!packed)
        return false;
    kernel->pack(&args, packed);
    plan->packed = packed;
    return true;
}

zk_conv_f32_args zi_conv_args_f32(const zi_prepared *p, const conv_plan *plan)
{
    return (zk_conv_f32_args){
        .shape = &plan->shape,
        .w = plan->w,
        .packed = plan->packed,
        .bias = plan->bias,
        .lo = p->node->clamp_lo,
        .hi = p->node->clamp_hi,
        .tile = plan->tile,
    };
}

/** As pack_s8(); what is given at run time is packed then, into scratch. */
static bool pack_f32(zi_prepared *p, conv_plan *plan)
{
    const zk_conv_f32_kernel *kernel = p->kernels->conv_f32;
    if (!kernel->packed_bytes)
        return true;
    const size_t bytes = kernel->packed_bytes(&plan->shape);
    if (!plan->w || !plan->bias) {
        plan->packed_bytes = bytes;
        return true;
    }
    void *packed = zi_arena_alloc(&p->arena, bytes);
    if (!packed)
        return false;
    const zk_conv_f32_args args = zi_conv_args_f32(p, plan);
    kernel->pack(&args, packed);
    plan->packed = packed;
    return true;
}

/** Sizes the scratch of all tasks that run at once; false on overflow. */
static bool size_scratch(zi_prepared *p, conv_plan *plan, bool s8)
{
    const zk_conv_shape *s = &plan->shape;
    const size_t bytes = s8 ? p->kernels->conv_s8->scratch_bytes(s, plan->tile)
                            : p->kernels->conv_f32->scratch_bytes(s, plan->tile);
    size_t tasks;
    return zi_size_align(bytes, ZI_ALIGN, &plan->task_bytes) &&
           zi_size_mul(plan->task_bytes, p->n_threads, &tasks) &&
           zi_size_add(tasks, plan->packed_bytes, &plan->scratch_bytes);
}

/** The bias of all channels, s32 or float, zeros without one; false without memory. */
static bool set_bias(zi_prepared *p, conv_plan *plan)
{
    const zi_tensor *b = zi_node_in(p->graph, p->node, 2);
    const size_t n = (size_t)plan->shape.out_c, channels = (size_t)plan->channels;
    if (b && (!b->data || n == channels)) {
        plan->bias = b->data;
        return true;
    }
    int32_t *bias = zi_arena_calloc(&p->arena, n, sizeof(*bias));
    for (size_t i = 0; bias && b && i < n; i += channels)
        memcpy(bias + i, b->data, channels * sizeof(*bias));
    plan->bias = bias;
    return bias != NULL;
}

zurt_status zi_conv_plan_make(zurt_ctx *ctx, zi_prepared *p, const zk_conv_shape *shape,
                              const void *w, zi_conv_plan **out)
{
    const bool s8 = zi_node_in(p->graph, p->node, 1)->dtype == ZURT_S8;
    conv_plan *plan = zi_arena_calloc(&p->arena, 1, sizeof(*plan));
    if (!plan)
        return zi_op_nomem(ctx, p);
    *out = plan;
    plan->shape = *shape;
    plan->channels = zi_node_in(p->graph, p->node, 1)->dims[0];
    plan->macs = zk_conv_pixels(shape) * shape->out_c * zk_conv_patch(shape);
    plan->w = w;
    if (!set_bias(p, plan))
        return zi_op_nomem(ctx, p);
    zurt_status st = s8 ? prepare_s8(ctx, p, plan) : ZURT_OK;
    if (st)
        return st;
    const bool by_channel =
        shape->groups == shape->in_c && shape->groups == shape->out_c && !shape->transposed;
    plan->depthwise = plan->w && by_channel && (shape->groups > 1 || s8);
    if (plan->depthwise) {
        plan->w = s8 ? pack_depthwise_s8(p, plan) : pack_depthwise_f32(p, plan);
        return plan->w ? ZURT_OK : zi_op_nomem(ctx, p);
    }
    if (plan->macs == 0) // an empty batch
        return ZURT_OK;
    choose_tile(plan, s8);
    if (!(s8 ? pack_s8(p, plan) : pack_f32(p, plan)))
        return zi_op_nomem(ctx, p);
    choose_parts(p, plan, s8);
    if (!size_scratch(p, plan, s8))
        return zi_node_fail(ctx, p->graph, p->node, ZURT_E_LIMIT, "the window is too large");
    return ZURT_OK;
}

size_t zi_conv_plan_scratch(const zi_conv_plan *plan)
{
    return plan->scratch_bytes;
}

zurt_status zi_conv_prepare(zurt_ctx *ctx, zi_prepared *p, const zk_conv_shape *shape)
{
    zi_conv_plan *plan = NULL;
    zurt_status st =
        zi_conv_plan_make(ctx, p, shape, zi_node_in(p->graph, p->node, 1)->data, &plan);
    if (st)
        return st;
    p->state = plan;
    p->scratch_bytes = plan->scratch_bytes;
    return ZURT_OK;
}
