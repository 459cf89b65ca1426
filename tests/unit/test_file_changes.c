/* SPDX-License-Identifier: Apache-2.0 */
/* Files that others write to while zurt reads or uses them. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/pl/xclbin.h"
#include "base/thread.h"
#include "support/graph_builder.h"
#include "support/model_fixture.h"
#include "support/sample_graph.h"
#include "support/xclbin_builder.h"

typedef struct fixture {
    zurt_ctx *ctx;
    zi_graph *g;
    uint8_t *file;
    size_t size;
    char path[32];
} fixture;

static void put_file(const fixture *f, const void *bytes, size_t size)
{
    FILE *out = fopen(f->path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static int setup(void **state)
{
    static fixture f;
    zi_meta meta = sample_meta();
    f = (fixture){.path = "test_changes_XXXXXX"};
    int fd = mkstemp(f.path);
    if (fd < 0 || close(fd) || zurt_ctx_create(NULL, &f.ctx))
        return -1;
    f.g = sample_graph(f.ctx);
    *state = &f;
    return f.g && !zi_model_write(f.ctx, f.g, &meta, &f.file, &f.size) ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    zi_free(&f->ctx->allocator, f->file);
    zi_graph_destroy(f->g);
    zurt_ctx_destroy(f->ctx);
    return 0;
}

static zurt_model *load(const fixture *f, zurt_hold hold)
{
    zurt_model_options options = ZURT_MODEL_OPTIONS_INIT;
    options.hold = hold;
    zurt_model *m;
    if (zurt_model_load(f->ctx, f->path, &options, &m))
        fail_msg("%s", zurt_ctx_error(f->ctx));
    return m;
}

/* Outputs of the model for the same inputs; the session is made here, so that it prepares what the
 * model holds now. */
static zt_io run(const fixture *f, const zurt_model *m)
{
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.device = ZURT_DEVICE_CPU;
    zurt_session *s;
    zt_io io = zt_io_create(m->graph, 1);
    if (zurt_session_create(f->ctx, m, &options, &s) ||
        zurt_session_run(s, io.in, m->graph->n_inputs, io.out, m->graph->n_outputs))
        fail_msg("%s", zurt_ctx_error(f->ctx));
    zurt_session_destroy(s);
    return io;
}

static void expect_unmoved(fixture *f, zurt_hold hold, bool truncated)
{
    put_file(f, f->file, f->size);
    zurt_model *m = load(f, hold);
    zt_io before = run(f, m);
    uint8_t *other = malloc(f->size);
    assert_non_null(other);
    memset(other, 0x7f, f->size);
    if (truncated)
        assert_int_equal(truncate(f->path, 0), 0);
    else
        put_file(f, other, f->size); // in place: the same inode
    free(other);
    zt_io after = run(f, m);
    assert_int_equal(zt_io_compare(&before, &after), -1);
    zt_io_destroy(&before);
    zt_io_destroy(&after);
    zurt_model_destroy(m);
}

static void a_copied_model_does_not_know_its_file(void **state)
{
    expect_unmoved(*state, ZURT_HOLD_AUTO, true);
    expect_unmoved(*state, ZURT_HOLD_AUTO, false);
    expect_unmoved(*state, ZURT_HOLD_COPY, true);
    expect_unmoved(*state, ZURT_HOLD_COPY, false);
}

/* What is small, integers and structure are copied out of a mapping too. */
static void a_mapped_model_keeps_what_was_checked(void **state)
{
    expect_unmoved(*state, ZURT_HOLD_MAP, false);
}

static void options_are_checked(void **state)
{
    fixture *f = *state;
    zurt_model *m = (void *)1;
    zurt_model_options options = ZURT_MODEL_OPTIONS_INIT;
    options.hold = (zurt_hold)3;
    assert_int_equal(zurt_model_load(f->ctx, f->path, &options, &m), ZURT_E_ARG);
    assert_null(m);
    options = (zurt_model_options)ZURT_MODEL_OPTIONS_INIT;
    options.size = 1;
    assert_int_equal(zurt_model_load(f->ctx, f->path, &options, &m), ZURT_E_ARG);
    assert_non_null(strstr(zurt_ctx_error(f->ctx), "ZURT_MODEL_OPTIONS_INIT"));
    assert_int_equal(zurt_model_load(NULL, f->path, NULL, &m), ZURT_E_ARG);
    assert_int_equal(zurt_model_load(f->ctx, NULL, NULL, &m), ZURT_E_ARG);
    assert_int_equal(zurt_model_load(f->ctx, f->path, NULL, NULL), ZURT_E_ARG);
}

/* ---- changed while it is loaded ---- */

enum { LIST = 40000, ROUNDS = 400, WIDE_ID = 127, LENGTH = 20000 };

/* A graph with a long list of two-byte numbers: of one-byte numbers the same bytes hold twice as
 * many, which is what a reader that looks twice trips over. */
