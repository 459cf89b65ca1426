/* SPDX-License-Identifier: Apache-2.0 */
/** @file Random layers, placed in the scratchpad and cast into steps. */
#ifndef ENGINE_CASE_H
#define ENGINE_CASE_H

#include "engine_asm.h"

/** Right shifts of channels: a larger one leaves nothing of a sum of 27 bits. */
#define CASE_SHIFT_MAX 26

/** A layer, its tensors, and what the step is made of. */
typedef struct {
    layer y;
    tensor in, residual, out, spare; /**< out: after POOL2, UP2, in the scratchpad */
    int8_t *result;                  /**< before POOL2, UP2 */
    int32_t n_icb, out_col;
    int32_t lanes_one; /**< bank rotation cannot hold: one pixel per vector */
    int32_t by_rows;   /**< no group crosses a row */
    int32_t row_n;     /**< DW_ROW */
    int32_t free_word; /**< next word of the scratchpad */
    int32_t free_act;  /**< of the act buffer */
    int32_t end_word;  /**< its weights end here in the streams */
    int32_t st_dst, a_src;
} test_case;

/**
 * Fills everything but the steps; the tensors are placed from free_word and free_act on.
 * Returns 0 for what is too large or impossible.
 */
int case_random(test_case *t, int32_t free_word, int32_t free_act);
void case_free(test_case *t);

/** The taps of the step. Returns their number. */
int32_t case_taps(const test_case *t, zk_tap *out);

/** Lanes, and their walk over the output. Leaves lanes 0 where there is no way. */
void case_walk(const test_case *t, zk_step *s);

#endif
