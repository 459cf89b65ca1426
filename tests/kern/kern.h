/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Kernel tests. Every variant in kernels.def runs on random operations and is compared, byte for
 * byte or (f32 sums) within rounding, with a naive model that shares no code with it.
 *
 * Operands end where memory ends: one byte read or written too far traps, and the handler names
 * the operation. In front of them lies a guard zone that is checked for stray writes.
 */
#ifndef KERN_H
#define KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/** xorshift64*: the same numbers on every machine. */
typedef struct kern_rng {
    uint64_t state;
} kern_rng;

uint32_t kern_u32(kern_rng *r);
/** Uniform in [lo, hi]. */
int64_t kern_int(kern_rng *r, int64_t lo, int64_t hi);
float kern_f32(kern_rng *r, float lo, float hi);
bool kern_chance(kern_rng *r, uint32_t percent);

/** Operand buffers; KERN_SCRATCH is aligned to 64 bytes, KERN_PACKED to 16, the others to their
 *  element. */
enum { KERN_X, KERN_W, KERN_BIAS, KERN_AUX, KERN_OUT, KERN_SCRATCH, KERN_PACKED, KERN_BUFFERS };

/** `bytes` bytes that end at a page which cannot be touched; contents are random. */
void *kern_place(kern_rng *r, int buffer, size_t bytes, size_t align);

/** One way to fill the kernel table. */
typedef struct kern_variant {
    const char *name;
    zk_table table;
} kern_variant;

/** Tables of growing CPU masks, as far as this CPU goes, the reference first; OpenBLAS last. */
const kern_variant *kern_variants(size_t *n);

/** Appends the compiler's own convolution, and OpenBLAS where there is one to load;
 *  kern_no_compiler.c: nothing. */
void kern_add_compiler(kern_variant *list, size_t *count);

/** What a failure says; printf-like, kept until the next. */
void kern_describe(const char *fmt, ...);

/**
 * Compares out with expected; every byte, guards too.
 * @param tolerance per element; NULL: bytes must be equal.
 * @return false after printing what differs.
 */
bool kern_same_bytes(const char *variant, const void *out, const void *expected, size_t bytes);
bool kern_same_f32(const char *variant, const float *out, const float *expected,
                   const float *tolerance, size_t n);
bool kern_guards_intact(const char *variant);

/** One random operation through all variants; false after printing the failure. */
typedef bool kern_check_fn(kern_rng *r);

/** One timed call, prepared by a bench: `macs` multiply-accumulates or elements. */
typedef void kern_call_fn(void *arg);
void kern_time(const char *op, const char *layer, const char *variant, kern_call_fn *call,
               void *arg, double macs);

typedef struct kern_suite {
    const char *name;
    uint32_t quick; /**< operations in a quick run */
    kern_check_fn *check;
    void (*bench)(kern_rng *r);
} kern_suite;

/* One per op of kernels.def: a kernel without a suite does not link. */
#define ZK(op, variant, need) extern const kern_suite kern_##op;
#include "kernels/kernels.def"
#undef ZK

#endif
