/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of the float graph over the samples: what every tensor held, and every input. */
#include "quantise/stats.h"

#include <math.h>

#include "base/alloc.h"
#include "base/size.h"
#include "float/evaluator.h"
#include "quantise/finite.h"

zurt_status zc_buffers_create(zurt_ctx *ctx, const zi_graph *g, const zi_id *tensors, size_t n,
                              zc_buffers *out)
{
    *out = (zc_buffers){.n = n};
    out->spans = zi_calloc(&ctx->allocator, n, sizeof(*out->spans));
    out->views = zi_calloc(&ctx->allocator, n, sizeof(*out->views));
    if (!out->spans || !out->views)
        return zi_fail(ctx, ZURT_E_NOMEM, "buffers of %zu tensors: out of memory", n);
    for (size_t i = 0; i < n; i++) {
        size_t bytes = zi_tensor_bytes(&g->tensors[tensors[i]]);
        void *data = zi_alloc_aligned(&ctx->allocator, bytes);
        if (!data)
            return zi_fail(ctx, ZURT_E_NOMEM, "buffer of '%s': need %zu bytes",
                           g->tensors[tensors[i]].name, bytes);
        out->spans[i] = (zurt_span){data, bytes};
        out->views[i] = (zurt_view){data, bytes};
    }
    return ZURT_OK;
}

void zc_buffers_destroy(zurt_ctx *ctx, zc_buffers *b)
{
    for (size_t i = 0; b->spans && i < b->n; i++)
        zi_free(&ctx->allocator, b->spans[i].data);
    zi_free(&ctx->allocator, b->spans);
    zi_free(&ctx->allocator, b->views);
    *b = (zc_buffers){0};
}

static zurt_status watch_channels(zurt_ctx *ctx, const zi_tensor *t, zc_channel_sum *c)
{
    if (c->sum || t->rank < 1 || t->dims[t->rank - 1] < 1)
        return ZURT_OK;
    c->n_channels = t->dims[t->rank - 1];
    c->sum = zi_calloc(&ctx->allocator, (size_t)c->n_channels, sizeof(*c->sum));
    c->reach = zi_calloc(&ctx->allocator, (size_t)c->n_channels, sizeof(*c->reach));
    return c->sum && c->reach ? ZURT_OK : zi_fail(ctx, ZURT_E_NOMEM, "statistics: out of memory");
}

static zurt_status allocate(zurt_ctx *ctx, const zi_graph *g, zc_split split, zc_stats *s)
{
    const size_t n_samples = split.n_samples;
    *s = (zc_stats){.n = g->n_tensors, .split = split, .n_inputs = g->n_inputs};
    size_t n;
    if (zi_size_mul(n_samples, s->n_inputs, &n))
        s->reach = zi_calloc(&ctx->allocator, n, sizeof(*s->reach));
    if (!s->reach)
        return zi_fail(ctx, ZURT_E_NOMEM, "statistics of %zu samples: out of memory", n_samples);
    s->hist = zi_calloc(&ctx->allocator, s->n, sizeof(*s->hist));
    s->channels = zi_calloc(&ctx->allocator, s->n, sizeof(*s->channels));
    if (!s->hist || !s->channels)
        return zi_fail(ctx, ZURT_E_NOMEM, "statistics of %zu tensors: out of memory", s->n);
    for (size_t i = 0; i < s->n; i++) {
        if (g->tensors[i].dtype != ZURT_F32 || zi_tensor_is_const(&g->tensors[i]))
            continue;
        s->hist[i] = zi_zalloc(&ctx->allocator, sizeof(*s->hist[i]));
        if (!s->hist[i])
            return zi_fail(ctx, ZURT_E_NOMEM, "histogram of '%s': out of memory",
                           g->tensors[i].name);
    }
    zurt_status st = ZURT_OK;
    for (size_t i = 0; !st && i < g->n_nodes; i++) {
        zi_op op = g->nodes[i].op;
        if (op == ZI_OP_Conv || op == ZI_OP_FullyConnected)
            st = watch_channels(ctx, &g->tensors[g->nodes[i].in[0]],
                                &s->channels[g->nodes[i].in[0]]);
    }
    return st;
}

