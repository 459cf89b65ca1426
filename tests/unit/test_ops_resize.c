/* SPDX-License-Identifier: Apache-2.0 */
/* Resize against a plain definition. */
#include <math.h>

#include "ops/resize_axis.h"
#include "support/op_runner.h"

/* Weight of input pixel p for output position o, from the definitions of ONNX Resize. */
static double position(const zi_attr_resize *a, int axis, int32_t in, int32_t o)
{
    double n_in = in, n_out = a->out[axis], length = n_out;
    if ((float)(n_out / n_in) != a->scale[axis]) // the size is that length's floor
        length = (double)a->scale[axis] * n_in;
    switch (a->coord) {
    case ZI_COORD_HALF_PIXEL:
        return (o + 0.5) * n_in / length - 0.5;
    case ZI_COORD_PYTORCH_HALF_PIXEL:
        return n_out > 1 ? (o + 0.5) * n_in / length - 0.5 : 0.0;
    case ZI_COORD_ALIGN_CORNERS:
        return n_out > 1 && length > 1 ? o * (n_in - 1) / (length - 1) : 0.0;
    case ZI_COORD_ASYMMETRIC:
        return o * n_in / length;
    default: {
        double from = (double)a->roi[axis], to = (double)a->roi[axis + 2];
        return n_out > 1 ? from * (n_in - 1) + o * (to - from) * (n_in - 1) / (n_out - 1)
                         : 0.5 * (from + to) * (n_in - 1);
    }
    }
}

static double cubic(double t, double a)
{
    t = fabs(t);
    if (t <= 1.0)
        return (a + 2.0) * t * t * t - (a + 3.0) * t * t + 1.0;
    return t < 2.0 ? a * t * t * t - 5.0 * a * t * t + 8.0 * a * t - 4.0 * a : 0.0;
}

/* All weights of one output position over the input axis; false: outside of the crop. */
static bool weights(const zi_attr_resize *a, int axis, int32_t in, int32_t o, double *w)
{
    double x = position(a, axis, in, o), sum = 0.0;
    for (int32_t p = 0; p < in; p++)
        w[p] = 0.0;
    if (a->coord == ZI_COORD_TF_CROP_AND_RESIZE && (x < 0.0 || x > in - 1))
        return false;
    if (a->mode == ZI_RESIZE_NEAREST) {
        double p = a->nearest == ZI_NEAREST_FLOOR               ? floor(x)
                   : a->nearest == ZI_NEAREST_CEIL              ? ceil(x)
                   : a->nearest == ZI_NEAREST_ROUND_PREFER_CEIL ? floor(x + 0.5)
                                                                : ceil(x - 0.5);
        w[(int)fmin(fmax(p, 0.0), in - 1)] = 1.0;
        return true;
    }
    for (int32_t p = (int32_t)floor(x) - 2; p <= (int32_t)floor(x) + 3; p++) {
        double weight = a->mode == ZI_RESIZE_CUBIC ? cubic(x - p, (double)a->cubic_coeff)
                                                   : fmax(0.0, 1.0 - fabs(x - p));
        if (a->exclude_outside && (p < 0 || p >= in))
            continue;
        w[p < 0 ? 0 : p >= in ? in - 1 : p] += weight;
        sum += weight;
    }
    for (int32_t p = 0; p < in; p++)
        w[p] /= sum;
    return true;
}

static zi_attr_resize random_attr(builder *b, int k, int32_t in_h, int32_t in_w)
{
    zi_attr_resize a = {.mode = (zi_resize_mode)(k % 3),
                        .coord = (zi_resize_coord)(k / 3 % 5),
                        .nearest = (zi_resize_nearest)(k / 15 % 4),
                        .exclude_outside = k / 60 % 2,
                        .cubic_coeff = -0.75f,
                        .extrapolation = 3.5f,
                        .roi = {0.2f, -0.1f, 0.9f, 1.3f}};
    const int32_t in[2] = {in_h, in_w};
    for (int i = 0; i < 2; i++) {
        a.out[i] = builder_int(b, 1, 17);
        a.scale[i] = (float)((double)a.out[i] / in[i]);
        if (k % 7 == 0) // a stated scale of which the size is the floor
            a.scale[i] += 0.01f;
    }
    return a;
}

enum { MAX_IN = 16 };

/* Calls `check` for every output element with the weighted sum of the inputs. */
static void compare(builder *b, zi_id in, const double *x, const zi_attr_resize *a, double outside,
                    const void *r, void (*check)(const void *, size_t, double))
{
    const int32_t *dims = b->g->tensors[in].dims;
    size_t i = 0;
    for (int32_t n = 0; n < dims[0]; n++) {
        for (int32_t oy = 0; oy < a->out[0]; oy++) {
            for (int32_t ox = 0; ox < a->out[1]; ox++) {
                double wy[MAX_IN], wx[MAX_IN];
                bool inside_y = weights(a, 0, dims[1], oy, wy);
                bool inside = weights(a, 1, dims[2], ox, wx) && inside_y;
                for (int32_t c = 0; c < dims[3]; c++, i++) {
                    double sum = 0.0;
                    for (int32_t p = 0; p < dims[1] * dims[2]; p++)
                        sum += wy[p / dims[2]] * wx[p % dims[2]] *
                               x[(n * dims[1] * dims[2] + p) * dims[3] + c];
                    check(r, i, inside ? sum : outside);
                }
            }
        }
    }
}

static void check_f32(const void *r, size_t i, double expected)
{
    assert_true(fabs((double)((const float *)r)[i] - expected) <= 1e-5);
}

