/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that are taken. */
#include "import/tflite/tflite.h"

#define ROW(name, translate, min_in, max_in, op)                                                   \
    {                                                                                              \
        ZC_TFL_##name, #name, translate, min_in, max_in, op                                        \
    }

static const zc_tfl_op ops[] = {
    ROW(ADD, zc_tfl_binary, 2, 2, ZI_OP_Add),
    ROW(AVERAGE_POOL_2D, zc_tfl_pool, 1, 1, ZI_OP_AveragePool),
    ROW(CONCATENATION, zc_tfl_concat, 1, 0, ZI_OP_Concat),
    ROW(CONV_2D, zc_tfl_conv, 2, 3, ZI_OP_Conv),
    ROW(DEPTHWISE_CONV_2D, zc_tfl_depthwise, 2, 3, ZI_OP_Conv),
    ROW(DEPTH_TO_SPACE, zc_tfl_blocks, 1, 1, ZI_OP_DepthToSpace),
    ROW(DEQUANTIZE, zc_tfl_quantize, 1, 1, ZI_OP_Dequantize),
    ROW(FLOOR, zc_tfl_unary, 1, 1, ZI_OP_Floor),
    ROW(FULLY_CONNECTED, zc_tfl_fully_connected, 2, 3, ZI_OP_FullyConnected),
    ROW(LOGISTIC, zc_tfl_unary, 1, 1, ZI_OP_Sigmoid),
    ROW(MAX_POOL_2D, zc_tfl_pool, 1, 1, ZI_OP_MaxPool),
    ROW(MUL, zc_tfl_binary, 2, 2, ZI_OP_Mul),
    ROW(RELU, zc_tfl_clip, 1, 1, ZI_OP_Clip),
    ROW(RELU_N1_TO_1, zc_tfl_clip, 1, 1, ZI_OP_Clip),
    ROW(RELU6, zc_tfl_clip, 1, 1, ZI_OP_Clip),
    ROW(RESHAPE, zc_tfl_reshape, 1, 2, ZI_OP_Reshape),
    ROW(RESIZE_BILINEAR, zc_tfl_resize, 2, 2, ZI_OP_Resize),
    ROW(SOFTMAX, zc_tfl_softmax, 1, 1, ZI_OP_Softmax),
    ROW(SPACE_TO_DEPTH, zc_tfl_blocks, 1, 1, ZI_OP_SpaceToDepth),
    ROW(TANH, zc_tfl_unary, 1, 1, ZI_OP_Tanh),
    ROW(PAD, zc_tfl_pad, 2, 2, ZI_OP_Pad),
    ROW(BATCH_TO_SPACE_ND, zc_tfl_batch_to_space, 3, 3, ZI_OP_Reshape),
    ROW(SPACE_TO_BATCH_ND, zc_tfl_space_to_batch, 3, 3, ZI_OP_Reshape),
    ROW(TRANSPOSE, zc_tfl_transpose, 2, 2, ZI_OP_Transpose),
    ROW(MEAN, zc_tfl_reduce, 2, 2, ZI_OP_ReduceMean),
    ROW(SUB, zc_tfl_binary, 2, 2, ZI_OP_Sub),
    ROW(DIV, zc_tfl_binary, 2, 2, ZI_OP_Div),
    ROW(SQUEEZE, zc_tfl_reshape, 1, 1, ZI_OP_Reshape),
    ROW(STRIDED_SLICE, zc_tfl_strided_slice, 4, 4, ZI_OP_Slice),
    ROW(EXP, zc_tfl_unary, 1, 1, ZI_OP_Exp),
    ROW(PRELU, zc_tfl_binary, 2, 2, ZI_OP_PRelu),
    ROW(MAXIMUM, zc_tfl_binary, 2, 2, ZI_OP_Max),
    ROW(ARG_MAX, zc_tfl_arg, 2, 2, ZI_OP_ArgMax),
    ROW(MINIMUM, zc_tfl_binary, 2, 2, ZI_OP_Min),
    ROW(NEG, zc_tfl_unary, 1, 1, ZI_OP_Neg),
    ROW(PADV2, zc_tfl_pad, 3, 3, ZI_OP_Pad),
    ROW(SIN, zc_tfl_unary, 1, 1, ZI_OP_Sin),
    ROW(TRANSPOSE_CONV, zc_tfl_transpose_conv, 3, 4, ZI_OP_ConvTranspose),
    ROW(EXPAND_DIMS, zc_tfl_reshape, 1, 2, ZI_OP_Reshape),
    ROW(LOG, zc_tfl_unary, 1, 1, ZI_OP_Log),
    ROW(SUM, zc_tfl_reduce, 2, 2, ZI_OP_ReduceSum),
    ROW(SQRT, zc_tfl_unary, 1, 1, ZI_OP_Sqrt),
    ROW(SHAPE, zc_tfl_shape, 1, 1, ZI_OP_NONE),
    ROW(POW, zc_tfl_binary, 2, 2, ZI_OP_Pow),
    ROW(ARG_MIN, zc_tfl_arg, 2, 2, ZI_OP_ArgMin),
    ROW(REDUCE_MAX, zc_tfl_reduce, 2, 2, ZI_OP_ReduceMax),
    ROW(PACK, zc_tfl_pack, 1, 0, ZI_OP_Concat),
    ROW(REDUCE_MIN, zc_tfl_reduce, 2, 2, ZI_OP_ReduceMin),
    ROW(RESIZE_NEAREST_NEIGHBOR, zc_tfl_resize, 2, 2, ZI_OP_Resize),
    ROW(LEAKY_RELU, zc_tfl_leaky_relu, 1, 1, ZI_OP_LeakyRelu),
    ROW(MIRROR_PAD, zc_tfl_pad, 2, 2, ZI_OP_Pad),
    ROW(ABS, zc_tfl_unary, 1, 1, ZI_OP_Abs),
    ROW(CEIL, zc_tfl_unary, 1, 1, ZI_OP_Ceil),
    ROW(COS, zc_tfl_unary, 1, 1, ZI_OP_Cos),
    ROW(ELU, zc_tfl_elu, 1, 1, ZI_OP_Elu),
    ROW(QUANTIZE, zc_tfl_quantize, 1, 1, ZI_OP_Quantize),
    ROW(ROUND, zc_tfl_unary, 1, 1, ZI_OP_Round),
    ROW(HARD_SWISH, zc_tfl_unary, 1, 1, ZI_OP_HardSwish),
};

const zc_tfl_op *zc_tfl_op_find(int32_t code)
{
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (ops[i].code == code)
            return &ops[i];
    }
    return NULL;
}
