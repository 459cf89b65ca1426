/* SPDX-License-Identifier: Apache-2.0 */
/* Compares a node with what a capability table says of its op. */
#include "plan/caps.h"

#include "plan/remedy.h"

static const zi_caps cpu = {
    .kind = ZI_CAPS_CPU,
    .name = "cpu",
    .ops = {UINT64_MAX, UINT64_MAX},
};

const zi_caps *zi_caps_cpu(void)
{
    return &cpu;
}

// The first computed tensor of the node that is not s8; NULL if there is none.
static const zi_tensor *not_int8(const zi_graph *g, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_in + n->n_out; i++) {
        zi_id id = i < n->n_in ? n->in[i] : n->out[i - n->n_in];
        if (id == ZI_NONE || zi_tensor_is_const(&g->tensors[id]))
            continue;
        if (g->tensors[id].dtype != ZURT_S8)
            return &g->tensors[id];
    }
    return NULL;
}

// A table that says nothing of an engine takes every int8 node of its ops.
static bool place_int8(zi_arena *arena, const zi_caps *caps, const zi_graph *g, const zi_node *n,
                       zi_placement *out)
{
    const zi_tensor *t = not_int8(g, n);
    if (!t)
        return true;
    out->reason = zi_arena_printf(arena, "tensor '%.64s' is %s, '%s' computes s8", t->name,
                                  zurt_dtype_name(t->dtype), caps->name);
    out->remedy = zi_remedy_of_float(arena, n);
    return false;
}

// The limits, widest first. A node that passes them all is taken.
static bool place_on_pl(zi_arena *arena, const zi_caps *caps, const zi_graph *g, const zi_node *n,
                        zi_placement *out)
{
    if (!zi_caps_has_op(caps, n->op)) {
        out->reason = zi_arena_printf(arena, "op %s is not in the table of '%s'", zi_op_name(n->op),
                                      caps->name);
        out->remedy = zi_remedy_of_op(g, n);
        return false;
    }
    bool taken = caps->lowering ? caps->lowering->judge(arena, caps, g, n, out)
                                : place_int8(arena, caps, g, n, out);
    if (!taken)
        return false;
    out->reason = zi_arena_printf(arena, "within the limits of '%s'", caps->name);
    out->remedy = "";
    return true;
}

zurt_status zi_caps_place(zurt_ctx *ctx, zi_arena *arena, const zi_caps *caps, const zi_graph *g,
                          const zi_node *n, bool *out_taken, zi_placement *out)
{
    *out = (zi_placement){.device = 0};
    switch (caps->kind) {
    case ZI_CAPS_CPU:
        *out_taken = true;
        out->reason = "no PL was asked for";
        out->remedy = "name a board or an xclbin";
        break;
    case ZI_CAPS_PL:
        *out_taken = place_on_pl(arena, caps, g, n, out);
        break;
    }
    return out->reason && out->remedy
               ? ZURT_OK
               : zi_fail(ctx, ZURT_E_NOMEM, "partition: no memory for a reason");
}
