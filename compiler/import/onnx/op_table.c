/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX operators and their translators, by name. */
#include <string.h>

#include "import/onnx/importer.h"

static const zc_onnx_op ops[] = {
    {"Abs", zc_op_unary, 1, 1, ZI_OP_Abs},
    {"Acos", zc_op_unary, 1, 1, ZI_OP_Acos},
    {"Acosh", zc_op_unary, 1, 1, ZI_OP_Acosh},
    {"Add", zc_op_binary, 2, 2, ZI_OP_Add},
    {"And", zc_op_binary, 2, 2, ZI_OP_And},
    {"ArgMax", zc_op_arg, 1, 1, ZI_OP_ArgMax},
    {"ArgMin", zc_op_arg, 1, 1, ZI_OP_ArgMin},
    {"Asin", zc_op_unary, 1, 1, ZI_OP_Asin},
    {"Asinh", zc_op_unary, 1, 1, ZI_OP_Asinh},
    {"Atan", zc_op_unary, 1, 1, ZI_OP_Atan},
    {"Atanh", zc_op_unary, 1, 1, ZI_OP_Atanh},
    {"AveragePool", zc_op_average_pool, 1, 1, ZI_OP_AveragePool},
    {"BatchNormalization", zc_op_batch_norm, 5, 5, ZI_OP_NONE},
    {"Cast", zc_op_cast, 1, 1, ZI_OP_Cast},
    {"CastLike", zc_op_cast_like, 2, 2, ZI_OP_Cast},
    {"Ceil", zc_op_unary, 1, 1, ZI_OP_Ceil},
    {"Celu", zc_op_alpha, 1, 1, ZI_OP_Celu},
    {"Clip", zc_op_clip, 1, 3, ZI_OP_Clip},
    {"Concat", zc_op_concat, 1, 0, ZI_OP_Concat},
    {"Constant", zc_op_constant, 0, 0, ZI_OP_NONE},
    {"ConstantOfShape", zc_op_constant_of_shape, 1, 1, ZI_OP_NONE},
    {"Conv", zc_op_conv, 2, 3, ZI_OP_Conv},
    {"ConvInteger", zc_op_conv_integer, 2, 4, ZI_OP_NONE},
    {"ConvTranspose", zc_op_conv_transpose, 2, 3, ZI_OP_ConvTranspose},
    {"Cos", zc_op_unary, 1, 1, ZI_OP_Cos},
    {"Cosh", zc_op_unary, 1, 1, ZI_OP_Cosh},
    {"CumSum", zc_op_cum_sum, 2, 2, ZI_OP_CumSum},
    {"DepthToSpace", zc_op_depth_space, 1, 1, ZI_OP_DepthToSpace},
    {"DequantizeLinear", zc_op_dequantize, 2, 3, ZI_OP_Dequantize},
    {"Div", zc_op_binary, 2, 2, ZI_OP_Div},
    {"Dropout", zc_op_dropout, 1, 3, ZI_OP_NONE},
    {"DynamicQuantizeLinear", zc_op_dynamic_quantize, 1, 1, ZI_OP_NONE},
    {"Einsum", zc_op_einsum, 1, 0, ZI_OP_NONE},
    {"Elu", zc_op_alpha, 1, 1, ZI_OP_Elu},
    {"Equal", zc_op_binary, 2, 2, ZI_OP_Equal},
    {"Erf", zc_op_unary, 1, 1, ZI_OP_Erf},
    {"Exp", zc_op_unary, 1, 1, ZI_OP_Exp},
    {"Expand", zc_op_expand, 2, 2, ZI_OP_Expand},
    {"EyeLike", zc_op_eye_like, 1, 1, ZI_OP_NONE},
    {"Flatten", zc_op_flatten, 1, 1, ZI_OP_NONE},
    {"Floor", zc_op_unary, 1, 1, ZI_OP_Floor},
    {"GRU", zc_op_recurrent, 3, 6, ZI_OP_GRU},
    {"Gather", zc_op_gather, 2, 2, ZI_OP_Gather},
    {"GatherElements", zc_op_gather_elements, 2, 2, ZI_OP_GatherElements},
    {"GatherND", zc_op_gather_nd, 2, 2, ZI_OP_GatherND},
    {"Gelu", zc_op_gelu, 1, 1, ZI_OP_NONE},
    {"Gemm", zc_op_gemm, 2, 3, ZI_OP_FullyConnected},
    {"GlobalAveragePool", zc_op_global_pool, 1, 1, ZI_OP_ReduceMean},
    {"GlobalMaxPool", zc_op_global_pool, 1, 1, ZI_OP_ReduceMax},
    {"Greater", zc_op_binary, 2, 2, ZI_OP_Greater},
    {"GreaterOrEqual", zc_op_compare_equal, 2, 2, ZI_OP_Greater},
    {"GridSample", zc_op_grid_sample, 2, 2, ZI_OP_GridSample},
    {"GroupNormalization", zc_op_group_norm, 3, 3, ZI_OP_NONE},
    {"HardSigmoid", zc_op_alpha, 1, 1, ZI_OP_HardSigmoid},
    {"HardSwish", zc_op_unary, 1, 1, ZI_OP_HardSwish},
    {"Hardmax", zc_op_hardmax, 1, 1, ZI_OP_NONE},
    {"Identity", zc_op_identity, 1, 1, ZI_OP_NONE},
    {"If", zc_op_if, 1, 1, ZI_OP_NONE},
    {"InstanceNormalization", zc_op_instance_norm, 3, 3, ZI_OP_NONE},
    {"IsInf", zc_op_is_inf, 1, 1, ZI_OP_NONE},
    {"IsNaN", zc_op_is_nan, 1, 1, ZI_OP_NONE},
    {"LRN", zc_op_lrn, 1, 1, ZI_OP_NONE},
    {"LSTM", zc_op_recurrent, 3, 8, ZI_OP_LSTM},
    {"LayerNormalization", zc_op_layer_norm, 2, 3, ZI_OP_NONE},
    {"LeakyRelu", zc_op_alpha, 1, 1, ZI_OP_LeakyRelu},
    {"Less", zc_op_binary, 2, 2, ZI_OP_Less},
    {"LessOrEqual", zc_op_compare_equal, 2, 2, ZI_OP_Less},
    {"Log", zc_op_unary, 1, 1, ZI_OP_Log},
    {"LogSoftmax", zc_op_softmax, 1, 1, ZI_OP_LogSoftmax},
    {"Loop", zc_op_control_flow, 0, 0, ZI_OP_NONE},
    {"LpNormalization", zc_op_lp_norm, 1, 1, ZI_OP_NONE},
    {"MatMul", zc_op_matmul, 2, 2, ZI_OP_MatMul},
    {"MatMulInteger", zc_op_matmul_integer, 2, 4, ZI_OP_NONE},
    {"Max", zc_op_variadic, 1, 0, ZI_OP_Max},
    {"MaxPool", zc_op_max_pool, 1, 1, ZI_OP_MaxPool},
    {"MaxUnpool", zc_op_max_unpool, 2, 3, ZI_OP_NONE},
    {"Mean", zc_op_mean, 1, 0, ZI_OP_NONE},
    {"MeanVarianceNormalization", zc_op_mean_variance_norm, 1, 1, ZI_OP_NONE},
    {"Min", zc_op_variadic, 1, 0, ZI_OP_Min},
    {"Mish", zc_op_mish, 1, 1, ZI_OP_NONE},
    {"Mod", zc_op_mod, 2, 2, ZI_OP_NONE},
    {"Mul", zc_op_binary, 2, 2, ZI_OP_Mul},
    {"Neg", zc_op_unary, 1, 1, ZI_OP_Neg},
    {"NonMaxSuppression", zc_op_non_max_suppression, 2, 5, ZI_OP_NonMaxSuppression},
    {"Not", zc_op_unary, 1, 1, ZI_OP_Not},
    {"OneHot", zc_op_one_hot, 3, 3, ZI_OP_NONE},
    {"Or", zc_op_binary, 2, 2, ZI_OP_Or},
    {"PRelu", zc_op_prelu, 2, 2, ZI_OP_PRelu},
    {"Pad", zc_op_pad, 1, 4, ZI_OP_Pad},
    {"Pow", zc_op_pow, 2, 2, ZI_OP_Pow},
    {"QLinearConv", zc_op_qlinear_conv, 8, 9, ZI_OP_NONE},
    {"QLinearMatMul", zc_op_qlinear_matmul, 8, 8, ZI_OP_NONE},
    {"QuantizeLinear", zc_op_quantize, 2, 3, ZI_OP_Quantize},
    {"RMSNormalization", zc_op_rms_norm, 2, 2, ZI_OP_NONE},
    {"RNN", zc_op_recurrent, 3, 6, ZI_OP_RNN},
    {"Range", zc_op_range, 3, 3, ZI_OP_NONE},
    {"Reciprocal", zc_op_unary, 1, 1, ZI_OP_Reciprocal},
    {"ReduceL1", zc_op_reduce_composed, 1, 2, ZI_OP_NONE},
    {"ReduceL2", zc_op_reduce_composed, 1, 2, ZI_OP_NONE},
    {"ReduceLogSum", zc_op_reduce_composed, 1, 2, ZI_OP_NONE},
    {"ReduceLogSumExp", zc_op_reduce_composed, 1, 2, ZI_OP_NONE},
    {"ReduceMax", zc_op_reduce, 1, 2, ZI_OP_ReduceMax},
    {"ReduceMean", zc_op_reduce, 1, 2, ZI_OP_ReduceMean},
    {"ReduceMin", zc_op_reduce, 1, 2, ZI_OP_ReduceMin},
    {"ReduceProd", zc_op_reduce, 1, 2, ZI_OP_ReduceProd},
    {"ReduceSum", zc_op_reduce, 1, 2, ZI_OP_ReduceSum},
    {"ReduceSumSquare", zc_op_reduce_composed, 1, 2, ZI_OP_NONE},
    {"Relu", zc_op_unary, 1, 1, ZI_OP_Relu},
    {"Reshape", zc_op_reshape, 2, 2, ZI_OP_Reshape},
    {"Resize", zc_op_resize, 1, 4, ZI_OP_Resize},
    {"Round", zc_op_unary, 1, 1, ZI_OP_Round},
    {"Scan", zc_op_control_flow, 0, 0, ZI_OP_NONE},
    {"Scatter", zc_op_scatter_elements, 3, 3, ZI_OP_ScatterElements},
    {"ScatterElements", zc_op_scatter_elements, 3, 3, ZI_OP_ScatterElements},
    {"ScatterND", zc_op_scatter_nd, 3, 3, ZI_OP_NONE},
    {"Selu", zc_op_alpha, 1, 1, ZI_OP_Selu},
    {"Shape", zc_op_shape, 1, 1, ZI_OP_NONE},
    {"Shrink", zc_op_shrink, 1, 1, ZI_OP_NONE},
    {"Sigmoid", zc_op_unary, 1, 1, ZI_OP_Sigmoid},
    {"Sign", zc_op_unary, 1, 1, ZI_OP_Sign},
    {"Sin", zc_op_unary, 1, 1, ZI_OP_Sin},
    {"Sinh", zc_op_unary, 1, 1, ZI_OP_Sinh},
    {"Size", zc_op_size, 1, 1, ZI_OP_NONE},
    {"Slice", zc_op_slice, 1, 5, ZI_OP_Slice},
    {"Softmax", zc_op_softmax, 1, 1, ZI_OP_Softmax},
    {"Softplus", zc_op_unary, 1, 1, ZI_OP_Softplus},
    {"Softsign", zc_op_unary, 1, 1, ZI_OP_Softsign},
    {"SpaceToDepth", zc_op_depth_space, 1, 1, ZI_OP_SpaceToDepth},
    {"Split", zc_op_split, 1, 2, ZI_OP_Split},
    {"Sqrt", zc_op_unary, 1, 1, ZI_OP_Sqrt},
    {"Squeeze", zc_op_squeeze, 1, 2, ZI_OP_NONE},
    {"Sub", zc_op_binary, 2, 2, ZI_OP_Sub},
    {"Sum", zc_op_variadic, 1, 0, ZI_OP_Add},
    {"Tan", zc_op_unary, 1, 1, ZI_OP_Tan},
    {"Tanh", zc_op_unary, 1, 1, ZI_OP_Tanh},
    {"ThresholdedRelu", zc_op_alpha, 1, 1, ZI_OP_ThresholdedRelu},
    {"Tile", zc_op_tile, 2, 2, ZI_OP_Tile},
    {"TopK", zc_op_top_k, 1, 2, ZI_OP_TopK},
    {"Transpose", zc_op_transpose, 1, 1, ZI_OP_Transpose},
    {"Trilu", zc_op_trilu, 1, 2, ZI_OP_NONE},
    {"Unsqueeze", zc_op_unsqueeze, 1, 2, ZI_OP_NONE},
    {"Upsample", zc_op_upsample, 1, 2, ZI_OP_Resize},
    {"Where", zc_op_where, 3, 3, ZI_OP_Where},
    {"Xor", zc_op_binary, 2, 2, ZI_OP_Xor},
};

