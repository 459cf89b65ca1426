/* SPDX-License-Identifier: Apache-2.0 */
/** @file Real models and data for the accuracy tests: everything asserts that it succeeds. */
#ifndef TEST_GOLDEN_ACCURACY_H
#define TEST_GOLDEN_ACCURACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zurt/compile.h>

/** Samples in the layout of a float graph's input 0, one after the other. */
typedef struct dataset {
    size_t n;
    size_t elems; /**< of one sample */
    float *x;
    int *label; /**< NULL: none */
} dataset;

/** $ZURT_DATA/relative into buf; false without $ZURT_DATA or the file: skip the test then. */
bool data_path(char *buf, size_t size, const char *relative);

/** Imports $ZURT_DATA/onnx/name. */
zurt_graph *data_model(zurt_ctx *ctx, const char *name);
/** Imports $ZURT_DATA/onnx/name with height and width for inputs that leave them open; 0: as
 *  declared. */
zurt_graph *data_model_sized(zurt_ctx *ctx, const char *name, int32_t height, int32_t width);

/** A raw file of $ZURT_DATA; free() it. */
void *data_file(const char *relative, size_t *size);

/** MNIST's test set, (x / 255 - .1307) / .3081. */
dataset data_mnist_test(void);
/** n pictures of its training set, evenly spread. */
dataset data_mnist_train(size_t n);
/** How pictures become samples. */
typedef enum data_prepare {
    DATA_IMAGENET = 0,       /**< shorter side to the input, centre crop; ImageNet's mean and std */
    DATA_STRETCHED_BYTES = 1 /**< both sides to the input; 0..255 */
} data_prepare;

/** The 100 imagenet_samples by file name; labels are the leading numbers. */
dataset data_imagenet(zurt_ctx *ctx, const zurt_graph *graph, data_prepare prepare);
void dataset_free(dataset *d);

/** Samples [first, first + n) for zurt_quantize(). */
typedef struct feed {
    const dataset *data;
    size_t first;
    size_t batch; /**< samples per call: the model's */
} feed;
zurt_sample_fn feed_sample;

/** Index of the largest value of output 0, for samples [first, first + n). */
void predict(zurt_ctx *ctx, const zurt_graph *graph, const dataset *data, size_t first, size_t n,
             int *out);
size_t count_equal(const int *a, const int *b, size_t n);

/** zurt_quantize() that must succeed. */
zurt_graph *quantised(zurt_ctx *ctx, const zurt_graph *graph, const zurt_quantize_options *options,
                      zurt_quant_report **report);

/** Milliseconds of a monotonic clock. */
double now_ms(void);

#endif
