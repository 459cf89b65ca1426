/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a `.zurt`: nothing is read a second time after it was checked. */
#include "model/format.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/file_kind.h"
#include "base/size.h"

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i])
            return false;
    }
    return true;
}

static uint32_t head_crc(const uint8_t *file, uint32_t n_sections)
{
    uint32_t crc = zi_crc32c(0, file, ZI_H_CRC);
    return zi_crc32c(crc, file + ZI_HEADER_BYTES, (size_t)n_sections * ZI_SECTION_BYTES);
}

/* Header and section table, as they were checked. */
typedef struct head {
    uint32_t n_sections;
    uint8_t bytes[ZI_HEADER_BYTES + ZI_MAX_SECTIONS * ZI_SECTION_BYTES];
} head;

/* Magic and major version first: they stand at the same place in every version to come. */
static zurt_status read_head(zurt_ctx *ctx, zi_bytes file, head *out)
{
    if (file.size < ZI_MAGIC_BYTES || memcmp(file.data, ZI_MAGIC, ZI_MAGIC_BYTES) != 0) {
        zurt_status st = zi_file_check_kind(ctx, file, ZURT_FILE_ZURT);
        return st ? st
                  : zi_fail(ctx, ZURT_E_FORMAT,
                            "not a .zurt file, or transferred as text: bad magic");
    }
    if (file.size < ZI_HEADER_BYTES)
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "cut off: %zu bytes, the header alone has %d; copy it again", file.size,
                       ZI_HEADER_BYTES);
    memcpy(out->bytes, file.data, ZI_HEADER_BYTES);
    const uint32_t major = zi_get_u32(out->bytes + ZI_H_MAJOR);
    if (major != ZI_FORMAT_MAJOR)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "format %" PRIu32 ".%" PRIu32
                       ", this zurt reads %u.x: compile the model again or update zurt",
                       major, zi_get_u32(out->bytes + ZI_H_MINOR), ZI_FORMAT_MAJOR);
    const uint32_t n = zi_get_u32(out->bytes + ZI_H_N_SECTIONS);
    if (n > ZI_MAX_SECTIONS)
        return zi_fail(ctx, ZURT_E_LIMIT, "%" PRIu32 " sections, at most %u", n, ZI_MAX_SECTIONS);
    const uint64_t declared = zi_get_u64(out->bytes + ZI_H_FILE_BYTES);
    if (declared != file.size)
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "%s: %zu bytes, the header says %" PRIu64 "; copy it again",
                       file.size < declared ? "cut off" : "trailing bytes", file.size, declared);
    if (file.size - ZI_HEADER_BYTES < (size_t)n * ZI_SECTION_BYTES)
        return zi_fail(ctx, ZURT_E_FORMAT, "section table beyond the end of the file");
    memcpy(out->bytes + ZI_HEADER_BYTES, file.data + ZI_HEADER_BYTES, (size_t)n * ZI_SECTION_BYTES);
    out->n_sections = n;
    return ZURT_OK;
}

static zurt_status check_head(zurt_ctx *ctx, const head *file)
{
    const uint8_t *h = file->bytes;
    const uint32_t minor = zi_get_u32(h + ZI_H_MINOR);
    if (head_crc(h, file->n_sections) != zi_get_u32(h + ZI_H_CRC))
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "damaged: check sum of the header differs; copy it again");
    if (minor > ZI_FORMAT_MINOR)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "format %" PRIu32 ".%" PRIu32 ", this zurt reads up to %u.%u: update zurt",
                       zi_get_u32(h + ZI_H_MAJOR), minor, ZI_FORMAT_MAJOR, ZI_FORMAT_MINOR);
    if (zi_get_u32(h + ZI_H_HEADER_BYTES) != ZI_HEADER_BYTES)
        return zi_fail(ctx, ZURT_E_FORMAT, "header size is not %d", ZI_HEADER_BYTES);
    if (!is_zero(h + ZI_H_RESERVED, ZI_H_CRC - ZI_H_RESERVED))
        return zi_fail(ctx, ZURT_E_FORMAT, "reserved bytes of the header are not zero");
    return ZURT_OK;
}

