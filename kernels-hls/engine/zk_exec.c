/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Process exec: owns the scratchpad and the weight ring. One loop, one iteration per cycle; each
 * iteration (a) reads a vector and feeds the array, (b) finishes RQ pixels of the group before,
 * (c) takes at most one beat from each FIFO.
 */
#include "zk_array.h"
#include "zk_engine.h"
#include "zk_feed.h"
#include "zk_result.h"

/** Where the computation is. */
typedef struct {
    enum { HEADER, GROUPS, DONE } state;
    int32_t block, group, k;        /**< k: cycle of the group, [0, period) */
    int32_t tap, icb;               /**< of the next array cycle */
    int32_t tap_offset;             /**< icb * in_plane */
    int32_t in_base, in_count;      /**< of the block; blocks until in_base moves on */
    int32_t word, slot;             /**< next weight word: number since the step began, ring slot */
    int32_t block_word, block_slot; /**< the block's first weight word */
    int32_t out, res;               /**< out_base, res_base of the block */
    zk_lanes lanes;
    zk_params params;
    int32_t acc[ZK_PP][ZK_C];
    int8_t residual[ZK_PP][ZK_C];
} zk_work;

static int32_t next_slot(int32_t slot)
{
#pragma HLS inline
    return slot == ZK_RING - 1 ? 0 : slot + 1;
}

/** Whether blocks begin with a header word: not the product that zk_block_words() is. */
static int32_t has_weights_of(const zk_step *s)
{
#pragma HLS inline
    return s->kind == ZK_CONV || s->kind == ZK_DW_DIAG || s->kind == ZK_DW_ROW;
}

/** The start of a step, before its loop. */
static void work_start(const zk_step *s, int32_t slot, const zk_lanes *start, zk_work *out)
{
#pragma HLS inline off
    out->state = s->n_ocb == 0 ? DONE : has_weights_of(s) ? HEADER : GROUPS;
    out->block = 0;
    out->group = 0;
    out->k = 0;
    out->tap = 0;
    out->icb = 0;
    out->tap_offset = 0;
    out->in_base = s->in.base;
    out->in_count = s->in.ocb_every;
    out->word = 0;
    out->slot = slot;
    out->block_word = 0;
    out->block_slot = slot;
    out->out = s->out.base;
    out->res = s->res.base;
    out->lanes = *start;
}

/** Header word -> parameters. */
static void read_header(int8_t word[ZK_C][ZK_C], zk_params *out)
{
#pragma HLS inline
    for (int32_t o = 0; o < ZK_C; o++) {
#pragma HLS unroll
        v16 row;
        for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
            row.b[i] = word[o][i];
        }
        out->bias[o] = zk_get32(&row, 0);
        out->multiplier[o] = zk_get32(&row, 1);
        out->right[o] = -zk_get32(&row, 2);
    }
}

/** The vector of this cycle: a tap's, or the residual's. */
static void read_words(int8_t act[ZK_PP][ZK_ROWS][ZK_C], const zk_step *s, const zk_work *w,
                       const zk_tap *tap, int32_t residual, int8_t out[ZK_PP][ZK_C])
{
#pragma HLS inline
    int32_t addr[ZK_PP], valid[ZK_PP];
#pragma HLS array_partition variable = addr complete
#pragma HLS array_partition variable = valid complete
    int32_t base = residual ? w->res : w->in_base + w->tap_offset + tap->offset;
    int8_t fill = s->kind == ZK_MAXPOOL ? (int8_t)-128 : (int8_t)s->in.zp;
    for (int32_t l = 0; l < ZK_PP; l++) {
#pragma HLS unroll
        int32_t iy = w->lanes.iy[l] + tap->dy, ix = w->lanes.ix[l] + tap->dx;
        int32_t exists = iy >= 0 && iy < s->in.h && ix >= 0 && ix < s->in.w;
        addr[l] = base + (residual ? w->lanes.res[l] : w->lanes.in[l]);
        if (s->kind == ZK_DW_ROW && !residual) // read ahead of the image and behind it
            valid[l] = w->lanes.y[l] < s->walk.h && zk_inside(addr[l]);
        else
            valid[l] = zk_live(s, &w->lanes, l) && (residual || exists);
    }
    zk_read_vector(act, addr, valid, fill, out);
}

