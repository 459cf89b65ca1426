/* SPDX-License-Identifier: Apache-2.0 */
/* Which resizes the engine takes, and as what. The values are conf.map's. */
#include "codegen/codegen.h"
#include "codegen/engine_caps.h"
#include "plan/plan.h"
#include "support/graph_builder.h"

typedef struct resize {
    int32_t in[2], out[2];
    float scale[2];
    zi_resize_mode mode;
    zi_resize_coord coord;
    zi_resize_nearest nearest;
    float in_scale; // of the int8 tensor; the output's is 0.5
} resize;

static bool describe(const resize *r, zi_layer *out)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, r->in[0], r->in[1], 24));
    build_quant(&b, x, r->in_scale, 3);
    zi_attr attr = {.resize = {.out = {r->out[0], r->out[1]},
                               .scale = {r->scale[0], r->scale[1]},
                               .mode = r->mode,
                               .coord = r->coord,
                               .nearest = r->nearest}};
    zi_id y = build_op(&b, ZI_OP_Resize, "y", &attr, 1, x);
    build_quant(&b, y, 0.5f, 3);
    zi_arena arena;
    zi_arena_init(&arena, &b.ctx->allocator);
    zi_layer_query q = {&arena, zi_caps_builtin("kv260"), b.g};
    const char *reason = NULL, *remedy = NULL;
    bool taken = zi_layer_from_node(&q, &b.g->nodes[0], out, &reason, &remedy);
    assert_int_equal(taken, reason == NULL);
    zi_arena_clear(&arena);
    builder_free(&b);
    return taken;
}

static void nearest_ones_double_several_times(void **state)
{
    (void)state;
    for (int32_t k = 1; k <= 5; k++) {
        float scale = (float)(1 << k);
        resize r = {{6, 5},
                    {6 << k, 5 << k},
                    {scale, scale},
                    ZI_RESIZE_NEAREST,
                    ZI_COORD_ASYMMETRIC,
                    ZI_NEAREST_FLOOR,
                    0.5f};
        zi_layer l;
        assert_int_equal(describe(&r, &l), k <= 4);
        if (k > 4)
            continue;
        assert_true(l.up2);
        assert_int_equal(l.doublings, k);
        assert_int_equal(l.y.h, 6);
    }
}

static void linear_ones_to_a_part_are_means_of_the_middle(void **state)
{
    (void)state;
    for (int32_t k = 1; k <= 4; k++) {
        float scale = 1.0f / (float)(1 << k);
        resize r = {
            {3 << k, 2 << k}, {3, 2}, {scale, scale}, ZI_RESIZE_LINEAR, ZI_COORD_PYTORCH_HALF_PIXEL,
            ZI_NEAREST_FLOOR, 0.5f};
        zi_layer l;
        assert_true(describe(&r, &l));
        assert_int_equal(l.kind, ZI_LAYER_DEPTHWISE);
        assert_true(l.mean_weight > 0);
        for (int d = 0; d < 2; d++) {
            assert_int_equal(l.kernel[d], 2);
            assert_int_equal(l.stride[d], 1 << k);
            assert_int_equal(-l.pad[d],
                             (1 << k) / 2 - 1); // the pixels on either side of the middle
        }
    }
}

static void others_are_refused(void **state)
{
    (void)state;
    static const resize others[] = {
        // other factors; factors that differ; a stated scale that is not the factor
        {{4, 4}, {12, 12}, {3, 3}, ZI_RESIZE_NEAREST, ZI_COORD_ASYMMETRIC, ZI_NEAREST_FLOOR, .5f},
        {{4, 4}, {8, 16}, {2, 4}, ZI_RESIZE_NEAREST, ZI_COORD_ASYMMETRIC, ZI_NEAREST_FLOOR, .5f},
        {{4, 4}, {8, 8}, {2.1f, 2}, ZI_RESIZE_NEAREST, ZI_COORD_ASYMMETRIC, ZI_NEAREST_FLOOR, .5f},
        // pixels elsewhere
        {{4, 4}, {8, 8}, {2, 2}, ZI_RESIZE_NEAREST, ZI_COORD_ALIGN_CORNERS, ZI_NEAREST_FLOOR, .5f},
        {{4, 4}, {8, 8}, {2, 2}, ZI_RESIZE_NEAREST, ZI_COORD_ASYMMETRIC, ZI_NEAREST_CEIL, .5f},
        {{8, 8}, {4, 4}, {.5f, .5f}, ZI_RESIZE_LINEAR, ZI_COORD_ASYMMETRIC, ZI_NEAREST_FLOOR, .5f},
        // linear to twice the size; to one row, which is the first alone
        {{4, 4}, {8, 8}, {2, 2}, ZI_RESIZE_LINEAR, ZI_COORD_HALF_PIXEL, ZI_NEAREST_FLOOR, .5f},
        {{2, 4},
         {1, 2},
         {.5f, .5f},
         ZI_RESIZE_LINEAR,
         ZI_COORD_PYTORCH_HALF_PIXEL,
         ZI_NEAREST_FLOOR,
         .5f},
        // another scale of the values
        {{4, 4}, {8, 8}, {2, 2}, ZI_RESIZE_NEAREST, ZI_COORD_ASYMMETRIC, ZI_NEAREST_FLOOR, .25f},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        zi_layer l;
        if (describe(&others[i], &l))
            fail_msg("case %zu was taken", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_ones_double_several_times),
        cmocka_unit_test(linear_ones_to_a_part_are_means_of_the_middle),
        cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests_name("layer_resize", tests, NULL, NULL);
}
