/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The graph: tensors, nodes and their attributes; float, int8 or mixed.
 *
 * One form serves import, passes, quantiser, file and runtime. Conventions:
 * - Spatial ops (Conv, pools, Resize, ...) are NHWC; their weights are OHWI. Everything else takes
 *   any rank up to ZURT_MAX_RANK and names its axes, which are never negative.
 * - What shapes depend on is an attribute, never a tensor: a graph is fully shaped.
 * - A tensor with `quant.n` > 0 is quantised: real = scale * (q - zero_point). Integer tensors
 *   without it are plain integers. The types of its tensors decide how a node computes.
 * - Nodes stand in execution order. A tensor is written by at most one node; constants and
 *   graph inputs by none.
 * - Everything a graph points to lives in its arena, or (constants) outlives it.
 */
#ifndef ZI_GRAPH_GRAPH_H
#define ZI_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zurt/zurt.h>

#include "base/arena.h"
#include "base/ctx.h"
#include "graph/attr.h"
#include "graph/op.h"

/** Index of a tensor or node; ZI_NONE where an optional input is absent. */
typedef uint32_t zi_id;
#define ZI_NONE UINT32_MAX

/** Documented limits; beyond them ZURT_E_LIMIT. */
#define ZI_MAX_DIM          ((int32_t)1 << 24)
#define ZI_MAX_TENSOR_BYTES ((size_t)1 << 31)
#define ZI_MAX_NODES        100000u
#define ZI_MAX_TENSORS      400000u
#define ZI_MAX_IO           1024u /**< inputs of a graph; outputs of a graph */

/** Scale and zero point, per tensor (n == 1) or per slice of `axis` (n == dims[axis]). */
typedef struct zi_quant {
    uint32_t n; /**< 0: not quantised */
    int32_t axis;
    const float *scale;        /**< > 0, finite */
    const int32_t *zero_point; /**< within the tensor's type */
} zi_quant;

typedef struct zi_tensor {
    const char *name; /**< never NULL; unique among inputs and outputs of a graph */
    zurt_dtype dtype;
    int32_t rank;
    int32_t dims[ZURT_MAX_RANK]; /**< all >= 0; 0 means an empty tensor */
    zi_quant quant;
    const void *data; /**< constant's elements, dense; NULL: computed, or a graph input */
    bool from_nchw;   /**< graph input whose source model had [N, C, H, W] */
} zi_tensor;

typedef struct zi_node {
    zi_op op;
    const char *name; /**< never NULL */
    const char *note; /**< remark for reports, e.g. why it stays float; "" if none */
    uint32_t n_in;
    uint32_t n_out;
    zi_id *in; /**< ZI_NONE: absent optional input */
    zi_id *out;
    zi_attr attr;   /**< its member is op.def's for the op */
    float clamp_lo; /**< fused activation: the result is clamped to [lo, hi], real values; */
    float clamp_hi; /**< -INFINITY, INFINITY: none. Only where op.def says CLAMP */
} zi_node;

typedef struct zi_graph {
    zi_arena arena;
    zi_tensor *tensors;
    size_t n_tensors;
    size_t cap_tensors;
    zi_node *nodes;
    size_t n_nodes;
    size_t cap_nodes;
    zi_id *inputs; /**< computed inputs only: constants are not listed */
    size_t n_inputs;
    size_t cap_inputs;
    zi_id *outputs;
    size_t n_outputs;
    size_t cap_outputs;
} zi_graph;

/** @return NULL if memory is refused. */
zi_graph *zi_graph_create(const zurt_allocator *allocator);
/** NULL is allowed. */
void zi_graph_destroy(zi_graph *g);
/** Deep copy but for constants' data, which the copy borrows: `src` must outlive it. */
zurt_status zi_graph_clone(zurt_ctx *ctx, const zi_graph *src, zi_graph **out);

/** Adds a computed tensor without a shape (infer gives it one). The name is copied.
 *  ZURT_E_NOMEM, ZURT_E_LIMIT. */
zurt_status zi_graph_add_tensor(zurt_ctx *ctx, zi_graph *g, const char *name, zi_id *out);
/** Adds a constant. `data` == NULL: zeroed memory in the arena (*data_out, optional, to fill it);
 *  else borrowed: it must outlive the graph. */
zurt_status zi_graph_add_const(zurt_ctx *ctx, zi_graph *g, const char *name, zurt_dtype dtype,
                               int32_t rank, const int32_t *dims, const void *data, zi_id *out,
                               void **data_out);
/**
 * Appends a node; fill its attributes through the pointer, then zi_node_infer().
 * in/out are copied (n_out 0 is not allowed); clamp is none; the pointer holds until the next add.
 */
zurt_status zi_graph_add_node(zurt_ctx *ctx, zi_graph *g, zi_op op, const char *name,
                              const zi_id *in, uint32_t n_in, const zi_id *out, uint32_t n_out,
                              zi_node **node);
zurt_status zi_graph_add_input(zurt_ctx *ctx, zi_graph *g, zi_id tensor);
zurt_status zi_graph_add_output(zurt_ctx *ctx, zi_graph *g, zi_id tensor);

