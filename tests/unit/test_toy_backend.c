/* SPDX-License-Identifier: Apache-2.0 */
/* The example of docs/porting-a-backend.md: it takes its nodes, and fails as it should. */
#include <stdio.h>
#include <string.h>

#include "exec/session.h"
#include "support/graph_builder.h"
#include "support/reference.h"
#include "support/toy_backend.h"

static zi_id lut(builder *b, zi_id x, int32_t factor)
{
    zi_id table, y;
    void *data;
    assert_int_equal(zi_graph_add_const(b->ctx, b->g, "", ZURT_S8, DIMS(256), NULL, &table, &data),
                     ZURT_OK);
    for (int32_t i = 0; i < 256; i++)
        ((int8_t *)data)[i] = (int8_t)((i * factor + 5) & 0xff);
    y = build_op(b, ZI_OP_Lut, "", NULL, 2, x, table);
    build_quant(b, y, 0.5f, 0);
    return y;
}

/* x -> Lut -> Lut -> Max -> Lut, the first result an output too. */
static builder sample(void)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(2, 3, 5, 7));
    build_quant(&b, x, 0.5f, 0);
    zi_id first = lut(&b, x, 3);
    zi_id second = lut(&b, first, 7);
    zi_id most = build_op(&b, ZI_OP_Max, "", NULL, 2, second, x);
    build_quant(&b, most, 0.5f, 0);
    build_output(&b, first);
    build_output(&b, lut(&b, most, 11));
    return b;
}

static zurt_session *open_session(builder *b, uint32_t fallback)
{
    static struct zurt_model model;
    zi_accelerators toy = {.candidates = {&zt_backend_toy}, .n = 1, .required = true};
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.fallback = fallback;
    options.profile = 1;
    zurt_session *s = NULL;
    model = zt_model_of(b->g);
    if (zi_session_create(b->ctx, &model, &options, &toy, &s))
        fail_msg("%s", zurt_ctx_error(b->ctx));
    return s;
}

static void its_nodes_run_on_it_and_give_the_same_bytes(void **state)
{
    (void)state;
    builder b = sample();
    zt_io expected = zt_io_create(b.g, 1), got = zt_io_create(b.g, 1);
    assert_int_equal(zt_reference_run(b.ctx, b.g, &expected), ZURT_OK);
    zurt_session *s = open_session(&b, 0);
    atomic_store(&zt_toy.n_commands, 0);
    assert_int_equal(zurt_session_run(s, got.in, 1, got.out, 2), ZURT_OK);
    assert_int_equal(zt_io_compare(&expected, &got), -1);
    assert_int_equal(atomic_load(&zt_toy.n_commands), 3);
    char devices[64] = "";
    zurt_profile_entry e;
    for (size_t i = 0; zurt_session_profile(s, i, &e) == ZURT_OK; i++)
        snprintf(devices + strlen(devices), sizeof(devices) - strlen(devices), "%s:%s ", e.op,
                 e.device);
    assert_string_equal(devices, "Lut:toy Lut:toy Max:cpu Lut:toy ");
    zurt_session_destroy(s);
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    builder_free(&b);
}

static void a_broken_device_says_so_or_leaves_it_to_the_cpu(void **state)
{
    (void)state;
    builder b = sample();
    zt_io expected = zt_io_create(b.g, 2), got = zt_io_create(b.g, 2);
    assert_int_equal(zt_reference_run(b.ctx, b.g, &expected), ZURT_OK);
    for (uint32_t fallback = 0; fallback < 2; fallback++) {
        zurt_session *s = open_session(&b, fallback);
        atomic_store(&zt_toy.broken, true);
        zurt_status st = zurt_session_run(s, got.in, 1, got.out, 2);
        atomic_store(&zt_toy.broken, false);
        assert_int_equal(st, fallback ? ZURT_OK : ZURT_E_DEVICE);
        if (fallback)
            assert_int_equal(zt_io_compare(&expected, &got), -1);
        else
            assert_non_null(strstr(zurt_ctx_error(b.ctx), "toy: the device does not answer"));
        assert_int_equal(zurt_session_run(s, got.in, 1, got.out, 2), ZURT_OK); // the next one works
        assert_int_equal(zt_io_compare(&expected, &got), -1);
        zurt_session_destroy(s);
    }
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    builder_free(&b);
}

/* ---- a lowering of its own: plan/ knows nothing of it ---- */

enum { MOST_BYTES = 300, COPY_CYCLES = 7 };

typedef struct toy_lowered {
    zi_lowered base; // first: plan/ sees this
    zurt_allocator allocator;
    zi_id first_node, n_nodes;
} toy_lowered;

static int lowered_now; // made and not yet destroyed
static size_t made;

