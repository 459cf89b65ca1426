/* SPDX-License-Identifier: Apache-2.0 */
/** @file A loaded `.zurt`: graph, metadata and the bytes both live in. Format: docs/format.md. */
#ifndef ZI_MODEL_MODEL_H
#define ZI_MODEL_MODEL_H

#include "base/ctx.h"
#include "base/file.h"
#include "graph/graph.h"

/** What a model carries beside its graph. Strings and arrays live in the owner's arena. */
typedef struct zi_meta {
    zurt_norm norm;
    const char *description; /**< never NULL */
    const char **labels;
    size_t n_labels;
} zi_meta;

struct zurt_model {
    zurt_allocator allocator;
    zi_file file;    /**< zeroed if the bytes are the caller's */
    zi_graph *graph; /**< its constants point into the file's bytes */
    zi_meta meta;    /**< in graph->arena */
    zurt_tensor_info *inputs;
    zurt_tensor_info *outputs;
};

/** What the public API says about a tensor (shared with the compiler's graph queries). */
void zi_tensor_info_of(const zi_tensor *t, zurt_tensor_info *out);
/** What the public API says about a node. */
void zi_node_info_of(const zi_graph *g, const zi_node *n, zurt_node_info *out);

/** No normalisation: mean 0, std 1, given channel count clamped to 1..4, RGB order. */
zurt_norm zi_norm_none(int32_t channels);
/** What every normalisation keeps to, read or given; `code` if one does not. */
zurt_status zi_norm_check(zurt_ctx *ctx, const zurt_norm *norm, zurt_status code);

/**
 * Writes graph and metadata as the bytes of a `.zurt` file: same input, same bytes.
 * (Emitting is in model/, not in the compiler, so that format knowledge has one home.)
 * @param out from the ctx's allocator with ZI_ALIGN; free with zi_free.
 * @return ZURT_OK; ZURT_E_NOMEM; ZURT_E_LIMIT; ZURT_E_ARG: the graph fails zi_graph_check.
 */
zurt_status zi_model_write(zurt_ctx *ctx, const zi_graph *g, const zi_meta *meta, uint8_t **out,
                           size_t *out_size);

#endif
