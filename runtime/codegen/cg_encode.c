/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program to bytes: steps, their tables, and the weight streams, which have per block of 16
 * output channels a word of headers, then the weights in the order in which the engine's array
 * takes them.
 */
#include "codegen/cg_encode.h"

#include "base/alloc.h"
#include "codegen/cg_impl.h"
#include "quant/requant.h"

/* ---- steps and tables ---- */

static void set_numbers(const zi_cg_program *m, const zi_cg_layer *l, zk_step *s)
{
    const zi_graph *g = m->g;
    const zi_node *n = &g->nodes[l->l.node];
    s->out.lo = -128;
    s->out.hi = 127;
    if (s->kind != ZK_MAXPOOL && !l->choice) {
        const zi_tensor *x = zi_node_in(g, n, 0), *y = zi_node_out(g, n, 0);
        s->in.zp = x->quant.zero_point[0];
        s->out.zp = l->l.mean_weight && zi_same_quant(x, y) ? 0 : y->quant.zero_point[0];
        if (!l->l.mean_weight)
            zi_layer_clamp(g, n, &s->out.lo, &s->out.hi);
    }
    if (l->add != ZI_NONE) {
        const zi_node *add = &g->nodes[l->add];
        s->res.shift = l->sum->shift;
        s->res.up = l->sum->up;
        s->res.down = l->sum->down;
        s->res.zp = zi_node_out(g, add, 0)->quant.zero_point[0];
        zi_layer_clamp(g, add, &s->res.lo, &s->res.hi);
    }
}

static void put_add_tables(const zi_cg_layer *l, v16 *out)
{
    for (int32_t i = 0; i < 512; i++) {
        uint32_t operand = i < 256 ? l->own_operand : 1 - l->own_operand;
        int32_t at = i % 256;
        if (i < 256 && l->own_lut)
            at = l->own_lut[at] + 128;
        zk_put32(&out[i / 4], i % 4, l->sum->term[operand][at]);
    }
}

static void put_table(const zi_cg_program *m, const zi_cg_step *s, v16 *out)
{
    const zi_cg_layer *l = &m->layers[s->layer];
    for (int32_t t = 0; t < s->step.n_taps; t++)
        zk_tap_pack(&m->taps[s->first_tap + (uint32_t)t].tap, t % 2, &out[t / 2]);
    out += (s->step.n_taps + 1) / 2;
    if (s->step.flags & ZK_RESIDUAL) {
        put_add_tables(l, out);
        out += 2 * ZK_ADD_WORDS;
    }
    for (int32_t i = 0; i < 256 && (s->step.flags & ZK_LUT); i++)
        out[i / 16].b[i % 16] = l->lut[i];
}

/** Steps of the first picture, and their tables. Returns a field that its width does not hold. */
static const char *put_steps(const zi_cg_program *m, zi_cg_code *code, int32_t first,
                             int32_t tables)
{
    const char *misfit = NULL;
    for (size_t i = 0; !misfit && i < m->n_steps; i++) {
        zk_step s = m->steps[i].step;
        if (m->steps[i].layer != ZI_NONE) {
            set_numbers(m, &m->layers[m->steps[i].layer], &s);
            s.table = tables;
            put_table(m, &m->steps[i], code->steps + tables);
            tables += zk_table_words(&s);
        }
        misfit = zk_step_misfit(&s);
        zk_step_pack(&s, code->steps + first + (int32_t)i * ZK_STEP_WORDS);
    }
    return misfit;
}

/** Steps of another picture: those of the first, which they share tables with, elsewhere in DDR. */
static void put_picture(const zi_cg_program *m, zi_cg_code *code, int32_t picture, int32_t first,
                        int32_t from)
{
    for (int32_t i = 0; i < (int32_t)m->n_steps; i++) {
        zk_step s;
        zk_step_unpack(code->steps + from + i * ZK_STEP_WORDS, &s);
        s.load.src += s.load.planes ? picture * m->act_words : 0;
        s.store.dst += s.flags & ZK_OUT_FIFO ? picture * m->act_words : 0;
        zk_step_pack(&s, code->steps + first + i * ZK_STEP_WORDS);
    }
}

static void put_epochs(const zi_cg_program *m, zi_cg_code *code, int32_t picture, int32_t first)
{
    for (size_t i = 0; i < m->n_starts; i++) {
        size_t end = i + 1 < m->n_starts ? m->starts[i + 1] : m->n_steps;
        v16 *word = &code->steps[(size_t)picture * m->n_starts + i];
        zk_put32(word, 0, first + (int32_t)m->starts[i] * ZK_STEP_WORDS);
        zk_put32(word, 1, (int32_t)(end - m->starts[i]));
    }
}

