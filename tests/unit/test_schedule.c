/* SPDX-License-Identifier: Apache-2.0 */
/* What runs while a device works: the order of events, not their times. */
#include "exec/session.h"

#include <stdio.h>
#include <string.h>

#include "base/thread.h"
#include "support/graph_builder.h"
#include "support/model_fixture.h"
#include "support/test_device.h"

enum { N = 32, UNTOUCHED = 0x55 };

/* Inputs a and b; the device has Add, the CPU all else. */
typedef struct fixture {
    builder b;
    zi_id in[2];
    struct zurt_model model;
    zurt_session *s;
    int8_t x[2][N], out[2][N];
    zurt_view view[2];
    zurt_span span[2];
    uint32_t n_submits, n_waits;
} fixture;

static fixture make(void)
{
    fixture f = {.b = builder_make()};
    zt_device_reset();
    zt_device.ops[0] = zt_device.ops[1] = 0;
    zt_device.ops[ZI_OP_Add / 64] |= (uint64_t)1 << ZI_OP_Add % 64;
    for (int i = 0; i < 2; i++) {
        f.in[i] = build_input(&f.b, i ? "b" : "a", ZURT_S8, DIMS(N));
        build_quant(&f.b, f.in[i], 1.0f, 0);
    }
    for (int i = 0; i < N; i++) {
        f.x[0][i] = (int8_t)i;
        f.x[1][i] = (int8_t)(N - 2 * i);
    }
    return f;
}

static zi_id op(fixture *f, zi_op kind, const char *name, zi_id x, zi_id y)
{
    zi_id out = build_op(&f->b, kind, name, NULL, 2, x, y);
    build_quant(&f->b, out, 1.0f, 0);
    return out;
}

static void open_session(fixture *f, uint32_t streams, uint32_t fallback)
{
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    const zi_accelerators a = {.candidates = {&zt_backend_device}, .n = 1, .required = true};
    o.streams = streams;
    o.profile = 1;
    o.fallback = fallback;
    f->model = zt_model_of(f->b.g);
    if (zi_session_create(f->b.ctx, &f->model, &o, &a, &f->s))
        fail_msg("%s", zurt_ctx_error(f->b.ctx));
    memset(f->out, UNTOUCHED, sizeof(f->out));
    for (int i = 0; i < 2; i++) {
        f->view[i] = (zurt_view){f->x[i], N};
        f->span[i] = (zurt_span){f->out[i], N};
    }
    zt_device.self = f;
}

static void end(fixture *f)
{
    zurt_session_destroy(f->s);
    builder_free(&f->b);
}

static void expect_order(const fixture *f, const char *expected)
{
    char names[256] = "";
    zurt_profile_entry e;
    for (size_t i = 0; zurt_session_profile(f->s, i, &e) == ZURT_OK; i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s:%s", i ? " " : "",
                 e.op, e.device);
    assert_string_equal(names, expected);
}

static int larger(const fixture *f, int i)
{
    return f->x[0][i] > f->x[1][i] ? f->x[0][i] : f->x[1][i];
}

static int smaller(const fixture *f, int i)
{
    return f->x[0][i] < f->x[1][i] ? f->x[0][i] : f->x[1][i];
}

/* ---- inside one request ---- */

static void the_cpu_has_not_begun(void *self)
{
    fixture *f = self;
    f->n_submits++;
    for (int i = 0; i < N; i++)
        assert_int_equal(f->out[1][i], UNTOUCHED);
}

static void the_cpu_is_ready(void *self)
{
    fixture *f = self;
    f->n_waits++;
    for (int i = 0; i < N; i++)
        assert_int_equal(f->out[1][i], larger(f, i));
}

static void a_branch_of_the_cpu_runs_beside_one_of_the_device(void **state)
{
    (void)state;
    fixture f = make();
    zi_id most = op(&f, ZI_OP_Max, "most", f.in[0], f.in[1]); // first in the graph
    build_output(&f.b, op(&f, ZI_OP_Add, "sum", f.in[0], f.in[1]));
    build_output(&f.b, most);
    open_session(&f, 1, 0);
    zt_device.on_submit = the_cpu_has_not_begun;
    zt_device.on_wait = the_cpu_is_ready;
    assert_int_equal(zurt_session_run(f.s, f.view, 2, f.span, 2), ZURT_OK);
    assert_int_equal(f.n_submits, 1);
    assert_int_equal(f.n_waits, 1);
    for (int i = 0; i < N; i++)
        assert_int_equal(f.out[0][i], f.x[0][i] + f.x[1][i]);
    expect_order(&f, "Add:test Max:cpu");
    end(&f);
}

