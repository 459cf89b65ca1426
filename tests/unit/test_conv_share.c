/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions cut up for threads: everything once, and evenly. */
#include "ops/conv_share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/parallel.h"

enum { MAX_OUTPUTS = 4096 };

static zk_conv_shape square(int32_t size, int32_t in_c, int32_t out_c, int32_t kernel)
{
    return (zk_conv_shape){.batch = 1,
                           .in_h = size,
                           .in_w = size,
                           .in_c = in_c,
                           .out_h = size,
                           .out_w = size,
                           .out_c = out_c,
                           .kernel_h = kernel,
                           .kernel_w = kernel,
                           .stride_h = 1,
                           .stride_w = 1,
                           .dilation_h = 1,
                           .dilation_w = 1,
                           .pad_top = kernel / 2,
                           .pad_left = kernel / 2,
                           .groups = 1};
}

/* Counts how often each output is computed, by n_tasks tasks. */
static void compute(const zk_conv_shape *s, const zi_conv_parts *parts, uint32_t n_tasks,
                    uint8_t *computed)
{
    for (uint32_t task = 0; task < n_tasks; task++) {
        int64_t first, last;
        zi_task_range(task, n_tasks, zi_conv_n_parts(parts), &first, &last);
        for (uint32_t begin = (uint32_t)first; begin < last;) {
            const uint32_t before = begin;
            const zi_conv_range r = zi_conv_next(s, parts, &begin, (uint32_t)last);
            assert_true(begin > before && begin <= last);
            assert_true(r.pixel_begin >= 0 && r.pixel_end <= zk_conv_pixels(s));
            assert_true(r.channel_begin >= 0 && r.channel_end <= s->out_c);
            for (int64_t i = r.pixel_begin; i < r.pixel_end; i++) {
                for (int32_t c = r.channel_begin; c < r.channel_end; c++)
                    computed[i * s->out_c + c]++;
            }
        }
    }
}

static void every_output_is_computed_once(void **state)
{
    (void)state;
    static uint8_t computed[MAX_OUTPUTS];
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        uint32_t v[6];
        for (int i = 0; i < 6; i++) {
            seed = seed * 1664525u + 1013904223u;
            v[i] = seed >> 16;
        }
        const zk_conv_shape s = square((int32_t)(1 + v[0] % 8), (int32_t)(1 + v[1] % 300),
                                       (int32_t)(1 + v[2] % 64), v[1] % 2 ? 1 : 3);
        const zk_conv_grain grain = {1 + v[3] % 20, (int32_t)(1 + v[4] % 20),
                                     (int32_t)(v[5] / 8 % 9)};
        const uint32_t threads = 1 + v[5] % 8;
        const zi_conv_parts parts = zi_conv_parts_choose(&s, grain, threads);
        const size_t n = (size_t)(zk_conv_pixels(&s) * s.out_c);
        assert_true(parts.pixels % grain.pixels == 0 || parts.n_pixels == 1);
        assert_true(parts.channels % grain.channels == 0 || parts.n_channels == 1);
        for (uint32_t n_tasks = 1; n_tasks <= 2 * threads; n_tasks++) {
            memset(computed, 0, n);
            compute(&s, &parts, n_tasks, computed);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(computed[i], 1);
        }
    }
}

static void one_thread_has_one_part(void **state)
{
    (void)state;
    const zk_conv_shape s = square(56, 64, 256, 1);
    const zi_conv_parts parts = zi_conv_parts_choose(&s, zk_conv_grain_default(&s), 1);
    assert_int_equal(zi_conv_n_parts(&parts), 1);
}

static void a_tiny_convolution_is_not_cut(void **state)
{
    (void)state;
    const zk_conv_shape s = square(1, 64, 12, 1);
    const zi_conv_parts parts = zi_conv_parts_choose(&s, zk_conv_grain_default(&s), 4);
    assert_int_equal(zi_conv_n_parts(&parts), 1);
}

/* As the NEON variant has it: Winograd's form for 3x3, by four rows and eight channels. */
static zk_conv_grain grain_of(const zk_conv_shape *s)
{
    if (s->kernel_h == 3 && s->in_c >= 8)
        return (zk_conv_grain){(int64_t)4 * s->out_w, 8, 8};
    return (zk_conv_grain){3, 4, s->kernel_h == 1 ? 0 : 2};
}

