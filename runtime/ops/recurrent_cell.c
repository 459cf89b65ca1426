/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX LSTM-14, GRU-14, RNN-14. */
#include "ops/recurrent_cell.h"

#include "ops/unary_f32.h"

static void scale(float *x, size_t n, float by)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= by;
}

/** Function k of the direction on n values, after the clip; in place. */
static void activate(const zi_rnn_step *s, int k, float *x, size_t n)
{
    static const zi_op ops[ZI_RNN_N_FUNCTIONS] = {
        [ZI_RNN_SIGMOID] = ZI_OP_Sigmoid,
        [ZI_RNN_TANH] = ZI_OP_Tanh,
        [ZI_RNN_RELU] = ZI_OP_Relu,
        [ZI_RNN_LEAKY_RELU] = ZI_OP_LeakyRelu,
        [ZI_RNN_THRESHOLDED_RELU] = ZI_OP_ThresholdedRelu,
        [ZI_RNN_SCALED_TANH] = ZI_OP_Tanh,
        [ZI_RNN_HARD_SIGMOID] = ZI_OP_HardSigmoid,
        [ZI_RNN_ELU] = ZI_OP_Elu,
        [ZI_RNN_SOFTSIGN] = ZI_OP_Softsign,
        [ZI_RNN_SOFTPLUS] = ZI_OP_Softplus,
    };
    const zi_rnn_function f = s->function[k];
    const float alpha = s->alpha[k], beta = s->beta[k], clip = s->attr->clip;
    for (size_t i = 0; i < n && clip > 0.0f; i++)
        x[i] = x[i] < -clip ? -clip : x[i] > clip ? clip : x[i];
    if (f == ZI_RNN_AFFINE) {
        for (size_t i = 0; i < n; i++)
            x[i] = alpha * x[i] + beta;
        return;
    }
    if (f == ZI_RNN_SCALED_TANH)
        scale(x, n, beta);
    zi_unary_f32(ops[f])(x, x, n, alpha, beta);
    if (f == ZI_RNN_SCALED_TANH)
        scale(x, n, alpha);
}

/** Element (row, column) of a gate. */
static size_t place(const zi_rnn_step *s, int gate, int32_t row)
{
    return ((size_t)gate * (size_t)s->batch + (size_t)row) * (size_t)s->hidden;
}

/** Sum of a gate's two biases; 0 without any. */
static float bias(const zi_rnn_step *s, int n_gates, int gate, int32_t column)
{
    if (!s->bias)
        return 0.0f;
    const size_t at = (size_t)gate * (size_t)s->hidden + (size_t)column;
    return s->bias[at] + s->bias[(size_t)n_gates * (size_t)s->hidden + at];
}

/** gate += product + biases. */
static void add_up(const zi_rnn_step *s, int n_gates, int gate)
{
    for (int32_t row = 0; row < s->batch; row++) {
        float *x = s->gates + place(s, gate, row);
        const float *p = s->products + place(s, gate, row);
        for (int32_t i = 0; i < s->hidden; i++)
            x[i] += p[i] + bias(s, n_gates, gate, i);
    }
}

/** gate += peephole * c. */
static void peep(const zi_rnn_step *s, int gate, int peephole)
{
    if (!s->peepholes)
        return;
    const float *p = s->peepholes + (size_t)peephole * (size_t)s->hidden;
    for (int32_t row = 0; row < s->batch; row++) {
        float *x = s->gates + place(s, gate, row);
        const float *c = s->c + place(s, 0, row);
        for (int32_t i = 0; i < s->hidden; i++)
            x[i] += p[i] * c[i];
    }
}

void zi_lstm_step(const zi_rnn_step *s)
{
    enum { I, O, F, C, GATES }; // peepholes: i, o, f
    const size_t n = (size_t)s->batch * (size_t)s->hidden;
    float *in = s->gates + place(s, I, 0), *out = s->gates + place(s, O, 0);
    float *forget = s->gates + place(s, F, 0), *cell = s->gates + place(s, C, 0);
    for (int gate = 0; gate < GATES; gate++)
        add_up(s, GATES, gate);
    peep(s, I, 0);
    peep(s, F, 2);
    activate(s, 0, in, n);
    activate(s, 0, forget, n);
    activate(s, 1, cell, n);
    for (size_t i = 0; i < n; i++) {
        const float kept = s->attr->input_forget ? 1.0f - in[i] : forget[i];
        s->c[i] = kept * s->c[i] + in[i] * cell[i];
    }
    peep(s, O, 1);
    activate(s, 0, out, n);
    for (size_t i = 0; i < n; i++)
        cell[i] = s->c[i];
    activate(s, 2, cell, n);
    for (size_t i = 0; i < n; i++)
        s->out[i] = out[i] * cell[i];
}

void zi_rnn_plain_step(const zi_rnn_step *s)
{
    const size_t n = (size_t)s->batch * (size_t)s->hidden;
    add_up(s, 1, 0);
    activate(s, 0, s->gates, n);
    for (size_t i = 0; i < n; i++)
        s->out[i] = s->gates[i];
}

enum { Z, RESET, HIDDEN, GRU_GATES };

void zi_gru_gates(const zi_rnn_step *s, float *reset_h)
{
    const size_t n = (size_t)s->batch * (size_t)s->hidden;
    const float *reset = s->gates + place(s, RESET, 0);
    add_up(s, GRU_GATES, Z);
    add_up(s, GRU_GATES, RESET);
    activate(s, 0, s->gates, 2 * n); // both: they stand together
    for (size_t i = 0; i < n; i++)
        reset_h[i] = reset[i] * s->h[i];
}

void zi_gru_output(const zi_rnn_step *s)
{
    const bool late = s->attr->linear_before_reset;
    const float *z = s->gates + place(s, Z, 0), *reset = s->gates + place(s, RESET, 0);
    float *hidden = s->gates + place(s, HIDDEN, 0), *product = s->products + place(s, HIDDEN, 0);
    const size_t n = (size_t)s->batch * (size_t)s->hidden, h = (size_t)s->hidden;
    if (late) { // the product's own bias is reset with it
        const float *own = s->bias ? s->bias + (GRU_GATES + HIDDEN) * h : NULL;
        const float *other = s->bias ? s->bias + HIDDEN * h : NULL;
        for (size_t i = 0; i < n; i++) {
            product[i] = reset[i] * (product[i] + (own ? own[i % h] : 0.0f));
            hidden[i] += product[i] + (other ? other[i % h] : 0.0f);
        }
    } else {
        add_up(s, GRU_GATES, HIDDEN);
    }
    activate(s, 1, hidden, n);
    for (size_t i = 0; i < n; i++)
        s->out[i] = (1.0f - z[i]) * hidden[i] + z[i] * s->h[i];
}
