/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes from and to a .zurt file: the rows of attr.def beside the fields of messages,
 * one after the other. tests/unit/test_attr.c holds the two against each other. */
#include <string.h>

#include "model/messages.h"

/** The field of a node's message that has the attributes of a kind. */
static unsigned field_number(zi_attr_kind kind)
{
    return kind ? ZI_MESSAGE_ATTR_FIRST + (unsigned)kind - 1 : 0;
}

static const ProtobufCFieldDescriptor *slot_of(zi_attr_kind kind)
{
    return protobuf_c_message_descriptor_get_field(&zurt__node__descriptor, field_number(kind));
}

static zurt_status bad(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, const char *what)
{
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "attribute: %s", what);
}

/* ---- read ----------------------------------------------------------------------------------- */

static void read_value(const zi_attr_field *field, const void *from, char *to)
{
    protobuf_c_boolean flag;
    if (field->form != ZI_FORM_FLAG) {
        memcpy(to, from, sizeof(int32_t));
        return;
    }
    memcpy(&flag, from, sizeof(flag));
    *(bool *)(void *)to = flag != 0;
}

/** A list of as many elements as the attribute takes; one that is counted says it itself. */
static zurt_status read_list(zurt_ctx *ctx, const zi_graph *g, zi_node *n,
                             const zi_attr_field *field, const char *message,
                             const ProtobufCFieldDescriptor *from)
{
    char *to = (char *)&n->attr + field->offset;
    const void *list;
    size_t count;
    memcpy(&count, message + from->quantifier_offset, sizeof(count));
    memcpy(&list, message + from->offset, sizeof(list));
    if (field->held == ZI_HELD_COUNTED && count <= field->bytes / sizeof(int32_t)) {
        const int32_t length = (int32_t)count;
        memcpy((char *)&n->attr + (field - 1)->offset, &length, sizeof(length));
    }
    const size_t wanted = zi_attr_count(g, n, field);
    if (count != wanted)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT,
                            "attribute '%s' has %zu values, must have %zu", field->name, count,
                            wanted);
    if (count)
        memcpy(to, list, count * sizeof(int32_t));
    return ZURT_OK;
}

zurt_status zi_message_read_attr(zurt_ctx *ctx, const zi_graph *g, const Zurt__Node *m, zi_node *n)
{
    const zi_attr_kind kind = zi_op_get(n->op)->attr;
    const ProtobufCMessage *message;
    size_t n_fields;
    const zi_attr_field *fields = zi_attr_fields(kind, &n_fields);
    if ((unsigned)m->attr_case != field_number(kind))
        return bad(ctx, g, n, "not of the kind that the op takes");
    if (kind == ZI_ATTR_none)
        return ZURT_OK;
    memcpy(&message, (const char *)m + slot_of(kind)->offset, sizeof(message));
    if (zi_message_has_unknown(message))
        return bad(ctx, g, n, "unknown field");
    const ProtobufCFieldDescriptor *from = message->descriptor->fields;
    zurt_status st = ZURT_OK;
    for (size_t f = 0; f < n_fields && !st; f++) {
        const zi_attr_field *field = &fields[f];
        char *to = (char *)&n->attr + field->offset;
        const size_t value_bytes = zi_attr_value_bytes(field);
        if (field->held == ZI_HELD_LENGTH)
            continue; // read_list() says it
        if (field->held != ZI_HELD_APART) {
            st = read_list(ctx, g, n, field, (const char *)message, from++);
            continue;
        }
        for (size_t at = 0; at < field->bytes; at += value_bytes, from++)
            read_value(field, (const char *)message + from->offset, to + at);
    }
    return st; // ranges: zi_attr_check(), with the graph
}

/* ---- write ---------------------------------------------------------------------------------- */

static void write_value(const zi_attr_field *field, const char *from, void *to)
{
    if (field->form != ZI_FORM_FLAG) {
        memcpy(to, from, sizeof(int32_t));
        return;
    }
    const protobuf_c_boolean flag = *(const bool *)(const void *)from;
    memcpy(to, &flag, sizeof(flag));
}

/* Lists are borrowed from the node: the message does not outlive it. */
bool zi_message_write_attr(zi_arena *arena, const zi_graph *g, const zi_node *n, Zurt__Node *m)
{
    const zi_attr_kind kind = zi_op_get(n->op)->attr;
    size_t n_fields;
    const zi_attr_field *fields = zi_attr_fields(kind, &n_fields);
    m->attr_case = (Zurt__Node__AttrCase)field_number(kind);
    if (kind == ZI_ATTR_none)
        return true;
    const ProtobufCMessageDescriptor *type = slot_of(kind)->descriptor;
    char *message = zi_arena_alloc(arena, type->sizeof_message);
    if (!message)
        return false;
    type->message_init((ProtobufCMessage *)(void *)message);
    memcpy((char *)m + slot_of(kind)->offset, &message, sizeof(message));
    const ProtobufCFieldDescriptor *to = type->fields;
    for (size_t f = 0; f < n_fields; f++) {
        const zi_attr_field *field = &fields[f];
        const char *from = (const char *)&n->attr + field->offset;
        const size_t count = zi_attr_count(g, n, field), value_bytes = zi_attr_value_bytes(field);
        if (field->held == ZI_HELD_LENGTH)
            continue;
        if (field->held != ZI_HELD_APART) {
            memcpy(message + to->quantifier_offset, &count, sizeof(count));
            memcpy(message + to++->offset, &from, sizeof(from));
            continue;
        }
        for (size_t i = 0; i < count; i++, to++)
            write_value(field, from + i * value_bytes, message + to->offset);
    }
    return true;
}
