/* SPDX-License-Identifier: Apache-2.0 */
/* The engines that this build makes programs for: their tables, and what a table must say. */
#include "codegen/engine_caps.h"

#include <string.h>

#include "codegen/codegen.h"
#include "isa/zk_cycles.h"
#include "plan/board.h"

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

static const zi_caps kv260 = {
    .kind = ZI_CAPS_PL,
    .name = "kv260",
    .engine_version = ZK_STEP_VERSION,
    .pixel_parallel = ZK_KV260_PP,
    .in_parallel = ZK_C,
    .out_parallel = ZK_C,
    .requant_parallel = ZK_KV260_RQ * ZK_C,
    .scratchpad_words = ZK_KV260_PP * ZK_KV260_ROWS,
    .ring_beats = ZK_KV260_RING * 16,
    .max_taps = ZK_TAPS,
    .clock_khz = 200000,
    .ddr_bytes_per_us = 14400,
    .ops = ENGINE_OPS,
    .lowering = &zi_cg_lowering,
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
    .ring_beats = ZK_ZCU104_RING * 16,
    .max_taps = ZK_TAPS,
    .clock_khz = 200000,
    .ddr_bytes_per_us = 14400,
    .ops = ENGINE_OPS,
    .lowering = &zi_cg_lowering,
};

const char *zi_caps_builtin_names(void)
{
    return "cpu, kv260, zcu104";
}

const zi_caps *zi_caps_builtin(const char *name)
{
    const zi_caps *const tables[] = {zi_caps_cpu(), &kv260, &zcu104};
    for (size_t i = 0; name && i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    }
    return NULL;
}

/** Banks that let column phases lie apart: see zi_cg_choose_pitch(). */
enum { MIN_BANKS = 4 };

zurt_status zi_caps_check_engine(zurt_ctx *ctx, const zi_caps *caps)
{
    uint32_t ring = caps->ring_beats / 16;
    if (caps->engine_version != ZK_STEP_VERSION)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "PL: '%s' has engine version %u, this build maps for %d", caps->name,
                       (unsigned)caps->engine_version, ZK_STEP_VERSION);
    if (caps->pixel_parallel < MIN_BANKS || caps->pixel_parallel > ZK_PP_MAX ||
        caps->in_parallel != ZK_C || caps->out_parallel != ZK_C || caps->requant_parallel < ZK_C ||
        caps->requant_parallel > ZK_C * caps->pixel_parallel || ring < 1 || ring > ZK_RING_MAX ||
        caps->max_taps != ZK_TAPS || caps->scratchpad_words % caps->pixel_parallel ||
        caps->scratchpad_words > (uint32_t)1 << ZK_ADDRESS_BITS)
        return zi_fail(ctx, ZURT_E_UNSUPPORTED, "PL: no program can be made for the sizes of '%s'",
                       caps->name);
    return ZURT_OK;
}

zurt_status zi_caps_take_engine(zurt_ctx *ctx, zi_caps *caps)
{
    zurt_status st = zi_caps_check_engine(ctx, caps);
    if (!st)
        caps->lowering = &zi_cg_lowering;
    return st;
}

zurt_status zurt_board_builtin(zurt_ctx *ctx, const char *name, zurt_board **out)
{
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!ctx || !name)
        return ZURT_E_ARG;
    const zi_caps *caps = zi_caps_builtin(name);
    if (!caps)
        return zi_fail(ctx, ZURT_E_ARG, "no board '%.64s': this build knows %s", name,
                       zi_caps_builtin_names());
    return zi_board_create(ctx, caps, out);
}
