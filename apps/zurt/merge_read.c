/* SPDX-License-Identifier: Apache-2.0 */
/* A result of eval from JSON of others: every key, type and number is checked before it is used. */
#include "merge_read.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most that a result may hold: a matrix of JSON_MAX_ROWS and the names of a million files. */
#define MOST_BYTES ((size_t)64 << 20)

/* What is read, for messages. */
typedef struct reading {
    cli *c;
    const char *path;
    int code; // of the first failure; nothing is read after it
} reading;

static void refuse(reading *r, const char *key, const char *wanted)
{
    if (r->code == EXIT_DONE)
        r->code = cli_fail(r->c, ZURT_E_FORMAT,
                           "%s: '%s' is not %s; a result is what `zurt eval --json` of this "
                           "version printed",
                           r->path, key, wanted);
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A whole number from 0 to `most`, which doubles hold exactly. */
static bool whole(const cJSON *item, uint64_t most, uint64_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0.0) || item->valuedouble > (double)most ||
        floor(item->valuedouble) != item->valuedouble)
        return false;
    *out = (uint64_t)item->valuedouble;
    return true;
}

static uint64_t read_whole(reading *r, const cJSON *o, const char *key, uint64_t most)
{
    uint64_t value = 0;
    if (!whole(member(o, key), most, &value))
        refuse(r, key, "a whole number that fits the others");
    return value;
}

static char *copy_text(reading *r, const cJSON *item, const char *key)
{
    char *copy = NULL;
    if (!cJSON_IsString(item))
        refuse(r, key, "a text");
    else if (r->code == EXIT_DONE && !(copy = strdup(item->valuestring)))
        r->code = cli_fail(r->c, ZURT_E_NOMEM, "out of memory");
    return copy;
}

static char *read_text(reading *r, const cJSON *o, const char *key)
{
    return copy_text(r, member(o, key), key);
}

