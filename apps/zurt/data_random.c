/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded noise, the same on every machine: smoke tests and benchmarks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

static uint64_t next(uint64_t *state)
{
    // splitmix64
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int random_open(cli *c, data_source *s, const char *count, const char *labels)
{
    if (labels)
        return cli_usage(c, "random:N has no labels");
    int code = cli_whole(c, "random:N", count, 1, 1u << 30, &s->n);
    if (code != EXIT_DONE)
        return code;
    cli_note(c, "random data: good for smoke tests and timing, says nothing about accuracy");
    return EXIT_DONE;
}

static int random_bind(cli *c, data_source *s, const zurt_tensor_info *inputs,
                       const zurt_span *sample, size_t n_in)
{
    (void)c;
    (void)s;
    (void)inputs;
    (void)sample;
    (void)n_in;
    return EXIT_DONE;
}

static int random_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                       const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    (void)s;
    uint64_t state = (uint64_t)i * 0x632be59bd9b4e019u + 1;
    for (size_t k = 0; k < n_in; k++) {
        const zurt_tensor_info *info = &inputs[k];
        size_t n = out[k].bytes / zurt_dtype_bytes(info->dtype);
        if (info->dtype != ZURT_F32 && info->dtype != ZURT_S8 && info->dtype != ZURT_U8) {
            memset(out[k].data, 0, out[k].bytes);
            continue;
        }
        float *values = malloc(n * sizeof(*values) + 1);
        if (!values)
            return cli_fail(c, ZURT_E_NOMEM, "out of memory");
        for (size_t j = 0; j < n; j++) {
            float unit = (float)(next(&state) >> 40) / 16777216.0f;
            values[j] = info->dtype == ZURT_U8 && !(info->scale > 0.0f)
                            ? floorf(unit * 256.0f) // pixels
                            : (unit - norm->mean[0]) / norm->std[0];
        }
        int code = data_put_floats(c, info, values, n, out[k]);
        free(values);
        if (code != EXIT_DONE)
            return code;
    }
    return EXIT_DONE;
}

static void random_close(data_source *s)
{
    (void)s;
}

const data_kind data_kind_random = {"random",     random_open, random_bind, random_fill,
                                    random_close, NULL,        NULL};