/* first -> sum -> last, and `side`, which `last` needs and the device does not. */
static void what_the_device_needs_comes_before_it_and_the_rest_behind(void **state)
{
    (void)state;
    fixture f = make();
    zi_id side = op(&f, ZI_OP_Min, "side", f.in[0], f.in[1]);
    zi_id first = op(&f, ZI_OP_Max, "first", f.in[0], f.in[1]);
    zi_id sum = op(&f, ZI_OP_Add, "sum", first, f.in[1]);
    build_output(&f.b, op(&f, ZI_OP_Sub, "last", sum, side));
    open_session(&f, 1, 0);
    assert_int_equal(zurt_session_run(f.s, f.view, 2, f.span, 1), ZURT_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(f.out[0][i], larger(&f, i) + f.x[1][i] - smaller(&f, i));
    expect_order(&f, "Max:cpu Add:test Min:cpu Sub:cpu");
    end(&f);
}

/* The head of the first launch's answer is computed during the second launch. */
static void a_head_runs_beside_the_next_launch(void **state)
{
    (void)state;
    fixture f = make();
    zi_id sum = op(&f, ZI_OP_Add, "sum", f.in[0], f.in[1]);
    zi_id head = op(&f, ZI_OP_Max, "head", sum, f.in[0]);
    zi_id between = op(&f, ZI_OP_Min, "between", sum, f.in[1]);
    build_output(&f.b, op(&f, ZI_OP_Add, "next", between, f.in[0]));
    build_output(&f.b, head);
    open_session(&f, 1, 0);
    assert_int_equal(zurt_session_run(f.s, f.view, 2, f.span, 2), ZURT_OK);
    for (int i = 0; i < N; i++) {
        const int both = f.x[0][i] + f.x[1][i];
        assert_int_equal(f.out[0][i], (both < f.x[1][i] ? both : f.x[1][i]) + f.x[0][i]);
        assert_int_equal(f.out[1][i], both > f.x[0][i] ? both : f.x[0][i]);
    }
    expect_order(&f, "Add:test Min:cpu Add:test Max:cpu");
    end(&f);
}

static void a_device_that_fails_beside_the_cpu_is_waited_for(void **state)
{
    (void)state;
    for (uint32_t fallback = 0; fallback < 2; fallback++) {
        fixture f = make();
        build_output(&f.b, op(&f, ZI_OP_Add, "sum", f.in[0], f.in[1]));
        build_output(&f.b, op(&f, ZI_OP_Max, "most", f.in[0], f.in[1]));
        open_session(&f, 1, fallback);
        zt_device.fail_every = 2;
        for (int run = 1; run <= 4; run++) {
            memset(f.out, UNTOUCHED, sizeof(f.out));
            const zurt_status st = zurt_session_run(f.s, f.view, 2, f.span, 2);
            assert_int_equal(st, run % 2 || fallback ? ZURT_OK : ZURT_E_DEVICE);
            assert_int_equal(atomic_load(&zt_device.n_waits), run);
            for (int i = 0; !st && i < N; i++) {
                assert_int_equal(f.out[0][i], f.x[0][i] + f.x[1][i]);
                assert_int_equal(f.out[1][i], larger(&f, i));
            }
        }
        end(&f);
    }
}

/* ---- of two requests ---- */

static void the_cpu_serves_one_request_while_the_device_has_another(void **state)
{
    (void)state;
    fixture f = make();
    zi_id most = op(&f, ZI_OP_Max, "most", f.in[0], f.in[1]);
    build_output(&f.b, op(&f, ZI_OP_Add, "sum", most, f.in[1]));
    open_session(&f, 2, 0);
    zt_device.hold = true;
    uint64_t ticket[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(zurt_session_submit(f.s, f.view, 2, &f.span[i], 1, &ticket[i]), ZURT_OK);
        // the device has it: the CPU has computed what the device needs
        while (atomic_load(&zt_device.n_submits) == (uint32_t)i)
            zi_sleep_ns(100000);
        assert_int_equal(atomic_load(&zt_device.n_waits), 0); // none is finished
    }
    for (int i = 0; i < 2; i++)
        sem_post(&zt_device.gate);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(zurt_session_wait(f.s, ticket[i], UINT32_MAX), ZURT_OK);
        for (int k = 0; k < N; k++)
            assert_int_equal(f.out[i][k], larger(&f, k) + f.x[1][k]);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_branch_of_the_cpu_runs_beside_one_of_the_device),
        cmocka_unit_test(what_the_device_needs_comes_before_it_and_the_rest_behind),
        cmocka_unit_test(a_head_runs_beside_the_next_launch),
        cmocka_unit_test(a_device_that_fails_beside_the_cpu_is_waited_for),
        cmocka_unit_test(the_cpu_serves_one_request_while_the_device_has_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
