/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix of counts of the command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "zurt/counts.h"

static void what_was_added_is_there_and_nothing_else(void **state)
{
    enum { N = 37 };
    static uint32_t want[N][N];
    (void)state;
    counts m = {.n = N};
    uint32_t seed = 5;
    assert_int_equal(counts_get(&m, 3, 4), 0);
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t row = (seed >> 16) % N, col = (seed >> 24) % N;
        counts_add(&m, row, col, 1);
        want[row][col]++;
    }
    assert_false(m.failed);
    for (uint32_t row = 0; row < N; row++) {
        for (uint32_t col = 0; col < N; col++)
            assert_int_equal(counts_get(&m, row, col), want[row][col]);
    }
    counts_free(&m);
}

static void memory_follows_the_cells_not_the_classes(void **state)
{
    (void)state;
    counts m = {.n = UINT32_MAX};
    for (uint32_t i = 0; i < 1000; i++)
        counts_add(&m, UINT32_MAX - i % 50, i % 50, 1);
    assert_int_equal(m.n_cells, 50);
    assert_in_range(m.capacity, 100, 256);
    assert_int_equal(counts_get(&m, UINT32_MAX - 7, 7), 20);
    counts_free(&m);
}

static void pairs_are_off_the_diagonal_most_frequent_first(void **state)
{
    (void)state;
    counts m = {.n = 9};
    static const uint32_t add[][2] = {{8, 1}, {3, 3}, {2, 1}, {2, 0}, {8, 1}, {3, 3}, {3, 3}};
    for (size_t i = 0; i < sizeof(add) / sizeof(add[0]); i++)
        counts_add(&m, add[i][0], add[i][1], 1);
    static const count_cell want[] = {{8, 1, 2}, {2, 0, 1}, {2, 1, 1}};
    size_t n;
    count_cell *pairs = counts_pairs(&m, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(pairs, want, sizeof(want));
    free(pairs);
    counts_free(&m);
    assert_null(counts_pairs(&m, &n));
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_there_and_nothing_else),
        cmocka_unit_test(memory_follows_the_cells_not_the_classes),
        cmocka_unit_test(pairs_are_off_the_diagonal_most_frequent_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
