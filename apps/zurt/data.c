/* SPDX-License-Identifier: Apache-2.0 */
/* Opens DATA by its kind, and brings samples into the type and layout of an input. */
#include "data.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most that a file of samples may hold. */
#define MOST_BYTES ((uint64_t)1 << 32)

enum { READ_CHUNK = 1 << 20, MOST_PARTS = 64, MOST_NAMED = 5 };

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

/* Files of these names are tensors, whatever their first bytes; `run -o` writes the last six. */
static bool is_raw_name(const char *path)
{
    static const char *const suffixes[] = {".raw", ".bin", ".f32", ".s8",
                                           ".u8",  ".s32", ".s64", ".bool"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (cli_has_suffix(path, suffixes[i]))
            return true;
    }
    return false;
}

bool data_is_picture_name(const char *path)
{
    return cli_has_suffix(path, ".jpg") || cli_has_suffix(path, ".jpeg") ||
           cli_has_suffix(path, ".png") || cli_has_suffix(path, ".bmp");
}

int data_open_file(cli *c, const char *path, data_source *out)
{
    zurt_file_kind kind = ZURT_FILE_UNKNOWN;
    *out = (data_source){0};
    if (is_raw_name(path))
        return open_kind(c, &data_kind_raw, path, NULL, out);
    zurt_status st = zurt_file_kind_read(c->ctx, path, &kind);
    if (st)
        return cli_fail(c, st, NULL);
    if (kind == ZURT_FILE_NPY || (kind == ZURT_FILE_UNKNOWN && cli_has_suffix(path, ".npy")))
        return open_kind(c, &data_kind_npy, path, NULL, out);
    const bool known = kind == ZURT_FILE_JPEG || kind == ZURT_FILE_PNG || kind == ZURT_FILE_BMP;
    if (known || (kind == ZURT_FILE_UNKNOWN && data_is_picture_name(path)))
        return data_open_picture(c, path, out);
    const char *remedy = zurt_file_kind_remedy(kind);
    if (kind != ZURT_FILE_UNKNOWN)
        return cli_fail(c, ZURT_E_FORMAT, "%s: this is %s, not a JPEG, PNG, BMP or .npy%s%s", path,
                        zurt_file_kind_name(kind), *remedy ? "; " : "", remedy);
    return cli_fail(c, ZURT_E_FORMAT,
                    "%s: neither a JPEG, PNG or BMP nor a .npy, nor named as raw tensors are "
                    "(.raw, .bin, .f32, "
                    "...); raw:%s takes its bytes for tensors",
                    path, path);
}

/* The kind that a text names before its first colon; NULL if none. */
static const data_kind *kind_of(const char *spec)
{
    const char *colon = strchr(spec, ':');
    for (size_t i = 0; colon && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = (size_t)(colon - spec);
        if (strlen(kinds[i]->prefix) == n && strncmp(kinds[i]->prefix, spec, n) == 0)
            return kinds[i];
    }
    return NULL;
}

bool data_has_kind(const char *spec)
{
    return kind_of(spec) != NULL;
}

static int open_one(cli *c, const char *spec, data_source *out)
{
    const data_kind *kind = kind_of(spec);
    if (!kind)
        return cli_usage(c,
                         "DATA '%s' is none of idx:IMAGES[,LABELS] dir:PATH[,LABELS] "
                         "npy:X.npy[,Y.npy] raw:FILE[,LABELS] random:N",
                         spec);
    char *path = strdup(strchr(spec, ':') + 1);
    if (!path)
        return cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", spec);
    char *comma = access(path, F_OK) == 0 ? NULL : strrchr(path, ',');
    if (comma)
        *comma++ = 0;
    int code = open_kind(c, kind, path, comma, out);
    free(path);
    return code;
}

/* The '=' of a text that begins with NAME=KIND:; NULL if it does not. A comma ends what stands
 * before it: the labels of the part before are no beginning of a name. */
static char *named_part(char *text)
{
    char *equals = text + strcspn(text, ",=");
    return equals != text && *equals == '=' && kind_of(equals + 1) ? equals : NULL;
}

/* Parts NAME=DATA,NAME=DATA in place; returns how many, at most `most`. */
static size_t split_parts(char *text, const char **names, const char **specs, size_t most)
{
    size_t n = 0;
    while (n < most) {
        char *equals = named_part(text);
        names[n] = text;
        specs[n++] = equals + 1;
        *equals = 0;
        char *comma = strchr(equals + 1, ',');
        while (comma && !named_part(comma + 1))
            comma = strchr(comma + 1, ',');
        if (!comma)
            break;
        *comma = 0;
        text = comma + 1;
    }
    return n;
}

static int open_parts(cli *c, char *text, data_source *out)
{
    const char *names[MOST_PARTS];
    const char *specs[MOST_PARTS];
    data_source parts[MOST_PARTS] = {0};
    size_t n = split_parts(text, names, specs, MOST_PARTS);
    int code = EXIT_DONE;
    for (size_t i = 0; code == EXIT_DONE && i < n; i++)
        code = open_one(c, specs[i], &parts[i]);
    if (code == EXIT_DONE)
        code = data_open_each(c, names, parts, n, out);
    for (size_t i = 0; i < n; i++)
        data_close(&parts[i]);
    return code;
}

int data_open(cli *c, const char *spec, data_source *out)
{
    *out = (data_source){0};
    char *text = strdup(spec);
    if (!text)
        return cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", spec);
    int code =
        !kind_of(spec) && named_part(text) ? open_parts(c, text, out) : open_one(c, spec, out);
    free(text);
    return code;
}

