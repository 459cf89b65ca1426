/* SPDX-License-Identifier: Apache-2.0 */
/* Conv, ConvTranspose and FullyConnected as nodes. The kernels themselves: tests/kern. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quant/requant.h"
#include "quant/scale.h"
#include "support/op_runner.h"

/* Sums of products by the definition: plain convolutions gather, transposed ones scatter. */
static double *sums(const builder *b, const double *x, const double *w)
{
    const zi_node *n = &b->g->nodes[b->g->n_nodes - 1];
    const zi_attr_conv *a = &n->attr.conv;
    const bool transposed = n->op == ZI_OP_ConvTranspose;
    const int32_t *xd = b->g->tensors[n->in[0]].dims, *wd = b->g->tensors[n->in[1]].dims;
    const int32_t *yd = b->g->tensors[n->out[0]].dims;
    const int32_t *fine = transposed ? yd : xd, *coarse = transposed ? xd : yd;
    const int32_t per_group = yd[3] / a->groups;
    double *sum = calloc(zi_tensor_elems(&b->g->tensors[n->out[0]]), sizeof(*sum));
    assert_non_null(sum);
    for (int32_t i = 0; i < xd[0] * coarse[1] * coarse[2] * wd[1] * wd[2]; i++) {
        const int32_t kx = i % wd[2], ky = i / wd[2] % wd[1], at = i / wd[2] / wd[1];
        const int32_t cx = at % coarse[2], cy = at / coarse[2] % coarse[1];
        const int32_t image = at / coarse[2] / coarse[1];
        const int32_t fy = cy * a->stride[0] - a->pad[0] + ky * a->dilation[0];
        const int32_t fx = cx * a->stride[1] - a->pad[1] + kx * a->dilation[1];
        if (fy < 0 || fx < 0 || fy >= fine[1] || fx >= fine[2])
            continue;
        const int32_t f = (image * fine[1] + fy) * fine[2] + fx;
        const int32_t px = transposed ? at : f, py = transposed ? f : at;
        for (int32_t o = 0; o < yd[3]; o++) {
            for (int32_t c = 0; c < wd[3]; c++)
                sum[py * yd[3] + o] += x[px * xd[3] + o / per_group * wd[3] + c] *
                                       w[((o * wd[1] + ky) * wd[2] + kx) * wd[3] + c];
        }
    }
    return sum;
}

static double *widened(const builder *b, zi_id id, const void *data, const int32_t *zero)
{
    const zi_tensor *t = &b->g->tensors[id];
    const size_t n = zi_tensor_elems(t);
    double *out = malloc(n * sizeof(*out));
    assert_non_null(out);
    for (size_t i = 0; i < n; i++) {
        const size_t slice = i / (n / (size_t)t->dims[0]);
        out[i] = t->dtype == ZURT_F32
                     ? (double)((const float *)data)[i]
                     : ((const int8_t *)data)[i] - zero[t->quant.n > 1 ? slice : 0];
    }
    return out;
}

static void clamp_last(builder *b, float lo, float hi)
{
    b->g->nodes[b->g->n_nodes - 1].clamp_lo = lo;
    b->g->nodes[b->g->n_nodes - 1].clamp_hi = hi;
}

/* ---- float ---- */

typedef struct geometry {
    zi_op op;
    int32_t x[4];
    int32_t w[4];
    zi_attr_conv conv;
} geometry;

