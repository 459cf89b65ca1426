/* SPDX-License-Identifier: Apache-2.0 */
/* Inner loops of elementwise functions in float. */
#include "ops/unary_f32.h"

#include <math.h>

#include "kernels/exp_f32.h"

static inline float clamp(float x, float lo, float hi)
{
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

/* By the series near 0, where the quotient would cancel. */
static inline float tanh_f32(float x)
{
    float a = fabsf(x);
    float e = zk_exp_f32(2.0f * a);
    float far = copysignf(1.0f - 2.0f / (e + 1.0f), x);
    float z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float near = p * z * x + x;
    return a < 0.625f ? near : far;
}

static inline float softplus(float x)
{
    return (x > 0.0f ? x : 0.0f) + log1pf(zk_exp_f32(-fabsf(x)));
}

static inline float sign(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

/* One function per op: x is the element, alpha and beta the attribute. */
#define MAP_RUN(name, expr)                                                                        \
    static void name(const float *in, float *out, size_t n, float alpha, float beta)               \
    {                                                                                              \
        (void)alpha;                                                                               \
        (void)beta;                                                                                \
        for (size_t i = 0; i < n; i++) {                                                           \
            float x = in[i];                                                                       \
            out[i] = (expr);                                                                       \
        }                                                                                          \
    }

MAP_RUN(run_relu, x < 0.0f ? 0.0f : x)
MAP_RUN(run_clip, clamp(x, alpha, beta))
MAP_RUN(run_leaky_relu, x < 0.0f ? alpha * x : x)
MAP_RUN(run_sigmoid, zk_sigmoid_f32(x))
MAP_RUN(run_hard_sigmoid, clamp(alpha *x + beta, 0.0f, 1.0f))
MAP_RUN(run_hard_swish, x *clamp(x *(1.0f / 6.0f) + 0.5f, 0.0f, 1.0f))
MAP_RUN(run_swish, x *zk_sigmoid_f32(x))
MAP_RUN(run_tanh, tanh_f32(x))
MAP_RUN(run_exp, zk_exp_f32(x))
MAP_RUN(run_log, logf(x))
MAP_RUN(run_sqrt, sqrtf(x))
MAP_RUN(run_abs, fabsf(x))
MAP_RUN(run_neg, -x)
MAP_RUN(run_floor, floorf(x))
MAP_RUN(run_ceil, ceilf(x))
MAP_RUN(run_round, rintf(x))
MAP_RUN(run_reciprocal, 1.0f / x)
MAP_RUN(run_erf, erff(x))
MAP_RUN(run_elu, x < 0.0f ? alpha * expm1f(x) : x)
MAP_RUN(run_selu, beta *(x <= 0.0f ? alpha * expm1f(x) : x))
MAP_RUN(run_softplus, softplus(x))
MAP_RUN(run_softsign, x / (1.0f + fabsf(x)))
MAP_RUN(run_celu, x < 0.0f ? alpha * expm1f(x / alpha) : x)
MAP_RUN(run_thresholded_relu, x > alpha ? x : 0.0f)
MAP_RUN(run_sign, sign(x))
MAP_RUN(run_sin, sinf(x))
MAP_RUN(run_cos, cosf(x))
MAP_RUN(run_tan, tanf(x))
MAP_RUN(run_asin, asinf(x))
MAP_RUN(run_acos, acosf(x))
MAP_RUN(run_atan, atanf(x))
MAP_RUN(run_sinh, sinhf(x))
MAP_RUN(run_cosh, coshf(x))
MAP_RUN(run_asinh, asinhf(x))
MAP_RUN(run_acosh, acoshf(x))
MAP_RUN(run_atanh, atanhf(x))

zi_unary_f32_fn *zi_unary_f32(zi_op op)
{
    static zi_unary_f32_fn *const runs[ZI_OP_LIMIT] = {
        [ZI_OP_Relu] = run_relu,
        [ZI_OP_Clip] = run_clip,
        [ZI_OP_LeakyRelu] = run_leaky_relu,
        [ZI_OP_Sigmoid] = run_sigmoid,
        [ZI_OP_HardSigmoid] = run_hard_sigmoid,
        [ZI_OP_HardSwish] = run_hard_swish,
        [ZI_OP_Swish] = run_swish,
        [ZI_OP_Tanh] = run_tanh,
        [ZI_OP_Exp] = run_exp,
        [ZI_OP_Log] = run_log,
        [ZI_OP_Sqrt] = run_sqrt,
        [ZI_OP_Abs] = run_abs,
        [ZI_OP_Neg] = run_neg,
        [ZI_OP_Floor] = run_floor,
        [ZI_OP_Ceil] = run_ceil,
        [ZI_OP_Round] = run_round,
        [ZI_OP_Reciprocal] = run_reciprocal,
        [ZI_OP_Erf] = run_erf,
        [ZI_OP_Elu] = run_elu,
        [ZI_OP_Selu] = run_selu,
        [ZI_OP_Softplus] = run_softplus,
        [ZI_OP_Softsign] = run_softsign,
        [ZI_OP_Celu] = run_celu,
        [ZI_OP_ThresholdedRelu] = run_thresholded_relu,
        [ZI_OP_Sign] = run_sign,
        [ZI_OP_Sin] = run_sin,
        [ZI_OP_Cos] = run_cos,
        [ZI_OP_Tan] = run_tan,
        [ZI_OP_Asin] = run_asin,
        [ZI_OP_Acos] = run_acos,
        [ZI_OP_Atan] = run_atan,
        [ZI_OP_Sinh] = run_sinh,
        [ZI_OP_Cosh] = run_cosh,
        [ZI_OP_Asinh] = run_asinh,
        [ZI_OP_Acosh] = run_acosh,
        [ZI_OP_Atanh] = run_atanh,
    };
    return (uint32_t)op < ZI_OP_LIMIT ? runs[op] : NULL;
}
