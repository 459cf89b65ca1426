/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * State of one import and what the translators share. Private to import/onnx/.
 *
 * Every ONNX value has one producer (zc_value). Nodes are translated in an order in which their
 * inputs are known; each translator reads o->in, emits graph nodes with zc_emit() and names its
 * results with zc_define(). Shapes are therefore always known, and what depends on constants
 * only is folded at once.
 */
#ifndef ZC_IMPORT_ONNX_IMPORTER_H
#define ZC_IMPORT_ONNX_IMPORTER_H

#include <onnx/onnx.pb-c.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "import/onnx/onnx_import.h"
#include "weight_files.h"

/** Opsets of which every version of every operator in op_table.c was looked at. What a version
 *  added is in attributes and inputs, which are refused where nobody reads them; what it changed
 *  without a trace in the node is asked by `opset` in the translator. */
#define ZC_OPSET_MIN 7
#define ZC_OPSET_MAX 28
/** Most inputs or outputs of one node. */
#define ZC_MAX_ARITY 4096
/** Most functions of a model. */
#define ZC_MAX_FUNCTIONS 4096
/** What folding may cost whatever the size of the file; see zc_fold_earn(). */
#define ZC_FOLD_BYTES ((uint64_t)1 << 26)
#define ZC_FOLD_WORK  ((uint64_t)1 << 28)

typedef enum zc_producer {
    ZC_FROM_INPUT,
    ZC_FROM_INITIALIZER,
    ZC_FROM_NODE,
    ZC_FROM_BINDING, /**< a graph input that the caller froze */
    ZC_GIVEN         /**< by the scope around this one; its id is set, or ZI_NONE if it is absent */
} zc_producer;

/** A named value of the ONNX graph. */
typedef struct zc_value {
    const char *name;
    zc_producer from;
    uint32_t index;     /**< of the input, initializer, node, binding or given value */
    zi_id id;           /**< graph tensor; ZI_NONE until it is made */
    uint32_t n_uses;    /**< node inputs and graph outputs that read it */
    uint32_t n_readers; /**< node inputs alone */
    uint32_t readers;   /**< first of its n_readers nodes in zc_onnx.readers */
    bool crosses;       /**< other scopes read it: a graph in an attribute, or the one around */
} zc_value;

/** How a tensor of the graph is computed. All zeros: it is an input or a constant. */
typedef struct zc_origin {
    uint32_t node1; /**< the graph node that computes it, + 1 */
    bool is_fixed;  /**< depends on no graph input, whether it has been folded or not */
} zc_origin;

/** An ONNX node with its names resolved: indices into values. */
typedef struct zc_links {
    uint32_t *in; /**< ZI_NONE: absent, or a name nobody makes */
    uint32_t *out;
    uint32_t *captured; /**< values that the graphs in its attributes read */
    uint32_t n_captured;
} zc_links;

/** A value of the scope around, by its name in this one. */
typedef struct zc_given {
    const char *name;
    zi_id id;
} zc_given;

/** An attribute of a function's call. */
typedef struct zc_argument {
    const char *name;
    const Onnx__AttributeProto *value;
} zc_argument;

/** What a graph inside the graph takes from around it; all zeros: the file's own graph. */
typedef struct zc_scope {
    const struct zc_scope *outer;
    const Onnx__FunctionProto *function; /**< whose body it is, or is in; NULL: none */
    int64_t opset;                       /**< of that function; 0: that of the file */
    const char *prefix;                  /**< in front of the names of its nodes; NULL: nothing */
    zc_given *given;
    size_t n_given;
    zc_argument *arguments;
    size_t n_arguments;
} zc_scope;

typedef struct zc_onnx zc_onnx;

/** Translates o->node. */
typedef zurt_status zc_onnx_fn(zc_onnx *o);

typedef struct zc_onnx_op {
    const char *name;
    zc_onnx_fn *translate;
    uint32_t min_in, max_in; /**< max 0: ZC_MAX_ARITY */
    zi_op op;                /**< for translators that serve several ops */
} zc_onnx_op;

