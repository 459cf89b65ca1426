/* SPDX-License-Identifier: Apache-2.0 */
/** @file Attributes of nodes, and what is known of each of them. Rows: graph/attr.def. */
#ifndef ZI_GRAPH_ATTR_H
#define ZI_GRAPH_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zurt/zurt.h>

#include "graph/op.h"

/* The types of attributes that are words: `typedef enum zi_pad_mode { ZI_PAD_CONSTANT = 0, ...`. */
#define ZI_ATTR_WORDS(type)                     typedef enum type {
#define ZI_ATTR_WORD(type, value, number, word) value = (number),
#define ZI_ATTR_WORDS_END(type)                                                                    \
    }                                                                                              \
    type;
#include "graph/attr.def"

/** A value of an attribute and what it is called. */
typedef struct zi_word {
    const char *word;
    int value;
} zi_word;

/* `zi_pad_mode_words`: by value; a row without a word is the last. */
#define ZI_ATTR_WORDS(type) extern const zi_word type##_words[];
#include "graph/attr.def"

/** What a value is called; "?" if it is none of them. */
const char *zi_word_of(const zi_word *words, int64_t value);

enum { ZI_RNN_MOST_FUNCTIONS = 6, ZI_RNN_N_FUNCTIONS = ZI_RNN_SOFTPLUS + 1 };

/** Whether the formula of a function has an alpha, a beta. */
typedef struct zi_rnn_function_row {
    bool has_alpha, has_beta;
} zi_rnn_function_row;

const zi_rnn_function_row *zi_rnn_function_get(zi_rnn_function function);

/** Gates of a recurrent op, in one direction. */
static inline int32_t zi_rnn_gates(zi_op op)
{
    return op == ZI_OP_LSTM ? 4 : op == ZI_OP_GRU ? 3 : 1;
}

/** Functions of a recurrent op, in one direction. */
static inline int32_t zi_rnn_functions(zi_op op)
{
    return op == ZI_OP_LSTM ? 3 : op == ZI_OP_GRU ? 2 : 1;
}

/* `typedef struct zi_attr_conv { int32_t stride[2]; ...`; attr.def says what members mean. */
#define ZI_ATTR_KIND(kind, id) typedef struct zi_attr_##kind {
#define ZI_ATTR_ROW(kind, type, member, dimension, form, held, range, usual, ops)                  \
    type member dimension;
#define ZI_ATTR_KIND_END(kind)                                                                     \
    }                                                                                              \
    zi_attr_##kind;
#include "graph/attr.def"

typedef union zi_attr {
#define ZI_ATTR_KIND(kind, id) zi_attr_##kind kind;
#include "graph/attr.def"
} zi_attr;

/** How the values of an attribute read. All take 4 bytes but a flag, which is a bool. */
typedef enum zi_attr_form {
    ZI_FORM_WHOLE,
    ZI_FORM_MASK,
    ZI_FORM_REAL,
    ZI_FORM_FLAG,
    ZI_FORM_WORD,
    ZI_FORM_OP
} zi_attr_form;

/** How a message has the values: attr.def explains the names. */
typedef enum zi_attr_held {
    ZI_HELD_APART,
    ZI_HELD_LIST,
    ZI_HELD_PER_AXIS,
    ZI_HELD_PER_FUNCTION,
    ZI_HELD_COUNTED,
    ZI_HELD_LENGTH
} zi_attr_held;

enum { ZI_ATTR_MOST_OPS = 2 };

/** A row of attr.def. */
typedef struct zi_attr_field {
    const char *name; /**< the member's */
    size_t offset;    /**< from the start of zi_attr */
    size_t bytes;     /**< of the whole member */
    zi_attr_form form;
    const zi_word *words; /**< of ZI_FORM_WORD */
    zi_attr_held held;
    double least, greatest;         /**< a real number may be infinite where these are */
    double usual;                   /**< NaN: none; infinite: hidden in print */
    uint32_t ops[ZI_ATTR_MOST_OPS]; /**< those that have it; all 0: every op of the kind */
} zi_attr_field;

/** The rows of a kind, in order. */
const zi_attr_field *zi_attr_fields(zi_attr_kind kind, size_t *count);

/** Whether the attribute means something for the op, which is of its kind. */
bool zi_attr_has_op(const zi_attr_field *field, zi_op op);

/** Bytes of one value. */
static inline size_t zi_attr_value_bytes(const zi_attr_field *field)
{
    return field->form == ZI_FORM_FLAG ? sizeof(bool) : sizeof(int32_t);
}

/** Value i, as a double, which holds every one of them. */
double zi_attr_value(const zi_attr *attr, const zi_attr_field *field, size_t i);

#endif