typedef struct packer {
    const zi_cg_program *m;
    zi_cg_code *code;
} packer;

/** Weights as the node has them: [out][h][w][depth], of `per_group` output channels the group's. */
typedef struct filter {
    const int8_t *data;
    int32_t h, w, depth, per_group;
} filter;

static const zi_tensor *in_of(const packer *p, const zi_cg_layer *l, uint32_t i)
{
    return zi_node_in(p->m->g, &p->m->g->nodes[l->l.node], i);
}

static filter filter_of(const packer *p, const zi_cg_layer *l)
{
    if (l->choice) // no node's weights
        return (filter){0};
    const zi_node *n = &p->m->g->nodes[l->l.node];
    const zi_tensor *w = in_of(p, l, 1);
    bool fc = n->op == ZI_OP_FullyConnected;
    filter f = {.data = w->data,
                .h = fc ? l->l.kernel[0] : w->dims[1],
                .w = fc ? l->l.kernel[1] : w->dims[2],
                .per_group = l->l.y.c / (fc ? 1 : n->attr.conv.groups)};
    f.depth = (int32_t)(zi_tensor_elems(w) / (size_t)w->dims[0] / (size_t)(f.h * f.w));
    return f;
}

static void put_row(packer *p, int32_t word, int32_t row, const v16 *value)
{
    p->code->weights[row / 4][(size_t)word * 4 + (size_t)(row % 4)] = *value;
}

/* ---- weights: values ---- */

/** What pass `part` adds of a weight beyond int8. */
static int32_t part_of(int32_t value, int32_t part)
{
    int32_t before = 127 * part, after = before + 127;
    return zi_clamp(value, -after, after) - zi_clamp(value, -before, before);
}

/** A weight as the engine has it, of pass `part`. */
static int8_t engine_weight(const zi_cg_channel *channel, int8_t weight, int32_t part)
{
    return (int8_t)part_of((weight - channel->zero_point) * (1 << channel->raise), part);
}

/** A tap by the kernel position of its first lane: a packed word has several. `phase`: which of
 *  2x2 pixels the sum is for. */
static zi_cg_tap first_position(const packer *p, const zi_cg_layer *l, const zi_cg_tap *tap,
                                int32_t phase)
{
    zi_cg_tap first = *tap;
    if (l->packed && p->m->tensors[l->in].pack.lanes_h > 1) {
        first.ky = 2 * tap->ky - phase / 2;
        first.kx = 2 * tap->kx - phase % 2;
    }
    return first;
}

/** Weight of output channel `o` for lane `lane` of the input, at a tap. */
static int8_t conv_weight(const packer *p, const zi_cg_layer *l, const filter *f,
                          const zi_cg_tap *tap, const zi_cg_channel *channel, int32_t o,
                          int32_t lane)
{
    if (l->choice)
        return l->choice[o] == lane ? 2 : 0;
    int32_t ky = tap->ky, kx = tap->kx, c = l->channels ? l->channels[lane] : lane;
    if (l->packed && !zi_cg_unpack_lane(&p->m->tensors[l->in], lane, &ky, &kx, &c))
        return 0;
    if (ky < 0 || kx < 0 || ky >= f->h || kx >= f->w || channel->constant)
        return 0;
    c -= o / f->per_group * f->depth;
    if (c < 0 || c >= f->depth)
        return 0;
    size_t at = (((size_t)o * (size_t)f->h + (size_t)ky) * (size_t)f->w + (size_t)kx);
    return engine_weight(channel, f->data[at * (size_t)f->depth + (size_t)c], tap->part);
}

/** Those of 16 lanes from `lane` on. Where the input's channels are in order, they stand side by
 *  side. */
static v16 conv_row(const packer *p, const zi_cg_layer *l, const filter *f, const zi_cg_tap *tap,
                    const zi_cg_channel *channel, int32_t o, int32_t lane)
{
    v16 value = {{0}};
    if (l->choice || l->channels || l->packed) {
        for (int32_t i = 0; i < 16; i++)
            value.b[i] = conv_weight(p, l, f, tap, channel, o, lane + i);
        return value;
    }
    if (tap->ky < 0 || tap->kx < 0 || channel->constant)
        return value;
    int32_t first = lane - o / f->per_group * f->depth;
    int32_t begin = first < 0 ? -first : 0, end = f->depth - first < 16 ? f->depth - first : 16;
    size_t at = (((size_t)o * (size_t)f->h + (size_t)tap->ky) * (size_t)f->w + (size_t)tap->kx);
    const int8_t *weights = f->data + at * (size_t)f->depth;
    for (int32_t i = begin; i < end; i++)
        value.b[i] = engine_weight(channel, weights[first + i], tap->part);
    return value;
}

