/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * libzurt-compiler: float model in, int8 `.zurt` out. Host side.
 *
 * Order of use: zurt_import_file, zurt_quantize with samples, zurt_emit_zurt_file. Threads
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
    const char *name;            /**< of the input */
    zurt_dtype dtype;            /**< of `data` */
    int32_t rank;                /**< 0..ZURT_MAX_RANK */
    int32_t dims[ZURT_MAX_RANK]; /**< outermost first, in the source model's layout */
    const void *data;            /**< dense, copied */
} zurt_binding;

/** The shape of an input of which the model leaves dims open. */
typedef struct zurt_input_shape {
    const char *name;            /**< of the input */
    int32_t rank;                /**< 0..ZURT_MAX_RANK; that of the model, if it has one */
    int32_t dims[ZURT_MAX_RANK]; /**< all of them, in the source model's layout; what the model
                                      fixes must be the same */
} zurt_input_shape;

/** Options of the import; start from ZURT_IMPORT_OPTIONS_INIT. */
typedef struct zurt_import_options {
    size_t size;             /**< sizeof(zurt_import_options); set by ZURT_IMPORT_OPTIONS_INIT */
    int32_t batch;           /**< > 0: rewrites the batch dimension; 0: as declared, symbolic = 1 */
    int32_t height, width;   /**< > 0: for symbolic H, W of a 4-D input */
    uint32_t keep_structure; /**< 1: no optimisation passes beyond what shapes need (tests) */
    const zurt_binding *bindings;   /**< borrowed for the call; NULL: none */
    size_t n_bindings;              /**< number of them */
    const zurt_input_shape *shapes; /**< borrowed for the call; NULL: none */
    size_t n_shapes;                /**< number of them */
} zurt_import_options;

/** As declared, every pass, no bindings, no shapes. */
#define ZURT_IMPORT_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(zurt_import_options), 0, 0, 0, 0, 0, 0, 0, 0                                        \
    }

/**
 * Imports an ONNX model (opset 7 to 28): shapes inferred, constants folded, NHWC, batch norm and
 * activations fused. A QDQ model becomes an int8 graph with its own scales and zero points.
 *
 * @param path    the `.onnx` file. Weights may be inside, or in files of the same folder or below
 * it (external data): those of more than 64 MiB are mapped, must stay as they are while the graph
 * lives, and are left on the disk until something reads them.
 * @param options NULL for the defaults.
 * @param out     owned by the caller: zurt_graph_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or an option out of its range; ZURT_E_IO: cannot read;
 *         ZURT_E_FORMAT: not ONNX, or inconsistent; ZURT_E_VERSION: opset outside 7..28;
 *         ZURT_E_UNSUPPORTED: names node, op and remedy, or the shape that the model does not take;
 *         ZURT_E_LIMIT: a tensor or a graph too large; ZURT_E_NOMEM.
 * The ctx's thread. A batch, size or shape that has no effect is a warning of the ctx's log
 * callback. Ref: docs/ops.md.
 */
ZURT_API zurt_status zurt_import_onnx_file(zurt_ctx *ctx, const char *path,
                                           const zurt_import_options *options, zurt_graph **out);

/** As zurt_import_onnx_file() from `size` bytes in memory, borrowed for the call; no ZURT_E_IO.
 *  Weights in other files are ZURT_E_UNSUPPORTED: there is no folder to find them in. */
ZURT_API zurt_status zurt_import_onnx_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                                          const zurt_import_options *options, zurt_graph **out);

/**
 * Imports a model of any format that is known, by its first bytes: ONNX as zurt_import_onnx_file()
 * does, or TFLite: float, with half-float or 8-bit weights, int8 or uint8. A quantised TFLite model
 * becomes an int8 graph with its own scales and zero points.
 *
 * @param path    the `.onnx` or `.tflite` file.
 * @param options NULL for the defaults; a TFLite file takes no other batch, size, shape or binding
 *                than its own.
 * @param out     owned by the caller: zurt_graph_destroy(); NULL on failure.
 * @return as zurt_import_onnx_file(); ZURT_E_VERSION: or another schema than TFLite's version 3.
 * The ctx's thread. Ref: docs/ops.md; TFLite, schema.fbs.
 */
ZURT_API zurt_status zurt_import_file(zurt_ctx *ctx, const char *path,
                                      const zurt_import_options *options, zurt_graph **out);