struct zc_onnx {
    zurt_ctx *ctx;
    const zurt_import_options *options;
    zc_weight_files *files; /**< beside the model; NULL: it came from memory */
    const Onnx__ModelProto *model;
    const Onnx__GraphProto *graph; /**< of the scope */
    zc_scope scope;
    uint32_t depth;   /**< scopes around this one */
    uint32_t inlined; /**< values of all scopes so far */
    int64_t opset;
    zi_graph *g;
    zi_arena scratch; /**< of this import; freed at its end */
    zc_value *values; /**< sorted by name */
    uint32_t n_values;
    zc_links *links;   /**< one per ONNX node */
    uint32_t *readers; /**< ONNX nodes, grouped by the value they read */
    uint32_t *order;   /**< nodes that the outputs need, in execution order */
    uint32_t n_order;
    int32_t batch_from, batch_to;   /**< what options.batch replaces; 0: nothing */
    bool batch_used, size_used;     /**< options.batch; height or width */
    uint64_t fold_bytes, fold_work; /**< left for folding and copies */
    zc_origin *origin;              /**< by tensor; how it is computed */
    size_t cap_origin;
    uint32_t *pending; /**< nodes on the way to one that is being folded */
    size_t cap_pending;

    /* the node being translated */
    const Onnx__NodeProto *node;
    const zc_onnx_op *row;
    uint32_t index;
    const char *name; /**< never empty */
    const char *note; /**< put on the graph nodes that are emitted */
    uint32_t n_emitted;
    zi_id *in; /**< ZI_NONE: absent */
    uint32_t n_in;
    uint32_t n_out;
    bool *attr_known; /**< by attribute of the node: zc_attr() was asked for it */
    bool failed_here; /**< the message already names the ONNX node */
};

/** NULL, "" or "ai.onnx". */
bool zc_is_standard_domain(const char *domain);
/** The row of an op of a domain; NULL: not supported. */
const zc_onnx_op *zc_onnx_op_find(const char *domain, const char *name);
/** Row i of the standard ops, in the order of names; NULL past the end. */
const zc_onnx_op *zc_onnx_op_at(size_t i);
/** Row i of the ops of other domains, and its domain; NULL past the end. */
const zc_onnx_op *zc_onnx_other_at(size_t i, const char **domain);
/** Refuses the node, whose op no row holds, with what can be done about it. */
zurt_status zc_refuse_op(zc_onnx *o);
/** Remedy i of the table of standard operators that are not supported; NULL past the end. */
const char *zc_remedy_at(size_t i, const char **op);

/* ---- importer.c: failures and values --------------------------------------------------- */

/** As zi_fail(), with "node 3 'conv1' (Conv): " in front. */
zurt_status zc_fail(zc_onnx *o, zurt_status code, const char *fmt, ...) ZI_PRINTF(3, 4);
/** Memory refused. */
zurt_status zc_no_memory(zc_onnx *o);
/** True if input i is there. */
bool zc_has(const zc_onnx *o, uint32_t i);
/** Tensor of input i, which must be there; holds until the next tensor is added. */
const zi_tensor *zc_input(const zc_onnx *o, uint32_t i);
/** Makes `id` the node's output i. */
zurt_status zc_define(zc_onnx *o, uint32_t i, zi_id id);
/** True if options.batch replaces another batch size. */
bool zc_is_rebatched(const zc_onnx *o);
/** Translates the nodes of the scope, in order. */
zurt_status zc_translate_all(zc_onnx *o);
/** True if somebody reads output i. */
bool zc_is_used(const zc_onnx *o, uint32_t i);

/* ---- names.c ---------------------------------------------------------------------------- */

/** Collects all values, resolves names, finds the order. */
zurt_status zc_names_build(zc_onnx *o);
zurt_status zc_order_find(zc_onnx *o);
/** The value of that name; ZI_NONE: there is none. */
uint32_t zc_value_find(const zc_onnx *o, const char *name);

/* ---- tensors.c -------------------------------------------------------------------------- */

/** zurt's type for an ONNX element type (wider floats and narrower ints are converted);
 *  ZURT_DTYPE_NONE: not supported. */
zurt_dtype zc_dtype(int32_t onnx_type);
const char *zc_onnx_type_name(int32_t onnx_type);
/** The type of input i, which must be there: in the file's words if the file states it, before zurt
 *  widened it; else zurt's. For messages. */
