/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU, RNN against their equations in double, written once more, and numbers by hand. */
#include <math.h>

#include "support/op_runner.h"

enum { MOST = 8 };

typedef struct layer {
    builder b;
    zi_op op;
    zi_attr_rnn a;
    int32_t steps, batch, input, hidden, directions;
    float *in[MOST]; /* x, w, r, b, h, c, peepholes; NULL: absent */
    uint32_t n_in;
} layer;

static const float *row(const float *x, size_t i, int32_t size)
{
    return x + i * (size_t)size;
}

static double function(const layer *l, int k, double x)
{
    const double alpha = (double)l->a.alpha[k], beta = (double)l->a.beta[k];
    const double clip = (double)l->a.clip;
    if (clip > 0.0)
        x = fmin(fmax(x, -clip), clip);
    switch (l->a.function[k]) {
    case ZI_RNN_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    case ZI_RNN_TANH:
        return tanh(x);
    case ZI_RNN_RELU:
        return fmax(x, 0.0);
    case ZI_RNN_AFFINE:
        return alpha * x + beta;
    case ZI_RNN_LEAKY_RELU:
        return x < 0.0 ? alpha * x : x;
    case ZI_RNN_THRESHOLDED_RELU:
        return x > alpha ? x : 0.0;
    case ZI_RNN_SCALED_TANH:
        return alpha * tanh(beta * x);
    case ZI_RNN_HARD_SIGMOID:
        return fmin(fmax(alpha * x + beta, 0.0), 1.0);
    case ZI_RNN_ELU:
        return x < 0.0 ? alpha * (exp(x) - 1.0) : x;
    case ZI_RNN_SOFTSIGN:
        return x / (1.0 + fabs(x));
    default:
        return log(1.0 + exp(x));
    }
}

/* x . w of one gate and column; with h . r and both biases if asked for. */
static double inner(const layer *l, int d, int gate, int32_t column, const float *x,
                    const double *h, bool from_x, bool from_h)
{
    const int32_t gates = zi_rnn_gates(l->op), size = l->hidden;
    const float *w = l->in[1] + (size_t)(d * gates + gate) * (size_t)(l->input * size);
    const float *r = l->in[2] + (size_t)(d * gates + gate) * (size_t)(size * size);
    const float *b = l->in[3] ? l->in[3] + (size_t)d * 2 * (size_t)(gates * size) : NULL;
    double sum = 0.0;
    for (int32_t k = 0; k < l->input && from_x; k++)
        sum += (double)x[k] * (double)w[k * size + column];
    for (int32_t k = 0; k < size && from_h; k++)
        sum += h[k] * (double)r[k * size + column];
    if (b && from_x)
        sum += (double)b[gate * size + column];
    if (b && from_h)
        sum += (double)b[(gates + gate) * size + column];
    return sum;
}

static void lstm(const layer *l, int d, const float *x, double *h, double *c)
{
    const int f = 3 * d;
    const float *p = l->in[6] ? row(l->in[6], (size_t)d, 3 * l->hidden) : NULL;
    double next[64];
    for (int32_t j = 0; j < l->hidden; j++) {
        double i = inner(l, d, 0, j, x, h, true, true), o = inner(l, d, 1, j, x, h, true, true);
        double forget = inner(l, d, 2, j, x, h, true, true);
        double cell = function(l, f + 1, inner(l, d, 3, j, x, h, true, true));
        i = function(l, f, i + (p ? (double)p[j] * c[j] : 0.0));
        forget = function(l, f, forget + (p ? (double)p[2 * l->hidden + j] * c[j] : 0.0));
        c[j] = (l->a.input_forget ? 1.0 - i : forget) * c[j] + i * cell;
        o = function(l, f, o + (p ? (double)p[l->hidden + j] * c[j] : 0.0));
        next[j] = o * function(l, f + 2, c[j]);
    }
    memcpy(h, next, sizeof(*h) * (size_t)l->hidden);
}

