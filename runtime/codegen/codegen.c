/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where to begin. A node is described to the engine, or refused, by the function of its op; a
 * segment of such nodes becomes a program, stage by stage. Two more stages follow when a back end
 * loads it: zi_cg_encode(), to bytes, and zi_cg_verify(), the proof that they are safe.
 */
#include "codegen/codegen.h"

#include "base/alloc.h"
#include "codegen/cg_lower.h"
#include "codegen/layer_impl.h"

/* ---- a node ---- */

/** Who describes the nodes of an op; those of ops that are not here are tables. */
static zi_layer_of_op *const layer_of[] = {
    [ZI_OP_Conv] = zi_layer_conv,
    [ZI_OP_ConvTranspose] = zi_layer_conv,
    [ZI_OP_FullyConnected] = zi_layer_fully_connected,
    [ZI_OP_MaxPool] = zi_layer_pool,
    [ZI_OP_AveragePool] = zi_layer_pool,
    [ZI_OP_ReduceMean] = zi_layer_reduce,
    [ZI_OP_Add] = zi_layer_add,
    [ZI_OP_Resize] = zi_layer_resize,
    [ZI_OP_Concat] = zi_layer_concat,
    [ZI_OP_Slice] = zi_layer_choose,
    [ZI_OP_Split] = zi_layer_choose,
    [ZI_OP_Gather] = zi_layer_choose,
    [ZI_OP_Pad] = zi_layer_choose,
    [ZI_OP_Reshape] = zi_layer_reshape,
};

bool zi_layer_from_node(const zi_layer_query *q, const zi_node *n, zi_layer *out,
                        const char **reason, const char **remedy)
{
    enum { N_OPS = sizeof(layer_of) / sizeof(layer_of[0]) };
    zi_layer_answer a = {.q = q, .n = n, .layer = out};
    *out = (zi_layer){
        .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .passes = 1};
    out->node = (zi_id)(n - q->g->nodes);
    bool ok = zi_layer_check_types(&a);
    if (ok && (int)n->op < N_OPS && layer_of[n->op])
        ok = layer_of[n->op](&a);
    else if (ok)
        ok = zi_layer_lut(&a);
    *reason = a.reason;
    *remedy = a.remedy;
    return ok;
}

static bool judge(zi_arena *arena, const zi_caps *caps, const zi_graph *g, const zi_node *n,
                  zi_placement *out)
{
    zi_layer *layer = zi_arena_alloc(arena, sizeof(*layer));
    zi_layer_query query = {arena, caps, g};
    out->analysis = layer;
    if (!layer || !zi_layer_from_node(&query, n, layer, &out->reason, &out->remedy))
        return false;
    out->batch = layer->x.n;
    return true;
}

/* ---- a segment ---- */

/** In order; allocate calls tile and interleave as long as memory is short. */
static zi_cg_stage *const stages[] = {
    zi_cg_lower,            // nodes to layers; what can be is fused
    zi_cg_copy_outputs,     // where no step can store while it computes
    zi_cg_pack_inputs,      // several pixels of few channels to a word
    zi_cg_copy_for_strides, // where readers want different layouts
    zi_cg_list_outputs,     // what leaves the segment, and from where
    zi_cg_allocate,         // pitches, addresses; tiles and bands where memory is short
    zi_cg_emit,             // layers to steps
    zi_cg_schedule,         // when weights are loaded; cycles
};

enum { N_STAGES = sizeof(stages) / sizeof(stages[0]) };

zurt_status zi_cg_nomem(zurt_ctx *ctx)
{
    return zi_fail(ctx, ZURT_E_NOMEM, "mapping: out of memory");
}

bool zi_cg_grow(zi_cg_program *m, void **array, size_t *capacity, size_t count, size_t size)
{
    return zi_grow(&m->arena.allocator, array, capacity, count, size);
}

static void destroy(zi_lowered *lowered)
{
    zi_cg_program *m = (zi_cg_program *)(void *)lowered;
    if (!m)
        return;
    zurt_allocator allocator = m->arena.allocator;
    zi_free(&allocator, m->layers);
    zi_free(&allocator, m->tensors);
    zi_free(&allocator, m->steps);
    zi_free(&allocator, m->taps);
    zi_free(&allocator, m->starts);
    zi_arena_clear(&m->arena);
    zi_free(&allocator, m);
}

static uint64_t picture_words(const zi_cg_tensor *p)
{
    return (uint64_t)p->h * (uint64_t)p->w * (uint64_t)p->blocks;
}

/* What plan/ tells of the program besides its nodes' costs. */
static void sum_up(zi_cg_program *m)
{
    enum { WORD_BYTES = 16, STREAMS = 4 };
    const zi_cg_words w = zi_cg_words_of(m);
    const uint64_t batch = (uint64_t)m->batch;
    zi_lowered *l = &m->lowered;
    l->device_bytes =
        (uint64_t)(zi_cg_list_words(m, &w) + STREAMS * w.weights + w.act) * WORD_BYTES;
    for (size_t i = 0; i < m->n_tensors; i++) {
        const zi_cg_tensor *p = &m->tensors[i];
        if (p->input && p->pack.lanes_h)
            l->packed_bytes += (uint64_t)p->h * (uint64_t)p->w * (uint64_t)p->c * batch;
        else if (p->input)
            l->words_in += picture_words(p) * batch;
    }
    for (size_t i = 0; i < m->n_outputs; i++)
        l->words_out += picture_words(&m->tensors[m->outputs[i].tensor]) * batch;
}

static zurt_status lower(zurt_ctx *ctx, const zi_caps *caps, const zi_graph *g,
                         const zi_segment *segment, const zi_placement *placed, zi_lowered **out)
{
    *out = NULL;
    zi_cg_program *m = zi_zalloc(&ctx->allocator, sizeof(*m));
    if (!m)
        return zi_cg_nomem(ctx);
    zi_arena_init(&m->arena, &ctx->allocator);
    m->g = g;
    m->caps = caps;
    m->first_node = segment->first_node;
    m->n_nodes = segment->n_nodes;
    zi_cg_builder b = {.ctx = ctx, .m = m, .segment = segment, .placed = placed};
    zi_arena_init(&b.temporary, &ctx->allocator);
    zurt_status st = ZURT_OK;
    for (int i = 0; !st && i < N_STAGES; i++)
        st = stages[i](&b);
    zi_arena_clear(&b.temporary);
    if (st) {
        destroy(&m->lowered);
        return st;
    }
    sum_up(m);
    *out = &m->lowered;
    return ZURT_OK;
}

const zi_lowering zi_cg_lowering = {
    .judge = judge, .lower = lower, .destroy = destroy, .wants_macs = true};
