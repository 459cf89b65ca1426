/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy .npy files, format 1 to 3, C order, little-endian: the header, and the numbers behind it.
 */
#include "npy_array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *descr;
    npy_type type;
    size_t elem;
} types[] = {{"|u1", NPY_U1, 1}, {"|i1", NPY_I1, 1}, {"|b1", NPY_B1, 1}, {"<u2", NPY_U2, 2},
             {"<i2", NPY_I2, 2}, {"<i4", NPY_I4, 4}, {"<i8", NPY_I8, 8}, {"<f2", NPY_F2, 2},
             {"<f4", NPY_F4, 4}, {"<f8", NPY_F8, 8}};

/* Value of a key of the header's dict literal, at its first character; NULL if absent. */
static const char *find_key(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at)
        return NULL;
    at = strchr(at, ':');
    return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static bool parse_shape(const char *at, npy_array *a)
{
    if (*at++ != '(')
        return false;
    for (a->rank = 0; *at && *at != ')';) {
        char *end;
        unsigned long long v = strtoull(at, &end, 10);
        if (end == at || a->rank == NPY_MAX_AXES || v > 1u << 30)
            return false;
        a->dims[a->rank++] = (size_t)v;
        at = end + strspn(end, " ,");
    }
    return *at == ')';
}

/* What the header's dict says; NULL, or what is wrong with it. */
static const char *parse_header(const char *header, npy_array *a)
{
    const char *descr = find_key(header, "'descr'");
    const char *order = find_key(header, "'fortran_order'");
    const char *shape = find_key(header, "'shape'");
    if (!descr || !order || !shape || !parse_shape(shape, a))
        return "the header is damaged, or has more than 8 axes";
    if (strncmp(order, "True", 4) == 0)
        return "Fortran order: save numpy.ascontiguousarray(x)";
    for (size_t i = 0; *descr == '\'' && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncmp(descr + 1, types[i].descr, 3) == 0 && descr[4] == '\'') {
            a->type = types[i].type;
            a->elem = types[i].elem;
        }
    }
    return a->type ? NULL
                   : "neither bool, uint8, uint16, int8 to int64 nor float16 to float64, "
                     "little-endian: save x.astype(numpy.float32)";
}

/* Finds the header's text; EXIT_DONE or stated. */
static int find_header(cli *c, const npy_array *a, size_t size, size_t *at, size_t *length)
{
    const uint8_t *p = a->file;
    if (size < 12 || memcmp(p, "\x93NUMPY", 6) != 0)
        return cli_fail(c, ZURT_E_FORMAT, "%s: no .npy file, as numpy.save writes one", a->path);
    if (p[6] < 1 || p[6] > 3)
        return cli_fail(c, ZURT_E_FORMAT, "%s: .npy format %d, not 1 to 3", a->path, p[6]);
    *at = p[6] == 1 ? 10 : 12;
    *length = (size_t)p[8] | (size_t)p[9] << 8;
    if (p[6] > 1)
        *length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (*length > size - *at || *length > 65536)
        return cli_fail(c, ZURT_E_FORMAT, "%s: header of %zu bytes in a file of %zu", a->path,
                        *length, size);
    return EXIT_DONE;
}

int npy_read(cli *c, const char *path, npy_array *a)
{
    *a = (npy_array){.path = strdup(path)};
    if (!a->path)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    size_t size, at = 0, length = 0;
    int code = data_read_file(c, path, &a->file, &size);
    if (code == EXIT_DONE)
        code = find_header(c, a, size, &at, &length);
    if (code != EXIT_DONE)
        return code;
    char *header = strndup((const char *)a->file + at, length);
    if (!header)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    const char *wrong = parse_header(header, a);
    free(header);
    if (wrong)
        return cli_fail(c, ZURT_E_FORMAT, "%s: %s", path, wrong);
    a->elems = 1;
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i] && a->elems > size / a->dims[i])
            return cli_fail(c, ZURT_E_FORMAT, "%s: shape larger than the file", path);
        a->elems *= a->dims[i];
    }
    if (a->elems * a->elem != size - at - length)
        return cli_fail(c, ZURT_E_FORMAT, "%s: %zu bytes of data, the shape says %zu", path,
                        size - at - length, a->elems * a->elem);
    a->data = a->file + at + length;
    return EXIT_DONE;
}

void npy_free(npy_array *a)
{
    free(a->path);
    free(a->file);
}

bool npy_is_float(const npy_array *a)
{
    return a->type == NPY_F2 || a->type == NPY_F4 || a->type == NPY_F8;
}

int64_t npy_integer_at(const npy_array *a, size_t i)
{
    const uint8_t *p = a->data + i * a->elem;
    int16_t v2;
    int32_t v4;
    int64_t v8;
    switch (a->type) {
    case NPY_I8:
        memcpy(&v8, p, 8);
        return v8;
    case NPY_I4:
        memcpy(&v4, p, 4);
        return v4;
    case NPY_I2:
        memcpy(&v2, p, 2);
        return v2;
    case NPY_U2:
        return p[0] | p[1] << 8;
    case NPY_I1:
        return (int8_t)p[0];
    default:
        return p[0];
    }
}

/* IEEE 754 binary16; every value of it is a float. */
static float half_to_float(const uint8_t *p)
{
    uint32_t h = (uint32_t)p[0] | (uint32_t)p[1] << 8;
    int exponent = (int)(h >> 10 & 31);
    float fraction = (float)(h & 1023);
    float v = exponent == 0    ? ldexpf(fraction, -24)
              : exponent == 31 ? (h & 1023 ? NAN : INFINITY)
                               : ldexpf(fraction + 1024.0f, exponent - 25);
    return h >> 15 ? -v : v;
}

float npy_float_at(const npy_array *a, size_t i)
{
    float f;
    double d;
    switch (a->type) {
    case NPY_F2:
        return half_to_float(a->data + 2 * i);
    case NPY_F4:
        memcpy(&f, a->data + 4 * i, 4);
        return f;
    case NPY_F8:
        memcpy(&d, a->data + 8 * i, 8);
        return (float)d;
    default:
        return (float)npy_integer_at(a, i);
    }
}
