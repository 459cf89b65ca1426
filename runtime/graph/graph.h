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

/** Attributes; attr.def has them as a table. Which member counts is fixed by the op: op.def. */
typedef struct zi_attr_conv {
    int32_t stride[2];   /**< h, w; 1..ZI_MAX_DIM */
    int32_t dilation[2]; /**< h, w */
    int32_t pad[4];      /**< top, left, bottom, right; >= 0 */
    int32_t groups;      /**< divides both channel counts */
    int32_t out_pad[2];  /**< ConvTranspose: extra rows, columns at the bottom, right */
} zi_attr_conv;

typedef struct zi_attr_pool {
    int32_t kernel[2];
    int32_t stride[2];
    int32_t dilation[2];    /**< MaxPool only */
    int32_t pad[4];         /**< top, left, bottom, right as declared */
    bool ceil_mode;         /**< the last window may start inside and end outside the padding */
    bool count_include_pad; /**< AveragePool: declared padding counts; ceil's overhang never */
    bool column_major;      /**< MaxPoolIndices: places of an image count down its columns */
    bool ties_up;           /**< AveragePool, s8 quantised alike: as uint8 pools round */
} zi_attr_pool;

typedef struct zi_attr_axis {
    int32_t axis;
    bool keep_dims;   /**< ArgMax, ArgMin; CumSum: an element's own value does not count */
    bool select_last; /**< ArgMax, ArgMin: the last of equals; CumSum: from the end */
} zi_attr_axis;

typedef struct zi_attr_reduce {
    uint32_t axes; /**< bit i: axis i is reduced */
    bool keep_dims;
} zi_attr_reduce;

typedef struct zi_attr_perm {
    int32_t perm[ZURT_MAX_RANK]; /**< out.dims[i] = in.dims[perm[i]] */
} zi_attr_perm;

/** Reshape and its kin; every member of dims is final (no 0 or -1). Expand too. */
typedef struct zi_attr_shape {
    int32_t rank;
    int32_t dims[ZURT_MAX_RANK];
} zi_attr_shape;

typedef struct zi_attr_slice {
    int32_t start[ZURT_MAX_RANK]; /**< first index taken, within the axis */
    int32_t step[ZURT_MAX_RANK];  /**< != 0; negative walks backwards */
    int32_t count[ZURT_MAX_RANK]; /**< elements taken on each axis: the output's dims */
} zi_attr_slice;

typedef enum zi_pad_mode { ZI_PAD_CONSTANT = 0, ZI_PAD_REFLECT = 1, ZI_PAD_EDGE = 2 } zi_pad_mode;

typedef struct zi_attr_pad {
    int32_t before[ZURT_MAX_RANK]; /**< negative crops */
    int32_t after[ZURT_MAX_RANK];
    zi_pad_mode mode;
    float value; /**< real value; quantised tensors pad with its quantised form */
} zi_attr_pad;

typedef enum zi_resize_mode {
    ZI_RESIZE_NEAREST = 0,
    ZI_RESIZE_LINEAR = 1,
    ZI_RESIZE_CUBIC = 2 /**< float only */
} zi_resize_mode;

/** ONNX coordinate_transformation_mode. */
typedef enum zi_resize_coord {
    ZI_COORD_HALF_PIXEL = 0,
    ZI_COORD_PYTORCH_HALF_PIXEL = 1,
    ZI_COORD_ALIGN_CORNERS = 2,
    ZI_COORD_ASYMMETRIC = 3,
    ZI_COORD_TF_CROP_AND_RESIZE = 4
} zi_resize_coord;

typedef enum zi_resize_nearest {
    ZI_NEAREST_ROUND_PREFER_FLOOR = 0,
    ZI_NEAREST_ROUND_PREFER_CEIL = 1,
    ZI_NEAREST_FLOOR = 2,
    ZI_NEAREST_CEIL = 3
} zi_resize_nearest;

typedef struct zi_attr_resize {
    int32_t out[2]; /**< h, w */
    float scale[2]; /**< out / in as the model states it (it need not equal the quotient) */
    zi_resize_mode mode;
    zi_resize_coord coord;
    zi_resize_nearest nearest;
    float cubic_coeff;
    bool exclude_outside;
    float roi[4];        /**< TF_CROP_AND_RESIZE: start h, w, end h, w, normalised */
    float extrapolation; /**< TF_CROP_AND_RESIZE: value outside */
} zi_attr_resize;

/** Numbers of a unary op: LeakyRelu, Elu: alpha; Clip: lo, hi; HardSigmoid: alpha, beta; ... */
typedef struct zi_attr_unary {
    float alpha;
    float beta;
} zi_attr_unary;

/** A table's origin, for reports and export; the arithmetic is the table alone. */
typedef struct zi_attr_lut {
    int32_t op;          /**< zi_op it stands for; ZI_OP_NONE: several ops in one table */
    zi_attr_unary unary; /**< that op's own attribute, if it has one */
} zi_attr_lut;

