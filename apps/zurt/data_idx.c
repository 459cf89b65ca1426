/* SPDX-License-Identifier: Apache-2.0 */
/* IDX files: big-endian header {0, 0, type 8, rank}, dims, bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data.h"

/* A few bytes of gzip can claim any length. */
enum { MOST_BYTES = 1 << 30 };

typedef struct idx_images {
    uint8_t *pixels;
    int32_t height;
    int32_t width;
} idx_images;

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What stopped a read, or that the data ends too early. */
static int fail_read(cli *c, gzFile file, const char *path)
{
    int error = Z_OK;
    const char *text = gzerror(file, &error); // starts with the path
    if (error == Z_OK)
        return cli_fail(c, ZURT_E_FORMAT, "%s: ends before its header says", path);
    if (error == Z_BUF_ERROR)
        return cli_fail(c, ZURT_E_FORMAT, "%s: ends in the middle of its gzip data", path);
    return cli_fail(c,
                    error == Z_ERRNO       ? ZURT_E_IO
                    : error == Z_MEM_ERROR ? ZURT_E_NOMEM
                                           : ZURT_E_FORMAT,
                    "%s", text);
}

/* dims[0..rank) and the length of what follows. */
static int read_header(cli *c, gzFile file, const char *path, uint32_t rank, uint32_t *dims,
                       size_t *size)
{
    uint8_t bytes[16];
    int want = 4 + 4 * (int)rank;
    int got = gzread(file, bytes, (unsigned)want);
    int error = Z_OK;
    gzerror(file, &error);
    if (got < want && error != Z_OK)
        return fail_read(c, file, path);
    const uint8_t magic[4] = {0, 0, 8, (uint8_t)rank}; // 8: unsigned bytes
    if (got < want || memcmp(bytes, magic, sizeof(magic)) != 0)
        return cli_fail(c, ZURT_E_FORMAT, "%s: not an IDX file of unsigned bytes with %u axes",
                        path, rank);
    *size = 1;
    for (uint32_t i = 0; i < rank; i++) {
        dims[i] = get_be32(bytes + 4 + 4 * i);
        if (dims[i] && *size > MOST_BYTES / dims[i])
            return cli_fail(c, ZURT_E_LIMIT, "%s: its header asks for more than %d bytes", path,
                            MOST_BYTES);
        *size *= dims[i];
    }
    return EXIT_DONE;
}

/* Reads what the header announces, neither more nor less; free() the payload in any case. */
static int read_payload(cli *c, gzFile file, const char *path, size_t size, uint8_t **payload)
{
    *payload = malloc(size + 1);
    if (!*payload)
        return cli_fail(c, ZURT_E_NOMEM, "%s: need %zu bytes", path, size);
    int got = gzread(file, *payload, (unsigned)size + 1);
    if (got < 0 || (size_t)got < size)
        return fail_read(c, file, path);
    if ((size_t)got > size)
        return cli_fail(c, ZURT_E_FORMAT, "%s: goes on after the %zu bytes its header announces",
                        path, size);
    return EXIT_DONE;
}

/* Reads a file with `rank` axes; free() the payload in any case. */
static int read_idx(cli *c, const char *path, uint32_t rank, uint32_t *dims, uint8_t **payload)
{
    *payload = NULL;
    errno = 0;                        // zlib leaves it alone when memory is what it lacks
    gzFile file = gzopen(path, "rb"); // passes files that are not gzip through unchanged
    if (!file)
        return cli_fail(c, errno ? ZURT_E_IO : ZURT_E_NOMEM, "%s: %s", path,
                        errno ? strerror(errno) : "out of memory");
    size_t size = 0;
    int code = read_header(c, file, path, rank, dims, &size);
    if (code == EXIT_DONE)
        code = read_payload(c, file, path, size, payload);
    gzclose(file);
    return code;
}

static int idx_open(cli *c, data_source *s, const char *path, const char *labels)
{
    idx_images *x = calloc(1, sizeof(*x));
    if (!x)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = x;
    uint32_t dims[3], n_labels;
    int code = read_idx(c, path, 3, dims, &x->pixels);
    if (code == EXIT_DONE && (dims[0] == 0 || dims[1] == 0 || dims[2] == 0))
        code = cli_fail(c, ZURT_E_FORMAT, "%s: %u pictures of %u x %u pixels: nothing to read",
                        path, dims[0], dims[2], dims[1]);
    if (code == EXIT_DONE && (dims[1] > INT32_MAX || dims[2] > INT32_MAX))
        code = cli_fail(c, ZURT_E_LIMIT, "%s: pictures of %u x %u pixels", path, dims[2], dims[1]);
    if (code != EXIT_DONE)
        return code;
    s->n = dims[0];
    x->height = (int32_t)dims[1];
    x->width = (int32_t)dims[2];
    if (!labels)
        return EXIT_DONE;
    uint8_t *bytes;
    code = read_idx(c, labels, 1, &n_labels, &bytes);
    if (code == EXIT_DONE && n_labels != s->n)
        code = cli_fail(c, ZURT_E_FORMAT, "%s: %u labels for %zu images", labels, n_labels, s->n);
    if (code == EXIT_DONE) {
        s->labels = malloc((s->n + 1) * sizeof(*s->labels));
        if (!s->labels)
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        for (size_t i = 0; s->labels && i < s->n; i++)
            s->labels[i] = bytes[i];
    }
    free(bytes);
    return code;
}

static int idx_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                    const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    const idx_images *x = s->state;
    (void)n_in;
    size_t pixels = (size_t)x->width * (size_t)x->height;
    return data_put_pixels(c, norm, &inputs[0], x->pixels + i * pixels, x->width, x->height, 1,
                           out[0]);
}

static void idx_digest(const data_source *s, sha256 *h)
{
    const idx_images *x = s->state;
    sha256_add_u64(h, (uint64_t)x->height);
    sha256_add_u64(h, (uint64_t)x->width);
    sha256_add(h, x->pixels, s->n * (size_t)x->width * (size_t)x->height);
}

static void idx_close(data_source *s)
{
    idx_images *x = s->state;
    free(x->pixels);
    free(x);
}

const data_kind data_kind_idx = {"idx",     idx_open, data_bind_single, idx_fill,
                                 idx_close, NULL,     idx_digest};
