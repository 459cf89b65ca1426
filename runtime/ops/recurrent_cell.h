/* SPDX-License-Identifier: Apache-2.0 */
/** @file One step of a recurrent op behind its matrix products. Private to ops/. */
#ifndef ZI_OPS_RECURRENT_CELL_H
#define ZI_OPS_RECURRENT_CELL_H

#include "graph/graph.h"

/** A direction's step. Gates are [G][N][H], and hold x . w. */
typedef struct zi_rnn_step {
    const zi_attr_rnn *attr;
    const zi_rnn_function *function; /**< of this direction */
    const float *alpha, *beta;
    const float *bias;      /**< [2][G][H]: of x . w, then of h . r; NULL: none */
    const float *peepholes; /**< [3][H]: i, o, f; NULL: none */
    int32_t batch, hidden;
    float *gates;
    float *products; /**< h . r, [G][N][H]; overwritten */
    const float *h;  /**< [N][H] of the step before */
    float *c;        /**< LSTM: [N][H] of the step before, becomes this one's */
    float *out;      /**< [N][H] */
} zi_rnn_step;

void zi_lstm_step(const zi_rnn_step *s);
void zi_rnn_plain_step(const zi_rnn_step *s);
/** GRU's first half: z and r; without linear_before_reset also r * h into the place of the last
 *  product, which the caller then multiplies anew. */
void zi_gru_gates(const zi_rnn_step *s, float *reset_h);
/** GRU's second half, with the last product there. */
void zi_gru_output(const zi_rnn_step *s);

#endif
