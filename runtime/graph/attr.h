/* SPDX-License-Identifier: Apache-2.0 */
/** @file Attributes as a table, for those that walk all of them. Rows: graph/attr.def. */
#ifndef ZI_GRAPH_ATTR_H
#define ZI_GRAPH_ATTR_H

#include "graph/graph.h"

typedef enum zi_field_type {
    ZI_FIELD_INTS,           /**< int32 */
    ZI_FIELD_BITS,           /**< uint32 */
    ZI_FIELD_FLAG,           /**< bool */
    ZI_FIELD_NUMBERS,        /**< float, not NaN */
    ZI_FIELD_REALS,          /**< float, finite */
    ZI_FIELD_REAL_LIST,      /**< float, finite; a repeated field of the message */
    ZI_FIELD_CHOICE,         /**< an enumeration */
    ZI_FIELD_AXES,           /**< int32, one for each axis of input 0; repeated */
    ZI_FIELD_DIMS,           /**< a rank and its int32 dims, as zi_attr_shape has them; repeated */
    ZI_FIELD_OP,             /**< int32, a zi_op or ZI_OP_NONE */
    ZI_FIELD_FUNCTIONS,      /**< zi_rnn_function, one for each that the op has; repeated */
    ZI_FIELD_FUNCTION_REALS, /**< float, not NaN, for each function; repeated */
} zi_field_type;

typedef struct zi_attr_field {
    const char *name;
    zi_field_type type;
    size_t offset;            /**< of its first value in zi_attr */
    size_t count;             /**< of values; CHOICE: of words */
    double shown;             /**< not printed where all values are this; NaN: always printed */
    const char *const *words; /**< of CHOICE; else NULL */
} zi_attr_field;

/** The fields of a kind, in the order of attr.def; *n of them, *first is the number of the first
 *  among all. */
const zi_attr_field *zi_attr_fields(zi_attr_kind kind, size_t *first, size_t *n);

/** Values that a field of a node has: `count`, or as many as input 0 has axes, or the op has
 *  functions. At most ZURT_MAX_RANK. */
size_t zi_attr_field_count(const zi_graph *g, const zi_node *n, const zi_attr_field *field);

#endif
