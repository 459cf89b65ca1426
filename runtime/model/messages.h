/* SPDX-License-Identifier: Apache-2.0 */
/** @file Graph and metadata as protobuf messages. Private to model/. Ref: zurt.proto. */
#ifndef ZI_MODEL_MESSAGES_H
#define ZI_MODEL_MESSAGES_H

#include <stdbool.h>

#include <zurt.pb-c.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "graph/graph.h"
#include "model/format.h"
#include "model/model.h"

/**
 * Builds the graph of a GRAPH section and checks it.
 *
 * @param file    of an opened container. The graph's constants point into its weights; if others
 *                may change those, only what feeds sums does: numbers that sizes, indices or proofs
 *                rest on are copied.
 * @param out     free with zi_graph_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_FORMAT; ZURT_E_UNSUPPORTED; ZURT_E_LIMIT; ZURT_E_NOMEM.
 */
zurt_status zi_message_read_graph(zurt_ctx *ctx, const zi_container *file, zi_graph **out);

/** Metadata of a META section, into the arena; without data: the defaults. */
zurt_status zi_message_read_meta(zurt_ctx *ctx, zi_bytes message, zi_arena *arena, zi_meta *out);

/** True if a field came that this version does not know. */
static inline bool zi_message_has_unknown(const ProtobufCMessage *m)
{
    return m->n_unknown_fields > 0;
}

/** Field of Node that has the attributes of the first kind; the others follow, as in attr.def. */
enum { ZI_MESSAGE_ATTR_FIRST = 16 };

/** Attribute of a node's message into `n`, whose op, inputs and outputs are set. */
zurt_status zi_message_read_attr(zurt_ctx *ctx, const zi_graph *g, const Zurt__Node *m, zi_node *n);

/** Attribute of `n` into its message; what `m` points to comes from the arena, or is the node's
 * own. False: out of memory. */
bool zi_message_write_attr(zi_arena *arena, const zi_graph *g, const zi_node *n, Zurt__Node *m);

#endif
