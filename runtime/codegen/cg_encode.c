/* SPDX-License-Identifier: Apache-2.0 */
/* Packs a map: numbers of the graph into steps, tables and weight streams. */
#include "codegen/cg_encode.h"

#include <string.h>

#include "base/alloc.h"
#include "quant/requant.h"

typedef struct packer {
    const zi_cg_program *m;
    zi_cg_code *code;
    uint32_t sum_layer; // whose add `sum` is; ZI_NONE: none yet
    zi_sum_tables sum;
} packer;

static const zi_tensor *in_of(const packer *p, const zi_node *n, uint32_t i)
{
    return zi_node_in(p->m->g, n, i);
}

/* ---- weights ---- */

static void put_row(packer *p, int32_t word, int32_t row, const v16 *value)
{
    p->code->weights[row / 4][(size_t)word * 4 + (size_t)(row % 4)] = *value;
}

/** What pass `part` adds of a weight beyond int8. */
static int32_t part_of(int32_t value, int32_t part)
{
    int32_t before = 127 * part, after = before + 127;
    return zi_clamp(value, -after, after) - zi_clamp(value, -before, before);
}

/** A tap by the kernel position of its first lane: a packed word has several. `phase`: which of
 *  2x2 pixels the sum is for. */
static zi_cg_tap first_position(const packer *p, const zi_cg_layer *l, const zi_cg_tap *tap,
                                int32_t phase)
{
    zi_cg_tap first = *tap;
    if (l->packed && p->m->places[l->in].pack.lanes_h > 1) {
        first.ky = 2 * tap->ky - phase / 2;
        first.kx = 2 * tap->kx - phase % 2;
    }
    return first;
}

/** Weight of output channel `o` for lane `lane` of the input, at a tap. */
static int32_t conv_weight(const packer *p, const zi_cg_layer *l, const zi_cg_tap *tap,
                           const zi_cg_channel *channel, int32_t o, int32_t lane)
{
    const zi_node *n = &p->m->g->nodes[l->l.node];
    if (l->choice)
        return l->choice[o] == lane ? 2 : 0;
    const zi_tensor *w = in_of(p, n, 1);
    bool fc = n->op == ZI_OP_FullyConnected;
    int32_t kh = fc ? l->l.kernel[0] : w->dims[1], kw = fc ? l->l.kernel[1] : w->dims[2];
    int32_t depth = (int32_t)(zi_tensor_elems(w) / (size_t)w->dims[0] / (size_t)(kh * kw));
    int32_t ky = tap->ky, kx = tap->kx, c = l->channels ? l->channels[lane] : lane;
    if (l->packed) {
        const zi_cg_place *place = &p->m->places[l->in];
        int32_t row = place->pack.lanes_w * place->source.c;
        ky += lane / row;
        kx += lane % row / place->source.c;
        c = lane % place->source.c;
        if (lane >= row * place->pack.lanes_h || ky >= kh || kx >= kw)
            return 0;
    }
    if (ky < 0 || kx < 0 || channel->constant)
        return 0;
    int32_t groups = fc ? 1 : n->attr.conv.groups;
    c -= o / (l->l.y.c / groups) * depth;
    if (c < 0 || c >= depth)
        return 0;
    const int8_t *data = w->data;
    size_t at = (((size_t)o * (size_t)kh + (size_t)ky) * (size_t)kw + (size_t)kx) * (size_t)depth;
    int32_t v = (data[at + (size_t)c] - channel->zero_point) * (1 << channel->raise);
    return part_of(v, tap->part);
}

static void conv_words(packer *p, const zi_cg_step *s, const zi_cg_channel *channels, int32_t o,
                       int32_t phase, int32_t word)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    int32_t group_out = zi_blocks(l->l.y.c) / l->l.groups;
    int32_t first = o / 16 / group_out * s->step.n_icb * 16; // of the group's input channels
    for (int32_t icb = 0; icb < s->step.n_icb; icb++) {
        for (int32_t t = 0; t < s->step.n_taps; t++, word++) {
            zi_cg_tap tap = first_position(p, l, &p->m->taps[s->first_tap + (uint32_t)t], phase);
            for (int32_t row = 0; row < 16; row++) {
                v16 value = {{0}};
                for (int32_t i = 0; i < 16 && o + row < l->l.y.c; i++)
                    value.b[i] = (int8_t)conv_weight(p, l, &tap, &channels[row], o + row,
                                                     first + icb * 16 + i);
                put_row(p, word, row, &value);
            }
        }
    }
}

