/* SPDX-License-Identifier: Apache-2.0 */
#include "data.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zurt/image.h>

enum { READ_CHUNK = 1 << 20 };

static const data_kind *const kinds[] = {&data_kind_idx, &data_kind_dir, &data_kind_npy,
                                         &data_kind_raw, &data_kind_random};

static int open_kind(cli *c, const data_kind *kind, const char *path, const char *labels,
                     data_source *out)
{
    *out = (data_source){.kind = kind};
    int code = kind->open(c, out, path, labels);
    if (code == EXIT_DONE && out->n == 0)
        code = cli_fail(c, ZURT_E_FORMAT, "%s:%s: holds no samples", kind->prefix, path);
    return code;
}

int data_open_file(cli *c, const data_kind *kind, const char *path, data_source *out)
{
    return open_kind(c, kind, path, NULL, out);
}

int data_open(cli *c, const char *spec, data_source *out)
{
    *out = (data_source){0};
    const char *colon = strchr(spec, ':');
    for (size_t i = 0; colon && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = (size_t)(colon - spec);
        if (strlen(kinds[i]->prefix) != n || strncmp(kinds[i]->prefix, spec, n) != 0)
            continue;
        char *path = strdup(colon + 1);
        if (!path)
            return cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", spec);
        char *comma = access(path, F_OK) == 0 ? NULL : strrchr(path, ',');
        if (comma)
            *comma++ = 0;
        int code = open_kind(c, kinds[i], path, comma, out);
        free(path);
        return code;
    }
    return cli_usage(c,
                     "DATA '%s' is none of idx:IMAGES[,LABELS] dir:PATH[,LABELS] "
                     "npy:X.npy[,Y.npy] raw:FILE[,LABELS] random:N",
                     spec);
}

void data_close(data_source *s)
{
    if (s->kind && s->state)
        s->kind->close(s);
    free(s->labels);
    *s = (data_source){0};
}

int32_t data_label(const data_source *s, size_t i)
{
    if (!s->labels || i >= s->n || s->labels[i] < 0)
        return -1;
    return s->labels[i] + s->label_offset;
}

int data_bind(cli *c, data_source *s, const zurt_tensor_info *inputs, const zurt_span *sample,
              size_t n_in)
{
    for (size_t k = 0; k < n_in; k++) {
        if (sample[k].bytes == 0)
            return cli_fail(c, ZURT_E_UNSUPPORTED, "input '%s' has no elements: nothing to feed",
                            inputs[k].name);
    }
    return s->kind->bind(c, s, inputs, sample, n_in);
}

int data_bind_single(cli *c, data_source *s, const zurt_tensor_info *inputs,
                     const zurt_span *sample, size_t n_in)
{
    (void)inputs;
    (void)sample;
    if (n_in == 1)
        return EXIT_DONE;
    return cli_fail(c, ZURT_E_UNSUPPORTED,
                    "%s: feeds one input, the model has %zu; use raw:", s->kind->prefix, n_in);
}

int data_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
              const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    return s->kind->fill(c, s, i, norm, inputs, out, n_in);
}

int data_read_file(cli *c, const char *path, uint8_t **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    int code = EXIT_DONE;
    size_t capacity = 0, got;
    do {
        if (capacity - *size < READ_CHUNK) {
            capacity = capacity * 2 + READ_CHUNK;
            uint8_t *grown = realloc(*bytes, capacity);
            if (!grown) {
                code = cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", path);
                break;
            }
            *bytes = grown;
        }
        got = fread(*bytes + *size, 1, READ_CHUNK, file);
        *size += got;
    } while (got > 0);
    if (code == EXIT_DONE && ferror(file))
        code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    fclose(file);
    return code;
}

