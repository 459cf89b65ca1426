/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a53_xnnpack NETWORK: runs a network's operators through XNNPACK's operator interface twice, on
 * one thread, for the A53 model to count the second run operator by operator. Weights and input are
 * seeded noise; the time of its kernels does not depend on them.
 *
 * NETWORK is what networks.py writes: first the bytes of the arena that all tensors lie in, then a
 * line for each operator: its name, offsets of its tensors in the arena, and what its reader below
 * takes. Prints what a53_run prints: the first interval, then operator and multiply-accumulates.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xnnpack.h>

#include "a53_mark.h"

enum { MAX_OPERATORS = 512, MAX_CHANNELS = 65536 };

typedef struct operator_run {
    char name[16];
    xnn_operator_t xnn;
    uint64_t macs;
} operator_run;

typedef struct network {
    int8_t *arena;
    size_t arena_bytes;
    operator_run ops[MAX_OPERATORS];
    size_t n;
} network;

/* Scales and zero points, alike for all: they are not what takes time. */
static const float in_scale = 0.05f, out_scale = 0.1f, weight_scale = 0.002f;
enum { IN_ZERO = 3, OUT_ZERO = -5 };

static void die(const char *what)
{
    fprintf(stderr, "a53_xnnpack: %s\n", what);
    exit(1);
}

static void check(enum xnn_status st, const char *what)
{
    if (st != xnn_status_success)
        die(what);
}

/* The next number of the line. */
static size_t number(FILE *f)
{
    size_t value;
    if (fscanf(f, "%zu", &value) != 1)
        die("a number is missing in the network");
    return value;
}

static void *tensor(const network *n, size_t offset, size_t bytes)
{
    if (offset > n->arena_bytes || bytes > n->arena_bytes - offset)
        die("a tensor lies outside the arena");
    return n->arena + offset;
}

static void *noise(size_t bytes)
{
    static uint64_t state = 1;
    int8_t *p = malloc(bytes + XNN_EXTRA_BYTES);
    for (size_t i = 0; p && i < bytes; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const int8_t v = (int8_t)(state >> 56);
        p[i] = v < -127 ? -127 : v;
    }
    if (!p)
        die("no memory");
    return p;
}

/* Values of normal size. */
static float *float_noise(size_t n)
{
    int8_t *bytes = noise(n);
    float *p = malloc((n + 4) * sizeof(*p));
    for (size_t i = 0; p && i < n; i++)
        p[i] = (float)bytes[i] / 128.0f;
    free(bytes);
    if (!p)
        die("no memory");
    return p;
}

typedef struct conv_shape {
    size_t in, out, height, width, channels_in, channels_out, kernel, stride;
    size_t top, right, bottom, left, groups;
} conv_shape;

static conv_shape read_conv(FILE *f)
{
    conv_shape s;
    size_t *const members[] = {&s.in,           &s.out,    &s.height, &s.width, &s.channels_in,
                               &s.channels_out, &s.kernel, &s.stride, &s.top,   &s.right,
                               &s.bottom,       &s.left,   &s.groups};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        *members[i] = number(f);
    const bool has_groups =
        s.groups && s.channels_in % s.groups == 0 && s.channels_out % s.groups == 0;
    const bool has_window =
        s.height + s.top + s.bottom >= s.kernel && s.width + s.left + s.right >= s.kernel;
    if (!has_groups || !has_window || !s.stride || s.channels_out > MAX_CHANNELS)
        die("a convolution that cannot be");
    return s;
}

static size_t out_pixels(const conv_shape *s)
{
    return ((s->height + s->top + s->bottom - s->kernel) / s->stride + 1) *
           ((s->width + s->left + s->right - s->kernel) / s->stride + 1);
}

static size_t n_weights(const conv_shape *s)
{
    return s->channels_out * s->kernel * s->kernel * (s->channels_in / s->groups);
}

