/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of op.def as a table. */
#include "graph/op.h"

#include <string.h>

#define SPATIAL ZI_OPF_SPATIAL
#define CLAMP   ZI_OPF_CLAMP
#define MAP     ZI_OPF_MAP
#define BINARY  ZI_OPF_BINARY
#define VIEW    ZI_OPF_VIEW
#define MOVE    ZI_OPF_MOVE
#define SINCE_1 ZI_OPF_SINCE_1

static const zi_op_info rows[ZI_OP_LIMIT] = {
#define ZI_OP_ROW(name, id, in_min, in_max, out_min, out_max, attr, flags, summary)                \
    [id] = {#name, in_min, in_max, out_min, out_max, ZI_ATTR_##attr, flags, summary},
#include "graph/op.def"
#undef ZI_OP_ROW
};

const zi_op_info *zi_op_get(uint32_t op)
{
    return op < ZI_OP_LIMIT && rows[op].name ? &rows[op] : NULL;
}

const char *zi_op_name(uint32_t op)
{
    const zi_op_info *info = zi_op_get(op);
    return info ? info->name : "?";
}

zi_op zi_op_from_name(const char *name)
{
    for (uint32_t op = 0; op < ZI_OP_LIMIT; op++) {
        if (rows[op].name && strcmp(rows[op].name, name) == 0)
            return (zi_op)op;
    }
    return ZI_OP_NONE;
}
