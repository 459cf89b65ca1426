/* SPDX-License-Identifier: Apache-2.0 */
/** @file Which bytes of others' names are UTF-8. */
#ifndef APP_UTF8_H
#define APP_UTF8_H

#include <stdint.h>

/** Bytes of the UTF-8 sequence that begins here; 0: none does. Ref: RFC 3629, section 4. */
static inline int utf8_length(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    unsigned char lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < lo || p[1] > hi)
        return 0;
    int length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    for (int i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

/** The code point of a sequence of `length` bytes. */
static inline uint32_t utf8_code(const unsigned char *p, int length)
{
    static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = p[0] & first[length];
    for (int i = 1; i < length; i++)
        code = code << 6 | (p[i] & 0x3f);
    return code;
}

#endif