void zc_stats_destroy(zurt_ctx *ctx, zc_stats *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->hist)
            zi_free(&ctx->allocator, s->hist[i]);
        if (s->channels) {
            zi_free(&ctx->allocator, s->channels[i].sum);
            zi_free(&ctx->allocator, s->channels[i].reach);
        }
    }
    zi_free(&ctx->allocator, s->reach);
    zi_free(&ctx->allocator, s->hist);
    zi_free(&ctx->allocator, s->channels);
    *s = (zc_stats){0};
}

typedef struct watcher {
    const zi_graph *g;
    zc_stats *stats;
} watcher;

static void add_channels(zc_channel_sum *c, const float *x, size_t n)
{
    size_t channels = (size_t)c->n_channels;
    for (size_t i = 0; i + channels <= n; i += channels) {
        for (size_t k = 0; k < channels; k++) {
            c->sum[k] += (double)x[i + k];
            c->reach[k] = fabsf(x[i + k]) > c->reach[k] ? fabsf(x[i + k]) : c->reach[k];
        }
    }
    c->n_values += n / channels;
}

static zurt_status watch(void *self, zi_id tensor, void *data)
{
    const watcher *w = self;
    size_t n = zi_tensor_elems(&w->g->tensors[tensor]);
    if (w->stats->hist[tensor])
        zc_hist_add(w->stats->hist[tensor], data, n);
    if (w->stats->channels[tensor].sum && w->g->tensors[tensor].dtype == ZURT_F32)
        add_channels(&w->stats->channels[tensor], data, n);
    return ZURT_OK;
}

/** Largest absolute value of each input. */
static void note_reach(const zi_graph *g, const zurt_span *inputs, float *reach)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        const zi_tensor *t = &g->tensors[g->inputs[i]];
        const float *x = inputs[i].data;
        size_t n = t->dtype == ZURT_F32 ? zi_tensor_elems(t) : 0;
        for (size_t k = 0; k < n; k++)
            reach[i] = fabsf(x[k]) > reach[i] ? fabsf(x[k]) : reach[i];
    }
}

static zurt_status run_all(zurt_ctx *ctx, const zi_graph *g, const zurt_quantize_options *options,
                           zc_executor *e, zc_stats *stats)
{
    zc_buffers in, out = {0};
    watcher w = {g, stats};
    zurt_status st = zc_buffers_create(ctx, g, g->inputs, g->n_inputs, &in);
    if (!st)
        st = zc_buffers_create(ctx, g, g->outputs, g->n_outputs, &out);
    for (size_t i = 0; !st && i < options->n_samples; i++) {
        st = options->sample(options->sample_self, i, in.spans, in.n);
        if (!st)
            st = zc_check_sample(ctx, g, in.spans, i);
        if (!st)
            note_reach(g, in.spans, stats->reach + i * in.n);
        if (!st && !zc_split_is_held(stats->split, i))
            st = zc_executor_run(e, in.views, in.n, out.spans, out.n, watch, &w);
        if (!st && options->progress)
            options->progress(options->progress_self, "calibrate", i + 1, options->n_samples);
    }
    zc_buffers_destroy(ctx, &in);
    zc_buffers_destroy(ctx, &out);
    return st;
}

zurt_status zc_stats_collect(zurt_ctx *ctx, const zi_graph *g, const zurt_quantize_options *options,
                             zc_stats *out)
{
    zc_executor *e = NULL;
    zurt_status st = allocate(ctx, g, zc_split_of(options), out);
    if (!st)
        st = zc_executor_create(ctx, g, options->threads, &e);
    if (!st)
        st = run_all(ctx, g, options, e, out);
    zc_executor_destroy(e);
    return st;
}
