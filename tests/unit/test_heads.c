/* SPDX-License-Identifier: Apache-2.0 */
/* Which tensors regression heads read. */
#include <zurt/compile.h>

#include "base/alloc.h"
#include "quantise/heads.h"
#include "support/graph_builder.h"

enum { SIDE = 4, CHANNELS = 4 };

static zi_id conv(builder *b, zi_id x)
{
    const zi_attr one = {.conv = {{1, 1}, {1, 1}, {0}, 1, {0}}};
    zi_id w = build_noise(b, "w", DIMS(CHANNELS, 1, 1, CHANNELS));
    return build_op(b, ZI_OP_Conv, "conv", &one, 2, x, w);
}

/** The marks of all tensors; to be freed with the builder's ctx. */
static bool *marks(builder *b)
{
    zi_id *writer;
    uint32_t *n_readers;
    assert_int_equal(zi_graph_index(b->ctx, b->g, &writer, &n_readers), ZURT_OK);
    bool *feeds = zi_calloc(&b->ctx->allocator, b->g->n_tensors, sizeof(*feeds));
    assert_non_null(feeds);
    assert_int_equal(zc_heads_find(b->ctx, b->g, writer, feeds), ZURT_OK);
    zi_free(&b->ctx->allocator, writer);
    zi_free(&b->ctx->allocator, n_readers);
    return feeds;
}

static void free_all(builder *b, bool *feeds)
{
    zi_free(&b->ctx->allocator, feeds);
    zi_graph_destroy(b->g);
    zurt_ctx_destroy(b->ctx);
}

static void a_box_head_is_followed_to_the_input_and_a_score_head_is_not(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, CHANNELS));
    zi_id trunk = conv(&b, x);
    zi_id low = conv(&b, trunk), swish = build_op(&b, ZI_OP_Swish, "swish", NULL, 1, low);
    zi_id boxes = conv(&b, swish);
    zi_id high = conv(&b, trunk), score = conv(&b, high);
    zi_id sigmoid = build_op(&b, ZI_OP_Sigmoid, "sigmoid", NULL, 1, score);
    build_output(&b,
                 build_op(&b, ZI_OP_Concat, "both", ATTR(.axis = {3, 0, 0}), 2, boxes, sigmoid));
    bool *feeds = marks(&b);
    assert_true(feeds[x] && feeds[trunk] && feeds[low] && feeds[swish]);
    assert_false(feeds[boxes]); // the answer itself, which is not clipped for its own sake
    assert_false(feeds[high] || feeds[score] || feeds[sigmoid]);
    free_all(&b, feeds);
}

static void scores_and_classifiers_have_no_regression_head(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, SIDE, SIDE, CHANNELS));
    zi_id t = conv(&b, x);
    build_output(&b, build_op(&b, ZI_OP_Softmax, "mask", ATTR(.axis = {3, 0, 0}), 1, t));
    zi_id pooled = build_input(&b, "pooled", ZURT_F32, DIMS(1, 1, 1, CHANNELS));
    build_output(&b, conv(&b, pooled)); // logits of one position
    bool *feeds = marks(&b);
    for (size_t i = 0; i < b.g->n_tensors; i++)
        assert_false(feeds[i]);
    free_all(&b, feeds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_head_is_followed_to_the_input_and_a_score_head_is_not),
        cmocka_unit_test(scores_and_classifiers_have_no_regression_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
