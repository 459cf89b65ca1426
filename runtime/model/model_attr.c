/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of nodes, from a .zurt file and to one, field by field as attr.def has them.
 * Everything is checked as it is read; what an op allows of it, zi_node_infer() knows.
 */
#include <math.h>
#include <string.h>

#include "graph/attr.h"
#include "model/messages.h"

/** Where a message has a field: its first value, or the pointer to a repeated one's. */
typedef struct place {
    size_t value;
    size_t n; // of how many a repeated one has
} place;

/** In the order of zi_attr_fields(), that is of attr.def. */
static const place places[] = {
#define ZI_ATTR_FIELD(kind, Message, member, type, count, field, last, shown)                      \
    {offsetof(Zurt__##Message##Attr, field), offsetof(Zurt__##Message##Attr, last)},
#define ZI_ATTR_CHOICE(kind, Message, member, field, shown, ...)                                   \
    {offsetof(Zurt__##Message##Attr, field), offsetof(Zurt__##Message##Attr, field)},
#include "graph/attr.def"
};

// Several fields of one row stand side by side in the message, as the values do in zi_attr.
enum {
    REPEATED_INTS = 0,
    REPEATED_BITS = 0,
    REPEATED_FLAG = 0,
    REPEATED_NUMBERS = 0,
    REPEATED_REALS = 0,
    REPEATED_OP = 0,
    REPEATED_REAL_LIST = 1,
    REPEATED_AXES = 1,
    REPEATED_DIMS = 1,
    REPEATED_FUNCTIONS = 1,
    REPEATED_FUNCTION_REALS = 1
};

#define ZI_ATTR_FIELD(kind, Message, member, type, count, field, last, shown)                      \
    _Static_assert(REPEATED_##type ||                                                              \
                       offsetof(Zurt__##Message##Attr, last) ==                                    \
                           offsetof(Zurt__##Message##Attr, field) + ((count)-1) * sizeof(int32_t), \
                   #Message "Attr: fields of one row are not side by side");
#include "graph/attr.def"

static const ProtobufCMessageDescriptor *const descriptors[] = {
#define ZI_ATTR_KIND(kind, number, Message) [ZI_ATTR_##kind] = &zurt__##kind##_attr__descriptor,
#include "graph/attr.def"
};

/* The number of the message in the oneof. */
static Zurt__Node__AttrCase case_of(zi_attr_kind kind)
{
    return (Zurt__Node__AttrCase)(kind ? 15u + (unsigned)kind : 0u);
}

/* ---- reading ---- */

typedef struct attr_reader {
    zurt_ctx *ctx;
    const zi_graph *g;
    zi_node *node;
    const char *message;
} attr_reader;

static zurt_status bad(const attr_reader *r, const char *name, const char *what)
{
    return zi_node_fail(r->ctx, r->g, r->node, ZURT_E_FORMAT, "attribute%s%s %s", name ? " " : "",
                        name ? name : "", what);
}

static zurt_status read_numbers(const attr_reader *r, const zi_attr_field *f, const void *from,
                                size_t n, float *to)
{
    const bool infinite = f->type == ZI_FIELD_NUMBERS || f->type == ZI_FIELD_FUNCTION_REALS;
    if (n)
        memcpy(to, from, n * sizeof(*to));
    for (size_t i = 0; i < n; i++) {
        if (isnan(to[i]))
            return bad(r, f->name, "is not a number");
        if (!infinite && !isfinite(to[i]))
            return bad(r, f->name, "is not finite");
    }
    return ZURT_OK;
}

/* Of enumerations: `most` values from 0 on. */
static zurt_status read_choices(const attr_reader *r, const zi_attr_field *f, const uint32_t *from,
                                size_t n, uint32_t most, uint32_t *to)
{
    for (size_t i = 0; i < n; i++) {
        if (from[i] >= most)
            return bad(r, f->name, "has a value that is not known");
        to[i] = from[i];
    }
    return ZURT_OK;
}

/* A repeated field's values; their number is the field's. */
static zurt_status read_list(const attr_reader *r, const zi_attr_field *f, const place *p, void *to)
{
    const void *const *list = (const void *const *)(const void *)(r->message + p->value);
    const size_t n = *(const size_t *)(const void *)(r->message + p->n);
    if (f->type == ZI_FIELD_DIMS) {
        if (n > ZURT_MAX_RANK)
            return bad(r, f->name, "is more than 8");
        r->node->attr.shape.rank = (int32_t)n;
        if (n)
            memcpy(r->node->attr.shape.dims, *list, n * sizeof(int32_t));
        return ZURT_OK;
    }
    const size_t wanted = zi_attr_field_count(r->g, r->node, f);
    if (n != wanted || n > f->count)
        return bad(r, f->name,
                   f->type == ZI_FIELD_AXES        ? "has not one value per axis"
                   : f->type == ZI_FIELD_REAL_LIST ? "has not the number of values it must have"
                                                   : "has not one value per function");
    if (f->type == ZI_FIELD_FUNCTIONS)
        return read_choices(r, f, *list, n, ZI_RNN_N_FUNCTIONS, to);
    if (f->type != ZI_FIELD_AXES)
        return read_numbers(r, f, *list, n, to);
    if (n)
        memcpy(to, *list, n * sizeof(int32_t));
    return ZURT_OK;
}

static zurt_status read_field(const attr_reader *r, const zi_attr_field *f, const place *p)
{
    const void *from = r->message + p->value;
    void *to = (char *)&r->node->attr + f->offset;
    const uint32_t op = *(const uint32_t *)from;
    switch (f->type) {
    case ZI_FIELD_FLAG:
        *(bool *)to = *(const protobuf_c_boolean *)from;
        return ZURT_OK;
    case ZI_FIELD_NUMBERS:
    case ZI_FIELD_REALS:
        return read_numbers(r, f, from, f->count, to);
    case ZI_FIELD_CHOICE:
        return read_choices(r, f, from, 1, (uint32_t)f->count, to);
    case ZI_FIELD_OP:
        if (op != ZI_OP_NONE && !zi_op_get(op))
            return bad(r, f->name, "is unknown: what the table stands for");
        *(int32_t *)to = (int32_t)op;
        return ZURT_OK;
    case ZI_FIELD_INTS:
    case ZI_FIELD_BITS:
        memcpy(to, from, f->count * sizeof(int32_t));
        return ZURT_OK;
    default:
        return read_list(r, f, p, to);
    }
}

zurt_status zi_message_read_attr(zurt_ctx *ctx, const zi_graph *g, const Zurt__Node *m, zi_node *n)
{
    // Pointers of a union: whichever is set, it is there.
    attr_reader r = {ctx, g, n, (const char *)m->conv};
    const zi_attr_kind kind = zi_op_get(n->op)->attr;
    size_t first, n_fields;
    const zi_attr_field *fields = zi_attr_fields(kind, &first, &n_fields);
    if (m->attr_case != case_of(kind))
        return bad(&r, NULL, "is not of the kind that the op takes");
    if (kind && zi_message_has_unknown(&m->conv->base))
        return bad(&r, NULL, "has an unknown field");
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < n_fields; i++)
        st = read_field(&r, &fields[i], &places[first + i]);
    return st;
}

/* ---- writing ---- */

/* Lists are borrowed from the node: the message does not outlive it. */
static void write_field(const zi_graph *g, const zi_node *n, const zi_attr_field *f, const place *p,
                        char *message)
{
    const void *from = (const char *)&n->attr + f->offset;
    void *to = message + p->value;
    switch (f->type) {
    case ZI_FIELD_FLAG:
        *(protobuf_c_boolean *)to = *(const bool *)from;
        break;
    case ZI_FIELD_INTS:
    case ZI_FIELD_BITS:
    case ZI_FIELD_NUMBERS:
    case ZI_FIELD_REALS:
    case ZI_FIELD_CHOICE:
    case ZI_FIELD_OP:
        memcpy(to, from, (f->words ? 1 : f->count) * sizeof(int32_t));
        break;
    case ZI_FIELD_REAL_LIST:
    case ZI_FIELD_AXES:
    case ZI_FIELD_DIMS:
    case ZI_FIELD_FUNCTIONS:
    case ZI_FIELD_FUNCTION_REALS:
        *(size_t *)(void *)(message + p->n) = zi_attr_field_count(g, n, f);
        *(const void **)to = f->type == ZI_FIELD_DIMS ? n->attr.shape.dims : from;
        break;
    }
}

bool zi_message_write_attr(zi_arena *arena, const zi_graph *g, const zi_node *n, Zurt__Node *m)
{
    const zi_attr_kind kind = zi_op_get(n->op)->attr;
    size_t first, n_fields;
    const zi_attr_field *fields = zi_attr_fields(kind, &first, &n_fields);
    m->attr_case = case_of(kind);
    if (!kind)
        return true;
    void *message = zi_arena_alloc(arena, descriptors[kind]->sizeof_message);
    if (!message)
        return false;
    protobuf_c_message_init(descriptors[kind], message);
    for (size_t i = 0; i < n_fields; i++)
        write_field(g, n, &fields[i], &places[first + i], message);
    m->conv = message;
    return true;
}
