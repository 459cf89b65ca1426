/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The engine as seen from outside (the kernel, and what C simulation adds) and its processes.
 * Internal names end in the configuration, like the kernel's.
 */
#ifndef ZK_ENGINE_H
#define ZK_ENGINE_H

#include <stdint.h>

#include "zk_config.h"
#include "zk_step.h"

/**
 * Runs a step buffer: the kernel `zk_engine` of the bitstream, in C zk_engine_kv260() or
 * zk_engine_zcu104(). Blocks until all stores are written.
 *
 * @param steps       step buffer (zk_step.h); checked beforehand, the engine trusts it.
 * @param n_segments  segments at its start; 0: nothing is done; ZK_IDENTIFY.
 * @param w0..w3      the four weight streams.
 * @param act_r       act buffer for loads, 16-byte words.
 * @param act_w       the same buffer for stores.
 * One caller at a time per configuration: the scratchpad is static. Its contents survive, the
 * weight ring is empty at the start. Allocates nothing.
 */
void ZK_NAME(engine)(const v16 *steps, int32_t n_segments, const v16 *w0, const v16 *w1,
                     const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w);

#ifdef ZK_CSIM
/** What C simulation counts; all but the first two are 0 for a step list that the checker takes. */
typedef struct {
    int64_t steps;
    int64_t iterations;
    int64_t read_conflicts;  /**< lanes of a vector that rotation does not reach */
    int64_t write_conflicts; /**< words written to one bank in one iteration, the second and on */
    int64_t held_beats;      /**< act beats taken late because their bank was busy */
    int64_t faults;          /**< addresses outside the scratchpad; suppressed */
    int64_t unfinished;      /**< steps that needed more iterations or sent another number of words,
                                  iterations not needed */
} zk_sim_stats;

/** What is counted that no step list should cause: all but steps and iterations. */
static inline int64_t zk_sim_wrong(const zk_sim_stats *s)
{
    return s->read_conflicts + s->write_conflicts + s->held_beats + s->faults + s->unfinished;
}

/** Counters since the last call with reset != 0. */
zk_sim_stats ZK_NAME(sim_stats)(int reset);

/** The 16 bytes of scratchpad word a, 0 <= a < ZK_PP * ZK_ROWS. */
int8_t *ZK_NAME(sim_word)(int32_t a);

extern zk_sim_stats ZK_NAME(sim);
#define ZK_COUNT(what, n) (ZK_NAME(sim).what += (n))
#else
#define ZK_COUNT(what, n) ((void)0)
#endif

/** The part of a step's table that only exec reads. */
typedef struct {
    zk_tap tap[ZK_TAPS];
    int32_t add[2][256];
    int8_t lut[256];
} zk_table;

void ZK_NAME(fetch)(const v16 *steps, int32_t at, int32_t number, zk_step *out_w0, zk_step *out_w1,
                    zk_step *out_w2, zk_step *out_w3, zk_step *out_a, zk_step *out_exec,
                    zk_step *out_store, zk_table *out_table);
void ZK_NAME(load_w)(const v16 *w, const zk_step *s, v16 *out_q);
void ZK_NAME(load_a)(const v16 *act, const zk_step *s, v16 *out_q);
void ZK_NAME(exec)(const zk_step *s, const zk_table *table, int32_t first, int32_t number,
                   const v16 *q0, const v16 *q1, const v16 *q2, const v16 *q3, const v16 *qa,
                   v16 *out_q);
void ZK_NAME(store)(const v16 *q, const zk_step *s, v16 *act);

#endif