/** DW_ROW: the words of the horizontal taps, from this vector and the tap's vector before it. */
static void read_window(const zk_step *s, const zk_work *w, const zk_tap *tap,
                        int8_t last[ZK_PP][ZK_C], zk_operands *io)
{
#pragma HLS inline
    for (int32_t p = 0; p < ZK_PP; p++) {
#pragma HLS unroll
        int32_t iy = w->lanes.iy[p] + tap->dy;
        for (int32_t t = 0; t < ZK_ROW_WIDTH; t++) {
#pragma HLS unroll
            int32_t back = ZK_ROW_WIDTH - 1 - t;
            int32_t ix = w->lanes.ix[p] + tap->dx - back * s->in.row_dx;
            int32_t exists = iy >= 0 && iy < s->in.h && ix >= 0 && ix < s->in.w;
#ifdef ZK_CSIM_FAST
            if (back >= s->in.row_n)
                continue;
#endif
            for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
                int8_t v = p >= back
                               ? io->x[p >= back ? p - back : 0][c]
                               : last[p < back && p + ZK_PP >= back ? ZK_PP + p - back : 0][c];
                io->window[p][t][c] = exists ? v : (int8_t)s->in.zp;
            }
        }
    }
    io->n_window = s->in.row_n;
    for (int32_t p = 0; p < ZK_PP; p++) {
#pragma HLS unroll
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            last[p][c] = io->x[p][c];
        }
    }
}

/** One cycle of the array or of the maximum. */
static void accumulate(const zk_step *s, zk_work *w, const zk_operands *in)
{
#pragma HLS inline
    int32_t sum[ZK_PP][ZK_C];
    int32_t first = w->k == 0, maximum = s->kind == ZK_MAXPOOL;
    if (!maximum)
        zk_array(in, s->kind, sum);
    for (int32_t p = 0; p < ZK_PP; p++) {
#pragma HLS unroll
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            int32_t best = first ? -128 : w->acc[p][c];
            uint32_t base = (uint32_t)(first ? w->params.bias[c] : w->acc[p][c]);
            if (maximum)
                w->acc[p][c] = in->x[p][c] > best ? in->x[p][c] : best;
            else
                w->acc[p][c] = (int32_t)(base + (uint32_t)sum[p][c]);
        }
    }
}

/** The group is complete: hands it to the write-back. */
static void hand_over(const zk_step *s, const zk_work *w, int32_t writes, zk_group *out)
{
#pragma HLS inline
    out->left = writes;
    out->pos = 0;
    out->out = w->out;
    out->params = w->params;
    for (int32_t p = 0; p < ZK_PP; p++) {
#pragma HLS unroll
        out->x[p] = w->lanes.x[p];
        out->y[p] = w->lanes.y[p];
        out->row[p] = w->lanes.row[p];
        out->live[p] = zk_live(s, &w->lanes, p);
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            out->acc[p][c] = w->acc[p][c];
            out->residual[p][c] = w->residual[p][c];
        }
    }
}

/** To the next block, or to the end. */
static void next_block(const zk_step *s, const zk_lanes *start, int32_t has_weights, zk_work *w)
{
#pragma HLS inline
    w->group = 0;
    w->block++;
    w->block_word = w->word;
    w->block_slot = w->slot;
    w->out += s->out.plane;
    w->res += s->res.plane;
    w->lanes = *start;
    if (w->in_count == 1) {
        w->in_count = s->in.ocb_every;
        w->in_base += s->in.ocb_step;
    } else {
        w->in_count--;
    }
    if (w->block == s->n_ocb)
        w->state = DONE;
    else
        w->state = has_weights ? HEADER : GROUPS;
}

/** To the next tap; at the last one of a weight word, to the next word. */
static void next_tap(const zk_step *s, int32_t word_ends, zk_work *w)
{
#pragma HLS inline
    if (word_ends) {
        w->word++;
        w->slot = next_slot(w->slot);
    }
    if (w->tap == s->n_taps - 1) {
        w->tap = 0;
        w->icb++;
        w->tap_offset += s->in.plane;
    } else {
        w->tap++;
    }
}

