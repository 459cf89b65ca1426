/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG, resizing and cropping, against Pillow's pixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/image.h>

#include "golden/image_golden.h"
#include "support/ctx_fixture.h"
#include "support/test_allocator.h"

/* The same formula as in make_image_golden.py. */
static zurt_image picture(uint8_t *pixels, int32_t width, int32_t height)
{
    uint8_t *p = pixels;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            for (int32_t c = 0; c < 3; c++)
                *p++ = (uint8_t)((x * 11 + y * 7 + c * 53 + x * y * (c + 1)) & 255);
        }
    }
    return (zurt_image){width, height, 3, pixels};
}

static void expect_fit(zurt_ctx *ctx, const zurt_image *in, int32_t width, int32_t height,
                       zurt_fit fit, float ratio, const uint8_t *golden)
{
    zurt_image out;
    assert_int_equal(zurt_image_fit(ctx, in, width, height, fit, ratio, &out), ZURT_OK);
    assert_int_equal(out.width, width);
    assert_int_equal(out.height, height);
    assert_memory_equal(out.pixels, golden, (size_t)width * (size_t)height * 3);
    zurt_image_destroy(ctx, &out);
    assert_null(out.pixels);
}

static void resizes_as_pillow(void **state)
{
    uint8_t a[23 * 17 * 3], b[13 * 31 * 3];
    zurt_image wide = picture(a, 23, 17), tall = picture(b, 13, 31);
    expect_fit(*state, &wide, 7, 5, ZURT_FIT_STRETCH, 0, golden_shrink_7x5);
    expect_fit(*state, &wide, 27, 9, ZURT_FIT_STRETCH, 0, golden_grow_27x9);
    expect_fit(*state, &wide, 7, 7, ZURT_FIT_CENTRE_CROP, 0.875f, golden_crop_wide_7);
    expect_fit(*state, &tall, 7, 7, ZURT_FIT_CENTRE_CROP, 0.875f, golden_crop_tall_7);
    expect_fit(*state, &wide, 23, 17, ZURT_FIT_STRETCH, 0, a);
    expect_fit(*state, &wide, 23, 17, ZURT_FIT_CENTRE_CROP, 1, a);
}

/* The picture itself is stretched to 9 x 7 or 5 x 12, whatever stands around it. */
static void letterboxes(void **state)
{
    static const struct {
        int32_t in_width, in_height, width, height, left, top, inner_width, inner_height;
    } rows[] = {{23, 17, 9, 12, 0, 2, 9, 7},
                {13, 31, 12, 12, 3, 0, 5, 12},
                {13, 31, 13, 31, 0, 0, 13, 31},
                {23, 17, 46, 40, 0, 3, 46, 34},
                {100, 1, 10, 4, 0, 1, 10, 1}};
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        uint8_t a[31 * 23 * 3];
        zurt_image in = picture(a, rows[r].in_width, rows[r].in_height), out, inner;
        int32_t w = rows[r].width, h = rows[r].height;
        assert_int_equal(zurt_image_fit(*state, &in, w, h, ZURT_FIT_LETTERBOX, 0, &out), ZURT_OK);
        assert_int_equal(zurt_image_fit(*state, &in, rows[r].inner_width, rows[r].inner_height,
                                        ZURT_FIT_STRETCH, 0, &inner),
                         ZURT_OK);
        assert_int_equal(out.width, w);
        assert_int_equal(out.height, h);
        for (int32_t i = 0; i < w * h; i++) {
            int32_t x = i % w - rows[r].left, y = i / w - rows[r].top;
            bool inside = x >= 0 && y >= 0 && x < inner.width && y < inner.height;
            for (int32_t c = 0; c < 3; c++)
                assert_int_equal(out.pixels[i * 3 + c],
                                 inside ? inner.pixels[(y * inner.width + x) * 3 + c] : 114);
        }
        zurt_image_destroy(*state, &out);
        zurt_image_destroy(*state, &inner);
    }
}