static void read_conv_s8(FILE *f, const network *n, operator_run *op)
{
    const conv_shape s = read_conv(f);
    float *scales = malloc(s.channels_out * sizeof(*scales));
    int32_t *bias = calloc(s.channels_out, sizeof(*bias));
    int8_t *weights = noise(n_weights(&s));
    if (!scales || !bias)
        die("no memory");
    for (size_t i = 0; i < s.channels_out; i++)
        scales[i] = weight_scale * (1.0f + (float)(i % 16) / 16.0f);
    const uint32_t k = (uint32_t)s.kernel, stride = (uint32_t)s.stride;
    check(xnn_create_convolution2d_nhwc_qc8(
              (uint32_t)s.top, (uint32_t)s.right, (uint32_t)s.bottom, (uint32_t)s.left, k, k,
              stride, stride, 1, 1, (uint32_t)s.groups, s.channels_in / s.groups,
              s.channels_out / s.groups, s.channels_in, s.channels_out, IN_ZERO, in_scale, scales,
              weights, bias, OUT_ZERO, out_scale, INT8_MIN, INT8_MAX, 0, &op->xnn),
          "convolution");
    check(xnn_setup_convolution2d_nhwc_qc8(op->xnn, 1, s.height, s.width,
                                           tensor(n, s.in, s.height * s.width * s.channels_in),
                                           tensor(n, s.out, out_pixels(&s) * s.channels_out), NULL),
          "convolution");
    op->macs = out_pixels(&s) * n_weights(&s);
    free(weights);
    free(bias);
    free(scales);
}

static void read_conv_f32(FILE *f, const network *n, operator_run *op)
{
    const conv_shape s = read_conv(f);
    float *bias = calloc(s.channels_out, sizeof(*bias));
    float *weights = float_noise(n_weights(&s));
    if (!bias)
        die("no memory");
    const uint32_t k = (uint32_t)s.kernel, stride = (uint32_t)s.stride;
    check(xnn_create_convolution2d_nhwc_f32(
              (uint32_t)s.top, (uint32_t)s.right, (uint32_t)s.bottom, (uint32_t)s.left, k, k,
              stride, stride, 1, 1, (uint32_t)s.groups, s.channels_in / s.groups,
              s.channels_out / s.groups, s.channels_in, s.channels_out, weights, bias, -1e30f,
              1e30f, 0, &op->xnn),
          "float convolution");
    check(xnn_setup_convolution2d_nhwc_f32(
              op->xnn, 1, s.height, s.width,
              tensor(n, s.in, s.height * s.width * s.channels_in * sizeof(float)),
              tensor(n, s.out, out_pixels(&s) * s.channels_out * sizeof(float)), NULL),
          "float convolution");
    op->macs = out_pixels(&s) * n_weights(&s);
    free(weights);
    free(bias);
}

static void read_dense(FILE *f, const network *n, operator_run *op)
{
    const size_t in = number(f), out = number(f), depth = number(f), width = number(f);
    int8_t *weights = noise(depth * width);
    int32_t *bias = calloc(width + 1, sizeof(*bias));
    if (!bias)
        die("no memory");
    check(xnn_create_fully_connected_nc_qs8(depth, width, depth, width, IN_ZERO, in_scale,
                                            weight_scale, weights, bias, OUT_ZERO, out_scale,
                                            INT8_MIN, INT8_MAX, 0, &op->xnn),
          "fully connected");
    check(xnn_setup_fully_connected_nc_qs8(op->xnn, 1, tensor(n, in, depth), tensor(n, out, width),
                                           NULL),
          "fully connected");
    op->macs = depth * width;
    free(bias);
    free(weights);
}

static void read_add(FILE *f, const network *n, operator_run *op)
{
    const size_t a = number(f), b = number(f), out = number(f), size = number(f);
    check(xnn_create_add_nd_qs8(IN_ZERO, in_scale, IN_ZERO, in_scale, OUT_ZERO, out_scale, INT8_MIN,
                                INT8_MAX, 0, &op->xnn),
          "add");
    check(xnn_setup_add_nd_qs8(op->xnn, 1, &size, 1, &size, tensor(n, a, size), tensor(n, b, size),
                               tensor(n, out, size), NULL),
          "add");
}

static void read_mul(FILE *f, const network *n, operator_run *op)
{
    const size_t a = number(f), b = number(f), out = number(f), size = number(f);
    check(xnn_create_multiply_nd_qs8(IN_ZERO, in_scale, IN_ZERO, in_scale, OUT_ZERO, out_scale,
                                     INT8_MIN, INT8_MAX, 0, &op->xnn),
          "multiply");
    check(xnn_setup_multiply_nd_qs8(op->xnn, 1, &size, 1, &size, tensor(n, a, size),
                                    tensor(n, b, size), tensor(n, out, size), NULL),
          "multiply");
}

