/* SPDX-License-Identifier: Apache-2.0 */
/* GridSample: the image at given places, between its pixels. Coordinates are reflected and clamped
 * as ONNX Runtime and PyTorch do: those of a place that lies outside, then those of each pixel. */
#include <math.h>

#include "ops/impl.h"

enum { MOST_TAPS = 4 };

/** Far outside any image, and far from where sums of floats overflow. */
#define FAR 1e9f

typedef struct job {
    const zi_tensor *x, *out;
    const zi_attr_grid *a;
    const zi_op_args *args;
} job;

/** Pixels along one axis that a place is made of: -1 is outside, where zeros are. */
typedef struct taps {
    int32_t n;
    int32_t at[MOST_TAPS];
    float weight[MOST_TAPS];
} taps;

static zurt_status check(zurt_ctx *ctx, const zi_graph *g, const zi_node *n)
{
    const zi_tensor *x = zi_node_in(g, n, 0), *out = zi_node_out(g, n, 0);
    if (x->dtype != ZURT_F32 || zi_node_in(g, n, 1)->dtype != ZURT_F32 || out->dtype != ZURT_F32)
        return zi_unsupported(ctx, g, n, "only f32 is taken");
    if (zi_tensor_elems(x) == 0 && zi_tensor_elems(out) > 0)
        return zi_unsupported(ctx, g, n, "samples an empty image");
    return ZURT_OK;
}

static float clamp(float x, float lo, float hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/** Back and forth between the bounds; what lies within stays. */
static float reflect(float x, float lo, float hi)
{
    const float range = hi - lo;
    if (x >= lo && x <= hi)
        return x;
    if (!(range > 0.0f))
        return lo;
    const float beyond = x < lo ? lo - x : x - hi;
    const float turns = floorf(beyond / range), rest = beyond - turns * range;
    const bool from_low = (x < lo) == (fmodf(turns, 2.0f) == 0.0f);
    return from_low ? lo + rest : hi - rest;
}

/** The place in pixels: within a few pixels of the image, so that it fits an integer. */
static float place(const zi_attr_grid *a, float n, int32_t size)
{
    const float d = (float)size;
    const float lo = a->align_corners ? 0.0f : -0.5f,
                hi = lo + d - (a->align_corners ? 1.0f : 0.0f);
    float x = a->align_corners ? (n + 1.0f) / 2.0f * (d - 1.0f) : ((n + 1.0f) * d - 1.0f) / 2.0f;
    if (x != x) // no place at all
        return a->padding == ZI_GRID_ZEROS ? -8.0f : 0.0f;
    x = clamp(x, -FAR, FAR);
    if (a->mode == ZI_RESIZE_NEAREST)
        x = rintf(x);
    const bool cubic = a->mode == ZI_RESIZE_CUBIC; // its pixels are clamped one by one
    if (a->padding == ZI_GRID_BORDER && !cubic && (x < lo || x > hi))
        return clamp(x, 0.0f, d - 1.0f);
    if (a->padding == ZI_GRID_REFLECTION)
        return clamp(reflect(x, lo, hi), -1.0f, d);
    return clamp(x, -8.0f, d + 8.0f);
}

static int32_t pixel(const zi_attr_grid *a, int32_t i, int32_t size)
{
    if (i >= 0 && i < size)
        return i;
    if (a->padding == ZI_GRID_ZEROS)
        return -1;
    if (a->padding == ZI_GRID_REFLECTION) {
        const float lo = a->align_corners ? 0.0f : -0.5f;
        i = (int32_t)reflect((float)i, lo, (float)size - (a->align_corners ? 1.0f : 0.5f));
    }
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

static void cubic_weights(float t, float *w)
{
    const float a = -0.75f;
    const float far[2] = {t + 1.0f, 2.0f - t}, near[2] = {t, 1.0f - t};
    for (int i = 0; i < 2; i++) {
        w[3 * i] = ((a * far[i] - 5.0f * a) * far[i] + 8.0f * a) * far[i] - 4.0f * a;
        w[1 + i] = ((a + 2.0f) * near[i] - (a + 3.0f)) * near[i] * near[i] + 1.0f;
    }
}

static taps taps_of(const zi_attr_grid *a, float n, int32_t size)
{
    const float x = place(a, n, size), whole = floorf(x), t = x - whole;
    int32_t first = (int32_t)whole;
    taps r = {.n = 1, .weight = {1.0f}};
    if (a->mode == ZI_RESIZE_LINEAR) {
        r = (taps){.n = 2, .weight = {1.0f - t, t}};
    } else if (a->mode == ZI_RESIZE_CUBIC) {
        r.n = 4;
        first--;
        cubic_weights(t, r.weight);
    }
    for (int32_t i = 0; i < r.n; i++)
        r.at[i] = pixel(a, first + i, size);
    return r;
}

static void sample(const job *j, const float *image, const float *at, float *out)
{
    const int32_t w = j->x->dims[2], channels = j->x->dims[3];
    const taps tx = taps_of(j->a, at[0], w), ty = taps_of(j->a, at[1], j->x->dims[1]);
    for (int32_t c = 0; c < channels; c++)
        out[c] = 0.0f;
    for (int32_t y = 0; y < ty.n; y++) {
        for (int32_t x = 0; x < tx.n; x++) {
            const float weight = ty.weight[y] * tx.weight[x];
            if (ty.at[y] < 0 || tx.at[x] < 0)
                continue;
            const float *from = image + ((int64_t)ty.at[y] * w + tx.at[x]) * channels;
            for (int32_t c = 0; c < channels; c++)
                out[c] += weight * from[c];
        }
    }
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    const int64_t places = (int64_t)j->out->dims[1] * j->out->dims[2];
    const int64_t channels = j->x->dims[3],
                  image = (int64_t)j->x->dims[1] * j->x->dims[2] * channels;
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->out->dims[0] * places, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        sample(j, (const float *)j->args->in[0] + i / places * image,
               (const float *)j->args->in[1] + 2 * i, (float *)j->args->out[0] + i * channels);
}

static void run(const zi_prepared *p, const zi_op_args *args)
{
    static const int64_t n_taps[] = {1, 4, 16};
    job j = {zi_node_in(p->graph, p->node, 0), zi_node_out(p->graph, p->node, 0),
             &p->node->attr.grid, args};
    const int64_t elems = (int64_t)zi_tensor_elems(j.out);
    if (elems)
        zi_op_parallel(args, task, &j, elems * n_taps[j.a->mode]);
}

const zi_op_impl zi_impl_grid_sample = {.check = check, .run = run};
