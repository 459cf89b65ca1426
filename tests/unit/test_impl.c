/* SPDX-License-Identifier: Apache-2.0 */
/* How ops share work among threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ops/impl.h"

/* Stands for a pool: notes what it is asked for. */
static void note_tasks(void *self, zi_task_fn *fn, void *arg, uint32_t n_tasks)
{
    *(uint32_t *)self = n_tasks;
    for (uint32_t task = 0; task < n_tasks; task++)
        fn(arg, task, n_tasks);
}

static void count(void *arg, uint32_t task, uint32_t n_tasks)
{
    (void)task;
    (void)n_tasks;
    ++*(uint32_t *)arg;
}

static uint32_t tasks_for(uint32_t n_threads, int64_t work)
{
    uint32_t asked = 1, ran = 0;
    const zi_parallel parallel = {note_tasks, &asked, n_threads};
    const zi_op_args args = {.parallel = &parallel};
    zi_op_parallel(&args, count, &ran, work);
    assert_int_equal(ran, asked);
    return asked;
}

static void little_work_is_one_task(void **state)
{
    (void)state;
    assert_int_equal(tasks_for(4, 0), 1);
    assert_int_equal(tasks_for(4, ZI_OP_GRAIN), 1);
    assert_int_equal(tasks_for(4, 3 * ZI_OP_GRAIN), 3);
}

static void much_work_is_more_tasks_than_threads(void **state)
{
    (void)state;
    assert_in_range(tasks_for(4, INT64_MAX), 5, 16);
    assert_in_range(tasks_for(64, INT64_MAX), 65, 256);
}

static void one_thread_gets_one_task(void **state)
{
    (void)state;
    assert_int_equal(tasks_for(1, INT64_MAX), 1);
}

static void a_slot_is_lent_to_one_task_at_a_time(void **state)
{
    (void)state;
    zi_slots slots = {0};
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(zi_slots_take(&slots), i);
    zi_slots_give(&slots, 63);
    zi_slots_give(&slots, 17);
    assert_int_equal(zi_slots_take(&slots), 17);
    assert_int_equal(zi_slots_take(&slots), 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_work_is_one_task),
        cmocka_unit_test(much_work_is_more_tasks_than_threads),
        cmocka_unit_test(one_thread_gets_one_task),
        cmocka_unit_test(a_slot_is_lent_to_one_task_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