static const geometry geometries[] = {
    {ZI_OP_Conv, {2, 9, 8, 6}, {4, 3, 2, 6}, {{1, 2}, {2, 1}, {1, 0, 3, 2}, 1, {0}}},
    {ZI_OP_Conv, {1, 7, 7, 12}, {8, 3, 3, 3}, {{2, 2}, {1, 1}, {1, 1, 0, 0}, 4, {0}}},
    {ZI_OP_Conv, {1, 12, 9, 7}, {7, 5, 3, 1}, {{1, 1}, {1, 2}, {2, 2, 2, 2}, 7, {0}}},
    {ZI_OP_Conv, {1, 40, 40, 3}, {16, 1, 1, 3}, {{1, 1}, {1, 1}, {0}, 1, {0}}},
    {ZI_OP_Conv, {1, 2, 2, 5}, {70, 2, 2, 5}, {{1, 1}, {1, 1}, {0}, 1, {0}}},
    {ZI_OP_Conv, {2, 9, 13, 1}, {1, 3, 3, 1}, {{1, 2}, {1, 1}, {1, 1, 1, 1}, 1, {0}}},
    {ZI_OP_ConvTranspose, {1, 5, 4, 3}, {4, 3, 2, 3}, {{2, 3}, {1, 1}, {1, 0, 0, 1}, 1, {1, 0}}},
    {ZI_OP_ConvTranspose, {2, 4, 4, 4}, {6, 2, 3, 2}, {{1, 2}, {3, 1}, {0}, 2, {0}}},
    // phases that are alike, that differ, that have no taps; strides of 1; channels by themselves
    {ZI_OP_ConvTranspose, {2, 9, 7, 5}, {3, 2, 2, 5}, {{2, 2}, {1, 1}, {0}, 1, {0}}},
    {ZI_OP_ConvTranspose, {1, 9, 7, 24}, {1, 2, 2, 24}, {{2, 2}, {1, 1}, {0, 1, 1, 0}, 1, {0}}},
    {ZI_OP_ConvTranspose, {2, 6, 7, 20}, {9, 4, 4, 20}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, 1, {0}}},
    {ZI_OP_ConvTranspose, {1, 6, 7, 20}, {8, 3, 3, 20}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, 1, {1, 1}}},
    {ZI_OP_ConvTranspose, {1, 5, 5, 4}, {6, 1, 2, 4}, {{3, 3}, {1, 1}, {0}, 1, {2, 1}}},
    {ZI_OP_ConvTranspose, {1, 8, 9, 4}, {6, 3, 5, 4}, {{1, 1}, {1, 2}, {2, 3, 0, 1}, 1, {0}}},
    {ZI_OP_ConvTranspose, {2, 6, 6, 12}, {12, 4, 4, 1}, {{2, 2}, {1, 1}, {1, 1, 1, 1}, 12, {0}}},
    {ZI_OP_ConvTranspose, {1, 3, 4, 6}, {6, 16, 16, 1}, {{8, 8}, {1, 1}, {4, 4, 4, 4}, 6, {0}}},
    {ZI_OP_ConvTranspose, {1, 1, 1, 2}, {3, 5, 4, 2}, {{1000000, 100}, {1, 1}, {0}, 1, {0}}},
    {ZI_OP_ConvTranspose, {1, 4, 3, 2}, {5, 3, 3, 2}, {{2, 3}, {2, 2}, {3, 2, 1, 3}, 1, {1, 2}}},
};
enum { N_GEOMETRIES = sizeof(geometries) / sizeof(*geometries) };

static void check_float(const geometry *g, bool constant_weights)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, 4, g->x);
    zi_id w =
        constant_weights ? build_noise(&b, "w", 4, g->w) : build_input(&b, "w", ZURT_F32, 4, g->w);
    zi_id bias = build_noise(&b, "b", 1, g->w);
    zi_id y = build_op(&b, g->op, "y", ATTR(.conv = g->conv), 3, x, w, bias);
    clamp_last(&b, -0.5f, 1.5f);
    float *xs = random_f32(&b, zi_tensor_elems(&b.g->tensors[x]), 1.0f);
    float *ws = random_f32(&b, zi_tensor_elems(&b.g->tensors[w]), 1.0f);
    const float *weights = constant_weights ? b.g->tensors[w].data : ws;
    double *wide_x = widened(&b, x, xs, NULL), *wide_w = widened(&b, w, weights, NULL);
    double *sum = sums(&b, wide_x, wide_w);
    float *out = run_last(&b, (const void *[]){xs, constant_weights ? NULL : ws, NULL});
    for (size_t i = 0; i < zi_tensor_elems(&b.g->tensors[y]); i++) {
        const float *bs = b.g->tensors[bias].data;
        const float v = (float)sum[i] + bs[i % (size_t)g->w[0]];
        assert_true(fabsf(out[i] - fminf(fmaxf(v, -0.5f), 1.5f)) < 1e-4f);
    }
    free(out);
    free(sum);
    free(wide_x);
    free(wide_w);
    free(xs);
    free(ws);
    builder_free(&b);
}

