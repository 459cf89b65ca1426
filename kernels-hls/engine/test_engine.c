/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Random layers through the engine in C simulation. After each, every byte of the scratchpad and of
 * the act buffer is compared with what a naive model says, so that a stray write shows; and every
 * step must take exactly the iterations that zk_cycles.h gives, without a bank conflict.
 *
 * Usage: test_engine [--seed N] [--cases N] [--verbose]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_case.h"
#include "isa/zk_conflicts.h"

/** What the engine's memories should hold; survives from case to case. */
typedef struct {
    int8_t (*pad)[ZK_C]; /**< scratchpad, by word */
    v16 *act;            /**< act buffer, expected */
    v16 *act_engine;     /**< act buffer, as the engine left it */
    int32_t n_act;       /**< words */
} world;

static void world_make(world *w)
{
    w->n_act = ASM_PORT_ACT;
    w->pad = need((size_t)ZK_PP * ZK_ROWS * ZK_C);
    w->act = need((size_t)w->n_act * sizeof(v16));
    w->act_engine = need((size_t)w->n_act * sizeof(v16));
    for (int32_t a = 0; a < ZK_PP * ZK_ROWS; a++)
        for (int c = 0; c < ZK_C; c++)
            w->pad[a][c] = ZK_NAME(sim_word)(a)[c] = rnd8();
    for (int32_t a = 0; a < w->n_act; a++)
        for (int c = 0; c < ZK_C; c++)
            w->act[a].b[c] = w->act_engine[a].b[c] = rnd8();
}

static void world_free(world *w)
{
    free(w->pad);
    free(w->act);
    free(w->act_engine);
}

/** Word of a tensor. */
static void tensor_word(const tensor *x, int32_t plane, int32_t i, int8_t out[ZK_C])
{
    for (int32_t c = 0; c < ZK_C; c++)
        out[c] = x->v[(plane * ZK_C + c) * x->h * x->w + i];
}

/** Puts the tensor into the act buffer and its loading into the step, and models both. */
static void load_tensor(world *w, test_case *t, const tensor *x, zk_step *s)
{
    int32_t n = x->h * x->w;
    s->load.src = t->free_act;
    s->load.planes = x->planes;
    s->load.words = n;
    s->load.src_plane = n + pick(0, 4);
    s->load.dst = x->base;
    s->load.w = x->w;
    s->load.row = x->row;
    s->load.plane = x->plane;
    s->load.split = x->split;
    s->load.half = x->half;
    t->free_act += x->planes * s->load.src_plane;
    for (int32_t p = 0; p < x->planes; p++)
        for (int32_t i = 0; i < n; i++) {
            int8_t *word = w->act[s->load.src + p * s->load.src_plane + i].b;
            tensor_word(x, p, i, word);
            memcpy(w->act_engine[s->load.src + p * s->load.src_plane + i].b, word, ZK_C);
            memcpy(w->pad[tensor_addr(x, p, i / x->w, i % x->w)], word, ZK_C);
        }
}

/** Value of channel c at output pixel (oy, ox), POOL2 and UP2 done. */
static int8_t final_value(const test_case *t, int32_t c, int32_t oy, int32_t ox)
{
    const layer *y = &t->y;
    const int8_t *v = t->result + c * y->out_h * y->out_w;
    int8_t best = -128;
    if (y->flags & ZK_UP2)
        return v[oy / 2 * y->out_w + ox / 2];
    if (!(y->flags & ZK_POOL2))
        return v[oy * y->out_w + ox];
    for (int32_t i = 0; i < 4; i++) {
        int8_t q = v[(2 * oy + i / 2) * y->out_w + 2 * ox + i % 2];
        best = q > best ? q : best;
    }
    return best;
}

