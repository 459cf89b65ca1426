/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy .npy files, format 1 to 3, C order, little-endian. The first axis counts samples, unless
 * the array has the shape of one; what can be read in two ways is refused. u8 are pixels and go
 * through the preprocessing, all other numbers are input values as they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

enum { MAX_AXES = 8 };

typedef enum npy_type { NPY_NONE, U1, I1, B1, U2, I2, I4, I8, F2, F4, F8 } npy_type;

typedef struct npy_array {
    char *path;
    uint8_t *file;
    const uint8_t *data;
    npy_type type;
    size_t elem;
    int rank;
    size_t dims[MAX_AXES];
    size_t elems;
    size_t n_labels;
} npy_array;

static const struct {
    const char *descr;
    npy_type type;
    size_t elem;
} types[] = {{"|u1", U1, 1}, {"|i1", I1, 1}, {"|b1", B1, 1}, {"<u2", U2, 2}, {"<i2", I2, 2},
             {"<i4", I4, 4}, {"<i8", I8, 8}, {"<f2", F2, 2}, {"<f4", F4, 4}, {"<f8", F8, 8}};

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

/* Reads and checks a file; free_npy() in any case. */
static int read_npy(cli *c, const char *path, npy_array *a)
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

static void free_npy(npy_array *a)
{
    free(a->path);
    free(a->file);
}

static bool is_float(const npy_array *a)
{
    return a->type == F2 || a->type == F4 || a->type == F8;
}

