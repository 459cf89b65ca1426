/* SPDX-License-Identifier: Apache-2.0 */
/* Compares a node with what a capability table says of its op. */
#include "plan/caps.h"

#include <string.h>

#include "isa/zk_cycles.h"
#include "plan/layer.h"
#include "plan/remedy.h"

#define OP(name) ((uint64_t)1 << (ZI_OP_##name % 64))

/* Tables and activations, which become tables when a model is quantised. */
#define TABLES                                                                                     \
    OP(Lut) | OP(Relu) | OP(Clip) | OP(LeakyRelu) | OP(Sigmoid) | OP(HardSigmoid) |                \
        OP(HardSwish) | OP(Swish) | OP(Tanh) | OP(Elu)

#define ENGINE_OPS                                                                                 \
    {                                                                                              \
        OP(Conv) | OP(ConvTranspose) | OP(FullyConnected) | OP(Add) | OP(MaxPool) |                \
            OP(AveragePool) | OP(ReduceMean) | TABLES,                                             \
            OP(Concat) | OP(Resize) | OP(Reshape) | OP(Slice) | OP(Split) | OP(Gather) | OP(Pad)   \
    }

static const zi_caps cpu = {
    .kind = ZI_CAPS_CPU,
    .name = "cpu",
    .ops = {UINT64_MAX, UINT64_MAX},
};

static const zi_caps kv260 = {
    .kind = ZI_CAPS_PL,
    .name = "kv260",
    .engine_version = ZK_STEP_VERSION,
    .pixel_parallel = ZK_KV260_PP,
    .in_parallel = ZK_C,
    .out_parallel = ZK_C,
    .requant_parallel = ZK_KV260_RQ * ZK_C,
    .scratchpad_words = ZK_KV260_PP * ZK_KV260_ROWS,
    .ring_words = ZK_KV260_RING * 16,
    .max_taps = ZK_TAPS,
    .clock_khz = 300000,
    .ddr_bytes_per_us = 14400,
    .ops = ENGINE_OPS,
};

static const zi_caps zcu104 = {
    .kind = ZI_CAPS_PL,
    .name = "zcu104",
    .engine_version = ZK_STEP_VERSION,
    .pixel_parallel = ZK_ZCU104_PP,
    .in_parallel = ZK_C,
    .out_parallel = ZK_C,
    .requant_parallel = ZK_ZCU104_RQ * ZK_C,
    .scratchpad_words = ZK_ZCU104_PP * ZK_ZCU104_ROWS,
    .ring_words = ZK_ZCU104_RING * 16,
    .max_taps = ZK_TAPS,
    .clock_khz = 300000,
    .ddr_bytes_per_us = 14400,
    .ops = ENGINE_OPS,
};

const zi_caps *zi_caps_cpu(void)
{
    return &cpu;
}

const char *zi_caps_builtin_names(void)
{
    return "cpu, kv260, zcu104";
}

const zi_caps *zi_caps_builtin(const char *name)
{
    static const zi_caps *const tables[] = {&cpu, &kv260, &zcu104};
    for (size_t i = 0; name && i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    }
    return NULL;
}

/** Banks that let column phases lie apart: see zi_map_lay_out(). */
enum { MIN_BANKS = 4 };

zurt_status zi_caps_check_engine(zurt_ctx *ctx, const zi_caps *caps)
{
    uint32_t ring = caps->ring_words / 16;
    if (caps->engine_version != ZK_STEP_VERSION)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "PL: '%s' has engine version %u, this build maps for %d", caps->name,
                       (unsigned)caps->engine_version, ZK_STEP_VERSION);
    if (caps->pixel_parallel < MIN_BANKS || caps->pixel_parallel > ZK_PP_MAX ||
        caps->in_parallel != ZK_C || caps->out_parallel != ZK_C || caps->requant_parallel < ZK_C ||
        caps->requant_parallel > ZK_C * caps->pixel_parallel || ring < 1 || ring > ZK_RING_MAX ||
        caps->max_taps != ZK_TAPS || caps->scratchpad_words % caps->pixel_parallel ||
        caps->scratchpad_words / caps->pixel_parallel > ZK_ROWS_MAX)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED, "PL: no program can be made for the sizes of '%s'",
                       caps->name);
    return ZURT_OK;
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

// Limits of the step engine, widest first. A node that passes them all is taken.
static bool place_on_pl(zi_arena *arena, const zi_caps *caps, const zi_graph *g, const zi_node *n,
                        zi_placement *out)
{
    if (!(caps->ops[n->op / 64] >> (n->op % 64) & 1)) {
        out->reason = zi_arena_printf(arena, "op %s is not in the table of '%s'", zi_op_name(n->op),
                                      caps->name);
        out->remedy = zi_remedy_of_op(g, n);
        return false;
    }
    zi_layer layer;
    zi_layer_query query = {arena, caps, g};
    bool taken = caps->engine_version
                     ? zi_layer_from_node(&query, n, &layer, &out->reason, &out->remedy)
                     : place_int8(arena, caps, g, n, out);
    if (!taken)
        return false;
    out->reason = zi_arena_printf(arena, "within the limits of '%s'", caps->name);
    out->remedy = "";
    out->batch = caps->engine_version ? layer.x.n : 0;
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
