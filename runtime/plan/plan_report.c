/* SPDX-License-Identifier: Apache-2.0 */
/* What the public API tells about a partition: nodes, edges, sums. */
#include "plan/plan_report.h"

#include "base/alloc.h"
#include "plan/cpu_cost.h"
#include "plan/remedy.h"

struct zurt_plan {
    zurt_allocator allocator;
    const zi_graph *graph;
    zi_graph *adopted; // NULL: the graph is the caller's
    zi_partition *owned;
    const zi_partition *partition; // the same, or a session's
    zi_caps pl;                    // the board's table, if it has a PL
    const zi_caps *caps[2];
    uint32_t n_caps;
    zi_id *writer;     // node that computes each tensor
    uint32_t *segment; // of each node
};

static zurt_status number_segments(zurt_ctx *ctx, zurt_plan *plan)
{
    plan->segment = zi_calloc(&ctx->allocator, plan->graph->n_nodes, sizeof(*plan->segment));
    if (!plan->segment)
        return zi_fail(ctx, ZURT_E_NOMEM, "plan: out of memory");
    for (uint32_t s = 0; s < plan->partition->n_segments; s++) {
        const zi_segment *segment = &plan->partition->segments[s];
        for (zi_id i = 0; i < segment->n_nodes; i++)
            plan->segment[segment->first_node + i] = s;
    }
    return ZURT_OK;
}

static zurt_plan *allocate(zurt_ctx *ctx)
{
    zurt_plan *plan = zi_zalloc(&ctx->allocator, sizeof(*plan));
    if (plan)
        plan->allocator = ctx->allocator;
    else
        zi_fail(ctx, ZURT_E_NOMEM, "plan: out of memory");
    return plan;
}

/* Once the partition stands. */
static zurt_status describe(zurt_ctx *ctx, zurt_plan *plan)
{
    uint32_t *n_readers = NULL;
    plan->pl.name = ""; // the caller's; it is in the reasons by now
    plan->graph = plan->partition->graph;
    zurt_status st = zi_graph_index(ctx, plan->graph, &plan->writer, &n_readers);
    zi_free(&ctx->allocator, n_readers);
    return st ? st : number_segments(ctx, plan);
}

static zurt_status finish(zurt_plan *plan, zurt_status st, zurt_plan **out)
{
    if (st)
        zurt_plan_destroy(plan);
    else
        *out = plan;
    return st;
}

zurt_status zi_plan_report_create(zurt_ctx *ctx, const zi_graph *g, const zi_caps *caps,
                                  zurt_plan **out)
{
    *out = NULL;
    zurt_plan *plan = allocate(ctx);
    if (!plan)
        return ZURT_E_NOMEM;
    if (caps->kind == ZI_CAPS_PL) {
        plan->pl = *caps;
        plan->caps[plan->n_caps++] = &plan->pl;
    }
    plan->caps[plan->n_caps++] = zi_caps_cpu();
    zurt_status st = zi_partition_create(ctx, g, plan->caps, plan->n_caps, &plan->owned);
    plan->partition = plan->owned;
    if (!st)
        st = describe(ctx, plan);
    return finish(plan, st, out);
}

zurt_status zi_plan_report_of(zurt_ctx *ctx, const zi_partition *partition,
                              const zi_caps *const *caps, zurt_plan **out)
{
    *out = NULL;
    zurt_plan *plan = allocate(ctx);
    if (!plan)
        return ZURT_E_NOMEM;
    plan->partition = partition;
    if (caps[0]->kind == ZI_CAPS_PL) {
        plan->pl = *caps[0];
        plan->caps[plan->n_caps++] = &plan->pl;
    }
    plan->caps[plan->n_caps++] = zi_caps_cpu();
    return finish(plan, describe(ctx, plan), out);
}

void zi_plan_report_adopt(zurt_plan *plan, zi_graph *g)
{
    plan->adopted = g;
}

void zurt_plan_destroy(zurt_plan *plan)
{
    if (!plan)
        return;
    zurt_allocator allocator = plan->allocator;
    zi_partition_destroy(plan->owned);
    zi_free(&allocator, plan->writer);
    zi_free(&allocator, plan->segment);
    zi_graph_destroy(plan->adopted);
    zi_free(&allocator, plan);
}

size_t zurt_plan_n_nodes(const zurt_plan *plan)
{
    return plan ? plan->graph->n_nodes : 0;
}

/* Tensor that is the k-th computed input of a node; ZI_NONE past the last. */
static zi_id computed_input(const zi_graph *g, const zi_node *n, size_t k)
{
    for (uint32_t i = 0; i < n->n_in; i++) {
        if (n->in[i] == ZI_NONE || zi_tensor_is_const(&g->tensors[n->in[i]]))
            continue;
        if (k-- == 0)
            return n->in[i];
    }
    return ZI_NONE;
}

static bool on_pl(const zurt_plan *plan, size_t node)
{
    return plan->caps[plan->partition->nodes[node].device]->kind == ZI_CAPS_PL;
}

static void take_shape(const zi_graph *g, const zi_node *n, zurt_plan_node *out)
{
    const zi_tensor *y = &g->tensors[n->out[0]], *w = zi_node_in(g, n, 1);
    out->out_rank = y->rank;
    for (int32_t d = 0; d < y->rank; d++)
        out->out_dims[d] = y->dims[d];
    bool convolves = n->op == ZI_OP_Conv || n->op == ZI_OP_ConvTranspose;
    bool pools = n->op == ZI_OP_MaxPool || n->op == ZI_OP_AveragePool;
    for (int d = 0; d < 2 && (convolves || pools); d++) {
        out->kernel[d] = convolves ? w->dims[1 + d] : n->attr.pool.kernel[d];
        out->stride[d] = convolves ? n->attr.conv.stride[d] : n->attr.pool.stride[d];
    }
    out->groups = convolves ? n->attr.conv.groups : 0;
}