/** As zurt_import_file() from `size` bytes in memory, borrowed for the call; no ZURT_E_IO. */
ZURT_API zurt_status zurt_import_mem(zurt_ctx *ctx, const void *bytes, size_t size,
                                     const zurt_import_options *options, zurt_graph **out);

/** Destroys a graph; what borrows from it must be gone. NULL is allowed. Cannot fail. */
ZURT_API void zurt_graph_destroy(zurt_graph *graph);

/** @return number of inputs; 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_graph_n_inputs(const zurt_graph *graph);

/** @return number of outputs; 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_graph_n_outputs(const zurt_graph *graph);

/**
 * Describes an input.
 *
 * @param i   below zurt_graph_n_inputs(); the order of zurt_evaluator_run().
 * @param out strings are borrowed from the graph.
 * @return ZURT_OK; ZURT_E_ARG: NULL or `i` out of range.
 */
ZURT_API zurt_status zurt_graph_input(const zurt_graph *graph, size_t i, zurt_tensor_info *out);

/** Describes an output; as zurt_graph_input(). */
ZURT_API zurt_status zurt_graph_output(const zurt_graph *graph, size_t i, zurt_tensor_info *out);

/** @return number of nodes; 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_graph_n_nodes(const zurt_graph *graph);

/** Describes a node, in execution order; as zurt_graph_input(). */
ZURT_API zurt_status zurt_graph_node(const zurt_graph *graph, size_t i, zurt_node_info *out);

/** @return number of nodes of the source file, before any pass; 0 if not imported. */
ZURT_API size_t zurt_graph_source_nodes(const zurt_graph *graph);

/** @return 1 if the graph has quantised tensors: from a QDQ model, or by zurt_quantize(). */
ZURT_API int zurt_graph_is_quantized(const zurt_graph *graph);

/**
 * Sets the preprocessing that the `.zurt` file will carry.
 *
 * @param norm copied.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or a member out of its range.
 */
ZURT_API zurt_status zurt_graph_set_norm(zurt_ctx *ctx, zurt_graph *graph, const zurt_norm *norm);

/**
 * Sets the class names that the `.zurt` file will carry.
 *
 * @param labels   n_labels strings, UTF-8; copied.
 * @param n_labels 0 removes them.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_NOMEM: the old ones stay.
 */
ZURT_API zurt_status zurt_graph_set_labels(zurt_ctx *ctx, zurt_graph *graph,
                                           const char *const *labels, size_t n_labels);

/**
 * Sets the one line about the origin that the `.zurt` file will carry.
 *
 * @param text UTF-8; copied.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_NOMEM: the old one stays.
 */
ZURT_API zurt_status zurt_graph_set_description(zurt_ctx *ctx, zurt_graph *graph, const char *text);

/** @return preprocessing as set, or mean 0, std 1; borrowed; NULL only for a NULL graph. */
ZURT_API const zurt_norm *zurt_graph_norm(const zurt_graph *graph);

/** @return number of class names; 0 if none are set. */
ZURT_API size_t zurt_graph_n_labels(const zurt_graph *graph);

/** @return name of class `i`, borrowed; NULL if out of range. */
ZURT_API const char *zurt_graph_label(const zurt_graph *graph, size_t i);

/**
 * As zurt_plan_create(), for a graph at any stage. A float graph is planned for a PL as what
 * zurt_quantize() makes of it by ZURT_CALIB_MSE and a few synthetic pictures, normalised as
 * zurt_graph_norm() says; zurt_plan_totals.assumed_scales says so. The same graph gives the same
 * plan. Real samples give other scales, which may move a node at the engine's limits, and
 * ZURT_CALIB_AUTO may make several layers of one.
 *
 * @param graph must outlive *out, unchanged.
 * @param board borrowed for the call.
 * @param out   owned by the caller: zurt_plan_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_NOMEM; for a float graph also as zurt_quantize().
 */
ZURT_API zurt_status zurt_graph_plan(zurt_ctx *ctx, const zurt_graph *graph,
                                     const zurt_board *board, zurt_plan **out);

/* ---- execution ------------------------------------------------------------------------- */

/**
 * Runs a graph on the host without a `.zurt`: the float reference for a float graph, the
 * quantiser's own int8 evaluation for an int8 one. Both by the kernels of libzurt, on the
 * evaluator's own threads; the bits of a result do not depend on their number.
 */
typedef struct zurt_evaluator zurt_evaluator;

