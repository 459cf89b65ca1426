/* SPDX-License-Identifier: Apache-2.0 */
/** @file A model of one node and what test_session.c and test_session_requests.c do with it. */
#ifndef ZT_SESSION_FIXTURE_H
#define ZT_SESSION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exec/session.h"
#include "support/model_fixture.h"
#include "support/test_device.h"

/** Add of two s8 inputs [32]: the device takes it; its sum is known without kernels. */
typedef struct fixture {
    zurt_ctx *ctx;
    zi_graph *g;
    struct zurt_model model;
    int8_t a[32], b[32], out[16][32];
    zurt_view in[2];
    zurt_span span[16];
} fixture;

static inline zi_id add_tensor(fixture *f, const char *name)
{
    zi_id id;
    float scale = 1.0f;
    int32_t zero_point = 0;
    assert_int_equal(zi_graph_add_tensor(f->ctx, f->g, name, &id), ZURT_OK);
    zi_tensor *t = &f->g->tensors[id];
    t->dtype = ZURT_S8;
    t->rank = 1;
    t->dims[0] = 32;
    assert_int_equal(zi_graph_set_quant(f->ctx, f->g, id, 1, 0, &scale, &zero_point), ZURT_OK);
    return id;
}

static inline int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof(f));
    *state = &f;
    assert_int_equal(zurt_ctx_create(NULL, &f.ctx), ZURT_OK);
    f.g = zi_graph_create(&f.ctx->allocator);
    assert_non_null(f.g);
    zi_id in[2] = {add_tensor(&f, "a"), add_tensor(&f, "b")}, out = add_tensor(&f, "sum");
    zi_node *n;
    assert_int_equal(zi_graph_add_input(f.ctx, f.g, in[0]), ZURT_OK);
    assert_int_equal(zi_graph_add_input(f.ctx, f.g, in[1]), ZURT_OK);
    assert_int_equal(zi_graph_add_node(f.ctx, f.g, ZI_OP_Add, "add", in, 2, &out, 1, &n), ZURT_OK);
    assert_int_equal(zi_graph_add_output(f.ctx, f.g, out), ZURT_OK);
    assert_int_equal(zi_graph_check(f.ctx, f.g), ZURT_OK);
    f.model = zt_model_of(f.g);
    for (int i = 0; i < 32; i++) {
        f.a[i] = (int8_t)i;
        f.b[i] = (int8_t)(2 * i);
    }
    f.in[0] = (zurt_view){f.a, sizeof(f.a)};
    f.in[1] = (zurt_view){f.b, sizeof(f.b)};
    for (int i = 0; i < 16; i++)
        f.span[i] = (zurt_span){f.out[i], sizeof(f.out[i])};
    zt_device_reset();
    return 0;
}

static inline int teardown(void **state)
{
    fixture *f = *state;
    zi_graph_destroy(f->g);
    zurt_ctx_destroy(f->ctx);
    return atomic_load(&zt_device.n_programs) ? -1 : 0;
}

static inline void assert_sum(const int8_t *out)
{
    for (int i = 0; i < 32; i++)
        assert_int_equal(out[i], 3 * i);
}

static inline zurt_session *on_device(fixture *f, uint32_t streams, uint32_t fallback)
{
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.streams = streams;
    options.fallback = fallback;
    options.threads = 1;
    zi_accelerators a = {.candidates = {&zt_backend_device}, .n = 1, .required = true};
    zurt_session *s;
    if (zi_session_create(f->ctx, &f->model, &options, &a, &s))
        fail_msg("%s", zurt_ctx_error(f->ctx));
    return s;
}

static inline zurt_status submit(fixture *f, zurt_session *s, int slot, uint64_t *ticket)
{
    return zurt_session_submit(s, f->in, 2, &f->span[slot], 1, ticket);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
