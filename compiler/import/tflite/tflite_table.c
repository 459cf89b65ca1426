/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that are taken. Numbers: BuiltinOperator of the schema. */
#include "import/tflite/tflite.h"

static const zc_tfl_op ops[] = {
    {0, "ADD", zc_tfl_binary, 2, 2, ZI_OP_Add},
    {1, "AVERAGE_POOL_2D", zc_tfl_pool, 1, 1, ZI_OP_AveragePool},
    {2, "CONCATENATION", zc_tfl_concat, 1, 0, ZI_OP_Concat},
    {3, "CONV_2D", zc_tfl_conv, 2, 3, ZI_OP_Conv},
    {4, "DEPTHWISE_CONV_2D", zc_tfl_depthwise, 2, 3, ZI_OP_Conv},
    {5, "DEPTH_TO_SPACE", zc_tfl_blocks, 1, 1, ZI_OP_DepthToSpace},
    {6, "DEQUANTIZE", zc_tfl_dequantize, 1, 1, ZI_OP_Dequantize},
    {8, "FLOOR", zc_tfl_unary, 1, 1, ZI_OP_Floor},
    {9, "FULLY_CONNECTED", zc_tfl_fully_connected, 2, 3, ZI_OP_FullyConnected},
    {14, "LOGISTIC", zc_tfl_unary, 1, 1, ZI_OP_Sigmoid},
    {17, "MAX_POOL_2D", zc_tfl_pool, 1, 1, ZI_OP_MaxPool},
    {18, "MUL", zc_tfl_binary, 2, 2, ZI_OP_Mul},
    {19, "RELU", zc_tfl_clip, 1, 1, ZI_OP_Clip},
    {20, "RELU_N1_TO_1", zc_tfl_clip, 1, 1, ZI_OP_Clip},
    {21, "RELU6", zc_tfl_clip, 1, 1, ZI_OP_Clip},
    {22, "RESHAPE", zc_tfl_reshape, 1, 2, ZI_OP_Reshape},
    {23, "RESIZE_BILINEAR", zc_tfl_resize, 2, 2, ZI_OP_Resize},
    {25, "SOFTMAX", zc_tfl_softmax, 1, 1, ZI_OP_Softmax},
    {26, "SPACE_TO_DEPTH", zc_tfl_blocks, 1, 1, ZI_OP_SpaceToDepth},
    {28, "TANH", zc_tfl_unary, 1, 1, ZI_OP_Tanh},
    {34, "PAD", zc_tfl_pad, 2, 2, ZI_OP_Pad},
    {37, "BATCH_TO_SPACE_ND", zc_tfl_batch_to_space, 3, 3, ZI_OP_Reshape},
    {38, "SPACE_TO_BATCH_ND", zc_tfl_space_to_batch, 3, 3, ZI_OP_Reshape},
    {39, "TRANSPOSE", zc_tfl_transpose, 2, 2, ZI_OP_Transpose},
    {40, "MEAN", zc_tfl_reduce, 2, 2, ZI_OP_ReduceMean},
    {41, "SUB", zc_tfl_binary, 2, 2, ZI_OP_Sub},
    {42, "DIV", zc_tfl_binary, 2, 2, ZI_OP_Div},
    {43, "SQUEEZE", zc_tfl_reshape, 1, 1, ZI_OP_Reshape},
    {45, "STRIDED_SLICE", zc_tfl_strided_slice, 4, 4, ZI_OP_Slice},
    {47, "EXP", zc_tfl_unary, 1, 1, ZI_OP_Exp},
    {54, "PRELU", zc_tfl_prelu, 2, 2, ZI_OP_PRelu},
    {55, "MAXIMUM", zc_tfl_binary, 2, 2, ZI_OP_Max},
    {56, "ARG_MAX", zc_tfl_arg, 2, 2, ZI_OP_ArgMax},
    {57, "MINIMUM", zc_tfl_binary, 2, 2, ZI_OP_Min},
    {59, "NEG", zc_tfl_unary, 1, 1, ZI_OP_Neg},
    {60, "PADV2", zc_tfl_pad, 3, 3, ZI_OP_Pad},
    {66, "SIN", zc_tfl_unary, 1, 1, ZI_OP_Sin},
    {67, "TRANSPOSE_CONV", zc_tfl_transpose_conv, 3, 4, ZI_OP_ConvTranspose},
    {70, "EXPAND_DIMS", zc_tfl_reshape, 1, 2, ZI_OP_Reshape},
    {73, "LOG", zc_tfl_unary, 1, 1, ZI_OP_Log},
    {74, "SUM", zc_tfl_reduce, 2, 2, ZI_OP_ReduceSum},
    {75, "SQRT", zc_tfl_unary, 1, 1, ZI_OP_Sqrt},
    {77, "SHAPE", zc_tfl_shape, 1, 1, ZI_OP_NONE},
    {78, "POW", zc_tfl_binary, 2, 2, ZI_OP_Pow},
    {79, "ARG_MIN", zc_tfl_arg, 2, 2, ZI_OP_ArgMin},
    {82, "REDUCE_MAX", zc_tfl_reduce, 2, 2, ZI_OP_ReduceMax},
    {83, "PACK", zc_tfl_pack, 1, 0, ZI_OP_Concat},
    {89, "REDUCE_MIN", zc_tfl_reduce, 2, 2, ZI_OP_ReduceMin},
    {97, "RESIZE_NEAREST_NEIGHBOR", zc_tfl_resize, 2, 2, ZI_OP_Resize},
    {98, "LEAKY_RELU", zc_tfl_leaky_relu, 1, 1, ZI_OP_LeakyRelu},
    {100, "MIRROR_PAD", zc_tfl_pad, 2, 2, ZI_OP_Pad},
    {101, "ABS", zc_tfl_unary, 1, 1, ZI_OP_Abs},
    {104, "CEIL", zc_tfl_unary, 1, 1, ZI_OP_Ceil},
    {108, "COS", zc_tfl_unary, 1, 1, ZI_OP_Cos},
    {111, "ELU", zc_tfl_elu, 1, 1, ZI_OP_Elu},
    {114, "QUANTIZE", zc_tfl_quantize, 1, 1, ZI_OP_Quantize},
    {116, "ROUND", zc_tfl_unary, 1, 1, ZI_OP_Round},
    {117, "HARD_SWISH", zc_tfl_unary, 1, 1, ZI_OP_HardSwish},
};

const zc_tfl_op *zc_tfl_op_find(int32_t code)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (ops[i].code == code)
            return &ops[i];
    }
    return NULL;
}
