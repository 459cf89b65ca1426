/* SPDX-License-Identifier: Apache-2.0 */
/* Which device a node gets, and where segments are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codegen/codegen.h"
#include "codegen/engine_caps.h"
#include "plan/plan.h"
#include "plan/remedy.h"
#include "support/ctx_fixture.h"
#include "support/random_graph.h"
#include "support/random_net.h"

static zi_id add_input(zurt_ctx *ctx, zi_graph *g, const char *name, zurt_dtype dtype)
{
    zi_id id;
    float scale = 0.5f;
    int32_t zero_point = 3;
    assert_int_equal(zi_graph_add_tensor(ctx, g, name, &id), ZURT_OK);
    g->tensors[id].dtype = dtype;
    g->tensors[id].rank = 1;
    g->tensors[id].dims[0] = 8;
    if (dtype == ZURT_S8)
        assert_int_equal(zi_graph_set_quant(ctx, g, id, 1, 0, &scale, &zero_point), ZURT_OK);
    assert_int_equal(zi_graph_add_input(ctx, g, id), ZURT_OK);
    return id;
}

static zi_id add_node(zurt_ctx *ctx, zi_graph *g, zi_op op, const char *name, zi_id a, zi_id b)
{
    zi_id in[2] = {a, b}, out;
    zi_node *n;
    assert_int_equal(zi_graph_add_tensor(ctx, g, name, &out), ZURT_OK);
    assert_int_equal(zi_graph_add_node(ctx, g, op, name, in, b == ZI_NONE ? 1 : 2, &out, 1, &n),
                     ZURT_OK);
    assert_int_equal(zi_node_infer(ctx, g, n), ZURT_OK);
    return out;
}

static zi_caps table_with(zi_op a, zi_op b)
{
    zi_caps caps = {.kind = ZI_CAPS_PL, .name = "small"};
    zi_caps_add_op(&caps, a);
    zi_caps_add_op(&caps, b);
    return caps;
}

// x -> Add(a) -> Max(b) -> Min(c) -> Add(d), and e = Add(a, c): a crosses two boundaries.
static zi_graph *sample(zurt_ctx *ctx, zurt_dtype dtype)
{
    zi_graph *g = zi_graph_create(&ctx->allocator);
    assert_non_null(g);
    zi_id x = add_input(ctx, g, "x", dtype);
    zi_id a = add_node(ctx, g, ZI_OP_Add, "a", x, x);
    zi_id b = add_node(ctx, g, ZI_OP_Max, "b", a, x);
    zi_id c = add_node(ctx, g, ZI_OP_Min, "c", b, a);
    zi_id d = add_node(ctx, g, ZI_OP_Add, "d", c, c);
    zi_id e = add_node(ctx, g, ZI_OP_Add, "e", a, c);
    assert_int_equal(zi_graph_add_output(ctx, g, d), ZURT_OK);
    assert_int_equal(zi_graph_add_output(ctx, g, e), ZURT_OK);
    return g;
}

static void segments_are_runs_of_one_device(void **state)
{
    zi_graph *g = sample(*state, ZURT_S8);
    zi_caps pl = table_with(ZI_OP_Add, ZI_OP_Max);
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    zi_partition *p;
    assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
    assert_int_equal(p->n_segments, 3);
    const zi_segment *s = p->segments;
    assert_int_equal(s[0].device, 0);
    assert_int_equal(s[0].n_nodes, 2);
    assert_int_equal(s[0].n_inputs, 1);  // x
    assert_int_equal(s[0].n_outputs, 2); // a, read by c and e; b
    assert_int_equal(s[1].device, 1);
    assert_true(zi_segment_is_cpu(p, &s[1]));
    assert_int_equal(s[1].first_node, 2);
    assert_int_equal(s[1].n_inputs, 2);
    assert_int_equal(s[1].n_outputs, 1);
    assert_int_equal(s[2].n_nodes, 2);
    assert_int_equal(s[2].n_inputs, 2); // c once, though read three times; a
    assert_int_equal(s[2].n_outputs, 2);
    assert_string_equal(g->tensors[s[2].outputs[1]].name, "e");
    zi_partition_destroy(p);
    zi_graph_destroy(g);
}

// a, c and e need nothing of b and d, which stand between them.
static void branches_do_not_cut_segments(void **state)
{
    zi_graph *g = zi_graph_create(&((zurt_ctx *)*state)->allocator);
    assert_non_null(g);
    zi_id x = add_input(*state, g, "x", ZURT_S8);
    zi_id a = add_node(*state, g, ZI_OP_Add, "a", x, x);
    zi_id b = add_node(*state, g, ZI_OP_Min, "b", a, x);
    zi_id c = add_node(*state, g, ZI_OP_Add, "c", a, x);
    zi_id d = add_node(*state, g, ZI_OP_Min, "d", c, b);
    zi_id e = add_node(*state, g, ZI_OP_Add, "e", c, c);
    assert_int_equal(zi_graph_add_output(*state, g, d), ZURT_OK);
    assert_int_equal(zi_graph_add_output(*state, g, e), ZURT_OK);
    zi_caps pl = table_with(ZI_OP_Add, ZI_OP_Max);
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    zi_partition *p;
    assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
    assert_int_equal(p->n_segments, 2);
    assert_int_equal(p->segments[0].n_nodes, 3);
    assert_int_equal(p->segments[1].n_inputs, 3); // a, x, c
    static const char *const names[] = {"a", "c", "e", "b", "d"};
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(p->graph->nodes[i].name, names[i]);
        assert_int_equal(p->nodes[i].device, i >= 3);
    }
    assert_string_equal(g->nodes[1].name, "b"); // the graph given is as it was
    zi_partition_destroy(p);
    zi_graph_destroy(g);
}

static void a_refused_op_says_why_and_what_helps(void **state)
{
    zi_graph *g = sample(*state, ZURT_S8);
    zi_caps pl = table_with(ZI_OP_Add, ZI_OP_Max);
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    zi_partition *p;
    assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
    assert_string_equal(p->nodes[2].reason, "op Min is not in the table of 'small'");
    assert_true(strlen(p->nodes[2].remedy) > 10);
    assert_int_equal(p->nodes[0].device, 0);
    assert_string_equal(p->nodes[0].remedy, "");
    zi_partition_destroy(p);
    zi_graph_destroy(g);
}

/* Something that can be done, and the right thing for the place. */
static void remedies_fit_the_node(void **state)
{
    zi_graph *g = zi_graph_create(&((zurt_ctx *)*state)->allocator);
    assert_non_null(g);
    zi_id x = add_input(*state, g, "x", ZURT_S8);
    zi_id a = add_node(*state, g, ZI_OP_Mul, "a", x, x);
    zi_id b = add_node(*state, g, ZI_OP_Max, "b", a, x);
    zi_id c = add_node(*state, g, ZI_OP_Add, "c", b, x);
    assert_int_equal(zi_graph_add_output(*state, g, c), ZURT_OK);
    g->nodes[2].note = "kept in float on request";
    g->tensors[c].dtype = ZURT_F32;
    zi_caps pl = table_with(ZI_OP_Add, ZI_OP_Add);
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    zi_partition *p;
    assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
    assert_non_null(strstr(p->nodes[0].remedy, "squeeze-excite"));
    assert_non_null(strstr(p->nodes[1].remedy, "Relu or Clip"));
    assert_string_equal(p->nodes[2].remedy,
                        "the compiler left it in float: kept in float on request");
    assert_true(zi_remedy_is_of_float(p->nodes[2].remedy));
    assert_false(zi_remedy_is_of_float(p->nodes[0].remedy));
    zi_partition_destroy(p);
    zi_node n = {.op = ZI_OP_Dequantize, .in = &x, .n_in = 1, .out = &b, .n_out = 1};
    assert_non_null(strstr(zi_remedy_of_op(g, &n), "--io int8")); // of an input
    n.in = &a;
    assert_non_null(strstr(zi_remedy_of_op(g, &n), "computes in float"));
    zi_graph_destroy(g);
}

