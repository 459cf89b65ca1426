/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of one session on several threads: submitted, waited for, cancelled, told by poll(). */
#include "base/thread.h"
#include <poll.h>
#include <pthread.h>

#include "unit/session_fixture.h"

static zurt_status wait_any(zurt_session *s, uint32_t timeout_ms, uint64_t expected)
{
    uint64_t ticket = 0;
    const zurt_status st = zurt_session_wait_any(s, timeout_ms, &ticket);
    assert_true(ticket == expected);
    return st;
}

static void release(int n)
{
    for (int i = 0; i < n; i++)
        sem_post(&zt_device.gate);
}

// ---- whichever is done first

static void any_request_is_waited_for(void **state)
{
    fixture *f = *state;
    zt_device.hold = true;
    zurt_session *s = on_device(f, 2, 0);
    uint64_t first, second, ticket = 1;
    assert_int_equal(zurt_session_wait_any(s, 0, &ticket), ZURT_E_ARG); // nothing in flight
    assert_true(ticket == 0);
    assert_int_equal(zurt_session_wait_any(s, 0, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_session_wait_any(NULL, 0, &ticket), ZURT_E_ARG);
    assert_int_equal(submit(f, s, 0, &first), ZURT_OK);
    assert_int_equal(wait_any(s, 0, 0), ZURT_E_TIMEOUT);
    assert_int_equal(wait_any(s, 5, 0), ZURT_E_TIMEOUT);
    release(1);
    assert_int_equal(wait_any(s, UINT32_MAX, first), ZURT_OK);
    assert_sum(f->out[0]);
    assert_int_equal(zurt_session_wait(s, first, 0), ZURT_E_ARG); // used up
    assert_int_equal(submit(f, s, 1, &second), ZURT_OK);
    zt_device.fail_every = 1;
    release(1);
    assert_int_equal(wait_any(s, UINT32_MAX, second), ZURT_E_DEVICE); // the request's own
    zurt_session_destroy(s);
}

static bool all_done(zurt_session *s, uint32_t n)
{
    pthread_mutex_lock(&s->mutex);
    const bool all = s->n_done == n;
    pthread_mutex_unlock(&s->mutex);
    return all;
}

static void answers_come_in_the_order_they_were_done(void **state)
{
    fixture *f = *state;
    zurt_session *s = on_device(f, 8, 0);
    uint64_t ticket[8], expected[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(submit(f, s, i, &ticket[i]), ZURT_OK);
    while (!all_done(s, 8))
        zi_sleep_ns(100000);
    for (int i = 0; i < 8; i++)
        expected[s->streams[i].done_number - 1] = s->streams[i].ticket;
    for (int i = 0; i < 8; i++)
        assert_int_equal(wait_any(s, UINT32_MAX, expected[i]), ZURT_OK);
    zurt_session_destroy(s);
}

// ---- cancel

static void a_request_is_cancelled(void **state)
{
    fixture *f = *state;
    zt_device.hold = true;
    zurt_session *s = on_device(f, 1, 0);
    uint64_t ticket;
    assert_int_equal(zurt_session_cancel(s, 1), ZURT_E_ARG);
    assert_int_equal(zurt_session_cancel(s, 0), ZURT_E_ARG);
    assert_int_equal(zurt_session_cancel(NULL, 1), ZURT_E_ARG);
    assert_int_equal(submit(f, s, 0, &ticket), ZURT_OK);
    assert_int_equal(zurt_session_cancel(s, ticket), ZURT_OK);
    assert_int_equal(zurt_session_cancel(s, ticket), ZURT_OK); // once more is as well
    release(1);                                                // it may have begun
    const zurt_status st = zurt_session_wait(s, ticket, UINT32_MAX);
    assert_true(st == ZURT_E_CANCELLED || st == ZURT_OK); // ZURT_OK: a launch goes on to its end
    assert_int_equal(zurt_session_cancel(s, ticket), ZURT_E_ARG);
    while (sem_trywait(&zt_device.gate) == 0)
        continue;
    release(1);
    assert_int_equal(submit(f, s, 1, &ticket), ZURT_OK); // the next one is whole
    assert_int_equal(zurt_session_wait(s, ticket, UINT32_MAX), ZURT_OK);
    assert_sum(f->out[1]);
    zurt_session_destroy(s);
}

/* The session of f's ctx; a second node, so that there is an "in between". */
typedef struct canceller {
    zurt_session *session;
    uint64_t ticket;
    sem_t submitted;
} canceller;

static void cancel_it(void *self)
{
    canceller *c = self;
    sem_wait(&c->submitted);
    zurt_session_cancel(c->session, c->ticket);
}

static void what_follows_a_launch_is_not_computed(void **state)
{
    fixture *f = *state;
    zi_id out = add_tensor(f, "minus"), sum = f->g->outputs[0];
    zi_node *n;
    assert_int_equal(zi_graph_add_node(f->ctx, f->g, ZI_OP_Relu, "relu", &sum, 1, &out, 1, &n),
                     ZURT_OK);
    f->g->outputs[0] = out;
    zt_device.ops[0] = zt_device.ops[1] = 0;
    zt_device.ops[ZI_OP_Add / 64] = UINT64_C(1) << ZI_OP_Add % 64; // Relu is the CPU's
    canceller c;
    sem_init(&c.submitted, 0, 0);
    zt_device.on_wait = cancel_it;
    zt_device.self = &c;
    c.session = on_device(f, 1, 0);
    assert_int_equal(submit(f, c.session, 0, &c.ticket), ZURT_OK);
    sem_post(&c.submitted);
    assert_int_equal(zurt_session_wait(c.session, c.ticket, UINT32_MAX), ZURT_E_CANCELLED);
    assert_string_equal(zurt_ctx_error(f->ctx), "cancelled: the outputs are not whole");
    assert_int_equal(atomic_load(&zt_device.n_waits), 1); // the launch went on to its end
    zt_device.on_wait = NULL;
    assert_int_equal(zurt_session_run(c.session, f->in, 2, f->span, 1), ZURT_OK);
    assert_sum(f->out[0]);
    zurt_session_destroy(c.session);
}

// ---- a descriptor

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1 && p.revents == POLLIN;
}

static void poll_is_told_of_answers(void **state)
{
    fixture *f = *state;
    zt_device.hold = true;
    zurt_session *s = on_device(f, 2, 0);
    uint64_t ticket[2];
    int fd, same;
    assert_int_equal(zurt_session_completion_fd(NULL, &fd), ZURT_E_ARG);
    assert_int_equal(zurt_session_completion_fd(s, NULL), ZURT_E_ARG);
    assert_int_equal(zurt_session_completion_fd(s, &fd), ZURT_OK);
    assert_int_equal(zurt_session_completion_fd(s, &same), ZURT_OK);
    assert_int_equal(fd, same);
    assert_false(is_readable(fd, 0));
    for (int round = 0; round < 3; round++) {
        assert_int_equal(submit(f, s, 0, &ticket[0]), ZURT_OK);
        assert_int_equal(submit(f, s, 1, &ticket[1]), ZURT_OK);
        assert_false(is_readable(fd, 0));
        release(2);
        assert_true(is_readable(fd, -1));
        assert_int_equal(zurt_session_wait(s, ticket[0], UINT32_MAX), ZURT_OK);
        assert_true(is_readable(fd, -1)); // the other one
        assert_int_equal(wait_any(s, UINT32_MAX, ticket[1]), ZURT_OK);
        assert_false(is_readable(fd, 0));
    }
    zurt_session_destroy(s);
}

static void a_descriptor_asked_for_late_knows_of_answers(void **state)
{
    fixture *f = *state;
    zurt_session *s = on_device(f, 1, 0);
    uint64_t ticket;
    int fd;
    assert_int_equal(submit(f, s, 0, &ticket), ZURT_OK);
    while (!all_done(s, 1))
        zi_sleep_ns(100000);
    assert_int_equal(zurt_session_completion_fd(s, &fd), ZURT_OK);
    assert_true(is_readable(fd, 1000));
    assert_int_equal(zurt_session_wait(s, ticket, UINT32_MAX), ZURT_OK);
    assert_false(is_readable(fd, 0));
    zurt_session_destroy(s);
}

// ---- many threads

enum { THREADS = 4, ROUNDS = 400 };

typedef struct user {
    fixture *f;
    zurt_session *session;
    int number;
    uint32_t n_answers, n_cancelled;
    bool failed;
} user;

/* Each thread with an output of its own, in all three ways. */
static void *use_it(void *arg)
{
    user *u = arg;
    int8_t out[32];
    const zurt_span span = {out, sizeof(out)};
    const zurt_view bad = {out, 31};
    for (int i = 0; i < ROUNDS && !u->failed; i++) {
        uint64_t ticket = 0;
        zurt_status st;
        memset(out, 0, sizeof(out));
        if (i % 3 == 0) {
            st = zurt_session_run(u->session, u->f->in, 2, &span, 1);
        } else {
            st = zurt_session_submit(u->session, u->f->in, 2, &span, 1, &ticket);
            if (!st && i % 3 == 1)
                u->failed |= zurt_session_cancel(u->session, ticket) != ZURT_OK;
            if (!st)
                st = zurt_session_wait(u->session, ticket, UINT32_MAX);
        }
        if (!st) {
            u->n_answers++;
            for (int k = 0; k < 32; k++)
                u->failed |= out[k] != 3 * k;
        } else if (st == ZURT_E_CANCELLED) {
            u->n_cancelled++;
        } else {
            u->failed |= st != ZURT_E_LIMIT; // the others have all streams
        }
        // The text is this thread's own, whatever the others fail by.
        char expected[96];
        snprintf(expected, sizeof(expected),
                 "the model has 2 inputs and 1 outputs, %d and 1 were given", 3 + u->number);
        zurt_view many[3 + THREADS] = {bad};
        zurt_session_run(u->session, many, (size_t)(3 + u->number), &span, 1);
        u->failed |= strcmp(zurt_ctx_error(u->f->ctx), expected) != 0;
    }
    return NULL;
}

static void many_threads_share_a_session(void **state)
{
    fixture *f = *state;
    zurt_session *s = on_device(f, 3, 0);
    user users[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        users[i] = (user){.f = f, .session = s, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, use_it, &users[i]), 0);
    }
    uint32_t n_answers = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(users[i].failed);
        n_answers += users[i].n_answers;
    }
    assert_true(n_answers > 0);
    assert_int_equal(s->n_busy, 0);
    assert_int_equal(s->n_done, 0);
    zurt_session_destroy(s);
}

