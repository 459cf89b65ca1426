/* SPDX-License-Identifier: Apache-2.0 */
/* Recognition of files by their first bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <zurt/zurt.h>

#define BYTES(text) text, sizeof(text) - 1

/* Beginnings of files as their programs write them. */
static const struct {
    const char *bytes;
    size_t size;
    zurt_file_kind kind;
} rows[] = {
    {BYTES("\x89ZRT\r\n\x1a\n\1\0\0\0"), ZURT_FILE_ZURT},
    {BYTES("\x08\x07\x12\x07pytorch\x1a\x05"), ZURT_FILE_ONNX},
    {BYTES("\x08\x08:\xf4\x03\n"), ZURT_FILE_ONNX}, // onnx.helper: the graph follows at once
    {BYTES("\x08\x0a\x42\x02\x10\x12"), ZURT_FILE_ONNX},
    {BYTES("xclbin2\0\xff\xff\xff\xff"), ZURT_FILE_XCLBIN},
    {BYTES("\x1c\0\0\0TFL3\x14\0\x20\0"), ZURT_FILE_TFLITE},
    {BYTES("PK\3\4\0\0\x08\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\x12\0archive/data.pklFB"),
     ZURT_FILE_PYTORCH},
    {BYTES("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9"), ZURT_FILE_PYTORCH},
    {BYTES("\x80\x04\x95\x10\0\0\0"), ZURT_FILE_PICKLE},
    {BYTES("\x89HDF\r\n\x1a\n\0\0\0\0"), ZURT_FILE_HDF5},
    {BYTES("PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x0d\0\0\0metadata.json{"),
     ZURT_FILE_KERAS},
    {BYTES("\x08\x01\x12\xc4\x8f\x02\n\x9b\x30\x12\x05serve"), ZURT_FILE_SAVED_MODEL},
    {BYTES("\n\x1a\n\x05input\x12\x0bPlaceholder*\x00"), ZURT_FILE_TF_GRAPH},
    {BYTES("\n\x06"
           "resnet*\x20\n\x04"
           "data\x12\x08"
           "data-fix"),
     ZURT_FILE_XMODEL},
    {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"), ZURT_FILE_LFS_POINTER},
    {BYTES("<!DOCTYPE html>\n<html lang=\"en\">"), ZURT_FILE_HTML},
    {BYTES("<?xml version=\"1.0\"?>\n<net name=\"a\">"), ZURT_FILE_XML},
    {BYTES("\xff\xd8\xff\xe1\x00\x18"), ZURT_FILE_JPEG},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), ZURT_FILE_PNG},
    {BYTES("BM\x46\x02\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x04\0\0\0\x04\0\0\0"), ZURT_FILE_BMP},
    {BYTES("RIFF\x24\0\0\0WEBPVP8 "), ZURT_FILE_WEBP},
    {BYTES("GIF89a\x01\0"), ZURT_FILE_GIF},
    {BYTES("II*\0\x08\0\0\0"), ZURT_FILE_TIFF},
    {BYTES("\0\0\0\x18"
           "ftypheic\0\0"),
     ZURT_FILE_HEIF},
    {BYTES("P6\n4 4\n255\n"), ZURT_FILE_PNM},
    {BYTES("\x93NUMPY\x01\0v\0{"), ZURT_FILE_NPY},
    {BYTES("PK\3\4\x2d\0\0\0\0\0\0\0!\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x05\0\x14\0x."
           "npy\1\0"),
     ZURT_FILE_NPZ},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0"), ZURT_FILE_GZIP},
    {BYTES("PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0a.txt"), ZURT_FILE_ZIP},
    {BYTES("BM is how this sentence begins, and it is no picture"), ZURT_FILE_UNKNOWN},
    {BYTES("Perhaps a page about models"), ZURT_FILE_UNKNOWN},
    {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), ZURT_FILE_UNKNOWN},
    {BYTES(""), ZURT_FILE_UNKNOWN},
};

static void names_every_kind_by_its_bytes(void **state)
{
    (void)state;
    bool seen[ZURT_FILE_ZIP + 1] = {false};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zurt_file_kind kind = zurt_file_kind_of(rows[i].bytes, rows[i].size);
        if (kind != rows[i].kind)
            fail_msg("row %zu: kind %d, not %d", i, (int)kind, (int)rows[i].kind);
        seen[kind] = true;
    }
    for (size_t k = 0; k < sizeof(seen); k++) {
        if (!seen[k])
            fail_msg("kind %zu has no row", k);
    }
    assert_int_equal(zurt_file_kind_of(NULL, 10), ZURT_FILE_UNKNOWN);
}

/* No byte behind `size` is looked at: memory ends there, and sanitizers watch. */
static void reads_no_further_than_it_is_given(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t n = 0; n <= rows[i].size; n++) {
            char *bytes = test_malloc(n + 1);
            memcpy(bytes + 1, rows[i].bytes, n);
            zurt_file_kind kind = zurt_file_kind_of(bytes + 1, n);
            assert_true(kind <= ZURT_FILE_ZIP);
            test_free(bytes);
        }
    }
}

static void has_words_for_every_kind(void **state)
{
    (void)state;
    for (int k = 0; k <= ZURT_FILE_ZIP; k++) {
        assert_true(zurt_file_kind_name((zurt_file_kind)k)[0] != 0);
        assert_non_null(zurt_file_kind_remedy((zurt_file_kind)k));
    }
    assert_string_equal(zurt_file_kind_name((zurt_file_kind)1000), "a file of unknown kind");
    assert_string_equal(zurt_file_kind_remedy((zurt_file_kind)1000), "");
}

/* Models of another kind are refused by name by whoever reads models. */
static void loader_says_what_a_file_is(void **state)
{
    (void)state;
    zurt_ctx *ctx = NULL;
    zurt_model *model = NULL;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    _Alignas(64) uint8_t bytes[64] = {0};
    memcpy(bytes, rows[1].bytes, rows[1].size);
    assert_int_equal(zurt_model_load_mem(ctx, bytes, sizeof(bytes), &model), ZURT_E_FORMAT);
    assert_string_equal(zurt_ctx_error(ctx), "this is an ONNX model, not a compiled .zurt model; "
                                             "compile it first: zurt compile");
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_kind_by_its_bytes),
        cmocka_unit_test(reads_no_further_than_it_is_given),
        cmocka_unit_test(has_words_for_every_kind),
        cmocka_unit_test(loader_says_what_a_file_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
