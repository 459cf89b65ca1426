/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_text(json_writer *j, const char *text)
{
    fputc('"', j->file);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(j->file, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            fprintf(j->file, "\\u%04x", *p);
        else
            fputc(*p, j->file);
    }
    fputc('"', j->file);
}

/* What stands before a value: comma, new line, key. */
static void lead(json_writer *j, const char *key)
{
    if (!j->first)
        fputc(',', j->file);
    if (!j->compact)
        fprintf(j->file, "\n%*s", j->depth, "");
    else if (!j->first)
        fputc(' ', j->file);
    j->first = false;
    if (key) {
        put_text(j, key);
        fputs(": ", j->file);
    }
}

static void open_level(json_writer *j, char open, char close)
{
    assert(j->depth < JSON_MAX_DEPTH);
    fputc(open, j->file);
    j->close[j->depth++] = close;
    j->first = true;
}

void json_begin(json_writer *j, FILE *file)
{
    *j = (json_writer){.file = file};
    open_level(j, '{', '}');
    json_int(j, "schema", 1);
}

void json_end(json_writer *j)
{
    while (j->depth > 0)
        json_close(j);
    fputc('\n', j->file);
}

void json_object(json_writer *j, const char *key)
{
    lead(j, key);
    open_level(j, '{', '}');
}

void json_array(json_writer *j, const char *key)
{
    lead(j, key);
    open_level(j, '[', ']');
}

void json_close(json_writer *j)
{
    assert(j->depth > 0);
    j->depth--;
    if (!j->first && !j->compact)
        fprintf(j->file, "\n%*s", j->depth, "");
    fputc(j->close[j->depth], j->file);
    j->first = false;
}

void json_string(json_writer *j, const char *key, const char *value)
{
    lead(j, key);
    put_text(j, value);
}

void json_int(json_writer *j, const char *key, int64_t value)
{
    lead(j, key);
    fprintf(j->file, "%" PRId64, value);
}

void json_uint(json_writer *j, const char *key, uint64_t value)
{
    lead(j, key);
    fprintf(j->file, "%" PRIu64, value);
}

void json_bool(json_writer *j, const char *key, bool value)
{
    lead(j, key);
    fputs(value ? "true" : "false", j->file);
}

void json_double(json_writer *j, const char *key, double value)
{
    lead(j, key);
    if (!isfinite(value)) {
        fputs("null", j->file);
        return;
    }
    char text[32];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, j->file);
}

void json_null(json_writer *j, const char *key)
{
    lead(j, key);
    fputs("null", j->file);
}

void json_matrix(json_writer *j, const char *key, const uint32_t *counts, size_t n)
{
    json_array(j, key);
    for (size_t row = 0; row < n; row++) {
        json_array(j, NULL);
        j->compact = true;
        for (size_t col = 0; col < n; col++)
            json_uint(j, NULL, counts[row * n + col]);
        json_close(j);
        j->compact = false;
    }
    json_close(j);
}