zurt_status zurt_plan_node_get(const zurt_plan *plan, size_t i, zurt_plan_node *out)
{
    if (!plan || !out || i >= plan->graph->n_nodes)
        return ZURT_E_ARG;
    const zi_node *n = &plan->graph->nodes[i];
    const zi_placement *p = &plan->partition->nodes[i];
    *out = (zurt_plan_node){
        .name = n->name,
        .op = zi_op_name(n->op),
        .device = on_pl(plan, i) ? "pl" : "cpu",
        .reason = p->reason,
        .remedy = plan->adopted && zi_remedy_is_of_float(p->remedy) ? zi_remedy_assumed : p->remedy,
        .dtype = plan->graph->tensors[n->out[0]].dtype,
        .macs = zi_node_macs(plan->graph, n),
        .cycles = p->cycles,
        .ddr_bytes = p->ddr_bytes,
        .segment = plan->segment[i],
        .cpu_ns = on_pl(plan, i) ? 0 : zi_cpu_ns(zi_cpu_node_cycles(plan->graph, n)),
    };
    take_shape(plan->graph, n, out);
    while (computed_input(plan->graph, n, out->n_inputs) != ZI_NONE)
        out->n_inputs++;
    return ZURT_OK;
}

size_t zurt_plan_edge(const zurt_plan *plan, size_t i, size_t k)
{
    if (!plan || i >= plan->graph->n_nodes)
        return SIZE_MAX;
    zi_id tensor = computed_input(plan->graph, &plan->graph->nodes[i], k);
    if (tensor == ZI_NONE || plan->writer[tensor] == ZI_NONE)
        return SIZE_MAX;
    return plan->writer[tensor];
}

size_t zurt_plan_edge_input(const zurt_plan *plan, size_t i, size_t k)
{
    if (!plan || i >= plan->graph->n_nodes)
        return SIZE_MAX;
    zi_id tensor = computed_input(plan->graph, &plan->graph->nodes[i], k);
    for (size_t input = 0; tensor != ZI_NONE && input < plan->graph->n_inputs; input++) {
        if (plan->graph->inputs[input] == tensor)
            return input;
    }
    return SIZE_MAX;
}

size_t zurt_plan_output_node(const zurt_plan *plan, size_t output)
{
    if (!plan || output >= plan->graph->n_outputs)
        return SIZE_MAX;
    zi_id writer = plan->writer[plan->graph->outputs[output]];
    return writer == ZI_NONE ? SIZE_MAX : writer;
}

static void add_segment(const zurt_plan *plan, const zi_segment *s, zurt_plan_totals *t)
{
    if (plan->caps[s->device]->kind != ZI_CAPS_PL) {
        t->cpu_nodes += s->n_nodes;
        return;
    }
    t->launches++;
    if (s->lowered) {
        t->convert_ns += zi_cpu_ns(zi_cpu_boundary_cycles(s->lowered));
        t->device_bytes += s->lowered->device_bytes;
    }
    for (uint32_t i = 0; i < s->n_inputs; i++)
        t->boundary_bytes += zi_tensor_bytes(&plan->graph->tensors[s->inputs[i]]);
    for (uint32_t i = 0; i < s->n_outputs; i++)
        t->boundary_bytes += zi_tensor_bytes(&plan->graph->tensors[s->outputs[i]]);
}

/* What a run takes at best and at worst, one request at a time. */
static void add_times(zurt_plan_totals *t)
{
    if (t->clock_khz)
        t->pl_ns = (uint64_t)((double)t->cycles * 1e6 / t->clock_khz);
    t->launch_low_ns = t->launches * (uint64_t)ZI_LAUNCH_NS_MIN;
    t->launch_high_ns = t->launches * (uint64_t)ZI_LAUNCH_NS_MAX;
    t->low_ns = t->pl_ns + t->launch_low_ns + t->convert_ns + t->cpu_ns / ZI_CPU_CORES;
    t->high_ns = t->pl_ns + t->launch_high_ns +
                 (t->convert_ns + t->cpu_ns) / 100 * (100 + ZI_CPU_SLACK_PERCENT);
}

zurt_plan_totals zurt_plan_totals_get(const zurt_plan *plan)
{
    zurt_plan_totals t = {0};
    if (!plan)
        return t;
    const zi_caps *first = plan->caps[0];
    if (first->kind == ZI_CAPS_PL) {
        t.clock_khz = first->clock_khz;
        t.macs_per_cycle = first->pixel_parallel * first->in_parallel * first->out_parallel;
    }
    t.segments = plan->partition->n_segments;
    t.assumed_scales = plan->adopted != NULL;
    for (uint32_t i = 0; i < plan->partition->n_segments; i++)
        add_segment(plan, &plan->partition->segments[i], &t);
    for (size_t i = 0; i < plan->graph->n_nodes; i++) {
        const zi_placement *p = &plan->partition->nodes[i];
        uint64_t macs = zi_node_macs(plan->graph, &plan->graph->nodes[i]);
        t.macs += macs;
        if (on_pl(plan, i))
            t.pl_macs += macs;
        else
            t.cpu_ns += zi_cpu_ns(zi_cpu_node_cycles(plan->graph, &plan->graph->nodes[i]));
        t.cycles += p->cycles;
        t.ddr_bytes += p->ddr_bytes;
    }
    add_times(&t);
    return t;
}
