/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that files ask for, against the limits of the options. */
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/model.h"
#include "support/graph_builder.h"
#include "support/model_fixture.h"
#include "support/test_allocator.h"

static void what_is_given_out_is_counted(void **state)
{
    (void)state;
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    const zurt_allocator *a = &ctx->allocator;
    assert_int_equal(atomic_load(&ctx->heap.used), 0);
    static const size_t aligns[] = {1, 8, 16, 64, 4096};
    void *p[5];
    for (int i = 0; i < 5; i++) {
        p[i] = a->alloc(a->self, 1000, aligns[i]);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % aligns[i], 0);
        memset(p[i], i, 1000);
    }
    assert_true(atomic_load(&ctx->heap.used) >= 5000);
    for (int i = 0; i < 5; i++)
        a->release(a->self, p[i]);
    a->release(a->self, NULL);
    assert_int_equal(atomic_load(&ctx->heap.used), 0);
    assert_null(a->alloc(a->self, SIZE_MAX, 64));
    assert_int_equal(atomic_load(&ctx->heap.used), 0);
    zurt_ctx_destroy(ctx);
}

static void a_budget_holds_until_it_ends(void **state)
{
    (void)state;
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    const zurt_allocator *a = &ctx->allocator;
    zi_budget b = zi_budget_begin(ctx, 10000);
    assert_int_equal(zi_budget_left(ctx), 10000);
    void *p = a->alloc(a->self, 6000, 16);
    assert_non_null(p);
    assert_null(a->alloc(a->self, 6000, 16));
    zi_fail(ctx, ZURT_E_NOMEM, "here");
    assert_int_equal(zi_budget_end(ctx, &b, ZURT_E_NOMEM), ZURT_E_LIMIT);
    assert_non_null(strstr(zurt_ctx_error(ctx), "here; max_bytes allows 10000"));
    void *q = a->alloc(a->self, 6000, 16);
    assert_non_null(q);
    b = zi_budget_begin(ctx, 10000); // what there is does not count
    void *r = a->alloc(a->self, 6000, 16);
    assert_non_null(r);
    assert_int_equal(zi_budget_end(ctx, &b, ZURT_E_NOMEM), ZURT_E_NOMEM); // not the budget's doing
    zi_free(a, p);
    zi_free(a, q);
    zi_free(a, r);
    zurt_ctx_destroy(ctx);
}

/* A broadcast: 64 bytes become 2^24 x 64, and a file of a few hundred bytes asks for a gigabyte. */
static zi_graph *giant(builder *b, int n_outputs)
{
    enum { ROWS = 1 << 24, COLUMNS = 64 };
    zi_id x = build_input(b, "x", ZURT_S8, DIMS(1, COLUMNS));
    build_quant(b, x, 1.0f, 0);
    for (int i = 0; i < n_outputs; i++) {
        char name[16];
        snprintf(name, sizeof(name), "large%d", i);
        const zi_attr_shape shape = {.rank = 2, .dims = {ROWS, COLUMNS}};
        zi_id big = build_op(b, ZI_OP_Expand, name, ATTR(.shape = shape), 1, x);
        build_quant(b, big, 1.0f, 0);
        snprintf(name, sizeof(name), "y%d", i);
        const zi_attr_slice slice = {.step = {1, 1}, .count = {1, COLUMNS}};
        zi_id small = build_op(b, ZI_OP_Slice, name, ATTR(.slice = slice), 1, big);
        build_quant(b, small, 1.0f, 0);
        build_output(b, small);
    }
    assert_checked(b);
    return b->g;
}

static zurt_status create(zurt_ctx *ctx, const zi_graph *g, size_t max_bytes)
{
    const zi_meta meta = {.norm = zi_norm_none(1), .description = ""};
    uint8_t *file;
    size_t size;
    zurt_model *m;
    zurt_session *s = (void *)1;
    assert_int_equal(zi_model_write(ctx, g, &meta, &file, &size), ZURT_OK);
    assert_true(size < 1000);
    assert_int_equal(zurt_model_load_mem(ctx, file, size, &m), ZURT_OK);
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.max_bytes = max_bytes;
    zurt_status st = zurt_session_create(ctx, m, &o, &s);
    if (st)
        assert_null(s);
    zurt_session_destroy(s);
    zurt_model_destroy(m);
    zi_free(&ctx->allocator, file);
    return st;
}

static void a_small_file_does_not_get_gigabytes(void **state)
{
    (void)state;
    static const int n_outputs[] = {1, 8};
    for (int i = 0; i < 2; i++) {
        builder b = builder_make();
        zi_graph *g = giant(&b, n_outputs[i]);
        assert_int_equal(create(b.ctx, g, 0), ZURT_E_LIMIT);
        assert_non_null(strstr(zurt_ctx_error(b.ctx), "'large0'"));
        assert_non_null(strstr(zurt_ctx_error(b.ctx), "left of max_bytes"));
        builder_free(&b);
    }
}

