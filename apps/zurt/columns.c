/* SPDX-License-Identifier: Apache-2.0 */
/* Names and texts within the columns of a terminal, whatever bytes they hold. */
#include "columns.h"

#include <stdbool.h>
#include <string.h>

#include "shown.h"
#include "utf8.h"

/* Bytes of the character at `p`: a UTF-8 sequence that is whole, else 1. */
static size_t char_bytes(const unsigned char *p)
{
    int n = utf8_length(p);
    return n ? (size_t)n : 1;
}

static size_t count_chars(const char *text)
{
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p += char_bytes(p))
        n++;
    return n;
}

int columns_fit(const char *text, int width, char *out)
{
    size_t n = count_chars(text), room = (size_t)width;
    size_t head = n, tail = n; // characters before and from which on the name is kept
    if (n > room) {
        head = room > 2 ? (room - 2) / 2 : 0;
        tail = n - (room > 2 ? room - 2 - head : 0);
    }
    size_t i = 0, used = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; i++) {
        size_t bytes = char_bytes(p);
        if (i == head && n > room) {
            memcpy(out, "..", room < 2 ? room : 2);
            out += room < 2 ? room : 2;
            used += 2;
        }
        if (i < head || i >= tail) {
            if (shown_is_plain(p)) {
                memcpy(out, p, bytes);
                out += bytes;
            } else {
                *out++ = '?';
            }
            used++;
        }
        p += bytes;
    }
    *out = 0;
    return (int)used;
}

int columns_print(FILE *file, const char *text)
{
    const char *fit = shown(text);
    fputs(fit, file);
    return (int)count_chars(fit);
}

void columns_wrap(FILE *file, int indent, const char *lead, const char *text)
{
    int column = fprintf(file, "%-*s", indent, lead);
    while (*text) {
        size_t word = strcspn(text, " ");
        char shown[COLUMNS_BYTES(COLUMNS)];
        char part[512];
        snprintf(part, sizeof(part), "%.*s", (int)word, text);
        int width = columns_fit(part, COLUMNS - indent, shown);
        if (column > indent && column + 1 + width > COLUMNS)
            column = fprintf(file, "\n%*s", indent, "") - 1;
        column += fprintf(file, "%s%s", column > indent ? " " : "", shown);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', file);
}
