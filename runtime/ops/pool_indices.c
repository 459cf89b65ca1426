/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPoolIndices: where in [N,C,H,W] the largest value of each window stands; the first of equals.
 */
#include "ops/impl.h"

typedef struct job {
    const zi_tensor *x, *out;
    const zi_attr_pool *a;
    const zi_op_args *args;
} job;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0);
    if ((x->dtype != ZURT_F32 && x->dtype != ZURT_S8) || x->quant.n > 1)
        return zi_unsupported(ctx, g, n, "input of type %s; f32, or s8 with one scale, is taken",
                              zurt_dtype_name(x->dtype));
    return ZURT_OK;
}

static bool greater(const job *j, int64_t a, int64_t b)
{
    if (j->x->dtype == ZURT_F32)
        return ((const float *)j->args->in[0])[a] > ((const float *)j->args->in[0])[b];
    return ((const int8_t *)j->args->in[0])[a] > ((const int8_t *)j->args->in[0])[b];
}

/** The best place of one window and channel, counted within the image. */
static int64_t best_place(const job *j, int64_t image, int64_t oh, int64_t ow, int64_t c)
{
    const zi_attr_pool *a = j->a;
    const int64_t h = j->x->dims[1], w = j->x->dims[2], channels = j->x->dims[3];
    int64_t best = -1;
    for (int32_t kh = 0; kh < a->kernel[0]; kh++) {
        const int64_t y = oh * a->stride[0] - a->pad[0] + (int64_t)kh * a->dilation[0];
        for (int32_t kw = 0; kw < a->kernel[1] && y >= 0 && y < h; kw++) {
            const int64_t x = ow * a->stride[1] - a->pad[1] + (int64_t)kw * a->dilation[1];
            const int64_t place = y * w + x;
            if (x >= 0 && x < w &&
                (best < 0 ||
                 greater(j, (image + place) * channels + c, (image + best) * channels + c)))
                best = place;
        }
    }
    return best < 0 ? 0 : best; // a window of padding alone
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const int64_t h = j->x->dims[1], w = j->x->dims[2], channels = j->x->dims[3];
    const int64_t out_h = j->out->dims[1], out_w = j->out->dims[2];
    int64_t *out = j->args->out[0];
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->out->dims[0] * out_h * out_w, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        const int64_t batch = i / (out_h * out_w), oh = i / out_w % out_h, ow = i % out_w;
        for (int64_t c = 0; c < channels; c++) {
            int64_t place = best_place(j, batch * h * w, oh, ow, c);
            if (j->a->column_major)
                place = place % w * h + place / w;
            out[i * channels + c] = (batch * channels + c) * h * w + place;
        }
    }
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    const job j = {zi_node_in(p->graph, p->node, 0), zi_node_out(p->graph, p->node, 0),
                   &p->node->attr.pool, args};
    const int64_t work = (int64_t)zi_tensor_elems(j.out) * j.a->kernel[0] * j.a->kernel[1];
    if (work)
        zi_op_parallel(args, task, (void *)&j, work);
}

const zi_op_impl zi_impl_pool_indices = {.check = check, .run = run, .int8 = true};
