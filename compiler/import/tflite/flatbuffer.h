/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reads flatbuffers that nobody vouches for: every offset is checked against the file before it is
 * followed. What is damaged reads as absent, and is noted: whoever has read a part asks zc_fb_ok().
 *
 * Ref: FlatBuffers, "Internals": https://flatbuffers.dev/internals
 */
#ifndef ZC_IMPORT_TFLITE_FLATBUFFER_H
#define ZC_IMPORT_TFLITE_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

typedef struct zc_fb {
    zi_bytes file;
    const char *damage; /**< NULL: none yet; else what is wrong at byte `at` */
    size_t at;
} zc_fb;

/** A table; `at` 0: absent. */
typedef struct zc_fb_table {
    size_t at;
    size_t vtable;
    uint32_t vtable_bytes;
} zc_fb_table;

/** `n` elements from byte `at` on, all inside the file; n 0: absent or empty. */
typedef struct zc_fb_vector {
    size_t at;
    uint32_t n;
} zc_fb_vector;

static inline bool zc_fb_ok(const zc_fb *fb)
{
    return !fb->damage;
}

zc_fb_table zc_fb_root(zc_fb *fb);

/* Fields by their number in the schema; `absent` where the table has none. */

bool zc_fb_has(const zc_fb *fb, zc_fb_table t, uint32_t field);
uint8_t zc_fb_u8(zc_fb *fb, zc_fb_table t, uint32_t field, uint8_t absent);
int32_t zc_fb_i32(zc_fb *fb, zc_fb_table t, uint32_t field, int32_t absent);
float zc_fb_f32(zc_fb *fb, zc_fb_table t, uint32_t field, float absent);
zc_fb_table zc_fb_sub(zc_fb *fb, zc_fb_table t, uint32_t field);
/** Elements of `size` bytes each. */
zc_fb_vector zc_fb_list(zc_fb *fb, zc_fb_table t, uint32_t field, size_t size);
/** Bytes of a string, without the zero at its end. */
zi_bytes zc_fb_string(zc_fb *fb, zc_fb_table t, uint32_t field);

/* Elements; i is below v.n. */

zc_fb_table zc_fb_table_at(zc_fb *fb, zc_fb_vector v, uint32_t i);
int32_t zc_fb_i32_at(const zc_fb *fb, zc_fb_vector v, uint32_t i);
int64_t zc_fb_i64_at(const zc_fb *fb, zc_fb_vector v, uint32_t i);
float zc_fb_f32_at(const zc_fb *fb, zc_fb_vector v, uint32_t i);

#endif
