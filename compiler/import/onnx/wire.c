/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds the nesting of protobuf bytes before the parser recurses into them. */
#include "import/onnx/wire.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* One open message. */
typedef struct level {
    const ProtobufCMessageDescriptor *type;
    size_t end; // offset behind its last byte
} level;

typedef struct walk {
    zurt_ctx *ctx;
    zi_bytes file;
    size_t at;
    size_t n_fields;
    uint32_t depth;
    level levels[ZC_WIRE_MAX_DEPTH];
} walk;

static zurt_status damaged(const walk *w, const char *what)
{
    return zi_fail(w->ctx, ZURT_E_FORMAT,
                   "onnx: byte %zu: %s; the file is damaged or no ONNX model", w->at, what);
}

static bool read_varint(walk *w, size_t end, uint64_t *out)
{
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 70 && w->at < end; shift += 7) {
        uint8_t byte = w->file.data[w->at++];
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* A length-delimited field: goes inside if it is a message, else behind it. */
static zurt_status enter(walk *w, const level *l, uint32_t number)
{
    uint64_t bytes;
    if (!read_varint(w, l->end, &bytes) || bytes > l->end - w->at)
        return damaged(w, "a field reaches past the end of its message");
    if (++w->n_fields > ZC_WIRE_MAX_FIELDS)
        return zi_fail(w->ctx, ZURT_E_LIMIT, "onnx: more than %zu fields", ZC_WIRE_MAX_FIELDS);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(l->type, number);
    if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE) {
        w->at += (size_t)bytes;
        return ZURT_OK;
    }
    if (w->depth == ZC_WIRE_MAX_DEPTH)
        return zi_fail(w->ctx, ZURT_E_LIMIT,
                       "onnx: byte %zu: messages nested deeper than %d; export without nested "
                       "control flow",
                       w->at, ZC_WIRE_MAX_DEPTH);
    w->levels[w->depth++] = (level){field->descriptor, w->at + (size_t)bytes};
    return ZURT_OK;
}

static zurt_status step(walk *w)
{
    const level l = w->levels[w->depth - 1];
    uint64_t tag, ignored;
    if (!read_varint(w, l.end, &tag) || tag >> 3 == 0 || tag >> 3 >= (1u << 29))
        return damaged(w, "bad field tag");
    switch (tag & 7) {
    case VARINT:
        return read_varint(w, l.end, &ignored) ? ZURT_OK : damaged(w, "cut or overlong number");
    case BYTES:
        return enter(w, &l, (uint32_t)(tag >> 3));
    case FIXED64:
    case FIXED32: {
        size_t bytes = (tag & 7) == FIXED64 ? 8 : 4;
        if (bytes > l.end - w->at)
            return damaged(w, "cut number");
        w->at += bytes;
        return ZURT_OK;
    }
    default:
        return damaged(w, "bad wire type");
    }
}

zurt_status zc_wire_check(zurt_ctx *ctx, zi_bytes file, const ProtobufCMessageDescriptor *type)
{
    walk w = {.ctx = ctx, .file = file, .depth = 1};
    w.levels[0] = (level){type, file.size};
    zurt_status st = ZURT_OK;
    while (!st && w.depth > 0) {
        if (w.at == w.levels[w.depth - 1].end)
            w.depth--;
        else
            st = step(&w);
    }
    return st;
}