static void fits_extreme_shapes(void **state)
{
    zurt_ctx *ctx = *state;
    static uint8_t pixels[ZURT_IMAGE_MAX_SIDE];
    zurt_image line = {ZURT_IMAGE_MAX_SIDE, 1, 1, pixels}, out;
    memset(pixels, 77, sizeof(pixels));
    assert_int_equal(zurt_image_fit(ctx, &line, 5, 9, ZURT_FIT_CENTRE_CROP, 0.002f, &out), ZURT_OK);
    for (int i = 0; i < 45; i++)
        assert_int_equal(out.pixels[i], 77);
    zurt_image_destroy(ctx, &out);
    line.width = 1;
    line.height = ZURT_IMAGE_MAX_SIDE;
    assert_int_equal(zurt_image_fit(ctx, &line, 1, 1, ZURT_FIT_STRETCH, 0, &out), ZURT_OK);
    assert_int_equal(out.pixels[0], 77);
    zurt_image_destroy(ctx, &out);
}

static void refuses_bad_arguments_and_sizes(void **state)
{
    zurt_ctx *ctx = *state;
    uint8_t a[4 * 4 * 3];
    zurt_image in = picture(a, 4, 4), out;
    assert_int_equal(zurt_image_fit(ctx, &in, 0, 4, ZURT_FIT_STRETCH, 0, &out), ZURT_E_ARG);
    assert_int_equal(zurt_image_fit(ctx, &in, 4, 4, ZURT_FIT_CENTRE_CROP, 1.5f, &out), ZURT_E_ARG);
    assert_int_equal(zurt_image_fit(ctx, &in, 4, 4, (zurt_fit)7, 1, &out), ZURT_E_ARG);
    assert_int_equal(zurt_image_fit(ctx, &in, 4, 4, ZURT_FIT_STRETCH, 0, &in), ZURT_E_ARG);
    assert_int_equal(zurt_image_fit(ctx, &in, 16385, 1, ZURT_FIT_STRETCH, 0, &out), ZURT_E_LIMIT);
    assert_int_equal(zurt_image_fit(ctx, &in, 16384, 16384, ZURT_FIT_STRETCH, 0, &out),
                     ZURT_E_LIMIT);
    assert_null(out.pixels);
    in.channels = 2;
    assert_int_equal(zurt_image_fit(ctx, &in, 2, 2, ZURT_FIT_STRETCH, 0, &out), ZURT_E_ARG);
}

static void expect_jpeg(zurt_ctx *ctx, const uint8_t *jpeg, size_t size, const uint8_t *rgb)
{
    zurt_image out;
    assert_int_equal(zurt_image_decode_jpeg(ctx, jpeg, size, &out), ZURT_OK);
    assert_int_equal(out.width, 19);
    assert_int_equal(out.height, 11);
    assert_int_equal(out.channels, 3);
    assert_memory_equal(out.pixels, rgb, 19 * 11 * 3);
    zurt_image_destroy(ctx, &out);
}

static void decodes_jpeg_as_pillow(void **state)
{
    expect_jpeg(*state, golden_baseline_jpeg, sizeof(golden_baseline_jpeg), golden_baseline_rgb);
    expect_jpeg(*state, golden_progressive_jpeg, sizeof(golden_progressive_jpeg),
                golden_progressive_rgb);
    expect_jpeg(*state, golden_grey_jpeg, sizeof(golden_grey_jpeg), golden_grey_rgb);
}

static void refuses_every_truncation(void **state)
{
    zurt_image out;
    for (size_t n = 0; n < sizeof(golden_baseline_jpeg); n++) {
        uint8_t *copy = malloc(n ? n : 1); // exact, so that a sanitizer sees the end
        memcpy(copy, golden_baseline_jpeg, n);
        assert_int_equal(zurt_image_decode_jpeg(*state, copy, n, &out), ZURT_E_FORMAT);
        assert_null(out.pixels);
        free(copy);
    }
}

