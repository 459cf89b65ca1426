/* SPDX-License-Identifier: Apache-2.0 */
/* Property: on any valid graph and any capability table, live tensors never overlap. */
#include <stdio.h>
#include <stdlib.h>

#include "support/plan_checker.h"
#include "support/random_graph.h"

static void check(zurt_ctx *ctx, const zi_graph *g, const zi_caps *const *caps, uint32_t n_caps)
{
    zi_partition *partition = NULL;
    zi_memory_plan *plan = NULL;
    char why[256] = "";
    zurt_status st = zi_partition_create(ctx, g, caps, n_caps, &partition);
    if (!st)
        st = zi_memory_plan_create(ctx, partition, &plan);
    if (st || !zt_plan_check(partition, plan, why, sizeof(why))) {
        fprintf(stderr, "plan: %s %s\n", st ? zurt_ctx_error(ctx) : "", why);
        abort();
    }
    zi_memory_plan_destroy(plan);
    zi_partition_destroy(partition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx = NULL;
    if (zurt_ctx_create(NULL, &ctx))
        abort();
    zt_source source = zt_source_bytes(data, size);
    zi_caps pl = {.kind = ZI_CAPS_PL, .name = "pl"};
    for (uint32_t bit = 0; bit < 128; bit += 8)
        pl.ops[bit / 64] |= (uint64_t)zt_pick(&source, 256) << (bit % 64);
    zt_graph_wish wish = {.max_nodes = 100};
    zi_graph *g = zt_random_graph(ctx, &source, &wish, NULL);
    if (!g || zi_graph_check(ctx, g)) {
        fprintf(stderr, "generator: %s\n", zurt_ctx_error(ctx));
        abort();
    }
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    check(ctx, g, caps, 2);
    check(ctx, g, caps + 1, 1);
    zi_graph_destroy(g);
    zurt_ctx_destroy(ctx);
    return 0;
}
