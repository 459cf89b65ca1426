/* SPDX-License-Identifier: Apache-2.0 */
/* IDX files: big-endian header {0, 0, type 8, rank}, dims, bytes. */
#include <stdlib.h>
#include <string.h>

#include "data.h"

typedef struct idx_images {
    uint8_t *file;
    const uint8_t *pixels;
    int32_t height;
    int32_t width;
} idx_images;

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Checks the header; dims[0..rank) and the payload. */
static int parse_header(cli *c, const char *path, const uint8_t *bytes, size_t size, uint32_t rank,
                        uint32_t *dims, const uint8_t **payload)
{
    size_t header = 4 + 4 * (size_t)rank;
    if (size < header || bytes[0] || bytes[1] || bytes[2] != 8 || bytes[3] != rank)
        return cli_fail(c, ZURT_E_FORMAT, "%s: not an IDX file of unsigned bytes with %u axes",
                        path, rank);
    uint64_t total = 1;
    for (uint32_t i = 0; i < rank; i++) {
        dims[i] = get_be32(bytes + 4 + 4 * i);
        if (dims[i] > 1u << 28 || (total *= dims[i]) > size)
            return cli_fail(c, ZURT_E_FORMAT, "%s: header asks for more than the %zu bytes there",
                            path, size);
    }
    if (total != size - header)
        return cli_fail(c, ZURT_E_FORMAT, "%s: %zu bytes of data, the header says %llu", path,
                        size - header, (unsigned long long)total);
    *payload = bytes + header;
    return EXIT_DONE;
}

static int idx_open(cli *c, data_source *s, char *arguments)
{
    char *comma = strchr(arguments, ',');
    if (comma)
        *comma++ = 0;
    idx_images *x = calloc(1, sizeof(*x));
    if (!x)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = x;
    size_t size;
    uint32_t dims[3];
    int code = data_read_file(c, arguments, &x->file, &size);
    if (code == EXIT_DONE)
        code = parse_header(c, arguments, x->file, size, 3, dims, &x->pixels);
    if (code != EXIT_DONE)
        return code;
    s->n = dims[0];
    x->height = (int32_t)dims[1];
    x->width = (int32_t)dims[2];
    if (!comma)
        return EXIT_DONE;
    uint8_t *bytes;
    const uint8_t *labels = NULL;
    code = data_read_file(c, comma, &bytes, &size);
    if (code == EXIT_DONE)
        code = parse_header(c, comma, bytes, size, 1, dims, &labels);
    if (code == EXIT_DONE && dims[0] != s->n)
        code = cli_fail(c, ZURT_E_FORMAT, "%s: %u labels for %zu images", comma, dims[0], s->n);
    if (code == EXIT_DONE) {
        s->labels = malloc((s->n + 1) * sizeof(*s->labels));
        if (!s->labels)
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        for (size_t i = 0; s->labels && i < s->n; i++)
            s->labels[i] = labels[i];
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

static void idx_close(data_source *s)
{
    idx_images *x = s->state;
    free(x->file);
    free(x);
}

const data_kind data_kind_idx = {"idx", idx_open, data_bind_single, idx_fill, idx_close};
