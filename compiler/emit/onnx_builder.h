/* SPDX-License-Identifier: Apache-2.0 */
/** @file Puts an ONNX model together, message by message. Private to emit/. */
#ifndef ZC_EMIT_ONNX_BUILDER_H
#define ZC_EMIT_ONNX_BUILDER_H

#include <stdbool.h>

#include <onnx/onnx.pb-c.h>

#include "base/arena.h"
#include "base/ctx.h"
#include "graph/graph.h"

/**
 * A graph tensor's values in the ONNX model. Real means: as the op computes, so a quantised
 * tensor's is what DequantizeLinear gives. A rank-4 value may stand channels first, channels last,
 * or both; the one that the producer makes comes first, the other on demand.
 */
typedef struct zo_value {
    const char *base;      /**< unique name */
    const char *real;      /**< channels last, or of another rank; NULL: not made */
    const char *real_nchw; /**< channels first; NULL: not made */
    const char *quantised; /**< before DequantizeLinear; NULL: none */
    bool quantised_nchw;
} zo_value;

typedef struct zo_builder {
    zurt_ctx *ctx;
    const zi_graph *g;
    zurt_status st;   /**< the first failure; later calls do nothing */
    int64_t opset;    /**< of the model; raised by what needs more */
    zi_arena arena;   /**< all messages */
    zo_value *values; /**< one per tensor of the graph */
    Onnx__NodeProto **nodes;
    size_t n_nodes, cap_nodes;
    Onnx__TensorProto **tensors;
    size_t n_tensors, cap_tensors;
} zo_builder;

/** A node; attributes are added to the result. NULL after a failure.
 *  @param name of the graph's node; `out` for a node that this exporter adds. */
Onnx__NodeProto *zo_node(zo_builder *b, const char *op, const char *name, const char *const *in,
                         size_t n_in, const char *out);
/** As zo_node(), but what the graph's node gives is the ONNX node's second output; nothing reads
 * the first. */
Onnx__NodeProto *zo_node_second(zo_builder *b, const char *op, const char *name,
                                const char *const *in, size_t n_in, const char *out);
/** A node of one input; returns `out`, or "" after a failure. */
const char *zo_unary(zo_builder *b, const char *op, const char *in, const char *out);
const char *zo_binary(zo_builder *b, const char *op, const char *x, const char *y, const char *out);
const char *zo_transpose(zo_builder *b, const char *in, const int32_t *perm, int32_t rank,
                         const char *out);

/** Gives a node these outputs in place of its one. */
void zo_outputs(zo_builder *b, Onnx__NodeProto *n, const char *const *out, size_t count);

/* Attributes; a NULL node is allowed. */
void zo_int(zo_builder *b, Onnx__NodeProto *n, const char *name, int64_t value);
void zo_ints(zo_builder *b, Onnx__NodeProto *n, const char *name, const int32_t *values,
             size_t count);
void zo_float(zo_builder *b, Onnx__NodeProto *n, const char *name, float value);
void zo_floats(zo_builder *b, Onnx__NodeProto *n, const char *name, const float *values,
               size_t count);
void zo_strings(zo_builder *b, Onnx__NodeProto *n, const char *name, const char *const *values,
                size_t count);
void zo_string(zo_builder *b, Onnx__NodeProto *n, const char *name, const char *value);

/** Initialisers. Data is borrowed. All return `name`. */
const char *zo_tensor(zo_builder *b, const char *name, zurt_dtype dtype, const int32_t *dims,
                      int32_t rank, const void *data);
/** Copied. */
const char *zo_list_s64(zo_builder *b, const char *name, const int64_t *values, size_t count);
const char *zo_list_f32(zo_builder *b, const char *name, const float *values, size_t count);
const char *zo_scalar_f32(zo_builder *b, const char *name, float value);

/** A formatted string of the arena; "" after a failure. */
const char *zo_name(zo_builder *b, const char *fmt, ...) ZI_PRINTF(2, 3);
/** Memory of the arena; NULL after a failure. */
void *zo_alloc(zo_builder *b, size_t count, size_t size);

/** ONNX's number for a type. */
int32_t zo_dtype(zurt_dtype dtype);

/** An input or output of the model. */
Onnx__ValueInfoProto *zo_value_info(zo_builder *b, const char *name, zurt_dtype dtype,
                                    const int32_t *dims, int32_t rank);

/** QuantizeLinear and DequantizeLinear with a tensor's parameters; `axis` for several scales. */
const char *zo_quantize(zo_builder *b, const zi_tensor *t, const char *base, const char *in);
const char *zo_dequantize(zo_builder *b, const zi_tensor *t, int32_t axis, const char *base,
                          const char *in, const char *out);

#endif
