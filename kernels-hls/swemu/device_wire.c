/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the frames between XRT's shim and the device process. */
#include "device_wire.h"

#include <stdlib.h>
#include <string.h>

enum { TYPE_VARINT = 0, TYPE_FIXED64 = 1, TYPE_BYTES = 2, TYPE_FIXED32 = 5 };

static uint64_t get_le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static bool get_varint(wire_reader *r, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        uint8_t b = *r->at++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool get_fixed(wire_reader *r, size_t n, uint64_t *out)
{
    if ((size_t)(r->end - r->at) < n)
        return false;
    *out = get_le(r->at, n);
    r->at += n;
    return true;
}

bool wire_next(wire_reader *r, wire_field *out)
{
    uint64_t key;
    *out = (wire_field){0};
    if (!get_varint(r, &key) || key >> 3 > UINT32_MAX)
        return false;
    out->number = (uint32_t)(key >> 3);
    switch (key & 7) {
    case TYPE_VARINT:
        return get_varint(r, &out->value);
    case TYPE_FIXED64:
        return get_fixed(r, 8, &out->value);
    case TYPE_FIXED32:
        return get_fixed(r, 4, &out->value);
    case TYPE_BYTES:
        if (!get_varint(r, &out->value) || out->value > (uint64_t)(r->end - r->at))
            return false;
        out->bytes = r->at;
        out->size = (size_t)out->value;
        r->at += out->size;
        return true;
    default:
        return false;
    }
}

/* Room for n more bytes; false once memory was refused. */
static bool reserve(wire_reply *r, size_t n)
{
    if (!r->failed && n > r->capacity - r->size) {
        size_t capacity = (r->size + n) * 2;
        uint8_t *grown = realloc(r->bytes, capacity);
        r->failed = grown == NULL;
        if (grown) {
            r->bytes = grown;
            r->capacity = capacity;
        }
    }
    return !r->failed;
}

static void put_varint(wire_reply *r, uint64_t v)
{
    if (!reserve(r, 10))
        return;
    do {
        uint8_t b = v & 0x7f;
        v >>= 7;
        r->bytes[r->size++] = (uint8_t)(b | (v ? 0x80 : 0));
    } while (v);
}

void wire_begin(wire_reply *r)
{
    r->size = 0;
    r->failed = false;
    if (reserve(r, WIRE_REPLY_HEADER))
        r->size = WIRE_REPLY_HEADER;
}

void wire_add_number(wire_reply *r, uint32_t number, uint64_t value)
{
    put_varint(r, (uint64_t)number << 3 | TYPE_VARINT);
    put_varint(r, value);
}

uint8_t *wire_add_space(wire_reply *r, uint32_t number, size_t size)
{
    put_varint(r, (uint64_t)number << 3 | TYPE_BYTES);
    put_varint(r, size);
    if (!reserve(r, size))
        return NULL;
    uint8_t *space = r->bytes + r->size;
    r->size += size;
    return space;
}

void wire_end(wire_reply *r)
{
    if (r->failed)
        return;
    uint64_t body = r->size - WIRE_REPLY_HEADER;
    r->bytes[0] = 1 << 3 | TYPE_FIXED64;
    for (int i = 0; i < 8; i++)
        r->bytes[1 + i] = (uint8_t)(body >> (8 * i));
}

bool wire_call_header(const uint8_t *header, uint64_t *body_size, uint32_t *call)
{
    if (header[0] != (1 << 3 | TYPE_FIXED64) || header[9] != (2 << 3 | TYPE_FIXED32))
        return false;
    *body_size = get_le(header + 1, 8);
    *call = (uint32_t)get_le(header + 10, 4);
    return true;
}
