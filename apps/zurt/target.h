/* SPDX-License-Identifier: Apache-2.0 */
/** @file A model that can be run, whatever file it came from: float or QDQ .onnx, or .zurt. */
#ifndef APP_TARGET_H
#define APP_TARGET_H

#include <zurt/compile.h>
#include <zurt/zurt.h>

#include "class_names.h"
#include "cli.h"
#include "data.h"

/** Most --shape options. */
enum { TARGET_MAX_SHAPES = 32 };

/** What the command line says about models and their inputs. */
typedef struct target_options {
    zurt_norm norm;
    bool norm_given;            /**< any of --input-norm, --bgr, --fit, --crop-ratio */
    zurt_import_options import; /**< its shapes: the list below, as target_import() sets it */
    zurt_input_shape shapes[TARGET_MAX_SHAPES];
    zurt_session_options session;
    bool facts_only; /**< nothing is run: an .onnx needs no evaluator */
    int32_t label_offset;
    sample_layout layout; /**< of raw and npy samples */
    bool no_exif;         /**< pictures as stored */
    const char *labels;   /**< --labels: a file; NULL: the model's own */
} target_options;

target_options target_options_default(void);
/** Any of --input-size, --shape, --batch. */
bool target_shapes_given(const target_options *options);
/** The import's options, with the shapes of these. */
zurt_import_options target_import(const target_options *options);

/** Binds the options of inputs, devices and labels; --input-norm also takes the MEAN/STD arguments
 *  that follow it. */
void target_bind_options(cli *c, target_options *options);
/** How pictures are turned. */
zurt_orientation target_orientation(const target_options *options);

typedef struct target {
    const char *path;
    bool is_zurt;
    zurt_graph *graph; /**< .onnx */
    bool borrowed;     /**< the graph is another's; there is no evaluator */
    zurt_evaluator *evaluator;
    zurt_model *model; /**< .zurt */
    zurt_session *session;
    zurt_norm norm;       /**< the file's own, or the command line's for .onnx */
    sample_layout layout; /**< of raw and npy samples */
    zurt_orientation orientation;
    size_t n_in, n_out;
    zurt_tensor_info *inputs, *outputs;
    zurt_view *in; /**< buffers of one run */
    zurt_span *in_space, *out;
    size_t batch;      /**< samples of one run */
    class_names names; /**< of --labels */
} target;

/** Whether a model is a .zurt or an .onnx, by its bytes; a file of another kind is refused with its
 *  name and a remedy. A damaged one goes by its suffix, for its reader to say what is wrong. The
 *  runtime-only command goes no further with an .onnx: compiler_instead(). */
int target_recognise(cli *c, const char *path, bool *is_zurt);

/** Says which options are in vain, as a .zurt has its own shapes and preprocessing. */
void target_note_own(cli *c, const char *path, const target_options *options);

/** Opens the file and says what its inputs and outputs are: all that planning needs, not running.
 *  target_close() in any case. */
int target_load(cli *c, const char *path, const target_options *options, target *out);
/** target_load(), and makes it ready to run, with buffers. */
int target_open(cli *c, const char *path, const target_options *options, target *out);
/** A float graph that is only fed, never run: for calibration. The graph stays its owner's. */
int target_wrap(cli *c, zurt_graph *graph, const target_options *options, target *out);
void target_close(target *t);

/** The same model with buffers of its own, for a run beside `t`'s; all else stays `t`'s.
 *  target_free_buffers() in any case. */
int target_beside(cli *c, const target *t, target *out);
void target_free_buffers(target *t);

/** Inputs as they are in the buffers; EXIT_DONE or stated. */
int target_run(cli *c, target *t);

/** Lets a data source meet this model. */
int target_bind(cli *c, const target *t, data_source *s);

/** Fills the input buffers with samples first.. (repeating the last to fill the batch). */
int target_fill(cli *c, target *t, const data_source *s, size_t first, size_t last);

/** The batch: the first axis that all inputs share, if every output can be parted by it; else 1:
 *  one sample fills a run. */
size_t target_batch_of(const zurt_tensor_info *inputs, size_t n_in, const zurt_tensor_info *outputs,
                       size_t n_out);

/** Elements of one sample of an output. */
size_t target_out_elems(const target *t, size_t output);

/** Output `k` of the last run as real values: t->batch samples. */
int target_out_floats(cli *c, const target *t, size_t k, float *values);

/**
 * Runs samples [first, first + count) and gives every output as real values:
 * out[k] has count * target_out_elems(t, k) floats.
 */
int target_predict(cli *c, target *t, const data_source *s, size_t first, size_t count,
                   float *const *out);

/** "xrt", "sim", "cpu"; "host" for a model that the host's executor runs. */
const char *target_device(const target *t);

/** Says on stderr how many answers were the CPU's because the device failed. */
void target_note_fallbacks(cli *c, const target *t);

/** Name of a class: of --labels, else the model's own; "" without. */
const char *target_label(const target *t, size_t i);

/** The one output holds a score for each class: [N, C] or [N, 1, 1, C] with more than one class. */
bool target_is_classifier(const target *t);

#endif
