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
enum { ZC_TRANSPOSE_CONV_ACT = 3 };
enum { ZC_PACK_AXIS = 1 };
enum { ZC_SLICE_BEGIN_MASK = 0, ZC_SLICE_END_MASK = 1, ZC_SLICE_ELLIPSIS = 2 };
enum { ZC_SLICE_NEW_AXIS = 3, ZC_SLICE_SHRINK = 4, ZC_SLICE_OFFSET = 5 };

/** BuiltinOperator: those that are taken, and CUSTOM. */
enum zc_tfl_builtin {
    ZC_TFL_ADD = 0,
    ZC_TFL_AVERAGE_POOL_2D = 1,
    ZC_TFL_CONCATENATION = 2,
    ZC_TFL_CONV_2D = 3,
    ZC_TFL_DEPTHWISE_CONV_2D = 4,
    ZC_TFL_DEPTH_TO_SPACE = 5,
    ZC_TFL_DEQUANTIZE = 6,
    ZC_TFL_FLOOR = 8,
    ZC_TFL_FULLY_CONNECTED = 9,
    ZC_TFL_LOGISTIC = 14,
    ZC_TFL_MAX_POOL_2D = 17,
    ZC_TFL_MUL = 18,
    ZC_TFL_RELU = 19,
    ZC_TFL_RELU_N1_TO_1 = 20,
    ZC_TFL_RELU6 = 21,
    ZC_TFL_RESHAPE = 22,
    ZC_TFL_RESIZE_BILINEAR = 23,
    ZC_TFL_SOFTMAX = 25,
    ZC_TFL_SPACE_TO_DEPTH = 26,
    ZC_TFL_TANH = 28,
    ZC_TFL_CUSTOM = 32,
    ZC_TFL_PAD = 34,
    ZC_TFL_BATCH_TO_SPACE_ND = 37,
    ZC_TFL_SPACE_TO_BATCH_ND = 38,
    ZC_TFL_TRANSPOSE = 39,
    ZC_TFL_MEAN = 40,
    ZC_TFL_SUB = 41,
    ZC_TFL_DIV = 42,
    ZC_TFL_SQUEEZE = 43,
    ZC_TFL_STRIDED_SLICE = 45,
    ZC_TFL_EXP = 47,
    ZC_TFL_PRELU = 54,
    ZC_TFL_MAXIMUM = 55,
    ZC_TFL_ARG_MAX = 56,
    ZC_TFL_MINIMUM = 57,
    ZC_TFL_NEG = 59,
    ZC_TFL_PADV2 = 60,
    ZC_TFL_SIN = 66,
    ZC_TFL_TRANSPOSE_CONV = 67,
    ZC_TFL_EXPAND_DIMS = 70,
    ZC_TFL_LOG = 73,
    ZC_TFL_SUM = 74,
    ZC_TFL_SQRT = 75,
    ZC_TFL_SHAPE = 77,
    ZC_TFL_POW = 78,
    ZC_TFL_ARG_MIN = 79,
    ZC_TFL_REDUCE_MAX = 82,
    ZC_TFL_PACK = 83,
    ZC_TFL_REDUCE_MIN = 89,
    ZC_TFL_RESIZE_NEAREST_NEIGHBOR = 97,
    ZC_TFL_LEAKY_RELU = 98,
    ZC_TFL_MIRROR_PAD = 100,
    ZC_TFL_ABS = 101,
    ZC_TFL_CEIL = 104,
    ZC_TFL_COS = 108,
    ZC_TFL_ELU = 111,
    ZC_TFL_QUANTIZE = 114,
    ZC_TFL_ROUND = 116,
    ZC_TFL_HARD_SWISH = 117
};

#endif
