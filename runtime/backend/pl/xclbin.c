/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an xclbin so that XRT can: it believes every number in it, and copies as many bytes as the
 * header says. */
#include "backend/pl/xclbin.h"

#include <inttypes.h>
#include <string.h>

#include "base/file_kind.h"

/* The axlf container. Ref: XRT, xclbin.h. */
enum {
    HEADER_BYTES = 456,
    AT_LENGTH = 304,
    AT_MODE = 332,
    AT_PLATFORM = 352,
    AT_UUID = 416,
    AT_N_SECTIONS = 448,
    SECTION_BYTES = 40,
    SECTION_AT_OFFSET = 24,
    SECTION_AT_SIZE = 32,
    MAX_SECTIONS = 256,
    UNIT_BYTES = 80,
    UNIT_AT_NAME = 16,
    UNIT_KERNEL = 1, // IP_KERNEL
    MEMORY_BYTES = 40,
    CONNECTION_BYTES = 12,
    CONNECTIONS_AT = 4,
    CLOCK_BYTES = 136,
    CLOCKS_AT = 2,
    CLOCK_AT_TYPE = 2,
    CLOCK_DATA = 1, // CT_DATA: the kernels'
    CONNECTION_AT_UNIT = 4,
    CONNECTION_AT_MEMORY = 8,
    ENGINE_ARGUMENTS = 8,
    MAX_ARGUMENTS = 256, // of a kernel of others
    ARRAY_AT = 8         // first element, but of connectivity
};

/* Far beyond the bitstream of a Zynq UltraScale+. */
#define MAX_FILE_BYTES ((uint64_t)256 << 20)

static const char magic[8] = "xclbin2";
static const char engine_prefix[] = "zk_engine";

static zi_bytes section_at(const zi_xclbin *x, uint32_t i, uint32_t *kind)
{
    const uint8_t *header = x->file.data + HEADER_BYTES + (size_t)i * SECTION_BYTES;
    zi_bytes s = {NULL, 0};
    *kind = zi_get_u32(header);
    zi_bytes_sub(x->file, zi_get_u64(header + SECTION_AT_OFFSET),
                 zi_get_u64(header + SECTION_AT_SIZE), &s);
    return s;
}

bool zi_xclbin_section(const zi_xclbin *x, zi_xclbin_kind kind, zi_bytes *out)
{
    for (uint32_t i = 0; i < x->n_sections; i++) {
        uint32_t found;
        *out = section_at(x, i, &found);
        if (found == (uint32_t)kind)
            return true;
    }
    return false;
}

static zurt_status check_header(zurt_ctx *ctx, zi_xclbin *x)
{
    zi_bytes f = x->file;
    if (f.size < sizeof(magic) || memcmp(f.data, magic, sizeof(magic)) != 0) {
        zurt_status st = zi_file_check_kind(ctx, f, ZURT_FILE_XCLBIN);
        return st ? st
                  : zi_fail(ctx, ZURT_E_FORMAT, "not an xclbin: it does not begin with 'xclbin2'");
    }
    if (f.size < HEADER_BYTES)
        return zi_fail(ctx, ZURT_E_FORMAT, "truncated: %zu bytes, the header alone has %d", f.size,
                       HEADER_BYTES);
    uint64_t length = zi_get_u64(f.data + AT_LENGTH);
    if (length != f.size)
        return zi_fail(ctx, ZURT_E_FORMAT,
                       "%s: the header says %" PRIu64 " bytes, the file has %zu; copy it again",
                       length > f.size ? "truncated" : "damaged", length, f.size);
    x->n_sections = zi_get_u32(f.data + AT_N_SECTIONS);
    if (x->n_sections > MAX_SECTIONS ||
        (size_t)x->n_sections * SECTION_BYTES > f.size - HEADER_BYTES)
        return zi_fail(ctx, ZURT_E_FORMAT, "%u sections do not fit the file", x->n_sections);
    x->mode = (uint32_t)f.data[AT_MODE] | (uint32_t)f.data[AT_MODE + 1] << 8;
    memcpy(x->platform, f.data + AT_PLATFORM, sizeof(x->platform));
    x->platform[sizeof(x->platform) - 1] = 0;
    memcpy(x->uuid, f.data + AT_UUID, sizeof(x->uuid));
    return ZURT_OK;
}

