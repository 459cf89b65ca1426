/* SPDX-License-Identifier: Apache-2.0 */
/* The int8 graph beside its float original, layer by layer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "float/evaluator.h"
#include "quant/scale.h"
#include "quantise/quant_report.h"

/** An int8 layer, its first output, and the float tensor that it should equal. */
typedef struct pair {
    zi_id quantised;
    zi_id real;
    double signal, noise;
} pair;

typedef struct comparison {
    const zi_graph *f, *q;
    float **value;   /* of f's tensors that have a partner: this sample's */
    pair *pairs;     /* one per layer */
    pair *outputs;   /* one per graph output */
    size_t *pair_of; /* of q's tensors: index of its pair plus 1 */
} comparison;

typedef struct named {
    const char *name;
    size_t node;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

/** First node of that name; NULL if there is none. */
static const named *find(const named *list, size_t n, const char *name)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(list[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && !strcmp(list[lo].name, name) ? &list[lo] : NULL;
}

static bool is_comparable(const comparison *c, zi_id real, zi_id quantised)
{
    const zi_tensor *r = &c->f->tensors[real], *q = &c->q->tensors[quantised];
    bool types =
        r->dtype == ZURT_F32 &&
        (q->dtype == ZURT_F32 || ((q->dtype == ZURT_S8 || q->dtype == ZURT_U8) && q->quant.n == 1));
    return types && zi_tensor_same_shape(r, q);
}

static zurt_status match(zurt_ctx *ctx, comparison *c)
{
    size_t n = c->f->n_nodes;
    named *names = zi_calloc(&ctx->allocator, n, sizeof(*names));
    if (!names)
        return zi_fail(ctx, ZURT_E_NOMEM, "comparison: out of memory");
    for (size_t i = 0; i < n; i++)
        names[i] = (named){c->f->nodes[i].name, i};
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < c->q->n_nodes; i++) {
        const zi_node *node = &c->q->nodes[i];
        c->pairs[i].real = c->pairs[i].quantised = ZI_NONE;
        const named *found = find(names, n, node->name);
        bool is_border = node->op == ZI_OP_Quantize || node->op == ZI_OP_Dequantize;
        if (!found || is_border || !is_comparable(c, c->f->nodes[found->node].out[0], node->out[0]))
            continue;
        c->pairs[i].real = c->f->nodes[found->node].out[0];
        c->pairs[i].quantised = node->out[0];
        c->pair_of[node->out[0]] = i + 1;
    }
    zi_free(&ctx->allocator, names);
    return ZURT_OK;
}

/** Memory for the float values of one sample. */
static zurt_status keep_values(zurt_ctx *ctx, comparison *c)
{
    for (size_t i = 0; i < c->q->n_nodes; i++) {
        zi_id t = c->pairs[i].real;
        if (t == ZI_NONE || c->value[t])
            continue;
        size_t bytes = zi_tensor_bytes(&c->f->tensors[t]);
        c->value[t] = zi_alloc_aligned(&ctx->allocator, bytes);
        if (!c->value[t])
            return zi_fail(ctx, ZURT_E_NOMEM, "comparison: need %zu bytes", bytes);
    }
    return ZURT_OK;
}

static zurt_status see_float(void *self, zi_id tensor, const void *data)
{
    const comparison *c = self;
    if (c->value[tensor])
        memcpy(c->value[tensor], data, zi_tensor_bytes(&c->f->tensors[tensor]));
    return ZURT_OK;
}

static void add_errors(pair *p, const zi_tensor *t, const float *real, const void *data)
{
    size_t n = zi_tensor_elems(t);
    double scale = t->quant.n ? (double)t->quant.scale[0] : 1.0;
    int32_t zero = t->quant.n ? t->quant.zero_point[0] : 0;
    for (size_t i = 0; i < n; i++) {
        double v = t->dtype == ZURT_F32  ? (double)((const float *)data)[i]
                   : t->dtype == ZURT_S8 ? scale * (((const int8_t *)data)[i] - zero)
                                         : scale * (((const uint8_t *)data)[i] - zero);
        double r = (double)real[i], e = r - v;
        p->signal += r * r;
        p->noise += e * e;
    }
}

static zurt_status see_int8(void *self, zi_id tensor, const void *data)
{
    const comparison *c = self;
    size_t at = c->pair_of[tensor];
    if (at)
        add_errors(&c->pairs[at - 1], &c->q->tensors[tensor], c->value[c->pairs[at - 1].real],
                   data);
    return ZURT_OK;
}

static double sqnr(const pair *p)
{
    if (!(p->signal > 0.0))
        return p->noise > 0.0 ? -(double)INFINITY : (double)INFINITY;
    return p->noise > 0.0 ? 10.0 * log10(p->signal / p->noise) : (double)INFINITY;
}

/** A float sample in the type of the int8 graph's input. */
static void convert_input(const zi_tensor *t, const float *from, void *to)
{
    size_t n = zi_tensor_elems(t);
    if (t->dtype == ZURT_F32) {
        memcpy(to, from, n * sizeof(float));
        return;
    }
    int32_t lo = t->dtype == ZURT_S8 ? -128 : 0;
    for (size_t i = 0; i < n; i++) {
        int32_t q = zi_quantize(from[i], t->quant.scale[0], t->quant.zero_point[0], lo, lo + 255);
        ((uint8_t *)to)[i] = (uint8_t)q;
    }
}

typedef struct run {
    zc_executor *f, *q;
    zc_buffers f_in, f_out, q_in, q_out;
} run;

static zurt_status compare_sample(comparison *c, run *r, const zurt_quantize_options *o, size_t at)
{
    zurt_status st = o->sample(o->sample_self, at, r->f_in.spans, r->f_in.n);
    for (size_t i = 0; !st && i < r->q_in.n; i++) {
        const zi_tensor *t = &c->q->tensors[c->q->inputs[i]];
        if (t->quant.n == 1 && t->dtype != ZURT_F32)
            convert_input(t, r->f_in.spans[i].data, r->q_in.spans[i].data);
        else
            memcpy(r->q_in.spans[i].data, r->f_in.spans[i].data, r->q_in.spans[i].bytes);
    }
    if (!st)
        st = zc_executor_run(r->f, r->f_in.views, r->f_in.n, r->f_out.spans, r->f_out.n, see_float,
                             c);
    if (!st)
        st = zc_executor_run(r->q, r->q_in.views, r->q_in.n, r->q_out.spans, r->q_out.n, see_int8,
                             c);
    for (size_t i = 0; !st && i < r->q_out.n; i++) {
        if (is_comparable(c, c->f->outputs[i], c->q->outputs[i]))
            add_errors(&c->outputs[i], &c->q->tensors[c->q->outputs[i]], r->f_out.spans[i].data,
                       r->q_out.spans[i].data);
    }
    return st;
}

static zurt_status compare_all(zurt_ctx *ctx, comparison *c, const zurt_quantize_options *o,
                               zurt_quant_report *report)
{
    run r = {0};
    zurt_status st = zc_executor_create(ctx, c->f, o->threads, &r.f);
    if (!st)
        st = zc_executor_create(ctx, c->q, o->threads, &r.q);
    if (!st)
        st = zc_buffers_create(ctx, c->f, c->f->inputs, c->f->n_inputs, &r.f_in);
    if (!st)
        st = zc_buffers_create(ctx, c->f, c->f->outputs, c->f->n_outputs, &r.f_out);
    if (!st)
        st = zc_buffers_create(ctx, c->q, c->q->inputs, c->q->n_inputs, &r.q_in);
    if (!st)
        st = zc_buffers_create(ctx, c->q, c->q->outputs, c->q->n_outputs, &r.q_out);
    size_t n = o->report_sqnr < o->n_samples ? o->report_sqnr : o->n_samples;
    for (size_t i = 0; !st && i < n; i++) {
        st = compare_sample(c, &r, o, i);
        if (!st && o->progress)
            o->progress(o->progress_self, "compare", i + 1, n);
    }
    for (size_t i = 0; !st && i < report->n_layers; i++)
        report->layers[i].sqnr_db = c->pairs[i].real != ZI_NONE ? sqnr(&c->pairs[i]) : (double)NAN;
    for (size_t i = 0; !st && i < report->n_outputs; i++)
        report->output_sqnr[i] = is_comparable(c, c->f->outputs[i], c->q->outputs[i])
                                     ? sqnr(&c->outputs[i])
                                     : (double)NAN;
    zc_executor_destroy(r.f);
    zc_executor_destroy(r.q);
    zc_buffers_destroy(ctx, &r.f_in);
    zc_buffers_destroy(ctx, &r.f_out);
    zc_buffers_destroy(ctx, &r.q_in);
    zc_buffers_destroy(ctx, &r.q_out);
    return st;
}

zurt_status zc_report_compare(zurt_ctx *ctx, const zi_graph *float_graph,
                              const zi_graph *int8_graph, const zurt_quantize_options *options,
                              zurt_quant_report *report)
{
    const zurt_allocator *a = &ctx->allocator;
    comparison c = {.f = float_graph, .q = int8_graph};
    c.value = zi_calloc(a, c.f->n_tensors, sizeof(*c.value));
    c.pairs = zi_calloc(a, c.q->n_nodes, sizeof(*c.pairs));
    c.outputs = zi_calloc(a, c.q->n_outputs, sizeof(*c.outputs));
    c.pair_of = zi_calloc(a, c.q->n_tensors, sizeof(*c.pair_of));
    zurt_status st = ZURT_OK;
    if (!c.value || !c.pairs || !c.outputs || !c.pair_of)
        st = zi_fail(ctx, ZURT_E_NOMEM, "comparison: out of memory");
    if (!st)
        st = match(ctx, &c);
    if (!st)
        st = keep_values(ctx, &c);
    if (!st)
        st = compare_all(ctx, &c, options, report);
    for (size_t i = 0; c.value && i < c.f->n_tensors; i++)
        zi_free(a, c.value[i]);
    zi_free(a, c.value);
    zi_free(a, c.pairs);
    zi_free(a, c.outputs);
    zi_free(a, c.pair_of);
    return st;
}
