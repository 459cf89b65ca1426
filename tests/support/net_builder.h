/* SPDX-License-Identifier: Apache-2.0 */
/** @file Random int8 graphs node by node. A failure is kept in `failed`; later calls do nothing. */
#ifndef ZT_NET_BUILDER_H
#define ZT_NET_BUILDER_H

#include "graph/graph.h"
#include "support/bytes_source.h"

enum { ZT_NET_TENSORS = 64 };

typedef struct zt_net {
    zurt_ctx *ctx;
    zt_source *source;
    zi_graph *g;
    zi_id tensors[ZT_NET_TENSORS]; /**< pictures so far */
    uint32_t n;
    bool failed;
} zt_net;

static inline zi_tensor *zt_net_picture(const zt_net *b, zi_id id)
{
    return &b->g->tensors[id];
}

void zt_net_set_quant(zt_net *b, zi_id id, float scale, int32_t zero);
/** A constant of random values of `bits` bits. */
zi_id zt_net_constant(zt_net *b, zurt_dtype dtype, int32_t rank, const int32_t *dims, int32_t bits);
/** Appends a node; a refused one is taken back. The output joins the pictures. */
void zt_net_append(zt_net *b, zi_op op, const zi_attr *attr, const zi_id *in, uint32_t n_in,
                   float scale, int32_t zero);

#endif
