/* SPDX-License-Identifier: Apache-2.0 */
/* Add: a copy of one operand with the other as its residual, by tables that are exact. */
#include "codegen/layer_impl.h"
#include "isa/zk_step.h"
#include "quant/rescale.h"

static bool add_numbers(const zi_graph *g, const zi_node *n, zi_add_numbers *out)
{
    double a = (double)zi_node_in(g, n, 0)->quant.scale[0];
    double b = (double)zi_node_in(g, n, 1)->quant.scale[0];
    double y = (double)zi_node_out(g, n, 0)->quant.scale[0];
    zi_rescale_factors m;
    if (!zi_rescale_add(a, b, y, &m) || m.out.shift > 0 || m.out.multiplier == 0)
        return false;
    int32_t zero = zi_node_out(g, n, 0)->quant.zero_point[0];
    *out = (zi_add_numbers){
        .multiplier = {m.a.multiplier, m.b.multiplier},
        .shift = {m.a.shift, m.b.shift},
        .out_multiplier = m.out.multiplier,
        .out_shift = m.out.shift,
        .zero = {zi_node_in(g, n, 0)->quant.zero_point[0],
                 zi_node_in(g, n, 1)->quant.zero_point[0]},
    };
    zi_layer_clamp(g, n, &out->lo, &out->hi);
    out->lo -= zero;
    out->hi -= zero;
    return true;
}

bool zi_layer_add(zi_layer_answer *a)
{
    const zi_graph *g = a->q->g;
    const zi_tensor *x = zi_node_in(g, a->n, 0), *b = zi_node_in(g, a->n, 1);
    if (!zi_layer_copy(a))
        return false;
    if (zi_tensor_is_const(b) || !zi_tensor_same_shape(x, b))
        return zi_layer_refuse(
            a, "operands of different shape, or a constant one",
            "add tensors of one shape; a constant folds into a convolution's bias");
    if (!(a->n->clamp_lo <= a->n->clamp_hi))
        return zi_layer_refuse(a, "the fused activation's bounds are not in order",
                               "set its lower bound below the upper");
    zi_add_numbers numbers;
    if (zi_node_is_s8(g, a->n) && !add_numbers(g, a->n, &numbers))
        return zi_layer_refuse(a, "the operands' scales are too far apart from the output's",
                               "calibrate again");
    if (!zi_node_is_s8(g, a->n))
        return true;
    zi_sum_tables *tables = zi_arena_alloc(a->q->arena, sizeof(*tables));
    a->layer->sum = tables;
    if (!tables)
        return false;
    bool found = zi_sum_tables_make(&numbers, tables);
    if (!found && tables->shift < ZK_ADD_SHIFT_MIN)
        return zi_layer_refuse(
            a,
            zi_arena_printf(a->q->arena,
                            "the operands' sums are beyond %d times the output's range",
                            1 << (22 - ZK_ADD_SHIFT_MIN)),
            "calibrate again: the output's range is far below its operands'");
    if (!found)
        return zi_layer_refuse(a, "no tables give these operands' sums exactly",
                               "calibrate again: scales nearly in the proportion of small integers "
                               "are the cause");
    return true;
}
