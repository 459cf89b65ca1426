/* SPDX-License-Identifier: Apache-2.0 */
/* Ref: ONNX LSTM-14, GRU-14, RNN-14. */
#include <string.h>
#include <strings.h>

#include "import/onnx/importer.h"

enum { X, W, R, B, LENGTHS, FIRST_H, FIRST_C, PEEPHOLES };

/* ---- functions ------------------------------------------------------------------------------ */

/* Defaults of alpha and beta, in the order of zi_rnn_function. Where the operator of the same name
 * has no default, or runtimes differ about it, the model must say it. */
static const struct {
    bool must_say;
    float alpha, beta;
} defaults[ZI_RNN_N_FUNCTIONS] = {
    [ZI_RNN_AFFINE] = {.must_say = true},
    [ZI_RNN_LEAKY_RELU] = {.alpha = 0.01f},
    [ZI_RNN_THRESHOLDED_RELU] = {.must_say = true},
    [ZI_RNN_SCALED_TANH] = {.must_say = true},
    [ZI_RNN_HARD_SIGMOID] = {.alpha = 0.2f, .beta = 0.5f},
    [ZI_RNN_ELU] = {.alpha = 1.0f},
};

/* Names as ONNX Runtime takes them: in any case of letters. */
static zurt_status find_function(zc_onnx *o, const ProtobufCBinaryData *name, zi_rnn_function *out)
{
    for (int i = 0; i < ZI_RNN_N_FUNCTIONS; i++) {
        *out = (zi_rnn_function)i;
        const char *known = zi_word_of(zi_rnn_function_words, i);
        if (strlen(known) == name->len &&
            strncasecmp(known, (const char *)name->data, name->len) == 0)
            return ZURT_OK;
    }
    return zc_fail(o, ZURT_E_FORMAT, "unknown activation '%.*s'",
                   (int)(name->len < 40 ? name->len : 40), (const char *)name->data);
}

/* The numbers of all functions stand in one list: each takes the next if its formula has one. */
static zurt_status read_functions(zc_onnx *o, zi_op op, size_t n, zi_attr_rnn *a)
{
    const Onnx__AttributeProto *names = zc_attr(o, "activations");
    const float *alpha, *beta;
    size_t n_alpha, n_beta, at_alpha = 0, at_beta = 0;
    zurt_status st = zc_attr_floats(o, "activation_alpha", &alpha, &n_alpha);
    if (!st)
        st = zc_attr_floats(o, "activation_beta", &beta, &n_beta);
    if (!st && names && names->n_strings && names->n_strings != n)
        st = zc_fail(o, ZURT_E_FORMAT, "%zu activations, needs %zu", names->n_strings, n);
    for (size_t i = 0; i < n && !st; i++) {
        const bool first = i % (size_t)zi_rnn_functions(op) == 0 && op != ZI_OP_RNN;
        a->function[i] = first ? ZI_RNN_SIGMOID : ZI_RNN_TANH;
        if (names && names->n_strings)
            st = find_function(o, &names->strings[i], &a->function[i]);
        const zi_rnn_function_row *f = zi_rnn_function_get(a->function[i]);
        const float default_alpha = defaults[a->function[i]].alpha;
        const float default_beta = defaults[a->function[i]].beta;
        const bool has_all = at_alpha < n_alpha && (!f->has_beta || at_beta < n_beta);
        if (!st && defaults[a->function[i]].must_say && !has_all)
            st = zc_fail(o, ZURT_E_UNSUPPORTED,
                         "activation %s without its activation_alpha and activation_beta, of "
                         "which there is no common default; write them into the model",
                         zi_word_of(zi_rnn_function_words, a->function[i]));
        a->alpha[i] = f->has_alpha && at_alpha < n_alpha ? alpha[at_alpha++] : default_alpha;
        a->beta[i] = f->has_beta && at_beta < n_beta ? beta[at_beta++] : default_beta;
    }
    return st;
}

static zurt_status read_direction(zc_onnx *o, zi_rnn_direction *out)
{
    int direction = ZI_RNN_FORWARD;
    zurt_status st = zc_attr_choice(o, "direction", "forward", zi_rnn_direction_words, &direction);
    *out = (zi_rnn_direction)direction;
    return st;
}

static zurt_status read_attr(zc_onnx *o, zi_op op, zi_attr_rnn *a)
{
    zurt_status st = read_direction(o, &a->direction);
    const size_t per_direction = (size_t)zi_rnn_functions(op);
    if (!st)
        st = read_functions(o, op, per_direction * (a->direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1),
                            a);
    if (!st)
        st = zc_attr_float(o, "clip", 0.0f, &a->clip);
    if (!st && op == ZI_OP_LSTM)
        st = zc_attr_bool(o, "input_forget", false, &a->input_forget);
    if (!st && op == ZI_OP_GRU)
        st = zc_attr_bool(o, "linear_before_reset", false, &a->linear_before_reset);
    return st;
}

/* ---- inputs --------------------------------------------------------------------------------- */

