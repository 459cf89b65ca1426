/* SPDX-License-Identifier: Apache-2.0 */
/* What the public API tells about a partition: nodes, edges, sums. */
#include "plan/plan_report.h"

#include "base/alloc.h"

struct zurt_plan {
    zurt_allocator allocator;
    const zi_graph *graph;
    zi_graph *adopted; // NULL: the graph is the caller's
    zi_partition *partition;
    zi_caps pl; // the board's table, if it has a PL
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

zurt_status zi_plan_report_create(zurt_ctx *ctx, const zi_graph *g, const zi_caps *caps,
                                  zurt_plan **out)
{
    *out = NULL;
    zurt_plan *plan = zi_zalloc(&ctx->allocator, sizeof(*plan));
    if (!plan)
        return zi_fail(ctx, ZURT_E_NOMEM, "plan: out of memory");
    plan->allocator = ctx->allocator;
    if (caps->kind == ZI_CAPS_PL) {
        plan->pl = *caps;
        plan->caps[plan->n_caps++] = &plan->pl;
    }
    plan->caps[plan->n_caps++] = zi_caps_cpu();
    zurt_status st = zi_partition_create(ctx, g, plan->caps, plan->n_caps, &plan->partition);
    plan->pl.name = ""; // the caller's; it is in the reasons by now
    uint32_t *n_readers = NULL;
    if (!st) {
        plan->graph = plan->partition->graph;
        st = zi_graph_index(ctx, plan->graph, &plan->writer, &n_readers);
    }
    zi_free(&ctx->allocator, n_readers);
    if (!st)
        st = number_segments(ctx, plan);
    if (st) {
        zurt_plan_destroy(plan);
        return st;
    }
    *out = plan;
    return ZURT_OK;
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
    zi_partition_destroy(plan->partition);
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

zurt_status zurt_plan_node_get(const zurt_plan *plan, size_t i, zurt_plan_node *out)
{
    if (!plan || !out || i >= plan->graph->n_nodes)
        return ZURT_E_ARG;
    const zi_node *n = &plan->graph->nodes[i];
    const zi_placement *p = &plan->partition->nodes[i];
    *out = (zurt_plan_node){
        .name = n->name,
        .op = zi_op_name(n->op),
        .device = plan->caps[p->device]->kind == ZI_CAPS_PL ? "pl" : "cpu",
        .reason = p->reason,
        .remedy = p->remedy,
        .dtype = plan->graph->tensors[n->out[0]].dtype,
        .macs = zi_node_macs(plan->graph, n),
        .cycles = p->cycles,
        .ddr_bytes = p->ddr_bytes,
        .segment = plan->segment[i],
    };
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

static void add_segment(const zurt_plan *plan, const zi_segment *s, zurt_plan_totals *t)
{
    if (plan->caps[s->device]->kind != ZI_CAPS_PL) {
        t->cpu_nodes += s->n_nodes;
        return;
    }
    t->launches++;
    for (uint32_t i = 0; i < s->n_inputs; i++)
        t->boundary_bytes += zi_tensor_bytes(&plan->graph->tensors[s->inputs[i]]);
    for (uint32_t i = 0; i < s->n_outputs; i++)
        t->boundary_bytes += zi_tensor_bytes(&plan->graph->tensors[s->outputs[i]]);
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
        if (plan->caps[p->device]->kind == ZI_CAPS_PL)
            t.pl_macs += macs;
        t.cycles += p->cycles;
        t.ddr_bytes += p->ddr_bytes;
    }
    return t;
}
