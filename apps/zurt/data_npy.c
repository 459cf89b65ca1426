/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy .npy files, format 1 and 2, C order, little-endian: the first axis counts samples. u8 are
 * pixels and go through the preprocessing, f4 and f8 are input values as they are, other integers
 * are labels only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

enum { MAX_AXES = 8 };

typedef struct npy_array {
    uint8_t *file;
    const uint8_t *data;
    char type; /* u: u8, f: f4, d: f8, i: i4, l: i8, b: i1 */
    size_t elem;
    int rank;
    size_t dims[MAX_AXES];
    size_t sample_elems;
} npy_array;

static const struct {
    const char *descr;
    char type;
    size_t elem;
} types[] = {{"|u1", 'u', 1}, {"<f4", 'f', 4}, {"<f8", 'd', 8},
             {"<i4", 'i', 4}, {"<i8", 'l', 8}, {"|i1", 'b', 1}};

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
        if (end == at || a->rank == MAX_AXES || v > 1u << 30)
            return false;
        a->dims[a->rank++] = (size_t)v;
        at = end + strspn(end, " ,");
    }
    return *at == ')' && a->rank > 0;
}

static bool parse_header(const char *header, npy_array *a)
{
    const char *descr = find_key(header, "'descr'");
    const char *order = find_key(header, "'fortran_order'");
    const char *shape = find_key(header, "'shape'");
    if (!descr || !order || !shape || strncmp(order, "False", 5) != 0 || *descr != '\'')
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strncmp(descr + 1, types[i].descr, 3) == 0 && descr[4] == '\'') {
            a->type = types[i].type;
            a->elem = types[i].elem;
        }
    }
    return a->type && parse_shape(shape, a);
}

/* Reads and checks a file; free a->file in any case. */
static int read_npy(cli *c, const char *path, npy_array *a)
{
    *a = (npy_array){0};
    size_t size;
    int code = data_read_file(c, path, &a->file, &size);
    if (code != EXIT_DONE)
        return code;
    if (size < 12 || memcmp(a->file, "\x93NUMPY", 6) != 0 || (a->file[6] != 1 && a->file[6] != 2))
        return cli_fail(c, ZURT_E_FORMAT, "%s: not a .npy file of format 1 or 2", path);
    size_t at = a->file[6] == 1 ? 10 : 12;
    size_t length = (size_t)a->file[8] | (size_t)a->file[9] << 8;
    if (a->file[6] == 2)
        length |= (size_t)a->file[10] << 16 | (size_t)a->file[11] << 24;
    if (length > size - at || length > 65536)
        return cli_fail(c, ZURT_E_FORMAT, "%s: header of %zu bytes in a file of %zu", path, length,
                        size);
    char *header = strndup((const char *)a->file + at, length);
    if (!header)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    bool good = parse_header(header, a);
    free(header);
    if (!good)
        return cli_fail(c, ZURT_E_FORMAT, "%s: wants u1, f4, f8, i1, i4 or i8, C order", path);
    size_t elems = 1;
    a->sample_elems = 1;
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i] && elems > size / a->dims[i])
            return cli_fail(c, ZURT_E_FORMAT, "%s: shape larger than the file", path);
        elems *= a->dims[i];
        a->sample_elems *= i ? a->dims[i] : 1;
    }
    if (elems * a->elem != size - at - length)
        return cli_fail(c, ZURT_E_FORMAT, "%s: %zu bytes of data, the shape says %zu", path,
                        size - at - length, elems * a->elem);
    a->data = a->file + at + length;
    return EXIT_DONE;
}

static int64_t integer_at(const npy_array *a, size_t i)
{
    int32_t v4;
    int64_t v8;
    switch (a->type) {
    case 'i':
        memcpy(&v4, a->data + i * 4, 4);
        return v4;
    case 'l':
        memcpy(&v8, a->data + i * 8, 8);
        return v8;
    case 'b':
        return (int8_t)a->data[i];
    default:
        return a->data[i];
    }
}

static int read_labels(cli *c, data_source *s, const char *path)
{
    npy_array y;
    int code = read_npy(c, path, &y);
    if (code == EXIT_DONE && (y.type == 'f' || y.type == 'd' || y.sample_elems != 1))
        code = cli_fail(c, ZURT_E_FORMAT, "%s: labels must be one integer a sample", path);
    if (code == EXIT_DONE && y.dims[0] != s->n)
        code = cli_fail(c, ZURT_E_FORMAT, "%s: %zu labels for %zu samples", path, y.dims[0], s->n);
    if (code == EXIT_DONE) {
        s->labels = malloc((s->n + 1) * sizeof(*s->labels));
        if (!s->labels)
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        for (size_t i = 0; s->labels && i < s->n; i++) {
            int64_t v = integer_at(&y, i);
            s->labels[i] = v < 0 || v > INT32_MAX ? -1 : (int32_t)v;
        }
    }
    free(y.file);
    return code;
}

