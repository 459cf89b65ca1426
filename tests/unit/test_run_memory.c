/* SPDX-License-Identifier: Apache-2.0 */
/* A request takes no memory: neither from the ctx's allocator, which tests/conf counts, nor from
 * the C library's, past it. On any number of threads, with several requests in flight. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exec/session.h"
#include "support/ctx_fixture.h"
#include "support/model_fixture.h"
#include "support/random_graph.h"
#include "support/reference.h"

static atomic_size_t n_requests;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define COUNTED 1

/* In place of the C library's, which has the same functions by these names as well. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

void *malloc(size_t size)
{
    atomic_fetch_add(&n_requests, 1);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add(&n_requests, 1);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    atomic_fetch_add(&n_requests, 1);
    return __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
    atomic_fetch_add(&n_requests, 1);
    return __libc_memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
    atomic_fetch_add(&n_requests, 1);
    *out = __libc_memalign(align, size);
    return *out ? 0 : ENOMEM;
}
#else
#define COUNTED 0
#endif

static zurt_session *open_session(zurt_ctx *ctx, zi_graph *g, uint32_t threads)
{
    const struct zurt_model model = zt_model_of(g);
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.threads = threads;
    o.streams = 2;
    o.profile = 1;
    zurt_session *s = NULL;
    if (zurt_session_create(ctx, &model, &o, &s))
        fail_msg("%s", zurt_ctx_error(ctx));
    return s;
}

static void run_and_submit(zurt_session *s, const zi_graph *g, zt_io *a, zt_io *b)
{
    uint64_t first, second;
    assert_int_equal(zurt_session_run(s, a->in, g->n_inputs, a->out, g->n_outputs), ZURT_OK);
    assert_int_equal(zurt_session_submit(s, a->in, g->n_inputs, a->out, g->n_outputs, &first),
                     ZURT_OK);
    assert_int_equal(zurt_session_submit(s, b->in, g->n_inputs, b->out, g->n_outputs, &second),
                     ZURT_OK);
    assert_int_equal(zurt_session_wait(s, second, UINT32_MAX), ZURT_OK);
    assert_int_equal(zurt_session_wait(s, first, UINT32_MAX), ZURT_OK);
}

static void a_request_asks_for_no_memory(void **state)
{
    zurt_ctx *ctx = *state;
    if (!COUNTED)
        skip();
    void *volatile p = malloc(1); // the count counts
    free(p);
    assert_true(atomic_load(&n_requests) > 0);
    for (uint64_t seed = 1; seed <= 24; seed++) {
        zt_source source = zt_source_seed(seed);
        const zt_graph_wish wish = {.max_nodes = 15, .runnable = true, .large = seed % 2};
        zi_graph *g = zt_random_graph(ctx, &source, &wish, NULL);
        assert_non_null(g);
        assert_int_equal(zi_graph_check(ctx, g), ZURT_OK);
        zurt_session *s = open_session(ctx, g, 1 + (uint32_t)seed % 4);
        zt_io a = zt_io_create(g, seed), b = zt_io_create(g, seed);
        run_and_submit(s, g, &a, &b); // threads are awake, and the C library's own set up
        atomic_store(&n_requests, 0);
        run_and_submit(s, g, &a, &b);
        if (atomic_load(&n_requests))
            fail_msg("seed %u: %zu requests", (unsigned)seed, atomic_load(&n_requests));
        zurt_session_destroy(s);
        zt_io_destroy(&a);
        zt_io_destroy(&b);
        zi_graph_destroy(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_asks_for_no_memory),
    };
    return cmocka_run_group_tests(tests, zt_ctx_setup, zt_ctx_teardown);
}