static int64_t integer_at(const npy_array *a, size_t i)
{
    const uint8_t *p = a->data + i * a->elem;
    int16_t v2;
    int32_t v4;
    int64_t v8;
    switch (a->type) {
    case I8:
        memcpy(&v8, p, 8);
        return v8;
    case I4:
        memcpy(&v4, p, 4);
        return v4;
    case I2:
        memcpy(&v2, p, 2);
        return v2;
    case U2:
        return p[0] | p[1] << 8;
    case I1:
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

static float float_at(const npy_array *a, size_t i)
{
    float f;
    double d;
    switch (a->type) {
    case F2:
        return half_to_float(a->data + 2 * i);
    case F4:
        memcpy(&f, a->data + 4 * i, 4);
        return f;
    case F8:
        memcpy(&d, a->data + 8 * i, 8);
        return (float)d;
    default:
        return (float)integer_at(a, i);
    }
}

static int read_labels(cli *c, data_source *s, const char *path)
{
    npy_array *x = s->state;
    npy_array y;
    int code = read_npy(c, path, &y);
    if (code == EXIT_DONE && (is_float(&y) || y.rank < 1 || y.elems != y.dims[0]))
        code = cli_fail(c, ZURT_E_FORMAT, "%s: labels must be one integer a sample", path);
    if (code == EXIT_DONE) {
        x->n_labels = y.elems;
        s->labels = malloc((y.elems + 1) * sizeof(*s->labels));
        if (!s->labels)
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        for (size_t i = 0; s->labels && i < y.elems; i++) {
            int64_t v = integer_at(&y, i);
            s->labels[i] = v < 0 || v > INT32_MAX ? -1 : (int32_t)v;
        }
    }
    free_npy(&y);
    return code;
}

static int npy_open(cli *c, data_source *s, const char *path, const char *labels)
{
    npy_array *x = calloc(1, sizeof(*x));
    if (!x)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = x;
    int code = read_npy(c, path, x);
    s->n = x->elems; // until the model says how long a sample is
    if (code == EXIT_DONE && labels)
        code = read_labels(c, s, labels);
    return code;
}

/* ---- what the axes mean ---- */

/* One way to understand the array. */
typedef struct reading {
    size_t n;            /* samples */
    size_t sample_elems; /* of each */
    bool chw;            /* [C, H, W], where the input has [H, W, C] */
    bool picture;        /* pixels, to be brought to the input's size if they have another */
    int32_t height, width, channels;
} reading;

/* Equal but for axes of 1. */
static bool same_axes(const size_t *a, int rank_a, const size_t *b, int rank_b)
{
    int i = 0, k = 0;
    for (;;) {
        while (i < rank_a && a[i] == 1)
            i++;
        while (k < rank_b && b[k] == 1)
            k++;
        if (i == rank_a || k == rank_b)
            return i == rank_a && k == rank_b;
        if (a[i++] != b[k++])
            return false;
    }
}

/* The axes are one sample's, in the model's order or with the channels first (*chw). */
static bool fits_sample(const data_source *s, const zurt_tensor_info *info, const data_shape *want,
                        const size_t *dims, int rank, bool *chw)
{
    bool as_is = same_axes(dims, rank, want->dims, want->rank);
    bool turned = false;
    if (!s->keep_nhwc && info->rank == 4 && want->rank >= 3) {
        data_shape first = *want;
        size_t *last = &first.dims[want->rank - 3]; // H, W, C to C, H, W
        size_t channels = last[2];
        last[2] = last[1];
        last[1] = last[0];
        last[0] = channels;
        turned = same_axes(dims, rank, first.dims, first.rank);
    }
    size_t elems = 1;
    for (int i = 0; i < want->rank; i++)
        elems *= want->dims[i];
    bool flat = rank == 1 && dims[0] == elems;
    *chw = turned && (!as_is || info->from_nchw);
    if (flat && !as_is && !turned)
        *chw = info->from_nchw && info->rank == 4 && !s->keep_nhwc;
    return as_is || turned || flat;
}

/* The numbers are those of whole samples, as they are. */
static bool read_exact(const data_source *s, const zurt_tensor_info *info, const data_shape *want,
                       reading *r)
{
    const npy_array *x = s->state;
    size_t first = x->rank > 0 ? x->dims[0] : 1;
    if (x->rank > 0 && fits_sample(s, info, want, x->dims + 1, x->rank - 1, &r->chw)) {
        r->n = first;
    } else if (fits_sample(s, info, want, x->dims, x->rank, &r->chw)) {
        r->n = 1;
    } else { // a sample that is a tensor of several, stacked along the same axis
        data_shape part = {.rank = want->rank - 1};
        for (int i = 0; i < part.rank; i++)
            part.dims[i] = want->dims[i + 1];
        const bool is_stack = want->rank >= 2 && x->rank >= 2 && want->rank == info->rank;
        const bool is_whole = want->dims[0] != 0 && first % want->dims[0] == 0;
        if (!is_stack || !is_whole ||
            !fits_sample(s, info, &part, x->dims + 1, x->rank - 1, &r->chw))
            return false;
        r->n = first / want->dims[0];
    }
    r->sample_elems = r->n ? x->elems / r->n : 0;
    return true;
}

static bool is_pixel_count(size_t channels)
{
    return channels == 1 || channels == 3;
}

/* Whether samples of the input may be pictures. */
static bool takes_pictures(const zurt_tensor_info *info, const data_shape *want)
{
    return info->rank == 4 && want->rank == 3 && is_pixel_count(want->dims[2]);
}

/* Pixels that the input takes as pictures of another size. */
static bool read_pictures(const npy_array *x, const zurt_tensor_info *info, const data_shape *want,
                          reading *r)
{
    if (x->type != U1 || !takes_pictures(info, want))
        return false;
    bool colour = x->rank == 4 && is_pixel_count(x->dims[3]);
    if ((x->rank != 3 && !colour) || !x->dims[1] || !x->dims[2])
        return false;
    r->n = x->dims[0];
    r->picture = true;
    r->height = (int32_t)x->dims[1]; // parse_shape() limits them
    r->width = (int32_t)x->dims[2];
    r->channels = colour ? (int32_t)x->dims[3] : 1;
    r->sample_elems = x->dims[1] * x->dims[2] * (size_t)r->channels;
    return true;
}

/* [H, W, 3] or [3, H, W] may be one colour picture as well as many grey ones. */
static bool is_doubtful(const npy_array *x, const data_shape *want)
{
    return x->rank == 3 && (is_pixel_count(x->dims[2]) || (x->dims[0] == 3 && want->dims[2] == 3));
}

static int read_axes(cli *c, const data_source *s, const zurt_tensor_info *info, size_t bytes,
                     reading *r)
{
    const npy_array *x = s->state;
    data_shape want = data_sample_shape(info, bytes);
    *r = (reading){0};
    if (read_exact(s, info, &want, r)) {
        r->picture = takes_pictures(info, &want) && x->type == U1 && !r->chw;
        r->height = r->picture ? (int32_t)want.dims[0] : 0;
        r->width = r->picture ? (int32_t)want.dims[1] : 0;
        r->channels = r->picture ? (int32_t)want.dims[2] : 0;
        return EXIT_DONE;
    }
    char have[128], wanted[128];
    data_shape_text(x->dims, x->rank, have, sizeof(have));
    data_shape_text(want.dims, want.rank, wanted, sizeof(wanted));
    bool pictures = read_pictures(x, info, &want, r);
    if (pictures && is_doubtful(x, &want))
        return cli_fail(c, ZURT_E_FORMAT,
                        "%s: uint8 %s may be one colour picture or %zu grey ones of %zu x %zu "
                        "(height x width); save x[None], or x[..., None], as [samples, height, "
                        "width, channels]",
                        x->path, have, x->dims[0], x->dims[1], x->dims[2]);
    if (pictures)
        return EXIT_DONE;
    return cli_fail(
        c, ZURT_E_FORMAT,
        "%s: has the shape %s; input '%s' takes %zu values a sample, %s, or [n] of them", x->path,
        have, info->name, bytes / zurt_dtype_bytes(info->dtype), wanted);
}

static int npy_bind(cli *c, data_source *s, const zurt_tensor_info *inputs, const zurt_span *sample,
                    size_t n_in)
{
    const npy_array *x = s->state;
    reading r;
    int code = data_bind_single(c, s, inputs, sample, n_in);
    if (code == EXIT_DONE)
        code = read_axes(c, s, &inputs[0], sample[0].bytes, &r);
    if (code != EXIT_DONE)
        return code;
    s->n = r.n;
    if (s->labels && x->n_labels != r.n)
        return cli_fail(c, ZURT_E_FORMAT, "%s: %zu labels for %zu samples", x->path, x->n_labels,
                        r.n);
    return EXIT_DONE;
}

/* ---- values ---- */

/* Where element k of a sample of the input stands in the array's sample. */
static size_t source_of(const reading *r, const zurt_tensor_info *info, size_t k, bool swap)
{
    size_t channels = info->rank == 4 ? (size_t)info->dims[3] : 1;
    size_t pixels =
        info->rank == 4 ? (size_t)info->dims[1] * (size_t)info->dims[2] : r->sample_elems;
    size_t pixel = k / channels, ch = k % channels;
    size_t source = swap ? 2 - ch : ch;
    if (!r->chw)
        return pixel * channels + source;
    return (pixel / pixels * channels + source) * pixels + pixel % pixels;
}

/* A sample value by value. */
static int put_values(cli *c, const npy_array *x, size_t first, const reading *r,
                      const zurt_norm *norm, const zurt_tensor_info *info, zurt_span out)
{
    size_t n = r->sample_elems;
    bool whole = x->type != U1 && !is_float(x);
    bool swap = x->type == U1 && info->rank == 4 && info->dims[3] == 3 && norm->is_bgr;
    float *reals = whole ? NULL : malloc(n * sizeof(*reals) + 1);
    int64_t *numbers = whole ? malloc(n * sizeof(*numbers) + 1) : NULL;
    int code = reals || numbers ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t k = 0; code == EXIT_DONE && k < n; k++) {
        size_t at = first + source_of(r, info, k, swap);
        if (whole)
            numbers[k] = integer_at(x, at);
        else if (x->type == U1)
            reals[k] = data_pixel_value(norm, info, x->data[at],
                                        info->rank == 4 ? k % (size_t)info->dims[3] : 0);
        else
            reals[k] = float_at(x, at);
    }
    if (code == EXIT_DONE)
        code = whole ? data_put_integers(c, info, numbers, n, out)
                     : data_put_floats(c, info, reals, n, out);
    free(reals);
    free(numbers);
    return code;
}

static int npy_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                    const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    (void)n_in;
    const npy_array *x = s->state;
    reading r;
    int code = read_axes(c, s, &inputs[0], out[0].bytes, &r);
    if (code != EXIT_DONE)
        return code;
    size_t first = i * r.sample_elems;
    if (r.picture)
        return data_put_pixels(c, norm, &inputs[0], x->data + first, r.width, r.height, r.channels,
                               out[0]);
    return put_values(c, x, first, &r, norm, &inputs[0], out[0]);
}

static void npy_digest(const data_source *s, sha256 *h)
{
    const npy_array *x = s->state;
    sha256_add_u64(h, x->type);
    for (int i = 0; i < x->rank; i++)
        sha256_add_u64(h, x->dims[i]);
    sha256_add(h, x->data, x->elems * x->elem);
}

static void npy_close(data_source *s)
{
    npy_array *x = s->state;
    free_npy(x);
    free(x);
}

const data_kind data_kind_npy = {"npy", npy_open, npy_bind, npy_fill, npy_close, NULL, npy_digest};
