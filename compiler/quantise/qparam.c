/* SPDX-License-Identifier: Apache-2.0 */
/* Scales and zero points from ranges. */
#include "quantise/qparam.h"

#include <math.h>

zc_qparam zc_qparam_from_range(double lo, double hi)
{
    lo = lo < 0.0 ? lo : 0.0;
    hi = hi > 0.0 ? hi : 0.0;
    float scale = (float)((hi - lo) / 255.0);
    // A scale below the smallest normal float would lose the range itself.
    if (!(scale >= 1.17549435e-38f))
        scale = hi - lo > 0.0 ? 1.17549435e-38f : 1.0f / 255.0f;
    double zero = rint(-128.0 - lo / (double)scale);
    zero = zero < -128.0 ? -128.0 : zero > 127.0 ? 127.0 : zero;
    return (zc_qparam){scale, (int32_t)zero};
}

zc_qparam zc_qparam_of(const zi_tensor *t)
{
    int32_t shift = t->dtype == ZURT_U8 ? 128 : 0;
    return (zc_qparam){t->quant.scale[0], t->quant.zero_point[0] - shift};
}

bool zc_qparam_fixed(zi_op op, zc_qparam *out)
{
    switch (op) {
    case ZI_OP_Softmax:
    case ZI_OP_Sigmoid:
    case ZI_OP_HardSigmoid:
        *out = (zc_qparam){1.0f / 256.0f, -128};
        return true;
    case ZI_OP_Tanh:
        *out = (zc_qparam){1.0f / 128.0f, 0};
        return true;
    case ZI_OP_LogSoftmax:
        *out = (zc_qparam){16.0f / 256.0f, 127};
        return true;
    default:
        return false;
    }
}

int8_t zc_qparam_quantise(zc_qparam p, double x)
{
    double q = rint(x / (double)p.scale) + p.zero_point;
    return (int8_t)(q <= -128.0 ? -128 : q >= 127.0 ? 127 : (int)q);
}

zurt_status zc_qparam_set(zurt_ctx *ctx, zi_graph *g, zi_id tensor, zc_qparam p)
{
    return zi_graph_set_quant(ctx, g, tensor, 1, 0, &p.scale, &p.zero_point);
}