static void check_s8(const void *r, size_t i, double expected)
{
    double q = fmin(fmax(expected, -128.0), 127.0);
    assert_true(fabs(((const int8_t *)r)[i] - q) <= 0.8); // half a unit, and 11-bit weights
}

static void f32_in_all_modes(void **state)
{
    (void)state;
    for (int k = 0; k < 240; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        int32_t h = builder_int(&b, 1, MAX_IN), w = builder_int(&b, 1, MAX_IN);
        zi_attr a = {.resize = random_attr(&b, k, h, w)};
        zi_id in = build_input(&b, "x", ZURT_F32, DIMS(2, h, w, 3));
        build_op(&b, ZI_OP_Resize, "out", &a, 1, in);
        size_t n = (size_t)(2 * h * w * 3);
        float *x = random_f32(&b, n, 1.0f);
        double *real = malloc(n * sizeof(*real));
        for (size_t i = 0; i < n; i++)
            real[i] = (double)x[i];
        float *r = run_last(&b, (const void *[]){x});
        compare(&b, in, real, &a.resize, 3.5, r, check_f32);
        free(x), free(real), free(r);
        builder_free(&b);
    }
}

static void s8_nearest_and_linear(void **state)
{
    (void)state;
    for (int k = 0; k < 240; k++) {
        builder b = builder_make();
        b.seed = (uint32_t)k;
        int32_t h = builder_int(&b, 1, MAX_IN), w = builder_int(&b, 1, MAX_IN);
        zi_attr a = {.resize = random_attr(&b, k, h, w)};
        a.resize.mode = k & 1 ? ZI_RESIZE_LINEAR : ZI_RESIZE_NEAREST;
        zi_id in = build_input(&b, "x", ZURT_S8, DIMS(1, h, w, 20));
        zi_id out = build_op(&b, ZI_OP_Resize, "out", &a, 1, in);
        build_quant(&b, in, 0.5f, 3);
        build_quant(&b, out, 0.5f, 3);
        size_t n = (size_t)(h * w * 20);
        int8_t *x = random_s8(&b, n);
        double *real = malloc(n * sizeof(*real));
        for (size_t i = 0; i < n; i++)
            real[i] = x[i];
        int8_t *r = run_last(&b, (const void *[]){x});
        compare(&b, in, real, &a.resize, 10.0, r, check_s8); // 3.5 / 0.5 + 3
        free(x), free(real), free(r);
        builder_free(&b);
    }
}

/* 2 x 2 to 4 x 4 by half pixels: quarters, and ties away from zero. */
static void s8_linear_of_known_values(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_attr a = {.resize = {.out = {1, 4}, .scale = {1.0f, 2.0f}, .mode = ZI_RESIZE_LINEAR}};
    zi_id in = build_input(&b, "x", ZURT_S8, DIMS(1, 1, 2, 1));
    zi_id out = build_op(&b, ZI_OP_Resize, "out", &a, 1, in);
    build_quant(&b, in, 1.0f, 0);
    build_quant(&b, out, 1.0f, 0);
    int8_t *r = run_last(&b, (const void *[]){(int8_t[]){-2, 0}});
    const int8_t expected[4] = {-2, -2, -1, 0}; // -2, -1.5, -0.5, 0
    assert_memory_equal(r, expected, 4);
    free(r);
    builder_free(&b);
}

static void other_types_by_nearest_only(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_attr a = {.resize = {.out = {4, 2},
                            .scale = {2.0f, 1.0f},
                            .coord = ZI_COORD_ASYMMETRIC,
                            .nearest = ZI_NEAREST_FLOOR}};
    zi_id in = build_input(&b, "x", ZURT_S64, DIMS(1, 2, 2, 1));
    build_op(&b, ZI_OP_Resize, "out", &a, 1, in);
    int64_t *r = run_last(&b, (const void *[]){(int64_t[]){1, 2, 3, 4}});
    const int64_t expected[8] = {1, 2, 1, 2, 3, 4, 3, 4};
    assert_memory_equal(r, expected, sizeof(expected));
    free(r);
    b.g->nodes[0].attr.resize.mode = ZI_RESIZE_LINEAR;
    assert_int_equal(zi_op_check(b.ctx, b.g, b.g->nodes), ZURT_E_UNSUPPORTED);
    builder_free(&b);
}

/* Of whole sizes, in whole numbers: a quotient in double misses some. */
static void nearest_takes_the_exact_floor(void **state)
{
    (void)state;
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    zi_arena arena;
    zi_arena_init(&arena, &ctx->allocator);
    for (int32_t in = 1; in <= 100; in++) {
        for (int32_t out = 1; out <= 100; out++) {
            zi_attr_resize a = {.out = {out, out},
                                .mode = ZI_RESIZE_NEAREST,
                                .coord = ZI_COORD_ASYMMETRIC,
                                .nearest = ZI_NEAREST_FLOOR};
            a.scale[0] = a.scale[1] = (float)out / (float)in;
            zi_resize_axis r;
            assert_true(zi_resize_axis_init(&r, &arena, &a, 0, in));
            for (int32_t x = 0; x < out; x++) {
                if (r.taps[x].index[0] != x * in / out)
                    fail_msg("%d of %d to %d: %d", (int)x, (int)in, (int)out,
                             (int)r.taps[x].index[0]);
            }
        }
    }
    zi_arena_clear(&arena);
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_in_all_modes),
        cmocka_unit_test(s8_nearest_and_linear),
        cmocka_unit_test(s8_linear_of_known_values),
        cmocka_unit_test(other_types_by_nearest_only),
        cmocka_unit_test(nearest_takes_the_exact_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
