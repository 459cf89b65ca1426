/* SPDX-License-Identifier: Apache-2.0 */
/** @file One case of ONNX's operator tests: a model, its inputs and the outputs it must give. */
#ifndef CONF_ONNX_CASE_H
#define CONF_ONNX_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include <zurt/compile.h>

enum { CASE_MAX_TENSORS = 64 };

/** Data in zurt's types: float16 and double have become F32. */
typedef struct case_tensor {
    char name[128];
    zurt_dtype dtype;
    int32_t rank;
    int32_t dims[ZURT_MAX_RANK];
    size_t elems;
    void *data;
} case_tensor;

typedef struct onnx_case {
    void *model;
    size_t model_bytes;
    size_t n_in, n_out;
    case_tensor in[CASE_MAX_TENSORS];  /**< by the order of the model's inputs */
    case_tensor out[CASE_MAX_TENSORS]; /**< by the order of its outputs */
} onnx_case;

/** Reads DIR/model.onnx; false if it is not there. */
bool onnx_case_load_model(const char *dir, onnx_case *c);
/** Reads DIR/test_data_set_0/{input,output}_k.pb; false if a tensor cannot be read. */
bool onnx_case_load_data(const char *dir, onnx_case *c);
void onnx_case_free(onnx_case *c);

#endif