static void read_sigmoid(FILE *f, const network *n, operator_run *op)
{
    const size_t in = number(f), out = number(f), size = number(f);
    // the output's scale and zero point are fixed: 1/256 and -128
    check(xnn_create_sigmoid_nc_qs8(1, 1, 1, IN_ZERO, in_scale, INT8_MIN, 1.0f / 256, INT8_MIN,
                                    INT8_MAX, 0, &op->xnn),
          "sigmoid");
    check(xnn_setup_sigmoid_nc_qs8(op->xnn, size, tensor(n, in, size), tensor(n, out, size), NULL),
          "sigmoid");
}

static void read_copy(FILE *f, const network *n, operator_run *op)
{
    const size_t in = number(f), out = number(f), size = number(f);
    check(xnn_create_copy_nc_x8(1, 1, 1, 0, &op->xnn), "copy");
    check(xnn_setup_copy_nc_x8(op->xnn, size, tensor(n, in, size), tensor(n, out, size), NULL),
          "copy");
}

static void read_average(FILE *f, const network *n, operator_run *op)
{
    const size_t in = number(f), out = number(f), pixels = number(f), channels = number(f);
    check(xnn_create_global_average_pooling_nwc_qs8(channels, channels, channels, IN_ZERO, in_scale,
                                                    IN_ZERO, in_scale, INT8_MIN, INT8_MAX, 0,
                                                    &op->xnn),
          "global average");
    check(xnn_setup_global_average_pooling_nwc_qs8(
              op->xnn, 1, pixels, tensor(n, in, pixels * channels), tensor(n, out, channels), NULL),
          "global average");
}

/* As a convolution whose channels stay. */
static void read_max_pool(FILE *f, const network *n, operator_run *op)
{
    const conv_shape s = read_conv(f);
    const uint32_t k = (uint32_t)s.kernel, stride = (uint32_t)s.stride;
    check(xnn_create_max_pooling2d_nhwc_s8((uint32_t)s.top, (uint32_t)s.right, (uint32_t)s.bottom,
                                           (uint32_t)s.left, k, k, stride, stride, 1, 1,
                                           s.channels_in, s.channels_in, s.channels_in, INT8_MIN,
                                           INT8_MAX, 0, &op->xnn),
          "max pool");
    check(xnn_setup_max_pooling2d_nhwc_s8(op->xnn, 1, s.height, s.width,
                                          tensor(n, s.in, s.height * s.width * s.channels_in),
                                          tensor(n, s.out, out_pixels(&s) * s.channels_in), NULL),
          "max pool");
}

static const struct {
    const char *name;
    void (*read)(FILE *f, const network *n, operator_run *op);
} readers[] = {
    {"conv", read_conv_s8}, {"conv_f32", read_conv_f32}, {"dense", read_dense},
    {"add", read_add},      {"mul", read_mul},           {"sigmoid", read_sigmoid},
    {"copy", read_copy},    {"average", read_average},   {"max_pool", read_max_pool},
};

static void read_network(const char *path, network *n)
{
    FILE *f = fopen(path, "r");
    if (!f)
        die("cannot read the network");
    n->arena_bytes = number(f);
    n->arena = noise(n->arena_bytes);
    for (; n->n < MAX_OPERATORS && fscanf(f, "%15s", n->ops[n->n].name) == 1; n->n++) {
        operator_run *op = &n->ops[n->n];
        size_t i = 0;
        while (i < sizeof(readers) / sizeof(readers[0]) && strcmp(op->name, readers[i].name) != 0)
            i++;
        if (i == sizeof(readers) / sizeof(readers[0]))
            die("an operator that is not known");
        readers[i].read(f, n, op);
    }
    if (n->n == MAX_OPERATORS)
        die("too many operators");
    fclose(f);
}

int main(int argc, char **argv)
{
    static network n;
    if (argc != 2) {
        fprintf(stderr, "usage: a53_xnnpack NETWORK\n");
        return 2;
    }
    check(xnn_initialize(NULL), "initialisation");
    read_network(argv[1], &n);
    a53_mark(); // the model begins here
    for (size_t i = 0; i < n.n; i++)
        check(xnn_run_operator(n.ops[i].xnn, NULL), n.ops[i].name);
    a53_mark();
    for (size_t i = 0; i < n.n; i++) {
        check(xnn_run_operator(n.ops[i].xnn, NULL), n.ops[i].name);
        a53_mark();
    }
    printf("2\n"); // the intervals before the first mark and between the first two are not counted
    for (size_t i = 0; i < n.n; i++) {
        printf("%s\t%" PRIu64 "\t%zu\n", n.ops[i].name, n.ops[i].macs, i);
        xnn_delete_operator(n.ops[i].xnn);
    }
    free(n.arena);
    return 0;
}
