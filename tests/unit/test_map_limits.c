/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers at the limits of a step, and layers that are each within the engine's limits and together
 * would fill the memory: a small file can ask for as many tiles as a picture has rows.
 */
#include <string.h>

#include "codegen/engine_caps.h"
#include "support/engine_run.h"
#include "support/step_list.h"
#include "support/step_program.h"

/* ---- limits of a step ---- */

static void must_run(program *p)
{
    if (check(p))
        fail_msg("%s", zurt_ctx_error(p->b.ctx));
    assert_int_equal(zt_engine_run(p->board, &p->code).wrong, 0);
}

/* 131072 words, of which a step can store 98304. */
static void a_layer_that_stores_more_than_a_step_can_is_divided(void **state)
{
    (void)state;
    program p;
    start(&p, "kv260");
    zi_id x = build_input(&p.b, "x", ZURT_S8, DIMS(1, 64, 64, 16));
    build_quant(&p.b, x, 0.05f, 3);
    build_output(&p.b, conv(&p.b, x, 512, 1, false));
    map_graph(&p);
    must_run(&p);
    finish(&p);
}

/* The line buffer's word must be written before it is read. */
static void narrow_pictures_are_not_pooled_on_write_back(void **state)
{
    (void)state;
    for (int32_t w = 2; w <= 10; w += 2) {
        program p;
        start(&p, "kv260");
        zi_id x = build_input(&p.b, "x", ZURT_S8, DIMS(1, 6, w, 16));
        build_quant(&p.b, x, 0.05f, 3);
        build_output(&p.b, pool(&p.b, ZI_OP_MaxPool, conv(&p.b, x, 16, 1, false), 2, 2));
        map_graph(&p);
        bool pools = false;
        for (int32_t i = 0; i < zt_n_steps(&p.code); i++) {
            zk_step s;
            zk_step_unpack(zt_step_at(&p.code, i), &s);
            pools |= (s.flags & ZK_POOL2) != 0;
        }
        assert_int_equal(pools, w >= 8);
        must_run(&p);
        finish(&p);
    }
}

/* ---- limits of a list ---- */

/* All nodes are on the CPU, and the first says why. */
static void assert_refused(builder *b, uint32_t scratchpad_words, const char *reason)
{
    zi_caps caps = *zi_caps_builtin("kv260");
    const zi_caps *tables[] = {&caps, zi_caps_cpu()};
    zi_partition *p = NULL;
    caps.scratchpad_words = scratchpad_words;
    if (zi_graph_check(b->ctx, b->g) || zi_partition_create(b->ctx, b->g, tables, 2, &p))
        fail_msg("%s", zurt_ctx_error(b->ctx));
    for (size_t i = 0; i < b->g->n_nodes; i++)
        assert_int_equal(p->nodes[i].device, 1);
    if (!strstr(p->nodes[0].reason, reason))
        fail_msg("expected '%s', got '%s'", reason, p->nodes[0].reason);
    zi_partition_destroy(p);
}

/* Five layers of 16384 rows, of which the scratchpad holds one of each. */
static void lists_of_too_many_steps_are_refused(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 16384, 64, 16));
    build_quant(&b, x, 0.05f, 3);
    for (int i = 0; i < 5; i++)
        x = conv(&b, x, 16, 1, false);
    build_output(&b, x);
    assert_refused(&b, 640, "more than 65536 steps");
    builder_free(&b);
}

/* Half a MiB of weights, once for each of thousands of tiles. */
static void weights_repeated_beyond_a_gibibyte_are_refused(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 16384, 4, 512));
    build_quant(&b, x, 0.05f, 3);
    build_output(&b, conv(&b, x, 1024, 1, false));
    assert_refused(&b, 7680, "MiB of weights, once for each tile");
    builder_free(&b);
}

/* Nodes of some bytes each that choose among a hundred thousand channels. */
static void choices_of_too_many_channels_are_refused(void **state)
{
    (void)state;
    builder b = builder_make();
    const int32_t c = 100000;
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 1, 1, 16));
    build_quant(&b, x, 0.05f, 3);
    zi_id y = conv(&b, x, c, 1, false);
    zi_attr slice = {.slice = {.step = {1, 1, 1, 1}, .count = {1, 1, 1, c}}};
    for (int i = 0; i < 200; i++)
        y = quantised(&b, ZI_OP_Slice, &slice, y, ZI_NONE, 0.05f);
    build_output(&b, conv(&b, y, 1, 1, false));
    assert_refused(&b, 8 * 12288, "choices of more than");
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_that_stores_more_than_a_step_can_is_divided),
        cmocka_unit_test(narrow_pictures_are_not_pooled_on_write_back),
        cmocka_unit_test(lists_of_too_many_steps_are_refused),
        cmocka_unit_test(weights_repeated_beyond_a_gibibyte_are_refused),
        cmocka_unit_test(choices_of_too_many_channels_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
