/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Kernel tests. Every line of kernels.def that this CPU can run computes random cases; each is
 * compared, byte for byte or (f32 sums) within rounding, with a naive model that shares no code
 * with it. One loop runs and times them all (harness_run.c, harness_bench.c); what an op needs of
 * its own is a kern_op.
 *
 * How to test an op: one entry in the file of its family, kern_FAMILY.c, which is built by its
 * name.
 *
 *     typedef struct state { ... } state;                  // one case: operands and numbers
 *     static void make(kern_rng *r, void *s, const kern_layer *layer) ...
 *     static void expect(const void *s, void *out, float *tolerance) ...
 *     static void call(const zk_table *t, void *s) ...
 *     const kern_op kern_OP = {.name = "OP", .cases = 1000, .state_bytes = sizeof(state),
 *                              .elem = KERN_S8, .make = make, .expect = expect, .call = call};
 *
 * make() draws everything from `r`, so that a seed replays it and fuzz bytes steer it: first the
 * shape, with tails (0 to 3 tiles of the widest kernel) and parts of the work (begin, end), then
 * the operands by kern_place(), some of them saturating. expect() writes over a copy of the output
 * as make() left it: what the kernel has no business with stays. It is called once, call() once
 * for each variant, on the same operands.
 *
 * Every operand lies against a page that cannot be touched, behind it or in front of it; on the
 * other side is a zone that is checked for stray writes. KERN_IN must be as before after the call.
 */
#ifndef KERN_H
#define KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* ---- random numbers: harness_random.c ---- */

/** xorshift64*: the same numbers on every machine. While there are bytes, they are the numbers. */
typedef struct kern_rng {
    uint64_t state;
    const uint8_t *bytes; /**< of a fuzzer, borrowed; NULL: none */
    size_t n_bytes;
} kern_rng;

kern_rng kern_seeded(uint64_t seed);
/** Choices from the bytes as long as they last, then from a seed that they give. */
kern_rng kern_from_bytes(const uint8_t *bytes, size_t n);
uint32_t kern_u32(kern_rng *r);
/** Uniform in [lo, hi]. */
int64_t kern_int(kern_rng *r, int64_t lo, int64_t hi);
float kern_f32(kern_rng *r, float lo, float hi);
bool kern_chance(kern_rng *r, uint32_t percent);
/** Random bytes; of fuzz bytes it uses up one number. */
void kern_fill(kern_rng *r, void *out, size_t bytes);
/** Uniform in [lo, hi]; of fuzz bytes it uses up one number. */
void kern_fill_f32(kern_rng *r, float *out, size_t n, float lo, float hi);

/* ---- operands: harness_memory.c ---- */

typedef enum kern_role {
    KERN_IN,      /**< the kernel may not change it */
    KERN_OUT,     /**< what is compared; one a case */
    KERN_SCRATCH, /**< the kernel may leave anything in it */
} kern_role;

/** `bytes` bytes for one case, contents random; aligned to `align`, and as little beyond it as can
 *  be. 0 bytes give an address that cannot be read. Never NULL. */
void *kern_place(kern_rng *r, kern_role role, size_t bytes, size_t align);

/** kern_place() of floats, uniform in [-1, 1]. */
float *kern_place_f32(kern_rng *r, kern_role role, size_t n);

/* ---- descriptions ---- */

/** What a call is timed on; its members are for the op that it is named with. */
typedef struct kern_layer {
    const char *name;
    zk_conv_shape conv;
    zk_pool_shape pool;
    size_t n; /**< elements */
    int64_t m, k;
} kern_layer;

typedef enum kern_elem {
    KERN_S8,
    KERN_F32,
} kern_elem;

/** How far an output may lie from expect()'s. */
typedef enum kern_rule {
    KERN_EQUAL,      /**< nowhere: every bit */
    KERN_WITHIN,     /**< within the tolerance that expect() gives */
    KERN_REF_WITHIN, /**< ref within the tolerance, the others equal to ref */
    KERN_ONE_ORDER,  /**< all within the tolerance, those but ref equal to each other */
} kern_rule;

/** One op of kernels.def. */
typedef struct kern_op {
    const char *name;
    uint32_t cases; /**< in a quick run: what takes about 0.3 s */
    size_t state_bytes;
    kern_elem elem; /**< of the output */
    kern_rule rule;
    /** Chooses a case and places its operands, KERN_OUT among them; state is zeroed.
     *  Says what it is by kern_describe(), before it places anything; for a bench what it costs
     *  by kern_work(). layer: NULL, or the shape that is wanted. */
    void (*make)(kern_rng *r, void *state, const kern_layer *layer);
    /** Overwrites what the op computes in `out`. tolerance: one an element, all 0. */
    void (*expect)(const void *state, void *out, float *tolerance);
    /** Before each variant's call: its packed operand (KERN_IN) and scratch. NULL: none. */
    void (*prepare)(kern_rng *r, void *state, const zk_table *t);
    void (*call)(const zk_table *t, void *state);
    const kern_layer *layers; /**< for --bench */
    size_t n_layers;
} kern_op;

/* A line of kernels.def whose op has no description does not link. */
#define ZK(op, variant, need) extern const kern_op kern_##op;
#include "kernels/kernels.def"
#undef ZK

/** What a failure says of the case; printf-like. */
void kern_describe(const char *fmt, ...);
/** Multiply-accumulates, or elements, of the case. */
void kern_work(double macs);

#endif
