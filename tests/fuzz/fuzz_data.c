/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever a file of samples holds, the command reads it or refuses it as input: .npy,
 * IDX (gzip too), raw tensors, and lists of labels. The first byte says which, and which model they
 * are for; the second how the rest is split into samples and labels. corpus/ is written by
 * make_data_corpus.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "zurt/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---- what the readers want of the command ---- */

static int code_of(zurt_status status)
{
    must(status != ZURT_E_INTERNAL);
    switch (status) {
    case ZURT_OK:
        return EXIT_DONE;
    case ZURT_E_FORMAT:
    case ZURT_E_VERSION:
    case ZURT_E_LIMIT:
        return EXIT_INPUT;
    case ZURT_E_UNSUPPORTED:
        return EXIT_UNSUPPORTED;
    default:
        return EXIT_INTERNAL;
    }
}

int cli_exit_code(zurt_status status)
{
    return code_of(status);
}

int cli_fail(cli *c, zurt_status status, const char *fmt, ...)
{
    char text[1024] = "";
    va_list args;
    va_start(args, fmt);
    if (fmt)
        vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    must(text[0] || zurt_ctx_error(c->ctx)[0]);
    return code_of(status);
}

int cli_usage(cli *c, const char *fmt, ...)
{
    (void)c, (void)fmt;
    return EXIT_USAGE;
}

void cli_note(cli *c, const char *fmt, ...)
{
    (void)c, (void)fmt;
}

bool cli_has_suffix(const char *path, const char *suffix)
{
    const size_t n = strlen(path), k = strlen(suffix);
    return n >= k && strcasecmp(path + n - k, suffix) == 0;
}

int cli_whole(cli *c, const char *what, const char *text, size_t lo, size_t hi, size_t *out)
{
    (void)c, (void)what, (void)text, (void)hi;
    *out = lo;
    return EXIT_DONE;
}

int cli_check_text(cli *c, const char *path, const void *bytes, size_t size)
{
    (void)path;
    return memchr(bytes, 0, size) ? cli_fail(c, ZURT_E_FORMAT, "NUL") : EXIT_DONE;
}

/* ---- one input ---- */

static int memory_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("samples", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return fd;
}

static zurt_tensor_info input_of(uint8_t choice)
{
    static const zurt_dtype types[] = {ZURT_S8, ZURT_U8, ZURT_F32, ZURT_S64};
    const bool flat = choice & 16;
    zurt_tensor_info t = {
        .name = "x", .dtype = types[choice >> 2 & 3], .from_nchw = choice >> 5 & 1};
    t.rank = flat ? 2 : 4;
    for (int i = 0; i < t.rank; i++)
        t.dims[i] = i == 0 ? 1 : flat ? 12 : i == 3 ? 1 + (choice >> 6) : 4;
    t.bytes = zurt_dtype_bytes(t.dtype);
    for (int i = 0; i < t.rank; i++)
        t.bytes *= (size_t)t.dims[i];
    t.scale = t.dtype == ZURT_S8 || t.dtype == ZURT_U8 ? 0.5f : 0.0f;
    return t;
}

static void fill(cli *c, data_source *s, const zurt_tensor_info *info)
{
    const zurt_norm norm = {.channels = 1, .std = {1, 1, 1, 1}, .crop_ratio = 1};
    uint8_t *bytes = malloc(info->bytes); // exactly as large: the sanitizer sees any overrun
    must(bytes != NULL);
    const zurt_span out = {bytes, info->bytes};
    int code = data_bind(c, s, info, &out, 1);
    must(code != EXIT_INTERNAL);
    for (size_t i = 0; code == EXIT_DONE && i < s->n && i < 8; i++) {
        code = data_fill(c, s, i, &norm, info, &out, 1);
        must(code != EXIT_INTERNAL);
        (void)data_label(s, i);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"idx", "npy", "raw"};
    if (size < 2)
        return 0;
    cli c = {.command = "fuzz", .quiet = true};
    must(zurt_ctx_create(NULL, &c.ctx) == ZURT_OK);
    const zurt_tensor_info info = input_of(data[0]);
    const size_t rest = size - 2, samples = data[1] == 255 ? rest : rest * data[1] / 255;
    const int fd = memory_file(data + 2, samples);
    const int labels = samples < rest ? memory_file(data + 2 + samples, rest - samples) : -1;
    char spec[96];
    int n = snprintf(spec, sizeof(spec), "%s:/proc/self/fd/%d", kinds[data[0] % 3], fd);
    if (labels >= 0)
        snprintf(spec + n, sizeof(spec) - (size_t)n, ",/proc/self/fd/%d", labels);
    data_source s = {0};
    const int code = data_open(&c, spec, &s);
    must(code != EXIT_INTERNAL);
    if (code == EXIT_DONE)
        fill(&c, &s, &info);
    data_close(&s);
    close(fd);
    if (labels >= 0)
        close(labels);
    zurt_ctx_destroy(c.ctx);
    return 0;
}
