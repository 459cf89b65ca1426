/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: options, and which device they get. */
#include <stdio.h>

#include "unit/session_fixture.h"

static void defaults_run_on_the_cpu(void **state)
{
    fixture *f = *state;
    zurt_session *s;
    zurt_session_info info;
    assert_int_equal(zurt_session_create(f->ctx, &f->model, NULL, &s), ZURT_OK);
    assert_int_equal(zurt_session_info_get(s, &info), ZURT_OK);
    assert_string_equal(info.device, "cpu");
    assert_int_equal(info.streams, 1);
    assert_int_equal(info.n_steps, 1);
    assert_true(info.threads >= 1);
    assert_int_equal(zurt_session_n_profile(s), 0);
    assert_int_equal(zurt_session_run(s, f->in, 2, f->span, 1), ZURT_OK);
    assert_sum(f->out[0]);
    zurt_session_destroy(s);
    zurt_session_destroy(NULL);
}

static void bad_options_are_refused(void **state)
{
    fixture *f = *state;
    zurt_session_options bad[4];
    for (int i = 0; i < 4; i++)
        bad[i] = (zurt_session_options)ZURT_SESSION_OPTIONS_INIT;
    bad[0].size--;
    bad[1].threads = 65;
    bad[2].streams = 17;
    bad[3].device = (zurt_device)9;
    for (int i = 0; i < 4; i++) {
        zurt_session *s = (void *)-1;
        assert_int_equal(zurt_session_create(f->ctx, &f->model, &bad[i], &s), ZURT_E_ARG);
        assert_null(s);
        assert_true(strlen(zurt_ctx_error(f->ctx)) > 10);
    }
    zurt_session *s;
    assert_int_equal(zurt_session_create(NULL, &f->model, NULL, &s), ZURT_E_ARG);
    assert_int_equal(zurt_session_create(f->ctx, NULL, NULL, &s), ZURT_E_ARG);
    assert_int_equal(zurt_session_create(f->ctx, &f->model, NULL, NULL), ZURT_E_ARG);
}

static uint32_t streams_of(fixture *f, const zurt_session_options *o, const zi_accelerators *a)
{
    zurt_session *s;
    zurt_session_info info;
    if (zi_session_create(f->ctx, &f->model, o, a, &s))
        fail_msg("%s", zurt_ctx_error(f->ctx));
    assert_int_equal(zurt_session_info_get(s, &info), ZURT_OK);
    uint64_t ticket[ZI_MAX_STREAMS];
    for (uint32_t i = 0; i < info.streams; i++)
        assert_int_equal(submit(f, s, (int)i, &ticket[i]), ZURT_OK);
    for (uint32_t i = 0; i < info.streams; i++) {
        assert_int_equal(zurt_session_wait(s, ticket[i], UINT32_MAX), ZURT_OK);
        assert_sum(f->out[i]);
    }
    zurt_session_destroy(s);
    return info.streams;
}

static void no_streams_are_as_many_as_are_of_use(void **state)
{
    fixture *f = *state;
    const zi_accelerators none = {0};
    const zi_accelerators one = {.candidates = {&zt_backend_device}, .n = 1, .required = true};
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.streams = 0;
    o.threads = 3;
    assert_int_equal(streams_of(f, &o, &none), 3);
    assert_int_equal(streams_of(f, &o, &one), 2);
    zt_device.room = 1;
    for (int i = 0; i < 2; i++) {
        zurt_session *s;
        zt_device.fail_with = i ? ZURT_E_DEVICE : ZURT_E_LIMIT;
        assert_int_equal(streams_of(f, &o, &one), 1);
        o.streams = 2; // who asks for two is not given one
        assert_int_equal(zi_session_create(f->ctx, &f->model, &o, &one, &s), zt_device.fail_with);
        o.streams = 0;
    }
    o.threads = 40;
    assert_int_equal(streams_of(f, &o, &none), ZI_MAX_STREAMS);
}

static unsigned count_threads(void)
{
    char line[128];
    unsigned n = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status))
        sscanf(line, "Threads: %u", &n);
    if (status)
        fclose(status);
    return n;
}

/* A session of another ctx, on a thread of its own. */
typedef struct guest {
    fixture *f;
    const zurt_session *host;
    zurt_status status;
    int8_t out[32];
} guest;

static void *guest_main(void *arg)
{
    guest *g = arg;
    zurt_ctx *ctx;
    zurt_session *s = NULL;
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.helpers = g->host;
    g->status = zurt_ctx_create(NULL, &ctx);
    if (g->status)
        return NULL;
    g->status = zurt_session_create(ctx, &g->f->model, &o, &s);
    for (int i = 0; !g->status && i < 100; i++)
        g->status = zurt_session_run(s, g->f->in, 2, &(zurt_span){g->out, sizeof(g->out)}, 1);
    zurt_session_destroy(s);
    zurt_ctx_destroy(ctx);
    return NULL;
}

