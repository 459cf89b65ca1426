/* SPDX-License-Identifier: Apache-2.0 */
/** @file The capability table as bytes: the form in which it ships inside an xclbin. */
#ifndef ZI_PLAN_CAPS_IO_H
#define ZI_PLAN_CAPS_IO_H

#include "base/bytes.h"
#include "plan/plan.h"

#define ZI_CAPS_NAME_BYTES 32
/** Bytes of a table as this version writes it. */
#define ZI_CAPS_BYTES ((size_t)112)

/** A table that was read, with the name that it points to: not to be copied. */
typedef struct zi_caps_record {
    zi_caps caps;
    char name[ZI_CAPS_NAME_BYTES];
} zi_caps_record;

/**
 * Writes a PL's table.
 *
 * @param out ZI_CAPS_BYTES.
 * @return ZURT_OK; ZURT_E_ARG: not a PL's, or the name is longer than 31 bytes.
 * Ref: docs/format.md, "Capability table".
 */
zurt_status zi_caps_encode(zurt_ctx *ctx, const zi_caps *caps, uint8_t *out);

/**
 * Reads a table; bytes beyond those known are ignored.
 *
 * @return ZURT_OK; ZURT_E_FORMAT: damaged or not a table, or a value that no engine has;
 *         ZURT_E_VERSION: written by another version.
 */
zurt_status zi_caps_decode(zurt_ctx *ctx, zi_bytes table, zi_caps_record *out);

#endif
