/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * State of one import and what the translators share. Private to import/tflite/.
 *
 * A file's operators stand in the order in which they run. Each translator reads real values, by
 * zc_tfl_real(), emits float nodes and gives the result to zc_tfl_define(), which quantises it if
 * the file's tensor is quantised.
 */
#ifndef ZC_IMPORT_TFLITE_TFLITE_H
#define ZC_IMPORT_TFLITE_TFLITE_H

#include "import/tflite/flatbuffer.h"
#include "import/tflite/tflite_import.h"
#include "import/tflite/tflite_schema.h"

enum { ZC_TFL_MAX_ARITY = 4096, ZC_TFL_MAX_TENSORS = 1 << 18 };

/** A tensor of the file. */
typedef struct zc_tfl_tensor_state {
    zc_fb_table table;
    const char *name;
    zi_id raw;  /**< as the file has it; ZI_NONE until it is made */
    zi_id real; /**< as float; ZI_NONE until somebody reads it so */
} zc_tfl_tensor_state;

typedef struct zc_tfl zc_tfl;

/** Translates an operator: t->row, t->options, t->in, t->out. */
typedef zurt_status zc_tfl_fn(zc_tfl *t);

typedef struct zc_tfl_op {
    int32_t code; /**< zc_tfl_builtin */
    const char *name;
    zc_tfl_fn *translate;
    uint32_t min_in, max_in; /**< max 0: ZC_TFL_MAX_ARITY */
    zi_op op;                /**< for translators that serve several ops */
} zc_tfl_op;

struct zc_tfl {
    zurt_ctx *ctx;
    zc_fb fb;
    zi_graph *g;
    zi_arena scratch; /**< of this import */
    zc_fb_vector codes, buffers;
    uint64_t bytes_left; /**< for what may be shared in the file: constants, scales, operands */
    zc_tfl_tensor_state *tensors;
    uint32_t n_tensors;
    zi_id n_graph_inputs; /**< the first tensors of the graph */

    /* the operator being translated */
    uint32_t index;
    const zc_tfl_op *row;
    const char *name; /**< that of its first result: operators have none of their own */
    zc_fb_table options;
    zc_fb_vector in, out; /**< tensors' indices, each checked; -1: absent */
    uint32_t n_emitted;
    zi_id first_made; /**< tensors of the graph from here on are this operator's */
};

/** The row of an operator; NULL: not supported. */
const zc_tfl_op *zc_tfl_op_find(int32_t code);

/** As zi_fail(), with "operator 3 CONV_2D 'name': " in front. */
zurt_status zc_tfl_fail(zc_tfl *t, zurt_status code, const char *fmt, ...) ZI_PRINTF(3, 4);
zurt_status zc_tfl_no_memory(zc_tfl *t);

/* ---- operands (tflite_tensors.c) ---- */

/** Makes tensor `index` of the file an input of the graph. */
zurt_status zc_tfl_make_input(zc_tfl *t, uint32_t index);

/** Whether input i is there. */
bool zc_tfl_has(const zc_tfl *t, uint32_t i);
/** Takes the bytes of something that operators and tensors of the file may share from what a file
 *  of this size may have. ZURT_E_LIMIT. */
zurt_status zc_tfl_spend(zc_tfl *t, uint64_t bytes);
/** Input i as the file has it. */
zurt_status zc_tfl_raw(zc_tfl *t, uint32_t i, zi_id *out);
/** Input i as real values; integers that stand for themselves as they are. */
zurt_status zc_tfl_real(zc_tfl *t, uint32_t i, zi_id *out);
/** Integers of input i, which must be a constant list of at most `most`. */
zurt_status zc_tfl_ints(zc_tfl *t, uint32_t i, size_t most, int64_t *out, size_t *n);
/** Dims of the file's output i; one that the file leaves open is what makes `elems` of them. */
zurt_status zc_tfl_out_dims(zc_tfl *t, uint32_t i, size_t elems, int32_t *rank, int32_t *dims);
/** Axis i of [0, rank), from one that may be negative. */
zurt_status zc_tfl_axis(zc_tfl *t, int64_t axis, int32_t rank, int32_t *out);

/* ---- results ---- */

/** A node of one output, shaped; attr NULL: zeros. *node, if wanted, holds until the next. */
zurt_status zc_tfl_emit(zc_tfl *t, zi_op op, const zi_attr *attr, const zi_id *in, uint32_t n_in,
                        zi_id *out, zi_node **node);
/** Makes real value `id` the operator's output i: it must have the dims that the file says. */
zurt_status zc_tfl_define(zc_tfl *t, uint32_t i, zi_id id);
/** An activation behind node `n` or, where it cannot hold one, behind tensor *id. */
zurt_status zc_tfl_activate(zc_tfl *t, uint8_t activation, zi_node *n, zi_id *id);

/* ---- translators ---- */

zc_tfl_fn zc_tfl_conv, zc_tfl_depthwise, zc_tfl_transpose_conv, zc_tfl_fully_connected;
zc_tfl_fn zc_tfl_pool, zc_tfl_softmax, zc_tfl_resize, zc_tfl_arg, zc_tfl_reduce;
zc_tfl_fn zc_tfl_binary, zc_tfl_unary, zc_tfl_clip, zc_tfl_leaky_relu, zc_tfl_elu;
zc_tfl_fn zc_tfl_concat, zc_tfl_reshape, zc_tfl_pad, zc_tfl_transpose, zc_tfl_blocks;
zc_tfl_fn zc_tfl_quantize, zc_tfl_space_to_batch, zc_tfl_batch_to_space;
zc_tfl_fn zc_tfl_shape, zc_tfl_strided_slice, zc_tfl_pack;

#endif
