/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A graph of int8 layers, mapped for an engine and packed: for tests of the code generator's limits
 * and of the step checker. Include after cmocka's headers.
 */
#ifndef ZT_STEP_PROGRAM_H
#define ZT_STEP_PROGRAM_H

#include "codegen/cg_encode.h"
#include "codegen/engine_caps.h"
#include "plan/plan.h"
#include "support/graph_builder.h"

typedef struct program {
    builder b;
    zi_caps caps;
    const char *board;
    zi_partition *partition;
    zi_cg_code code;
} program;

static inline zi_id bytes(builder *b, zurt_dtype dtype, int32_t rank, const int32_t *dims)
{
    zi_id id;
    void *data;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, "", dtype, rank, dims, NULL, &id, &data),
                     ZURT_OK);
    for (size_t i = 0; i < zi_tensor_elems(&b->g->tensors[id]) && dtype == ZURT_S8; i++)
        ((int8_t *)data)[i] = (int8_t)(builder_random(b) * 127.0f);
    return id;
}

static inline zi_id quantised(builder *b, zi_op op, const zi_attr *attr, zi_id x, zi_id y,
                              float scale)
{
    zi_id out = y == ZI_NONE ? build_op(b, op, "", attr, 1, x) : build_op(b, op, "", attr, 2, x, y);
    build_quant(b, out, scale, 3);
    return out;
}

static inline zi_id conv(builder *b, zi_id x, int32_t out, int32_t k, bool depthwise)
{
    int32_t c = b->g->tensors[x].dims[3], pad = k / 2;
    zi_id w = bytes(b, ZURT_S8, DIMS(out, k, k, depthwise ? 1 : c));
    zi_attr attr = {.conv = {.stride = {1, 1},
                             .dilation = {1, 1},
                             .pad = {pad, pad, pad, pad},
                             .groups = depthwise ? c : 1}};
    build_quant(b, w, 0.01f, 0);
    return quantised(b, ZI_OP_Conv, &attr, x, w, 0.05f);
}

static inline zi_id pool(builder *b, zi_op op, zi_id x, int32_t k, int32_t stride)
{
    int32_t pad = stride == 1 ? k / 2 : 0;
    zi_attr attr = {.pool = {.kernel = {k, k},
                             .stride = {stride, stride},
                             .dilation = {1, 1},
                             .pad = {pad, pad, pad, pad},
                             .count_include_pad = true}};
    return quantised(b, op, &attr, x, ZI_NONE, 0.05f);
}

static inline void map_graph(program *p)
{
    const zi_caps *tables[] = {&p->caps, zi_caps_cpu()};
    if (zi_graph_check(p->b.ctx, p->b.g) ||
        zi_partition_create(p->b.ctx, p->b.g, tables, 2, &p->partition) ||
        !zi_cg_program_of(&p->partition->segments[0]) ||
        zi_cg_encode(p->b.ctx, zi_cg_program_of(&p->partition->segments[0]), &p->code))
        fail_msg("%s", zurt_ctx_error(p->b.ctx));
}

static inline void start(program *p, const char *board)
{
    *p = (program){.b = builder_make(), .caps = *zi_caps_builtin(board), .board = board};
}

static inline void finish(program *p)
{
    zi_cg_code_destroy(&p->code);
    zi_partition_destroy(p->partition);
    builder_free(&p->b);
}

static inline zurt_status check(program *p)
{
    return zi_cg_verify(p->b.ctx, &p->caps, &p->code);
}

#endif
