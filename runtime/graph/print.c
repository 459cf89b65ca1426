/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as text: stable, for tests and for people. Attributes appear only where they differ
 * from what an op has when nothing is said. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/size.h"
#include "graph/graph.h"

/** A growing string; `failed` once memory is refused. */
typedef struct text {
    const zurt_allocator *allocator;
    char *data;
    size_t used;
    size_t size;
    bool failed;
} text;

static bool reserve(text *t, size_t more)
{
    size_t wanted;
    if (t->failed || !zi_size_add(t->used, more + 1, &wanted))
        return false;
    if (wanted <= t->size)
        return true;
    size_t size = wanted < 4096 ? 4096 : wanted * 2;
    char *grown = zi_zalloc(t->allocator, size);
    if (!grown) {
        t->failed = true;
        return false;
    }
    if (t->used)
        memcpy(grown, t->data, t->used);
    zi_free(t->allocator, t->data);
    t->data = grown;
    t->size = size;
    return true;
}

static void put(text *t, const char *fmt, ...) ZI_PRINTF(2, 3);
static void put(text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !reserve(t, (size_t)n))
        return;
    va_start(args, fmt);
    vsnprintf(t->data + t->used, (size_t)n + 1, fmt, args);
    va_end(args);
    t->used += (size_t)n;
}

static void put_list(text *t, const char *name, const int32_t *values, int32_t count)
{
    put(t, " %s", name);
    for (int32_t i = 0; i < count; i++)
        put(t, "%c%" PRId32, i ? ',' : '=', values[i]);
}

/** As put_list, unless all equal `usual`. */
static void put_unusual(text *t, const char *name, const int32_t *values, int32_t count,
                        int32_t usual)
{
    for (int32_t i = 0; i < count; i++) {
        if (values[i] != usual) {
            put_list(t, name, values, count);
            return;
        }
    }
}

static void put_tensor(text *t, const zi_graph *g, zi_id id)
{
    if (id == ZI_NONE) {
        put(t, "-");
        return;
    }
    const zi_tensor *x = &g->tensors[id];
    put(t, "%s:[", x->name);
    for (int32_t d = 0; d < x->rank; d++)
        put(t, "%s%" PRId32, d ? "," : "", x->dims[d]);
    put(t, "]%s", zurt_dtype_name(x->dtype));
    if (x->quant.n == 1)
        put(t, "(%.9g,%" PRId32 ")", (double)x->quant.scale[0], x->quant.zero_point[0]);
    else if (x->quant.n > 1)
        put(t, "(%" PRIu32 " scales on axis %" PRId32 ")", x->quant.n, x->quant.axis);
}

static void put_conv(text *t, const zi_attr_conv *a)
{
    put_unusual(t, "stride", a->stride, 2, 1);
    put_unusual(t, "dilation", a->dilation, 2, 1);
    put_unusual(t, "pad", a->pad, 4, 0);
    put_unusual(t, "groups", &a->groups, 1, 1);
    put_unusual(t, "out_pad", a->out_pad, 2, 0);
}

static void put_pool(text *t, const zi_attr_pool *a, bool max)
{
    put_list(t, "kernel", a->kernel, 2);
    put_unusual(t, "stride", a->stride, 2, 1);
    if (max)
        put_unusual(t, "dilation", a->dilation, 2, 1);
    put_unusual(t, "pad", a->pad, 4, 0);
    if (a->ceil_mode)
        put(t, " ceil");
    if (a->count_include_pad && !max)
        put(t, " include_pad");
    if (a->column_major)
        put(t, " column_major");
    if (a->ties_up && !max)
        put(t, " ties_up");
}

static void put_slice(text *t, const zi_attr_slice *a, int32_t rank)
{
    put_list(t, "start", a->start, rank);
    put_unusual(t, "step", a->step, rank, 1);
    put_list(t, "count", a->count, rank);
}

static void put_pad(text *t, const zi_attr_pad *a, int32_t rank)
{
    static const char *const modes[] = {"", " reflect", " edge"};
    put_list(t, "before", a->before, rank);
    put_list(t, "after", a->after, rank);
    put(t, "%s", (uint32_t)a->mode <= ZI_PAD_EDGE ? modes[a->mode] : " ?");
    if (a->value != 0.0f)
        put(t, " value=%.9g", (double)a->value);
}

static void put_resize(text *t, const zi_attr_resize *a)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    put(t, " %s coord=%d", (uint32_t)a->mode <= ZI_RESIZE_CUBIC ? modes[a->mode] : "?",
        (int)a->coord);
    if (a->mode == ZI_RESIZE_NEAREST)
        put(t, " round=%d", (int)a->nearest);
    put_list(t, "out", a->out, 2);
}

static void put_scatter(text *t, const zi_attr_scatter *a)
{
    static const char *const reductions[] = {"", " add", " mul", " max", " min"};
    put_list(t, "axis", &a->axis, 1);
    put(t, "%s", (uint32_t)a->reduction <= ZI_SCATTER_MIN ? reductions[a->reduction] : " ?");
}