/** Weight of a channel at a window position; 0 outside the kernel. */
static int32_t depthwise_weight(const packer *p, const zi_cg_layer *l, const zi_cg_channel *channel,
                                int32_t c, int32_t ky, int32_t kx, int32_t part)
{
    if (c >= l->l.y.c || kx < 0 || channel->constant)
        return 0;
    if (l->l.mean_weight)
        return l->l.mean_weight;
    const int8_t *data = in_of(p, &p->m->g->nodes[l->l.node], 1)->data;
    size_t at = ((size_t)c * (size_t)l->l.kernel[0] + (size_t)ky) * (size_t)l->l.kernel[1];
    int32_t v = (data[at + (size_t)kx] - channel->zero_point) * (1 << channel->raise);
    return part_of(v, part);
}

static void diagonal_words(packer *p, const zi_cg_step *s, const zi_cg_channel *channels, int32_t o,
                           int32_t word)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    for (int32_t t = 0; t < (s->step.n_taps + 15) / 16 * 16; t++) {
        v16 value = {{0}};
        for (int32_t c = 0; c < 16 && t < s->step.n_taps; c++) {
            const zi_cg_tap *tap = &p->m->taps[s->first_tap + (uint32_t)t];
            value.b[c] =
                (int8_t)depthwise_weight(p, l, &channels[c], o + c, tap->ky, tap->kx, tap->part);
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
            for (int32_t i = 0; i < 16 && row % 2 == 0; i++) {
                int32_t back = 7 - i % 8, c = row + i / 8;
                if (back < s->step.row_n)
                    value.b[i] = (int8_t)depthwise_weight(p, l, &channels[c], o + c, tap->ky,
                                                          tap->kx - back * s->step.row_dx, 0);
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
    const zi_node *n = &p->m->g->nodes[l->l.node];
    const zi_tensor *b = in_of(p, n, 2);
    int64_t sum = 0, bias = b ? ((const int32_t *)b->data)[o] : 0;
    for (int32_t t = 0; t < s->step.n_taps; t++) {
        for (int32_t c = 0; c < l->l.x.c; c++)
            sum += conv_weight(p, l, &p->m->taps[s->first_tap + (uint32_t)t], channel, o, c);
    }
    bias *= (int64_t)1 << channel->raise;
    return (int32_t)(bias - sum * in_of(p, n, 0)->quant.zero_point[0]);
}

static void header_word(packer *p, const zi_cg_step *s, int32_t o, int32_t word,
                        zi_cg_channel channels[16])
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    const zi_node *n = &p->m->g->nodes[l->l.node];
    for (int32_t row = 0; row < 16; row++) {
        zi_cg_channel *c = &channels[row];
        v16 value = {{0}};
        *c = (zi_cg_channel){0};
        if (l->choice) // weights of 2 and one half: exact
            *c = (zi_cg_channel){.multiplier = 1 << 30,
                                 .bias = o + row < l->l.y.c && l->choice[o + row] < 0 ? 2 * l->fill
                                                                                      : 0};
        else if (l->l.mean_weight && o + row < l->l.y.c)
            *c = (zi_cg_channel){.bias = l->l.mean_bias,
                                 .multiplier = l->l.mean_multiplier,
                                 .shift = l->l.mean_shift};
        else if (o + row < l->l.y.c)
            (void)zi_cg_channel_get(p->m->g, n, o + row, c, NULL); // checked when it was placed
        if (l->l.transposed && o + row < l->l.y.c && !c->constant)
            c->bias = phase_bias(p, s, c, o + row);
        zk_put32(&value, 0, c->bias);
        zk_put32(&value, 1, c->multiplier);
        zk_put32(&value, 2, c->shift);
        put_row(p, word, row, &value);
    }
}

static void pack_weights(packer *p, const zi_cg_step *s)
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

/* ---- steps and tables ---- */

static void set_numbers(const packer *p, const zi_cg_layer *l, zk_step *s)
{
    const zi_graph *g = p->m->g;
    const zi_node *n = &g->nodes[l->l.node];
    s->lo = -128;
    s->hi = 127;
    if (s->kind != ZK_MAXPOOL && !l->choice) {
        const zi_tensor *x = in_of(p, n, 0), *y = zi_node_out(g, n, 0);
        s->zp_in = x->quant.zero_point[0];
        s->zp_out = l->l.mean_weight && zi_alike(x, y) ? 0 : y->quant.zero_point[0];
        if (!l->l.mean_weight)
            zi_layer_clamp(g, n, &s->lo, &s->hi);
    }
    if (l->add != ZI_NONE) {
        const zi_node *add = &g->nodes[l->add];
        s->add_shift = p->sum.shift;
        s->add_up = p->sum.up;
        s->add_down = p->sum.down;
        s->add_zp = zi_node_out(g, add, 0)->quant.zero_point[0];
        zi_layer_clamp(g, add, &s->add_lo, &s->add_hi);
    }
}

/** The tables of the layer's add, made once for all its steps. */
static void make_sum(packer *p, uint32_t layer)
{
    zi_id add = p->m->layers[layer].add;
    zi_add_numbers numbers;
    if (add == ZI_NONE || p->sum_layer == layer)
        return;
    p->sum_layer = layer;
    if (zi_add_numbers_get(p->m->g, &p->m->g->nodes[add], &numbers)) // checked when it was placed
        (void)zi_sum_tables_make(&numbers, &p->sum);
}

static void put_add_tables(const packer *p, const zi_cg_layer *l, v16 *out)
{
    for (int32_t i = 0; i < 512; i++) {
        uint32_t operand = i < 256 ? l->own_operand : 1 - l->own_operand;
        int32_t at = i % 256;
        if (i < 256 && l->own_lut)
            at = l->own_lut[at] + 128;
        zk_put32(&out[i / 4], i % 4, p->sum.term[operand][at]);
    }
}

static void put_table(const packer *p, const zi_cg_step *s, v16 *out)
{
    const zi_cg_layer *l = &p->m->layers[s->layer];
    for (int32_t t = 0; t < s->step.n_taps; t++)
        zk_tap_pack(&p->m->taps[s->first_tap + (uint32_t)t].tap, t % 2, &out[t / 2]);
    out += (s->step.n_taps + 1) / 2;
    if (s->step.flags & ZK_RESIDUAL) {
        put_add_tables(p, l, out);
        out += 2 * ZK_ADD_WORDS;
    }
    for (int32_t i = 0; i < 256 && (s->step.flags & ZK_LUT); i++)
        out[i / 16].b[i % 16] = l->lut[i];
}

/** Steps of the first picture, and their tables. */
static void put_steps(packer *p, int32_t first, int32_t tables)
{
    const zi_cg_program *m = p->m;
    for (size_t i = 0; i < m->n_steps; i++) {
        zk_step s = m->steps[i].step;
        if (m->steps[i].layer != ZI_NONE) {
            make_sum(p, m->steps[i].layer);
            set_numbers(p, &m->layers[m->steps[i].layer], &s);
            s.table = tables;
            put_table(p, &m->steps[i], p->code->steps + tables);
            tables += zk_table_words(&s);
        }
        zk_step_pack(&s, p->code->steps + first + (int32_t)i * ZK_STEP_WORDS);
    }
}

/** Steps of another picture: those of the first, which they share tables with, elsewhere in DDR. */
static void put_picture(packer *p, int32_t picture, int32_t first, int32_t from)
{
    const zi_cg_program *m = p->m;
    for (int32_t i = 0; i < (int32_t)m->n_steps; i++) {
        zk_step s;
        zk_step_unpack(p->code->steps + from + i * ZK_STEP_WORDS, &s);
        s.a_src += s.a_planes ? picture * m->act_words : 0;
        s.st_dst += s.flags & ZK_OUT_FIFO ? picture * m->act_words : 0;
        zk_step_pack(&s, p->code->steps + first + i * ZK_STEP_WORDS);
    }
}

static void put_segments(packer *p, int32_t picture, int32_t first)
{
    const zi_cg_program *m = p->m;
    for (size_t i = 0; i < m->n_starts; i++) {
        size_t end = i + 1 < m->n_starts ? m->starts[i + 1] : m->n_steps;
        v16 *word = &p->code->steps[(size_t)picture * m->n_starts + i];
        zk_put32(word, 0, first + (int32_t)m->starts[i] * ZK_STEP_WORDS);
        zk_put32(word, 1, (int32_t)(end - m->starts[i]));
    }
}

zurt_status zi_cg_encode(zurt_ctx *ctx, const zi_cg_program *m, zi_cg_code *out)
{
    *out = (zi_cg_code){.allocator = ctx->allocator};
    const zi_cg_words w = zi_cg_words_of(m);
    const int64_t words = zi_cg_list_words(m, &w);
    if (words > INT32_MAX / 64 || w.act > INT32_MAX / 64)
        return zi_fail(ctx, ZURT_E_LIMIT, "PL: a batch of %d needs too long a step list",
                       (int)m->batch);
    out->step_words = (int32_t)words;
    out->n_segments = (int32_t)w.segments;
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
    packer p = {.m = m, .code = out, .sum_layer = ZI_NONE};
    for (int32_t i = 0; i < m->batch; i++) {
        int32_t first = (int32_t)(w.segments + i * w.steps);
        put_segments(&p, i, first);
        if (i == 0)
            put_steps(&p, first, (int32_t)(words - w.tables));
        else
            put_picture(&p, i, first, (int32_t)w.segments);
    }
    for (size_t i = 0; i < m->n_steps; i++) {
        if (m->steps[i].w_used && !m->steps[i].w_again)
            pack_weights(&p, &m->steps[i]);
    }
    return ZURT_OK;
}

void zi_cg_code_destroy(zi_cg_code *code)
{
    zi_free(&code->allocator, code->steps);
    for (int q = 0; q < 4; q++)
        zi_free(&code->allocator, code->weights[q]);
    *code = (zi_cg_code){.allocator = code->allocator};
}
