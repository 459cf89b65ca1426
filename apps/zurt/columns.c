/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of the character at `p`: a UTF-8 sequence that is whole, else 1. */
static size_t char_bytes(const unsigned char *p)
{
    size_t n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 1;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 1;
    }
    return n;
}

/* C0, DEL, C1 and stray bytes: a name must not move the cursor. */
static bool is_printable(const unsigned char *p, size_t n)
{
    if (n == 1)
        return *p >= 0x20 && *p < 0x7f;
    return !(p[0] == 0xc2 && p[1] < 0xa0);
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
            if (is_printable(p, bytes)) {
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