/** Models what the layer writes. */
static void expect_result(world *w, const test_case *t)
{
    const tensor *x = &t->out;
    int32_t phases = 1 << x->split;
    for (int32_t p = 0; p < x->planes; p++)
        for (int32_t i = 0; i < x->h * x->w; i++) {
            int32_t oy = i / x->w, ox = i % x->w, word = x->base + p * x->plane + oy * x->row;
            word += ox / phases * t->out_col + ox % phases * x->half;
            for (int32_t c = 0; c < ZK_C; c++) {
                int8_t v = final_value(t, p * ZK_C + c, oy, ox);
                if (t->y.flags & ZK_OUT_BANK)
                    w->pad[word][c] = v;
                if (t->y.flags & ZK_OUT_FIFO)
                    w->act[t->st_dst + p * (x->h * x->w + 3) + i].b[c] = v;
            }
        }
}

/** The layer as one step; lanes 0: it has none. */
static zk_step layer_step(const test_case *t, int32_t n_taps)
{
    const layer *y = &t->y;
    zk_step s = {.kind = y->kind, .flags = y->flags, .n_taps = n_taps, .n_icb = t->n_icb};
    s.n_ocb = y->out_planes;
    case_walk(t, &s);
    if (s.walk.lanes == 0)
        return s;
    s.in.stride_y = y->sy;
    s.in.stride_x = y->sx;
    s.in.h = t->in.h;
    s.in.w = t->in.w;
    s.in.base = t->in.base;
    s.in.row = y->sy * t->in.row;
    s.in.col = t->in.split ? 1 : y->sx;
    s.in.plane = t->in.plane;
    s.in.ocb_every = y->kind == ZK_CONV ? y->out_planes / y->groups : 1;
    s.in.ocb_step = t->n_icb * t->in.plane;
    s.in.zp = y->zp_in;
    s.out.zp = y->zp_out;
    s.out.lo = y->lo;
    s.out.hi = y->hi;
    s.out.base = t->out.base;
    s.out.row = t->out.row;
    s.out.col = t->out_col;
    s.out.plane = t->out.plane;
    s.out.split = t->out.split;
    s.out.half = t->out.half;
    s.res.base = t->residual.base;
    s.res.row = t->residual.row;
    s.res.plane = t->residual.plane;
    s.res.shift = y->add_shift;
    s.res.up = y->add_up;
    s.res.down = y->add_down;
    s.res.zp = y->add_zp;
    s.res.lo = y->add_lo;
    s.res.hi = y->add_hi;
    s.in.row_n = t->row_n;
    s.in.row_dx = y->sx == 2 ? 2 : 1;
    s.store.dst = t->st_dst;
    s.store.words = t->out.h * t->out.w;
    s.store.plane = s.store.words + 3;
    return s;
}

/** Chooses wr_lanes and period; returns what zk_writes_suit() says. */
static int pace(zk_step *s)
{
    int suit;
    s->walk.wr_lanes = s->flags & ZK_POOL2                 ? 2
                       : s->flags & (ZK_UP2 | ZK_OUT_FIFO) ? 1
                                                           : pick(1, ZK_RQ);
    suit = zk_writes_suit(s, ZK_PP);
    if (suit == ZK_SUIT_NOT && s->walk.wr_lanes > 1) {
        s->walk.wr_lanes = 1;
        suit = zk_writes_suit(s, ZK_PP);
    }
    s->walk.period = zk_step_period(s) + (pick(0, 3) ? 0 : pick(0, 3));
    return suit;
}

/** Rows [0, n) in `s`, which keeps its weights, the others in the second step. */
static zk_step split_rows(zk_step *s, zk_tap *taps, zk_tap *out_taps, int32_t n, int32_t by_rows)
{
    zk_step b = *s;
    int32_t rest = s->walk.h - n, per_row = s->walk.wrap_w / s->walk.lanes;
    s->flags |= ZK_KEEP_WEIGHTS;
    s->walk.h = n;
    b.walk.h = rest;
    s->walk.n_groups = by_rows ? n * per_row : (n * s->walk.w + s->walk.lanes - 1) / s->walk.lanes;
    b.walk.n_groups =
        by_rows ? rest * per_row : (rest * s->walk.w + s->walk.lanes - 1) / s->walk.lanes;
    b.in.base += n * s->in.row;
    b.out.base += n * s->out.row;
    b.res.base += n * s->res.row;
    b.load.w_words = 0;
    b.load.planes = 0;
    for (int32_t i = 0; i < s->n_taps; i++) {
        out_taps[i] = taps[i];
        out_taps[i].dy += n * s->in.stride_y;
    }
    return b;
}