static int npy_open(cli *c, data_source *s, const char *path, const char *labels)
{
    npy_array *x = calloc(1, sizeof(*x));
    if (!x)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = x;
    int code = read_npy(c, path, x);
    if (code == EXIT_DONE && x->type != 'u' && x->type != 'f' && x->type != 'd')
        code = cli_fail(c, ZURT_E_FORMAT, "%s: samples must be u1 (pixels), f4 or f8", path);
    s->n = x->dims[0];
    if (code == EXIT_DONE && labels)
        code = read_labels(c, s, labels);
    return code;
}

/* True if the sample stands as [C, H, W] and the input wants [H, W, C]. */
static bool is_chw(const npy_array *x, const data_source *s, const zurt_tensor_info *info)
{
    if (s->keep_nhwc || info->rank != 4 || x->rank != 4 || (size_t)info->dims[3] != x->dims[1] ||
        (size_t)info->dims[1] != x->dims[2] || (size_t)info->dims[2] != x->dims[3])
        return false;
    bool fits_hwc = (size_t)info->dims[1] == x->dims[1] && (size_t)info->dims[3] == x->dims[3];
    return !fits_hwc || info->from_nchw;
}

/* Pixels of one sample that the input takes as a picture, whatever its size. */
static bool is_picture(const npy_array *x, const zurt_tensor_info *info, int32_t *height,
                       int32_t *width, int32_t *channels)
{
    size_t last = x->rank == 4 ? x->dims[3] : 1;
    if (x->type != 'u' || info->rank != 4 || (info->dims[3] != 1 && info->dims[3] != 3) ||
        (x->rank != 3 && x->rank != 4) || (last != 1 && last != 3) || !x->dims[1] || !x->dims[2])
        return false;
    *height = (int32_t)x->dims[1]; // parse_shape() limits them
    *width = (int32_t)x->dims[2];
    *channels = (int32_t)last;
    return true;
}

/* Element k of a sample as a real value; `ch` is its channel. */
static float value_at(const npy_array *x, const uint8_t *from, size_t k, size_t ch,
                      const zurt_norm *norm)
{
    float f;
    double d;
    switch (x->type) {
    case 'f':
        memcpy(&f, from + 4 * k, 4);
        return f;
    case 'd':
        memcpy(&d, from + 8 * k, 8);
        return (float)d;
    default:
        ch = ch < (size_t)norm->channels ? ch : 0;
        return ((float)from[k] / 255.0f - norm->mean[ch]) / norm->std[ch];
    }
}

/* A sample value by value, moved to [H, W, C] if it stands as [C, H, W]. */
static int put_values(cli *c, const npy_array *x, const uint8_t *from, bool chw,
                      const zurt_norm *norm, const zurt_tensor_info *info, zurt_span out)
{
    size_t n = x->sample_elems;
    size_t channels = info->rank == 4 ? (size_t)info->dims[3] : 1;
    bool swap = x->type == 'u' && norm->is_bgr && channels == 3;
    float *values = malloc(n * sizeof(*values) + 1);
    if (!values)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t k = 0; k < n; k++) {
        size_t pixel = k / channels;
        size_t ch = k % channels;
        size_t source = swap ? 2 - ch : ch;
        size_t at = chw ? source * (n / channels) + pixel : pixel * channels + source;
        values[k] = at < n ? value_at(x, from, at, ch, norm) : 0.0f; // n is checked below
    }
    int code = data_put_floats(c, info, values, n, out);
    free(values);
    return code;
}

static int npy_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                    const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    (void)n_in;
    const npy_array *x = s->state;
    const uint8_t *from = x->data + i * x->sample_elems * x->elem;
    bool chw = is_chw(x, s, &inputs[0]);
    int32_t height, width, channels;
    if (!chw && is_picture(x, &inputs[0], &height, &width, &channels))
        return data_put_pixels(c, norm, &inputs[0], from, width, height, channels, out[0]);
    return put_values(c, x, from, chw, norm, &inputs[0], out[0]);
}

static void npy_close(data_source *s)
{
    npy_array *x = s->state;
    free(x->file);
    free(x);
}

const data_kind data_kind_npy = {"npy", npy_open, data_bind_single, npy_fill, npy_close};