static void float_stays_on_the_cpu(void **state)
{
    zi_graph *g = sample(*state, ZURT_F32);
    zi_caps pl = table_with(ZI_OP_Add, ZI_OP_Max);
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    zi_partition *p;
    assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
    assert_int_equal(p->n_segments, 1);
    assert_string_equal(p->nodes[0].reason, "tensor 'x' is f32, 'small' computes s8");
    assert_string_equal(p->nodes[2].reason, "op Min is not in the table of 'small'");
    zi_partition_destroy(p);
    zi_graph_destroy(g);
}

static void the_cpu_takes_everything(void **state)
{
    zi_graph *g = sample(*state, ZURT_F32);
    const zi_caps *caps[] = {zi_caps_builtin("cpu")};
    assert_ptr_equal(caps[0], zi_caps_cpu());
    assert_null(zi_caps_builtin("no such board"));
    assert_null(zi_caps_builtin(NULL));
    zi_partition *p;
    assert_int_equal(zi_partition_create(*state, g, caps, 1, &p), ZURT_OK);
    assert_int_equal(p->n_segments, 1);
    for (size_t i = 0; i < g->n_nodes; i++)
        assert_true(p->nodes[i].reason[0] && p->nodes[i].remedy[0]);
    zi_partition_destroy(p);
    zi_graph_destroy(g);
}

static void the_last_table_must_be_the_cpu(void **state)
{
    zi_graph *g = sample(*state, ZURT_S8);
    zi_caps pl = table_with(ZI_OP_Add, ZI_OP_Max);
    const zi_caps *caps[] = {&pl};
    zi_partition *p = (void *)-1;
    assert_int_equal(zi_partition_create(*state, g, caps, 1, &p), ZURT_E_ARG);
    assert_null(p);
    assert_int_equal(zi_partition_create(*state, g, caps, 0, &p), ZURT_E_ARG);
    zi_partition_destroy(NULL);
    zi_graph_destroy(g);
}