/** Appends the layer: one step, or two row tiles that share the weights. */
static void append_layer(launch *l, const test_case *t, zk_step *s, zk_tap *taps)
{
    zk_tap low_taps[ZK_TAPS];
    int32_t plain = (s->flags & (ZK_POOL2 | ZK_UP2 | ZK_OUT_FIFO)) == 0 && s->walk.start_y == 0;
    int32_t fits =
        s->n_ocb * (zk_block_words(s) + 1) <= ZK_RING && l->level + s->load.w_words <= ZK_RING;
    if (plain && fits && t->y.kind != ZK_DW_ROW && s->walk.h > 1 && pick(0, 2) == 0) {
        zk_step low = split_rows(s, taps, low_taps, pick(1, s->walk.h - 1), t->by_rows);
        asm_step(l, s, taps, &t->y);
        asm_step(l, &low, low_taps, &t->y);
    } else {
        asm_step(l, s, taps, &t->y);
    }
}

/** Ring words for the next step to absorb: `least`, and any number of later ones that find room. */
static int32_t share_words(const launch *l, int32_t absorbed, int32_t least, int32_t room)
{
    int32_t most = l->n_words - absorbed - least;
    most = most < room ? most : room;
    if (most <= 0)
        return least;
    return least + (pick(0, 2) ? pick(0, most) : most);
}

/** The steps of a layer; 0: it cannot be. `absorbed` counts the ring words so far. */
static int case_assemble(world *w, launch *l, test_case *t, int32_t *absorbed)
{
    zk_tap taps[ZK_TAPS];
    zk_step s = layer_step(t, case_taps(t, taps)), load = {.kind = ZK_LOAD};
    int32_t suit, own;
    if (s.walk.lanes == 0)
        return 0;
    suit = pace(&s);
    if (suit == ZK_SUIT_NOT || (s.walk.n_groups > 1 && zk_block_words(&s) >= ZK_RING))
        return 0; // e.g. UP2 whose two columns fall into one bank; a block larger than the ring
    if (!zk_reads_rotate(&s, ZK_PP)) {
        printf("the layout of a layer does not rotate\n");
        exit(1);
    }
    load_tensor(w, t, &t->in, &load);
    load.load.w_src = 4 * *absorbed;
    load.load.w_words = share_words(l, *absorbed, 0, ZK_RING - l->level);
    *absorbed += load.load.w_words;
    asm_step(l, &load, NULL, NULL);
    if (t->y.flags & ZK_RESIDUAL) {
        zk_step second = {.kind = ZK_LOAD};
        load_tensor(w, t, &t->residual, &second);
        asm_step(l, &second, NULL, NULL);
    }
    own = t->end_word > *absorbed ? t->end_word - *absorbed : 0;
    s.load.w_src = 4 * *absorbed;
    s.load.w_words = share_words(l, *absorbed, own, ZK_RING - (*absorbed + own - t->end_word));
    *absorbed += s.load.w_words;
    if (suit == ZK_SUIT_LOADS && pick(0, 1)) {
        t->spare = tensor_make(pick(1, 2), pick(1, 20), pick(1, 20));
        t->spare.row = t->spare.w + pick(0, 3);
        t->spare.plane = t->spare.h * t->spare.row;
        t->spare.base = t->free_word;
        t->free_word += tensor_extent(&t->spare);
        if (t->free_word <= ZK_PP * ZK_ROWS)
            load_tensor(w, t, &t->spare, &s);
    }
    t->st_dst = t->free_act + 5;
    t->free_act = t->st_dst + t->out.planes * (s.store.plane + 3);
    s.store.dst = t->st_dst;
    append_layer(l, t, &s, taps);
    return t->free_act <= w->n_act && t->free_word <= ZK_PP * ZK_ROWS &&
           s.load.w_words <= ZK_STEP_WEIGHTS;
}