/** Per-tensor or per-axis quantisation parameters, copied into the arena. */
zurt_status zi_graph_set_quant(zurt_ctx *ctx, zi_graph *g, zi_id tensor, uint32_t n, int32_t axis,
                               const float *scale, const int32_t *zero_point);

/** Number of elements; dims are checked by zi_graph_check() not to overflow. */
size_t zi_tensor_elems(const zi_tensor *t);
size_t zi_tensor_bytes(const zi_tensor *t);
bool zi_tensor_same_shape(const zi_tensor *a, const zi_tensor *b);
/** "[1,28,28,1] s8" into buf; returns buf. */
const char *zi_tensor_describe(const zi_tensor *t, char *buf, size_t size);
static inline bool zi_tensor_is_const(const zi_tensor *t)
{
    return t->data != NULL;
}
static inline bool zi_tensor_is_quantised(const zi_tensor *t)
{
    return t->quant.n > 0;
}

/** Same scale and zero point, both per tensor; or neither quantised. */
bool zi_same_quant(const zi_tensor *a, const zi_tensor *b);
static inline bool zi_node_has_clamp(const zi_node *n)
{
    return n->clamp_lo > -3.4e38f || n->clamp_hi < 3.4e38f;
}

/**
 * Computes type and dims of the node's outputs from its inputs and attributes, and checks both;
 * quantisation parameters of outputs are left alone. Split reads the sizes of its parts from its
 * outputs' dims[axis], which the caller sets before.
 * ZURT_E_FORMAT or ZURT_E_UNSUPPORTED with a message that names node, op and remedy.
 */
zurt_status zi_node_infer(zurt_ctx *ctx, zi_graph *g, zi_node *n);

/**
 * Everything a loaded or changed graph must satisfy: ids in range, single writers, order, limits,
 * quantisation parameters sane, and each output's type and dims what zi_node_infer() computes.
 */
zurt_status zi_graph_check(zurt_ctx *ctx, zi_graph *g);
/** The last part of zi_graph_check(): whether every 32-bit sum fits. ZURT_E_LIMIT; ZURT_E_NOMEM. */
zurt_status zi_check_accumulators(zurt_ctx *ctx, const zi_graph *g);

/** Multiply-accumulates of one run of a node; 0 for ops that are not counted. */
uint64_t zi_node_macs(const zi_graph *g, const zi_node *n);

/**
 * What output channel `c` of an s8 Conv, ConvTranspose or FullyConnected multiplies its sums by:
 * s_x * s_w / s_y. The product is rounded to f32 where TFLite rounds it: for FullyConnected's
 * weights of one scale, and for weights with one scale and a zero point, which only its uint8 form
 * has. Ref: docs/arithmetic.md, section 5; TFLite GetQuantizedConvolutionMultipler,
 * PopulateConvolutionQuantizationParams.
 */
double zi_linear_factor(const zi_graph *g, const zi_node *n, size_t c);

/** Prefix for messages about a node: "node 12 'conv3' (Conv): " then the text. Returns code. */
zurt_status zi_node_fail(zurt_ctx *ctx, const zi_graph *g, const zi_node *n, zurt_status code,
                         const char *fmt, ...) ZI_PRINTF(5, 6);

/** Tensor of input `i`; NULL if it is absent or past the end. */
static inline zi_tensor *zi_node_in(const zi_graph *g, const zi_node *n, uint32_t i)
{
    return i < n->n_in && n->in[i] != ZI_NONE ? &g->tensors[n->in[i]] : NULL;
}
/** Tensor of output `i`; NULL past the end. */
static inline zi_tensor *zi_node_out(const zi_graph *g, const zi_node *n, uint32_t i)
{
    return i < n->n_out ? &g->tensors[n->out[i]] : NULL;
}

/** Elements of one of a node's attributes: not more than the member has, whatever the node. */
size_t zi_attr_count(const zi_graph *g, const zi_node *n, const zi_attr_field *field);

/** Whether all attributes are within the ranges of attr.def. ZURT_E_FORMAT, with the attribute's
 *  name, its value and the range. */
zurt_status zi_attr_check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n);

/* ---- queries for passes ---- */

/** Writer of every tensor (ZI_NONE: none) and number of readers (graph outputs count as one each).
 *  Arrays of n_tensors from the ctx's allocator; free with zi_free. */
zurt_status zi_graph_index(zurt_ctx *ctx, const zi_graph *g, zi_id **writer, uint32_t **n_readers);

/** Drops nodes marked ZI_OP_NONE and nodes whose outputs nobody reads, then sorts the rest into
 *  execution order (ZURT_E_FORMAT on a cycle), keeping the order where it is valid. */
zurt_status zi_graph_compact(zurt_ctx *ctx, zi_graph *g);

/** The graph as text, one node per line, for tests and debugging; from the ctx's allocator. */
zurt_status zi_graph_print(zurt_ctx *ctx, const zi_graph *g, char **out);

#endif
