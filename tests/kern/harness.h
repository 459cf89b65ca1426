/* SPDX-License-Identifier: Apache-2.0 */
/** @file What runs the descriptions of kern.h: for the program and the fuzz target. */
#ifndef KERN_HARNESS_H
#define KERN_HARNESS_H

#include "kern.h"

/** A line of kernels.def, or what bad_kernels.c adds. */
typedef struct kern_variant {
    const kern_op *op;
    char name[48];  /**< OP_VARIANT */
    uint32_t need;  /**< ZURT_CPU_* bits */
    zk_table table; /**< the reference's, but for this op */
    uint64_t calls; /**< made by kern_check() */
} kern_variant;

/** All variants; of those of an op the first is the reference. Made by the first call. */
kern_variant *kern_variants(size_t *n);
/** Appends OP_NAME; the caller sets the op's pointer in the table. */
zk_table *kern_add_variant(const kern_op *op, const char *name, uint32_t need);
/** Below 65536: where a fuzzer's choice finds the op. It depends on its name alone. */
uint32_t kern_op_place(const kern_op *op);
/** True if this CPU, as far as it was not limited, can run it. */
bool kern_usable(const kern_variant *v);
/** Bits of the CPU that are taken for absent. */
void kern_limit_cpu(uint32_t mask);

/**
 * One case on every usable variant of `op`, or on the reference and `only`.
 * @return false after printing what differs.
 */
bool kern_check(const kern_op *op, const kern_variant *only, kern_rng r);

/** Times the layers of `op` and prints each variant's time beside the reference's. */
void kern_bench(const kern_op *op, const kern_variant *only, uint64_t seed);

/** The call, with the registers watched that a function has to keep; false after naming those that
 *  it did not. */
bool kern_call(const kern_variant *v, void *state);

/** A trap names the case, then the process ends. */
void kern_catch_traps(void);

/* ---- for the loops: memory of a case ---- */

/** Forgets all operands; kern_mark() and kern_release() those placed since. */
void kern_memory_reset(void);
size_t kern_mark(void);
void kern_release(size_t mark);
/** Keeps a copy of every operand that there is; kern_restore_out() puts the output back. */
void kern_snapshot(void);
void kern_restore_out(void);
void *kern_out(size_t *bytes);
/** False after printing where something beside the output changed. */
bool kern_inputs_intact(const char *who);

/** The case that runs, for messages. */
const char *kern_description(void);
double kern_macs(void);

#endif
