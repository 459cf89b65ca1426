/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the A53 model knows of an instruction: registers, units and times. Times in cycles, measured
 * on a Cortex-A53 (Raspberry Pi 3): github.com/ocxtal/insn_bench_aarch64,
 * results/raspberry-pi-3_cortex-a53.md.
 */
#ifndef A53_INSN_H
#define A53_INSN_H

#include <stdbool.h>
#include <stdint.h>

/** Registers: 0..30 X, 31 SP, 32..63 V, 64 flags; the zero register is none. */
enum { A53_SP = 31, A53_V = 32, A53_FLAGS = 64, A53_REGS = 65 };

typedef enum a53_unit {
    A53_OTHER, /**< takes an issue slot alone */
    A53_INT,
    A53_MUL, /**< integer multiply and divide */
    A53_NEON,
    A53_LOAD,
    A53_STORE,
    A53_BRANCH,
    A53_MARK, /**< `hint #0x52`: ends one interval and begins the next */
} a53_unit;

/** Results of one of these reach the accumulator of the next of the same early. */
typedef enum a53_pipe { A53_NO_PIPE, A53_MAC, A53_FMA, A53_PAIR_SUM } a53_pipe;

enum { A53_MAX_OUT = 6, A53_MAX_IN = 8 };

typedef struct a53_insn {
    uint64_t address;
    uint8_t unit;      /**< a53_unit */
    uint8_t pipe;      /**< a53_pipe */
    uint8_t halves;    /**< of the 128-bit NEON unit that it takes: 0, 1 or 2 */
    uint8_t busy;      /**< cycles that the unit is held */
    uint8_t latency;   /**< until a result can be used */
    uint8_t forwarded; /**< latency for the accumulator of the same pipe */
    int8_t accumulator;
    bool conditional; /**< a branch */
    uint8_t n_out, n_in;
    uint8_t out[A53_MAX_OUT], out_latency[A53_MAX_OUT], in[A53_MAX_IN];
} a53_insn;

/** The instruction `word` at `address`; what no table knows takes an issue slot and one cycle. */
void a53_decode(uint32_t word, uint64_t address, a53_insn *out);

/** SIMD and floating point, a part of a53_decode(); false: not known. */
bool a53_decode_simd(uint32_t word, a53_insn *out);

static inline uint32_t a53_field(uint32_t word, int low, int bits)
{
    return (word >> low) & ((1u << bits) - 1);
}

static inline void a53_in(a53_insn *i, uint32_t reg)
{
    if (i->n_in < A53_MAX_IN)
        i->in[i->n_in++] = (uint8_t)reg;
}

static inline void a53_out(a53_insn *i, uint32_t reg, uint32_t latency)
{
    if (i->n_out >= A53_MAX_OUT)
        return;
    i->out_latency[i->n_out] = (uint8_t)latency;
    i->out[i->n_out++] = (uint8_t)reg;
}

/** A general register where 31 is zero. */
static inline void a53_in_x(a53_insn *i, uint32_t reg)
{
    if (reg != 31)
        a53_in(i, reg);
}

static inline void a53_out_x(a53_insn *i, uint32_t reg, uint32_t latency)
{
    if (reg != 31)
        a53_out(i, reg, latency);
}

#endif
