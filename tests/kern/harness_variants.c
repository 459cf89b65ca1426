/* SPDX-License-Identifier: Apache-2.0 */
/* The list of variants: the lines of kernels.def. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "harness.h"

enum { MAX_VARIANTS = 256 };

static kern_variant list[MAX_VARIANTS];
static size_t count;
static uint32_t limit = UINT32_MAX;

void kern_limit_cpu(uint32_t mask)
{
    limit = mask;
}

bool kern_usable(const kern_variant *v)
{
    return (v->need & ~(zi_cpu_detect() & limit)) == 0;
}

uint32_t kern_op_place(const kern_op *op)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (const char *c = op->name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    return (hash ^ hash >> 16) & 0xFFFF;
}

zk_table *kern_add_variant(const kern_op *op, const char *name, uint32_t need)
{
    if (count == MAX_VARIANTS) {
        fprintf(stderr, "kern: more than %d variants\n", MAX_VARIANTS);
        exit(1);
    }
    kern_variant *v = &list[count++];
    v->op = op;
    v->need = need;
    snprintf(v->name, sizeof(v->name), "%s_%s", op->name, name);
    zk_table_init(&v->table, 0);
    return &v->table;
}

kern_variant *kern_variants(size_t *n)
{
    if (!count) {
#define ZK(op_, variant, need_)                                                                    \
    kern_add_variant(&kern_##op_, #variant, need_)->op_ = &zk_##op_##_##variant;
#include "kernels/kernels.def"
#undef ZK
    }
    *n = count;
    return list;
}
