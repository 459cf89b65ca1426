/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A small assembler for the engine's tests: tensors placed in the scratchpad, weight streams, step
 * buffers. Written from zk_step.h alone, and without regard to speed.
 */
#ifndef ENGINE_ASM_H
#define ENGINE_ASM_H

#include <stddef.h>

#include "isa/zk_cycles.h"
#include "zk_engine.h"

/* In co-simulation the engine is RTL: only the act buffer can be seen, and the tool copies as many
 * words of each port as its pragma says. */
#ifdef ZK_COSIM
enum { ASM_COSIM = 1 };
#else
enum { ASM_COSIM = 0 };
#endif
enum { ASM_PORT_STEPS = 16384, ASM_PORT_W = 80000, ASM_PORT_ACT = 131072 }; // depths in zk_engine.c

enum { ASM_STEPS = 16, ASM_TABLE = 512, ASM_WORDS = 20000 };

/** A tensor, values [16 * planes][h][w], and its place in the scratchpad. */
typedef struct {
    int32_t planes, h, w;
    int8_t *v;
    int32_t base, row, plane, split, half;
} tensor;

/** A launch being assembled: one epoch of steps, weights, act buffer. */
typedef struct {
    int32_t n_epochs, n_steps;
    int32_t first[ASM_STEPS]; /**< number of the first step of each epoch */
    zk_step step[ASM_STEPS];
    v16 table[ASM_STEPS][ASM_TABLE];
    int32_t table_words[ASM_STEPS];
    int32_t n_words; /**< ring words of the streams */
    int8_t word[ASM_WORDS][ZK_C][ZK_C];
    int32_t level; /**< of the ring after the steps so far */
} launch;

/** Parameters of a channel. */
typedef struct {
    int32_t bias, multiplier, shift;
} channel;

/** A layer in the terms of its mathematics. */
typedef struct {
    int32_t kind; /**< zk_kind */
    int32_t kh, kw, sy, sx, dil_y, dil_x, pad_y, pad_x;
    int32_t out_planes, out_h, out_w;
    int32_t groups; /**< of planes: group g of the output reads group g of the input */
    int8_t *w;      /**< [16 * out_planes][16 * planes per group or 1][kh][kw] */
    channel *ch;
    int32_t zp_in, zp_out, lo, hi;
    int32_t flags;
    int32_t term[2][256]; /**< of the operands of the add */
    int32_t add_shift, add_up, add_down, add_zp, add_lo, add_hi;
    int8_t lut[256];
} layer;

uint32_t rnd(void);
void rnd_seed(uint64_t seed);
/** Uniform in [lo, hi]. */
int32_t pick(int32_t lo, int32_t hi);
/** A byte; the extremes are frequent. */
int8_t rnd8(void);

void *need(size_t n_bytes);
int32_t mod(int32_t a, int32_t b);
tensor tensor_make(int32_t planes, int32_t h, int32_t w);
/** Address of element (plane, y, x). */
int32_t tensor_addr(const tensor *t, int32_t plane, int32_t y, int32_t x);
/** Words from base to the last one, and one. */
int32_t tensor_extent(const tensor *t);

void asm_begin(launch *l);
void asm_epoch(launch *l);
/** Appends the step, its taps (n_taps) and tables (of `y`, which may be NULL without flags). */
void asm_step(launch *l, const zk_step *s, const zk_tap *taps, const layer *y);
/** The weights of a layer as ring words; n_icb blocks are summed. Returns the first one. */
int32_t asm_weights(launch *l, const layer *y, int32_t n_icb, int32_t row_n);
/** Packs steps and streams, runs the engine. */
void asm_run(const launch *l, const v16 *act_r, v16 *act_w);

/** The layer computed naively, [16 * out_planes][out_h][out_w]; before POOL2, UP2. */
void ref_layer(const layer *y, const tensor *in, const tensor *residual, int8_t *out);

#endif
