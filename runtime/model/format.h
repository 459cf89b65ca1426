/* SPDX-License-Identifier: Apache-2.0 */
/** @file The `.zurt` container: header, section table, check sums. Private to model/ and its tests.
 *  Ref: docs/format.md. */
#ifndef ZI_MODEL_FORMAT_H
#define ZI_MODEL_FORMAT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/ctx.h"

/** First bytes: the high bit, CR LF, ^Z and LF each reveal a kind of text-mode damage. */
#define ZI_MAGIC       "\x89ZRT\r\n\x1a\n"
#define ZI_MAGIC_BYTES 8

#define ZI_FORMAT_MAJOR 1u
#define ZI_FORMAT_MINOR 1u

/** Offsets in the header. */
enum {
    ZI_H_MAJOR = 8,
    ZI_H_MINOR = 12,
    ZI_H_HEADER_BYTES = 16,
    ZI_H_N_SECTIONS = 20,
    ZI_H_FILE_BYTES = 24,
    ZI_H_RESERVED = 32, /* 28 bytes, 0 */
    ZI_H_CRC = 60,
    ZI_HEADER_BYTES = 64
};

/** Offsets in an entry of the section table. */
enum {
    ZI_S_TYPE = 0,
    ZI_S_FLAGS = 4,
    ZI_S_OFFSET = 8,
    ZI_S_BYTES = 16,
    ZI_S_CRC = 24,
    ZI_S_RESERVED = 28, /* 4 bytes, 0 */
    ZI_SECTION_BYTES = 32
};

enum { ZI_SECTION_GRAPH = 1, ZI_SECTION_WEIGHTS = 2, ZI_SECTION_META = 3 };

/** Flag of a section: a reader that does not know its type may leave it out. */
#define ZI_SECTION_OPTIONAL 1u

/** Limits; beyond them ZURT_E_LIMIT. */
#define ZI_MAX_SECTIONS      64u
#define ZI_MAX_FILE_BYTES    ((uint64_t)1 << 32)
#define ZI_MAX_MESSAGE_BYTES ((size_t)1 << 24)

/** Whether others may write to the bytes while they are used. */
typedef enum zi_hold {
    ZI_HOLD_OWN = 0,   /**< nobody does */
    ZI_HOLD_SHARED = 1 /**< a mapped file: what is checked is copied before */
} zi_hold;

/** The sections that this version knows; absent ones have no data. */
typedef struct zi_container {
    zi_bytes graph; /**< as it was checked, also if the file is shared; so is `meta` */
    zi_bytes weights;
    zi_bytes meta;
    zi_hold hold;    /**< of the weights */
    zi_arena copies; /**< of graph and meta; zi_container_close() */
} zi_container;

/**
 * Checks header, table, every check sum and every gap.
 * @param out zi_container_close() it, also after a failure.
 * @return ZURT_OK; ZURT_E_FORMAT; ZURT_E_VERSION; ZURT_E_LIMIT; ZURT_E_NOMEM.
 */
zurt_status zi_container_open(zurt_ctx *ctx, zi_bytes file, zi_hold hold, zi_container *out);
void zi_container_close(zi_container *c);

/** A section to write: the caller gives type, flags and size, and gets the offset. */
typedef struct zi_section {
    uint32_t type;
    uint32_t flags;
    size_t offset;
    size_t size;
} zi_section;

/**
 * Lays sections out in their order and allocates the file; gaps are zero, sections are not set.
 * @param out ZI_ALIGN; free with zi_free.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_LIMIT.
 */
zurt_status zi_container_alloc(zurt_ctx *ctx, zi_section *sections, size_t n, uint8_t **out,
                               size_t *out_size);

/** Writes header and table once every section is filled. `minor`: the lowest version that covers
 *  what the sections hold. */
void zi_container_seal(uint8_t *file, size_t size, uint32_t minor, const zi_section *sections,
                       size_t n);

#endif
