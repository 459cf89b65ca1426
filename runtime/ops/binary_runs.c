/* SPDX-License-Identifier: Apache-2.0 */
/* Inner loops of binary operators in float and in integers. */
#include "ops/binary_runs.h"

#include <math.h>

#include "ops/ints.h"

/* One function per op: x and y are the operands in `expr`. Three loops, so that each vectorises. */
#define F32_RUN(name, type, expr)                                                                  \
    static void name(const float *a, size_t a_step, const float *b, size_t b_step, void *result,   \
                     size_t n)                                                                     \
    {                                                                                              \
        type *out = result;                                                                        \
        float x = a[0], y = b[0];                                                                  \
        if (a_step && b_step) {                                                                    \
            for (size_t i = 0; i < n; i++) {                                                       \
                x = a[i], y = b[i];                                                                \
                out[i] = (expr);                                                                   \
            }                                                                                      \
        } else if (a_step) {                                                                       \
            for (size_t i = 0; i < n; i++) {                                                       \
                x = a[i];                                                                          \
                out[i] = (expr);                                                                   \
            }                                                                                      \
        } else {                                                                                   \
            for (size_t i = 0; i < n; i++) {                                                       \
                y = b[i * b_step];                                                                 \
                out[i] = (expr);                                                                   \
            }                                                                                      \
        }                                                                                          \
    }

F32_RUN(run_add, float, x + y)
F32_RUN(run_sub, float, x - y)
F32_RUN(run_mul, float, x *y)
F32_RUN(run_div, float, x / y)
F32_RUN(run_min, float, x < y || x != x ? x : y) // a NaN on either side wins
F32_RUN(run_max, float, x > y || x != x ? x : y)
F32_RUN(run_pow, float, powf(x, y))
F32_RUN(run_prelu, float, x < 0.0f ? x * y : x)
F32_RUN(run_equal, uint8_t, x == y)
F32_RUN(run_less, uint8_t, x < y)
F32_RUN(run_greater, uint8_t, x > y)

zi_binary_f32_fn *zi_binary_f32(zi_op op)
{
    switch (op) {
    case ZI_OP_Add:
        return run_add;
    case ZI_OP_Sub:
        return run_sub;
    case ZI_OP_Mul:
        return run_mul;
    case ZI_OP_Div:
        return run_div;
    case ZI_OP_Min:
        return run_min;
    case ZI_OP_Max:
        return run_max;
    case ZI_OP_Pow:
        return run_pow;
    case ZI_OP_PRelu:
        return run_prelu;
    case ZI_OP_Equal:
        return run_equal;
    case ZI_OP_Less:
        return run_less;
    case ZI_OP_Greater:
        return run_greater;
    default:
        return NULL;
    }
}

static int64_t apply(zi_op op, int64_t x, int64_t y)
{
    switch (op) {
    case ZI_OP_Add:
        return zi_wrap_add(x, y);
    case ZI_OP_Sub:
        return zi_wrap_sub(x, y);
    case ZI_OP_Mul:
        return zi_wrap_mul(x, y);
    case ZI_OP_Div:
        return zi_safe_div(x, y);
    case ZI_OP_Min:
        return x < y ? x : y;
    case ZI_OP_Max:
        return x > y ? x : y;
    case ZI_OP_Pow:
        return zi_int_pow(x, y);
    case ZI_OP_PRelu:
        return x < 0 ? zi_wrap_mul(x, y) : x;
    case ZI_OP_Equal:
        return x == y;
    case ZI_OP_Less:
        return x < y;
    case ZI_OP_Greater:
        return x > y;
    case ZI_OP_And:
        return x && y;
    case ZI_OP_Or:
        return x || y;
    case ZI_OP_Xor:
        return !x != !y;
    default:
        return 0;
    }
}

void zi_binary_ints(zi_op op, const int64_t *x, const int64_t *y, int64_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = apply(op, x[i], y[i]);
}
