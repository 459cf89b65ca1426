/* SPDX-License-Identifier: Apache-2.0 */
/* Fills and applies the tables of 8-bit functions. */
#include "ops/lut.h"

#include <math.h>
#include <string.h>

#include "ops/impl.h"
#include "quant/scale.h"

static double clamp_real(double x, double lo, double hi)
{
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double softplus(double x)
{
    return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double celu(double x, double alpha)
{
    return fmax(x, 0.0) + fmin(0.0, alpha * expm1(x / alpha));
}

/* Ops with alpha and beta; false if `op` is none of them. */
static bool map_with_attr(zi_op op, double alpha, double beta, double x, double *out)
{
    switch (op) {
    case ZI_OP_Clip:
        *out = clamp_real(x, alpha, beta);
        return true;
    case ZI_OP_LeakyRelu:
        *out = x < 0.0 ? alpha * x : x;
        return true;
    case ZI_OP_HardSigmoid:
        *out = clamp_real(alpha * x + beta, 0.0, 1.0);
        return true;
    case ZI_OP_Elu:
        *out = x < 0.0 ? alpha * expm1(x) : x;
        return true;
    case ZI_OP_Selu:
        *out = beta * (x <= 0.0 ? alpha * expm1(x) : x);
        return true;
    case ZI_OP_Celu:
        *out = celu(x, alpha);
        return true;
    case ZI_OP_ThresholdedRelu:
        *out = x > alpha ? x : 0.0;
        return true;
    default:
        return false;
    }
}

static bool map_trigonometric(zi_op op, double x, double *out)
{
    switch (op) {
    case ZI_OP_Sin:
        *out = sin(x);
        return true;
    case ZI_OP_Cos:
        *out = cos(x);
        return true;
    case ZI_OP_Tan:
        *out = tan(x);
        return true;
    case ZI_OP_Asin:
        *out = asin(x);
        return true;
    case ZI_OP_Acos:
        *out = acos(x);
        return true;
    case ZI_OP_Atan:
        *out = atan(x);
        return true;
    case ZI_OP_Sinh:
        *out = sinh(x);
        return true;
    case ZI_OP_Cosh:
        *out = cosh(x);
        return true;
    case ZI_OP_Asinh:
        *out = asinh(x);
        return true;
    case ZI_OP_Acosh:
        *out = acosh(x);
        return true;
    case ZI_OP_Atanh:
        *out = atanh(x);
        return true;
    default:
        return false;
    }
}

static bool map_plain(zi_op op, double x, double *out)
{
    switch (op) {
    case ZI_OP_Relu:
        *out = x < 0.0 ? 0.0 : x;
        return true;
    case ZI_OP_Sigmoid:
        *out = sigmoid(x);
        return true;
    case ZI_OP_HardSwish:
        *out = x * clamp_real(x / 6.0 + 0.5, 0.0, 1.0);
        return true;
    case ZI_OP_Swish:
        *out = x * sigmoid(x);
        return true;
    case ZI_OP_Tanh:
        *out = tanh(x);
        return true;
    case ZI_OP_Exp:
        *out = exp(x);
        return true;
    case ZI_OP_Log:
        *out = log(x);
        return true;
    case ZI_OP_Sqrt:
        *out = sqrt(x);
        return true;
    case ZI_OP_Abs:
        *out = fabs(x);
        return true;
    case ZI_OP_Neg:
        *out = -x;
        return true;
    case ZI_OP_Floor:
        *out = floor(x);
        return true;
    case ZI_OP_Ceil:
        *out = ceil(x);
        return true;
    case ZI_OP_Round:
        *out = rint(x);
        return true;
    case ZI_OP_Reciprocal:
        *out = 1.0 / x;
        return true;
    case ZI_OP_Erf:
        *out = erf(x);
        return true;
    case ZI_OP_Softplus:
        *out = softplus(x);
        return true;
    case ZI_OP_Softsign:
        *out = x / (1.0 + fabs(x));
        return true;
    case ZI_OP_Sign:
        *out = (double)((x > 0.0) - (x < 0.0));
        return true;
    default:
        return false;
    }
}

bool zi_unary_real(zi_op op, const zi_attr_unary *attr, double x, double *out)
{
    return map_plain(op, x, out) || map_trigonometric(op, x, out) ||
           map_with_attr(op, (double)attr->alpha, (double)attr->beta, x, out);
}

static int8_t quantize_real(double x, double scale, int32_t zero)
{
    double q = rint(x / scale);
    if (isnan(q))
        return (int8_t)zero;
    return (int8_t)clamp_real(q + zero, -128.0, 127.0);
}

bool zi_lut_fill(zi_op op, const zi_attr_unary *attr, float scale_in, int32_t zero_in,
                 float scale_out, int32_t zero_out, int8_t table[256])
{
    for (int32_t q = -128; q <= 127; q++) {
        double y;
        if (!zi_unary_real(op, attr, (double)scale_in * (q - zero_in), &y))
            return false;
        table[q + 128] = quantize_real(y, (double)scale_out, zero_out);
    }
    return true;
}

/* ---- the Lut op ---- */

typedef struct lut_job {
    const zi_prepared *p;
    const zi_op_args *args;
    int64_t n;
} lut_job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    const zi_tensor *table = zi_node_in(g, n, 1);
    const zi_tensor *y = zi_node_out(g, n, 0);
    if (x->dtype != ZURT_S8 || y->dtype != ZURT_S8 || table->dtype != ZURT_S8)
        return zi_unsupported(ctx, g, n, "types %s, %s to %s; s8 only", zurt_dtype_name(x->dtype),
                              zurt_dtype_name(table->dtype), zurt_dtype_name(y->dtype));
    if (!table->data || zi_tensor_elems(table) != 256)
        return zi_unsupported(ctx, g, n, "the table must be a constant of 256 elements");
    return ZURT_OK;
}

static void task(void *arg, uint32_t task_index, uint32_t n_tasks)
{
    const lut_job *job = arg;
    int64_t begin, end;
    zi_task_range(task_index, n_tasks, job->n, &begin, &end);
    const int8_t *x = job->args->in[0];
    int8_t *out = job->args->out[0];
    job->p->kernels->lut_s8(x + begin, job->args->in[1], out + begin, (size_t)(end - begin));
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    lut_job job = {p, args, (int64_t)zi_tensor_elems(zi_node_in(p->graph, p->node, 0))};
    zi_op_parallel(args, task, &job, job.n);
}

const zi_op_impl zi_impl_lut = {.check = check, .run = run, .int8 = true};
