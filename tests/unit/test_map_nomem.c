/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation on the way from a graph to a checked step list is refused in turn: the answer is
 * ZURT_E_NOMEM, and nothing is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codegen/cg_encode.h"
#include "codegen/engine_caps.h"
#include "support/random_net.h"
#include "support/test_allocator.h"

enum { NETWORKS = 20 };

/* Partition, maps, step lists, checks. */
static zurt_status map_all(zurt_ctx *ctx, const zi_graph *g, const zi_caps *caps, int *out_lists)
{
    const zi_caps *tables[] = {caps, zi_caps_cpu()};
    zi_partition *p = NULL;
    zurt_status st = zi_partition_create(ctx, g, tables, 2, &p);
    for (uint32_t i = 0; !st && i < p->n_segments; i++) {
        zi_cg_code code;
        if (!zi_cg_program_of(&p->segments[i]))
            continue;
        st = zi_cg_encode(ctx, zi_cg_program_of(&p->segments[i]), &code);
        if (!st)
            st = zi_cg_verify(ctx, caps, &code);
        zi_cg_code_destroy(&code);
        ++*out_lists;
    }
    zi_partition_destroy(p);
    return st;
}

static void every_allocation_may_be_refused(void **state)
{
    (void)state;
    int lists = 0, refusals = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++) {
        zt_allocator memory = {0};
        zurt_ctx *ctx = zt_ctx_create(&memory, UINT32_MAX);
        zt_source source = zt_source_seed(seed);
        zi_caps caps = *zi_caps_builtin(seed % 2 ? "kv260" : "zcu104");
        caps.scratchpad_words = caps.pixel_parallel * (uint32_t)zt_pick_range(&source, 60, 400);
        zi_graph *g = ctx ? zt_random_net(ctx, &source, 8, 24) : NULL;
        assert_non_null(g);
        zurt_status st = ZURT_E_NOMEM;
        size_t before = memory.n_live;
        for (size_t n = 1; st; n++) {
            zt_allocator_arm(&memory, n);
            st = map_all(ctx, g, &caps, &lists);
            if (st)
                assert_int_equal(st, ZURT_E_NOMEM);
            assert_int_equal(memory.n_live, before);
            refusals += st != ZURT_OK;
        }
        assert_false(zt_allocator_refused(&memory)); // the last one was not refused anything
        zt_allocator_arm(&memory, 0);
        zi_graph_destroy(g);
        zurt_ctx_destroy(ctx);
        assert_int_equal(memory.n_live, 0);
    }
    print_message("%d refusals, %d step lists\n", refusals, lists);
    assert_true(lists > NETWORKS && refusals > 10 * NETWORKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_be_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