/* A thread submits, another one collects whatever is done, as a camera and a display would. */
typedef struct pipeline {
    fixture *f;
    zurt_session *session;
    sem_t submitted;
    atomic_uint_least64_t sum_submitted;
} pipeline;

static void *capture(void *arg)
{
    pipeline *p = arg;
    for (int i = 0; i < ROUNDS;) {
        uint64_t ticket;
        zurt_status st = submit(p->f, p->session, i % 16, &ticket);
        if (st == ZURT_E_LIMIT) {
            zi_sleep_ns(50000);
            continue;
        }
        if (st)
            return NULL;
        atomic_fetch_add(&p->sum_submitted, ticket);
        sem_post(&p->submitted);
        i++;
    }
    return p;
}

static void one_thread_submits_and_another_collects(void **state)
{
    fixture *f = *state;
    pipeline p = {.f = f, .session = on_device(f, 4, 0)};
    pthread_t thread;
    uint64_t sum = 0;
    void *result;
    sem_init(&p.submitted, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, capture, &p), 0);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t ticket;
        sem_wait(&p.submitted);
        assert_int_equal(zurt_session_wait_any(p.session, UINT32_MAX, &ticket), ZURT_OK);
        sum += ticket;
    }
    pthread_join(thread, &result);
    assert_ptr_equal(result, &p);
    assert_true(sum == atomic_load(&p.sum_submitted)); // each once
    zurt_session_destroy(p.session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_request_is_waited_for),    TEST(answers_come_in_the_order_they_were_done),
        TEST(a_request_is_cancelled),       TEST(what_follows_a_launch_is_not_computed),
        TEST(poll_is_told_of_answers),      TEST(a_descriptor_asked_for_late_knows_of_answers),
        TEST(many_threads_share_a_session), TEST(one_thread_submits_and_another_collects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
