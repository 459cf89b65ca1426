/* SPDX-License-Identifier: Apache-2.0 */
/** @file Numbers of the fields, types and operators of a TFLite file. Ref: TFLite, schema.fbs,
 *  version 3. */
#ifndef ZC_IMPORT_TFLITE_SCHEMA_H
#define ZC_IMPORT_TFLITE_SCHEMA_H

enum { ZC_TFL_VERSION = 3 };

enum zc_tfl_model {
    ZC_MODEL_VERSION = 0,
    ZC_MODEL_OPERATOR_CODES = 1,
    ZC_MODEL_SUBGRAPHS = 2,
    ZC_MODEL_BUFFERS = 4
};

enum zc_tfl_code { ZC_CODE_OLD = 0, ZC_CODE_CUSTOM = 1, ZC_CODE_BUILTIN = 3 };

enum zc_tfl_subgraph {
    ZC_SUBGRAPH_TENSORS = 0,
    ZC_SUBGRAPH_INPUTS = 1,
    ZC_SUBGRAPH_OUTPUTS = 2,
    ZC_SUBGRAPH_OPERATORS = 3
};

enum zc_tfl_tensor {
    ZC_TENSOR_SHAPE = 0,
    ZC_TENSOR_TYPE = 1,
    ZC_TENSOR_BUFFER = 2,
    ZC_TENSOR_NAME = 3,
    ZC_TENSOR_QUANTIZATION = 4,
    ZC_TENSOR_IS_VARIABLE = 5,
    ZC_TENSOR_SPARSITY = 6,
    ZC_TENSOR_SIGNATURE = 7
};

enum zc_tfl_quantization {
    ZC_QUANT_SCALE = 2,
    ZC_QUANT_ZERO_POINT = 3,
    ZC_QUANT_DETAILS = 5,
    ZC_QUANT_DIMENSION = 6
};

enum zc_tfl_operator {
    ZC_OPERATOR_CODE = 0,
    ZC_OPERATOR_INPUTS = 1,
    ZC_OPERATOR_OUTPUTS = 2,
    ZC_OPERATOR_OPTIONS = 4
};

enum { ZC_BUFFER_DATA = 0 };

enum zc_tfl_type {
    ZC_TFL_FLOAT32 = 0,
    ZC_TFL_FLOAT16 = 1,
    ZC_TFL_INT32 = 2,
    ZC_TFL_UINT8 = 3,
    ZC_TFL_INT64 = 4,
    ZC_TFL_BOOL = 6,
    ZC_TFL_INT8 = 9
};

enum zc_tfl_padding { ZC_TFL_SAME = 0, ZC_TFL_VALID = 1 };

enum zc_tfl_activation {
    ZC_ACT_NONE = 0,
    ZC_ACT_RELU = 1,
    ZC_ACT_RELU_N1_TO_1 = 2,
    ZC_ACT_RELU6 = 3,
    ZC_ACT_TANH = 4
};

/* Fields of the operators' options. */
enum { ZC_CONV_PADDING = 0, ZC_CONV_STRIDE_W = 1, ZC_CONV_STRIDE_H = 2 };
enum { ZC_CONV_ACT = 3, ZC_CONV_DILATION_W = 4, ZC_CONV_DILATION_H = 5 };
enum { ZC_DEPTHWISE_ACT = 4, ZC_DEPTHWISE_DILATION_W = 5, ZC_DEPTHWISE_DILATION_H = 6 };
enum { ZC_POOL_WIDTH = 3, ZC_POOL_HEIGHT = 4, ZC_POOL_ACT = 5 };
enum { ZC_FC_ACT = 0, ZC_FC_FORMAT = 1, ZC_FC_KEEP_DIMS = 2 };
enum { ZC_BINARY_ACT = 0 };
enum { ZC_SOFTMAX_BETA = 0 };
enum { ZC_CONCAT_AXIS = 0, ZC_CONCAT_ACT = 1 };
enum { ZC_BILINEAR_ALIGN = 2, ZC_BILINEAR_HALF = 3, ZC_NEAREST_ALIGN = 0, ZC_NEAREST_HALF = 1 };
enum { ZC_REDUCE_KEEP_DIMS = 0 };
enum { ZC_LEAKY_ALPHA = 0 };
enum { ZC_BLOCK_SIZE = 0 };
enum { ZC_MIRROR_MODE = 0 };

#endif