/** Loads what the layer stored, in an epoch of its own, to a new place. */
static void append_read_back(world *w, launch *l, test_case *t)
{
    zk_step s = {.kind = ZK_LOAD};
    tensor x = t->out;
    x.base = t->free_word;
    x.split = 0;
    x.row = x.w;
    x.plane = x.h * x.w;
    if (ASM_COSIM || !(t->y.flags & ZK_OUT_FIFO) || x.base + tensor_extent(&x) > ZK_PP * ZK_ROWS)
        return;
    s.load.src = t->st_dst;
    s.load.planes = x.planes;
    s.load.words = s.load.plane = x.h * x.w;
    s.load.src_plane = s.load.words + 3;
    s.load.dst = x.base;
    s.load.w = s.load.row = x.w;
    asm_epoch(l);
    asm_step(l, &s, NULL, NULL);
    for (int32_t p = 0; p < x.planes; p++)
        for (int32_t i = 0; i < s.load.words; i++)
            memcpy(w->pad[x.base + p * x.plane + i], w->act[t->st_dst + p * s.load.src_plane + i].b,
                   ZK_C);
}

/** Bytes of both memories that differ; where the first one is. */
static int64_t differences(const world *w)
{
    int64_t bad = 0;
    for (int32_t a = 0; a < ZK_PP * ZK_ROWS && !ASM_COSIM; a++) {
        if (bad == 0 && memcmp(w->pad[a], ZK_NAME(sim_word)(a), ZK_C))
            printf("scratchpad word %d differs\n", a);
        bad += memcmp(w->pad[a], ZK_NAME(sim_word)(a), ZK_C) != 0;
    }
    for (int32_t a = 0; a < w->n_act; a++) {
        if (bad == 0 && memcmp(&w->act[a], &w->act_engine[a], sizeof(v16)))
            printf("act buffer word %d differs\n", a);
        bad += memcmp(&w->act[a], &w->act_engine[a], sizeof(v16)) != 0;
    }
    return bad;
}

static void describe(const test_case *t, const zk_step *s)
{
    const layer *y = &t->y;
    printf("kind %d flags %d in %dx%dx%d out %dx%dx%d kernel %dx%d stride %d,%d dilation %d,%d pad "
           "%d,%d groups %d; lanes %d,%d wrap %d period %d, iterations %d\n",
           y->kind, y->flags, t->in.planes, t->in.h, t->in.w, y->out_planes, y->out_h, y->out_w,
           y->kh, y->kw, y->sy, y->sx, y->dil_y, y->dil_x, y->pad_y, y->pad_x, y->groups,
           s->walk.lanes, s->walk.wr_lanes, s->walk.wrap_w, s->walk.period, s->iterations);
}

/** Makes the expected memories those of the engine, after a case that went wrong or was dropped. */
static void world_agree(world *w)
{
    memcpy(w->act, w->act_engine, (size_t)w->n_act * sizeof(v16));
    for (int32_t a = 0; a < ZK_PP * ZK_ROWS; a++)
        memcpy(w->pad[a], ZK_NAME(sim_word)(a), ZK_C);
}