static void sessions_can_share_their_helpers(void **state)
{
    fixture *f = *state;
    enum { GUESTS = 3 };
    zurt_session *host, *other;
    zurt_session_info info;
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.threads = 4;
    assert_int_equal(zurt_session_create(f->ctx, &f->model, &o, &host), ZURT_OK);
    const unsigned before = count_threads();
    o.threads = 2; // of no effect
    o.helpers = host;
    assert_int_equal(zurt_session_create(f->ctx, &f->model, &o, &other), ZURT_OK);
    assert_int_equal(count_threads(), before ? before + 1 : 0); // the stream's
    assert_int_equal(zurt_session_info_get(other, &info), ZURT_OK);
    assert_int_equal(info.threads, 4);
    pthread_t threads[GUESTS];
    guest guests[GUESTS];
    for (int i = 0; i < GUESTS; i++) {
        guests[i] = (guest){.f = f, .host = host};
        assert_int_equal(pthread_create(&threads[i], NULL, guest_main, &guests[i]), 0);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(zurt_session_run(host, f->in, 2, &f->span[0], 1), ZURT_OK);
        assert_int_equal(zurt_session_run(other, f->in, 2, &f->span[1], 1), ZURT_OK);
    }
    for (int i = 0; i < GUESTS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(guests[i].status, ZURT_OK);
        assert_sum(guests[i].out);
    }
    assert_sum(f->out[0]);
    assert_sum(f->out[1]);
    zurt_session_destroy(other);
    assert_int_equal(zurt_session_run(host, f->in, 2, &f->span[0], 1), ZURT_OK);
    zurt_session_destroy(host);
}

static void a_device_of_no_back_end_is_absent(void **state)
{
    fixture *f = *state;
    size_t n_rows;
    const zi_device_row *rows = zi_device_rows(&n_rows);
    for (zurt_device d = ZURT_DEVICE_XRT; d <= ZURT_DEVICE_SIM; d++) {
        bool built_in = false;
        for (size_t i = 0; i < n_rows; i++)
            built_in = built_in || rows[i].device == d;
        if (built_in)
            continue;
        zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
        options.device = d;
        zurt_session *s = (void *)-1;
        assert_int_equal(zurt_session_create(f->ctx, &f->model, &options, &s), ZURT_E_DEVICE);
        assert_null(s);
        assert_non_null(strstr(zurt_ctx_error(f->ctx), "this build has no PL back end"));
    }
}

static void an_absent_device_is_passed_over_unless_required(void **state)
{
    fixture *f = *state;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    zi_accelerators a = {.candidates = {&zt_backend_device}, .n = 1};
    zurt_session *s;
    zurt_session_info info;
    zt_device.open_with = ZURT_E_DEVICE;
    assert_int_equal(zi_session_create(f->ctx, &f->model, &options, &a, &s), ZURT_OK);
    assert_int_equal(zurt_session_info_get(s, &info), ZURT_OK);
    assert_string_equal(info.device, "cpu");
    assert_string_equal(zurt_ctx_error(f->ctx), ""); // a success leaves no reason behind
    zurt_session_destroy(s);
    a.required = true;
    assert_int_equal(zi_session_create(f->ctx, &f->model, &options, &a, &s), ZURT_E_DEVICE);
    a.required = false;
    zt_device.open_with = ZURT_E_VERSION; // there, but wrong: not to be hidden
    assert_int_equal(zi_session_create(f->ctx, &f->model, &options, &a, &s), ZURT_E_VERSION);
    assert_null(s);
}

typedef struct heard {
    zurt_log_level level;
    char text[256];
} heard;

static void hear(void *self, zurt_log_level level, const char *text)
{
    heard *h = self;
    h->level = level;
    snprintf(h->text, sizeof(h->text), "%s", text);
}

/* On a board that has a PL the user wants to know why it is not used; on a PC nobody does. */
static void a_device_that_is_passed_over_on_a_board_is_told(void **state)
{
    fixture *f = *state;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    zi_accelerators a = {.candidates = {&zt_backend_device}, .n = 1};
    heard h;
    f->ctx->log = hear;
    f->ctx->log_self = &h;
    zt_device.open_with = ZURT_E_DEVICE;
    for (int on_board = 0; on_board < 2; on_board++) {
        zurt_session *s;
        h = (heard){0};
        a.expected = on_board;
        assert_int_equal(zi_session_create(f->ctx, &f->model, &options, &a, &s), ZURT_OK);
        zurt_session_destroy(s);
        assert_int_equal(h.level, on_board ? ZURT_LOG_WARNING : ZURT_LOG_INFO);
        assert_non_null(strstr(h.text, "passed over, the CPU computes: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_run_on_the_cpu),
        TEST(bad_options_are_refused),
        TEST(no_streams_are_as_many_as_are_of_use),
        TEST(sessions_can_share_their_helpers),
        TEST(a_device_of_no_back_end_is_absent),
        TEST(an_absent_device_is_passed_over_unless_required),
        TEST(a_device_that_is_passed_over_on_a_board_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
