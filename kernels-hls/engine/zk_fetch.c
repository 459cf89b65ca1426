/* SPDX-License-Identifier: Apache-2.0 */
/** @file Process fetch: one step and its table, a copy of the step for each reader. */
#include "zk_engine.h"

static void fetch_taps(const v16 *p, int32_t n_words, zk_step_table *out)
{
    for (int32_t i = 0; i < n_words; i++) {
#pragma HLS pipeline II = 1
        v16 w = p[i];
        zk_tap_unpack(&w, 0, &out->tap[2 * i]);
        zk_tap_unpack(&w, 1, &out->tap[2 * i + 1]);
    }
}

static void fetch_add(const v16 *p, int32_t n_words, zk_step_table *out)
{
    for (int32_t i = 0; i < n_words; i++) {
#pragma HLS pipeline II = 1
        v16 w = p[i];
        for (int32_t j = 0; j < 4; j++) {
#pragma HLS unroll
            out->add[i >> 6][4 * (i & 63) + j] = zk_get32(&w, j);
        }
    }
}

static void fetch_lut(const v16 *p, int32_t n_words, zk_step_table *out)
{
    for (int32_t i = 0; i < n_words; i++) {
#pragma HLS pipeline II = 1
        v16 w = p[i];
        for (int32_t j = 0; j < ZK_C; j++) {
#pragma HLS unroll
            out->lut[ZK_C * i + j] = w.b[j];
        }
    }
}

/**
 * Reads a step and its table.
 *
 * @param steps      the step buffer.
 * @param at         word of the epoch's first step.
 * @param number     of the step in the epoch.
 * @param out_w0     out_w1 ... out_store: equal copies, since a channel has one reader.
 * @param out_table  the parts that the step has; the others keep what they held.
 */
void ZK_NAME(fetch)(const v16 *steps, int32_t at, int32_t number, zk_step *out_w0, zk_step *out_w1,
                    zk_step *out_w2, zk_step *out_w3, zk_step *out_a, zk_step *out_exec,
                    zk_step *out_store, zk_step_table *out_table)
{
    v16 head[ZK_STEP_WORDS];
    zk_step s;
    int32_t tap_words, add_words, lut_words, here = at + number * ZK_STEP_WORDS;
    for (int32_t i = 0; i < ZK_STEP_WORDS; i++) {
#pragma HLS pipeline II = 1
        head[i] = steps[here + i];
    }
    zk_step_unpack(head, &s);
    tap_words = (s.n_taps + 1) >> 1;
    add_words = s.flags & ZK_RESIDUAL ? 2 * ZK_ADD_WORDS : 0;
    lut_words = s.flags & ZK_LUT ? ZK_LUT_WORDS : 0;
    fetch_taps(steps + s.table, tap_words, out_table);
    fetch_add(steps + s.table + tap_words, add_words, out_table);
    fetch_lut(steps + s.table + tap_words + add_words, lut_words, out_table);
    *out_w0 = s;
    *out_w1 = s;
    *out_w2 = s;
    *out_w3 = s;
    *out_a = s;
    *out_exec = s;
    *out_store = s;
}