static void streams_are_as_many_as_fit(void **state)
{
    (void)state;
    builder b = builder_make();
    const zi_attr pool = {.pool = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}}};
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 64, 64, 64)); // a mebibyte, as is `between`
    zi_id between = build_op(&b, ZI_OP_MaxPool, "between", &pool, 1, x);
    build_output(&b, build_op(&b, ZI_OP_MaxPool, "y", &pool, 1, between));
    const struct zurt_model model = zt_model_of(b.g);
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.streams = 0;
    o.threads = 16;
    for (size_t fits = 1; fits <= 3; fits++) {
        zurt_session *s;
        zurt_session_info info;
        o.max_bytes = (fits + 2) * ((size_t)1 << 20) + ((size_t)1 << 19); // 2: input and output
        if (zurt_session_create(b.ctx, &model, &o, &s))
            fail_msg("%s", zurt_ctx_error(b.ctx));
        assert_int_equal(zurt_session_info_get(s, &info), ZURT_OK);
        assert_int_equal(info.streams, fits);
        zurt_session_destroy(s);
    }
    builder_free(&b);
}

/* Weights that many nodes share become kernels of each: that is only known while they are made. */
static void kernels_count_too(void **state)
{
    (void)state;
    enum { WIDTH = 512, NODES = 40 };
    builder b = builder_make();
    static int8_t weights[WIDTH * WIDTH];
    zi_id q = build_const(&b, "q", ZURT_S8, DIMS(WIDTH, 1, 1, WIDTH), weights);
    build_quant(&b, q, 0.5f, 0);
    zi_id y = build_input(&b, "p", ZURT_S8, DIMS(1, 1, 1, WIDTH));
    build_quant(&b, y, 0.5f, 0);
    const zi_attr_conv conv = {.groups = 1, .stride = {1, 1}, .dilation = {1, 1}};
    for (int i = 0; i < NODES; i++) {
        y = build_op(&b, ZI_OP_Conv, "", ATTR(.conv = conv), 2, y, q);
        build_quant(&b, y, 0.5f, 0);
    }
    build_output(&b, y);
    assert_checked(&b);
    struct zurt_model m = {.graph = b.g};
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.max_bytes = (size_t)2 << 20; // of 10 MiB
    zurt_session *s;
    assert_int_equal(zurt_session_create(b.ctx, &m, &o, &s), ZURT_E_LIMIT);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "node "));
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "max_bytes allows 2097152"));
    o.max_bytes = 0;
    assert_int_equal(zurt_session_create(b.ctx, &m, &o, &s), ZURT_OK);
    zurt_session_destroy(s);
    builder_free(&b);
}

static void loading_has_a_limit(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(1, 1024));
    zi_id w = build_noise(&b, "w", DIMS(1024, 1024));
    build_output(&b, build_op(&b, ZI_OP_FullyConnected, "y", NULL, 2, x, w));
    assert_checked(&b);
    const zi_meta meta = {.norm = zi_norm_none(1), .description = ""};
    uint8_t *file;
    size_t size;
    char path[] = "test_heap_XXXXXX";
    assert_int_equal(zi_model_write(b.ctx, b.g, &meta, &file, &size), ZURT_OK);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file, size), size);
    close(fd);
    zurt_model_options o = ZURT_MODEL_OPTIONS_INIT;
    zurt_model *m;
    o.max_bytes = (size_t)1 << 20;
    assert_int_equal(zurt_model_load(b.ctx, path, &o, &m), ZURT_E_LIMIT);
    assert_non_null(strstr(zurt_ctx_error(b.ctx), "max_bytes allows 1048576"));
    o.hold = ZURT_HOLD_MAP; // the mapping is no heap
    assert_int_equal(zurt_model_load(b.ctx, path, &o, &m), ZURT_OK);
    zurt_model_destroy(m);
    unlink(path);
    zi_free(&b.ctx->allocator, file);
    builder_free(&b);
}

/* Programs that were built before max_bytes was there. */
static void shorter_options_are_taken(void **state)
{
    (void)state;
    builder b = builder_make();
    zi_id x = build_input(&b, "x", ZURT_F32, DIMS(4));
    build_output(&b, build_op(&b, ZI_OP_Relu, "y", NULL, 1, x));
    assert_checked(&b);
    struct zurt_model m = {.graph = b.g};
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    zurt_session *s;
    o.device = ZURT_DEVICE_CPU;
    o.size = offsetof(zurt_session_options, max_bytes);
    o.max_bytes = 1; // not theirs
    assert_int_equal(zurt_session_create(b.ctx, &m, &o, &s), ZURT_OK);
    zurt_session_destroy(s);
    o.size = sizeof(o);
    assert_int_equal(zurt_session_create(b.ctx, &m, &o, &s), ZURT_E_LIMIT);
    o.size = sizeof(o) + 8;
    assert_int_equal(zurt_session_create(b.ctx, &m, &o, &s), ZURT_E_ARG);
    builder_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_out_is_counted),
        cmocka_unit_test(a_budget_holds_until_it_ends),
        cmocka_unit_test(a_small_file_does_not_get_gigabytes),
        cmocka_unit_test(streams_are_as_many_as_fit),
        cmocka_unit_test(kernels_count_too),
        cmocka_unit_test(loading_has_a_limit),
        cmocka_unit_test(shorter_options_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
