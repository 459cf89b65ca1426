/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of every kind that is read, by their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/image.h>

#include "golden/picture_golden.h"
#include "support/ctx_fixture.h"
#include "support/test_allocator.h"

#define N_PICTURES (sizeof(golden_pictures) / sizeof(golden_pictures[0]))

static void expect(zurt_ctx *ctx, size_t i, zurt_orientation orientation, const uint8_t *pixels,
                   int32_t width, int32_t height)
{
    zurt_image out;
    zurt_status st =
        zurt_image_decode(ctx, golden_pictures[i].file, golden_pictures[i].size, orientation, &out);
    if (st)
        fail_msg("%s: %s", golden_pictures[i].name, zurt_ctx_error(ctx));
    if (out.width != width || out.height != height || out.channels != 3 ||
        memcmp(out.pixels, pixels, 13 * 7 * 3) != 0)
        fail_msg("%s, orientation %d: not Pillow's pixels", golden_pictures[i].name,
                 (int)orientation);
    zurt_image_destroy(ctx, &out);
}

/* Every kind of PNG and BMP, every Exif orientation, CMYK. */
static void reads_what_pillow_reads(void **state)
{
    for (size_t i = 0; i < N_PICTURES; i++) {
        expect(*state, i, ZURT_ORIENT_STORED, golden_pictures[i].stored, 13, 7);
        expect(*state, i, ZURT_ORIENT_UPRIGHT, golden_pictures[i].upright, golden_pictures[i].width,
               golden_pictures[i].height);
    }
}

/* The end of the file, which only PNG and JPEG mark. */
static void refuses_every_truncation(void **state)
{
    for (size_t i = 0; i < N_PICTURES; i++) {
        for (size_t n = 0; n < golden_pictures[i].size; n++) {
            uint8_t *copy = malloc(n + 1); // exact, so that a sanitizer sees the end
            zurt_image out;
            memcpy(copy + 1, golden_pictures[i].file, n);
            if (zurt_image_decode(*state, copy + 1, n, ZURT_ORIENT_UPRIGHT, &out) != ZURT_E_FORMAT)
                fail_msg("%s: %zu bytes are taken", golden_pictures[i].name, n);
            assert_null(out.pixels);
            free(copy);
        }
    }
}

static void survives_every_changed_byte(void **state)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < N_PICTURES; i++) {
        size_t size = golden_pictures[i].size;
        uint8_t *copy = malloc(size);
        for (size_t at = 0; at < size; at++) {
            for (size_t k = 0; k < sizeof(values); k++) {
                zurt_image out;
                memcpy(copy, golden_pictures[i].file, size);
                copy[at] = values[k];
                zurt_status st = zurt_image_decode(*state, copy, size, ZURT_ORIENT_UPRIGHT, &out);
                assert_true(!st == (out.pixels != NULL));
                assert_true(st != ZURT_E_INTERNAL && st != ZURT_E_ARG);
                zurt_image_destroy(*state, &out);
            }
        }
        free(copy);
    }
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < N_PICTURES; i++) {
        if (strcmp(golden_pictures[i].name, name) == 0)
            return i;
    }
    fail_msg("no picture %s", name);
    return 0;
}

/* The head of a PNG of 20000 x 1 pixels. */
static const uint8_t wide_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x4e, 0x20, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0xb4,
    0xd6, 0x09, 0xd9, 0x00, 0x00, 0x00, 0x00, 0x49, 0x44, 0x41, 0x54, 0x35, 0xaf, 0x06, 0x1e};

/* Width and height stand at 18 and 22 of a BMP. */
static void refuses_huge_pictures_and_other_kinds(void **state)
{
    zurt_ctx *ctx = *state;
    zurt_image out;
    uint8_t copy[400];
    size_t i = find("bmp_rgb");
    memcpy(copy, golden_pictures[i].file, golden_pictures[i].size);
    copy[19] = copy[23] = 0x3f; // 16141 x 16135
    assert_int_equal(
        zurt_image_decode(ctx, copy, golden_pictures[i].size, ZURT_ORIENT_UPRIGHT, &out),
        ZURT_E_LIMIT);
    copy[19] = copy[23] = 0;
    copy[28] = 16; // bits a pixel
    assert_int_equal(
        zurt_image_decode(ctx, copy, golden_pictures[i].size, ZURT_ORIENT_UPRIGHT, &out),
        ZURT_E_UNSUPPORTED);
    assert_int_equal(zurt_image_decode(ctx, wide_png, sizeof(wide_png), ZURT_ORIENT_UPRIGHT, &out),
                     ZURT_E_LIMIT);
    static const char webp[] = "RIFF\x24\0\0\0WEBPVP8 ";
    assert_int_equal(zurt_image_decode(ctx, webp, sizeof(webp), ZURT_ORIENT_UPRIGHT, &out),
                     ZURT_E_FORMAT);
    assert_string_equal(zurt_ctx_error(ctx), "this is a WebP picture, not a JPEG, PNG or BMP "
                                             "picture; convert it to PNG or JPEG");
    assert_int_equal(zurt_image_decode(ctx, webp, sizeof(webp), (zurt_orientation)2, &out),
                     ZURT_E_ARG);
    assert_int_equal(zurt_image_load(ctx, "none.png", ZURT_ORIENT_UPRIGHT, &out), ZURT_E_IO);
}

static void survives_refused_memory(void **state)
{
    (void)state;
    static const char *const names[] = {"png_interlaced", "png_palette", "png_exif6",
                                        "bmp_palette",    "jpeg_exif6",  "jpeg_cmyk"};
    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        size_t i = find(names[k]), n = 1;
        zt_allocator counter = {0};
        zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
        assert_non_null(ctx);
        zurt_status st = ZURT_E_NOMEM;
        for (; st; n++) {
            zurt_image out;
            size_t live = counter.n_live;
            zt_allocator_arm(&counter, n);
            st = zurt_image_decode(ctx, golden_pictures[i].file, golden_pictures[i].size,
                                   ZURT_ORIENT_UPRIGHT, &out);
            if (st && st != ZURT_E_NOMEM)
                fail_msg("%s, request %zu: %s", names[k], n, zurt_ctx_error(ctx));
            zurt_image_destroy(ctx, &out);
            assert_int_equal(counter.n_live, live);
        }
        assert_true(n > 2);
        zurt_ctx_destroy(ctx);
        assert_int_equal(counter.n_live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_pillow_reads),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(survives_every_changed_byte),
        cmocka_unit_test(refuses_huge_pictures_and_other_kinds),
        cmocka_unit_test(survives_refused_memory),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