/** What a step's loop does not change. */
typedef struct {
    int32_t reads;       /**< array cycles per group */
    int32_t writes;      /**< write-back iterations per group */
    int32_t has_weights; /**< blocks begin with a header word */
    int32_t keep;
    zk_advance advance;
    zk_lanes start;
} zk_fixed;

static void fixed_of(const zk_step *s, zk_fixed *out)
{
#pragma HLS inline off
    out->reads = s->move.reads;
    out->writes = s->move.writes;
    out->has_weights = has_weights_of(s);
    out->keep = (s->flags & ZK_KEEP_WEIGHTS) != 0;
    zk_advance_of(s, &out->advance);
    zk_lanes_start(s, &out->advance, &out->start);
}

/** The cycle of a group that reads: a tap into the array, or the residual. */
static void read_cycle(int8_t act[ZK_PP][ZK_ROWS][ZK_C], int8_t history[ZK_ROW_TAPS][ZK_PP][ZK_C],
                       const zk_step *s, const zk_tap taps[ZK_TAPS], int32_t residual, zk_work *w,
                       zk_operands *in)
{
#pragma HLS inline
    zk_tap tap = taps[w->tap & (ZK_TAPS - 1)];
    read_words(act, s, w, &tap, residual, in->x);
    if (s->kind == ZK_DW_ROW && !residual)
        read_window(s, w, &tap, history[w->tap & (ZK_ROW_TAPS - 1)], in);
    in->tap_row = w->tap & 15;
    if (!residual)
        accumulate(s, w, in);
    for (int32_t p = 0; p < ZK_PP; p++) {
#pragma HLS unroll
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            w->residual[p][c] = residual ? in->x[p][c] : w->residual[p][c];
        }
    }
}

/** One cycle of a group. Returns the weight words that it read for the last time. */
static int32_t group_cycle(int8_t act[ZK_PP][ZK_ROWS][ZK_C],
                           int8_t history[ZK_ROW_TAPS][ZK_PP][ZK_C], const zk_step *s,
                           const zk_tap taps[ZK_TAPS], const zk_fixed *fixed, zk_work *w,
                           zk_operands *in, zk_group *g)
{
#pragma HLS inline
    int32_t mac = w->k < fixed->reads, last = w->group == s->walk.n_groups - 1;
    int32_t residual = (s->flags & ZK_RESIDUAL) && w->k == fixed->reads;
    int32_t word_ends = fixed->has_weights &&
                        (s->kind != ZK_DW_DIAG || (w->tap & 15) == 15 || w->tap == s->n_taps - 1);
    if (mac || residual)
        read_cycle(act, history, s, taps, residual, w, in);
    if (mac)
        next_tap(s, word_ends, w);
    w->k++;
    if (w->k == s->walk.period) {
        hand_over(s, w, fixed->writes, g);
        w->k = 0;
        w->tap = 0;
        w->tap_offset = 0;
        if (last) {
            next_block(s, &fixed->start, fixed->has_weights, w);
        } else {
            w->group++;
            zk_lanes_next(s, &fixed->advance, &w->lanes);
            w->word = w->block_word + fixed->has_weights;
            w->slot = fixed->has_weights ? next_slot(w->block_slot) : w->block_slot;
        }
    }
    return mac && word_ends && last && !fixed->keep;
}

/** The computation of one iteration. Returns the weight words that it read for the last time. */
static int32_t compute(int8_t act[ZK_PP][ZK_ROWS][ZK_C], int8_t ring[ZK_RING][ZK_C][ZK_C],
                       int8_t history[ZK_ROW_TAPS][ZK_PP][ZK_C], const zk_step *s,
                       const zk_tap taps[ZK_TAPS], const zk_fixed *fixed, int32_t seen, zk_work *w,
                       zk_group *g)
{
#pragma HLS inline
    int32_t here = w->word < seen, released = 0;
    int32_t needs = fixed->has_weights && w->group == 0 && w->k < fixed->reads;
    zk_operands in;
#pragma HLS array_partition variable = in.w dim = 0 complete
    for (int32_t o = 0; o < ZK_C; o++) { // the one read of the ring: header or weights
#pragma HLS unroll
        for (int32_t i = 0; i < ZK_C; i++) {
#pragma HLS unroll
            in.w[o][i] = ring[w->slot][o][i];
        }
    }
    if (w->state == HEADER && here) {
        read_header(in.w, &w->params);
        w->word++;
        w->slot = next_slot(w->slot);
        w->state = GROUPS;
        released = !fixed->keep;
    } else if (w->state == GROUPS && (here || !needs)) {
        released = group_cycle(act, history, s, taps, fixed, w, &in, g);
    }
    return released;
}

