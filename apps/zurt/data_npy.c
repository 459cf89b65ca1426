/* SPDX-License-Identifier: Apache-2.0 */
/* What the axes of a .npy array mean. The first counts samples, unless the array has the shape of
 * one; what can be read in two ways is refused. u8 are pixels and go through the preprocessing, all
 * other numbers are input values as they are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "npy_array.h"

static int read_labels(cli *c, data_source *s, const char *path)
{
    npy_array *x = s->state;
    npy_array y;
    int code = npy_read(c, path, &y);
    if (code == EXIT_DONE && (npy_is_float(&y) || y.rank < 1 || y.elems != y.dims[0]))
        code = cli_fail(c, ZURT_E_FORMAT, "%s: labels must be one integer a sample", path);
    if (code == EXIT_DONE) {
        x->n_labels = y.elems;
        s->labels = malloc((y.elems + 1) * sizeof(*s->labels));
        if (!s->labels)
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        for (size_t i = 0; s->labels && i < y.elems; i++) {
            int64_t v = npy_integer_at(&y, i);
            s->labels[i] = v < 0 || v > INT32_MAX ? -1 : (int32_t)v;
        }
    }
    npy_free(&y);
    return code;
}

static int npy_open(cli *c, data_source *s, const char *path, const char *labels)
{
    npy_array *x = calloc(1, sizeof(*x));
    if (!x)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = x;
    int code = npy_read(c, path, x);
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
    if (s->layout != SAMPLE_NHWC && info->rank == 4 && want->rank >= 3) {
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
    *chw = turned && (!as_is || data_is_chw(s, info));
    if (flat && !as_is && !turned)
        *chw = data_is_chw(s, info);
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
    if (x->type != NPY_U1 || !takes_pictures(info, want))
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
        r->picture = takes_pictures(info, &want) && x->type == NPY_U1 && !r->chw;
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
    bool whole = x->type != NPY_U1 && !npy_is_float(x);
    bool swap = x->type == NPY_U1 && info->rank == 4 && info->dims[3] == 3 && norm->is_bgr;
    float *reals = whole ? NULL : malloc(n * sizeof(*reals) + 1);
    int64_t *numbers = whole ? malloc(n * sizeof(*numbers) + 1) : NULL;
    int code = reals || numbers ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t k = 0; code == EXIT_DONE && k < n; k++) {
        size_t at = first + source_of(r, info, k, swap);
        if (whole)
            numbers[k] = npy_integer_at(x, at);
        else if (x->type == NPY_U1)
            reals[k] = data_pixel_value(norm, info, x->data[at],
                                        info->rank == 4 ? k % (size_t)info->dims[3] : 0);
        else
            reals[k] = npy_float_at(x, at);
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
    npy_free(x);
    free(x);
}

const data_kind data_kind_npy = {"npy", npy_open, npy_bind, npy_fill, npy_close, NULL, npy_digest};
