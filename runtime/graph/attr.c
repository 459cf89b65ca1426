/* SPDX-License-Identifier: Apache-2.0 */
/* The table of attributes. */
#include "graph/attr.h"

#include <math.h>

#define ALWAYS NAN

static const zi_attr_field fields[] = {
#define ZI_ATTR_FIELD(kind, Message, member, type, count, field, last, shown)                      \
    {#member, ZI_FIELD_##type, offsetof(zi_attr, kind.member), count, shown, NULL},
#define ZI_ATTR_CHOICE(kind, Message, member, field, shown, ...)                                   \
    {#member,                                                                                      \
     ZI_FIELD_CHOICE,                                                                              \
     offsetof(zi_attr, kind.member),                                                               \
     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *),                            \
     shown,                                                                                        \
     (const char *const[]){__VA_ARGS__}},
#include "graph/attr.def"
};

/** Of each field, its kind: rows of a kind stand side by side. */
static const uint8_t kinds[] = {
#define ZI_ATTR_FIELD(kind, Message, member, type, count, field, last, shown) ZI_ATTR_##kind,
#define ZI_ATTR_CHOICE(kind, Message, member, field, shown, ...)              ZI_ATTR_##kind,
#include "graph/attr.def"
};

const zi_attr_field *zi_attr_fields(zi_attr_kind kind, size_t *first, size_t *n)
{
    *first = *n = 0;
    while (*first < sizeof(kinds) && kinds[*first] != kind)
        ++*first;
    while (*first + *n < sizeof(kinds) && kinds[*first + *n] == kind)
        ++*n;
    return fields + *first;
}

size_t zi_attr_field_count(const zi_graph *g, const zi_node *n, const zi_attr_field *field)
{
    const bool both = n->attr.rnn.direction == ZI_RNN_BIDIRECTIONAL;
    switch (field->type) {
    case ZI_FIELD_CHOICE:
        return 1;
    case ZI_FIELD_AXES:
        return zi_node_in(g, n, 0) ? (size_t)zi_node_in(g, n, 0)->rank : 0;
    case ZI_FIELD_DIMS:
        return (size_t)n->attr.shape.rank;
    case ZI_FIELD_FUNCTIONS:
    case ZI_FIELD_FUNCTION_REALS:
        return (size_t)zi_rnn_functions(n->op) * (both ? 2 : 1);
    default:
        return field->count;
    }
}
