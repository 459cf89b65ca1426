/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the bytes of a capability table. */
#include "plan/caps_io.h"

#include <string.h>

#include "base/crc32c.h"

enum {
    VERSION = 1,
    AT_VERSION = 8,
    AT_SIZE = 12,
    AT_CRC = 16, // of all that follows it
    AT_FIELDS = 20,
    AT_OPS = 64,
    AT_NAME = 80
};

static const char magic[] = "ZURTCAPS";

_Static_assert(AT_NAME + ZI_CAPS_NAME_BYTES == ZI_CAPS_BYTES, "the name is last");

// clang-format off
/* Numbers of the table: member of zi_caps, place, least and largest value. */
#define FIELDS(F) \
    F(engine_version, 20, 0, UINT32_MAX) \
    F(pixel_parallel, 24, 1, 64) \
    F(in_parallel, 28, 1, 64) \
    F(out_parallel, 32, 1, 64) \
    F(requant_parallel, 36, 1, 1024) \
    F(scratchpad_words, 40, 1, 1u << 24) \
    F(ring_beats, 44, 1, 1u << 24) \
    F(max_taps, 48, 1, 1u << 24) \
    F(clock_khz, 52, 1, 10000000) \
    F(ddr_bytes_per_us, 56, 1, 10000000)
// clang-format on

typedef struct field {
    uint32_t at;
    uint32_t least;
    uint32_t most;
    const char *name;
} field;

#define ROW(name, at, least, most)    {at, least, most, #name},
#define MEMBER(name, at, least, most) &caps->name,

static const field fields[] = {FIELDS(ROW)};

enum { N_FIELDS = sizeof(fields) / sizeof(fields[0]) };

// kind, name, the fields above, ops; what follows them is a wish, not a fact about a device
_Static_assert(sizeof(void *) != 8 || offsetof(zi_caps, ops) == 16 + 4 * N_FIELDS,
               "every number before ops is in the table");

zurt_status zi_caps_encode(zurt_ctx *ctx, const zi_caps *caps, uint8_t *out)
{
    if (caps->kind != ZI_CAPS_PL)
        return zi_fail(ctx, ZURT_E_ARG, "capability table: '%s' is no PL", caps->name);
    size_t n = strlen(caps->name);
    if (n >= ZI_CAPS_NAME_BYTES)
        return zi_fail(ctx, ZURT_E_ARG, "capability table: the name has %zu bytes, at most %d", n,
                       ZI_CAPS_NAME_BYTES - 1);
    memset(out, 0, ZI_CAPS_BYTES);
    memcpy(out, magic, sizeof(magic) - 1);
    zi_put_u32(out + AT_VERSION, VERSION);
    zi_put_u32(out + AT_SIZE, (uint32_t)ZI_CAPS_BYTES);
    const uint32_t *const members[] = {FIELDS(MEMBER)};
    for (size_t i = 0; i < N_FIELDS; i++)
        zi_put_u32(out + fields[i].at, *members[i]);
    zi_put_u64(out + AT_OPS, caps->ops[0]);
    zi_put_u64(out + AT_OPS + 8, caps->ops[1]);
    memcpy(out + AT_NAME, caps->name, n);
    zi_put_u32(out + AT_CRC, zi_crc32c(0, out + AT_FIELDS, ZI_CAPS_BYTES - AT_FIELDS));
    return ZURT_OK;
}

static zurt_status check_header(zurt_ctx *ctx, zi_bytes table)
{
    if (table.size < AT_FIELDS || memcmp(table.data, magic, sizeof(magic) - 1) != 0)
        return zi_fail(ctx, ZURT_E_FORMAT, "capability table: no table of zurt's");
    uint32_t version = zi_get_u32(table.data + AT_VERSION);
    if (version != VERSION)
        return zi_fail(ctx, ZURT_E_VERSION,
                       "capability table: version %u, this zurt reads %d; build the overlay with "
                       "this zurt's sources, or use the zurt that it came with",
                       version, VERSION);
    uint32_t size = zi_get_u32(table.data + AT_SIZE);
    if (size < ZI_CAPS_BYTES || size > table.size)
        return zi_fail(ctx, ZURT_E_FORMAT, "capability table: says %u bytes, has %zu, needs %zu",
                       size, table.size, ZI_CAPS_BYTES);
    uint32_t crc = zi_crc32c(0, table.data + AT_FIELDS, size - AT_FIELDS);
    if (crc != zi_get_u32(table.data + AT_CRC))
        return zi_fail(ctx, ZURT_E_FORMAT, "capability table: damaged (check sum)");
    return ZURT_OK;
}

zurt_status zi_caps_decode(zurt_ctx *ctx, zi_bytes table, zi_caps_record *out)
{
    *out = (zi_caps_record){.caps = {.kind = ZI_CAPS_PL}};
    zurt_status st = check_header(ctx, table);
    if (st)
        return st;
    zi_caps *caps = &out->caps;
    uint32_t *const members[] = {FIELDS(MEMBER)};
    for (size_t i = 0; i < N_FIELDS; i++) {
        uint32_t v = zi_get_u32(table.data + fields[i].at);
        if (v < fields[i].least || v > fields[i].most)
            return zi_fail(ctx, ZURT_E_FORMAT, "capability table: %s is %u, not in %u..%u",
                           fields[i].name, v, fields[i].least, fields[i].most);
        *members[i] = v;
    }
    out->caps.ops[0] = zi_get_u64(table.data + AT_OPS);
    out->caps.ops[1] = zi_get_u64(table.data + AT_OPS + 8);
    const char *name = (const char *)table.data + AT_NAME;
    if (!name[0] || !memchr(name, 0, ZI_CAPS_NAME_BYTES))
        return zi_fail(ctx, ZURT_E_FORMAT, "capability table: no name");
    memcpy(out->name, name, ZI_CAPS_NAME_BYTES);
    out->caps.name = out->name;
    return ZURT_OK;
}
