/* SPDX-License-Identifier: Apache-2.0 */
/** @file The op table: what ops exist, their arity and their nature. Rows: graph/op.def. */
#ifndef ZI_GRAPH_OP_H
#define ZI_GRAPH_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum zi_op {
    ZI_OP_NONE = 0, /**< a removed node; never in a checked graph */
#define ZI_OP_ROW(name, id, in_min, in_max, out_min, out_max, attr, flags, summary)                \
    ZI_OP_##name = id,
#include "graph/op.def"
#undef ZI_OP_ROW
    ZI_OP_LIMIT = 128 /**< all ids are below */
} zi_op;

/** Which member of zi_attr an op uses. Values are pinned: they stand in `.zurt` files. */
typedef enum zi_attr_kind {
    ZI_ATTR_none = 0,
#define ZI_ATTR_KIND(kind, id) ZI_ATTR_##kind = (id),
#include "graph/attr.def"
} zi_attr_kind;

enum {
    ZI_OPF_SPATIAL = 1 << 0,
    ZI_OPF_CLAMP = 1 << 1,
    ZI_OPF_MAP = 1 << 2,
    ZI_OPF_BINARY = 1 << 3,
    ZI_OPF_VIEW = 1 << 4,
    ZI_OPF_MOVE = 1 << 5,
    ZI_OPF_SINCE_1 = 1 << 6
};

typedef struct zi_op_info {
    const char *name;
    uint32_t in_min, in_max; /**< in_max 0: no limit */
    uint32_t out_min, out_max;
    zi_attr_kind attr;
    uint32_t flags; /**< ZI_OPF_* */
    const char *summary;
} zi_op_info;

/** The row of an op; NULL for ZI_OP_NONE and for ids without a row. */
const zi_op_info *zi_op_get(uint32_t op);

/** "Conv"; "?" without a row. */
const char *zi_op_name(uint32_t op);

/** The op of that name; ZI_OP_NONE if there is none. */
zi_op zi_op_from_name(const char *name);

static inline bool zi_op_has(zi_op op, uint32_t flag)
{
    const zi_op_info *info = zi_op_get(op);
    return info && (info->flags & flag);
}

#endif
