/* SPDX-License-Identifier: Apache-2.0 */
/** @file Option structs of callers that were built with another version of the headers. */
#ifndef ZI_BASE_OPTIONS_H
#define ZI_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/**
 * Copies an option struct, which begins with its size_t size. Members that the caller's version did
 * not have are 0, their default.
 *
 * @param known sizeof(*out); the result's size.
 * @param first size of the struct in the first version that had it.
 * @return false: a size that no version has had.
 */
static inline bool zi_options_take(void *out, size_t known, size_t first, const void *in)
{
    size_t size;
    memcpy(&size, in, sizeof(size));
    if (size < first || size > known || size % sizeof(size_t))
        return false;
    memset(out, 0, known);
    memcpy(out, in, size);
    memcpy(out, &known, sizeof(known));
    return true;
}

#endif
