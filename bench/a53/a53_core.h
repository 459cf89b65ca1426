/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * One modelled core: two instructions a cycle, in order. A NEON unit of two 64-bit halves, one port
 * to memory, which reads 64 bits a cycle, one branch unit. A 128-bit load takes both slots and the
 * NEON unit. Pairing rules: gemmlowp, standalone/neon-gemm-kernel-benchmark.cc; ncnn, docs.
 */
#ifndef A53_CORE_H
#define A53_CORE_H

#include "a53_cache.h"
#include "a53_insn.h"

/** Bytes that an instruction touched, first and last; none: `any` is false. */
typedef struct a53_touch {
    bool any;
    uint64_t first, last;
} a53_touch;

typedef struct a53_core {
    a53_cache cache;
    uint64_t insns;
    int64_t cycle;
    int32_t slots;  /**< instructions issued in this cycle */
    int32_t halves; /**< of the NEON unit taken in it */
    int64_t port_free, branch_free, neon_free, mul_free;
    int64_t ready[A53_REGS];   /**< when a register can be read */
    uint8_t pipe[A53_REGS];    /**< that wrote it */
    uint8_t early[A53_REGS];   /**< cycles that the same pipe's accumulator gains */
    uint8_t predictions[4096]; /**< two-bit counters */
} a53_core;

/** One instruction; `taken`: a branch that went somewhere else. */
void a53_step(a53_core *c, const a53_insn *i, a53_touch touch, bool taken);

#endif