static void gru(const layer *l, int d, const float *x, double *h)
{
    const int f = 2 * d;
    double z[64], r[64], reset[64], next[64];
    for (int32_t j = 0; j < l->hidden; j++) {
        z[j] = function(l, f, inner(l, d, 0, j, x, h, true, true));
        r[j] = function(l, f, inner(l, d, 1, j, x, h, true, true));
        reset[j] = r[j] * h[j];
    }
    for (int32_t j = 0; j < l->hidden; j++) {
        double g = inner(l, d, 2, j, x, h, true, false);
        g += l->a.linear_before_reset ? r[j] * inner(l, d, 2, j, x, h, false, true)
                                      : inner(l, d, 2, j, x, reset, false, true);
        next[j] = (1.0 - z[j]) * function(l, f + 1, g) + z[j] * h[j];
    }
    memcpy(h, next, sizeof(*h) * (size_t)l->hidden);
}

static void rnn(const layer *l, int d, const float *x, double *h)
{
    double next[64];
    for (int32_t j = 0; j < l->hidden; j++)
        next[j] = function(l, d, inner(l, d, 0, j, x, h, true, true));
    memcpy(h, next, sizeof(*h) * (size_t)l->hidden);
}

/* One sequence of one direction, compared step by step. */
static void compare(const layer *l, int d, int32_t n, const float *all)
{
    const bool reverse = l->a.direction == ZI_RNN_REVERSE || d == 1;
    double h[64] = {0}, c[64] = {0};
    for (int32_t j = 0; j < l->hidden; j++) {
        const size_t at = (size_t)(d * l->batch + n) * (size_t)l->hidden + (size_t)j;
        h[j] = l->in[4] ? (double)l->in[4][at] : 0.0;
        c[j] = l->in[5] ? (double)l->in[5][at] : 0.0;
    }
    for (int32_t s = 0; s < l->steps; s++) {
        const int32_t t = reverse ? l->steps - 1 - s : s;
        const float *x = row(l->in[0], (size_t)(t * l->batch + n), l->input);
        if (l->op == ZI_OP_LSTM)
            lstm(l, d, x, h, c);
        else if (l->op == ZI_OP_GRU)
            gru(l, d, x, h);
        else
            rnn(l, d, x, h);
        const float *out = row(all, (size_t)((t * l->directions + d) * l->batch + n), l->hidden);
        for (int32_t j = 0; j < l->hidden; j++) {
            if (!(fabs((double)out[j] - h[j]) <= 2e-5 * (1.0 + fabs(h[j]))))
                fail_msg("%s step %d: %g, not %g", zi_op_name((uint32_t)l->op), (int)t,
                         (double)out[j], h[j]);
        }
    }
}

/* Inputs of which `optional` bits 0 to 3 say: b, h, c, peepholes. */
static void make_inputs(layer *l, unsigned optional)
{
    const int32_t g = zi_rnn_gates(l->op), d = l->directions, h = l->hidden;
    const int32_t dims[7][4] = {{l->steps, l->batch, l->input},
                                {d, g, l->input, h},
                                {d, g, h, h},
                                {d, 2 * g * h},
                                {d, l->batch, h},
                                {d, l->batch, h},
                                {d, 3 * h}};
    static const int32_t ranks[7] = {3, 4, 4, 2, 3, 3, 2};
    zi_id ids[7];
    for (uint32_t i = 0; i < l->n_in; i++) {
        ids[i] = ZI_NONE;
        l->in[i] = NULL;
        if (i >= 3 && !(optional >> (i - 3) & 1))
            continue;
        char name[2] = {(char)('a' + i), 0};
        ids[i] = build_input(&l->b, name, ZURT_F32, ranks[i], dims[i]);
        l->in[i] =
            random_f32(&l->b, zi_tensor_elems(&l->b.g->tensors[ids[i]]), i == 0 ? 1.5f : 0.7f);
    }
    zi_id out[3];
    zi_node *n;
    const uint32_t n_out = l->op == ZI_OP_LSTM ? 3 : 2;
    for (uint32_t i = 0; i < n_out; i++)
        out[i] = build_tensor(&l->b, i == 0 ? "y" : i == 1 ? "y_h" : "y_c");
    assert_int_equal(zi_graph_add_node(l->b.ctx, l->b.g, l->op, "n", ids, l->n_in, out, n_out, &n),
                     ZURT_OK);
    n->attr.rnn = l->a;
    if (zi_node_infer(l->b.ctx, l->b.g, n))
        fail_msg("%s", zurt_ctx_error(l->b.ctx));
}

