/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * libzurt-compiler: float model in, int8 `.zurt` out. Host side.
 *
 * Order of use: zurt_import_onnx_file, zurt_quantize with samples, zurt_emit_zurt_file. Threads
 * and ctx: as zurt.h.
 */
#ifndef ZURT_COMPILE_H
#define ZURT_COMPILE_H

#include <zurt/zurt.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A graph being compiled: float as imported, or int8 after zurt_quantize() or from a QDQ model. */
typedef struct zurt_graph zurt_graph;

/* ---- import ---------------------------------------------------------------------------- */

/** An input that is frozen to a value at import, e.g. a shape that must be known. */
typedef struct zurt_binding {
    const char *name;
    zurt_dtype dtype;
    int32_t rank;
    int32_t dims[ZURT_MAX_RANK];
    const void *data; /**< dense, copied */
} zurt_binding;

typedef struct zurt_import_options {
    size_t size;             /**< set by ZURT_IMPORT_OPTIONS_INIT */
    int32_t batch;           /**< > 0: rewrites the batch dimension; 0: as declared, symbolic = 1 */
    int32_t height, width;   /**< > 0: for symbolic H, W of a 4-D input */
    uint32_t keep_structure; /**< 1: no optimisation passes beyond what shapes need (tests) */
    const zurt_binding *bindings;
    size_t n_bindings;
} zurt_import_options;

#define ZURT_IMPORT_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(zurt_import_options), 0, 0, 0, 0, 0, 0                                              \
    }

/**
 * Imports an ONNX model (opset 9 to 21): shapes inferred, constants folded, NHWC, batch norm and
 * activations fused. A QDQ model becomes an int8 graph with its own scales and zero points.
 *
 * @param out owned by the caller; NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG; ZURT_E_IO; ZURT_E_FORMAT: not ONNX, or inconsistent;
 *         ZURT_E_VERSION: opset outside 9..21; ZURT_E_UNSUPPORTED: names node, op and remedy
 *         (external data too); ZURT_E_LIMIT; ZURT_E_NOMEM.
 */
ZURT_API zurt_status zurt_import_onnx_file(zurt_ctx *ctx, const char *path,
                                           const zurt_import_options *options, zurt_graph **out);
/** As above from memory; bytes are only read during the call. */
ZURT_API zurt_status zurt_import_onnx_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                                          const zurt_import_options *options, zurt_graph **out);

/** NULL is allowed. */
ZURT_API void zurt_graph_destroy(zurt_graph *graph);

ZURT_API size_t zurt_graph_n_inputs(const zurt_graph *graph);
ZURT_API size_t zurt_graph_n_outputs(const zurt_graph *graph);
/** ZURT_OK; ZURT_E_ARG. Strings are borrowed from the graph. */
ZURT_API zurt_status zurt_graph_input(const zurt_graph *graph, size_t i, zurt_tensor_info *out);
ZURT_API zurt_status zurt_graph_output(const zurt_graph *graph, size_t i, zurt_tensor_info *out);
ZURT_API size_t zurt_graph_n_nodes(const zurt_graph *graph);
ZURT_API zurt_status zurt_graph_node(const zurt_graph *graph, size_t i, zurt_node_info *out);
/** Number of nodes and bytes of the source file, before any pass; 0 if not imported. */
ZURT_API size_t zurt_graph_source_nodes(const zurt_graph *graph);
/** 1 if the graph has quantised tensors. */
ZURT_API int zurt_graph_is_quantized(const zurt_graph *graph);

/** Metadata that the `.zurt` file will carry. All copied. ZURT_OK; ZURT_E_ARG; ZURT_E_NOMEM. */
ZURT_API zurt_status zurt_graph_set_norm(zurt_ctx *ctx, zurt_graph *graph, const zurt_norm *norm);
ZURT_API zurt_status zurt_graph_set_labels(zurt_ctx *ctx, zurt_graph *graph,
                                           const char *const *labels, size_t n_labels);
ZURT_API zurt_status zurt_graph_set_description(zurt_ctx *ctx, zurt_graph *graph,
                                                const char *text);
/** Borrowed; never NULL. */
ZURT_API const zurt_norm *zurt_graph_norm(const zurt_graph *graph);
ZURT_API size_t zurt_graph_n_labels(const zurt_graph *graph);
ZURT_API const char *zurt_graph_label(const zurt_graph *graph, size_t i);

/** As zurt_plan_create(), for a graph at any stage; a float graph is planned as if it were int8
 *  where that is possible. The graph must outlive *out. */
ZURT_API zurt_status zurt_graph_plan(zurt_ctx *ctx, const zurt_graph *graph, const char *board,
                                     zurt_plan **out);

/* ---- execution ------------------------------------------------------------------------- */

/**
 * Runs a graph on the host without a `.zurt`: the float reference for a float graph, the
 * quantiser's own int8 evaluation for an int8 one. Linear algebra in float by OpenBLAS, which
 * computes on the calling thread from then on (openblas_set_num_threads(1), a setting of the
 * whole process): the evaluator's own threads share out the work.
 */
typedef struct zurt_evaluator zurt_evaluator;

/** @param threads 0: one per core. The graph must outlive the evaluator, unchanged.
 *  ZURT_OK; ZURT_E_ARG; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: names the node. */
ZURT_API zurt_status zurt_evaluator_create(zurt_ctx *ctx, const zurt_graph *graph,
                                           uint32_t threads, zurt_evaluator **out);
/** As zurt_session_run(). */
ZURT_API zurt_status zurt_evaluator_run(zurt_evaluator *e, const zurt_view *in, size_t n_in,
                                        const zurt_span *out, size_t n_out);