/** Weight of a channel at a window position; 0 outside the kernel. */
static int8_t depthwise_weight(const packer *p, const zi_cg_layer *l, const zi_cg_channel *channel,
                               int32_t c, int32_t ky, int32_t kx, int32_t part)
{
    if (c >= l->l.y.c || kx < 0 || channel->constant)
        return 0;
    if (l->l.mean_weight)
        return (int8_t)l->l.mean_weight;
    const int8_t *data = in_of(p, l, 1)->data;
    size_t at = ((size_t)c * (size_t)l->l.kernel[0] + (size_t)ky) * (size_t)l->l.kernel[1];
    return engine_weight(channel, data[at + (size_t)kx], part);
}

/* ---- weights: a block ---- */

static void conv_words(packer *p, const zi_cg_step *s, const zi_cg_channel *channels, int32_t o,
                       int32_t phase, int32_t word)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    const filter f = filter_of(p, l);
    int32_t group_out = zi_blocks(l->l.y.c) / l->l.groups;
    int32_t first = o / 16 / group_out * s->step.n_icb * 16; // of the group's input channels
    for (int32_t icb = 0; icb < s->step.n_icb; icb++) {
        for (int32_t t = 0; t < s->step.n_taps; t++, word++) {
            zi_cg_tap tap = first_position(p, l, &p->m->taps[s->first_tap + (uint32_t)t], phase);
            for (int32_t row = 0; row < 16; row++) {
                v16 value = {{0}};
                if (o + row < l->l.y.c)
                    value = conv_row(p, l, &f, &tap, &channels[row], o + row, first + icb * 16);
                put_row(p, word, row, &value);
            }
        }
    }
}

static void diagonal_words(packer *p, const zi_cg_step *s, const zi_cg_channel *channels, int32_t o,
                           int32_t word)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    for (int32_t t = 0; t < (s->step.n_taps + 15) / 16 * 16; t++) {
        v16 value = {{0}};
        for (int32_t c = 0; c < 16 && t < s->step.n_taps; c++) {
            const zi_cg_tap *tap = &p->m->taps[s->first_tap + (uint32_t)t];
            value.b[c] = depthwise_weight(p, l, &channels[c], o + c, tap->ky, tap->kx, tap->part);
        }
        put_row(p, word + t / 16, t % 16, &value);
    }
}

static void row_words(packer *p, const zi_cg_step *s, const zi_cg_channel *channels, int32_t o,
                      int32_t word)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    for (int32_t t = 0; t < s->step.n_taps; t++) {
        const zi_cg_tap *tap = &p->m->taps[s->first_tap + (uint32_t)t];
        for (int32_t row = 0; row < 16; row++) {
            v16 value = {{0}};
            for (int32_t i = 0; i < ZK_ROW_WIDTH; i++) {
                int32_t back = ZK_ROW_WIDTH - 1 - i, at = row % 2 * ZK_ROW_WIDTH + i;
                if (back < s->step.in.row_n)
                    value.b[at] = depthwise_weight(p, l, &channels[row], o + row, tap->ky,
                                                   tap->kx - back * s->step.in.row_dx, 0);
            }
            put_row(p, word + t, row, &value);
        }
    }
}

/**
 * A phase of a transposed convolution sums some of the weights: its bias holds the input's zero
 * point times the sum of those alone.
 */
static int32_t phase_bias(const packer *p, const zi_cg_step *s, const zi_cg_channel *channel,
                          int32_t o)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    const filter f = filter_of(p, l);
    const zi_tensor *b = in_of(p, l, 2);
    int64_t sum = 0, bias = b ? ((const int32_t *)b->data)[o] : 0;
    for (int32_t t = 0; t < s->step.n_taps; t++) {
        for (int32_t c = 0; c < l->l.x.c; c++)
            sum += conv_weight(p, l, &f, &p->m->taps[s->first_tap + (uint32_t)t], channel, o, c);
    }
    bias *= (int64_t)1 << channel->raise;
    return (int32_t)(bias - sum * in_of(p, l, 0)->quant.zero_point[0]);
}

