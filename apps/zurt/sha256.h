/* SPDX-License-Identifier: Apache-2.0 */
/** @file SHA-256, for naming models, data and outputs. Ref: FIPS 180-4. */
#ifndef APP_SHA256_H
#define APP_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_TEXT = 2 * SHA256_BYTES + 1 };

typedef struct sha256 {
    uint32_t h[8];
    uint64_t size; /**< bytes so far */
    uint8_t block[64];
} sha256;

void sha256_begin(sha256 *s);
void sha256_add(sha256 *s, const void *data, size_t size);
/** Eight bytes, the lowest first. */
void sha256_add_u64(sha256 *s, uint64_t value);
/** The length of a text, then its bytes: no two lists of texts are alike. */
void sha256_add_text(sha256 *s, const char *text);
void sha256_end(sha256 *s, uint8_t out[SHA256_BYTES]);

/** Lower-case hex digits and a terminator. */
void sha256_text(const uint8_t digest[SHA256_BYTES], char out[SHA256_TEXT]);

/** Of bytes in memory, as text. */
void sha256_hex(const void *data, size_t size, char out[SHA256_TEXT]);

#endif
