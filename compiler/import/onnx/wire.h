/* SPDX-License-Identifier: Apache-2.0 */
/** @file A look at protobuf bytes before they are unpacked. Private to import/onnx/. */
#ifndef ZC_IMPORT_ONNX_WIRE_H
#define ZC_IMPORT_ONNX_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/ctx.h"

/** Deepest nesting of messages accepted: an If inside an If costs four levels. */
#define ZC_WIRE_MAX_DEPTH 32
/** Most strings, byte fields and messages in one file: each costs far more memory than bytes. */
#define ZC_WIRE_MAX_FIELDS ((size_t)1 << 22)

/**
 * Walks the wire format without recursion, as deep as `type` and its message fields go.
 *
 * protobuf-c recurses once per nested message and trusts the depth, so this comes first.
 * @return ZURT_OK; ZURT_E_FORMAT: damaged, with the byte's offset; ZURT_E_LIMIT: too deep, or too
 *         many fields.
 * Ref: protobuf encoding, https://protobuf.dev/programming-guides/encoding/
 */
zurt_status zc_wire_check(zurt_ctx *ctx, zi_bytes file, const ProtobufCMessageDescriptor *type);

#endif