/** What a channel's header says, and how its weights are to be taken. */
static zi_cg_channel channel_of(const packer *p, const zi_cg_step *s, int32_t o)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    if (l->choice) // weights of 2 and one half: exact
        return (zi_cg_channel){.multiplier = 1 << 30,
                               .bias = o < l->l.y.c && l->choice[o] < 0 ? 2 * l->fill : 0};
    if (o >= l->l.y.c)
        return (zi_cg_channel){0};
    if (l->l.mean_weight)
        return (zi_cg_channel){
            .bias = l->l.mean_bias, .multiplier = l->l.mean_multiplier, .shift = l->l.mean_shift};
    zi_cg_channel c = l->l.out_channels[o];
    if (l->l.transposed && !c.constant)
        c.bias = phase_bias(p, s, &c, o);
    return c;
}

static void header_word(packer *p, const zi_cg_step *s, int32_t o, int32_t word,
                        zi_cg_channel channels[16])
{
    for (int32_t row = 0; row < 16; row++) {
        v16 value = {{0}};
        channels[row] = channel_of(p, s, o + row);
        zk_put32(&value, 0, channels[row].bias);
        zk_put32(&value, 1, channels[row].multiplier);
        zk_put32(&value, 2, channels[row].shift);
        put_row(p, word, row, &value);
    }
}

static void pack_step(packer *p, const zi_cg_step *s)
{
    int32_t word = s->w_first, block_words = zk_block_words(&s->step);
    int32_t blocks = zi_blocks(p->m->layers[s->layer].l.y.c);
    for (int32_t b = 0; b < s->step.n_ocb; b++, word += block_words + 1) {
        int32_t o = (s->first_block + b) % blocks * 16, phase = (s->first_block + b) / blocks;
        zi_cg_channel channels[16];
        header_word(p, s, o, word, channels);
        if (s->step.kind == ZK_CONV)
            conv_words(p, s, channels, o, phase, word + 1);
        else if (s->step.kind == ZK_DW_DIAG)
            diagonal_words(p, s, channels, o, word + 1);
        else
            row_words(p, s, channels, o, word + 1);
    }
}

/** Fills code->weights, which is zeroed and has room for the words that the program counts. */
static void put_weights(const zi_cg_program *m, zi_cg_code *code)
{
    packer p = {.m = m, .code = code};
    for (size_t i = 0; i < m->n_steps; i++) {
        if (m->steps[i].w_used && !m->steps[i].w_again)
            pack_step(&p, &m->steps[i]);
    }
}

/* ---- all of it ---- */

zurt_status zi_cg_encode(zurt_ctx *ctx, const zi_cg_program *m, zi_cg_code *out)
{
    *out = (zi_cg_code){.allocator = ctx->allocator};
    const zi_cg_words w = zi_cg_words_of(m);
    const int64_t words = zi_cg_list_words(m, &w);
    if (words > INT32_MAX / 64 || w.act > INT32_MAX / 64)
        return zi_fail(ctx, ZURT_E_LIMIT, "PL: a batch of %d needs too long a step list",
                       (int)m->batch);
    out->step_words = (int32_t)words;
    out->n_epochs = (int32_t)w.epochs;
    out->weight_words = (int32_t)w.weights;
    out->act_words = (int32_t)w.act;
    out->steps = zi_calloc(&out->allocator, (size_t)words, sizeof(v16));
    bool ok = out->steps != NULL;
    for (int q = 0; q < 4; q++) {
        out->weights[q] = zi_calloc(&out->allocator, (size_t)out->weight_words + 1, sizeof(v16));
        ok = ok && out->weights[q];
    }
    if (!ok) {
        zi_cg_code_destroy(out);
        return zi_fail(ctx, ZURT_E_NOMEM, "PL: no memory for the steps and weights");
    }
    const char *misfit = NULL;
    for (int32_t i = 0; !misfit && i < m->batch; i++) {
        int32_t first = (int32_t)(w.epochs + i * w.steps);
        put_epochs(m, out, i, first);
        if (i == 0)
            misfit = put_steps(m, out, first, (int32_t)(words - w.tables));
        else
            put_picture(m, out, i, first, (int32_t)w.epochs);
    }
    if (misfit) {
        zi_cg_code_destroy(out);
        return zi_fail(ctx, ZURT_E_INTERNAL,
                       "PL: %s of a step is beyond its width in the step format", misfit);
    }
    put_weights(m, out);
    return ZURT_OK;
}

void zi_cg_code_destroy(zi_cg_code *code)
{
    zi_free(&code->allocator, code->steps);
    for (int q = 0; q < 4; q++)
        zi_free(&code->allocator, code->weights[q]);
    *code = (zi_cg_code){.allocator = code->allocator};
}
