/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what corpus/data starts from: a small file of each kind. usage: make_data_corpus FOLDER */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder;

static void put(const char *name, int kind, int split, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    bool good = f && fputc(kind, f) != EOF && fputc(split, f) != EOF;
    good = good && fwrite(bytes, 1, size, f) == size;
    if (!good || fclose(f) != 0)
        exit(1);
}

/* A header of NumPy's, version 1.0, and zeros behind it. */
static size_t make_npy(char *out, const char *type, const char *shape, size_t bytes)
{
    char text[118];
    memset(text, ' ', sizeof(text));
    int n = snprintf(text, sizeof(text), "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                     type, shape);
    text[n] = ' ';
    text[sizeof(text) - 1] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(out + 10, text, sizeof(text));
    memset(out + 128, 0, bytes);
    return 128 + bytes;
}

int main(int argc, char **argv)
{
    enum {
        IDX = 0,
        NPY = 1,
        RAW = 2,
        U8 = 1 << 2,
        F32 = 2 << 2,
        S64 = 3 << 2,
        FLAT = 16,
        ALL = 255
    };
    static const char idx[] = "\0\0\x08\x03\0\0\0\x02\0\0\0\x04\0\0\0\x04"
                              "0123456789abcdef0123456789abcdef";
    static const char labels[] = "\0\0\x08\x01\0\0\0\x02\x01\x02";
    char bytes[1024];
    if (argc != 2)
        return 2;
    folder = argv[1];
    put("idx", IDX, ALL, idx, sizeof(idx) - 1);
    memcpy(bytes, idx, sizeof(idx) - 1);
    memcpy(bytes + sizeof(idx) - 1, labels, sizeof(labels) - 1);
    put("idx-labels", IDX | U8, 211, bytes, sizeof(idx) + sizeof(labels) - 2);
    put("npy-u8", NPY | U8, ALL, bytes, make_npy(bytes, "|u1", "2, 4, 4, 1", 32));
    put("npy-f32", NPY | F32 | FLAT, ALL, bytes, make_npy(bytes, "<f4", "2, 12", 96));
    put("npy-f64-one", NPY, ALL, bytes, make_npy(bytes, "<f8", "4, 4, 1", 128));
    put("npy-s64", NPY | S64 | FLAT, ALL, bytes, make_npy(bytes, "<i8", "1, 12", 96));
    put("raw", RAW, ALL, idx + 16, 32);
    put("raw-labels", RAW, 204, "0123456789abcdef1 2\n", 20);
    put("raw-f32", RAW | F32, ALL, bytes, 64);
    return 0;
}