/* Operators that tools have added in domains of their own, matched by domain and name. */
static const struct other {
    const char *domain;
    zc_onnx_op op;
} others[] = {
    {"com.microsoft", {"DequantizeLinear", zc_op_dequantize, 2, 3, ZI_OP_Dequantize}},
    {"com.microsoft", {"Gelu", zc_op_gelu, 1, 1, ZI_OP_NONE}},
    {"com.microsoft", {"QGemm", zc_op_qgemm, 6, 9, ZI_OP_FullyConnected}},
    {"com.microsoft", {"QLinearAdd", zc_op_qlinear, 1, 8, ZI_OP_Add}},
    {"com.microsoft", {"QLinearAveragePool", zc_op_qlinear, 1, 5, ZI_OP_AveragePool}},
    {"com.microsoft", {"QLinearConcat", zc_op_qlinear_concat, 4, 0, ZI_OP_Concat}},
    {"com.microsoft", {"QLinearGlobalAveragePool", zc_op_qlinear, 1, 5, ZI_OP_ReduceMean}},
    {"com.microsoft", {"QLinearLeakyRelu", zc_op_qlinear, 1, 5, ZI_OP_LeakyRelu}},
    {"com.microsoft", {"QLinearMul", zc_op_qlinear, 1, 8, ZI_OP_Mul}},
    {"com.microsoft", {"QLinearSigmoid", zc_op_qlinear, 1, 5, ZI_OP_Sigmoid}},
    {"com.microsoft", {"QLinearSoftmax", zc_op_qlinear, 1, 5, ZI_OP_Softmax}},
    {"com.microsoft", {"QuantizeLinear", zc_op_quantize, 2, 3, ZI_OP_Quantize}},
    {"qonnx.custom_op.general", {"BipolarQuant", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"qonnx.custom_op.general", {"FloatQuant", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"qonnx.custom_op.general", {"IntQuant", zc_op_quant, 4, 4, ZI_OP_NONE}},
    {"qonnx.custom_op.general", {"Quant", zc_op_quant, 4, 4, ZI_OP_NONE}},
    {"qonnx.custom_op.general", {"Trunc", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"onnx.brevitas", {"BipolarQuant", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"onnx.brevitas", {"FloatQuant", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"onnx.brevitas", {"IntQuant", zc_op_quant, 4, 4, ZI_OP_NONE}},
    {"onnx.brevitas", {"Quant", zc_op_quant, 4, 4, ZI_OP_NONE}},
    {"onnx.brevitas", {"Trunc", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"finn.custom_op.general", {"BipolarQuant", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"finn.custom_op.general", {"FloatQuant", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
    {"finn.custom_op.general", {"IntQuant", zc_op_quant, 4, 4, ZI_OP_NONE}},
    {"finn.custom_op.general", {"Quant", zc_op_quant, 4, 4, ZI_OP_NONE}},
    {"finn.custom_op.general", {"Trunc", zc_op_foreign_quant, 0, 0, ZI_OP_NONE}},
};

#define N_OPS    (sizeof(ops) / sizeof(*ops))
#define N_OTHERS (sizeof(others) / sizeof(*others))

const zc_onnx_op *zc_onnx_op_at(size_t i)
{
    return i < N_OPS ? &ops[i] : NULL;
}

const zc_onnx_op *zc_onnx_other_at(size_t i, const char **domain)
{
    if (i >= N_OTHERS)
        return NULL;
    *domain = others[i].domain;
    return &others[i].op;
}

static const zc_onnx_op *find_other(const char *domain, const char *name)
{
    for (size_t i = 0; i < N_OTHERS; i++) {
        if (strcmp(others[i].domain, domain) == 0 && strcmp(others[i].op.name, name) == 0)
            return &others[i].op;
    }
    return NULL;
}

bool zc_is_standard_domain(const char *domain)
{
    return !domain || !*domain || strcmp(domain, "ai.onnx") == 0;
}

const zc_onnx_op *zc_onnx_op_find(const char *domain, const char *name)
{
    if (!zc_is_standard_domain(domain))
        return find_other(domain, name);
    size_t lo = 0, hi = N_OPS;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(ops[mid].name, name);
        if (c == 0)
            return &ops[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}
