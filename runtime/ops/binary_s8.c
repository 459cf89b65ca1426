/* SPDX-License-Identifier: Apache-2.0 */
/* Inner loops of binary operators on s8, with their multipliers. */
#include "ops/binary_s8.h"

#include "ops/lut.h"
#include "quant/requant.h"
#include "quant/rescale.h"

/* Integer quotients are raised by 2^20 first: the numerator, at most 255, stays inside 29 bits. */
enum { DIV_LEFT_SHIFT = 20 };

/* False if a scale has no fixed-point form. Ref: TFLite ADD, SUB, MUL, PRELU. */
static bool fill(zi_binary_s8 *out, double a, double b, double y)
{
    zk_binary_s8 *p = &out->params;
    switch (out->op) {
    case ZI_OP_Add:
    case ZI_OP_Sub: {
        zi_rescale_factors m;
        if (!zi_rescale_add(a, b, y, &m))
            return false;
        p->a = m.a;
        p->b = m.b;
        p->out = m.out;
        p->b_sign = out->op == ZI_OP_Add ? 1 : -1;
        return true;
    }
    case ZI_OP_Mul:
        return zi_multiplier_from_real(a * b / y, &p->out);
    case ZI_OP_Div:
        return zi_multiplier_from_real(a / (b * y) / (double)(1 << DIV_LEFT_SHIFT), &p->out);
    case ZI_OP_PRelu:
        return zi_multiplier_from_real(a / y, &p->a) && zi_multiplier_from_real(a * b / y, &p->b);
    default:
        return false;
    }
}

zurt_status zi_binary_s8_params(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                                zi_binary_s8 *out)
{
    const zi_quant *a = &zi_node_in(g, n, 0)->quant, *b = &zi_node_in(g, n, 1)->quant;
    const zi_quant *y = &zi_node_out(g, n, 0)->quant;
    *out = (zi_binary_s8){.op = n->op};
    zk_binary_s8 *p = &out->params;
    p->a_zero = a->zero_point[0];
    p->b_zero = b->zero_point[0];
    p->out_zero = y->zero_point[0];
    zi_clamp_bounds(n->clamp_lo, n->clamp_hi, y->scale[0], p->out_zero, &p->lo, &p->hi);
    bool ok;
    if (n->op == ZI_OP_Min || n->op == ZI_OP_Max)
        ok = zi_rescale_table(a->scale[0], p->a_zero, y->scale[0], p->out_zero, out->a_table) &&
             zi_rescale_table(b->scale[0], p->b_zero, y->scale[0], p->out_zero, out->b_table);
    else if (n->op == ZI_OP_Add || n->op == ZI_OP_Sub || n->op == ZI_OP_Mul || n->op == ZI_OP_Div ||
             n->op == ZI_OP_PRelu)
        ok = fill(out, (double)a->scale[0], (double)b->scale[0], (double)y->scale[0]);
    else
        return zi_unsupported(ctx, g, n, "no int8 form; keep the node in f32");
    if (!ok)
        return zi_unsupported(ctx, g, n,
                              "scales %g and %g to %g are too far apart for fixed point; keep the "
                              "node in f32",
                              (double)a->scale[0], (double)b->scale[0], (double)y->scale[0]);
    return ZURT_OK;
}

zurt_status zi_binary_s8_init(zurt_ctx *ctx, const zi_prepared *p, zi_binary_s8 *out)
{
    zurt_status st = zi_binary_s8_params(ctx, p->graph, p->node, out);
    if (st)
        return st;
    if (out->op == ZI_OP_Add || out->op == ZI_OP_Sub) {
        zk_add_s8_set_terms(&out->params);
        out->kernel = p->kernels->add_s8;
    } else if (out->op == ZI_OP_Mul) {
        out->kernel = p->kernels->mul_s8;
    }
    return ZURT_OK;
}

/* a / b: the quotient truncated at 2^-20, then rescaled; x / 0 saturates by the sign of x. */
static int32_t divide(const zk_binary_s8 *p, int32_t a, int32_t b)
{
    if (b == 0)
        return a > 0 ? INT32_MAX : a < 0 ? INT32_MIN : 0;
    return zi_requant(a * (1 << DIV_LEFT_SHIFT) / b, p->out.multiplier, p->out.shift);
}

static int32_t prelu(const zk_binary_s8 *p, int32_t a, int32_t b)
{
    return a >= 0 ? zi_requant(a, p->a.multiplier, p->a.shift)
                  : zi_requant(a * b, p->b.multiplier, p->b.shift);
}

static void run_select(const zi_binary_s8 *s, const int8_t *a, size_t a_step, const int8_t *b,
                       size_t b_step, int8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int8_t x = s->a_table[a[i * a_step] + 128], y = s->b_table[b[i * b_step] + 128];
        out[i] = (s->op == ZI_OP_Min) == (x < y) ? x : y;
    }
}

void zi_binary_s8_run(const zi_binary_s8 *s, const int8_t *a, size_t a_step, const int8_t *b,
                      size_t b_step, int8_t *out, size_t n)
{
    const zk_binary_s8 *p = &s->params;
    if (s->kernel) {
        s->kernel(p, a, a_step, b, b_step, out, n);
        return;
    }
    if (s->op == ZI_OP_Min || s->op == ZI_OP_Max) {
        run_select(s, a, a_step, b, b_step, out, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t x = a[i * a_step] - p->a_zero, y = b[i * b_step] - p->b_zero;
        int32_t r = s->op == ZI_OP_Div ? divide(p, x, y) : prelu(p, x, y);
        out[i] = (int8_t)zi_offset_clamp(r, p->out_zero, p->lo, p->hi);
    }
}
