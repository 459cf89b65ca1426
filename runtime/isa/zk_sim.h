/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The kernel as C simulation has it: a function of this process per configuration, and what it
 * counts. ZK_SIM(config) declares those of one.
 */
#ifndef ZK_SIM_H
#define ZK_SIM_H

#include <stdint.h>

#include "isa/zk_step.h"

/**
 * Runs a step buffer: the kernel `zk_engine` of the bitstream. Blocks until all stores are written.
 *
 * @param steps       step buffer (zk_step.h); checked beforehand, the engine trusts it.
 * @param n_epochs  epochs at its start; 0: nothing is done; ZK_IDENTIFY.
 * @param w0..w3      the four weight streams.
 * @param act_r       act buffer for loads, 16-byte words.
 * @param act_w       the same buffer for stores.
 * One caller at a time per configuration: the scratchpad is static. Its contents survive, the
 * weight ring is empty at the start. Allocates nothing.
 */
typedef void zk_kernel_fn(const v16 *steps, int32_t n_epochs, const v16 *w0, const v16 *w1,
                          const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w);

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

/** The kernel of a configuration, and its counters since the last call with reset != 0. */
#define ZK_SIM(config)                                                                             \
    zk_kernel_fn zk_engine_##config;                                                               \
    zk_sim_stats zk_sim_stats_##config(int reset);

#endif
