/* SPDX-License-Identifier: Apache-2.0 */
/* What a session does in a child process: it answers or refuses, and never waits for threads that
 * are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/ctx_fixture.h"
#include "support/model_fixture.h"
#include "support/sample_graph.h"

typedef struct subject {
    zurt_ctx *ctx;
    zi_graph *g;
    struct zurt_model model;
    zurt_session *s;
    zt_io want; // of the parent
} subject;

static zurt_status run(const subject *f, const zt_io *io)
{
    return zurt_session_run(f->s, io->in, f->g->n_inputs, io->out, f->g->n_outputs);
}

static subject make(zurt_ctx *ctx, zurt_device device, uint32_t fallback)
{
    subject f = {.ctx = ctx, .g = sample_graph(ctx)};
    assert_non_null(f.g);
    f.model = zt_model_of(f.g);
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = device;
    o.streams = 2;
    o.threads = 3;
    o.fallback = fallback;
    if (zurt_session_create(ctx, &f.model, &o, &f.s))
        fail_msg("%s", zurt_ctx_error(ctx));
    f.want = zt_io_create(f.g, 1);
    assert_int_equal(run(&f, &f.want), ZURT_OK);
    return f;
}

static void finish(subject *f)
{
    zurt_session_destroy(f->s);
    zt_io_destroy(&f->want);
    zi_graph_destroy(f->g);
}

/* In the child. Each refusal must say why; the first thing that is wrong ends it. */
static int misbehaves(subject *f, zurt_status expected)
{
    zt_io io = zt_io_create(f->g, 1);
    uint64_t ticket = 1;
    const zurt_status st = run(f, &io);
    if (st != expected || (st && !strstr(zurt_ctx_error(f->ctx), "forked")))
        return 1;
    if (!st && zt_io_compare(&io, &f->want) != -1)
        return 2;
    if (zurt_session_submit(f->s, io.in, f->g->n_inputs, io.out, f->g->n_outputs, &ticket) !=
            ZURT_E_ARG ||
        ticket != 0 || !strstr(zurt_ctx_error(f->ctx), "zurt_session_run()"))
        return 3;
    if (zurt_session_wait(f->s, 1, UINT32_MAX) != ZURT_E_ARG)
        return 4;
    zurt_session *guest;
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.helpers = f->s;
    if (zurt_session_create(f->ctx, &f->model, &o, &guest) != ZURT_E_ARG ||
        !strstr(zurt_ctx_error(f->ctx), "forked"))
        return 7;
    zurt_session_destroy(f->s);
    zt_io_destroy(&io);
    f->s = NULL;
    // a session of its own has workers of its own
    o.helpers = NULL;
    o.threads = 2;
    if (zurt_session_create(f->ctx, &f->model, &o, &f->s))
        return 5;
    io = zt_io_create(f->g, 1);
    if (zurt_session_submit(f->s, io.in, f->g->n_inputs, io.out, f->g->n_outputs, &ticket) ||
        zurt_session_wait(f->s, ticket, UINT32_MAX) || zt_io_compare(&io, &f->want) != -1)
        return 6;
    zurt_session_destroy(f->s);
    zt_io_destroy(&io);
    return 0;
}

static void in_a_child(subject *f, zurt_status expected)
{
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(30); // instead of for ever
        _exit(misbehaves(f, expected));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("the child ended by %s %d", WIFEXITED(status) ? "status" : "signal",
                 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void parent_still_works(subject *f)
{
    zt_io io = zt_io_create(f->g, 1);
    uint64_t ticket;
    assert_int_equal(run(f, &io), ZURT_OK);
    assert_int_equal(zt_io_compare(&io, &f->want), -1);
    assert_int_equal(
        zurt_session_submit(f->s, io.in, f->g->n_inputs, io.out, f->g->n_outputs, &ticket),
        ZURT_OK);
    assert_int_equal(zurt_session_wait(f->s, ticket, UINT32_MAX), ZURT_OK);
    assert_int_equal(zt_io_compare(&io, &f->want), -1);
    zt_io_destroy(&io);
}

static void a_child_computes_on_the_cpu(void **state)
{
    subject f = make(*state, ZURT_DEVICE_CPU, 0);
    in_a_child(&f, ZURT_OK);
    parent_still_works(&f);
    finish(&f);
}

static void a_child_has_no_device(void **state)
{
    subject f = make(*state, ZURT_DEVICE_SIM, 0);
    in_a_child(&f, ZURT_E_DEVICE);
    parent_still_works(&f);
    finish(&f);
}

static void a_child_falls_back(void **state)
{
    subject f = make(*state, ZURT_DEVICE_SIM, 1);
    in_a_child(&f, ZURT_OK);
    parent_still_works(&f);
    finish(&f);
}

/* Forked while every worker of the parent is at work or waits. */
static void a_child_of_a_busy_parent_does_not_wait(void **state)
{
    subject f = make(*state, ZURT_DEVICE_CPU, 0);
    zt_io io = zt_io_create(f.g, 1);
    for (int i = 0; i < 50; i++) {
        uint64_t ticket;
        assert_int_equal(
            zurt_session_submit(f.s, io.in, f.g->n_inputs, io.out, f.g->n_outputs, &ticket),
            ZURT_OK);
        in_a_child(&f, ZURT_OK);
        assert_int_equal(zurt_session_wait(f.s, ticket, UINT32_MAX), ZURT_OK);
        assert_int_equal(zt_io_compare(&io, &f.want), -1);
    }
    zt_io_destroy(&io);
    finish(&f);
}

/* AddressSanitizer of gcc 12 has locks of its own, which a fork may find taken by a thread that the
 * child does not have: it waits for them for ever, whatever the program does. */
#ifdef __SANITIZE_ADDRESS__
#define MAY_FORK false
#else
#define MAY_FORK true
#endif

int main(void)
{
    if (!MAY_FORK) {
        printf("skipped: AddressSanitizer's own locks do not survive a fork\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_computes_on_the_cpu),
        cmocka_unit_test(a_child_has_no_device),
        cmocka_unit_test(a_child_falls_back),
        cmocka_unit_test(a_child_of_a_busy_parent_does_not_wait),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
