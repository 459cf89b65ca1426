/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenated samples without a header, in the model's input type and layout; a file named .f32
 * holds floats whatever the type. Layout is the source model's: [C, H, W] for an ONNX model with
 * NCHW input, unless --layout nhwc says otherwise. A sample of a model with several inputs is
 * their tensors one after another, in the model's order. */
#include <stdlib.h>
#include <string.h>

#include "data.h"

typedef struct raw_samples {
    uint8_t *bytes;
    size_t size;
    bool floats;
    size_t n_labels;
} raw_samples;

static int raw_open(cli *c, data_source *s, const char *path, const char *labels)
{
    raw_samples *r = calloc(1, sizeof(*r));
    if (!r)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = r;
    r->floats = cli_has_suffix(path, ".f32");
    int code = data_read_file(c, path, &r->bytes, &r->size);
    s->n = r->size; // until the model says how long a sample is
    if (code == EXIT_DONE && labels)
        code = data_read_labels(c, labels, &s->labels, &r->n_labels);
    return code;
}

/* Bytes of one sample of an input in the file. */
static size_t file_bytes(const raw_samples *r, const zurt_tensor_info *info, size_t bytes)
{
    return r->floats ? bytes / zurt_dtype_bytes(info->dtype) * sizeof(float) : bytes;
}

/* Bytes of one sample of all inputs in the file. */
static size_t sample_bytes(const raw_samples *r, const zurt_tensor_info *inputs,
                           const zurt_span *sample, size_t n_in)
{
    size_t sum = 0;
    for (size_t k = 0; k < n_in; k++)
        sum += file_bytes(r, &inputs[k], sample[k].bytes);
    return sum;
}

static int raw_bind(cli *c, data_source *s, const zurt_tensor_info *inputs, const zurt_span *sample,
                    size_t n_in)
{
    const raw_samples *r = s->state;
    size_t bytes = sample_bytes(r, inputs, sample, n_in);
    if (n_in > 1 && sample[0].bytes != inputs[0].bytes)
        return cli_fail(
            c, ZURT_E_FORMAT,
            "raw: one file for %zu inputs of a batch of %zu may hold whole tensors or "
            "sample after sample; give each input its own, NAME=raw:FILE ('%s', '%s'%s)",
            n_in, inputs[0].bytes / sample[0].bytes, inputs[0].name, inputs[1].name,
            n_in > 2 ? ", ..." : "");
    if (bytes == 0 || r->size % bytes != 0)
        return cli_fail(c, ZURT_E_FORMAT,
                        "raw: %zu bytes are not a whole number of samples of %zu bytes", r->size,
                        bytes);
    s->n = r->size / bytes;
    if (s->labels && s->n != r->n_labels)
        return cli_fail(c, ZURT_E_FORMAT, "raw: %zu labels for %zu samples", r->n_labels, s->n);
    return EXIT_DONE;
}

static int put_sample(cli *c, const data_source *s, const zurt_tensor_info *info,
                      const uint8_t *from, zurt_span out)
{
    const raw_samples *r = s->state;
    size_t elem = zurt_dtype_bytes(info->dtype);
    size_t n = out.bytes / elem;
    size_t from_elem = r->floats ? sizeof(float) : elem;
    void *values = malloc(n * from_elem + 1);
    if (!values)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (data_is_chw(s, info))
        data_chw_to_hwc(info, from, values, n, from_elem);
    else
        memcpy(values, from, n * from_elem);
    int code = EXIT_DONE;
    if (r->floats)
        code = data_put_floats(c, info, values, n, out);
    else
        memcpy(out.data, values, out.bytes);
    free(values);
    return code;
}

static int raw_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                    const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    (void)norm;
    const raw_samples *r = s->state;
    const uint8_t *from = r->bytes + i * sample_bytes(r, inputs, out, n_in);
    int code = EXIT_DONE;
    for (size_t k = 0; code == EXIT_DONE && k < n_in; k++) {
        code = put_sample(c, s, &inputs[k], from, out[k]);
        from += file_bytes(r, &inputs[k], out[k].bytes);
    }
    return code;
}

static void raw_digest(const data_source *s, sha256 *h)
{
    const raw_samples *r = s->state;
    sha256_add_u64(h, r->floats);
    sha256_add_u64(h, r->size);
    sha256_add(h, r->bytes, r->size);
}

static void raw_close(data_source *s)
{
    raw_samples *r = s->state;
    free(r->bytes);
    free(r);
}

const data_kind data_kind_raw = {"raw", raw_open, raw_bind, raw_fill, raw_close, NULL, raw_digest};