/* Multiply-accumulates of the busiest of n threads, each of which takes the next part. */
static double busiest(const zk_conv_shape *s, uint32_t n_threads)
{
    const zk_conv_grain grain = grain_of(s);
    const zi_conv_parts parts = zi_conv_parts_choose(s, grain, n_threads);
    double load[8] = {0}, most = 0.0;
    for (uint32_t i = 0, next = 0; i < zi_conv_n_parts(&parts); i++) {
        const zi_conv_range r = zi_conv_next(s, &parts, &next, i + 1);
        uint32_t idle = 0;
        for (uint32_t t = 1; t < n_threads; t++)
            idle = load[t] < load[idle] ? t : idle;
        load[idle] += (double)(r.pixel_end - r.pixel_begin) *
                      (double)(r.channel_end - r.channel_begin + grain.window) *
                      (double)zk_conv_patch(s);
        most = load[idle] > most ? load[idle] : most;
    }
    return most;
}

/* The convolutions of a network: {size, in_c, out_c, kernel, how many}. */
static const int32_t mobilenet_v2[][5] = {
    {112, 3, 32, 3, 1},   {112, 32, 16, 1, 1}, {112, 16, 96, 1, 1}, {56, 96, 24, 1, 1},
    {56, 24, 144, 1, 2},  {56, 144, 24, 1, 1}, {28, 144, 32, 1, 1}, {28, 32, 192, 1, 3},
    {28, 192, 32, 1, 2},  {14, 192, 64, 1, 1}, {14, 64, 384, 1, 4}, {14, 384, 64, 1, 3},
    {14, 384, 96, 1, 1},  {14, 96, 576, 1, 3}, {14, 576, 96, 1, 2}, {7, 576, 160, 1, 1},
    {7, 160, 960, 1, 3},  {7, 960, 160, 1, 2}, {7, 960, 320, 1, 1}, {7, 320, 1280, 1, 1},
    {1, 1280, 1000, 1, 1}};
static const int32_t resnet_50[][5] = {
    {112, 3, 64, 7, 1},    {56, 64, 64, 1, 1},    {56, 64, 64, 3, 3},    {56, 64, 256, 1, 4},
    {56, 256, 64, 1, 2},   {56, 256, 128, 1, 1},  {28, 128, 128, 3, 4},  {28, 128, 512, 1, 4},
    {28, 512, 128, 1, 3},  {28, 256, 512, 1, 1},  {28, 512, 256, 1, 1},  {14, 256, 256, 3, 6},
    {14, 256, 1024, 1, 6}, {14, 1024, 256, 1, 5}, {14, 512, 1024, 1, 1}, {14, 1024, 512, 1, 1},
    {7, 512, 512, 3, 3},   {7, 512, 2048, 1, 3},  {7, 2048, 512, 1, 2},  {7, 1024, 2048, 1, 1},
    {1, 2048, 1000, 1, 1}};

/* What n threads take of the time of one, if a multiply-accumulate takes as long everywhere. */
static double share(const int32_t (*layers)[5], size_t n_layers, uint32_t n_threads)
{
    double one = 0.0, many = 0.0;
    for (size_t i = 0; i < n_layers; i++) {
        const int32_t *l = layers[i];
        const zk_conv_shape s = square(l[0], l[1], l[2], l[3]);
        one += l[4] * busiest(&s, 1);
        many += l[4] * busiest(&s, n_threads);
    }
    return many / one;
}

static void threads_have_about_as_much_to_do(void **state)
{
    (void)state;
    for (uint32_t threads = 2; threads <= 4; threads++) {
        const double even = 1.0 / threads;
        const double v2 =
            share(mobilenet_v2, sizeof(mobilenet_v2) / sizeof(*mobilenet_v2), threads);
        const double r50 = share(resnet_50, sizeof(resnet_50) / sizeof(*resnet_50), threads);
        print_message("%u threads: MobileNetV2 %.4f, ResNet-50 %.4f of one's work\n",
                      (unsigned)threads, v2, r50);
        assert_true(v2 < even * 1.10 && r50 < even * 1.10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_output_is_computed_once),
        cmocka_unit_test(one_thread_has_one_part),
        cmocka_unit_test(a_tiny_convolution_is_not_cut),
        cmocka_unit_test(threads_have_about_as_much_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
