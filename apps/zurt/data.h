/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * DATA of the command line: a numbered set of samples, with classes where known.
 *
 *   idx:IMAGES[,LABELS] IDX files, gzip allowed; pixels
 *   dir:PATH[,LABELS]   JPEG, PNG and BMP files; LABELS has lines `filename class`
 *   npy:X.npy[,Y.npy]   first axis counts samples; u8 are pixels, f32 are taken as they are
 *   raw:FILE[,LABELS]   concatenated tensors in the model's input type and layout (.f32: floats)
 *   random:N            seeded noise in the model's input range; smoke tests only
 *   NAME=DATA,NAME=DATA one of the above for each input, as many samples in each
 *
 * Pixels go through the model's preprocessing; values for s8 and u8 inputs are quantised.
 */
#ifndef APP_DATA_H
#define APP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zurt/image.h>
#include <zurt/zurt.h>

#include "cli.h"
#include "sha256.h"

/** Order of the axes of raw and npy samples of pictures; the first two as --layout names them. */
typedef enum sample_layout {
    SAMPLE_NCHW,
    SAMPLE_NHWC,
    SAMPLE_AS_SOURCE /**< NCHW where the model's source was */
} sample_layout;

typedef struct data_source data_source;

/** One kind of source. `fill` writes sample `i` of every input, one batch element each. */
typedef struct data_kind {
    const char *prefix;
    int (*open)(cli *c, data_source *s, const char *path, const char *labels); // or NULL
    /** Meets a model: checks that it can feed these inputs, settles n where it depends on them.
     *  sample[k].bytes is the size of one batch element of input k. Two models may be met, so what
     *  depends on one of them is not kept. */
    int (*bind)(cli *c, data_source *s, const zurt_tensor_info *inputs, const zurt_span *sample,
                size_t n_in);
    int (*fill)(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in);
    void (*close)(data_source *s);
    /** Name of a sample's file; NULL: samples have none of their own. */
    const char *(*name)(const data_source *s, size_t i);
    /** Adds what the samples are, as far as all shards of them see it; NULL: their number says it.
     */
    void (*digest)(const data_source *s, sha256 *h);
} data_kind;

/** Samples that could not be read and were left out. */
typedef struct data_refused {
    bool *is; /**< of each sample */
    size_t n;
} data_refused;

struct data_source {
    const data_kind *kind;
    size_t n;
    size_t bound_n;       /**< n as the first model saw it; 0 before */
    int32_t *labels;      /**< class of each sample, or NULL */
    const char **files;   /**< path of each sample; NULL: they are not files */
    int32_t *folder_of;   /**< if the classes are sub-folders: which one, -1: none; else NULL */
    const char **folders; /**< their names, in the order of the default classes */
    size_t n_folders;
    int32_t label_offset;         /**< still to be added to labels */
    zurt_orientation orientation; /**< of pictures */
    data_refused *refused;        /**< NULL: the first sample that cannot be read is a failure */
    sample_layout layout;         /**< of raw and npy samples */
    void *state;                  /**< the kind's own */
};

/** The kinds, one file each. */
extern const data_kind data_kind_idx, data_kind_dir, data_kind_npy, data_kind_raw, data_kind_random,
    data_kind_each;

/** Opens DATA; EXIT_DONE or an exit code with the failure stated. data_close() in any case. The
 *  last comma parts the labels, unless all of it names a file. */
int data_open(cli *c, const char *spec, data_source *out);
/** A file without labels, whose name may hold anything: a picture, a .npy, or raw tensors if its
 * name ends as theirs do. Anything else is refused with what it is. */
int data_open_file(cli *c, const char *path, data_source *out);
void data_close(data_source *s);

/** A source of several, one for each input; takes parts[0..n) and clears them. Each name is copied.
 *  data_close() in any case. */
int data_open_each(cli *c, const char *const *names, data_source *parts, size_t n,
                   data_source *out);

