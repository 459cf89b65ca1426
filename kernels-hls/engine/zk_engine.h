/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The engine as seen from outside (the kernel, and what C simulation adds) and its processes.
 * Internal names end in the configuration, like the kernel's.
 */
#ifndef ZK_ENGINE_H
#define ZK_ENGINE_H

#include <stdint.h>

#include "isa/zk_config.h"
#include "isa/zk_step.h"
#ifdef ZK_CSIM
#include "isa/zk_sim.h"
#endif

/** The kernel `zk_engine` of the bitstream, as zk_kernel_fn says (isa/zk_sim.h). */
void ZK_NAME(engine)(const v16 *steps, int32_t n_epochs, const v16 *w0, const v16 *w1,
                     const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w);

#ifdef ZK_CSIM
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
} zk_step_table;

void ZK_NAME(fetch)(const v16 *steps, int32_t at, int32_t number, zk_step *out_w0, zk_step *out_w1,
                    zk_step *out_w2, zk_step *out_w3, zk_step *out_a, zk_step *out_exec,
                    zk_step *out_store, zk_step_table *out_table);
void ZK_NAME(load_w)(const v16 *w, const zk_step *s, v16 *out_q);
void ZK_NAME(load_a)(const v16 *act, const zk_step *s, v16 *out_q);
void ZK_NAME(exec)(const zk_step *s, const zk_step_table *table, int32_t first, int32_t number,
                   const v16 *q0, const v16 *q1, const v16 *q2, const v16 *q3, const v16 *qa,
                   v16 *out_q);
void ZK_NAME(store)(const v16 *q, const zk_step *s, v16 *act);

#endif