static void float_nodes_compute_their_definition(void **state)
{
    (void)state;
    for (int i = 0; i < N_GEOMETRIES; i++) {
        check_float(&geometries[i], true);
        check_float(&geometries[i], false);
    }
}

/* ---- int8 ---- */

static zi_id build_s8(builder *b, const char *name, int32_t rank, const int32_t *dims)
{
    zi_id id = build_const(b, name, ZURT_S8, rank, dims, NULL);
    int8_t *data = (int8_t *)(uintptr_t)b->g->tensors[id].data;
    for (size_t i = 0; i < zi_tensor_elems(&b->g->tensors[id]); i++)
        data[i] = (int8_t)builder_int(b, -127, 127);
    return id;
}

static void quantise_weights(builder *b, zi_id w, bool per_channel, bool zero_points)
{
    float scale[128];
    int32_t zero[128];
    const uint32_t n = per_channel ? (uint32_t)b->g->tensors[w].dims[0] : 1;
    for (uint32_t i = 0; i < n; i++) {
        scale[i] = 0.002f * (1.0f + (float)i * 0.1f);
        zero[i] = zero_points ? builder_int(b, -128, 127) : 0;
    }
    assert_int_equal(zi_graph_set_quant(b->ctx, b->g, w, n, 0, scale, zero), ZURT_OK);
}

static void check_int8(const geometry *g, bool per_channel, bool zero_points)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, 4, g->x);
    build_quant(&b, x, 0.05f, -7);
    zi_id w = build_s8(&b, "w", 4, g->w);
    quantise_weights(&b, w, per_channel, zero_points);
    zi_id bias = build_const(&b, "b", ZURT_S32, 1, g->w, NULL);
    int32_t *bs = (int32_t *)(uintptr_t)b.g->tensors[bias].data;
    for (int32_t i = 0; i < g->w[0]; i++)
        bs[i] = builder_int(&b, -20000, 20000);
    zi_id y = build_op(&b, g->op, "y", ATTR(.conv = g->conv), 3, x, w, bias);
    build_quant(&b, y, 0.1f, 20);
    clamp_last(&b, -INFINITY, 8.0f); // 8 / 0.1 + 20 = 100
    const zi_tensor *wt = &b.g->tensors[w];
    int8_t *xs = random_s8(&b, zi_tensor_elems(&b.g->tensors[x]));
    double *wide_x = widened(&b, x, xs, (const int32_t[]){-7});
    double *wide_w = widened(&b, w, wt->data, wt->quant.zero_point);
    double *sum = sums(&b, wide_x, wide_w);
    int8_t *out = run_last(&b, (const void *[]){xs, NULL, NULL});
    for (size_t i = 0; i < zi_tensor_elems(&b.g->tensors[y]); i++) {
        const size_t o = i % (size_t)g->w[0];
        const double s_w = (double)wt->quant.scale[per_channel ? o : 0];
        zi_multiplier m;
        assert_true(zi_multiplier_from_real((double)0.05f * s_w / (double)0.1f, &m));
        const int32_t q = zi_requant((int32_t)sum[i] + bs[o], m.multiplier, m.shift) + 20;
        assert_int_equal(out[i], zi_clamp(q, -128, 100));
    }
    free(out);
    free(sum);
    free(wide_x);
    free(wide_w);
    free(xs);
    builder_free(&b);
}

static void int8_nodes_compute_their_definition(void **state)
{
    (void)state;
    for (int i = 0; i < N_GEOMETRIES; i++) {
        check_int8(&geometries[i], true, false);
        check_int8(&geometries[i], false, true);
        check_int8(&geometries[i], true, true);
    }
}