/** True if the text starts with a kind and a colon. */
bool data_has_kind(const char *spec);

/** Must be called once the model is known, before `n` is used. */
int data_bind(cli *c, data_source *s, const zurt_tensor_info *inputs, const zurt_span *sample,
              size_t n_in);

/** From now on a sample that cannot be read does not fail: it is named in a remark and left out.
 *  After data_bind(). */
int data_tolerate(cli *c, data_source *s);
bool data_is_refused(const data_source *s, size_t i);

enum { DATA_NAME_BYTES = 512 };

/** Names a sample for a message: its file, or its number and DATA. `text` has DATA_NAME_BYTES. */
const char *data_name(const data_source *s, size_t i, char *text);

/** True if the samples are pictures, which preprocessing applies to. */
bool data_is_pictures(const data_source *s);

/** Class of a sample; -1 if unknown. judge_name_classes() has settled it. */
int32_t data_label(const data_source *s, size_t i);

/**
 * What tells DATA from other DATA, wherever it lies: the bytes of files that hold many samples, of
 * pictures the names alone, the number of samples and their classes.
 */
void data_digest(const data_source *s, size_t n, sha256 *h);

/**
 * Fills one sample: inputs[k] describes the whole tensor, out[k] takes one element of its batch
 * (`batch` of them make the tensor).
 */
int data_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
              const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in);

/* ---- for the kinds ---- */

/** Sample i could not be read: the ctx says why. EXIT_DONE if it may be left out. */
int data_refuse(cli *c, const data_source *s, size_t i, zurt_status st);

/** A single picture, whatever its name. */
int data_open_picture(cli *c, const char *path, data_source *out);

/** The name ends as those of pictures do that can be read. */
bool data_is_picture_name(const char *path);

/** A bind for kinds that feed exactly one input. */
int data_bind_single(cli *c, data_source *s, const zurt_tensor_info *inputs,
                     const zurt_span *sample, size_t n_in);

/** Shape of one sample of an input, as the model has it. */
typedef struct data_shape {
    int rank;
    size_t dims[ZURT_MAX_RANK];
} data_shape;

/** `bytes`: of one batch element. If they are the whole tensor's, its first axis stays unless it is
 *  1. */
data_shape data_sample_shape(const zurt_tensor_info *info, size_t bytes);

/** "[3, 224, 224]"; cut if `text` is too small. */
void data_shape_text(const size_t *dims, int rank, char *text, size_t size);

/** Reads a whole file; free() the bytes. */
int data_read_file(cli *c, const char *path, uint8_t **bytes, size_t *size);

/** Reads labels: a line each, its last number counts; blank lines and a heading are skipped. */
int data_read_labels(cli *c, const char *path, int32_t **labels, size_t *n);

/** Real values to one batch element of an input of any type. */
int data_put_floats(cli *c, const zurt_tensor_info *info, const float *values, size_t n,
                    zurt_span out);

/** Whole numbers to one batch element of an input of any type. */
int data_put_integers(cli *c, const zurt_tensor_info *info, const int64_t *values, size_t n,
                      zurt_span out);

/** Whether samples of an input come with the channels first, and the input wants them last. */
bool data_is_chw(const data_source *s, const zurt_tensor_info *info);
/** Moves `n` elements of `elem` bytes from [.., C, H, W] to [.., H, W, C] of the input's shape. */
void data_chw_to_hwc(const zurt_tensor_info *info, const void *in, void *out, size_t n,
                     size_t elem);

/** A pixel of channel `ch` as the input's real value: through the preprocessing; of an uint8 input
 *  without a scale, as it is. */
float data_pixel_value(const zurt_norm *norm, const zurt_tensor_info *info, uint8_t pixel,
                       size_t ch);

/** Pixels of one sample, rows of interleaved channels, to an input: normalised, quantised. */
int data_put_pixels(cli *c, const zurt_norm *norm, const zurt_tensor_info *info,
                    const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                    zurt_span out);

#endif
