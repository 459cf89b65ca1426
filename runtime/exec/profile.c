/* SPDX-License-Identifier: Apache-2.0 */
/* Time per node, as users of the library read it. */
#include "base/alloc.h"
#include "exec/session.h"

// A device's step may stand for several nodes, named by the last: it gets the sum of their work.
static uint64_t sum_macs(const zi_graph *g, zi_id first, zi_id last)
{
    uint64_t sum = 0;
    for (zi_id i = first; i <= last; i++)
        sum += zi_node_macs(g, &g->nodes[i]);
    return sum;
}

zurt_status zi_profile_create(zurt_ctx *ctx, const zi_schedule *s, zi_profile_step **out)
{
    zi_profile_step *steps = zi_calloc(&ctx->allocator, s->n_steps, sizeof(*steps));
    *out = steps;
    if (!steps)
        return zi_fail(ctx, ZURT_E_NOMEM, "session: no memory for a profile of %u steps",
                       (unsigned)s->n_steps);
    for (uint32_t i = 0; i < s->n_parts; i++) {
        const zi_segment *segment = &s->parts[i].segment;
        const zi_backend_vtable *vtable = s->devices[segment->device].vtable;
        zi_program *program = s->parts[i].program;
        uint32_t n = vtable->program_needs(program).n_steps;
        zi_id first = segment->first_node;
        for (uint32_t k = 0; k < n; k++) {
            zi_id last = vtable->program_step(program, k);
            *steps++ = (zi_profile_step){&s->graph->nodes[last], vtable->name,
                                         sum_macs(s->graph, first, last), first, last + 1 - first};
            first = last + 1;
        }
    }
    return ZURT_OK;
}

size_t zurt_session_n_profile(const zurt_session *s)
{
    return s && s->profile ? s->schedule->n_steps : 0;
}

zurt_status zurt_session_profile(const zurt_session *s, size_t i, zurt_profile_entry *out)
{
    if (!s || !out || i >= zurt_session_n_profile(s) || zi_session_is_busy(s))
        return ZURT_E_ARG;
    const zi_profile_step *step = &s->profile[i];
    *out = (zurt_profile_entry){
        .name = step->node->name,
        .op = zi_op_name(step->node->op),
        .device = step->device,
        .macs = step->macs,
        .first_node = step->first_node,
        .n_nodes = step->n_nodes,
    };
    for (uint32_t k = 0; k < s->n_streams; k++) {
        out->runs += s->streams[k].n_runs;
        out->total_ns += s->streams[k].step_ns[i];
    }
    return ZURT_OK;
}

void zurt_session_profile_reset(zurt_session *s)
{
    if (!s || zi_session_is_busy(s))
        return;
    for (uint32_t k = 0; k < s->n_streams; k++) {
        s->streams[k].n_runs = 0;
        for (size_t i = 0; i < zurt_session_n_profile(s); i++)
            s->streams[k].step_ns[i] = 0;
    }
}