static const uint8_t *entry_of(const head *h, uint32_t i)
{
    return h->bytes + ZI_HEADER_BYTES + (size_t)i * ZI_SECTION_BYTES;
}

/* `end`: where the section before, or the table, ends; moves to the end of this one. */
static zurt_status find_section(zurt_ctx *ctx, zi_bytes file, const head *h, uint32_t i,
                                size_t *end, zi_bytes *out)
{
    const uint8_t *entry = entry_of(h, i);
    uint64_t offset = zi_get_u64(entry + ZI_S_OFFSET), size = zi_get_u64(entry + ZI_S_BYTES);
    size_t start;
    if (zi_get_u32(entry + ZI_S_FLAGS) & ~ZI_SECTION_OPTIONAL ||
        zi_get_u32(entry + ZI_S_RESERVED) != 0)
        return zi_fail(ctx, ZURT_E_FORMAT, "section %" PRIu32 ": unknown flags", i);
    if (!zi_size_align(*end, ZI_ALIGN, &start) || offset != start)
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "section %" PRIu32 ": starts at %" PRIu64
                       ", not at the first multiple of 64 after %zu",
                       i, offset, *end);
    if (!zi_bytes_sub(file, offset, size, out))
        return zi_fail(ctx, ZURT_E_FORMAT, "section %" PRIu32 ": beyond the end of the file", i);
    if (!is_zero(file.data + *end, start - *end))
        return zi_fail(ctx, ZURT_E_FORMAT, "section %" PRIu32 ": the gap before it is not zero", i);
    *end = start + out->size;
    return ZURT_OK;
}

/* Where the section goes; NULL: nowhere, for this version does not know it. */
static zi_bytes *place_of(const head *h, uint32_t i, zi_container *out)
{
    switch (zi_get_u32(entry_of(h, i) + ZI_S_TYPE)) {
    case ZI_SECTION_GRAPH:
        return &out->graph;
    case ZI_SECTION_WEIGHTS:
        return &out->weights;
    case ZI_SECTION_META:
        return &out->meta;
    default:
        return NULL;
    }
}

/* A message is parsed twice over, by protobuf-c and by us: the bytes must be the same each time. */
static zurt_status hold_message(zurt_ctx *ctx, zi_container *c, zi_bytes *section)
{
    if (c->hold == ZI_HOLD_OWN)
        return ZURT_OK;
    section->data = zi_arena_memdup(&c->copies, section->data, section->size);
    if (!section->data)
        return zi_fail(ctx, ZURT_E_NOMEM, "model: no memory for a section of %zu bytes",
                       section->size);
    return ZURT_OK;
}

static zurt_status place_section(zurt_ctx *ctx, const head *h, uint32_t i, zi_bytes section,
                                 zi_container *out)
{
    const uint8_t *entry = entry_of(h, i);
    const uint32_t type = zi_get_u32(entry + ZI_S_TYPE);
    zi_bytes *place = place_of(h, i, out);
    if (!place && !(zi_get_u32(entry + ZI_S_FLAGS) & ZI_SECTION_OPTIONAL))
        return zi_fail(ctx, ZURT_E_VERSION,
                       "section %" PRIu32 ": type %" PRIu32 " is unknown: update zurt", i, type);
    if (place && place->data)
        return zi_fail(ctx, ZURT_E_FORMAT, "section %" PRIu32 ": type %" PRIu32 " comes twice", i,
                       type);
    const bool is_message = place && place != &out->weights;
    if (is_message && section.size > ZI_MAX_MESSAGE_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "section %" PRIu32 ": %zu bytes, at most %zu", i,
                       section.size, ZI_MAX_MESSAGE_BYTES);
    zurt_status st = is_message ? hold_message(ctx, out, &section) : ZURT_OK;
    if (st)
        return st;
    if (zi_crc32c(0, section.data, section.size) != zi_get_u32(entry + ZI_S_CRC))
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "damaged: check sum of section %" PRIu32 " differs; copy it again", i);
    if (place)
        *place = section;
    return ZURT_OK;
}

