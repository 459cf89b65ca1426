/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole inferences through the real XRT with one sync left out, each in turn: of steps, weights,
 * inputs and outputs. Every one must show, or a sync too few in the back end would go unnoticed.
 * usage: test_forgotten_sync MODEL.zurt IMAGES.idx      started by scripts/swemu-env
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zurt/zurt.h>

#include "backend/pl/pl_port.h"
#include "backend/pl/pl_probe.h"

enum { MAX_BYTES = 1 << 10, PIXELS = 28 * 28, IDX_HEADER = 16, NONE = -1 };

static const char *path;
static uint8_t pictures[2][PIXELS]; // of different digits
static int forgotten;               // index of the sync that is left out
static int n_syncs;

// The linker's --wrap: the back end calls these.
zurt_status __real_zi_buf_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                    void **out, char *error);
zurt_status __wrap_zi_buf_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                    void **out, char *error);
zurt_status __real_zi_buf_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                  char *error);
zurt_status __wrap_zi_buf_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                  char *error);

zurt_status __wrap_zi_buf_cpu_begin(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                    void **out, char *error)
{
    if ((access & ZI_READ) && n_syncs++ == forgotten)
        access = ZI_WRITE; // nothing is fetched
    return __real_zi_buf_cpu_begin(buf, offset, bytes, access, out, error);
}

zurt_status __wrap_zi_buf_cpu_end(zi_buf *buf, size_t offset, size_t bytes, zi_buf_access access,
                                  char *error)
{
    if ((access & ZI_WRITE) && n_syncs++ == forgotten)
        access = ZI_READ; // nothing is sent
    return __real_zi_buf_cpu_end(buf, offset, bytes, access, error);
}

/* Two different pictures, one after the other; false if the device failed. */
static bool run(zurt_ctx *ctx, const zurt_model *model, zurt_device device,
                uint8_t out[2][MAX_BYTES])
{
    size_t out_bytes = zurt_model_output(model, 0)->bytes;
    assert_int_equal(zurt_model_input(model, 0)->bytes, PIXELS);
    assert_true(out_bytes <= MAX_BYTES);
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    zurt_session *s;
    o.device = device;
    o.timeout_ms = 2000;
    n_syncs = 0;
    zurt_status st = zurt_session_create(ctx, model, &o, &s);
    for (unsigned i = 0; i < 2 && !st; i++) {
        memset(out[i], 0, out_bytes);
        zurt_view view = {pictures[i], PIXELS};
        zurt_span span = {out[i], out_bytes};
        st = zurt_session_run(s, &view, 1, &span, 1);
    }
    zurt_session_destroy(s);
    zi_pl_kill_emulation(); // so that the next one opens, and tests, a device of its own
    return st == ZURT_OK;
}

static void every_sync_left_out_shows(void **state)
{
    (void)state;
    static uint8_t want[2][MAX_BYTES], got[2][MAX_BYTES];
    zurt_ctx *ctx;
    zurt_model *model;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    if (zurt_model_load_file(ctx, path, &model))
        fail_msg("%s", zurt_ctx_error(ctx));
    assert_true(run(ctx, model, ZURT_DEVICE_CPU, want));
    assert_int_equal(n_syncs, 0);
    forgotten = NONE;
    if (!run(ctx, model, ZURT_DEVICE_XRT, got))
        fail_msg("%s", zurt_ctx_error(ctx));
    assert_memory_equal(got, want, sizeof(got));
    assert_memory_not_equal(want[0], want[1], MAX_BYTES);
    const int n = n_syncs;
    assert_true(n >= 5 + 2 + 2); // steps and weights, inputs, outputs
    for (forgotten = 0; forgotten < n; forgotten++) {
        bool done = run(ctx, model, ZURT_DEVICE_XRT, got);
        if (done && memcmp(got, want, sizeof(got)) == 0)
            fail_msg("sync %d of %d was left out, and nothing shows it", forgotten, n);
        print_message("sync %d of %d left out: %s\n", forgotten, n,
                      done ? "other bytes" : zurt_ctx_error(ctx));
    }
    forgotten = NONE;
    assert_true(run(ctx, model, ZURT_DEVICE_XRT, got));
    assert_memory_equal(got, want, sizeof(got));
    zurt_model_destroy(model);
    zurt_ctx_destroy(ctx);
}

static bool read_pictures(const char *file)
{
    FILE *f = fopen(file, "rb");
    bool read = f && fseek(f, IDX_HEADER, SEEK_SET) == 0 &&
                fread(pictures, 1, sizeof(pictures), f) == sizeof(pictures);
    if (f)
        fclose(f);
    for (size_t i = 0; i < PIXELS; i++) {
        pictures[0][i] ^= 0x80; // as int8
        pictures[1][i] ^= 0x80;
    }
    return read;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_sync_left_out_shows)};
    if (argc != 3 || !read_pictures(argv[2])) {
        fprintf(stderr, "usage: test_forgotten_sync MODEL.zurt IMAGES.idx\n");
        return 2;
    }
    path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