const char *zc_input_type(const zc_onnx *o, uint32_t i);
/** A TensorProto as a constant. Messages start with "tensor 'NAME'". */
zurt_status zc_tensor_const(zc_onnx *o, const Onnx__TensorProto *t, const char *name, zi_id *out);
/** Checks the dims of a tensor that the file declares, and counts its elements. */
zurt_status zc_read_dims(zc_onnx *o, const char *name, const int64_t *dims, size_t rank,
                         zurt_dtype dtype, int32_t *out, size_t *elems);
/** Makes the tensor of a value that no node computes. */
zurt_status zc_value_make(zc_onnx *o, zc_value *v);

/* ---- inputs.c --------------------------------------------------------------------------- */

/** Makes all graph inputs, in the order of the file, whoever reads them; says which options had
 *  no effect. */
zurt_status zc_graph_inputs(zc_onnx *o);
zurt_status zc_graph_input(zc_onnx *o, const Onnx__ValueInfoProto *info, zi_id *out);
zurt_status zc_binding(zc_onnx *o, const zurt_binding *b, zi_id *out);

/* ---- inline.c --------------------------------------------------------------------------- */

/** The model's function that the node calls; NULL: none. */
const Onnx__FunctionProto *zc_function_find(const zc_onnx *o);
/** Puts the body of a function in the place of the node. */
zurt_status zc_call(zc_onnx *o, const Onnx__FunctionProto *f);

/* ---- external.c ------------------------------------------------------------------------- */

bool zc_is_external(const Onnx__TensorProto *t);
/** The `bytes` of its data; they live as long as o->files. Messages start with "tensor 'NAME'". */
zurt_status zc_external_bytes(zc_onnx *o, const Onnx__TensorProto *t, const char *name,
                              size_t bytes, zi_bytes *out);

/* ---- attributes.c ------------------------------------------------------------------------ */

/** NULL: absent. Marks it as known, as all that follow do. */
const Onnx__AttributeProto *zc_attr(const zc_onnx *o, const char *name);
/** An attribute that cannot change the values that zurt computes. */
void zc_attr_harmless(const zc_onnx *o, const char *name);
/** Fails if the node has an attribute that its translator did not ask for. */
zurt_status zc_attr_check(zc_onnx *o);
zurt_status zc_attr_int(zc_onnx *o, const char *name, int64_t absent, int64_t *out);
/** An int that must lie in [lo, hi]. */
zurt_status zc_attr_int32(zc_onnx *o, const char *name, int32_t absent, int32_t lo, int32_t hi,
                          int32_t *out);
zurt_status zc_attr_bool(zc_onnx *o, const char *name, bool absent, bool *out);
zurt_status zc_attr_float(zc_onnx *o, const char *name, float absent, float *out);
/** *out is NUL-terminated, in scratch. */
zurt_status zc_attr_string(zc_onnx *o, const char *name, const char *absent, const char **out);
/** What the word of a string attribute means; another one is refused with the list. */
zurt_status zc_attr_choice(zc_onnx *o, const char *name, const char *absent, const zi_word *choices,
                           int *out);
/** *n is 0 and *out NULL if absent; borrowed. */
zurt_status zc_attr_floats(zc_onnx *o, const char *name, const float **out, size_t *n);
zurt_status zc_attr_ints(zc_onnx *o, const char *name, const int64_t **out, size_t *n);
/** An axis, made non-negative for the rank. `range` is rank, or rank + 1 where that is allowed. */
zurt_status zc_axis(zc_onnx *o, int64_t axis, int32_t range, int32_t *out);
zurt_status zc_attr_axis(zc_onnx *o, const char *name, int64_t absent, int32_t range, int32_t *out);
/** Fails unless attribute `name` is absent or `value`. `remedy` ends the message. */
zurt_status zc_attr_expect(zc_onnx *o, const char *name, int64_t value, const char *remedy);

/* ---- constants.c ------------------------------------------------------------------------- */

