/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample and NonMaxSuppression: numbers by hand, and random ones against their definitions. */
#include <math.h>

#include "support/op_runner.h"

/* ---- GridSample ------------------------------------------------------------------------------ */

enum { W = 4, H = 3 };

/* Samples an image of one channel at one place. */
static float at(const float *image, float x, float y, zi_attr_grid a)
{
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_F32, DIMS(1, H, W, 1));
    zi_id grid = build_input(&b, "g", ZURT_F32, DIMS(1, 1, 1, 2));
    build_op(&b, ZI_OP_GridSample, "y", ATTR(.grid = a), 2, in, grid);
    float *r = run_last(&b, (const void *[]){image, (float[]){x, y}});
    float value = r[0];
    free(r);
    builder_free(&b);
    return value;
}

static void near_to(float got, float want)
{
    if (!(fabsf(got - want) <= 1e-5f))
        fail_msg("%.8g, not %.8g", (double)got, (double)want);
}

static void grid_sample_finds_pixels_and_their_middles(void **state)
{
    (void)state;
    const float image[H * W] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    const zi_attr_grid edges = {ZI_RESIZE_LINEAR, ZI_GRID_ZEROS, false};
    const zi_attr_grid centres = {ZI_RESIZE_LINEAR, ZI_GRID_ZEROS, true};
    near_to(at(image, -1.0f, -1.0f, centres), 0.0f);
    near_to(at(image, 1.0f, 1.0f, centres), 23.0f);
    near_to(at(image, 0.0f, 0.0f, centres), 11.5f);
    near_to(at(image, 0.0f, 0.0f, edges), 11.5f);
    near_to(at(image, -1.0f, 0.0f, edges), 5.0f); // half of it outside
    near_to(at(image, 0.25f, 0.0f, edges), 12.0f);
    const zi_attr_grid nearest = {ZI_RESIZE_NEAREST, ZI_GRID_ZEROS, false};
    near_to(at(image, 0.0f, 0.0f, nearest), 12.0f); // 1.5 to even
    near_to(at(image, 1.3f, 0.0f, nearest), 0.0f);
}

static void grid_sample_knows_three_outsides(void **state)
{
    (void)state;
    const float image[H * W] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    for (int mode = 0; mode < 3; mode++) {
        for (int centres = 0; centres < 2; centres++) {
            zi_attr_grid a = {(zi_resize_mode)mode, ZI_GRID_ZEROS, centres};
            near_to(at(image, 9.0f, 0.0f, a), 0.0f);
            near_to(at(image, NAN, 0.0f, a), 0.0f);
            near_to(at(image, -INFINITY, 0.0f, a), 0.0f);
            a.padding = ZI_GRID_BORDER;
            near_to(at(image, 9.0f, 0.0f, a), 13.0f);
            near_to(at(image, -1e30f, 1e30f, a), 20.0f);
            near_to(at(image, INFINITY, 0.0f, a), 13.0f);
            a.padding = ZI_GRID_REFLECTION;
            at(image, NAN, INFINITY, a); // anything, but within the image
            at(image, 1e30f, -3e38f, a);
        }
    }
    // from 1 to 1 + 2/W is one pixel back from the right edge
    near_to(at(image, 1.25f, 0.0f, (zi_attr_grid){ZI_RESIZE_NEAREST, ZI_GRID_REFLECTION, false}),
            13.0f);
    near_to(at(image, 1.75f, 0.0f, (zi_attr_grid){ZI_RESIZE_NEAREST, ZI_GRID_REFLECTION, false}),
            12.0f);
    near_to(at(image, 1.0f + 2.0f / 3.0f, 0.0f,
               (zi_attr_grid){ZI_RESIZE_LINEAR, ZI_GRID_REFLECTION, true}),
            12.0f);
}

/* Keys's kernel with a = -0.75, at a distance of d pixels. */
static double kernel(double d)
{
    d = fabs(d);
    if (d < 1.0)
        return (1.25 * d - 2.25) * d * d + 1.0;
    return d < 2.0 ? -0.75 * (((d - 5.0) * d + 8.0) * d - 4.0) : 0.0;
}

static void grid_sample_cubic_sums_the_kernel(void **state)
{
    (void)state;
    enum { SIDE = 12, C = 3, N = 40 };
    builder b = builder_make();
    zi_id in = build_input(&b, "x", ZURT_F32, DIMS(2, SIDE, SIDE, C));
    zi_id grid = build_input(&b, "g", ZURT_F32, DIMS(2, N, N, 2));
    build_op(
        &b, ZI_OP_GridSample, "y",
        ATTR(.grid = {.mode = ZI_RESIZE_CUBIC, .padding = ZI_GRID_ZEROS, .align_corners = true}), 2,
        in, grid);
    float *x = random_f32(&b, 2 * SIDE * SIDE * C, 1.0f), *g = random_f32(&b, 2 * N * N * 2, 1.3f);
    float *r = run_last(&b, (const void *[]){x, g});
    for (int i = 0; i < 2 * N * N * C; i++) {
        const float *to = g + i / C * 2;
        double px = ((double)to[0] + 1.0) / 2.0 * (SIDE - 1), sum = 0.0;
        double py = ((double)to[1] + 1.0) / 2.0 * (SIDE - 1);
        for (int k = 0; k < SIDE * SIDE; k++) // every pixel; most are too far
            sum += kernel(px - k % SIDE) * kernel(py - k / SIDE) *
                   (double)x[((i / C / (N * N)) * SIDE * SIDE + k) * C + i % C];
        if (!(fabs((double)r[i] - sum) < 1e-4))
            fail_msg("%g, not %g", (double)r[i], sum);
    }
    free(x), free(g), free(r);
    builder_free(&b);
}

