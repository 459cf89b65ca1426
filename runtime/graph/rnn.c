/* SPDX-License-Identifier: Apache-2.0 */
/* What the attributes of recurrent ops are called. Ref: ONNX RNN-14, which LSTM and GRU share. */
#include "graph/graph.h"

const zi_rnn_function_row *zi_rnn_function_get(zi_rnn_function function)
{
    static const zi_rnn_function_row rows[ZI_RNN_N_FUNCTIONS] = {
        [ZI_RNN_SIGMOID] = {"Sigmoid", false, false},
        [ZI_RNN_TANH] = {"Tanh", false, false},
        [ZI_RNN_RELU] = {"Relu", false, false},
        [ZI_RNN_AFFINE] = {"Affine", true, true},
        [ZI_RNN_LEAKY_RELU] = {"LeakyRelu", true, false},
        [ZI_RNN_THRESHOLDED_RELU] = {"ThresholdedRelu", true, false},
        [ZI_RNN_SCALED_TANH] = {"ScaledTanh", true, true},
        [ZI_RNN_HARD_SIGMOID] = {"HardSigmoid", true, true},
        [ZI_RNN_ELU] = {"Elu", true, false},
        [ZI_RNN_SOFTSIGN] = {"Softsign", false, false},
        [ZI_RNN_SOFTPLUS] = {"Softplus", false, false},
    };
    return &rows[function];
}

const char *zi_rnn_direction_name(zi_rnn_direction direction)
{
    static const char *const names[] = {"forward", "reverse", "bidirectional"};
    return names[direction];
}
