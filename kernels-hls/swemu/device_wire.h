/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The messages between XRT's software-emulation shim and its device process: proto2 wire format in
 * frames. A call is a 14-byte header (fixed64 body length, fixed32 call number) and a body; a reply
 * a 9-byte header (body length alone: the shim reads no more) and a body.
 */
#ifndef SWEMU_WIRE_H
#define SWEMU_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_CALL_HEADER = 14, WIRE_REPLY_HEADER = 9 };

/** One field of a message: a number (varint, fixed) or bytes. */
typedef struct wire_field {
    uint32_t number;
    uint64_t value;
    const uint8_t *bytes; /**< length-delimited only; points into the message */
    size_t size;
} wire_field;

/** A message being read. */
typedef struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
} wire_reader;

/** Next field; false at the end or at bytes that are no field. */
bool wire_next(wire_reader *r, wire_field *out);

/** A reply being built; reused from call to call. */
typedef struct wire_reply {
    uint8_t *bytes; /**< header and body */
    size_t size;
    size_t capacity;
    bool failed; /**< memory was refused; nothing more is added */
} wire_reply;

void wire_begin(wire_reply *r);
void wire_add_number(wire_reply *r, uint32_t number, uint64_t value);
/** Space for a bytes field of `size`, to be filled by the caller; NULL if memory is refused. */
uint8_t *wire_add_space(wire_reply *r, uint32_t number, size_t size);
/** Writes the header's length; then r->bytes, r->size is what goes to the socket. */
void wire_end(wire_reply *r);

/** Takes a call header apart; false if it is none. */
bool wire_call_header(const uint8_t *header, uint64_t *body_size, uint32_t *call);

#endif