/** Makes input i a plain constant, or fails: "input 'NAME' must be constant". */
zurt_status zc_need_const(zc_onnx *o, uint32_t i);
/** True if the tensor is a constant, or a Dequantize of one: *source (optional) is that one. */
bool zc_is_weights(const zc_onnx *o, zi_id id, zi_id *source);
/** Integers of input i, which must be constant and of rank <= 1; at most `max`. */
zurt_status zc_const_ints(zc_onnx *o, uint32_t i, size_t max, int64_t *out, size_t *n);
/** Integers from input i (opset >= since) or from attribute `name`; *given false: neither. */
zurt_status zc_ints(zc_onnx *o, uint32_t i, int64_t since, const char *name, size_t max,
                    int64_t *out, size_t *n, bool *given);
/** One number of input i, which must be constant with one element. */
zurt_status zc_const_float(zc_onnx *o, uint32_t i, float *out);
/** A new F32 constant. */
zurt_status zc_const_f32(zc_onnx *o, int32_t rank, const int32_t *dims, zi_id *out, float **data);
/** A new f32 constant of rank 0. */
zurt_status zc_const_scalar(zc_onnx *o, float value, zi_id *out);
/** A new scalar of the type of tensor `like` with a small whole value. */
zurt_status zc_const_like(zc_onnx *o, zi_id like, int32_t value, zi_id *out);

/* ---- emit.c ------------------------------------------------------------------------------ */

/** A new node with one output. `tag` (NULL: none) is put behind its name; attr NULL: zeros. */
zurt_status zc_emit(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr, const zi_id *in,
                    uint32_t n_in, zi_id *out);
zurt_status zc_emit1(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr, zi_id x,
                     zi_id *out);
zurt_status zc_emit2(zc_onnx *o, zi_op op, const char *tag, zi_id a, zi_id b, zi_id *out);
/** A new node of several outputs. */
zurt_status zc_emit_outputs(zc_onnx *o, zi_op op, const char *tag, const zi_attr *attr,
                            const zi_id *in, uint32_t n_in, zi_id *out, uint32_t n_out);
/** A new node of n_out outputs whose dims (of the input's type) the caller gives. */
zurt_status zc_emit_split(zc_onnx *o, int32_t axis, zi_id x, const int32_t *sizes, uint32_t n_out,
                          zi_id *out);
/** A view: the elements of x in other dims. */
zurt_status zc_emit_reshape(zc_onnx *o, const char *tag, zi_id x, int32_t rank, const int32_t *dims,
                            zi_id *out);
/** Before opset 13 the axes of Softmax and its kin from `axis` on are one: x as [outer, inner].
 *  ZURT_E_LIMIT: a row is too long. */
zurt_status zc_emit_rows(zc_onnx *o, zi_id x, int32_t axis, zi_id *out);
/** Axes permuted; a weight that is a Dequantize of a constant stays one. */
zurt_status zc_emit_transpose(zc_onnx *o, const char *tag, zi_id x, const int32_t *perm,
                              zi_id *out);
zurt_status zc_emit_cast(zc_onnx *o, const char *tag, zi_id x, zurt_dtype to, zi_id *out);
zurt_status zc_emit_reduce(zc_onnx *o, zi_op op, const char *tag, zi_id x, uint32_t axes,
                           bool keep_dims, zi_id *out);
/** Lets folding cost more, by the size of a file that came. */
void zc_fold_earn(zc_onnx *o, size_t file_bytes);
/** Takes the bytes of a constant that the file does not hold one by one: a computed one, or one of
 * a function, which is made for every call. ZURT_E_LIMIT. */
zurt_status zc_fold_spend(zc_onnx *o, uint64_t bytes);
/** Graph node that computes a tensor; ZI_NONE: it is an input or a constant. */
uint32_t zc_writer(const zc_onnx *o, zi_id id);
/** Computes `id`, and what it is made from, if it depends on constants only. */
zurt_status zc_fold(zc_onnx *o, zi_id id);
/** [N,C,H,W] to [N,H,W,C]; rank 3, [N,C,L], to [N,1,L,C]. Other ranks are refused. */
zurt_status zc_to_nhwc(zc_onnx *o, zi_id x, zi_id *out);
/** Back; `rank` 3 or 4 is that of the result. */
zurt_status zc_from_nhwc(zc_onnx *o, zi_id x, int32_t rank, zi_id *out);

/* ---- window.c ---------------------------------------------------------------------------- */

