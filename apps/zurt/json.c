/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON that is valid whatever the names in it hold. */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shown.h"
#include "utf8.h"

/* Names come from files of others: what is not UTF-8 becomes U+FFFD, byte by byte. */
static void put_text(json_writer *j, const char *text)
{
    fputc('"', j->file);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int length = utf8_length(p);
        if (!length)
            fputs("\\ufffd", j->file);
        else if (*p == '"' || *p == '\\')
            fprintf(j->file, "\\%c", *p);
        else if (!shown_is_plain(p)) // all of them are below U+10000
            fprintf(j->file, "\\u%04x", utf8_code(p, length));
        else
            fwrite(p, 1, (size_t)length, j->file);
        p += length ? length : 1;
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

void json_matrix(json_writer *j, const char *key, const counts *m)
{
    if (m->n > JSON_MAX_ROWS) {
        json_null(j, key);
        return;
    }
    json_array(j, key);
    for (uint32_t row = 0; row < m->n; row++) {
        json_array(j, NULL);
        j->compact = true;
        for (uint32_t col = 0; col < m->n; col++)
            json_uint(j, NULL, counts_get(m, row, col));
        json_close(j);
        j->compact = false;
    }
    json_close(j);
}