// Counts in the plainest way what the segments must say.
static void check_boundaries(const zi_graph *g, const zi_partition *p, const uint32_t *segment_of)
{
    for (uint32_t s = 0; s < p->n_segments; s++) {
        const zi_segment *segment = &p->segments[s];
        for (zi_id t = 0; t < g->n_tensors; t++) {
            bool read_in = false, read_out = false, written = false;
            for (zi_id i = 0; i < g->n_nodes; i++) {
                bool inside = segment_of[i] == s;
                for (uint32_t k = 0; k < g->nodes[i].n_in; k++) {
                    read_in |= inside && g->nodes[i].in[k] == t;
                    read_out |= !inside && g->nodes[i].in[k] == t;
                }
                for (uint32_t k = 0; k < g->nodes[i].n_out; k++)
                    written |= inside && g->nodes[i].out[k] == t;
            }
            for (size_t i = 0; i < g->n_outputs; i++)
                read_out |= g->outputs[i] == t;
            uint32_t n_in = 0, n_out = 0;
            for (uint32_t i = 0; i < segment->n_inputs; i++)
                n_in += segment->inputs[i] == t;
            for (uint32_t i = 0; i < segment->n_outputs; i++)
                n_out += segment->outputs[i] == t;
            assert_int_equal(n_in, read_in && !written && !g->tensors[t].data);
            assert_int_equal(n_out, written && read_out);
        }
    }
}

static void random_boundaries_are_complete(void **state)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        zt_source source = zt_source_seed(seed);
        zt_graph_wish wish = {.max_nodes = 30, .input = ZURT_S8};
        zi_graph *g = zt_random_graph(*state, &source, &wish, NULL);
        uint64_t bits = seed;
        zi_caps pl = {
            .kind = ZI_CAPS_PL, .name = "pl", .ops = {zt_random(&bits), zt_random(&bits)}};
        const zi_caps *caps[] = {&pl, zi_caps_cpu()};
        zi_partition *p;
        assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
        uint32_t segment_of[256];
        zi_id next = 0;
        for (uint32_t s = 0; s < p->n_segments; s++) {
            for (zi_id i = 0; i < p->segments[s].n_nodes; i++) {
                assert_int_equal(p->nodes[next].device, p->segments[s].device);
                segment_of[next++] = s;
            }
            assert_true(s == 0 || p->segments[s].device != p->segments[s - 1].device);
        }
        assert_int_equal(next, g->n_nodes);
        check_boundaries(p->graph, p, segment_of);
        zi_partition_destroy(p);
        zi_graph_destroy(g);
    }
}

/* ---- a lowering that counts how often it is asked ---- */

static uint32_t judged, lowered, destroyed;

static bool counting_judge(zi_arena *arena, const zi_caps *caps, const zi_graph *g,
                           const zi_node *n, zi_placement *out)
{
    judged++;
    return zi_cg_lowering.judge(arena, caps, g, n, out);
}

static zurt_status counting_lower(zurt_ctx *ctx, const zi_caps *caps, const zi_graph *g,
                                  const zi_segment *segment, const zi_placement *placed,
                                  zi_lowered **out)
{
    zurt_status st = zi_cg_lowering.lower(ctx, caps, g, segment, placed, out);
    lowered += st == ZURT_OK;
    return st;
}

static void counting_destroy(zi_lowered *l)
{
    destroyed++;
    zi_cg_lowering.destroy(l);
}

// Judging scans all weights: it is done once a node, and what it found out is kept.
static void a_node_is_judged_once(void **state)
{
    static const zi_lowering counting = {counting_judge, counting_lower, counting_destroy, true};
    zi_caps pl = *zi_caps_builtin("kv260");
    const zi_caps *caps[] = {&pl, zi_caps_cpu()};
    pl.lowering = &counting;
    lowered = destroyed = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        zt_source source = zt_source_seed(seed);
        zi_graph *g = zt_random_net(*state, &source, 10, 40);
        zi_partition *p;
        uint32_t of_the_table = 0;
        for (size_t i = 0; i < g->n_nodes; i++)
            of_the_table += zi_caps_has_op(&pl, g->nodes[i].op);
        judged = 0;
        assert_int_equal(zi_partition_create(*state, g, caps, 2, &p), ZURT_OK);
        assert_int_equal(judged, of_the_table);
        zi_partition_destroy(p);
        zi_graph_destroy(g);
    }
    assert_true(lowered > 0);
    assert_int_equal(lowered, destroyed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_runs_of_one_device),
        cmocka_unit_test(branches_do_not_cut_segments),
        cmocka_unit_test(a_refused_op_says_why_and_what_helps),
        cmocka_unit_test(remedies_fit_the_node),
        cmocka_unit_test(float_stays_on_the_cpu),
        cmocka_unit_test(the_cpu_takes_everything),
        cmocka_unit_test(the_last_table_must_be_the_cpu),
        cmocka_unit_test(random_boundaries_are_complete),
        cmocka_unit_test(a_node_is_judged_once),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