#ifdef ZK_CSIM
zk_sim_stats ZK_NAME(sim);

zk_sim_stats ZK_NAME(sim_stats)(int reset)
{
    zk_sim_stats stats = ZK_NAME(sim);
    if (reset)
        ZK_NAME(sim) = (zk_sim_stats){0};
    return stats;
}

static int8_t act[ZK_PP][ZK_ROWS][ZK_C];

int8_t *ZK_NAME(sim_word)(int32_t a)
{
    return act[a % ZK_PP][a / ZK_PP];
}
#endif

/** Sends the results of OUT_FIFO, at most one word a cycle; drops what is not for the banks. */
static int32_t send(const zk_step *s, v16 *q, int32_t at, zk_slots *io)
{
#pragma HLS inline
    int32_t sent = (s->flags & ZK_OUT_FIFO) && io->valid[0];
    if (sent) {
        v16 word;
        for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
            word.b[c] = io->word[0][c];
        }
        q[at] = word;
    }
    for (int32_t i = 0; i < ZK_SLOTS; i++) {
#pragma HLS unroll
        io->valid[i] = io->valid[i] && (s->flags & ZK_OUT_BANK);
    }
    return sent;
}

/** The ring as a step finds it: place of the oldest word and words in it. */
static void weights_start(const zk_step *s, int32_t slot, int32_t level, zk_weight_feed *out)
{
#pragma HLS inline off
    out->left = s->load.w_words;
    out->beat = 0;
    out->slot = slot + level >= ZK_RING ? slot + level - ZK_RING : slot + level;
    out->at = 0;
    out->arrived = level;
    out->released = 0;
    for (int32_t i = 0; i < ZK_RING_GAP; i++)
        out->seen[i] = level;
}

/** A copy of the step's tables for every value that is finished in a cycle: a read port each. */
static void tables_load(const zk_step *s, const zk_step_table *table,
                        int32_t add[2][ZK_RQ][ZK_C][256], int8_t lut[ZK_RQ][ZK_C][256])
{
#pragma HLS inline
    int32_t n = s->flags & (ZK_RESIDUAL | ZK_LUT) ? 256 : 0;
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        for (int32_t r = 0; r < ZK_RQ; r++) {
#pragma HLS unroll
            for (int32_t c = 0; c < ZK_C; c++) {
#pragma HLS unroll
                add[0][r][c][i] = table->add[0][i];
                add[1][r][c][i] = table->add[1][i];
                lut[r][c][i] = table->lut[i];
            }
        }
    }
}

/**
 * Runs one step.
 *
 * @param s      the step, checked.
 * @param table  its table.
 * @param first  1: in the first epoch of a launch, whose step 0 finds the ring empty.
 * @param number of the step in its epoch.
 * @param q0     q1 ... qa: what the loaders send, in order; out_q: what store takes.
 */