/* The same layer on one thread and, as tasks, on several: equal bytes; then the equations. */
static void run_layer(layer *l, unsigned optional)
{
    make_inputs(l, optional);
    const zi_node *n = &l->b.g->nodes[0];
    float *out[2][3];
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < n->n_out; i++)
            out[k][i] = malloc(zi_tensor_bytes(&l->b.g->tensors[n->out[i]]) + 1);
    }
    zk_table kernels;
    zk_table_init(&kernels, zi_cpu_detect());
    for (uint32_t k = 0; k < 2; k++) {
        zi_prepared *p;
        const uint32_t threads = k ? 4 : 1;
        assert_int_equal(zi_op_prepare(l->b.ctx, l->b.g, n, &kernels, threads, &p), ZURT_OK);
        void *scratch = zi_alloc_aligned(&l->b.ctx->allocator, zi_op_scratch_bytes(p));
        zi_parallel parallel = {run_backwards, NULL, threads};
        zi_op_args args = {(const void *const *)l->in, (void *const *)out[k], scratch, &parallel};
        zi_op_run(p, &args);
        zi_free(&l->b.ctx->allocator, scratch);
        zi_op_destroy(p);
    }
    runner_refuse_all(l->b.g, n, &kernels);
    for (int d = 0; d < l->directions; d++) {
        for (int32_t i = 0; i < l->batch; i++)
            compare(l, d, i, out[0][0]);
    }
    const size_t state = (size_t)(l->batch * l->hidden) * sizeof(float);
    for (int d = 0; d < l->directions; d++) { // the last of a direction
        const bool reverse = l->a.direction == ZI_RNN_REVERSE || d == 1;
        const int32_t last = reverse ? 0 : l->steps - 1;
        assert_memory_equal((char *)out[0][1] + (size_t)d * state,
                            (char *)out[0][0] + (size_t)(last * l->directions + d) * state, state);
    }
    for (uint32_t i = 0; i < n->n_out; i++) {
        assert_memory_equal(out[0][i], out[1][i], zi_tensor_bytes(&l->b.g->tensors[n->out[i]]));
        free(out[0][i]), free(out[1][i]);
    }
    for (uint32_t i = 0; i < l->n_in; i++)
        free(l->in[i]);
    builder_free(&l->b);
}

static layer layer_of(zi_op op, zi_rnn_direction direction, int32_t steps, int32_t batch,
                      int32_t input, int32_t hidden)
{
    layer l = {.b = builder_make(),
               .op = op,
               .a = {.direction = direction},
               .steps = steps,
               .batch = batch,
               .input = input,
               .hidden = hidden,
               .directions = direction == ZI_RNN_BIDIRECTIONAL ? 2 : 1,
               .n_in = op == ZI_OP_LSTM ? 7 : 5};
    for (int i = 0; i < ZI_RNN_MOST_FUNCTIONS; i++)
        l.a.function[i] =
            i % zi_rnn_functions(op) || op == ZI_OP_RNN ? ZI_RNN_TANH : ZI_RNN_SIGMOID;
    return l;
}

static const zi_op ops[] = {ZI_OP_LSTM, ZI_OP_GRU, ZI_OP_RNN};

static void follow_the_equations_in_every_direction(void **state)
{
    (void)state;
    for (int op = 0; op < 3; op++) {
        for (int direction = 0; direction < 3; direction++) {
            for (unsigned optional = 0; optional < 16; optional++) {
                layer l = layer_of(ops[op], (zi_rnn_direction)direction, 6, 3, 5, 7);
                l.b.seed += optional;
                l.a.linear_before_reset = optional & 1;
                run_layer(&l, optional);
            }
        }
    }
}

/* More rows than a tile, more steps than a block, and none of either a multiple. */
static void follow_the_equations_across_blocks(void **state)
{
    (void)state;
    for (int op = 0; op < 3; op++) {
        layer l = layer_of(ops[op], ZI_RNN_BIDIRECTIONAL, 7, 90, 33, 40);
        run_layer(&l, 15);
        l = layer_of(ops[op], ZI_RNN_REVERSE, 300, 1, 3, 9);
        run_layer(&l, 1);
        l = layer_of(ops[op], ZI_RNN_FORWARD, 2, 300, 2, 3);
        run_layer(&l, 0);
    }
}

