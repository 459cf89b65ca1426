/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of threads. */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/parallel.h"
#include "base/thread.h"
#include "support/ctx_fixture.h"

enum { MAX_ITEMS = 512 };

typedef struct job {
    uint32_t n_tasks;
    uint32_t done[MAX_ITEMS]; // each written by its own task only: the sanitizer checks the claim
} job;

/* Marks the items of a task: as many as there are tasks at most. */
static void mark(void *arg, uint32_t task, uint32_t n_tasks)
{
    job *j = arg;
    int64_t begin, end;
    assert_true(n_tasks == j->n_tasks || n_tasks == 1);
    assert_true(task < n_tasks);
    zi_task_range(task, n_tasks, j->n_tasks, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        j->done[i]++;
}

static void run_does_every_task_once(void **state)
{
    for (uint32_t threads = 1; threads <= 5; threads++) {
        zi_pool *pool;
        assert_int_equal(zi_pool_create(*state, threads, &pool), ZURT_OK);
        zi_parallel p = zi_pool_parallel(pool);
        assert_int_equal(p.n_threads, threads);
        for (uint32_t n = 0; n < 300; n++) {
            job j = {.n_tasks = n};
            p.run(p.self, mark, &j, n);
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(j.done[i], 1);
        }
        zi_pool_destroy(pool);
    }
}

static void job_results_are_visible_to_the_next_job(void **state)
{
    zi_pool *pool;
    assert_int_equal(zi_pool_create(*state, 4, &pool), ZURT_OK);
    zi_parallel p = zi_pool_parallel(pool);
    job j = {.n_tasks = 7};
    for (uint32_t i = 0; i < 5000; i++)
        p.run(p.self, mark, &j, j.n_tasks); // any thread continues what any other counted
    for (uint32_t i = 0; i < j.n_tasks; i++)
        assert_int_equal(j.done[i], 5000);
    zi_pool_destroy(pool);
}

static void pools_do_not_disturb_each_other(void **state)
{
    zi_pool *a, *b;
    assert_int_equal(zi_pool_create(*state, 3, &a), ZURT_OK);
    assert_int_equal(zi_pool_create(*state, 2, &b), ZURT_OK);
    zi_parallel pa = zi_pool_parallel(a), pb = zi_pool_parallel(b);
    job ja = {.n_tasks = 5}, jb = {.n_tasks = 11};
    for (uint32_t i = 0; i < 200; i++) {
        pa.run(pa.self, mark, &ja, ja.n_tasks);
        pb.run(pb.self, mark, &jb, jb.n_tasks);
    }
    assert_int_equal(ja.done[4], 200);
    assert_int_equal(jb.done[10], 200);
    zi_pool_destroy(a);
    zi_pool_destroy(b);
}

enum { CALLERS = 4, ROUNDS = 2000 };

typedef struct caller {
    zi_parallel parallel;
    job j;
} caller;

static void *call_often(void *arg)
{
    caller *c = arg;
    for (int i = 0; i < ROUNDS; i++)
        c->parallel.run(c->parallel.self, mark, &c->j, c->j.n_tasks);
    return NULL;
}

static void callers_at_once_get_their_own_tasks_done(void **state)
{
    zi_pool *pool;
    assert_int_equal(zi_pool_create(*state, 3, &pool), ZURT_OK);
    caller callers[CALLERS];
    pthread_t threads[CALLERS];
    for (uint32_t i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.parallel = zi_pool_parallel(pool), .j.n_tasks = 2 + 3 * i};
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (uint32_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (uint32_t i = 0; i < CALLERS; i++) {
        for (uint32_t k = 0; k < callers[i].j.n_tasks; k++)
            assert_int_equal(callers[i].j.done[k], ROUNDS);
    }
    zi_pool_destroy(pool);
}

/* Threads that were in a task at once, and the most of them. */
typedef struct crowd {
    atomic_int now, most;
} crowd;

static void linger(void *arg, uint32_t task, uint32_t n_tasks)
{
    crowd *c = arg;
    const int now = atomic_fetch_add(&c->now, 1) + 1;
    int most = atomic_load(&c->most);
    while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
        ;
    (void)task;
    zi_sleep_ns(n_tasks > 1 ? 200000 : 1000000); // others have time to come
    atomic_fetch_sub(&c->now, 1);
}

static int most_at_once(zurt_ctx *ctx, uint32_t threads, uint32_t callers, uint32_t tasks)
{
    zi_pool *pool;
    crowd c = {0};
    assert_int_equal(zi_pool_create(ctx, threads, &pool), ZURT_OK);
    zi_parallel p = zi_pool_parallel(pool);
    for (uint32_t i = 0; i < callers; i++)
        zi_pool_enter(pool);
    p.run(p.self, linger, &c, tasks);
    for (uint32_t i = 0; i < callers; i++)
        zi_pool_leave(pool);
    zi_pool_destroy(pool);
    return atomic_load(&c.most);
}

static void those_that_compute_already_leave_fewer_helpers(void **state)
{
    // how many of those that may help do come is the scheduler's affair; never more
    for (int i = 0; i < 10; i++) {
        assert_in_range(most_at_once(*state, 4, 0, 40), 1, 4);
        assert_in_range(most_at_once(*state, 4, 1, 40), 1, 4);
        assert_in_range(most_at_once(*state, 4, 3, 40), 1, 2);
        assert_int_equal(most_at_once(*state, 4, 4, 40), 1);
        assert_int_equal(most_at_once(*state, 4, 7, 40), 1);
        assert_in_range(most_at_once(*state, 4, 1, 2), 1, 2);
    }
}

static void note_count(void *arg, uint32_t task, uint32_t n_tasks)
{
    assert_int_equal(task, 0);
    *(uint32_t *)arg = n_tasks;
}

static void work_that_nobody_helps_with_is_not_cut_up(void **state)
{
    zi_pool *pool;
    uint32_t n_tasks = 0;
    assert_int_equal(zi_pool_create(*state, 2, &pool), ZURT_OK);
    zi_parallel p = zi_pool_parallel(pool);
    zi_pool_enter(pool);
    zi_pool_enter(pool);
    p.run(p.self, note_count, &n_tasks, 8);
    assert_int_equal(n_tasks, 1);
    zi_pool_leave(pool);
    zi_pool_leave(pool);
    zi_pool_destroy(pool);
}

static void create_refuses_bad_thread_counts(void **state)
{
    zi_pool *pool = (void *)-1;
    assert_int_equal(zi_pool_create(*state, 0, &pool), ZURT_E_ARG);
    assert_null(pool);
    assert_int_equal(zi_pool_create(*state, 65, &pool), ZURT_E_ARG);
    zi_pool_destroy(NULL);
}

static void idle_pool_is_destroyed_at_once_and_after_sleep(void **state)
{
    for (int i = 0; i < 50; i++) {
        zi_pool *pool;
        assert_int_equal(zi_pool_create(*state, 4, &pool), ZURT_OK);
        zi_pool_destroy(pool);
    }
}

static void serial_runs_in_order(void **state)
{
    (void)state;
    zi_parallel p = zi_parallel_serial();
    job j = {.n_tasks = 9};
    p.run(p.self, mark, &j, j.n_tasks);
    for (uint32_t i = 0; i < 9; i++)
        assert_int_equal(j.done[i], 1);
}

static void task_ranges_cover_everything_once(void **state)
{
    (void)state;
    for (uint32_t n_tasks = 1; n_tasks < 9; n_tasks++) {
        for (int64_t n = 0; n < 40; n++) {
            int64_t expected = 0;
            for (uint32_t t = 0; t < n_tasks; t++) {
                int64_t begin, end;
                zi_task_range(t, n_tasks, n, &begin, &end);
                assert_int_equal(begin, expected);
                assert_true(end >= begin);
                expected = end;
            }
            assert_int_equal(expected, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_does_every_task_once),
        cmocka_unit_test(job_results_are_visible_to_the_next_job),
        cmocka_unit_test(pools_do_not_disturb_each_other),
        cmocka_unit_test(callers_at_once_get_their_own_tasks_done),
        cmocka_unit_test(those_that_compute_already_leave_fewer_helpers),
        cmocka_unit_test(work_that_nobody_helps_with_is_not_cut_up),
        cmocka_unit_test(create_refuses_bad_thread_counts),
        cmocka_unit_test(idle_pool_is_destroyed_at_once_and_after_sleep),
        cmocka_unit_test(serial_runs_in_order),
        cmocka_unit_test(task_ranges_cover_everything_once),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