/**
 * Prepares every node and allocates all buffers.
 *
 * @param graph   must outlive the evaluator, unchanged.
 * @param threads 1..64; 0: one per core that the process may use.
 * @param out     owned by the caller: zurt_evaluator_destroy(); NULL on failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or too many threads; ZURT_E_NOMEM; ZURT_E_IO: the OS
 *         gives no more threads; ZURT_E_UNSUPPORTED: a node that cannot be computed, named;
 *         ZURT_E_LIMIT.
 */
ZURT_API zurt_status zurt_evaluator_create(zurt_ctx *ctx, const zurt_graph *graph, uint32_t threads,
                                           zurt_evaluator **out);

/**
 * Computes one inference.
 *
 * @param in  n_in tensors as zurt_graph_input() says, dense, borrowed for the call.
 * @param out n_out caller-owned tensors as zurt_graph_output() says.
 * @return ZURT_OK; ZURT_E_ARG: NULL, a count or a byte size that does not match.
 * One thread at a time. An int8 graph gives the bytes that its `.zurt` gives. Ref:
 * docs/arithmetic.md.
 */
ZURT_API zurt_status zurt_evaluator_run(zurt_evaluator *e, const zurt_view *in, size_t n_in,
                                        const zurt_span *out, size_t n_out);

/** Destroys an evaluator; NULL is allowed. Cannot fail. */
ZURT_API void zurt_evaluator_destroy(zurt_evaluator *e);

/* ---- quantisation ---------------------------------------------------------------------- */

/**
 * Provides calibration sample `index`. Called in any order, and for the samples that judge several
 * times: the same index must give the same values.
 *
 * @param self     zurt_quantize_options.sample_self.
 * @param index    below n_samples.
 * @param inputs   to fill: every input of the float graph, F32, in the order and shape of
 *                 zurt_graph_input().
 * @param n_inputs number of them.
 * @return any status but ZURT_OK ends the calibration with it.
 * Called on the thread of zurt_quantize().
 */
typedef zurt_status zurt_sample_fn(void *self, size_t index, const zurt_span *inputs,
                                   size_t n_inputs);

/**
 * Called now and then during long work, on the caller's thread.
 *
 * @param self  zurt_quantize_options.progress_self.
 * @param what  what is being done, in words; the same text for the same work.
 * @param done  units of `total` that are done.
 * @param total all units.
 */
typedef void zurt_progress_fn(void *self, const char *what, size_t done, size_t total);

/** How the range of a tensor follows from what was seen; docs/accuracy.md compares them. */
typedef enum zurt_calib_method {
    ZURT_CALIB_MINMAX = 0,     /**< the smallest and the largest value */
    ZURT_CALIB_PERCENTILE = 1, /**< the share `percentile` of the values, rest cut at both ends */
    ZURT_CALIB_MSE = 2,        /**< least expected square of the error */
    ZURT_CALIB_ENTROPY = 3,    /**< least Kullback-Leibler divergence */
    ZURT_CALIB_AUTO = 4        /**< that of these that is nearest to float on the samples that
                                    judge; what regression heads read is not clipped. Ranges of
                                    channels are equalised between layers, and channels that
                                    differ much computed apart, where samples are held out
                                    and that is nearer still */
} zurt_calib_method;

/** Type of the model's inputs and outputs. */
typedef enum zurt_io_type {
    ZURT_IO_INT8 = 0,  /**< as the graph computes */
    ZURT_IO_UINT8 = 1, /**< the same values, 128 higher */
    ZURT_IO_FLOAT = 2  /**< quantised and dequantised inside */
} zurt_io_type;