/* ---- NonMaxSuppression ----------------------------------------------------------------------- */

static void nms_takes_corners_in_any_order_and_centres(void **state)
{
    (void)state;
    // box 1 overlaps box 0 by 9/11, box 2 stands apart, box 3 has no area and overlaps nothing
    const float corners[] = {0, 0, 10, 10, /**/ 10, 11, 0, 1, /**/ 20, 20, 30, 30, /**/ 5, 5, 5, 9};
    const float centres[] = {5, 5, 10, 10, /**/ 6, 5, 10, 10, /**/ 25, 25, 10, 10, /**/ 5, 7, 0, 4};
    const float scores[] = {0.5f, 0.9f, 0.5f, 0.1f, /**/ NAN, -1, 0.2f, 0.3f};
    const int64_t expected[] = {0, 0, 1, 0, 0, 2, 0,  0,  3,  /**/ 0, 1,  3,
                                0, 1, 2, 0, 1, 1, -1, -1, -1, -1,     -1, -1};
    for (int c = 0; c < 2; c++) {
        builder b = builder_make();
        zi_id boxes = build_input(&b, "b", ZURT_F32, DIMS(1, 4, 4));
        zi_id s = build_input(&b, "s", ZURT_F32, DIMS(1, 2, 4));
        build_op(&b, ZI_OP_NonMaxSuppression, "y",
                 ATTR(.nms = {.max_boxes = 9,
                              .iou_threshold = 0.5f,
                              .score_threshold = -INFINITY,
                              .centre = c}),
                 2, boxes, s);
        int64_t *r = run_last(&b, (const void *[]){c ? centres : corners, scores});
        for (int i = 0; i < 24; i++) {
            if (r[i] != expected[i])
                fail_msg("[%d] is %lld, not %lld", i, (long long)r[i], (long long)expected[i]);
        }
        free(r);
        builder_free(&b);
    }
}

static void nms_thresholds_and_limits(void **state)
{
    (void)state;
    enum { N = 500 };
    builder b = builder_make();
    zi_id boxes = build_input(&b, "b", ZURT_F32, DIMS(2, N, 4));
    zi_id s = build_input(&b, "s", ZURT_F32, DIMS(2, 3, N));
    build_op(&b, ZI_OP_NonMaxSuppression, "y",
             ATTR(.nms = {.max_boxes = 20,
                          .iou_threshold = 0.25f,
                          .score_threshold = 0.5f,
                          .centre = false}),
             2, boxes, s);
    float *xy = random_f32(&b, 2 * N * 4, 1.0f), *score = random_f32(&b, 2 * 3 * N, 1.0f);
    for (int i = 0; i < 6 * N; i++)
        score[i] = (float)(int)(score[i] * 16.0f) / 16.0f; // many equals
    for (int i = 0; i < 2 * N; i++) {                      // small boxes
        xy[4 * i + 2] = xy[4 * i] + 0.1f * xy[4 * i + 2];
        xy[4 * i + 3] = xy[4 * i + 1] + 0.1f * xy[4 * i + 3];
    }
    int64_t *r = run_last(&b, (const void *[]){xy, score});
    size_t n = 0, of_class = 0;
    for (; n < 120 && r[3 * n] >= 0; n++) {
        bool same = n && r[3 * n] == r[3 * n - 3] && r[3 * n + 1] == r[3 * n - 2];
        of_class = same ? of_class + 1 : 1;
        assert_true(of_class <= 20);
        const float *class = score + (r[3 * n] * 3 + r[3 * n + 1]) * N;
        float mine = class[r[3 * n + 2]];
        assert_true(mine > 0.5f);
        if (same) {
            float before = class[r[3 * n - 1]];
            assert_true(mine < before || (mine == before && r[3 * n - 1] < r[3 * n + 2]));
        }
    }
    assert_true(n > 60);
    for (size_t i = 3 * n; i < 360; i++)
        assert_int_equal(r[i], -1);
    free(r), free(xy), free(score);
    builder_free(&b);
}

static void empty_tensors_pass(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id image = build_input(&b, "x", ZURT_F32, DIMS(1, 2, 2, 0));
    zi_id grid = build_input(&b, "g", ZURT_F32, DIMS(1, 3, 3, 2));
    zi_id none = build_input(&b, "n", ZURT_F32, DIMS(1, 0, 4));
    zi_id scores = build_input(&b, "s", ZURT_F32, DIMS(1, 2, 0));
    const void *in[2] = {"", ""};
    build_op(&b, ZI_OP_GridSample, "a", ATTR(.grid = {0}), 2, image, grid);
    free(run_last(&b, in));
    build_op(&b, ZI_OP_NonMaxSuppression, "b",
             ATTR(.nms = {.max_boxes = 3,
                          .iou_threshold = 0.5f,
                          .score_threshold = 0.5f,
                          .centre = false}),
             2, none, scores);
    free(run_last(&b, in));
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid_sample_finds_pixels_and_their_middles),
        cmocka_unit_test(grid_sample_knows_three_outsides),
        cmocka_unit_test(grid_sample_cubic_sums_the_kernel),
        cmocka_unit_test(nms_takes_corners_in_any_order_and_centres),
        cmocka_unit_test(nms_thresholds_and_limits),
        cmocka_unit_test(empty_tensors_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