zurt_status zi_container_open(zurt_ctx *ctx, zi_bytes file, zi_hold hold, zi_container *out)
{
    *out = (zi_container){.hold = hold};
    zi_arena_init(&out->copies, &ctx->allocator);
    if (file.size > ZI_MAX_FILE_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "%zu bytes, a .zurt has at most %" PRIu64, file.size,
                       ZI_MAX_FILE_BYTES);
    head h;
    zurt_status st = read_head(ctx, file, &h);
    if (!st)
        st = check_head(ctx, &h);
    size_t end = ZI_HEADER_BYTES + (size_t)(st ? 0 : h.n_sections) * ZI_SECTION_BYTES;
    for (uint32_t i = 0; !st && i < h.n_sections; i++) {
        zi_bytes section = {0};
        st = find_section(ctx, file, &h, i, &end, &section);
        if (!st)
            st = place_section(ctx, &h, i, section, out);
    }
    if (!st && end != file.size)
        st = zi_fail(ctx, ZURT_E_FORMAT, "%zu bytes after the last section", file.size - end);
    if (!st && !out->graph.data)
        st = zi_fail(ctx, ZURT_E_FORMAT, "no GRAPH section");
    return st;
}

void zi_container_close(zi_container *c)
{
    zi_arena_clear(&c->copies);
}

zurt_status zi_container_alloc(zurt_ctx *ctx, zi_section *sections, size_t n, uint8_t **out,
                               size_t *out_size)
{
    size_t end = ZI_HEADER_BYTES + n * ZI_SECTION_BYTES;
    bool fits = n <= ZI_MAX_SECTIONS;
    for (size_t i = 0; fits && i < n; i++) {
        fits = zi_size_align(end, ZI_ALIGN, &sections[i].offset) &&
               zi_size_add(sections[i].offset, sections[i].size, &end);
    }
    if (!fits || end > ZI_MAX_FILE_BYTES)
        return zi_fail(ctx, ZURT_E_LIMIT, "the model exceeds %" PRIu64 " bytes", ZI_MAX_FILE_BYTES);
    uint8_t *file = zi_alloc_aligned(&ctx->allocator, end);
    if (!file)
        return zi_fail(ctx, ZURT_E_NOMEM, "model: need %zu bytes", end);
    size_t filled = 0;
    for (size_t i = 0; i < n; i++) {
        memset(file + filled, 0, sections[i].offset - filled);
        filled = sections[i].offset + sections[i].size;
    }
    *out = file;
    *out_size = end;
    return ZURT_OK;
}

void zi_container_seal(uint8_t *file, size_t size, uint32_t minor, const zi_section *sections,
                       size_t n)
{
    memcpy(file, ZI_MAGIC, ZI_MAGIC_BYTES);
    zi_put_u32(file + ZI_H_MAJOR, ZI_FORMAT_MAJOR);
    zi_put_u32(file + ZI_H_MINOR, minor);
    zi_put_u32(file + ZI_H_HEADER_BYTES, ZI_HEADER_BYTES);
    zi_put_u32(file + ZI_H_N_SECTIONS, (uint32_t)n);
    zi_put_u64(file + ZI_H_FILE_BYTES, size);
    for (size_t i = 0; i < n; i++) {
        uint8_t *entry = file + ZI_HEADER_BYTES + i * ZI_SECTION_BYTES;
        zi_put_u32(entry + ZI_S_TYPE, sections[i].type);
        zi_put_u32(entry + ZI_S_FLAGS, sections[i].flags);
        zi_put_u64(entry + ZI_S_OFFSET, sections[i].offset);
        zi_put_u64(entry + ZI_S_BYTES, sections[i].size);
        zi_put_u32(entry + ZI_S_CRC, zi_crc32c(0, file + sections[i].offset, sections[i].size));
    }
    zi_put_u32(file + ZI_H_CRC, head_crc(file, (uint32_t)n));
}
