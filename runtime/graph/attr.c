/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of attr.def as tables, and the ranges of attributes. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/graph.h"

#define ZI_ATTR_WORDS(type)                     const zi_word type##_words[] = {
#define ZI_ATTR_WORD(type, value, number, word) [number] = {word, number},
#define ZI_ATTR_WORDS_END(type)                                                                    \
    {                                                                                              \
        NULL, 0                                                                                    \
    }                                                                                              \
    }                                                                                              \
    ;
#include "graph/attr.def"

#define WHOLE                 .form = ZI_FORM_WHOLE
#define MASK                  .form = ZI_FORM_MASK
#define REAL                  .form = ZI_FORM_REAL
#define FLAG                  .form = ZI_FORM_FLAG
#define WORD(type)            .form = ZI_FORM_WORD, .words = type##_words
#define OP                    .form = ZI_FORM_OP
#define FROM(first, last)     .least = (double)(first), .greatest = (double)(last)
#define ANY                   FROM(INT32_MIN, UINT32_MAX)
#define NUMBER                FROM(-INFINITY, INFINITY)
#define FINITE                FROM(-FLT_MAX, FLT_MAX)
#define NONE                  NAN
#define HIDDEN                INFINITY
#define EVERY                 0
#define ONLY(op)              ZI_OP_##op
#define EITHER(first, second) ZI_OP_##first, ZI_OP_##second

#define ZI_ATTR_KIND(kind, id) static const zi_attr_field kind##_fields[] = {
#define ZI_ATTR_ROW(kind, type, member, dimension, form_, held_, range, usual_, ops_)              \
    {.name = #member,                                                                              \
     .offset = offsetof(zi_attr, kind.member),                                                     \
     .bytes = sizeof(((zi_attr *)0)->kind.member),                                                 \
     form_,                                                                                        \
     .held = ZI_HELD_##held_,                                                                      \
     range,                                                                                        \
     .usual = (double)(usual_),                                                                    \
     .ops = {ops_}},
#define ZI_ATTR_KIND_END(kind)                                                                     \
    }                                                                                              \
    ;
#include "graph/attr.def"

static const struct kind_row {
    const zi_attr_field *fields;
    size_t count;
} kinds[] = {
#define ZI_ATTR_KIND(kind, id)                                                                     \
    [id] = {kind##_fields, sizeof(kind##_fields) / sizeof(zi_attr_field)},
#include "graph/attr.def"
};

_Static_assert(sizeof(zi_pad_mode) == sizeof(int32_t), "words are stored in 4 bytes");

/** NULL if the value is none of them. */
static const char *find_word(const zi_word *words, int64_t value)
{
    for (; words->word; words++) {
        if (words->value == value)
            return words->word;
    }
    return NULL;
}

const char *zi_word_of(const zi_word *words, int64_t value)
{
    const char *word = find_word(words, value);
    return word ? word : "?";
}

const zi_attr_field *zi_attr_fields(zi_attr_kind kind, size_t *count)
{
    *count = kinds[kind].count;
    return kinds[kind].fields;
}

bool zi_attr_has_op(const zi_attr_field *field, zi_op op)
{
    return !field->ops[0] || field->ops[0] == (uint32_t)op || field->ops[1] == (uint32_t)op;
}

double zi_attr_value(const zi_attr *attr, const zi_attr_field *field, size_t i)
{
    const char *at = (const char *)attr + field->offset + i * zi_attr_value_bytes(field);
    bool flag;
    float real;
    uint32_t mask;
    int32_t whole;
    switch (field->form) {
    case ZI_FORM_FLAG:
        memcpy(&flag, at, sizeof(flag));
        return flag ? 1.0 : 0.0;
    case ZI_FORM_REAL:
        memcpy(&real, at, sizeof(real));
        return (double)real;
    case ZI_FORM_MASK:
        memcpy(&mask, at, sizeof(mask));
        return (double)mask;
    case ZI_FORM_WHOLE:
    case ZI_FORM_WORD:
    case ZI_FORM_OP:
        break;
    }
    memcpy(&whole, at, sizeof(whole));
    return (double)whole;
}

/** As many as the node's form of the op asks for. */
static size_t wanted(const zi_graph *g, const zi_node *n, const zi_attr_field *field)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    switch (field->held) {
    case ZI_HELD_PER_AXIS:
        return x && x->rank > 0 ? (size_t)x->rank : 0;
    case ZI_HELD_PER_FUNCTION:
        return (size_t)zi_rnn_functions(n->op) *
               (n->attr.rnn.direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1);
    case ZI_HELD_COUNTED: // by the row in front
        return zi_attr_value(&n->attr, field - 1, 0) > 0
                   ? (size_t)zi_attr_value(&n->attr, field - 1, 0)
                   : 0;
    case ZI_HELD_APART:
    case ZI_HELD_LIST:
    case ZI_HELD_LENGTH:
        break;
    }
    return field->bytes / zi_attr_value_bytes(field);
}

size_t zi_attr_count(const zi_graph *g, const zi_node *n, const zi_attr_field *field)
{
    const size_t most = field->bytes / zi_attr_value_bytes(field), count = wanted(g, n, field);
    return count < most ? count : most;
}

static zurt_status refuse_value(zurt_ctx *ctx, const zi_graph *g, const zi_node *n,
                                const zi_attr_field *field, double value)
{
    const char *name = field->name;
    if (isnan(value))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "attribute '%s' is not a number", name);
    if (isinf(value))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "attribute '%s' is not finite", name);
    if (field->form == ZI_FORM_WORD || field->form == ZI_FORM_OP)
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "attribute '%s' is %.0f, which means nothing",
                            name, value);
    if (isinf(field->greatest))
        return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "attribute '%s' is %.9g, must be %g or more",
                            name, value, field->least);
    return zi_node_fail(ctx, g, n, ZURT_E_FORMAT, "attribute '%s' is %.0f, must be %.0f to %.0f",
                        name, value, field->least, field->greatest);
}

static bool is_allowed(const zi_attr_field *field, double value)
{
    if (field->form == ZI_FORM_WORD)
        return find_word(field->words, (int64_t)value) != NULL;
    if (field->form == ZI_FORM_OP)
        return value == ZI_OP_NONE || (value > 0 && zi_op_get((uint32_t)value));
    return value >= field->least && value <= field->greatest;
}

zurt_status zi_attr_check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    size_t n_fields;
    const zi_attr_field *fields = zi_attr_fields(zi_op_get((uint32_t)n->op)->attr, &n_fields);
    for (size_t f = 0; f < n_fields; f++) {
        const size_t count =
            zi_attr_has_op(&fields[f], n->op) ? zi_attr_count(g, n, &fields[f]) : 0;
        for (size_t i = 0; i < count; i++) {
            const double value = zi_attr_value(&n->attr, &fields[f], i);
            if (!is_allowed(&fields[f], value))
                return refuse_value(ctx, g, n, &fields[f], value);
        }
    }
    return ZURT_OK;
}