static void put_rnn(text *t, zi_op op, const zi_attr_rnn *a)
{
    put(t, " %s%s%s", zi_rnn_direction_name(a->direction), a->input_forget ? " input_forget" : "",
        a->linear_before_reset ? " linear_before_reset" : "");
    if (a->clip > 0.0f)
        put(t, " clip=%.9g", (double)a->clip);
    const int32_t n = zi_rnn_functions(op) * (a->direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1);
    for (int32_t i = 0; i < n; i++) {
        const zi_rnn_function_row *f = zi_rnn_function_get(a->function[i]);
        put(t, " %s", f->name);
        if (f->has_alpha)
            put(t, " alpha=%.9g", (double)a->alpha[i]);
        if (f->has_beta)
            put(t, " beta=%.9g", (double)a->beta[i]);
    }
}

static void put_attr(text *t, const zi_graph *g, const zi_node *n)
{
    const zi_op_info *info = zi_op_get((uint32_t)n->op);
    int32_t rank = zi_node_in(g, n, 0) ? zi_node_in(g, n, 0)->rank : 0;
    switch (info ? info->attr : ZI_ATTR_none) {
    case ZI_ATTR_none:
        break;
    case ZI_ATTR_conv:
        put_conv(t, &n->attr.conv);
        break;
    case ZI_ATTR_pool:
        put_pool(t, &n->attr.pool, n->op != ZI_OP_AveragePool);
        break;
    case ZI_ATTR_axis:
        put_list(t, "axis", &n->attr.axis.axis, 1);
        put(t, "%s%s", n->attr.axis.keep_dims ? " keep" : "",
            n->attr.axis.select_last ? " last" : "");
        break;
    case ZI_ATTR_reduce:
        put(t, " axes=%#" PRIx32 "%s", n->attr.reduce.axes,
            n->attr.reduce.keep_dims ? " keep" : "");
        break;
    case ZI_ATTR_perm:
        put_list(t, "perm", n->attr.perm.perm, rank);
        break;
    case ZI_ATTR_shape: // the output's dims say it
        break;
    case ZI_ATTR_slice:
        put_slice(t, &n->attr.slice, rank);
        break;
    case ZI_ATTR_pad:
        put_pad(t, &n->attr.pad, rank);
        break;
    case ZI_ATTR_resize:
        put_resize(t, &n->attr.resize);
        break;
    case ZI_ATTR_unary:
        put(t, " alpha=%.9g beta=%.9g", (double)n->attr.unary.alpha, (double)n->attr.unary.beta);
        break;
    case ZI_ATTR_lut:
        put(t, " %s", zi_op_name((uint32_t)n->attr.lut.op));
        break;
    case ZI_ATTR_top:
        put(t, " axis=%" PRId32 " k=%" PRId32 "%s", n->attr.top.axis, n->attr.top.k,
            n->attr.top.smallest ? " smallest" : "");
        break;
    case ZI_ATTR_scatter:
        put_scatter(t, &n->attr.scatter);
        break;
    case ZI_ATTR_grid:
        put(t, " mode=%d padding=%d%s", (int)n->attr.grid.mode, (int)n->attr.grid.padding,
            n->attr.grid.align_corners ? " align_corners" : "");
        break;
    case ZI_ATTR_nms:
        put(t, " max=%" PRId32 " iou=%.9g score=%.9g%s", n->attr.nms.max_boxes,
            (double)n->attr.nms.iou_threshold, (double)n->attr.nms.score_threshold,
            n->attr.nms.centre ? " centre" : "");
        break;
    case ZI_ATTR_rnn:
        put_rnn(t, n->op, &n->attr.rnn);
        break;
    }
    if (zi_node_has_clamp(n))
        put(t, " clamp=%.9g..%.9g", (double)n->clamp_lo, (double)n->clamp_hi);
}

static void put_node(text *t, const zi_graph *g, const zi_node *n)
{
    for (uint32_t i = 0; i < n->n_out; i++) {
        put(t, "%s", i ? ", " : "");
        put_tensor(t, g, n->out[i]);
    }
    put(t, " = %s(", zi_op_name((uint32_t)n->op));
    for (uint32_t i = 0; i < n->n_in; i++) {
        zi_id id = n->in[i];
        put(t, "%s", i ? ", " : "");
        if (id != ZI_NONE && !g->tensors[id].data)
            put(t, "%s", g->tensors[id].name); // its own line has the rest
        else
            put_tensor(t, g, id);
    }
    put(t, ")");
    text attr = {.allocator = t->allocator};
    put_attr(&attr, g, n);
    if (attr.used)
        put(t, "{%s}", attr.data + 1);
    t->failed = t->failed || attr.failed;
    zi_free(t->allocator, attr.data);
    put(t, "%s%s\n", n->name[0] ? " " : "", n->name);
}

zurt_status zi_graph_print(zurt_ctx *ctx, const zi_graph *g, char **out)
{
    text t = {.allocator = &ctx->allocator};
    for (size_t i = 0; i < g->n_inputs; i++) {
        put(&t, "input ");
        put_tensor(&t, g, g->inputs[i]);
        put(&t, "%s\n", g->tensors[g->inputs[i]].from_nchw ? " from_nchw" : "");
    }
    for (size_t i = 0; i < g->n_nodes; i++)
        put_node(&t, g, &g->nodes[i]);
    for (size_t i = 0; i < g->n_outputs; i++)
        put(&t, "%s%s", i ? ", " : "output ", g->tensors[g->outputs[i]].name);
    put(&t, "\n");
    if (t.failed) {
        zi_free(&ctx->allocator, t.data);
        *out = NULL;
        return zi_fail(ctx, ZURT_E_NOMEM, "print: out of memory");
    }
    *out = t.data;
    return ZURT_OK;
}