/* [D,G*H,K] to [D,G,K,H]: a matrix for each gate, as the product wants it. */
static zurt_status gates_apart(zc_onnx *o, uint32_t i, int32_t gates, int32_t hidden, zi_id *out)
{
    static const int32_t perm[4] = {0, 1, 3, 2};
    const zi_tensor t = *zc_input(o, i);
    if (t.rank != 3 || (int64_t)t.dims[1] != (int64_t)gates * hidden)
        return zc_fail(o, ZURT_E_FORMAT, "input %u must be [directions, %lld, ...]", (unsigned)i,
                       (long long)gates * hidden);
    const int32_t dims[4] = {t.dims[0], gates, hidden, t.dims[2]};
    zurt_status st = zc_emit_reshape(o, "gates", o->in[i], 4, dims, out);
    return st ? st : zc_emit_transpose(o, "columns", *out, perm, out);
}

/* Sequences of their own length are refused: padding would have to stop some and not others. */
static zurt_status check_lengths(zc_onnx *o, int32_t steps)
{
    if (!zc_has(o, LENGTHS))
        return ZURT_OK;
    zurt_status st = zc_need_const(o, LENGTHS);
    if (st)
        return st;
    const zi_tensor *t = zc_input(o, LENGTHS);
    for (size_t i = 0; i < zi_tensor_elems(t); i++) {
        if (t->dtype != ZURT_S32 || ((const int32_t *)t->data)[i] != steps)
            return zc_fail(o, ZURT_E_UNSUPPORTED,
                           "sequence_lens is not %d, the whole sequence, for all; export without "
                           "packed sequences, with fixed shapes",
                           (int)steps);
    }
    return ZURT_OK;
}

/* layout 1 has the batch in front; the graph's ops have the steps. */
static zurt_status swap(zc_onnx *o, const char *tag, zi_id x, zi_id *out)
{
    static const int32_t perm[3] = {1, 0, 2};
    if (o->g->tensors[x].rank != 3)
        return zc_fail(o, ZURT_E_FORMAT, "an input of rank %d, not 3", (int)o->g->tensors[x].rank);
    return zc_emit_transpose(o, tag, x, perm, out);
}

static zurt_status gather_inputs(zc_onnx *o, zi_op op, bool batch_first, zi_id *in, uint32_t *n)
{
    static const uint32_t from[] = {X, W, R, B, FIRST_H, FIRST_C, PEEPHOLES}; // without lengths
    int32_t hidden = zc_input(o, R)->dims[2];
    zurt_status st = zc_attr_int32(o, "hidden_size", hidden, 1, ZI_MAX_DIM, &hidden);
    for (uint32_t i = 0; i < 7; i++) {
        in[i] = zc_has(o, from[i]) ? o->in[from[i]] : ZI_NONE;
        *n = in[i] == ZI_NONE ? *n : i + 1;
    }
    if (!st)
        st = gates_apart(o, W, zi_rnn_gates(op), hidden, &in[1]);
    if (!st)
        st = gates_apart(o, R, zi_rnn_gates(op), hidden, &in[2]);
    for (uint32_t i = 0; i < 6 && !st && batch_first; i++) {
        if ((i == 0 || i == 4 || i == 5) && in[i] != ZI_NONE)
            st = swap(o, "steps", in[i], &in[i]);
    }
    return st ? st : check_lengths(o, o->g->tensors[in[0]].dims[0]);
}

/* Y [S,D,N,H] to [N,S,D,H]; the states [D,N,H] to [N,D,H]. */
static zurt_status define_output(zc_onnx *o, uint32_t i, zi_id id, bool batch_first)
{
    static const int32_t perm[4] = {2, 0, 1, 3};
    zurt_status st = ZURT_OK;
    if (!zc_is_used(o, i))
        return st;
    if (batch_first)
        st = i == 0 ? zc_emit_transpose(o, "batch", id, perm, &id) : swap(o, "batch", id, &id);
    return st ? st : zc_define(o, i, id);
}

/* LSTM, GRU, RNN. */
zurt_status zc_op_recurrent(zc_onnx *o)
{
    const zi_op op = o->row->op;
    const uint32_t n_out = zi_op_get((uint32_t)op)->out_max;
    zi_attr attr = {0};
    bool batch_first;
    zi_id in[7], out[3];
    uint32_t n_in = 0;
    if (zc_input(o, X)->rank != 3 || zc_input(o, R)->rank != 3)
        return zc_fail(o, ZURT_E_FORMAT,
                       "inputs must be [steps, batch, size] and weights of rank 3");
    zurt_status st = zc_attr_bool(o, "layout", false, &batch_first);
    if (!st)
        st = read_attr(o, op, &attr.rnn);
    if (!st)
        st = gather_inputs(o, op, batch_first, in, &n_in);
    if (!st)
        st = zc_emit_outputs(o, op, NULL, &attr, in, n_in, out, n_out);
    for (uint32_t i = 0; i < n_out && !st; i++)
        st = define_output(o, i, out[i], batch_first);
    return st;
}