typedef struct zi_attr_top {
    int32_t axis;
    int32_t k; /**< 0..dims[axis] */
    bool smallest;
} zi_attr_top;

typedef enum zi_scatter_reduction {
    ZI_SCATTER_NONE = 0, /**< of equal indices the last counts */
    ZI_SCATTER_ADD = 1,
    ZI_SCATTER_MUL = 2,
    ZI_SCATTER_MAX = 3,
    ZI_SCATTER_MIN = 4
} zi_scatter_reduction;

typedef struct zi_attr_scatter {
    int32_t axis;
    zi_scatter_reduction reduction;
} zi_attr_scatter;

typedef enum zi_grid_padding {
    ZI_GRID_ZEROS = 0,
    ZI_GRID_BORDER = 1,
    ZI_GRID_REFLECTION = 2
} zi_grid_padding;

typedef struct zi_attr_grid {
    zi_resize_mode mode;
    zi_grid_padding padding; /**< what lies outside */
    bool align_corners;      /**< -1 and 1 are the centres of the corner pixels, not their edges */
} zi_attr_grid;

typedef struct zi_attr_nms {
    int32_t max_boxes;     /**< of a batch and class; >= 0 */
    float iou_threshold;   /**< boxes that overlap more are one */
    float score_threshold; /**< lesser and equal scores do not count; -INFINITY: all count */
    bool centre; /**< boxes are x, y of the centre, width, height; else two corners y, x */
} zi_attr_nms;

/** Functions of recurrent ops; alpha and beta where the formula has them. Values are pinned. */
typedef enum zi_rnn_function {
    ZI_RNN_SIGMOID = 0,
    ZI_RNN_TANH = 1,
    ZI_RNN_RELU = 2,
    ZI_RNN_AFFINE = 3, /**< alpha * x + beta */
    ZI_RNN_LEAKY_RELU = 4,
    ZI_RNN_THRESHOLDED_RELU = 5,
    ZI_RNN_SCALED_TANH = 6, /**< alpha * tanh(beta * x) */
    ZI_RNN_HARD_SIGMOID = 7,
    ZI_RNN_ELU = 8,
    ZI_RNN_SOFTSIGN = 9,
    ZI_RNN_SOFTPLUS = 10,
    ZI_RNN_N_FUNCTIONS
} zi_rnn_function;

typedef enum zi_rnn_direction {
    ZI_RNN_FORWARD = 0,
    ZI_RNN_REVERSE = 1,
    ZI_RNN_BIDIRECTIONAL = 2 /**< D is 2: forward, then reverse */
} zi_rnn_direction;

/** A function's name, which is ONNX's, and what its formula has. */
typedef struct zi_rnn_function_row {
    const char *name;
    bool has_alpha, has_beta;
} zi_rnn_function_row;

const zi_rnn_function_row *zi_rnn_function_get(zi_rnn_function function);
/** "forward", "reverse", "bidirectional". */
const char *zi_rnn_direction_name(zi_rnn_direction direction);

enum { ZI_RNN_MOST_FUNCTIONS = 6 };

typedef struct zi_attr_rnn {
    zi_rnn_direction direction;
    float clip;               /**< a function's input is clamped to [-clip, clip]; 0: it is not */
    bool input_forget;        /**< LSTM: the forget gate is 1 - the input gate */
    bool linear_before_reset; /**< GRU: the reset gate works behind the product */
    zi_rnn_function function[ZI_RNN_MOST_FUNCTIONS]; /**< of one direction: LSTM f, g, h, GRU f, g,
                                                          RNN f; then those of the other */
    float alpha[ZI_RNN_MOST_FUNCTIONS];
    float beta[ZI_RNN_MOST_FUNCTIONS];
} zi_attr_rnn;

/** Gates and functions of a recurrent op, in one direction. */
static inline int32_t zi_rnn_gates(zi_op op)
{
    return op == ZI_OP_LSTM ? 4 : op == ZI_OP_GRU ? 3 : 1;
}

static inline int32_t zi_rnn_functions(zi_op op)
{
    return op == ZI_OP_LSTM ? 3 : op == ZI_OP_GRU ? 2 : 1;
}

typedef union zi_attr {
#define ZI_ATTR_KIND(kind, number, Message) zi_attr_##kind kind;
#include "graph/attr.def"
} zi_attr;

typedef struct zi_node {
    zi_op op;
    const char *name; /**< never NULL */
    const char *note; /**< remark for reports, e.g. why it stays float; "" if none */
    uint32_t n_in;
    uint32_t n_out;
    zi_id *in; /**< ZI_NONE: absent optional input */
    zi_id *out;
    zi_attr attr;
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
/** Its last part: whether every 32-bit sum fits. ZURT_E_LIMIT; ZURT_E_NOMEM. */
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
