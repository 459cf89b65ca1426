/* SPDX-License-Identifier: Apache-2.0 */
/* The int8 graph beside its float original, layer by layer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "float/evaluator.h"
#include "quant/scale.h"
#include "quantise/noise.h"
#include "quantise/quant_report.h"

/** Scores and the like, of fixed range, that are all below: a picture without text or faces. They
 * are near zero in int8 as well, though of so little signal nothing need be left. */
#define NO_ANSWER (1.0f / 32)

/** An int8 layer, its first output, and the float tensor that it should equal. */
typedef struct pair {
    zi_id quantised;
    zi_id real;
    zc_noise all;  /* with the errors of the layers before */
    zc_noise *own; /* by channel: fed with float's values, quantised; as `view` shows it */
    size_t n_own;
    zc_view view; /* the function that alone reads the layer; else none */
    uint32_t n_readers;
} pair;

typedef struct comparison {
    const zi_graph *f, *q;
    float **value;     /* of f's tensors that have a partner: this sample's */
    pair *pairs;       /* one per layer */
    zc_noise *outputs; /* one per graph output */
    size_t *pair_of;   /* of q's tensors: index of its pair plus 1 */
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

/** Finds the layers that one function alone reads: a table that stands for it. */
static void find_views(comparison *c)
{
    for (size_t i = 0; i < c->q->n_nodes; i++) {
        const zi_node *n = &c->q->nodes[i];
        for (uint32_t k = 0; k < n->n_in; k++) {
            size_t at = n->in[k] == ZI_NONE ? 0 : c->pair_of[n->in[k]];
            if (!at)
                continue;
            pair *p = &c->pairs[at - 1];
            p->view = (zc_view){.op = ZI_OP_NONE};
            if (n->op == ZI_OP_Lut && !p->n_readers)
                p->view = (zc_view){(zi_op)n->attr.lut.op, n->attr.lut.unary};
            p->n_readers++;
        }
    }
    for (size_t i = 0; i < c->q->n_outputs; i++) {
        size_t at = c->pair_of[c->q->outputs[i]];
        if (at)
            c->pairs[at - 1].view = (zc_view){.op = ZI_OP_NONE};
    }
}

/** The op itself says how large its results are, as Sigmoid does: a channel of small ones is no
 *  victim of the others. */
static bool is_fixed(const zi_node *n)
{
    zc_qparam p;
    return zc_qparam_fixed(n->op == ZI_OP_Lut ? (zi_op)n->attr.lut.op : n->op, &p);
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
    for (size_t i = 0; i < c->q->n_nodes; i++) {
        pair *p = &c->pairs[i];
        if (p->real == ZI_NONE)
            continue;
        const zi_tensor *t = &c->f->tensors[p->real];
        bool by_channel = t->rank > 1 && t->dims[t->rank - 1] > 0 && !is_fixed(&c->q->nodes[i]);
        p->n_own = by_channel ? (size_t)t->dims[t->rank - 1] : 1;
        p->own = zi_calloc(&ctx->allocator, p->n_own, sizeof(*p->own));
        if (!p->own)
            return zi_fail(ctx, ZURT_E_NOMEM, "comparison: out of memory");
    }
    return ZURT_OK;
}

static zurt_status see_float(void *self, zi_id tensor, void *data)
{
    const comparison *c = self;
    if (c->value[tensor])
        memcpy(c->value[tensor], data, zi_tensor_bytes(&c->f->tensors[tensor]));
    return ZURT_OK;
}

static void add_errors(zc_noise *p, const zi_tensor *t, const float *real, const void *data)
{
    size_t n = zi_tensor_elems(t);
    double scale = t->quant.n ? (double)t->quant.scale[0] : 1.0;
    int32_t zero = t->quant.n ? t->quant.zero_point[0] : 0;
    for (size_t i = 0; i < n; i++) {
        double v = t->dtype == ZURT_F32  ? (double)((const float *)data)[i]
                   : t->dtype == ZURT_S8 ? scale * (((const int8_t *)data)[i] - zero)
                                         : scale * (((const uint8_t *)data)[i] - zero);
        zc_noise_add(p, (double)real[i], v);
    }
}

/** A layer's own errors, by channel, as its view shows them: what a function flattens is none. */
static void add_own_errors(pair *p, const zi_tensor *t, const float *real, const void *data)
{
    double held[256];
    int32_t lo = t->dtype == ZURT_U8 ? 0 : -128;
    for (int32_t i = 0; t->dtype != ZURT_F32 && i < 256; i++) {
        if (!zc_view_map(&p->view, (double)t->quant.scale[0] * (i + lo - t->quant.zero_point[0]),
                         &held[i]))
            held[i] = (double)INFINITY;
    }
    for (size_t i = 0, c = 0; i < zi_tensor_elems(t); i++, c = c + 1 < p->n_own ? c + 1 : 0) {
        double r;
        if (!zc_view_map(&p->view, (double)real[i], &r))
            continue;
        double v = t->dtype == ZURT_F32  ? (double)((const float *)data)[i]
                   : t->dtype == ZURT_S8 ? held[((const int8_t *)data)[i] + 128]
                                         : held[((const uint8_t *)data)[i]];
        zc_noise_add(&p->own[c], r, v);
    }
}

static zurt_status see_int8(void *self, zi_id tensor, void *data)
{
    const comparison *c = self;
    size_t at = c->pair_of[tensor];
    if (at)
        add_errors(&c->pairs[at - 1].all, &c->q->tensors[tensor], c->value[c->pairs[at - 1].real],
                   data);
    return ZURT_OK;
}

/** A float tensor's values in the type of its int8 twin. */
static void convert(const zi_tensor *t, const float *from, void *to)
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

/** The error that a layer adds itself; the layers behind it are then given float's values. */
static zurt_status see_own(void *self, zi_id tensor, void *data)
{
    const comparison *c = self;
    size_t at = c->pair_of[tensor];
    if (at) {
        const float *real = c->value[c->pairs[at - 1].real];
        add_own_errors(&c->pairs[at - 1], &c->q->tensors[tensor], real, data);
        convert(&c->q->tensors[tensor], real, data);
    }
    return ZURT_OK;
}

typedef struct run {
    zc_executor *f, *q;
    zc_buffers f_in, f_out, q_in, q_out;
} run;

static float largest(zurt_span span, const zi_tensor *t)
{
    const float *x = span.data;
    float most = 0.0f;
    for (size_t i = 0; i < zi_tensor_elems(t); i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

static zurt_status compare_sample(comparison *c, run *r, const zurt_quantize_options *o, size_t at,
                                  zurt_quant_report *report)
{
    zurt_status st =
        o->sample(o->sample_self, zc_split_judge(report->split, at), r->f_in.spans, r->f_in.n);
    for (size_t i = 0; !st && i < r->q_in.n; i++) {
        const zi_tensor *t = &c->q->tensors[c->q->inputs[i]];
        if (t->quant.n == 1 && t->dtype != ZURT_F32)
            convert(t, r->f_in.spans[i].data, r->q_in.spans[i].data);
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
        if (!is_comparable(c, c->f->outputs[i], c->q->outputs[i]))
            continue;
        zc_noise one = {0};
        add_errors(&one, &c->q->tensors[c->q->outputs[i]], r->f_out.spans[i].data,
                   r->q_out.spans[i].data);
        bool answers = !report->output_fixed[i] ||
                       largest(r->f_out.spans[i], &c->f->tensors[c->f->outputs[i]]) >= NO_ANSWER;
        report->sample_sqnr[i * report->n_compared + at] = answers ? zc_noise_db(one) : (double)NAN;
        c->outputs[i].signal += one.signal;
        c->outputs[i].noise += one.noise;
    }
    if (!st)
        st =
            zc_executor_run(r->q, r->q_in.views, r->q_in.n, r->q_out.spans, r->q_out.n, see_own, c);
    return st;
}

/** What the sums say. A graph without an int8 layer has nothing to say about int8. */
static void note_results(const comparison *c, zurt_quant_report *report)
{
    for (size_t i = 0; i < report->n_layers; i++) {
        bool known = c->pairs[i].real != ZI_NONE;
        report->layers[i].sqnr_db = known ? zc_noise_db(c->pairs[i].all) : (double)NAN;
        report->layers[i].own_sqnr_db =
            known ? zc_noise_mean_db(c->pairs[i].own, c->pairs[i].n_own) : (double)NAN;
    }
    for (size_t i = 0; report->is_int8 && i < report->n_outputs; i++) {
        if (is_comparable(c, c->f->outputs[i], c->q->outputs[i]))
            report->output_sqnr[i] = zc_noise_db(c->outputs[i]);
    }
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
    size_t n = report->n_compared;
    for (size_t i = 0; !st && i < n; i++) {
        st = compare_sample(c, &r, o, i, report);
        if (!st && o->progress)
            o->progress(o->progress_self, "compare", i + 1, n);
    }
    if (!st)
        note_results(c, report);
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
    size_t n = zc_split_n_judges(report->split);
    n = options->report_sqnr < n ? options->report_sqnr : n;
    report->sample_sqnr = zi_arena_calloc(&report->arena, report->n_outputs * n, sizeof(double));
    report->n_compared = report->sample_sqnr ? n : 0;
    for (size_t i = 0; i < report->n_outputs * report->n_compared; i++)
        report->sample_sqnr[i] = (double)NAN;
    zurt_status st = ZURT_OK;
    if (!report->sample_sqnr || !c.value || !c.pairs || !c.outputs || !c.pair_of)
        st = zi_fail(ctx, ZURT_E_NOMEM, "comparison: out of memory");
    if (!st)
        st = match(ctx, &c);
    if (!st)
        find_views(&c);
    if (!st)
        st = keep_values(ctx, &c);
    if (!st)
        st = compare_all(ctx, &c, options, report);
    for (size_t i = 0; c.value && i < c.f->n_tensors; i++)
        zi_free(a, c.value[i]);
    for (size_t i = 0; c.pairs && i < c.q->n_nodes; i++)
        zi_free(a, c.pairs[i].own);
    zi_free(a, c.value);
    zi_free(a, c.pairs);
    zi_free(a, c.outputs);
    zi_free(a, c.pair_of);
    return st;
}