/** kernel_shape, strides, dilations, pads and auto_pad of a spatial op, as 2-D. */
typedef struct zc_window {
    int32_t n; /**< spatial axes of the model, 1 or 2; a 1-D op has height 1 */
    int32_t in[2];
    int32_t kernel[2];
    int32_t stride[2];
    int32_t dilation[2];
    int32_t pad[4]; /**< top, left, bottom, right */
    bool same;      /**< auto_pad is SAME_*: pad is computed for a convolution */
    bool same_upper;
} zc_window;

/** Reads the attributes for input x. kernel NULL: kernel_shape is required; else the weights'. */
zurt_status zc_window_read(zc_onnx *o, zi_id x, const int32_t *kernel, zc_window *out);

/* ---- translators ------------------------------------------------------------------------- */

zc_onnx_fn zc_op_conv, zc_op_conv_transpose, zc_op_gemm, zc_op_matmul;
zc_onnx_fn zc_op_max_pool, zc_op_average_pool, zc_op_global_pool;
zc_onnx_fn zc_op_unary, zc_op_binary, zc_op_variadic, zc_op_mean, zc_op_compare_equal, zc_op_pow;
zc_onnx_fn zc_op_where, zc_op_clip, zc_op_alpha, zc_op_batch_norm, zc_op_instance_norm;
zc_onnx_fn zc_op_layer_norm, zc_op_gelu, zc_op_mish, zc_op_cast_like;
zc_onnx_fn zc_op_reduce, zc_op_reduce_composed, zc_op_arg, zc_op_softmax;
zc_onnx_fn zc_op_concat, zc_op_split, zc_op_slice, zc_op_pad, zc_op_transpose, zc_op_gather;
zc_onnx_fn zc_op_tile, zc_op_depth_space, zc_op_resize, zc_op_upsample;
zc_onnx_fn zc_op_reshape, zc_op_flatten, zc_op_squeeze, zc_op_unsqueeze, zc_op_expand;
zc_onnx_fn zc_op_shape, zc_op_size, zc_op_constant, zc_op_constant_of_shape, zc_op_range;
zc_onnx_fn zc_op_identity, zc_op_dropout, zc_op_cast, zc_op_control_flow, zc_op_if;
zc_onnx_fn zc_op_quantize, zc_op_dequantize, zc_op_dynamic_quantize, zc_op_conv_integer;
zc_onnx_fn zc_op_top_k, zc_op_cum_sum, zc_op_gather_elements, zc_op_gather_nd;
zc_onnx_fn zc_op_scatter_elements, zc_op_max_unpool, zc_op_grid_sample;
zc_onnx_fn zc_op_non_max_suppression, zc_op_recurrent, zc_op_rms_norm, zc_op_lp_norm;
zc_onnx_fn zc_op_eye_like;
zc_onnx_fn zc_op_group_norm, zc_op_mean_variance_norm, zc_op_lrn;
zc_onnx_fn zc_op_is_nan, zc_op_is_inf, zc_op_hardmax, zc_op_one_hot, zc_op_trilu, zc_op_shrink;
zc_onnx_fn zc_op_matmul_integer, zc_op_qlinear_conv, zc_op_qlinear_matmul;
zc_onnx_fn zc_op_qlinear, zc_op_qlinear_concat, zc_op_qgemm, zc_op_quant, zc_op_foreign_quant;
zc_onnx_fn zc_op_einsum, zc_op_mod, zc_op_scatter_nd, zc_op_prelu;

/** Convolution of NCHW x with float weights (OIHW) and optional bias, all already resolved. */
zurt_status zc_convolve(zc_onnx *o, zi_id x, zi_id w, zi_id b, zi_id *out);
/** a . b for ONNX MatMul; b constant of rank 2 becomes FullyConnected. */
zurt_status zc_multiply(zc_onnx *o, zi_id a, zi_id b, zi_id bias, zi_id *out);
zurt_status zc_multiply_general(zc_onnx *o, zi_id a, zi_id b, zi_id *out);

/** What (x - mean) / sqrt(variance + epsilon) over some axes is made of. */
typedef struct zc_standard {
    zi_id mean, deviation, values;
} zc_standard;

/** Bit i of `axes`: axis i is averaged over. */
zurt_status zc_standardise(zc_onnx *o, zi_id x, uint32_t axes, float epsilon, zc_standard *s);

#endif
