/* SPDX-License-Identifier: Apache-2.0 */
/** @file SHA-256, for naming outputs. Ref: FIPS 180-4. */
#ifndef APP_SHA256_H
#define APP_SHA256_H

#include <stddef.h>

/** Lower-case hex digits and a terminator into out[65]. */
void sha256_hex(const void *data, size_t size, char *out);

#endif
