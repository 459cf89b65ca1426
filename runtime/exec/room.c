/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that a session's requests will need, held against the limit before any is allocated: a
 * small file may ask for gigabytes. */
#include "base/size.h"
#include "exec/session.h"

/* Saturates: what does not fit a size_t fits no limit. */
static size_t plus(size_t a, size_t b)
{
    size_t sum;
    return zi_size_add(a, b, &sum) ? sum : SIZE_MAX;
}

static size_t times(size_t a, size_t b)
{
    size_t product;
    return zi_size_mul(a, b, &product) ? product : SIZE_MAX;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t bytes_of_list(const zi_graph *g, const zi_id *ids, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = plus(sum, zi_tensor_bytes(&g->tensors[ids[i]]));
    return sum;
}

static bool is_in_memory(const zi_schedule *s, size_t tensor)
{
    const zi_storage_kind kind = s->memory->tensors[tensor].kind;
    return kind == ZI_STORAGE_ARENA || kind == ZI_STORAGE_INPUT || kind == ZI_STORAGE_OUTPUT;
}

static const zi_tensor *largest(const zi_schedule *s)
{
    const zi_tensor *found = NULL;
    for (size_t i = 0; i < s->graph->n_tensors; i++) {
        const zi_tensor *t = &s->graph->tensors[i];
        if (is_in_memory(s, i) && (!found || zi_tensor_bytes(t) > zi_tensor_bytes(found)))
            found = t;
    }
    return found;
}

zurt_status zi_schedule_check_room(zurt_ctx *ctx, const zi_schedule *s)
{
    const size_t left = zi_budget_left(ctx);
    if (s->memory->arena_bytes <= left)
        return ZURT_OK;
    char text[96] = "";
    const zi_tensor *t = largest(s);
    return zi_fail(
        ctx, ZURT_E_LIMIT,
        "session: %zu bytes of activations, and %zu are left of max_bytes. The largest "
        "tensor is '%.64s', %s. Raise max_bytes (--max-memory), or use a smaller batch or "
        "input",
        s->memory->arena_bytes, left, t ? t->name : "",
        t ? zi_tensor_describe(t, text, sizeof(text)) : "");
}

zurt_status zi_session_settle_streams(zurt_session *s, const zi_budget *budget)
{
    const zi_schedule *plan = s->schedule, *other = s->fallback ? s->fallback : plan;
    const size_t arena = larger(plan->memory->arena_bytes, other->memory->arena_bytes);
    const size_t scratch = larger(plan->scratch_bytes, other->scratch_bytes);
    const size_t caller = plus(bytes_of_list(s->graph, s->graph->inputs, s->graph->n_inputs),
                               bytes_of_list(s->graph, s->graph->outputs, s->graph->n_outputs));
    const size_t left = zi_budget_left(s->ctx);
    uint32_t streams = s->options.streams;
    if (!streams)
        streams = zi_session_useful_streams(s, s->n_devices > 1);
    while (!s->options.streams && streams > 1 &&
           plus(times(plus(arena, scratch), streams), caller) > left)
        streams--;
    s->options.streams = streams;
    if (plus(times(plus(arena, scratch), streams), caller) <= left)
        return ZURT_OK;
    char text[96] = "";
    const zi_tensor *t = largest(plan);
    return zi_fail(
        s->ctx, ZURT_E_LIMIT,
        "session: %zu bytes of activations and %zu of scratch for each of %u streams, "
        "%zu of inputs and outputs; %zu are left of max_bytes, %zu. The largest tensor "
        "is '%.64s', %s. Raise max_bytes (--max-memory), or use a smaller batch or input",
        arena, scratch, (unsigned)s->options.streams, caller, left, budget->max_bytes,
        t ? t->name : "", t ? zi_tensor_describe(t, text, sizeof(text)) : "");
}