void ZK_NAME(exec)(const zk_step *s, const zk_step_table *table, int32_t first, int32_t number,
                   const v16 *q0, const v16 *q1, const v16 *q2, const v16 *q3, const v16 *qa,
                   v16 *out_q)
{
#ifndef ZK_CSIM
    static int8_t act[ZK_PP][ZK_ROWS][ZK_C];
#endif
    static int8_t ring[ZK_RING][ZK_C][ZK_C];
    static int8_t line[ZK_LINE][ZK_C];
    static int8_t history[ZK_ROW_TAPS][ZK_PP][ZK_C];
    static int32_t add[2][ZK_RQ][ZK_C][256];
    static int8_t lut[ZK_RQ][ZK_C][256];
    static int32_t ring_slot, ring_level;
#pragma HLS array_partition variable = act dim = 1 complete
#pragma HLS array_reshape variable = act dim = 3 complete
#pragma HLS bind_storage variable = act type = ram_s2p impl = uram latency = 3
#pragma HLS array_partition variable = ring dim = 2 complete
#pragma HLS array_reshape variable = ring dim = 3 complete
#pragma HLS bind_storage variable = ring type = ram_s2p impl = bram latency = 2
#pragma HLS array_reshape variable = line dim = 2 complete
#pragma HLS bind_storage variable = line type = ram_s2p impl = bram
#pragma HLS array_partition variable = history dim = 2 complete
#pragma HLS array_reshape variable = history dim = 3 complete
#pragma HLS bind_storage variable = history type = ram_s2p impl = lutram latency = 1
#pragma HLS array_partition variable = add dim = 1 complete
#pragma HLS array_partition variable = add dim = 2 complete
#pragma HLS array_partition variable = add dim = 3 complete
#pragma HLS bind_storage variable = add type = ram_s2p impl = lutram
#pragma HLS array_partition variable = lut dim = 1 complete
#pragma HLS array_partition variable = lut dim = 2 complete
#pragma HLS bind_storage variable = lut type = ram_s2p impl = lutram
    zk_fixed fixed;
    zk_work w = {0};
    zk_group g = {0};
#pragma HLS array_partition variable = g.acc dim = 0 complete
#pragma HLS array_partition variable = g.residual dim = 0 complete
#pragma HLS array_partition variable = g.x complete
#pragma HLS array_partition variable = g.y complete
#pragma HLS array_partition variable = g.row complete
#pragma HLS array_partition variable = g.live complete
    zk_weight_feed weights;
    zk_act_feed feed = {0};
#pragma HLS array_partition variable = feed.phase complete
    int32_t sent = 0, fresh = first && number == 0, oldest = fresh ? 0 : ring_slot;
    fixed_of(s, &fixed);
    work_start(s, oldest, &fixed.start, &w);
    weights_start(s, oldest, fresh ? 0 : ring_level, &weights);
    zk_act_start(s, &feed);
    tables_load(s, table, add, lut);
    ZK_COUNT(steps, 1);
    ZK_COUNT(iterations, s->iterations);
    for (int32_t t = 0; t < s->iterations; t++) {
#pragma HLS pipeline II = 1 style = flp
// hls_ports: act never: zi_check_compute() refuses a step that reads what it wrote; a residual that
// its own result replaces is read before: that order stays
#pragma HLS dependence variable = act type = inter direction = RAW dependent = false
// hls_ports: ring distance ZK_RING_GAP: zk_weights_take() hands out words that are as old
#pragma HLS dependence variable = ring type = inter direction = RAW distance = 4 dependent = true
// hls_ports: line distance ZK_POOL2_WIDTH / 2: zi_check_compute() refuses narrower rows
#pragma HLS dependence variable = line type = inter direction = RAW distance = 4 dependent = true
// hls_ports: history distance ZK_ROW_GAP: zi_check_compute() refuses a shorter period
#pragma HLS dependence variable = history type = inter direction = RAW distance = 2 dependent = true
        zk_slots slots;
        int32_t computing = w.state != DONE || g.left > 0;
        ZK_COUNT(unfinished, !computing && weights.left == 0 && feed.left == 0); // or idle
        int32_t seen = zk_weights_take(ring, &weights, q0, q1, q2, q3);
        zk_group_write(s, add, lut, line, &g, &slots);
        weights.released += compute(act, ring, history, s, table->tap, &fixed, seen, &w, &g);
        sent += send(s, out_q, sent, &slots);
        zk_write_banks(act, &slots, &feed);
        if (!feed.held && feed.left > 0 && ((t & 1) == 0 || !computing))
            zk_act_take(s, qa, &feed);
        else
            ZK_COUNT(held_beats, feed.held && (t & 1) == 0);
    }
    if (feed.held) { // of the last iteration
        zk_slots none = {0};
        zk_write_banks(act, &none, &feed);
    }
    ZK_COUNT(unfinished, w.state != DONE || g.left > 0 || weights.left > 0 || feed.left > 0);
    ZK_COUNT(unfinished, (s->flags & ZK_OUT_FIFO) && sent != s->n_ocb * s->store.words);
    ring_level = weights.arrived - weights.released;
    ring_slot = fixed.keep ? oldest : w.slot;
}
