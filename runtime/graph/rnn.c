/* SPDX-License-Identifier: Apache-2.0 */
/* What the formulas of recurrent ops' functions have. Ref: ONNX RNN-14, which LSTM and GRU share.
 */
#include "graph/attr.h"

const zi_rnn_function_row *zi_rnn_function_get(zi_rnn_function function)
{
    static const zi_rnn_function_row rows[ZI_RNN_N_FUNCTIONS] = {
        [ZI_RNN_AFFINE] = {.has_alpha = true, .has_beta = true},
        [ZI_RNN_LEAKY_RELU] = {.has_alpha = true},
        [ZI_RNN_THRESHOLDED_RELU] = {.has_alpha = true},
        [ZI_RNN_SCALED_TANH] = {.has_alpha = true, .has_beta = true},
        [ZI_RNN_HARD_SIGMOID] = {.has_alpha = true, .has_beta = true},
        [ZI_RNN_ELU] = {.has_alpha = true},
    };
    return &rows[function];
}