static int hex_digit(char ch)
{
    return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static void read_sha256(reading *r, const cJSON *o, const char *key, uint8_t out[SHA256_BYTES])
{
    const cJSON *item = member(o, key);
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    bool good = strlen(text) == 2 * SHA256_BYTES;
    for (size_t i = 0; good && i < SHA256_BYTES; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        out[i] = (uint8_t)(good ? high * 16 + low : 0);
    }
    if (!good)
        refuse(r, key, "64 hexadecimal digits");
}

static void read_shard(reading *r, const cJSON *o, eval_shard *out)
{
    const cJSON *item = member(o, "shard");
    if (!cJSON_IsString(item) || !eval_shard_parse(item->valuestring, out)) {
        *out = (eval_shard){1, 1};
        refuse(r, "shard", "I/N");
    }
}

static void read_matrix(reading *r, const cJSON *o, score *s)
{
    const cJSON *matrix = member(o, "confusion");
    int n = cJSON_IsArray(matrix) ? cJSON_GetArraySize(matrix) : 0;
    uint64_t sum = 0;
    uint32_t at = 0;
    bool good = cJSON_IsNull(matrix) || (n > 0 && n <= JSON_MAX_ROWS);
    s->n_classes = s->confusion.n = n > 0 ? (uint32_t)n : JSON_MAX_ROWS + 1;
    if (cJSON_IsNull(matrix))
        return;
    for (const cJSON *row = good ? matrix->child : NULL; good && row; row = row->next, at++) {
        good = cJSON_IsArray(row) && cJSON_GetArraySize(row) == n;
        uint32_t col = 0;
        for (const cJSON *cell = good ? row->child : NULL; good && cell; cell = cell->next, col++) {
            uint64_t count = 0;
            good = whole(cell, UINT32_MAX, &count);
            sum += count;
            if (good)
                counts_add(&s->confusion, at, col, (uint32_t)count);
        }
    }
    if (!good || sum != s->labelled)
        refuse(r, "confusion", "a square matrix of counts with the sum 'labelled'");
    else if (s->confusion.failed)
        r->code = cli_fail(r->c, ZURT_E_NOMEM, "out of memory");
}

static void read_score(reading *r, const cJSON *o, score *s, uint64_t samples)
{
    s->samples = (size_t)read_whole(r, o, "samples", samples);
    s->labelled = (size_t)read_whole(r, o, "labelled", s->samples);
    s->top5 = (size_t)read_whole(r, o, "top5_count", s->labelled);
    s->top1 = (size_t)read_whole(r, o, "top1_count", s->top5);
    read_matrix(r, o, s);
}

static void read_row(reading *r, const cJSON *item, uint64_t first, uint64_t end, merge_row *out)
{
    const cJSON *file = member(item, "file");
    const cJSON *label = member(item, "label");
    const cJSON *predicted = cJSON_GetArrayItem(member(item, "predicted"), 0);
    uint64_t class = 0;
    out->sample = read_whole(r, item, "sample", end);
    if (out->sample < first || out->sample >= end)
        refuse(r, "sample", "a number of the shard's samples");
    if (!cJSON_IsNull(file))
        out->file = copy_text(r, file, "file");
    out->label = -1;
    if (whole(label, INT32_MAX, &class))
        out->label = (int32_t) class;
    else if (!cJSON_IsNull(label))
        refuse(r, "label", "a class or null");
    if (!whole(predicted, INT32_MAX, &class))
        refuse(r, "predicted", "an array of one class");
    out->predicted = (int32_t) class;
}

static void read_rows(reading *r, const cJSON *o, uint64_t first, uint64_t end, merge_part *out)
{
    const cJSON *files = member(o, "files");
    if (!cJSON_IsArray(files)) {
        refuse(r, "files", "an array");
        return;
    }
    out->rows = calloc((size_t)cJSON_GetArraySize(files) + 1, sizeof(*out->rows));
    if (!out->rows)
        r->code = cli_fail(r->c, ZURT_E_NOMEM, "out of memory");
    for (const cJSON *item = files->child; r->code == EXIT_DONE && item; item = item->next)
        read_row(r, item, first, end, &out->rows[out->n_rows++]);
}

static void read_result(reading *r, const cJSON *o, merge_part *out)
{
    eval_result *e = &out->result;
    uint8_t sum[SHA256_BYTES];
    uint64_t schema = 0, first = 0, end = 0;
    if (!whole(member(o, "schema"), 1, &schema) || schema != 1)
        refuse(r, "schema", "1");
    e->model = out->model = read_text(r, o, "model");
    e->device = out->device = read_text(r, o, "device");
    e->data = out->data = read_text(r, o, "data");
    e->options = read_text(r, o, "options");
    read_sha256(r, o, "model_sha256", sum);
    sha256_text(sum, e->model_sha256);
    read_sha256(r, o, "data_sha256", sum);
    sha256_text(sum, e->data_sha256);
    read_sha256(r, o, "outputs_sha256", e->outputs);
    read_shard(r, o, &e->shard);
    e->data_samples = read_whole(r, o, "data_samples", EVAL_MOST_SAMPLES);
    eval_shard_range(e->shard, e->data_samples, &first, &end);
    e->unreadable = read_whole(r, o, "unreadable", end - first);
    read_score(r, o, &e->score, end - first);
    if (e->score.samples + e->unreadable != end - first)
        refuse(r, "samples", "with 'unreadable' as many as the shard has");
    read_rows(r, o, first, end, out);
}

/* The text of a failure, if the file has one in place of a result. */
static const char *failure_text(const cJSON *o)
{
    const cJSON *message = member(member(o, "error"), "message");
    return cJSON_IsString(message) ? message->valuestring : NULL;
}

static int read_json(cli *c, const char *path, const char *text, size_t size, merge_part *out)
{
    const char *end = text;
    cJSON *o = cJSON_ParseWithLengthOpts(text, size + 1, &end, 1); // with the terminator
    reading r = {.c = c, .path = path, .code = EXIT_DONE};
    if (!o)
        r.code = cli_fail(c, ZURT_E_FORMAT,
                          "%s: byte %zu: this is no JSON; a result is what `zurt eval --json` "
                          "printed",
                          path, (size_t)(end - text));
    else if (!cJSON_IsObject(o))
        r.code = cli_fail(c, ZURT_E_FORMAT,
                          "%s: is no JSON object, as what `zurt eval --json` prints", path);
    else if (failure_text(o))
        r.code = cli_fail(c, ZURT_E_FORMAT, "%s: holds a failure, not a result: %s", path,
                          failure_text(o));
    else
        read_result(&r, o, out);
    cJSON_Delete(o);
    return r.code;
}

int merge_read(cli *c, const char *path, merge_part *out)
{
    *out = (merge_part){.path = path};
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = data_read_file(c, path, &bytes, &size);
    if (code == EXIT_DONE && size > MOST_BYTES)
        code =
            cli_fail(c, ZURT_E_LIMIT, "%s: a result has at most %zu MiB", path, MOST_BYTES >> 20);
    if (code == EXIT_DONE)
        code = cli_check_text(c, path, bytes, size);
    char *text = code == EXIT_DONE ? malloc(size + 1) : NULL;
    if (code == EXIT_DONE && !text)
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (code == EXIT_DONE) {
        if (size)
            memcpy(text, bytes, size);
        text[size] = 0;
    }
    free(bytes);
    if (code == EXIT_DONE)
        code = read_json(c, path, text, size, out);
    free(text);
    return code;
}

void merge_part_free(merge_part *p)
{
    for (size_t i = 0; i < p->n_rows; i++)
        free(p->rows[i].file);
    free(p->rows);
    free(p->model);
    free(p->device);
    free(p->data);
    free(p->result.options);
    score_free(&p->result.score);
    *p = (merge_part){0};
}