static void take_every_function_a_clip_and_a_coupled_gate(void **state)
{
    (void)state;
    for (int op = 0; op < 3; op++) {
        for (int f = 0; f < ZI_RNN_N_FUNCTIONS; f++) {
            layer l = layer_of(ops[op], ZI_RNN_BIDIRECTIONAL, 4, 2, 3, 4);
            for (int i = 0; i < ZI_RNN_MOST_FUNCTIONS; i++) {
                l.a.function[i] = (zi_rnn_function)((f + i) % ZI_RNN_N_FUNCTIONS);
                l.a.alpha[i] = 0.3f + 0.1f * (float)i;
                l.a.beta[i] = 0.6f - 0.1f * (float)i;
            }
            l.a.clip = f % 2 ? 0.5f : 0.0f;
            l.a.input_forget = f % 3 == 0;
            run_layer(&l, 15);
        }
    }
}

/* h = relu(x + 2 h + 1) from 1, 2: by hand. */
static void plain_rnn_by_hand(void **state)
{
    (void)state;
    layer l = layer_of(ZI_OP_RNN, ZI_RNN_FORWARD, 3, 1, 1, 1);
    l.a.function[0] = ZI_RNN_RELU;
    make_inputs(&l, 3);
    l.in[0][0] = 1, l.in[0][1] = -20, l.in[0][2] = 4;
    l.in[1][0] = 1, l.in[2][0] = 2;
    l.in[3][0] = 0.75f, l.in[3][1] = 0.25f;
    l.in[4][0] = 3;
    float *y = run_last(&l.b, (const void *[]){l.in[0], l.in[1], l.in[2], l.in[3], l.in[4]});
    assert_true(y[0] == 8.0f && y[1] == 0.0f && y[2] == 5.0f);
    free(y);
    for (uint32_t i = 0; i < l.n_in; i++)
        free(l.in[i]);
    builder_free(&l.b);
}

static void without_steps_the_state_stays(void **state)
{
    (void)state;
    layer l = layer_of(ZI_OP_GRU, ZI_RNN_FORWARD, 0, 2, 3, 4);
    make_inputs(&l, 3);
    const zi_node *n = &l.b.g->nodes[0];
    float last[8], none;
    zk_table kernels;
    zk_table_init(&kernels, 0);
    zi_prepared *p;
    assert_int_equal(zi_op_prepare(l.b.ctx, l.b.g, n, &kernels, 1, &p), ZURT_OK);
    zi_op_args args = {(const void *const *)l.in, (void *[]){&none, last}, NULL, NULL};
    zi_op_run(p, &args);
    zi_op_destroy(p);
    assert_memory_equal(last, l.in[4], sizeof(last));
    for (uint32_t i = 0; i < l.n_in; i++)
        free(l.in[i]);
    builder_free(&l.b);
}

static void infer_refuses_what_does_not_fit(void **state)
{
    (void)state;
    for (int what = 0; what < 5; what++) {
        layer l = layer_of(ZI_OP_LSTM, ZI_RNN_FORWARD, 2, 2, 3, 4);
        make_inputs(&l, 15);
        zi_node *n = &l.b.g->nodes[0];
        if (what == 0)
            n->attr.rnn.direction = ZI_RNN_BIDIRECTIONAL;
        else if (what == 1)
            n->attr.rnn.function[2] = (zi_rnn_function)11;
        else if (what == 2)
            n->attr.rnn.clip = -1.0f;
        else if (what == 3)
            l.b.g->tensors[n->in[6]].dims[1]--;
        else
            n->op = ZI_OP_GRU;
        assert_int_not_equal(zi_node_infer(l.b.ctx, l.b.g, n), ZURT_OK);
        for (uint32_t i = 0; i < l.n_in; i++)
            free(l.in[i]);
        builder_free(&l.b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follow_the_equations_in_every_direction),
        cmocka_unit_test(follow_the_equations_across_blocks),
        cmocka_unit_test(take_every_function_a_clip_and_a_coupled_gate),
        cmocka_unit_test(plain_rnn_by_hand),
        cmocka_unit_test(without_steps_the_state_stays),
        cmocka_unit_test(infer_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