/* An array of `count` elements after its count: XRT trusts both. */
static zurt_status check_array(zurt_ctx *ctx, zi_bytes s, uint32_t kind, size_t at, size_t elem)
{
    uint32_t count = s.size >= at ? zi_get_u32(s.data) : UINT32_MAX;
    if (count > INT32_MAX || count > (s.size - at) / elem)
        return zi_fail(ctx, ZURT_E_FORMAT, "section kind %u: %zu bytes are too few", kind, s.size);
    return ZURT_OK;
}

static zurt_status check_section(zurt_ctx *ctx, zi_bytes s, uint32_t kind)
{
    switch (kind) {
    case ZI_XCLBIN_MEMORY:
    case ZI_XCLBIN_GROUP_MEMORY:
        return check_array(ctx, s, kind, ARRAY_AT, MEMORY_BYTES);
    case ZI_XCLBIN_CONNECTIVITY:
    case ZI_XCLBIN_GROUP_CONNECTIVITY:
        return check_array(ctx, s, kind, CONNECTIONS_AT, CONNECTION_BYTES);
    case ZI_XCLBIN_UNITS:
        return check_array(ctx, s, kind, ARRAY_AT, UNIT_BYTES);
    default:
        return ZURT_OK;
    }
}

static zurt_status check_sections(zurt_ctx *ctx, zi_xclbin *x)
{
    zurt_status st = ZURT_OK;
    for (uint32_t i = 0; i < x->n_sections && !st; i++) {
        const uint8_t *header = x->file.data + HEADER_BYTES + (size_t)i * SECTION_BYTES;
        uint32_t kind;
        zi_bytes s = section_at(x, i, &kind);
        if (!s.data && zi_get_u64(header + SECTION_AT_SIZE) != 0)
            return zi_fail(ctx, ZURT_E_FORMAT,
                           "truncated: section %u (kind %u) reaches beyond the file", i, kind);
        st = check_section(ctx, s, kind);
    }
    return st;
}

/* Elements of an array whose size was checked; 0 without it. */
static uint32_t count_of(const zi_xclbin *x, zi_xclbin_kind kind)
{
    zi_bytes s;
    return zi_xclbin_section(x, kind, &s) ? zi_get_u32(s.data) : 0;
}

static bool is_engine(const uint8_t *unit)
{
    return zi_get_u32(unit) == UNIT_KERNEL &&
           memcmp(unit + UNIT_AT_NAME, engine_prefix, sizeof(engine_prefix) - 1) == 0;
}

/* What a connection names exists: XRT indexes by it. */
static zurt_status check_connections(zurt_ctx *ctx, const zi_xclbin *x, zi_xclbin_kind kind,
                                     zi_xclbin_kind memory_kind)
{
    const uint32_t n = count_of(x, kind);
    const uint32_t n_units = count_of(x, ZI_XCLBIN_UNITS), n_memories = count_of(x, memory_kind);
    zi_bytes s = {NULL, 0}, units = {NULL, 0};
    zi_xclbin_section(x, kind, &s);
    zi_xclbin_section(x, ZI_XCLBIN_UNITS, &units);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *c = s.data + CONNECTIONS_AT + (size_t)i * CONNECTION_BYTES;
        uint32_t argument = zi_get_u32(c), unit = zi_get_u32(c + CONNECTION_AT_UNIT);
        uint32_t memory = zi_get_u32(c + CONNECTION_AT_MEMORY);
        bool exists = unit < n_units && memory < n_memories && argument < MAX_ARGUMENTS;
        if (exists && is_engine(units.data + ARRAY_AT + (size_t)unit * UNIT_BYTES))
            exists = argument < ENGINE_ARGUMENTS;
        if (!exists)
            return zi_fail(ctx, ZURT_E_FORMAT,
                           "connection %u of section kind %u is damaged: argument %u of compute "
                           "unit %u to memory %u; the file has %u units and %u memories",
                           i, (unsigned)kind, argument, unit, memory, n_units, n_memories);
    }
    return ZURT_OK;
}

/* What the linker says that the kernels' clock is; nothing follows it, so a damaged list is none.
 */
