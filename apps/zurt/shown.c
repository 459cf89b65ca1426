/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes what a terminal would act on. */
#include "shown.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

enum { N_BUFFERS = 8, BUFFER_BYTES = 2048, MOST_ESCAPE = 10 };

/* C0, DEL, C1, line separators, and marks that let a text read otherwise than it is. */
static bool is_harmless(uint32_t code)
{
    const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool is_line_or_embedding = code >= 0x2028 && code <= 0x202e;
    const bool is_isolate = code >= 0x2066 && code <= 0x2069;
    return !is_control && !is_line_or_embedding && !is_isolate;
}

bool shown_is_plain(const unsigned char *p)
{
    int length = utf8_length(p);
    return length && is_harmless(utf8_code(p, length));
}

/* The character at `p` as it is shown; returns the bytes it takes there. */
static int escape(const unsigned char *p, char out[MOST_ESCAPE + 1])
{
    int length = utf8_length(p);
    uint32_t code = length ? utf8_code(p, length) : p[0];
    const char *const named = code == '\n'   ? "\\n"
                              : code == '\t' ? "\\t"
                              : code == '\r' ? "\\r"
                                             : 0;
    if (shown_is_plain(p)) {
        memcpy(out, p, (size_t)length);
        out[length] = 0;
    } else if (named) {
        memcpy(out, named, 3);
    } else {
        snprintf(out, MOST_ESCAPE + 1, code < 0x80 || !length ? "\\x%02x" : "\\u%04x", code);
    }
    return length ? length : 1;
}

void shown_copy(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        char one[MOST_ESCAPE + 1];
        p += escape(p, one);
        size_t bytes = strlen(one);
        if (n + bytes + sizeof("..") > size && *p) { // the last one may use the room of the ".."
            memcpy(out + n, "..", 2);
            n += 2;
            break;
        }
        if (n + bytes + 1 > size)
            break;
        memcpy(out + n, one, bytes);
        n += bytes;
    }
    out[n] = 0;
}

const char *shown(const char *text)
{
    static char buffers[N_BUFFERS][BUFFER_BYTES]; // main()'s thread alone prints
    static unsigned next;
    char *out = buffers[next++ % N_BUFFERS];
    shown_copy(text, out, BUFFER_BYTES);
    return out;
}