static void survives_every_changed_byte(void **state)
{
    uint8_t copy[sizeof(golden_progressive_jpeg)];
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < sizeof(copy); i++) {
        for (size_t k = 0; k < sizeof(values); k++) {
            zurt_image out;
            memcpy(copy, golden_progressive_jpeg, sizeof(copy));
            copy[i] = values[k];
            zurt_status st = zurt_image_decode_jpeg(*state, copy, sizeof(copy), &out);
            assert_true(!st == (out.pixels != NULL));
            zurt_image_destroy(*state, &out);
        }
    }
}

/* The size stands 5 bytes behind the start-of-frame marker. */
static void refuses_a_huge_picture_before_allocating(void **state)
{
    uint8_t copy[sizeof(golden_baseline_jpeg)];
    memcpy(copy, golden_baseline_jpeg, sizeof(copy));
    size_t at = 0;
    while (at + 9 < sizeof(copy) && !(copy[at] == 0xff && copy[at + 1] == 0xc0))
        at++;
    memset(copy + at + 5, 0x3f, 4); // 16191 x 16191
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    zurt_image out;
    (void)state;
    assert_non_null(ctx);
    size_t requests = counter.n_requests;
    assert_int_equal(zurt_image_decode_jpeg(ctx, copy, sizeof(copy), &out), ZURT_E_LIMIT);
    assert_int_equal(counter.n_requests, requests + 1); // the decoder itself
    zurt_ctx_destroy(ctx);
}

static void survives_refused_memory(void **state)
{
    (void)state;
    zt_allocator counter = {0};
    zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
    assert_non_null(ctx);
    zurt_status st = ZURT_E_NOMEM;
    for (size_t n = 1; st; n++) {
        zurt_image a, b = {0};
        size_t live = counter.n_live;
        zt_allocator_arm(&counter, n);
        st = zurt_image_decode_jpeg(ctx, golden_baseline_jpeg, sizeof(golden_baseline_jpeg), &a);
        if (!st)
            st = zurt_image_fit(ctx, &a, 7, 7, ZURT_FIT_LETTERBOX, 0, &b);
        assert_true(st == ZURT_E_NOMEM || (!st && n > 8));
        zurt_image_destroy(ctx, &a);
        zurt_image_destroy(ctx, &b);
        assert_int_equal(counter.n_live, live);
    }
    zurt_ctx_destroy(ctx);
    assert_int_equal(counter.n_live, 0);
}

static const zurt_norm imagenet = {
    .channels = 3, .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}};

static void normalises(void **state)
{
    uint8_t a[5 * 4 * 3];
    zurt_image in = picture(a, 5, 4);
    zurt_tensor_info info = {.name = "x", .dtype = ZURT_F32, .rank = 4, .dims = {1, 4, 5, 3}};
    float got[60];
    zurt_span span = {got, sizeof(got)};
    assert_int_equal(zurt_image_to_tensor(*state, &in, &imagenet, &info, &span), ZURT_OK);
    for (size_t i = 0; i < 60; i++)
        assert_true(got[i] == ((float)a[i] / 255.0f - imagenet.mean[i % 3]) / imagenet.std[i % 3]);
    zurt_norm bgr = imagenet;
    bgr.is_bgr = 1;
    assert_int_equal(zurt_image_to_tensor(*state, &in, &bgr, &info, &span), ZURT_OK);
    for (size_t i = 0; i < 60; i++) {
        float pixel = (float)a[i / 3 * 3 + (2 - i % 3)];
        assert_true(got[i] == (pixel / 255.0f - imagenet.mean[i % 3]) / imagenet.std[i % 3]);
    }
}

static void quantises(void **state)
{
    uint8_t a[5 * 4 * 3];
    zurt_image in = picture(a, 5, 4);
    zurt_norm none = {.channels = 1, .std = {1.0f}};
    zurt_tensor_info info = {
        .name = "x", .dtype = ZURT_U8, .rank = 4, .dims = {1, 4, 5, 3}, .scale = 1.0f / 255.0f};
    uint8_t u8[60];
    assert_int_equal(zurt_image_to_tensor(*state, &in, &none, &info, &(zurt_span){u8, 60}),
                     ZURT_OK);
    assert_memory_equal(u8, a, 60);
    int8_t s8[60];
    info.dtype = ZURT_S8;
    info.zero_point = -128;
    assert_int_equal(zurt_image_to_tensor(*state, &in, &none, &info, &(zurt_span){s8, 60}),
                     ZURT_OK);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(s8[i], a[i] - 128);
}