/** Options of zurt_quantize(); start from ZURT_QUANTIZE_OPTIONS_INIT and set `sample`. */
typedef struct zurt_quantize_options {
    size_t size;                   /**< sizeof(zurt_quantize_options); set by the macro */
    zurt_calib_method method;      /**< of activations */
    double percentile;             /**< for PERCENTILE and AUTO, e.g. 99.99; in [50, 100] */
    uint32_t per_tensor;           /**< 1: one weight scale per layer instead of per channel */
    zurt_io_type io;               /**< type of the model's inputs and outputs */
    uint32_t require_int8;         /**< 1: a node that would stay float is an error */
    const char *const *keep_float; /**< names of nodes to leave in float */
    size_t n_keep_float;           /**< number of them */
    uint32_t report_sqnr;       /**< samples compared per layer against float; 0: no comparison */
    uint32_t threads;           /**< 0: one per core of the process */
    zurt_sample_fn *sample;     /**< never NULL */
    void *sample_self;          /**< passed to it */
    size_t n_samples;           /**< >= 1 */
    zurt_progress_fn *progress; /**< NULL: none */
    void *progress_self;        /**< passed to it */
    uint32_t hold_out;          /**< the last of every so many samples judges and does not
                                     calibrate; 0: none. Fewer than ZURT_QUANT_SPLIT_LEAST samples
                                     are not split: all of them calibrate and judge */
    double float_budget; /**< percent of the multiply-accumulates, 0 to 100, that may stay in float
                              where that brings the outputs nearer to float's on the samples that
                              judge; 0: none */
    double target_db;    /**< with float_budget: enough, dB of the mean over the outputs of noise to
                              signal; 0: as near as the budget lets */
} zurt_quantize_options;

/** From so many calibration samples on some are held out. */
#define ZURT_QUANT_SPLIT_LEAST 8

/** The best of the methods, one scale per channel, int8 inputs and outputs, every fourth sample
 * held out, SQNR over 8 of those; no sample function. */
#define ZURT_QUANTIZE_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(zurt_quantize_options), ZURT_CALIB_AUTO, 99.99, 0, ZURT_IO_INT8, 0, 0, 0, 8, 0, 0,  \
            0, 0, 0, 0, 4, 0, 0                                                                    \
    }

/** What the quantiser decided, per tensor and per layer. */
typedef struct zurt_quant_report zurt_quant_report;

/** One activation tensor. Strings are borrowed from the report. */
typedef struct zurt_quant_tensor {
    const char *name;         /**< of the float graph's tensor */
    float scale;              /**< real = scale * (q - zero_point) */
    int32_t zero_point;       /**< -128..127 */
    float min, max;           /**< range chosen */
    float seen_min, seen_max; /**< over the samples that calibrate */
    const char *method;       /**< "mse", "fixed", "tied to NAME", ... */
} zurt_quant_tensor;

/** One node of the int8 graph. Strings are borrowed from the report. */
typedef struct zurt_quant_layer {
    const char *name;   /**< as zurt_node_info.name */
    const char *op;     /**< as zurt_node_info.op */
    const char *type;   /**< "s8" or "f32" */
    const char *reason; /**< why it stays float; "" for s8 */
    double sqnr_db;     /**< of its output against float, with the errors of all layers before;
                           NAN if not measured */
    double own_sqnr_db; /**< the same where its inputs are float's values in int8: its own error */
} zurt_quant_layer;

/** One calibration sample. */
typedef struct zurt_quant_sample {
    double range;        /**< largest absolute value of an input over the median of all samples' */
    uint32_t is_unusual; /**< 1: range above ZURT_QUANT_UNUSUAL_RANGE; it widens every scale,
                              or judges by what is not like the rest */
} zurt_quant_sample;

/** From here on a sample is of another scale than the rest: 0..255 among 0..1, for instance. */
#define ZURT_QUANT_UNUSUAL_RANGE 8.0

/** What the SQNR of an output means; docs/accuracy.md explains the limits from measurements. */
typedef enum zurt_quant_verdict {
    ZURT_VERDICT_NONE = 0,  /**< not compared, or nothing computes in int8 */
    ZURT_VERDICT_GOOD = 1,  /**< as good as float in what was measured */
    ZURT_VERDICT_LOOK = 2,  /**< most answers are float's; measure it on the task */
    ZURT_VERDICT_BROKEN = 3 /**< answers are lost */
} zurt_quant_verdict;

/** Quality of an output over the compared samples. */
typedef struct zurt_quant_quality {
    double sqnr_db;      /**< of all samples together: a large one outweighs many small ones */
    double median_db;    /**< of the samples' own; INFINITY: not one value differs */
    double worst_db;     /**< least of them */
    size_t worst_sample; /**< its index */
    zurt_quant_verdict verdict;
} zurt_quant_quality;

