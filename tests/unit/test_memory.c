/* SPDX-License-Identifier: Apache-2.0 */
/* Memory plans: no two live tensors overlap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "plan/plan.h"
#include "support/plan_checker.h"
#include "support/random_graph.h"
#include "support/test_allocator.h"

static zt_allocator allocator;

static int setup(void **state)
{
    *state = zt_ctx_create(&allocator, 0);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    zurt_ctx_destroy(*state);
    return atomic_load(&allocator.n_live) ? -1 : 0;
}

// ---- graphs by hand: one f32 [4, 16] after the other, 256 bytes

typedef struct chain {
    zurt_ctx *ctx;
    zi_graph *g;
} chain;

static chain begin(void **state)
{
    chain c = {*state, zi_graph_create(&((zurt_ctx *)*state)->allocator)};
    assert_non_null(c.g);
    return c;
}

static zi_id input_of(chain *c, const char *name, zurt_dtype dtype, int32_t rows, int32_t cols)
{
    zi_id id;
    assert_int_equal(zi_graph_add_tensor(c->ctx, c->g, name, &id), ZURT_OK);
    zi_tensor *t = &c->g->tensors[id];
    t->dtype = dtype;
    t->rank = 2;
    t->dims[0] = rows;
    t->dims[1] = cols;
    assert_int_equal(zi_graph_add_input(c->ctx, c->g, id), ZURT_OK);
    return id;
}

static zi_id input(chain *c, const char *name)
{
    return input_of(c, name, ZURT_F32, 4, 16);
}

static zi_id node(chain *c, zi_op op, const char *name, zi_id a, zi_id b)
{
    zi_id in[2] = {a, b}, out;
    zi_node *n;
    assert_int_equal(zi_graph_add_tensor(c->ctx, c->g, name, &out), ZURT_OK);
    assert_int_equal(
        zi_graph_add_node(c->ctx, c->g, op, name, in, b == ZI_NONE ? 1 : 2, &out, 1, &n), ZURT_OK);
    if (op == ZI_OP_Reshape)
        n->attr.shape = (zi_attr_shape){1, {64}};
    assert_int_equal(zi_node_infer(c->ctx, c->g, n), ZURT_OK);
    return out;
}

static zi_memory_plan *plan_of(chain *c)
{
    const zi_caps *caps[] = {zi_caps_cpu()};
    zi_partition *partition;
    zi_memory_plan *plan;
    char why[200];
    assert_int_equal(zi_graph_check(c->ctx, c->g), ZURT_OK);
    assert_int_equal(zi_partition_create(c->ctx, c->g, caps, 1, &partition), ZURT_OK);
    assert_int_equal(zi_memory_plan_create(c->ctx, partition, &plan), ZURT_OK);
    if (!zt_plan_check(partition, plan, why, sizeof(why)))
        fail_msg("%s", why);
    zi_partition_destroy(partition);
    return plan;
}

static void end(chain *c, zi_memory_plan *plan)
{
    zi_memory_plan_destroy(plan);
    zi_graph_destroy(c->g);
}

static void a_chain_of_maps_is_computed_in_the_output(void **state)
{
    chain c = begin(state);
    zi_id x = input(&c, "x");
    zi_id a = node(&c, ZI_OP_Relu, "a", x, ZI_NONE);
    zi_id b = node(&c, ZI_OP_Neg, "b", a, ZI_NONE);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, b), ZURT_OK);
    zi_memory_plan *plan = plan_of(&c);
    assert_int_equal(plan->tensors[x].kind, ZI_STORAGE_INPUT); // the caller's: not overwritten
    assert_int_equal(plan->tensors[a].kind, ZI_STORAGE_OUTPUT);
    assert_int_equal(plan->tensors[b].kind, ZI_STORAGE_OUTPUT);
    assert_int_equal(plan->arena_bytes, 0);
    assert_int_equal(plan->n_copies, 0);
    end(&c, plan);
}

static void an_input_read_later_is_not_overwritten(void **state)
{
    chain c = begin(state);
    zi_id x = input(&c, "x");
    zi_id a = node(&c, ZI_OP_Relu, "a", x, ZI_NONE);
    zi_id b = node(&c, ZI_OP_Neg, "b", a, ZI_NONE);
    zi_id s = node(&c, ZI_OP_Add, "s", a, b);
    zi_id m = node(&c, ZI_OP_Softmax, "m", s, ZI_NONE);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, m), ZURT_OK);
    zi_memory_plan *plan = plan_of(&c);
    assert_int_equal(plan->tensors[a].kind, ZI_STORAGE_ARENA);
    assert_int_not_equal(plan->tensors[a].offset, plan->tensors[b].offset);
    assert_int_equal(plan->tensors[s].offset, plan->tensors[a].offset); // Add ends a's life
    assert_int_equal(plan->arena_bytes, 512);
    end(&c, plan);
}

static void views_share_through_chains(void **state)
{
    chain c = begin(state);
    zi_id x = input(&c, "x");
    zi_id v = node(&c, ZI_OP_Reshape, "v", x, ZI_NONE); // a view of an input is not written either
    zi_id a = node(&c, ZI_OP_Relu, "a", v, ZI_NONE);
    zi_id w = node(&c, ZI_OP_Reshape, "w", a, ZI_NONE);
    zi_id u = node(&c, ZI_OP_Reshape, "u", w, ZI_NONE);
    zi_id s = node(&c, ZI_OP_Sub, "s", u, a);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, u), ZURT_OK);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, v), ZURT_OK);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, w), ZURT_OK);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, s), ZURT_OK);
    zi_memory_plan *plan = plan_of(&c);
    assert_int_equal(plan->tensors[v].kind, ZI_STORAGE_INPUT);
    assert_int_equal(plan->tensors[a].kind, ZI_STORAGE_OUTPUT);
    assert_int_equal(plan->tensors[a].index, 0);
    assert_int_equal(plan->tensors[u].index, 0);
    assert_int_equal(plan->tensors[s].index, 3);
    assert_int_equal(plan->n_copies, 2); // v passes an input through, w is u again
    end(&c, plan);
}

static void a_broadcast_operand_of_equal_bytes_is_not_overwritten(void **state)
{
    chain c = begin(state);
    zi_id one = input_of(&c, "one", ZURT_S64, 1, 1);
    zi_id many = input_of(&c, "many", ZURT_S64, 1, 8);
    zi_id a = node(&c, ZI_OP_Add, "a", one, one);  // 8 bytes, read for every element of e
    zi_id e = node(&c, ZI_OP_Equal, "e", a, many); // 8 bytes; a dies here
    zi_id o = node(&c, ZI_OP_Xor, "o", e, e);
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, o), ZURT_OK);
    zi_memory_plan *plan = plan_of(&c);
    assert_int_equal(plan->tensors[a].kind, ZI_STORAGE_ARENA);
    assert_int_equal(plan->tensors[e].kind, ZI_STORAGE_OUTPUT);
    end(&c, plan);
}

static void dead_memory_is_used_again(void **state)
{
    chain c = begin(state);
    zi_id t = input(&c, "x");
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "t%d", i);
        t = node(&c, ZI_OP_Softmax, name, t, ZI_NONE); // neither view nor in place
    }
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, t), ZURT_OK);
    zi_memory_plan *plan = plan_of(&c);
    assert_int_equal(plan->arena_bytes, 512);
    end(&c, plan);
}

static void a_graph_without_nodes_copies(void **state)
{
    chain c = begin(state);
    zi_id x = input(&c, "x");
    assert_int_equal(zi_graph_add_output(c.ctx, c.g, x), ZURT_OK);
    zi_memory_plan *plan = plan_of(&c);
    assert_int_equal(plan->n_copies, 1);
    end(&c, plan);
}

// ---- random graphs

static void random_plan(zurt_ctx *ctx, uint64_t seed)
{
    zt_source source = zt_source_seed(seed);
    zt_graph_wish wish = {.max_nodes = 40};
    zi_graph *g = zt_random_graph(ctx, &source, &wish, NULL);
    assert_non_null(g);
    if (zi_graph_check(ctx, g))
        fail_msg("seed %llu: %s", (unsigned long long)seed, zurt_ctx_error(ctx));
    zi_caps pl = {.kind = ZI_CAPS_PL, .name = "pl", .ops = {zt_random(&seed), zt_random(&seed)}};
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    for (uint32_t cpu_only = 0; cpu_only < 2; cpu_only++) {
        zi_partition *partition;
        zi_memory_plan *plan;
        char why[200];
        assert_int_equal(zi_partition_create(ctx, g, caps + cpu_only, 2 - cpu_only, &partition),
                         ZURT_OK);
        assert_int_equal(zi_memory_plan_create(ctx, partition, &plan), ZURT_OK);
        if (!zt_plan_check(partition, plan, why, sizeof(why)))
            fail_msg("seed %llu: %s", (unsigned long long)seed, why);
        zi_memory_plan_destroy(plan);
        zi_partition_destroy(partition);
    }
    zi_graph_destroy(g);
}

static void live_tensors_never_overlap(void **state)
{
    for (uint64_t seed = 1; seed <= 1500; seed++)
        random_plan(*state, seed);
}

static void refused_memory_is_reported(void **state)
{
    zt_source source = zt_source_seed(7);
    zt_graph_wish wish = {.max_nodes = 40};
    zi_graph *g = zt_random_graph(*state, &source, &wish, NULL);
    assert_non_null(g);
    const zi_caps *caps[] = {zi_caps_cpu()};
    size_t live = atomic_load(&allocator.n_live);
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        zi_partition *partition;
        zi_memory_plan *plan = NULL;
        zt_allocator_arm(&allocator, n);
        st = zi_partition_create(*state, g, caps, 1, &partition);
        if (!st)
            st = zi_memory_plan_create(*state, partition, &plan);
        assert_int_equal(st, zt_allocator_refused(&allocator) ? ZURT_E_NOMEM : ZURT_OK);
        zi_memory_plan_destroy(plan);
        zi_partition_destroy(partition);
        assert_int_equal(atomic_load(&allocator.n_live), live);
    }
    zt_allocator_arm(&allocator, 0);
    zi_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_maps_is_computed_in_the_output),
        cmocka_unit_test(an_input_read_later_is_not_overwritten),
        cmocka_unit_test(views_share_through_chains),
        cmocka_unit_test(a_broadcast_operand_of_equal_bytes_is_not_overwritten),
        cmocka_unit_test(dead_memory_is_used_again),
        cmocka_unit_test(a_graph_without_nodes_copies),
        cmocka_unit_test(live_tensors_never_overlap),
        cmocka_unit_test(refused_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