static void grey_fills_one_channel_or_three(void **state)
{
    uint8_t pixels[20];
    for (int i = 0; i < 20; i++)
        pixels[i] = (uint8_t)(i * 13);
    const zurt_image in = {.pixels = pixels, .width = 5, .height = 4, .channels = 1};
    const zurt_norm norm = {
        .channels = 3, .mean = {0.0f, 0.1f, 0.2f}, .std = {1.0f, 1.0f, 1.0f}, .is_bgr = 1};
    zurt_tensor_info info = {.name = "x", .dtype = ZURT_F32, .rank = 4, .dims = {1, 4, 5, 3}};
    float three[60], one[20];
    assert_int_equal(
        zurt_image_to_tensor(*state, &in, &norm, &info, &(zurt_span){three, sizeof(three)}),
        ZURT_OK);
    for (int i = 0; i < 60; i++)
        assert_float_equal(three[i], (float)pixels[i / 3] / 255.0f - norm.mean[i % 3], 1e-6f);
    info.dims[3] = 1;
    const zurt_norm plain = {.channels = 1, .std = {1.0f}};
    assert_int_equal(
        zurt_image_to_tensor(*state, &in, &plain, &info, &(zurt_span){one, sizeof(one)}), ZURT_OK);
    for (int i = 0; i < 20; i++)
        assert_float_equal(one[i], (float)pixels[i] / 255.0f, 1e-6f);
}

static void makes_grey_as_pillow(void **state)
{
    uint8_t a[23 * 3 * 3], grey[23 * 3];
    zurt_image in = picture(a, 23, 3);
    zurt_norm none = {.channels = 1, .std = {1.0f}};
    zurt_tensor_info info = {
        .name = "x", .dtype = ZURT_U8, .rank = 4, .dims = {1, 3, 23, 1}, .scale = 1.0f / 255.0f};
    assert_int_equal(
        zurt_image_to_tensor(*state, &in, &none, &info, &(zurt_span){grey, sizeof(grey)}), ZURT_OK);
    assert_memory_equal(grey, golden_luma, sizeof(grey));
}

static void refuses_a_tensor_that_does_not_fit(void **state)
{
    uint8_t a[5 * 4 * 3];
    float got[60];
    zurt_image in = picture(a, 5, 4);
    zurt_tensor_info info = {.name = "x", .dtype = ZURT_F32, .rank = 4, .dims = {1, 4, 5, 3}};
    zurt_span span = {got, sizeof(got) - 4};
    assert_int_equal(zurt_image_to_tensor(*state, &in, &imagenet, &info, &span), ZURT_E_ARG);
    span.bytes = sizeof(got);
    info.dims[1] = 5;
    assert_int_equal(zurt_image_to_tensor(*state, &in, &imagenet, &info, &span), ZURT_E_ARG);
    info.dims[1] = 4;
    info.dtype = ZURT_S64;
    assert_int_equal(zurt_image_to_tensor(*state, &in, &imagenet, &info, &span), ZURT_E_ARG);
    info.dtype = ZURT_S8; // without a scale
    span.bytes = 60;
    assert_int_equal(zurt_image_to_tensor(*state, &in, &imagenet, &info, &span), ZURT_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resizes_as_pillow),
        cmocka_unit_test(letterboxes),
        cmocka_unit_test(fits_extreme_shapes),
        cmocka_unit_test(refuses_bad_arguments_and_sizes),
        cmocka_unit_test(decodes_jpeg_as_pillow),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_every_changed_byte),
        cmocka_unit_test(refuses_a_huge_picture_before_allocating),
        cmocka_unit_test(survives_refused_memory),
        cmocka_unit_test(normalises),
        cmocka_unit_test(quantises),
        cmocka_unit_test(grey_fills_one_channel_or_three),
        cmocka_unit_test(makes_grey_as_pillow),
        cmocka_unit_test(refuses_a_tensor_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