static uint32_t clock_of(const zi_xclbin *x)
{
    zi_bytes s;
    if (!zi_xclbin_section(x, ZI_XCLBIN_CLOCKS, &s) || s.size < CLOCKS_AT)
        return 0;
    const size_t count = (size_t)s.data[0] | (size_t)s.data[1] << 8;
    for (size_t i = 0; i < count && (i + 1) * CLOCK_BYTES <= s.size - CLOCKS_AT; i++) {
        const uint8_t *clock = s.data + CLOCKS_AT + i * CLOCK_BYTES;
        if (clock[CLOCK_AT_TYPE] == CLOCK_DATA)
            return ((uint32_t)clock[0] | (uint32_t)clock[1] << 8) * 1000;
    }
    return 0;
}

bool zi_xclbin_clock_differs(const zi_xclbin *x)
{
    const uint32_t table = x->caps.caps.clock_khz, slack = table / 100;
    return x->link_khz && (x->link_khz + slack < table || x->link_khz > table + slack);
}

/* The compute unit that is the engine. */
static zurt_status find_engine(zurt_ctx *ctx, zi_xclbin *x)
{
    zi_bytes s;
    const uint32_t count = zi_xclbin_section(x, ZI_XCLBIN_UNITS, &s) ? zi_get_u32(s.data) : 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *unit = s.data + ARRAY_AT + (size_t)i * UNIT_BYTES;
        const char *name = (const char *)unit + UNIT_AT_NAME;
        const char *colon = memchr(name, ':', ZI_XCLBIN_NAME_BYTES);
        if (!memchr(name, 0, ZI_XCLBIN_NAME_BYTES))
            return zi_fail(ctx, ZURT_E_FORMAT, "compute unit %u: its name does not end", i);
        if (!is_engine(unit) || x->unit[0] || !colon)
            continue;
        memcpy(x->unit, name, ZI_XCLBIN_NAME_BYTES);
        memcpy(x->kernel, name, (size_t)(colon - name));
    }
    if (!x->unit[0])
        return zi_fail(ctx, ZURT_E_DEVICE,
                       "not an overlay of zurt's: none of its %u compute units is a %s; name one "
                       "with zurt's engine (kernels-hls/vitis builds it)",
                       count, engine_prefix);
    return ZURT_OK;
}

zurt_status zi_xclbin_parse(zurt_ctx *ctx, zi_bytes file, zi_xclbin *out)
{
    *out = (zi_xclbin){.file = file};
    zurt_status st = check_header(ctx, out);
    if (!st)
        st = check_sections(ctx, out);
    if (!st)
        st = check_connections(ctx, out, ZI_XCLBIN_CONNECTIVITY, ZI_XCLBIN_MEMORY);
    if (!st)
        st = check_connections(ctx, out, ZI_XCLBIN_GROUP_CONNECTIVITY, ZI_XCLBIN_GROUP_MEMORY);
    zi_bytes table;
    if (!st && !zi_xclbin_section(out, ZI_XCLBIN_USER, &table))
        st = zi_fail(ctx, ZURT_E_DEVICE,
                     "not an overlay of zurt's: it has no capability table (USER_METADATA); name "
                     "one with zurt's engine (kernels-hls/vitis builds it)");
    if (!st)
        st = zi_caps_decode(ctx, table, &out->caps);
    if (!st)
        st = find_engine(ctx, out);
    out->link_khz = st ? 0 : clock_of(out);
    return st;
}

zurt_status zi_xclbin_open(zurt_ctx *ctx, const char *path, zi_xclbin *out)
{
    *out = (zi_xclbin){.n_sections = 0};
    zi_file file;
    // a copy, whatever its size: XRT follows the bytes again after they were checked
    zurt_status st = zi_file_open(ctx, path, MAX_FILE_BYTES, MAX_FILE_BYTES, &file);
    if (!st)
        st = zi_xclbin_parse(ctx, file.bytes, out);
    out->owned = file;
    return st ? zi_fail_prefix(ctx, st, "xclbin %s: ", path) : ZURT_OK;
}

void zi_xclbin_close(zi_xclbin *x)
{
    zi_file_close(&x->owned);
    x->file = (zi_bytes){NULL, 0};
}