/* The last run of digits in a line: *label, or -1 if there is none. False if it is too long. */
static bool last_number(const uint8_t *line, size_t length, int32_t *label)
{
    size_t end = length;
    while (end > 0 && !isdigit(line[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && isdigit(line[begin - 1]))
        begin--;
    *label = end > begin ? 0 : -1;
    for (size_t k = begin; k < end && end - begin < 10; k++)
        *label = *label * 10 + (line[k] - '0');
    return end - begin < 10;
}

static bool is_blank(const uint8_t *line, size_t length)
{
    while (length > 0 && isspace(line[length - 1]))
        length--;
    return length == 0;
}

static bool add_label(int32_t **labels, size_t *n, size_t *capacity, int32_t label)
{
    if (*n == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 1024;
        int32_t *grown = realloc(*labels, more * sizeof(**labels));
        if (!grown)
            return false;
        *labels = grown;
        *capacity = more;
    }
    (*labels)[(*n)++] = label;
    return true;
}

int data_read_labels(cli *c, const char *path, int32_t **labels, size_t *n)
{
    *labels = NULL;
    *n = 0;
    uint8_t *bytes;
    size_t size;
    int code = data_read_file(c, path, &bytes, &size);
    size_t capacity = 0;
    size_t number = 0;
    for (size_t at = 0, end; code == EXIT_DONE && at < size; at = end + 1) {
        int32_t label;
        for (end = at; end < size && bytes[end] != '\n';)
            end++;
        number++;
        if (is_blank(bytes + at, end - at))
            continue;
        bool good = last_number(bytes + at, end - at, &label);
        if (good && label < 0 && number == 1)
            continue; // a heading
        if (!good || label < 0)
            code = cli_fail(c, ZURT_E_FORMAT, "%s:%zu: ends in no class number below 10^9", path,
                            number);
        else if (!add_label(labels, n, &capacity, label))
            code = cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", path);
    }
    free(bytes);
    return code;
}

static int32_t quantise(float x, const zurt_tensor_info *info, int32_t lo, int32_t hi)
{
    float q = rintf(x / info->scale) + (float)info->zero_point;
    return isnan(q) ? info->zero_point : q <= (float)lo ? lo : q >= (float)hi ? hi : (int32_t)q;
}

int data_put_floats(cli *c, const zurt_tensor_info *info, const float *values, size_t n,
                    zurt_span out)
{
    size_t elem = zurt_dtype_bytes(info->dtype);
    if (n * elem != out.bytes)
        return cli_fail(c, ZURT_E_FORMAT, "input '%s' takes %zu values a sample, the data has %zu",
                        info->name, out.bytes / elem, n);
    for (size_t i = 0; i < n; i++) {
        switch (info->dtype) {
        case ZURT_F32:
            ((float *)out.data)[i] = values[i];
            break;
        case ZURT_S8:
            ((int8_t *)out.data)[i] = (int8_t)quantise(values[i], info, -128, 127);
            break;
        case ZURT_U8:
            ((uint8_t *)out.data)[i] = (uint8_t)quantise(values[i], info, 0, 255);
            break;
        default:
            return cli_fail(c, ZURT_E_UNSUPPORTED, "input '%s' is %s; data can feed f32, s8, u8",
                            info->name, zurt_dtype_name(info->dtype));
        }
    }
    return EXIT_DONE;
}

void data_chw_to_hwc(const void *in, void *out, size_t channels, size_t pixels, size_t elem)
{
    const uint8_t *from = in;
    uint8_t *to = out;
    for (size_t ch = 0; ch < channels; ch++) {
        for (size_t p = 0; p < pixels; p++)
            memcpy(to + (p * channels + ch) * elem, from + (ch * pixels + p) * elem, elem);
    }
}

/* Image inputs are [N, H, W, C]; other shapes take grey pixels one by one. */
static bool is_image(const zurt_tensor_info *info)
{
    return info->rank == 4 && (info->dims[3] == 1 || info->dims[3] == 3);
}

int data_put_pixels(cli *c, const zurt_norm *norm, const zurt_tensor_info *info,
                    const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                    zurt_span out)
{
    if (is_image(info)) {
        zurt_image image = {width, height, channels, (uint8_t *)(uintptr_t)pixels};
        zurt_image fitted = {0};
        zurt_tensor_info one = *info; // a single element of the batch
        one.dims[0] = 1;
        one.bytes = out.bytes;
        zurt_status st = ZURT_OK;
        bool same = width == info->dims[2] && height == info->dims[1];
        if (!same)
            st = zurt_image_fit(c->ctx, &image, info->dims[2], info->dims[1], norm->fit,
                                norm->crop_ratio, &fitted);
        if (!st)
            st = zurt_image_to_tensor(c->ctx, same ? &image : &fitted, norm, &one, &out);
        zurt_image_destroy(c->ctx, &fitted);
        return st ? cli_fail(c, st, NULL) : EXIT_DONE;
    }
    size_t n = (size_t)width * (size_t)height * (size_t)channels;
    float *values = malloc(n * sizeof(*values));
    if (!values)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        size_t ch = channels > 1 ? i % (size_t)channels : 0;
        values[i] = ((float)pixels[i] / 255.0f - norm->mean[ch]) / norm->std[ch];
    }
    int code = data_put_floats(c, info, values, n, out);
    free(values);
    return code;
}