/**
 * Calibrates a float graph and turns it into an int8 one. `graph` is not changed and must
 * outlive *out (constants that stay float are shared).
 *
 * @param options never NULL; borrowed for the call.
 * @param out     owned by the caller: zurt_graph_destroy(); NULL on failure.
 * @param report  may be NULL; else owned by the caller: zurt_quant_report_destroy(); NULL on
 *                failure.
 * @return ZURT_OK; ZURT_E_ARG: NULL, an option out of its range, or a graph that is quantised
 *         already; ZURT_E_FORMAT: a weight, or a sample's value, that is NaN or infinite, named;
 *         ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: require_int8 and a node stays float, named; or the
 *         sample function's own status.
 * The ctx's thread. Memory grows by a few numbers a sample; same samples, same graph, whatever the
 * number of threads. Ref: docs/accuracy.md, docs/arithmetic.md.
 */
ZURT_API zurt_status zurt_quantize(zurt_ctx *ctx, const zurt_graph *graph,
                                   const zurt_quantize_options *options, zurt_graph **out,
                                   zurt_quant_report **report);

/** Destroys a report; NULL is allowed. Cannot fail. */
ZURT_API void zurt_quant_report_destroy(zurt_quant_report *report);

/** @return number of activation tensors; 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_tensors(const zurt_quant_report *report);

/** @return number of nodes; 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_layers(const zurt_quant_report *report);

/** @return what was decided for tensor `i`, borrowed; NULL if out of range. */
ZURT_API const zurt_quant_tensor *zurt_quant_report_tensor(const zurt_quant_report *report,
                                                           size_t i);

/** @return what became of node `i`, in execution order, borrowed; NULL if out of range. */
ZURT_API const zurt_quant_layer *zurt_quant_report_layer(const zurt_quant_report *report, size_t i);

/**
 * Quality of a model output.
 *
 * @param output its index.
 * @return SQNR in dB, int8 against float, over the options' report_sqnr samples together; NAN if
 *         none were compared, nothing computes in int8, or `output` is out of range.
 */
ZURT_API double zurt_quant_report_output_sqnr(const zurt_quant_report *report, size_t output);

/** @return number of samples given, those that are held out among them; 0 for NULL.
 *  Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_samples(const zurt_quant_report *report);

/** @return number of samples that judge and did not calibrate; 0: the same samples did both.
 *  Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_held_out(const zurt_quant_report *report);

/** @return number of samples that were compared with float, the first of those that judge; 0 for
 *  NULL. Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_compared(const zurt_quant_report *report);

/** @return index of the k-th sample that was compared; SIZE_MAX if there are not so many. */
ZURT_API size_t zurt_quant_report_compared(const zurt_quant_report *report, size_t k);

/** @return the method that ranges were chosen by: for ZURT_CALIB_AUTO what it came to. That one
 * also leaves what regression heads read unclipped, which the same method does not if it is asked
 * for. */
ZURT_API zurt_calib_method zurt_quant_report_method(const zurt_quant_report *report);

/** @return what ZURT_CALIB_AUTO found of a method: dB of the mean over the outputs of noise to
 *  signal; NAN if it was not tried. */
ZURT_API double zurt_quant_report_method_db(const zurt_quant_report *report,
                                            zurt_calib_method method);

/** @return number of nodes that options.float_budget left in float; 0 for NULL.
 *  Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_kept(const zurt_quant_report *report);

/** @return name of the i-th of them, borrowed, as options.keep_float takes it; NULL if out of
 *  range. */
ZURT_API const char *zurt_quant_report_kept(const zurt_quant_report *report, size_t i);

/** What options.float_budget bought. */
typedef struct zurt_quant_control {
    size_t size;      /**< sizeof(zurt_quant_control), set before the call */
    double before_db; /**< without: of the mean over the outputs of noise to signal, on the samples
                           that judge; NAN if there was no budget */
    double after_db;  /**< with what stays in float */
    double share;     /**< percent of the multiply-accumulates that do */
} zurt_quant_control;

/** @return ZURT_OK; ZURT_E_ARG: NULL, or a size that no version has had. */
ZURT_API zurt_status zurt_quant_report_control(const zurt_quant_report *report,
                                               zurt_quant_control *out);

/** @return 1 if the ranges of channels were made more alike by factors that one layer's weights
 * give up to the next one's: by ZURT_CALIB_AUTO alone, where that is nearer to float; 0 also for
 * NULL. Allocates nothing. */
ZURT_API int zurt_quant_report_is_equalised(const zurt_quant_report *report);

/** @return how often a convolution, its activation and the depthwise convolution behind were made
 *  two or three, for channels of like range: by ZURT_CALIB_AUTO alone, where that is nearer to
 *  float. Their layers are named NAME/0 and so on. 0 for NULL. Allocates nothing. */