ZURT_API void zurt_evaluator_destroy(zurt_evaluator *e);

/* ---- quantisation ---------------------------------------------------------------------- */

/**
 * Provides calibration sample `index`: fills every input of the float graph (F32, in the order
 * and shape of zurt_graph_input()). Any status but ZURT_OK ends the calibration with it.
 */
typedef zurt_status zurt_sample_fn(void *self, size_t index, const zurt_span *inputs,
                                   size_t n_inputs);

/** Called now and then during long work: `done` of `total` units of `what`. */
typedef void zurt_progress_fn(void *self, const char *what, size_t done, size_t total);

typedef enum zurt_calib_method {
    ZURT_CALIB_MINMAX = 0,
    ZURT_CALIB_PERCENTILE = 1,
    ZURT_CALIB_MSE = 2,
    ZURT_CALIB_ENTROPY = 3
} zurt_calib_method;

/** Type of the model's inputs and outputs. */
typedef enum zurt_io_type {
    ZURT_IO_INT8 = 0,
    ZURT_IO_UINT8 = 1,
    ZURT_IO_FLOAT = 2
} zurt_io_type;

typedef struct zurt_quantize_options {
    size_t size; /**< set by ZURT_QUANTIZE_OPTIONS_INIT */
    zurt_calib_method method;
    double percentile;            /**< for PERCENTILE, e.g. 99.99; in (50, 100] */
    uint32_t per_tensor;          /**< 1: one weight scale per layer instead of per channel */
    zurt_io_type io;
    uint32_t require_int8;        /**< 1: a node that would stay float is an error */
    const char *const *keep_float; /**< names of nodes to leave in float */
    size_t n_keep_float;
    uint32_t report_sqnr; /**< samples compared per layer against float; 0: no comparison */
    uint32_t threads;     /**< 0: one per core */
    zurt_sample_fn *sample;
    void *sample_self;
    size_t n_samples; /**< >= 1 */
    zurt_progress_fn *progress; /**< NULL: none */
    void *progress_self;
} zurt_quantize_options;

#define ZURT_QUANTIZE_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(zurt_quantize_options), ZURT_CALIB_MSE, 99.99, 0, ZURT_IO_INT8, 0, 0, 0, 8, 0, 0,   \
            0, 0, 0, 0                                                                             \
    }

/** What the quantiser decided, per tensor and per layer. */
typedef struct zurt_quant_report zurt_quant_report;

typedef struct zurt_quant_tensor {
    const char *name;
    float scale;
    int32_t zero_point;
    float min, max;       /**< range chosen */
    float seen_min, seen_max;
    const char *method;   /**< "mse", "fixed", "tied to NAME", ... */
} zurt_quant_tensor;

typedef struct zurt_quant_layer {
    const char *name;
    const char *op;
    const char *type;   /**< "s8" or "f32" */
    const char *reason; /**< why it stays float; "" for s8 */
    double sqnr_db;     /**< of its output against float; NAN if not measured */
} zurt_quant_layer;

/**
 * Calibrates a float graph and turns it into an int8 one. `graph` is not changed and must
 * outlive *out (constants that stay float are shared).
 *
 * @param report may be NULL; else owned by the caller: zurt_quant_report_destroy().
 * @return ZURT_OK; ZURT_E_ARG; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: require_int8 and a node stays
 *         float, named; or the sample function's own status.
 * Memory does not grow with n_samples.
 */
ZURT_API zurt_status zurt_quantize(zurt_ctx *ctx, const zurt_graph *graph,
                                   const zurt_quantize_options *options, zurt_graph **out,
                                   zurt_quant_report **report);

ZURT_API void zurt_quant_report_destroy(zurt_quant_report *report);
ZURT_API size_t zurt_quant_report_n_tensors(const zurt_quant_report *report);
ZURT_API size_t zurt_quant_report_n_layers(const zurt_quant_report *report);
/** Borrowed; NULL if out of range. */
ZURT_API const zurt_quant_tensor *zurt_quant_report_tensor(const zurt_quant_report *report,
                                                           size_t i);
ZURT_API const zurt_quant_layer *zurt_quant_report_layer(const zurt_quant_report *report,
                                                         size_t i);
/** SQNR in dB of each model output, float against int8, over the compared samples; NAN if none. */
ZURT_API double zurt_quant_report_output_sqnr(const zurt_quant_report *report, size_t output);

/* ---- output ---------------------------------------------------------------------------- */

/** Writes a `.zurt` (to a temporary file, then renamed). Same graph, same bytes.
 *  ZURT_OK; ZURT_E_ARG; ZURT_E_IO; ZURT_E_NOMEM; ZURT_E_LIMIT. */
ZURT_API zurt_status zurt_emit_zurt_file(zurt_ctx *ctx, const zurt_graph *graph,
                                         const char *path);
/** The same bytes in memory, 64-byte aligned; free with zurt_buffer_free(). */
ZURT_API zurt_status zurt_emit_zurt_mem(zurt_ctx *ctx, const zurt_graph *graph, void **bytes,
                                        size_t *size);
/** Writes an int8 graph as QDQ ONNX, opset 13; inputs and outputs NCHW, float, as the source. */
ZURT_API zurt_status zurt_emit_onnx_file(zurt_ctx *ctx, const zurt_graph *graph,
                                         const char *path);
ZURT_API void zurt_buffer_free(zurt_ctx *ctx, void *bytes);

#ifdef __cplusplus
}
#endif

#endif
