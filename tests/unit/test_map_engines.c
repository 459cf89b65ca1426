/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines that nobody has built: whatever sizes a capability table states, the code generator
 * either refuses the table or makes step lists that the checker takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codegen/cg_encode.h"
#include "codegen/engine_caps.h"
#include "isa/zk_cycles.h"
#include "plan/caps.h"
#include "support/random_net.h"

enum { NETWORKS = 4 };

static int lists;

static void map_net(zurt_ctx *ctx, const zi_caps *caps, uint64_t seed)
{
    const zi_caps *tables[] = {caps, zi_caps_cpu()};
    zt_source source = zt_source_seed(seed);
    zi_graph *g = zt_random_net(ctx, &source, 8, 24);
    zi_partition *p = NULL;
    assert_non_null(g);
    if (zi_partition_create(ctx, g, tables, 2, &p))
        fail_msg("seed %d: %s", (int)seed, zurt_ctx_error(ctx));
    for (uint32_t i = 0; i < p->n_segments; i++) {
        zi_cg_code code;
        if (!zi_cg_program_of(&p->segments[i]))
            continue;
        lists++;
        if (zi_cg_encode(ctx, zi_cg_program_of(&p->segments[i]), &code) ||
            zi_cg_verify(ctx, caps, &code))
            fail_msg("%u pixels, %u results, %u words, ring %u, seed %d: %s",
                     (unsigned)caps->pixel_parallel, (unsigned)caps->requant_parallel,
                     (unsigned)caps->scratchpad_words, (unsigned)caps->ring_beats, (int)seed,
                     zurt_ctx_error(ctx));
        zi_cg_code_destroy(&code);
    }
    zi_partition_destroy(p);
    zi_graph_destroy(g);
}

static void engines_of_every_width_get_lists_that_the_checker_takes(void **state)
{
    (void)state;
    zurt_ctx *ctx = NULL;
    uint64_t seed = 1;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    for (uint32_t pp = 1; pp <= ZK_PP_MAX + 1; pp++) {
        for (uint32_t rq = 1; rq <= pp; rq++) {
            zi_caps caps = *zi_caps_builtin("kv260");
            caps.pixel_parallel = pp;
            caps.requant_parallel = rq * ZK_C;
            const uint32_t most = (1u << ZK_ADDRESS_BITS) / pp,
                           few = 80 + 50 * (uint32_t)(seed % 7);
            caps.scratchpad_words = pp * (seed % 3 == 0 ? most : few);
            caps.ring_beats = 16 * (seed % 4 ? 1024 : ZK_RING_MAX);
            if (zi_caps_check_engine(ctx, &caps))
                continue;
            for (int i = 0; i < NETWORKS; i++)
                map_net(ctx, &caps, seed++);
        }
    }
    print_message("%d step lists\n", lists);
    assert_true(lists > 300);
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_of_every_width_get_lists_that_the_checker_takes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