ZURT_API size_t zurt_quant_report_n_split(const zurt_quant_report *report);

/** @return what was seen of sample `i`, borrowed; NULL if out of range. */
ZURT_API const zurt_quant_sample *zurt_quant_report_sample(const zurt_quant_report *report,
                                                           size_t i);

/**
 * Quality of a model output of one sample.
 *
 * @param output its index.
 * @param sample below zurt_quant_report_n_compared(); its index is zurt_quant_report_compared().
 * @return SQNR in dB; NAN if it was not compared, or holds nothing to compare: scores of a fixed
 *         range, as Sigmoid gives them, that are all below 1/32.
 */
ZURT_API double zurt_quant_report_sample_sqnr(const zurt_quant_report *report, size_t output,
                                              size_t sample);

/**
 * Sums up a model output over the compared samples.
 *
 * @param output its index.
 * @param out    all NAN and ZURT_VERDICT_NONE if it was not compared.
 * @return ZURT_OK; ZURT_E_ARG: NULL, or `output` out of range.
 */
ZURT_API zurt_status zurt_quant_report_quality(const zurt_quant_report *report, size_t output,
                                               zurt_quant_quality *out);

/**
 * Ranks the int8 layers by their own error: those to keep in float first.
 *
 * @param rank 0: the worst.
 * @return the layer's index; SIZE_MAX if there are not so many that were compared.
 */
ZURT_API size_t zurt_quant_report_ranked(const zurt_quant_report *report, size_t rank);

/** @return "good", "look at it", "broken"; "not compared" for any other value. */
ZURT_API const char *zurt_quant_verdict_name(zurt_quant_verdict verdict);

/* ---- output ---------------------------------------------------------------------------- */

/**
 * Writes a `.zurt`, to a temporary file that is then renamed. Same graph, same bytes.
 *
 * @param path an existing file is replaced and its mode kept, through symbolic links; a device,
 *             FIFO or folder is refused.
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_IO: cannot write; ZURT_E_NOMEM; ZURT_E_LIMIT: beyond
 *         what the format holds. On failure `path` is as it was.
 * Ref: docs/format.md.
 */
ZURT_API zurt_status zurt_emit_zurt_file(zurt_ctx *ctx, const zurt_graph *graph, const char *path);

/**
 * The bytes of zurt_emit_zurt_file() in memory, as zurt_model_load_mem() takes them.
 *
 * @param bytes owned by the caller: zurt_buffer_free(); 64-byte aligned; NULL on failure.
 * @param size  number of bytes.
 * @return as zurt_emit_zurt_file(), without ZURT_E_IO.
 */
ZURT_API zurt_status zurt_emit_zurt_mem(zurt_ctx *ctx, const zurt_graph *graph, void **bytes,
                                        size_t *size);

/**
 * Writes an int8 graph as QDQ ONNX, opset 13 or what its operators need; inputs and outputs NCHW,
 * float, as the source. What reads an input in float gets it rounded to int8, unless the graph was
 * quantised with ZURT_IO_FLOAT.
 *
 * @param path as of zurt_emit_zurt_file().
 * @return ZURT_OK; ZURT_E_ARG: NULL; ZURT_E_IO: cannot write; ZURT_E_NOMEM; ZURT_E_UNSUPPORTED: a
 *         node without an ONNX form, named; ZURT_E_LIMIT: larger than 2 GiB.
 */
ZURT_API zurt_status zurt_emit_onnx_file(zurt_ctx *ctx, const zurt_graph *graph, const char *path);

/**
 * The bytes of zurt_emit_onnx_file() in memory, as zurt_import_onnx_mem() takes them.
 *
 * @param bytes owned by the caller: zurt_buffer_free(); NULL on failure.
 * @param size  number of bytes.
 * @return as zurt_emit_onnx_file(), without ZURT_E_IO.
 */
ZURT_API zurt_status zurt_emit_onnx_mem(zurt_ctx *ctx, const zurt_graph *graph, void **bytes,
                                        size_t *size);

/** Frees what zurt_emit_zurt_mem() or zurt_emit_onnx_mem() gave, with the ctx it was given; `bytes`
 *  may be NULL. */
ZURT_API void zurt_buffer_free(zurt_ctx *ctx, void *bytes);

#ifdef __cplusplus
}
#endif

#endif
