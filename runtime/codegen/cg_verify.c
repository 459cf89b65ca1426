/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step checker. Works on the packed bytes alone, as the engine sees them, in 64-bit arithmetic:
 * it trusts nothing that the code generator says.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/whole.h"
#include "codegen/cg_verify.h"
#include "codegen/engine_caps.h"
#include "isa/zk_cycles.h"
#include "quant/requant.h"

zurt_status zi_check_bad(const zi_checker *c, const char *fmt, ...)
{
    char what[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return zi_fail(c->ctx, ZURT_E_INTERNAL, "PL: epoch %d, step %d: %s", (int)c->epoch,
                   (int)c->number, what);
}

static zurt_status nomem(const zi_checker *c)
{
    return zi_fail(c->ctx, ZURT_E_NOMEM, "PL: no memory for the step checker");
}

/* ---- the act buffer ---- */

static bool meets_a_store(const zi_checker *c, zi_words r)
{
    for (size_t i = 0; i < c->n_stores; i++) {
        if (zi_words_meet(r, c->stores[i]))
            return true;
    }
    return false;
}

static bool load_fields_ok(const zi_checker *c, const zk_step *s)
{
    return s->load.words >= 1 && s->load.w >= 1 && s->load.split <= 2 &&
           (int64_t)s->load.planes * s->load.words <= c->caps->scratchpad_words;
}

/** Where a load goes, from its first word to its last. */
static zi_words load_words(const zk_step *s)
{
    int64_t rows = zi_ceil_div64(s->load.words, s->load.w);
    int64_t width = s->load.words < s->load.w ? s->load.words : s->load.w;
    int64_t phases = width < (1 << s->load.split) ? width : 1 << s->load.split;
    int64_t last = s->load.dst + (rows - 1) * s->load.row + ((width - 1) >> s->load.split) +
                   (phases - 1) * s->load.half;
    return zi_words_repeat((zi_words){s->load.dst, last}, s->load.planes, s->load.plane);
}

static zurt_status check_load(const zi_checker *c, const zk_step *s, zi_words *out_from,
                              zi_words *out_to)
{
    *out_from = *out_to = (zi_words){0, -1};
    if (s->load.planes == 0)
        return ZURT_OK;
    if (!load_fields_ok(c, s))
        return zi_check_bad(c, "a load's field is out of its range");
    *out_from = zi_words_repeat((zi_words){s->load.src, s->load.src + (int64_t)s->load.words - 1},
                                s->load.planes, s->load.src_plane);
    *out_to = load_words(s);
    if (!zi_words_within(*out_from, c->code->act_words))
        return zi_check_bad(c, "a load leaves the act buffer");
    if (!zi_words_within(*out_to, c->caps->scratchpad_words))
        return zi_check_bad(c, "a load leaves the scratchpad");
    return ZURT_OK;
}

/** Notes what a step stores, for the loads of the epoch: its own and later ones. */
static zurt_status check_store(zi_checker *c, const zk_step *s)
{
    if (s->kind == ZK_LOAD || !(s->flags & ZK_OUT_FIFO))
        return ZURT_OK;
    int64_t words = (int64_t)s->walk.w * s->walk.h / (s->flags & ZK_POOL2 ? 4 : 1);
    if (s->store.words != words || words * s->n_ocb > c->caps->scratchpad_words)
        return zi_check_bad(c, "stores %d words a block, %lld are computed", (int)s->store.words,
                            (long long)words);
    zi_words to = zi_words_repeat((zi_words){s->store.dst, s->store.dst + words - 1}, s->n_ocb,
                                  s->store.plane);
    if (!zi_words_within(to, c->code->act_words))
        return zi_check_bad(c, "a store leaves the act buffer");
    if (!zi_grow(&c->ctx->allocator, (void **)&c->stores, &c->cap_stores, c->n_stores,
                 sizeof(*c->stores)))
        return nomem(c);
    c->stores[c->n_stores++] = to;
    return ZURT_OK;
}

/* ---- weights ---- */

/** Notes the ring words that a step takes in. */
static zurt_status absorb(zi_checker *c, const zk_step *s)
{
    int64_t end = (int64_t)s->load.w_src + 4 * (int64_t)s->load.w_words;
    if (s->load.w_words > ZK_STEP_WEIGHTS || end > c->code->weight_words)
        return zi_check_bad(c, "it takes weights beyond the streams");
    if (s->load.w_words == 0)
        return ZURT_OK;
    if (!zi_grow(&c->ctx->allocator, (void **)&c->absorbed, &c->cap_absorbed, c->n_absorbed,
                 sizeof(*c->absorbed)))
        return nomem(c);
    c->absorbed[c->n_absorbed++] = (zi_absorbed){s->load.w_src, s->load.w_words};
    return ZURT_OK;
}

static bool header_ok(const zi_cg_code *code, int32_t beat)
{
    for (int row = 0; row < 16; row++) {
        const v16 *w = &code->weights[row / 4][beat + row % 4];
        if (zk_get32(w, 1) < 0 || !zi_within(zk_get32(w, 2), ZI_SHIFT_MIN, 0))
            return false;
    }
    return true;
}

static bool weights_ok(const zi_cg_code *code, int32_t beat)
{
    bool least = false; // -128, for which the array has no product
    for (int row = 0; row < 16; row++) {
        const v16 *w = &code->weights[row / 4][beat + row % 4];
        for (int i = 0; i < 16; i++)
            least |= w->b[i] == INT8_MIN;
    }
    return !least;
}

/** Whether the ring word at `beat` is what `as` says. */
static bool ring_word_ok(zi_checker *c, int32_t beat, zi_proof as)
{
    bool ok = (c->proved[beat] & as) ||
              (as == ZI_PROVED_HEADER ? header_ok(c->code, beat) : weights_ok(c->code, beat));
    if (ok)
        c->proved[beat] = (uint8_t)(c->proved[beat] | as);
    return ok;
}

/** The words that a step reads: headers and weights at their tensors, released unless they stay. */
static zurt_status check_weights(zi_checker *c, const zk_step *s)
{
    int64_t block = zk_block_words(s), n = s->kind == ZK_LOAD || !block ? 0 : s->n_ocb;
    size_t at = c->oldest;
    int32_t used = c->used;
    if (n * (block + 1) > (int64_t)c->level + s->load.w_words)
        return zi_check_bad(c, "it reads weights that are never taken in");
    for (int64_t i = 0; i < n * (block + 1); i++, used++) {
        if (used == c->absorbed[at].n) {
            at++;
            used = 0;
        }
        int32_t beat = c->absorbed[at].beat + 4 * used;
        bool header = i % (block + 1) == 0;
        if (ring_word_ok(c, beat, header ? ZI_PROVED_HEADER : ZI_PROVED_WEIGHTS))
            continue;
        if (header)
            return zi_check_bad(c, "ring word %lld is no header", (long long)i);
        return zi_check_bad(c, "ring word %lld has a weight of -128", (long long)i);
    }
    if (!(s->flags & ZK_KEEP_WEIGHTS)) {
        c->oldest = at;
        c->used = used;
    }
    return ZURT_OK;
}

/* ---- all ---- */

/** All fields but those that load are 0. */
static bool only_loads(const zk_step *s)
{
    zk_step loads = {.iterations = s->iterations,
                     .in.ocb_every = s->in.ocb_every,
                     .load.w_words = s->load.w_words,
                     .load.w_src = s->load.w_src,
                     .load.src = s->load.src,
                     .load.planes = s->load.planes,
                     .load.words = s->load.words,
                     .load.src_plane = s->load.src_plane,
                     .load.dst = s->load.dst,
                     .load.w = s->load.w,
                     .load.row = s->load.row,
                     .load.plane = s->load.plane,
                     .load.split = s->load.split,
                     .load.half = s->load.half};
    return memcmp(&loads, s, sizeof(loads)) == 0;
}

/** Bits that no field has are 0: a later version may give them a meaning. */
static bool spare_bits_ok(const v16 words[ZK_STEP_WORDS], const zk_step *s)
{
    v16 again[ZK_STEP_WORDS];
    zk_step_pack(s, again);
    return memcmp(again, words, sizeof(again)) == 0;
}

static zurt_status check_step(zi_checker *c, const zk_step *s)
{
    zi_words load, loaded;
    if (!zi_within(s->kind, ZK_LOAD, ZK_MAXPOOL))
        return zi_check_bad(c, "kind is %d, not in 0..%d", (int)s->kind, ZK_MAXPOOL);
    if (s->kind == ZK_LOAD && !only_loads(s))
        return zi_check_bad(c, "a load with other work");
    zurt_status st = check_load(c, s, &loaded, &load);
    if (!st && s->kind != ZK_LOAD)
        st = zi_check_compute(c, s, load);
    if (!st)
        st = check_store(c, s);
    if (!st && meets_a_store(c, loaded))
        st = zi_check_bad(c, "it loads what its own epoch stores");
    if (!st)
        st = absorb(c, s);
    if (!st)
        st = check_weights(c, s);
    if (st)
        return st;
    int32_t needed = zk_step_iterations(s, (int32_t)c->caps->ring_beats / ZK_C, &c->level);
    if (needed < 0)
        return zi_check_bad(c, "its weights never find room in the ring");
    if (needed != s->iterations)
        return zi_check_bad(c, "iterations is %d, it needs %d", (int)s->iterations, (int)needed);
    return ZURT_OK;
}

static zurt_status check_epoch(zi_checker *c)
{
    const zi_cg_code *code = c->code;
    int32_t first = zk_get32(&code->steps[c->epoch], 0);
    int32_t n = zk_get32(&code->steps[c->epoch], 1);
    c->number = 0;
    c->n_stores = 0;
    if (n < 1 || first < code->n_epochs || first > code->step_words ||
        n > (code->step_words - first) / ZK_STEP_WORDS)
        return zi_check_bad(c, "the epoch's %d steps at word %d leave the step buffer", (int)n,
                            (int)first);
    zurt_status st = ZURT_OK;
    for (; !st && c->number < n; c->number++) {
        const v16 *words = code->steps + first + c->number * ZK_STEP_WORDS;
        zk_step s;
        zk_step_unpack(words, &s);
        if (!spare_bits_ok(words, &s))
            return zi_check_bad(c, "a bit of no field is set");
        st = check_step(c, &s);
    }
    return st;
}

zurt_status zi_cg_verify(zurt_ctx *ctx, const zi_caps *caps, const zi_cg_code *code)
{
    zi_checker c = {.ctx = ctx, .caps = caps, .code = code};
    zurt_status st = zi_caps_check_engine(ctx, caps);
    c.proved = zi_calloc(&ctx->allocator, (size_t)code->weight_words + 1, sizeof(*c.proved));
    if (!st && !c.proved)
        st = nomem(&c);
    if (!st && !zi_within(code->n_epochs, 0, code->step_words))
        st = zi_check_bad(&c, "%d epochs in %d words", (int)code->n_epochs, (int)code->step_words);
    for (; !st && c.epoch < code->n_epochs; c.epoch++)
        st = check_epoch(&c);
    zi_free(&ctx->allocator, c.stores);
    zi_free(&ctx->allocator, c.absorbed);
    zi_free(&ctx->allocator, c.proved);
    return st;
}
