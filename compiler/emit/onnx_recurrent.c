/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU, RNN. */
#include "emit/onnx_ops.h"

/* [D,G,K,H] back to ONNX's [D,G*H,K]. */
static const char *weights(zo_builder *b, const zi_node *n, uint32_t i)
{
    static const int32_t perm[4] = {0, 1, 3, 2};
    const zi_tensor *t = zo_tensor_in(b, n, i);
    const char *base = b->values[n->out[0]].base;
    const int64_t dims[3] = {t->dims[0], (int64_t)t->dims[1] * t->dims[3], t->dims[2]};
    const char *rows = zo_transpose(b, zo_real(b, n->in[i], false), perm, 4,
                                    zo_name(b, "%s~rows%u", base, (unsigned)i));
    return zo_binary(b, "Reshape", rows,
                     zo_list_s64(b, zo_name(b, "%s~shape%u", base, (unsigned)i), dims, 3),
                     zo_name(b, "%s~weights%u", base, (unsigned)i));
}

static void functions(zo_builder *b, Onnx__NodeProto *node, zi_op op, const zi_attr_rnn *a)
{
    const char *names[ZI_RNN_MOST_FUNCTIONS];
    float alpha[ZI_RNN_MOST_FUNCTIONS], beta[ZI_RNN_MOST_FUNCTIONS];
    size_t n_alpha = 0, n_beta = 0;
    const size_t n = (size_t)zi_rnn_functions(op) * (a->direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1);
    for (size_t i = 0; i < n; i++) {
        const zi_rnn_function_row *f = zi_rnn_function_get(a->function[i]);
        names[i] = zi_word_of(zi_rnn_function_words, a->function[i]);
        if (f->has_alpha)
            alpha[n_alpha++] = a->alpha[i];
        if (f->has_beta)
            beta[n_beta++] = a->beta[i];
    }
    zo_strings(b, node, "activations", names, n);
    if (n_alpha)
        zo_floats(b, node, "activation_alpha", alpha, n_alpha);
    if (n_beta)
        zo_floats(b, node, "activation_beta", beta, n_beta);
}

void zo_emit_recurrent(zo_builder *b, const zi_node *n)
{
    static const uint32_t from[] = {3, 0, 4, 5, 6}; // ONNX has the lengths between
    const zi_attr_rnn *a = &n->attr.rnn;
    const char *in[8] = {zo_real(b, n->in[0], false), weights(b, n, 1), weights(b, n, 2)};
    const char *out[3];
    size_t n_in = 3;
    for (uint32_t i = 0; i < 5; i++) {
        const bool there = from[i] && from[i] < n->n_in && n->in[from[i]] != ZI_NONE;
        in[3 + i] = there ? zo_real(b, n->in[from[i]], false) : "";
        n_in = there ? 4 + i : n_in;
    }
    for (uint32_t i = 0; i < n->n_out; i++)
        out[i] = zo_raw_name(b, n->out[i]);
    Onnx__NodeProto *node = zo_node(b, zi_op_name(n->op), n->name, in, n_in, out[0]);
    zo_outputs(b, node, out, n->n_out);
    zo_int(b, node, "hidden_size", zo_tensor_in(b, n, 1)->dims[3]);
    zo_string(b, node, "direction", zi_word_of(zi_rnn_direction_words, a->direction));
    functions(b, node, n->op, a);
    if (a->clip > 0.0f)
        zo_float(b, node, "clip", a->clip);
    if (n->op == ZI_OP_LSTM && a->input_forget)
        zo_int(b, node, "input_forget", 1);
    if (n->op == ZI_OP_GRU)
        zo_int(b, node, "linear_before_reset", a->linear_before_reset);
    for (uint32_t i = 0; i < n->n_out; i++)
        zo_finish(b, n, i, out[i], false);
}
