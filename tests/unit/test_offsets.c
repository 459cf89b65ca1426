/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets of allocations that are needed for a while each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "plan/offsets.h"
#include "support/bytes_source.h"
#include "support/test_allocator.h"

enum { MOST = 40 };

typedef struct answer {
    bool memory;
    size_t end, failed;
} answer;

static answer assign(zi_allocation *allocations, size_t n, size_t limit)
{
    zt_allocator allocator;
    zurt_ctx *ctx = zt_ctx_create(&allocator, 0);
    zi_arena temporary;
    answer a;
    zi_arena_init(&temporary, &ctx->allocator);
    a.memory = zi_assign_offsets(allocations, n, &temporary, limit, &a.end, &a.failed);
    zi_arena_clear(&temporary);
    zurt_ctx_destroy(ctx);
    return a;
}

static bool meets(const zi_allocation *a, const zi_allocation *b)
{
    bool time = a->first <= b->last && b->first <= a->last;
    return time && a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

/* By trying every offset from 0 on. */
static size_t lowest(const zi_allocation *allocations, size_t i)
{
    zi_allocation b = allocations[i];
    for (b.offset = 0;; b.offset++) {
        size_t k = 0;
        while (k < i && !meets(&b, &allocations[k]))
            k++;
        if (k == i)
            return b.offset;
    }
}

static void each_is_as_low_as_it_fits(void **state)
{
    uint64_t seed = 20261201;
    (void)state;
    for (int round = 0; round < 300; round++) {
        zi_allocation allocations[MOST];
        const size_t n = zt_random(&seed) % (MOST + 1);
        size_t end = 0;
        for (size_t i = 0; i < n; i++) {
            uint32_t first = (uint32_t)(zt_random(&seed) % 20);
            allocations[i] = (zi_allocation){.first = first,
                                             .last = first + (uint32_t)(zt_random(&seed) % 6),
                                             .owner = (uint32_t)i,
                                             .size = zt_random(&seed) % 50};
        }
        answer a = assign(allocations, n, SIZE_MAX / 2);
        assert_true(a.memory);
        assert_int_equal(a.failed, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(allocations[i].offset, lowest(allocations, i));
            assert_true(i == 0 || allocations[i].size <= allocations[i - 1].size);
            if (allocations[i].offset + allocations[i].size > end)
                end = allocations[i].offset + allocations[i].size;
        }
        assert_int_equal(a.end, end);
    }
}

static void gap_is_taken(void **state)
{
    zi_allocation b[] = {{0, 9, 0, 40, 0}, {0, 1, 1, 30, 0}, {0, 9, 2, 20, 0}, {2, 9, 3, 10, 0}};
    (void)state;
    answer a = assign(b, 4, 100);
    assert_int_equal(a.end, 90);
    assert_int_equal(b[3].offset, 40); // where owner 1 was
}

static void first_misfit_is_named(void **state)
{
    zi_allocation b[] = {{0, 1, 7, 60, 0}, {1, 2, 8, 50, 0}, {3, 4, 9, 70, 0}};
    (void)state;
    answer a = assign(b, 3, 109);
    assert_true(a.memory);
    assert_int_equal(a.failed, 2);
    assert_int_equal(b[2].owner, 8);
    assert_int_equal(assign(b, 3, 110).failed, 3);
}

static void huge_sizes_do_not_wrap(void **state)
{
    zi_allocation b[] = {{0, 1, 0, SIZE_MAX / 2, 0}, {0, 1, 1, SIZE_MAX / 2, 0}, {0, 1, 2, 3, 0}};
    (void)state;
    assert_int_equal(assign(b, 3, SIZE_MAX / 2).failed, 1);
    zi_allocation c = {0, 1, 0, SIZE_MAX, 0};
    assert_int_equal(assign(&c, 1, SIZE_MAX / 2).failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_as_low_as_it_fits),
        cmocka_unit_test(gap_is_taken),
        cmocka_unit_test(first_misfit_is_named),
        cmocka_unit_test(huge_sizes_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
