/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random layers of every size through code generator, checker and engine in C simulation, against
 * the reference kernels: kernels to 11, strides to 4, dilation, pads, to 1100 channels, pictures to
 * 230 pixels a side, groups, depthwise, pools, sums, all zero points. What was reached is counted,
 * and a range that was not makes the test fail.
 *
 *   conf_layers [COUNT [FIRST_SEED]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/pl/pl.h"
#include "conf_engines.h"
#include "exec/session.h"
#include "support/model_fixture.h"
#include "support/net_builder.h"
#include "support/reference.h"

enum { MAC_LIMIT = 2000000, BYTE_LIMIT = 1 << 19, SIDE = 230, CHANNELS = 1100, KERNEL = 11 };

/* So many products of two int8 values, less a zero point, and a bias fit a sum of 32 bits. */
enum { TAP_LIMIT = 60000 };

typedef enum kind {
    CONV,
    GROUPED,
    DEPTHWISE,
    TRANSPOSED,
    FULLY_CONNECTED,
    MAX_POOL,
    AVERAGE_POOL,
    MEAN,
    SUM,
    TABLE,
    DOUBLE,
    KINDS
} kind;

static const char *const kind_names[KINDS] = {
    "conv",     "grouped",     "depthwise", "transposed", "fully connected", "max pool",
    "avg pool", "global mean", "sum",       "table",      "doubling"};

typedef struct shape {
    kind kind;
    int32_t h, w, c, out, groups;
    int32_t k[2], s[2], d[2], pad[4];
} shape;

static zi_pl_engine engine;

static zurt_status open_engine(zurt_ctx *ctx, const zi_backend_config *config, zi_backend **out)
{
    return zi_pl_open_engine(ctx, config, &engine, out);
}

/* ---- shapes ---- */

/* In [1, most], small ones more often: the logarithm is uniform. The ends are frequent. */
static int32_t pick_log(zt_source *s, int32_t most)
{
    if (zt_one_in(s, 12))
        return most - zt_pick_range(s, 0, most / 20);
    double v = exp(log((double)most + 1.0) * zt_pick_range(s, 0, 9999) / 10000.0);
    return (int32_t)v;
}

static int64_t macs_of(const shape *p)
{
    int64_t pixels = (int64_t)p->h * p->w / (p->kind == TRANSPOSED ? 1 : p->s[0] * p->s[1]) + 1;
    return pixels * p->k[0] * p->k[1] * (p->c / p->groups) * p->out;
}

static bool too_large(const shape *p)
{
    int64_t scale = p->kind == TRANSPOSED ? p->s[0] * p->s[1] : p->kind == DOUBLE ? 4 : 1;
    int64_t in = (int64_t)p->h * p->w * p->c, out = scale * p->h * p->w * p->out;
    int64_t taps = p->kind == FULLY_CONNECTED ? (int64_t)p->h * p->w * p->c
                                              : (int64_t)p->k[0] * p->k[1] * p->c / p->groups;
    return macs_of(p) > MAC_LIMIT || in > BYTE_LIMIT || out > BYTE_LIMIT || taps > TAP_LIMIT;
}

static void set_channels(shape *p, int32_t c, int32_t out)
{
    bool same = p->kind != CONV && p->kind != GROUPED && p->kind != TRANSPOSED &&
                p->kind != FULLY_CONNECTED;
    p->c = (c + p->groups - 1) / p->groups * p->groups;
    p->out = same ? p->c : (out + p->groups - 1) / p->groups * p->groups;
    if (p->kind == DEPTHWISE)
        p->groups = p->c;
}

/* Halves one size after the other, at random, until the layer is small enough for a test. */
static void shrink(zt_source *s, shape *p)
{
    while (too_large(p)) {
        switch (zt_pick(s, 5)) {
        case 0:
            p->h = (p->h + 1) / 2;
            break;
        case 1:
            p->w = (p->w + 1) / 2;
            break;
        case 2:
            p->groups = p->kind == DEPTHWISE ? 1 : p->groups;
            set_channels(p, (p->c + 1) / 2, p->out);
            break;
        case 3:
            p->groups = p->kind == DEPTHWISE ? 1 : p->groups;
            set_channels(p, p->c, (p->out + 1) / 2);
            break;
        default:
            if (macs_of(p) > MAC_LIMIT && p->groups == 1)
                p->k[zt_pick(s, 2)] = 1;
            break;
        }
    }
}

static shape random_shape(zt_source *s)
{
    shape p = {.kind = (kind)zt_pick(s, KINDS), .groups = 1};
    bool pool = p.kind == MAX_POOL || p.kind == AVERAGE_POOL;
    p.h = pick_log(s, SIDE);
    p.w = pick_log(s, SIDE);
    if (p.kind == FULLY_CONNECTED) {
        p.h = zt_pick_range(s, 1, KERNEL);
        p.w = zt_pick_range(s, 1, KERNEL);
    }
    if (p.kind == GROUPED)
        p.groups = zt_pick_range(s, 2, 8);
    set_channels(&p, pick_log(s, CHANNELS), pick_log(s, CHANNELS));
    for (int i = 0; i < 2; i++) {
        p.k[i] = zt_one_in(s, 3) ? zt_pick_range(s, 1, KERNEL) : zt_pick_range(s, 1, 3);
        p.s[i] = zt_one_in(s, 2) ? 1 : zt_pick_range(s, 1, 4);
        p.d[i] = !pool && zt_one_in(s, 4) ? zt_pick_range(s, 1, 3) : 1;
        if (p.kind >= MEAN || p.kind == FULLY_CONNECTED)
            p.k[i] = p.s[i] = p.d[i] = 1;
    }
    shrink(s, &p);
    for (int i = 0; i < 4; i++)
        p.pad[i] = zt_one_in(s, 3) ? 0 : zt_pick_range(s, 0, (p.k[i % 2] - 1) * p.d[i % 2]);
    return p;
}

/* ---- the graph ---- */

static zi_id add_input(zt_net *b, const char *name, const int32_t dims[4], float scale)
{
    zi_id id;
    if (b->failed || zi_graph_add_tensor(b->ctx, b->g, name, &id) ||
        zi_graph_add_input(b->ctx, b->g, id)) {
        b->failed = true;
        return ZI_NONE;
    }
    zi_tensor *t = zt_net_picture(b, id);
    t->dtype = ZURT_S8;
    t->rank = 4;
    for (int i = 0; i < 4; i++)
        t->dims[i] = dims[i];
    zt_net_set_quant(b, id, scale, zt_pick_range(b->source, -128, 127));
    b->tensors[b->n++] = id;
    return id;
}

static void add_output(zt_net *b, zi_id id, const char *name)
{
    zt_net_picture(b, id)->name = zi_arena_strdup(&b->g->arena, name);
    b->failed |= !zt_net_picture(b, id)->name || zi_graph_add_output(b->ctx, b->g, id) != ZURT_OK;
}

static void add_weighted(zt_net *b, const shape *p, zi_id x)
{
    zt_source *s = b->source;
    zi_op op = p->kind == TRANSPOSED ? ZI_OP_ConvTranspose : ZI_OP_Conv;
    zi_attr attr = {.conv = {.stride = {p->s[0], p->s[1]},
                             .dilation = {p->d[0], p->d[1]},
                             .pad = {p->pad[0], p->pad[1], p->pad[2], p->pad[3]},
                             .groups = p->groups}};
    int32_t w_dims[4] = {p->out, p->k[0], p->k[1], p->c / p->groups};
    bool of_pixels = p->kind == FULLY_CONNECTED && zt_one_in(s, 2); // over four axes, as they are
    if (of_pixels) {
        op = ZI_OP_FullyConnected;
        w_dims[1] = zt_net_picture(b, x)->dims[3];
    } else if (p->kind == FULLY_CONNECTED) {
        const zi_tensor *t = zt_net_picture(b, x);
        int32_t n = t->dims[1] * t->dims[2] * t->dims[3];
        zi_attr flat = {.shape = {.rank = 2, .dims = {1, n}}};
        zt_net_append(b, ZI_OP_Reshape, &flat, &x, 1, t->quant.scale[0], t->quant.zero_point[0]);
        x = b->tensors[b->n - 1];
        op = ZI_OP_FullyConnected;
        w_dims[1] = n;
    }
    int32_t rank = p->kind == FULLY_CONNECTED ? 2 : 4;
    zi_id in[3] = {x, zt_net_constant(b, ZURT_S8, rank, w_dims, 8),
                   zt_net_constant(b, ZURT_S32, 1, w_dims, 14)};
    if (b->failed)
        return;
    float taps = (float)(w_dims[1] * (rank == 4 ? w_dims[2] * w_dims[3] : 1));
    zt_net_set_quant(b, in[1], 0.01f, 0);
    zt_net_append(b, op, rank == 4 ? &attr : NULL, in, 3, 0.05f * 0.6f * sqrtf(taps),
                  zt_pick_range(s, -128, 127));
}

static void add_pool(zt_net *b, const shape *p, zi_id x)
{
    const zi_tensor *t = zt_net_picture(b, x);
    zi_attr attr = {.pool = {.kernel = {p->k[0], p->k[1]},
                             .stride = {p->s[0], p->s[1]},
                             .dilation = {1, 1},
                             .pad = {p->pad[0], p->pad[1], p->pad[2], p->pad[3]},
                             .count_include_pad = true,
                             .ties_up = p->kind == AVERAGE_POOL && zt_one_in(b->source, 2)}};
    if (p->kind == MEAN)
        attr = (zi_attr){.reduce = {.axes = 6, .keep_dims = true}};
    zi_op op = p->kind == MAX_POOL ? ZI_OP_MaxPool
               : p->kind == MEAN   ? ZI_OP_ReduceMean
                                   : ZI_OP_AveragePool;
    bool other = p->kind != MAX_POOL && zt_one_in(b->source, 2);
    zt_net_append(b, op, &attr, &x, 1, other ? 0.03f : t->quant.scale[0],
                  other ? zt_pick_range(b->source, -128, 127) : t->quant.zero_point[0]);
}

/* A sum with an input of the size of `x`, on either side. */
static void add_sum(zt_net *b, zi_id x)
{
    const zi_tensor *t = zt_net_picture(b, x);
    float scale = t->quant.scale[0];
    int32_t dims[4];
    if (t->rank != 4)
        return;
    for (int i = 0; i < 4; i++)
        dims[i] = t->dims[i];
    zi_id other = add_input(b, b->g->n_inputs == 1 ? "r" : "r2", dims,
                            scale * 0.01f * (float)zt_pick_range(b->source, 30, 300));
    zi_id in[2] = {x, other};
    if (zt_one_in(b->source, 2)) {
        in[0] = other;
        in[1] = x;
    }
    if (!b->failed)
        zt_net_append(b, ZI_OP_Add, NULL, in, 2,
                      (scale + zt_net_picture(b, other)->quant.scale[0]) * 0.7f,
                      zt_pick_range(b->source, -128, 127));
}

static void add_table(zt_net *b, zi_id x)
{
    int32_t n = 256;
    zi_id in[2] = {x, zt_net_constant(b, ZURT_S8, 1, &n, 8)};
    zi_attr attr = {.lut = {.op = ZI_OP_NONE}};
    zt_net_append(b, ZI_OP_Lut, &attr, in, 2, 0.05f, zt_pick_range(b->source, -128, 127));
}

static void add_double(zt_net *b, zi_id x)
{
    const zi_tensor *t = zt_net_picture(b, x);
    zi_attr attr = {.resize = {.out = {2 * t->dims[1], 2 * t->dims[2]},
                               .scale = {2.0f, 2.0f},
                               .mode = ZI_RESIZE_NEAREST,
                               .coord = ZI_COORD_ASYMMETRIC,
                               .nearest = ZI_NEAREST_FLOOR}};
    if (t->rank == 4)
        zt_net_append(b, ZI_OP_Resize, &attr, &x, 1, t->quant.scale[0], t->quant.zero_point[0]);
}

/* What may join the layer before it. */
static void add_follower(zt_net *b)
{
    zi_id x = b->tensors[b->n - 1];
    shape half = {.kind = MAX_POOL, .k = {2, 2}, .s = {2, 2}};
    if (b->failed)
        return;
    switch (zt_pick(b->source, 6)) {
    case 0:
        add_sum(b, x);
        break;
    case 1:
        add_table(b, x);
        break;
    case 2:
        if (zt_net_picture(b, x)->rank == 4)
            add_pool(b, &half, x);
        break;
    case 3:
        if (zi_tensor_elems(zt_net_picture(b, x)) < BYTE_LIMIT / 8)
            add_double(b, x);
        break;
    default:
        break;
    }
}

static void add_layer(zt_net *b, const shape *p, zi_id x)
{
    if (p->kind <= FULLY_CONNECTED)
        add_weighted(b, p, x);
    else if (p->kind <= MEAN)
        add_pool(b, p, x);
    else if (p->kind == SUM)
        add_sum(b, x);
    else if (p->kind == TABLE)
        add_table(b, x);
    else
        add_double(b, x);
}

/* NULL: no such layer, e.g. a window larger than the padded picture. */
static zi_graph *random_layer(zurt_ctx *ctx, zt_source *source, shape *p)
{
    zt_net b = {.ctx = ctx, .source = source, .g = zi_graph_create(&ctx->allocator)};
    *p = random_shape(source);
    zi_id x = b.g ? add_input(&b, "x", (int32_t[4]){1, p->h, p->w, p->c}, 0.05f) : ZI_NONE;
    if (x != ZI_NONE && p->kind > FULLY_CONNECTED) { // work that takes them to the engine
        shape first = {DEPTHWISE, p->h, p->w, p->c, p->c, p->c, {1, 1}, {1, 1}, {1, 1}, {0}};
        add_weighted(&b, &first, x);
        x = b.tensors[b.n - 1];
        if (zt_one_in(source, 2)) // an output by itself: nothing joins it
            add_output(&b, x, "early");
    }
    if (x != ZI_NONE)
        add_layer(&b, p, x);
    if (x != ZI_NONE && b.tensors[b.n - 1] != x) {
        add_follower(&b);
        add_output(&b, b.tensors[b.n - 1], "y");
    }
    if (x == ZI_NONE || b.failed || b.g->n_outputs == 0) {
        zi_graph_destroy(b.g);
        return NULL;
    }
    return b.g;
}

/* ---- what was reached, of layers that ran on the engine ---- */

typedef struct tally {
    uint32_t layers, kinds[KINDS], whole[KINDS]; // whole: no node on the CPU
    uint32_t kernel[2][KERNEL + 1], stride[2][5], dilation[4], groups[9], zero[256];
    uint32_t padded, engines[CONF_ENGINES];
    int32_t side, c, out;
} tally;

static void count(tally *t, const shape *p, const zi_graph *g, const zi_partition *plan)
{
    uint32_t on_pl = 0;
    t->layers++;
    t->kinds[p->kind]++;
    for (uint32_t i = 0; i < g->n_nodes; i++)
        on_pl += plan->nodes[i].device == 0;
    if (on_pl != g->n_nodes)
        return;
    t->whole[p->kind]++;
    t->side = p->h > t->side ? p->h : t->side;
    t->side = p->w > t->side ? p->w : t->side;
    t->c = p->c > t->c ? p->c : t->c;
    t->out = p->out > t->out ? p->out : t->out;
    t->zero[zt_net_picture(&(zt_net){.g = (zi_graph *)g}, g->inputs[0])->quant.zero_point[0] +
            128]++;
    if (p->kind > AVERAGE_POOL || p->kind == FULLY_CONNECTED)
        return;
    for (int i = 0; i < 2; i++) {
        t->kernel[i][p->k[i]]++;
        t->stride[i][p->s[i]]++;
        t->dilation[p->d[i]]++;
    }
    t->groups[p->groups <= 8 ? p->groups : 0]++;
    t->padded += p->pad[0] || p->pad[1] || p->pad[2] || p->pad[3];
}

static void print_counts(const char *what, const uint32_t *counts, int first, int n)
{
    printf("%s", what);
    for (int i = first; i < n; i++)
        printf(" %u", (unsigned)counts[i]);
    printf("\n");
}

static int missing(const uint32_t *counts, int first, int n)
{
    int none = 0;
    for (int i = first; i < n; i++)
        none += counts[i] == 0;
    return none;
}

/* Prints the histograms; returns how many ranges were not reached. */
static int report(const tally *t)
{
    int bad = 0;
    printf(
        "%u layers; largest side %d, channels in %d, out %d; %u padded; zero points of 256: %d\n",
        (unsigned)t->layers, (int)t->side, (int)t->c, (int)t->out, (unsigned)t->padded,
        256 - missing(t->zero, 0, 256));
    for (int i = 0; i < KINDS; i++)
        printf("%-16s %u, %u of them whole on the engine\n", kind_names[i], (unsigned)t->kinds[i],
               (unsigned)t->whole[i]);
    print_counts("kernel height 1..11:", t->kernel[0], 1, KERNEL + 1);
    print_counts("kernel width 1..11: ", t->kernel[1], 1, KERNEL + 1);
    print_counts("row stride 1..4:    ", t->stride[0], 1, 5);
    print_counts("column stride 1..4: ", t->stride[1], 1, 5);
    print_counts("dilation 1..3:      ", t->dilation, 1, 4);
    print_counts("groups 1..8:        ", t->groups, 1, 9);
    print_counts("engines:            ", t->engines, 0, CONF_ENGINES);
    bad += missing(t->whole, 0, KINDS) + missing(t->kernel[0], 1, KERNEL + 1);
    bad += missing(t->kernel[1], 1, KERNEL + 1) + missing(t->stride[0], 1, 5);
    bad += missing(t->stride[1], 1, 5) + missing(t->dilation, 1, 4) + missing(t->groups, 1, 9);
    bad += (t->side < SIDE - 5) + (t->c < CHANNELS - 20) + (t->out < CHANNELS - 20);
    return bad + (t->padded == 0) + (missing(t->zero, 0, 256) > 25);
}

/* ---- running ---- */

static int fail(uint64_t seed, const char *what, zurt_ctx *ctx, const zi_graph *g)
{
    char *text = NULL;
    zi_graph_print(ctx, g, &text);
    fprintf(stderr, "seed %llu on %s, %u results a cycle: %s: %s\n%s", (unsigned long long)seed,
            engine.caps->name, (unsigned)engine.caps->requant_parallel, what, zurt_ctx_error(ctx),
            text ? text : "");
    return 1;
}

static int run_layer(zurt_ctx *ctx, uint64_t seed, tally *t)
{
    zt_source source = zt_source_seed(seed);
    uint32_t which = zt_pick(&source, CONF_ENGINES);
    shape p;
    engine = conf_engine(which);
    zi_backend_vtable vtable = zi_backend_sim;
    vtable.open = open_engine;
    zi_accelerators accelerators = {.candidates = {&vtable}, .n = 1, .required = true};
    zi_graph *g = random_layer(ctx, &source, &p);
    if (!g)
        return 0;
    if (zi_graph_check(ctx, g))
        return fail(seed, "generator", ctx, g);
    zt_io expected = zt_io_create(g, seed), got = zt_io_create(g, seed);
    struct zurt_model model = zt_model_of(g);
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.threads = 1;
    zurt_session *s = NULL;
    int result = 0;
    if (zt_reference_run(ctx, g, &expected))
        result = fail(seed, "reference", ctx, g);
    else if (zi_session_create(ctx, &model, &options, &accelerators, &s) ||
             zurt_session_run(s, got.in, g->n_inputs, got.out, g->n_outputs))
        result = fail(seed, "session", ctx, g);
    else if (zt_io_compare(&expected, &got) >= 0)
        result = fail(seed, "bytes differ", ctx, g);
    else
        count(t, &p, g, s->schedule->partition);
    t->engines[which] += result == 0;
    zurt_session_destroy(s);
    zt_io_destroy(&expected);
    zt_io_destroy(&got);
    zi_graph_destroy(g);
    return result;
}

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1500;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    zurt_ctx *ctx = NULL;
    static tally t;
    int failed = zurt_ctx_create(NULL, &ctx) != ZURT_OK;
    for (uint64_t seed = first; !failed && seed < first + n; seed++)
        failed = run_layer(ctx, seed, &t);
    zurt_ctx_destroy(ctx);
    int unreached = report(&t);
    return failed || (n >= 1500 && unreached);
}