/* Its memory is small. What it finds out of a node is how many bytes it has. */
static bool judge(zi_arena *arena, const zi_caps *caps, const zi_graph *g, const zi_node *n,
                  zi_placement *out)
{
    size_t *bytes = zi_arena_alloc(arena, sizeof(*bytes));
    if (!bytes)
        return false;
    *bytes = zi_tensor_bytes(zi_node_out(g, n, 0));
    out->analysis = bytes;
    if (*bytes <= MOST_BYTES)
        return true;
    out->reason =
        zi_arena_printf(arena, "%zu bytes, '%s' holds %d", *bytes, caps->name, MOST_BYTES);
    out->remedy = "make the input smaller";
    return false;
}

static void drop(zi_lowered *lowered)
{
    toy_lowered *l = (toy_lowered *)lowered;
    if (!l)
        return;
    zurt_allocator allocator = l->allocator;
    lowered_now--;
    zi_free(&allocator, l->base.nodes);
    zi_free(&allocator, l);
}

static zurt_status lower(zurt_ctx *ctx, const zi_caps *caps, const zi_graph *g,
                         const zi_segment *segment, const zi_placement *placed, zi_lowered **out)
{
    (void)caps;
    (void)g;
    *out = NULL;
    toy_lowered *l = zi_zalloc(&ctx->allocator, sizeof(*l));
    if (!l)
        return zi_fail(ctx, ZURT_E_NOMEM, "toy: out of memory");
    l->allocator = ctx->allocator;
    l->first_node = segment->first_node;
    l->n_nodes = segment->n_nodes;
    l->base.nodes = zi_calloc(&ctx->allocator, segment->n_nodes, sizeof(*l->base.nodes));
    lowered_now++;
    if (!l->base.nodes) {
        drop(&l->base);
        return zi_fail(ctx, ZURT_E_NOMEM, "toy: out of memory");
    }
    for (zi_id i = 0; i < segment->n_nodes; i++) {
        const size_t *bytes = placed[segment->first_node + i].analysis;
        l->base.nodes[i] = (zi_node_cost){COPY_CYCLES + *bytes, 2 * *bytes, ZI_NONE};
    }
    made++;
    *out = &l->base;
    return ZURT_OK;
}

static const zi_lowering toy_lowering = {.judge = judge, .lower = lower, .destroy = drop};

/* x -> Lut -> Lut, and two of them joined, which is more than the device holds, -> Lut. */
static builder widening(void)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(2, 3, 5, 7));
    build_quant(&b, x, 0.5f, 0);
    zi_id narrow = lut(&b, lut(&b, x, 3), 7);
    zi_id wide = build_op(&b, ZI_OP_Concat, "", ATTR(.axis = {.axis = 3}), 2, narrow, x);
    build_quant(&b, wide, 0.5f, 0);
    build_output(&b, narrow);
    build_output(&b, lut(&b, wide, 11));
    return b;
}

static void a_lowering_of_its_own_judges_and_is_told_of(void **state)
{
    (void)state;
    builder b = widening();
    zi_caps table = {.kind = ZI_CAPS_PL, .name = "toy", .lowering = &toy_lowering};
    zi_caps_add_op(&table, ZI_OP_Lut);
    const zi_caps *const tables[] = {&table, zi_caps_cpu()};
    zi_partition *p;
    made = 0;
    assert_int_equal(zi_partition_create(b.ctx, b.g, tables, 2, &p), ZURT_OK);
    assert_int_equal(made, 1); // both Luts that fit: a segment
    assert_int_equal(p->nodes[0].device, 0);
    assert_int_equal(p->nodes[0].cycles, COPY_CYCLES + 210);
    assert_int_equal(p->nodes[1].ddr_bytes, 420);
    assert_int_equal(p->nodes[3].device, 1);
    assert_string_equal(p->nodes[3].reason, "420 bytes, 'toy' holds 300");
    assert_string_equal(p->nodes[3].remedy, "make the input smaller");
    assert_int_equal(((toy_lowered *)p->segments[0].lowered)->n_nodes, 2);
    zi_partition_destroy(p);
    assert_int_equal(lowered_now, 0);
    builder_free(&b);
}

static void a_graph_runs_through_a_device_with_a_lowering(void **state)
{
    (void)state;
    builder b = widening();
    zt_io expected = zt_io_create(b.g, 3), got = zt_io_create(b.g, 3);
    assert_int_equal(zt_reference_run(b.ctx, b.g, &expected), ZURT_OK);
    zt_toy.lowering = &toy_lowering;
    zurt_session *s = open_session(&b, 0);
    zt_toy.lowering = NULL;
    atomic_store(&zt_toy.n_commands, 0);
    assert_int_equal(zurt_session_run(s, got.in, 1, got.out, 2), ZURT_OK);
    assert_int_equal(zt_io_compare(&expected, &got), -1);
    assert_int_equal(atomic_load(&zt_toy.n_commands), 2); // the wide one is the CPU's
    zurt_session_destroy(s);
    assert_int_equal(lowered_now, 0);
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_nodes_run_on_it_and_give_the_same_bytes),
        cmocka_unit_test(a_broken_device_says_so_or_leaves_it_to_the_cpu),
        cmocka_unit_test(a_lowering_of_its_own_judges_and_is_told_of),
        cmocka_unit_test(a_graph_runs_through_a_device_with_a_lowering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