void data_close(data_source *s)
{
    if (s->kind && s->state)
        s->kind->close(s);
    free(s->labels);
    if (s->refused)
        free(s->refused->is);
    free(s->refused);
    free(s->files);
    free(s->folder_of);
    *s = (data_source){0};
}

int data_tolerate(cli *c, data_source *s)
{
    s->refused = calloc(1, sizeof(*s->refused));
    if (s->refused)
        s->refused->is = calloc(s->n + 1, sizeof(*s->refused->is));
    return s->refused && s->refused->is ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

bool data_is_refused(const data_source *s, size_t i)
{
    return s->refused && i < s->n && s->refused->is[i];
}

int data_refuse(cli *c, const data_source *s, size_t i, zurt_status st)
{
    if (!s->refused || st == ZURT_E_NOMEM || st == ZURT_E_ARG || st == ZURT_E_INTERNAL)
        return cli_fail(c, st, NULL);
    if (!s->refused->is[i]) {
        s->refused->is[i] = true;
        if (++s->refused->n <= MOST_NAMED)
            cli_note(c, "%s: left out", zurt_ctx_error(c->ctx));
    }
    return EXIT_DONE;
}

const char *data_name(const data_source *s, size_t i, char *text)
{
    const char *name = s->kind && s->kind->name && i < s->n ? s->kind->name(s, i) : NULL;
    if (name)
        return name;
    snprintf(text, DATA_NAME_BYTES, "%s: sample %zu", s->kind ? s->kind->prefix : "data", i);
    return text;
}

bool data_is_pictures(const data_source *s)
{
    return s->kind == &data_kind_dir || s->kind == &data_kind_idx;
}

int32_t data_label(const data_source *s, size_t i)
{
    if (!s->labels || i >= s->n || s->labels[i] < 0)
        return -1;
    return s->labels[i];
}

void data_digest(const data_source *s, size_t n, sha256 *h)
{
    sha256_add_text(h, s->kind->prefix);
    sha256_add_u64(h, n);
    if (s->kind->digest)
        s->kind->digest(s, h);
    for (size_t i = 0; i < n; i++)
        sha256_add_u64(h, (uint64_t)data_label(s, i));
}

int data_bind(cli *c, data_source *s, const zurt_tensor_info *inputs, const zurt_span *sample,
              size_t n_in)
{
    for (size_t k = 0; k < n_in; k++) {
        if (sample[k].bytes == 0)
            return cli_fail(c, ZURT_E_UNSUPPORTED, "input '%s' has no elements: nothing to feed",
                            inputs[k].name);
    }
    int code = s->kind->bind(c, s, inputs, sample, n_in);
    if (code == EXIT_DONE && s->bound_n && s->n != s->bound_n)
        code = cli_fail(c, ZURT_E_FORMAT,
                        "%s: %zu samples to one model, %zu to the other, whose inputs differ; "
                        "floats (npy:, or a file named .f32) feed both",
                        s->kind->prefix, s->bound_n, s->n);
    s->bound_n = s->n;
    return code;
}

int data_bind_single(cli *c, data_source *s, const zurt_tensor_info *inputs,
                     const zurt_span *sample, size_t n_in)
{
    (void)sample;
    if (n_in == 1)
        return EXIT_DONE;
    return cli_fail(
        c, ZURT_E_UNSUPPORTED,
        "%s: feeds one input, the model has %zu: give each its own, NAME=DATA,NAME=DATA "
        "('%s', '%s'%s)",
        s->kind->prefix, n_in, inputs[0].name, inputs[1].name, n_in > 2 ? ", ..." : "");
}

int data_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
              const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    return s->kind->fill(c, s, i, norm, inputs, out, n_in);
}

/* Samples are held in memory: a file that never ends, or is larger than any of samples, is refused.
 */
static int check_size(cli *c, const char *path, FILE *file)
{
    struct stat s;
    if (fstat(fileno(file), &s) != 0)
        return cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    if (S_ISCHR(s.st_mode) || S_ISBLK(s.st_mode))
        return cli_fail(c, ZURT_E_FORMAT, "%s: a device, which has no end; copy samples to a file",
                        path);
    if (S_ISREG(s.st_mode) && (uint64_t)s.st_size > MOST_BYTES)
        return cli_fail(c, ZURT_E_LIMIT, "%s: more than 4 GiB; split it", path);
    return EXIT_DONE;
}

static int read_all(cli *c, const char *path, FILE *file, uint8_t **bytes, size_t *size)
{
    int code = check_size(c, path, file);
    size_t capacity = 0, got = 1;
    while (code == EXIT_DONE && got > 0) {
        if (*size > MOST_BYTES) // of a pipe
            return cli_fail(c, ZURT_E_LIMIT, "%s: more than 4 GiB; split it", path);
        if (capacity - *size < READ_CHUNK) {
            capacity = capacity * 2 + READ_CHUNK;
            uint8_t *grown = realloc(*bytes, capacity);
            if (!grown)
                return cli_fail(c, ZURT_E_NOMEM, "%s: out of memory", path);
            *bytes = grown;
        }
        got = fread(*bytes + *size, 1, READ_CHUNK, file);
        *size += got;
    }
    if (code == EXIT_DONE && ferror(file))
        code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    return code;
}

int data_read_file(cli *c, const char *path, uint8_t **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    const int code = read_all(c, path, file, bytes, size);
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