/** Random layers, their models and their steps; 0: no such case. `last_step`: of each layer. */
static int cases_make(world *w, launch *l, test_case *t, int32_t n, int32_t *last_step)
{
    int32_t absorbed = 0, free_word = pick(0, 4000), free_act = 0;
    asm_begin(l);
    for (int32_t i = 0; i < n; i++) {
        if (!case_random(&t[i], free_word, free_act))
            return 0;
        asm_weights(l, &t[i].y, t[i].n_icb, t[i].row_n);
        t[i].end_word = l->n_words;
        free_word = t[i].free_word + 800; // behind the words of a spare tensor
        free_act = 1 << 16;
    }
    for (int32_t i = 0; i < n; i++) {
        if (!case_assemble(w, l, &t[i], &absorbed) || (n > 1 && i == 0 && t[i].free_act > 1 << 16))
            return 0;
        last_step[i] = l->n_steps - 1;
        ref_layer(&t[i].y, &t[i].in, &t[i].residual, t[i].result);
        expect_result(w, &t[i]);
    }
    append_read_back(w, l, &t[n - 1]);
    return 1;
}

/** Adds the right shifts of a layer's channels to the set of bits. */
static void note_shifts(const layer *y, uint32_t *shifts)
{
    for (int32_t o = 0; o < y->out_planes * ZK_C && y->kind != ZK_MAXPOOL; o++)
        *shifts |= (uint32_t)1 << -y->ch[o].shift;
}

/** 0: as it should be; 1: wrong; -1: no case from this seed. `shifts`: those that occurred. */
static int case_run(world *w, launch *l, uint64_t seed, int verbose, uint32_t *shifts)
{
    test_case t[2] = {0};
    int32_t n, last_step[2] = {0, 0};
    int result = -1;
    rnd_seed(seed);
    n = pick(1, 2);
    if (cases_make(w, l, t, n, last_step)) {
        zk_sim_stats c;
        int64_t bad;
        ZK_NAME(sim_stats)(1);
        asm_run(l, w->act_engine, w->act_engine);
        c = ZK_NAME(sim_stats)(1);
        bad = differences(w);
        result = bad || zk_sim_wrong(&c);
        for (int32_t i = 0; i < n; i++)
            note_shifts(&t[i].y, shifts);
        for (int32_t i = 0; i < n && (result || verbose); i++)
            describe(&t[i], &l->step[last_step[i]]);
        if (result)
            printf("%lld words differ; conflicts %lld read, %lld write; %lld held beats, %lld "
                   "faults, %lld unfinished\n",
                   (long long)bad, (long long)c.read_conflicts, (long long)c.write_conflicts,
                   (long long)c.held_beats, (long long)c.faults, (long long)c.unfinished);
    }
    if (result != 0)
        world_agree(w);
    case_free(&t[0]);
    case_free(&t[1]);
    return result;
}

/** Whether every right shift up to the largest was among the cases. */
static int shifts_complete(uint32_t shifts)
{
    int complete = 1;
    for (int32_t n = 0; n <= CASE_SHIFT_MAX; n++) {
        if (!(shifts >> n & 1))
            printf("no channel with a right shift of %d\n", n);
        complete = complete && (shifts >> n & 1);
    }
    return complete;
}

int main(int argc, char **argv)
{
    static launch l;
    uint64_t seed = 1;
    uint32_t shifts = 0;
    long cases = 400, done = 0, failed = 0;
    int verbose = 0;
    world w;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--cases") == 0 && i + 1 < argc)
            cases = strtol(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--verbose") == 0)
            verbose = 1;
        else
            return 2;
    }
    rnd_seed(seed);
    world_make(&w);
    printf("seed %llu, %ld cases\n", (unsigned long long)seed, cases);
    for (; done < cases && failed < 3; seed++) {
        int wrong = case_run(&w, &l, seed, verbose, &shifts);
        if (wrong > 0)
            printf("replay with --seed %llu --cases 1\n", (unsigned long long)seed);
        done += wrong >= 0;
        failed += wrong > 0;
    }
    printf("%ld cases, %ld wrong\n", done, failed);
    world_free(&w);
    if (cases >= 20 && !shifts_complete(shifts)) // fewer replay a case
        return 1;
    return failed > 0;
}
