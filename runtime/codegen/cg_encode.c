/* SPDX-License-Identifier: Apache-2.0 */
/* A program to bytes: steps and tables; the weights are in cg_encode_weights.c. */
#include "codegen/cg_encode.h"

#include "base/alloc.h"
#include "codegen/cg_encode_weights.h"

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

/** Steps of the first picture, and their tables. */
static void put_steps(const zi_cg_program *m, zi_cg_code *code, int32_t first, int32_t tables)
{
    for (size_t i = 0; i < m->n_steps; i++) {
        zk_step s = m->steps[i].step;
        if (m->steps[i].layer != ZI_NONE) {
            set_numbers(m, &m->layers[m->steps[i].layer], &s);
            s.table = tables;
            put_table(m, &m->steps[i], code->steps + tables);
            tables += zk_table_words(&s);
        }
        zk_step_pack(&s, code->steps + first + (int32_t)i * ZK_STEP_WORDS);
    }
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

static void put_segments(const zi_cg_program *m, zi_cg_code *code, int32_t picture, int32_t first)
{
    for (size_t i = 0; i < m->n_starts; i++) {
        size_t end = i + 1 < m->n_starts ? m->starts[i + 1] : m->n_steps;
        v16 *word = &code->steps[(size_t)picture * m->n_starts + i];
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
    for (int32_t i = 0; i < m->batch; i++) {
        int32_t first = (int32_t)(w.segments + i * w.steps);
        put_segments(m, out, i, first);
        if (i == 0)
            put_steps(m, out, first, (int32_t)(words - w.tables));
        else
            put_picture(m, out, i, first, (int32_t)w.segments);
    }
    zi_cg_encode_weights(m, out);
    return ZURT_OK;
}

void zi_cg_code_destroy(zi_cg_code *code)
{
    zi_free(&code->allocator, code->steps);
    for (int q = 0; q < 4; q++)
        zi_free(&code->allocator, code->weights[q]);
    *code = (zi_cg_code){.allocator = code->allocator};
}