static void fully_connected_takes_any_rank(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(2, 3, 5));
    zi_id w = build_noise(&b, "w", DIMS(7, 5));
    zi_id y = build_op(&b, ZI_OP_FullyConnected, "y", NULL, 2, x, w);
    float *xs = random_f32(&b, 30, 1.0f);
    const float *ws = b.g->tensors[w].data;
    float *out = run_last(&b, (const void *[]){xs, NULL});
    assert_int_equal(zi_tensor_elems(&b.g->tensors[y]), 42);
    for (int i = 0; i < 42; i++) {
        float v = 0.0f;
        for (int k = 0; k < 5; k++)
            v += xs[i / 7 * 5 + k] * ws[i % 7 * 5 + k];
        assert_true(fabsf(out[i] - v) < 1e-5f);
    }
    free(out);
    free(xs);
    builder_free(&b);
}

static void an_empty_batch_computes_nothing(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(0, 4, 4, 3));
    zi_id w = build_noise(&b, "w", DIMS(2, 3, 3, 3));
    build_op(&b, ZI_OP_Conv, "y", ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}),
             2, x, w);
    const float none = 0.0f;
    free(run_last(&b, (const void *[]){&none, NULL}));
    builder_free(&b);
}

/* ---- refusals ---- */

/* A quantised 1x1 convolution of `channels` inputs, all weights `value`. */
static builder pointwise(int32_t channels, int8_t value, float out_scale, bool constant)
{
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_S8, DIMS(1, 1, 1, channels));
    build_quant(&b, x, 0.5f, 0);
    zi_id w = constant ? build_const(&b, "w", ZURT_S8, DIMS(1, 1, 1, channels), NULL)
                       : build_input(&b, "w", ZURT_S8, DIMS(1, 1, 1, channels));
    if (constant)
        memset((void *)(uintptr_t)b.g->tensors[w].data, value, (size_t)channels);
    build_quant(&b, w, 0.5f, 0);
    zi_id y = build_op(&b, ZI_OP_Conv, "y",
                       ATTR(.conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1}), 2, x, w);
    build_quant(&b, y, out_scale, 0);
    return b;
}

static void expect_refusal(builder b, const char *text)
{
    zk_table kernels;
    zk_table_init(&kernels, 0);
    zi_prepared *p = (void *)&b;
    assert_int_equal(zi_op_prepare(b.ctx, b.g, &b.g->nodes[0], &kernels, 1, &p),
                     ZURT_E_UNSUPPORTED);
    assert_null(p);
    if (!strstr(zurt_ctx_error(b.ctx), text))
        fail_msg("'%s' lacks '%s'", zurt_ctx_error(b.ctx), text);
    builder_free(&b);
}

static void what_int8_cannot_hold_is_refused(void **state)
{
    (void)state;
    expect_refusal(pointwise(8, 1, 1.0f, false), "must be constant");
    expect_refusal(pointwise(66313, 127, 1.0f, true), "may exceed 32 bits");
    expect_refusal(pointwise(8, 1, 1e-7f, true), "too small");
    builder b = pointwise(8, 1, 1.0f, true);
    clamp_last(&b, 1.0f, NAN);
    expect_refusal(b, "not in order");
}

static void the_largest_sum_that_fits_is_taken(void **state)
{
    (void)state;
    builder b = pointwise(66311, 127, 0.5f * 65536.0f, true); // 66311 * 127 * 255 < 2^31
    int8_t *x = malloc(66311);
    memset(x, -128, 66311);
    int8_t *out = run_last(&b, (const void *[]){x, NULL});
    assert_int_equal(out[0], -128);
    free(out);
    free(x);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float_nodes_compute_their_definition),
        cmocka_unit_test(int8_nodes_compute_their_definition),
        cmocka_unit_test(fully_connected_takes_any_rank),
        cmocka_unit_test(an_empty_batch_computes_nothing),
        cmocka_unit_test(what_int8_cannot_hold_is_refused),
        cmocka_unit_test(the_largest_sum_that_fits_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