static zi_graph *graph_with_a_list(zurt_ctx *ctx)
{
    builder b = {.ctx = ctx, .g = zi_graph_create(&ctx->allocator), .seed = 1};
    assert_non_null(b.g);
    zi_id id = build_input(&b, "x", ZURT_F32, DIMS(1));
    zi_id *list = malloc(LIST * sizeof(*list));
    assert_non_null(list);
    for (int i = 0; i < WIDE_ID; i++)
        id = build_op(&b, ZI_OP_Relu, "", NULL, 1, id);
    assert_int_equal(id, WIDE_ID);
    for (int i = 0; i < LIST; i++)
        list[i] = id;
    zi_id out = build_tensor(&b, "y");
    zi_node *n;
    assert_int_equal(zi_graph_add_node(ctx, b.g, ZI_OP_Concat, "", list, LIST, &out, 1, &n),
                     ZURT_OK);
    free(list);
    assert_int_equal(zi_node_infer(ctx, b.g, n), ZURT_OK);
    build_output(&b, out);
    return b.g;
}

typedef struct writer {
    uint8_t *list; /* in the shared mapping */
    atomic_bool stop;
} writer;

static void *write_to_and_fro(void *arg)
{
    writer *w = arg;
    uint32_t seed = 1;
    while (!atomic_load(&w->stop)) {
        memset(w->list, 0x02, LENGTH);
        seed = seed * 1664525u + 1013904223u;
        zi_sleep_ns(20000 + (uint64_t)(seed >> 16) % 300 * 1000);
        for (int i = 0; i < LENGTH; i += 2) {
            w->list[i] = 0x80;
            w->list[i + 1] = 0x01;
        }
        seed = seed * 1664525u + 1013904223u;
        zi_sleep_ns(100000 + (uint64_t)(seed >> 16) % 1500 * 1000);
    }
    return NULL;
}

static uint8_t *find_list(uint8_t *bytes, size_t size)
{
    uint8_t pattern[64];
    for (size_t i = 0; i < sizeof(pattern); i += 2) {
        pattern[i] = 0x80;
        pattern[i + 1] = 0x01;
    }
    for (size_t at = 0; at + sizeof(pattern) <= size; at++) {
        if (memcmp(bytes + at, pattern, sizeof(pattern)) == 0)
            return bytes + at;
    }
    return NULL;
}

static void loads_whole_files_or_refuses(fixture *f, size_t size, zurt_hold hold)
{
    zurt_model_options options = ZURT_MODEL_OPTIONS_INIT;
    options.hold = hold;
    int fd = open(f->path, O_RDWR);
    assert_true(fd >= 0);
    uint8_t *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(shared != MAP_FAILED);
    close(fd);
    writer w = {.list = find_list(shared, size)};
    assert_non_null(w.list);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_to_and_fro, &w), 0);
    int n_loaded = 0, n_refused = 0;
    for (int i = 0; i < ROUNDS; i++) {
        zurt_model *m;
        zurt_status st = zurt_model_load(f->ctx, f->path, &options, &m);
        assert_true(st == ZURT_OK || st == ZURT_E_FORMAT);
        n_loaded += st == ZURT_OK;
        n_refused += st != ZURT_OK;
        zurt_model_destroy(m);
    }
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    munmap(shared, size);
    print_message("%d loaded, %d refused\n", n_loaded, n_refused);
}

static void a_file_that_changes_during_the_load_is_harmless(void **state)
{
    fixture *f = *state;
    zi_graph *g = graph_with_a_list(f->ctx);
    const zi_meta meta = sample_meta();
    uint8_t *file;
    size_t size;
    assert_int_equal(zi_model_write(f->ctx, g, &meta, &file, &size), ZURT_OK);
    put_file(f, file, size);
    loads_whole_files_or_refuses(f, size, ZURT_HOLD_MAP);
    put_file(f, file, size);
    loads_whole_files_or_refuses(f, size, ZURT_HOLD_AUTO);
    zi_free(&f->ctx->allocator, file);
    zi_graph_destroy(g);
}

static void an_open_xclbin_does_not_know_its_file(void **state)
{
    fixture *f = *state;
    uint8_t bytes[ZT_XCLBIN_BYTES];
    zi_xclbin x;
    assert_true(zt_xclbin_build(f->ctx, bytes));
    put_file(f, bytes, sizeof(bytes));
    assert_int_equal(zi_xclbin_open(f->ctx, f->path, &x), ZURT_OK);
    assert_int_equal(truncate(f->path, 0), 0);
    assert_int_equal(x.file.size, sizeof(bytes));
    assert_memory_equal(x.file.data, bytes, sizeof(bytes));
    zi_xclbin_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copied_model_does_not_know_its_file),
        cmocka_unit_test(a_mapped_model_keeps_what_was_checked),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_file_that_changes_during_the_load_is_harmless),
        cmocka_unit_test(an_open_xclbin_does_not_know_its_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
