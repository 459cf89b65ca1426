/* SPDX-License-Identifier: Apache-2.0 */
/** @file Add and multiply of s8 by chunks; included where `numbers`, CHUNK and chunk() are. */
#ifndef ZK_BINARY_X86_H
#define ZK_BINARY_X86_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A step of 0 repeats one value. */
static inline void run_chunks(const numbers *f, const int8_t *a, size_t a_step, const int8_t *b,
                              size_t b_step, int8_t *out, size_t n)
{
    int8_t a_part[CHUNK], b_part[CHUNK], part[CHUNK];
    memset(a_part, n && !a_step ? *a : 0, CHUNK);
    memset(b_part, n && !b_step ? *b : 0, CHUNK);
    size_t i = 0;
    for (; i + CHUNK <= n; i += CHUNK)
        chunk(f, a_step ? a + i : a_part, b_step ? b + i : b_part, out + i);
    if (i == n)
        return;
    if (a_step)
        memcpy(a_part, a + i, n - i);
    if (b_step)
        memcpy(b_part, b + i, n - i);
    chunk(f, a_part, b_part, part);
    memcpy(out + i, part, n - i);
}

#endif
