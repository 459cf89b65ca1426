/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors whose data are in another file, and models that would have zurt read what is not theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <zurt/compile.h>

#include "graph_handle.h"
#include "support/ctx_fixture.h"
#include "support/onnx_writer.h"
#include "support/test_allocator.h"

static char folder[] = "/tmp/zurt_external_XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_at(const char *name, int64_t offset, const void *data, size_t bytes)
{
    FILE *f = fopen(in_folder(name), "r+b");
    if (!f)
        f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fseeko(f, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
}

static void add_entry(message *t, const char *key, const char *value)
{
    message e = {0};
    put_text(&e, 1, key);
    put_text(&e, 2, value);
    put_message(t, 13, &e);
}

/* offset, length: NULL leaves the entry out. */
static message external(const char *name, int type, int n_dims, const int64_t *dims,
                        const char *location, const char *offset, const char *length)
{
    message t = {0};
    for (int i = 0; i < n_dims; i++)
        put_int(&t, 1, dims[i]);
    put_int(&t, 2, type);
    put_text(&t, 8, name);
    if (location)
        add_entry(&t, "location", location);
    if (offset)
        add_entry(&t, "offset", offset);
    if (length)
        add_entry(&t, "length", length);
    put_int(&t, 14, 1); // data_location: EXTERNAL
    return t;
}

/* y = x + w */
static message sum_model(const message *w, int n_dims, const int64_t *dims)
{
    message g = {0}, x = value_info("x", F32, n_dims, dims), n = node("sum", "Add", "x w", "y");
    add_input(&g, &x);
    add_initializer(&g, w);
    add_node(&g, &n);
    add_output(&g, "y");
    return model(&g, 13);
}

static zurt_status import_file(zurt_ctx *ctx, const message *m, zurt_graph **out)
{
    unlink(in_folder("m.onnx"));
    write_at("m.onnx", 0, m->bytes, m->n);
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.keep_structure = 1;
    return zurt_import_onnx_file(ctx, in_folder("m.onnx"), &options, out);
}

static const zi_tensor *constant(const zurt_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->g->n_tensors; i++) {
        const zi_tensor *t = &graph->g->tensors[i];
        if (t->data && strcmp(t->name, name) == 0)
            return t;
    }
    fail_msg("no constant '%s'", name);
    return NULL;
}

static void reads_data_beside_the_model(void **state)
{
    zurt_ctx *ctx = *state;
    static float values[2048];
    for (size_t i = 0; i < 2048; i++)
        values[i] = (float)i;
    write_at("m.data", 64, values, sizeof(values));
    assert_int_equal(mkdir(in_folder("sub"), 0700), 0);
    write_at("sub/m.data", 0, values, sizeof(values));
    assert_int_equal(symlink("m.data", in_folder("inside")), 0);
    static const struct {
        const char *location, *offset, *length;
        int64_t n;
        float first;
    } cases[] = {{"m.data", "64", "8192", 2048, 0},   {"./m.data", "64", NULL, 2048, 0},
                 {"m.data", "72", "16", 4, 2},        {"m.data", "65", "4", 1, 2.8e-45f},
                 {"sub/m.data", NULL, "8", 2, 0},     {"sub//m.data", "4", NULL, 2, 1},
                 {"inside", "8252", "4", 1, 2047.0f}, {"m.data", "68", "8188", 2047, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        message w =
            external("w", F32, 1, &cases[i].n, cases[i].location, cases[i].offset, cases[i].length);
        message m = sum_model(&w, 1, &cases[i].n);
        zurt_graph *graph;
        if (import_file(ctx, &m, &graph))
            fail_msg("case %zu: %s", i, zurt_ctx_error(ctx));
        const zi_tensor *t = constant(graph, "w");
        float first;
        memcpy(&first, t->data, sizeof(first));
        if (i == 3) { // unaligned: three bytes of 0.0f, one of 1.0f
            assert_memory_equal(t->data, (const uint8_t *)values + 1, 4);
        } else {
            assert_true(first == cases[i].first);
            assert_memory_equal(t->data, values + (size_t)first, (size_t)cases[i].n * 4);
        }
        zurt_graph_destroy(graph);
    }
}

static void refuses_what_is_not_the_models(void **state)
{
    zurt_ctx *ctx = *state;
    assert_int_equal(symlink("/etc/hostname", in_folder("out")), 0);
    assert_int_equal(symlink("..", in_folder("up")), 0);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    write_at("empty", 0, "", 0);
    static const int64_t n = 2;
    static const struct {
        const char *location, *offset, *length;
        zurt_status status;
        const char *text;
    } cases[] = {
        {"/etc/hostname", "0", "8", ZURT_E_FORMAT, "outside the model's folder"},
        {"../m.data", "0", "8", ZURT_E_FORMAT, "outside the model's folder"},
        {"sub/../../m.data", "0", "8", ZURT_E_FORMAT, "outside the model's folder"},
        {"sub/..", "0", "8", ZURT_E_FORMAT, "outside the model's folder"},
        {"out", "0", "8", ZURT_E_FORMAT, "symbolic link"},
        {"up/passwd", "0", "8", ZURT_E_IO, "No such file"},
        {"up", "0", "8", ZURT_E_FORMAT, "symbolic link"},
        {"", "0", "8", ZURT_E_FORMAT, "no file is named"},
        {NULL, "0", "8", ZURT_E_FORMAT, "without a location"},
        {"absent", "0", "8", ZURT_E_IO, "'absent': No such file"},
        {"pipe", "0", "8", ZURT_E_IO, "not a regular file"},
        {"sub", "0", "8", ZURT_E_IO, "Is a directory"},
        {"empty", "0", "8", ZURT_E_FORMAT, "empty"},
        {"m.data", "-8", "8", ZURT_E_FORMAT, "decimal"},
        {"m.data", "0x8", "8", ZURT_E_FORMAT, "decimal"},
        {"m.data", "", "8", ZURT_E_FORMAT, "decimal"},
        {"m.data", "99999999999999999999999", "8", ZURT_E_FORMAT, "decimal"},
        {"m.data", "18446744073709551608", "8", ZURT_E_FORMAT, "which has"},
        {"m.data", "8252", "8", ZURT_E_FORMAT, "cut or another model's"},
        {"m.data", "0", "7", ZURT_E_FORMAT, "its shape needs 8"},
        {"m.data", "0", "12", ZURT_E_FORMAT, "its shape needs 8"},
        {"m.data", "0", "8 ", ZURT_E_FORMAT, "decimal"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        message w = external("w", F32, 1, &n, cases[i].location, cases[i].offset, cases[i].length);
        message m = sum_model(&w, 1, &n);
        zurt_graph *graph;
        zurt_status st = import_file(ctx, &m, &graph);
        if (st != cases[i].status || !strstr(zurt_ctx_error(ctx), cases[i].text) ||
            !strstr(zurt_ctx_error(ctx), "tensor 'w'"))
            fail_msg("case %zu: %s: %s", i, zurt_status_name(st), zurt_ctx_error(ctx));
        assert_null(graph);
    }
}

static void reports_refused_memory(void **state)
{
    (void)state;
    static const int64_t n = 2048;
    message w = external("w", F32, 1, &n, "m.data", "64", NULL), m = sum_model(&w, 1, &n);
    zurt_status st = ZURT_E_NOMEM;
    for (size_t request = 1; st; request++) {
        zt_allocator counter = {0};
        zurt_ctx *ctx = zt_ctx_create(&counter, UINT32_MAX);
        zurt_graph *graph = NULL;
        assert_non_null(ctx);
        zt_allocator_arm(&counter, request);
        st = import_file(ctx, &m, &graph);
        if (st && st != ZURT_E_NOMEM)
            fail_msg("request %zu: %s", request, zurt_ctx_error(ctx));
        zurt_graph_destroy(graph);
        zurt_ctx_destroy(ctx);
        assert_int_equal(counter.n_live, 0);
        assert_true(request < 10000);
    }
}

static void has_no_folder_in_memory(void **state)
{
    zurt_ctx *ctx = *state;
    static const int64_t n = 2;
    message w = external("w", F32, 1, &n, "m.data", "64", NULL), m = sum_model(&w, 1, &n);
    zurt_graph *graph;
    assert_int_equal(zurt_import_onnx_mem(ctx, m.bytes, m.n, NULL, &graph), ZURT_E_UNSUPPORTED);
    assert_non_null(strstr(zurt_ctx_error(ctx), "import it from its file"));
}

/* Many tensors of few bytes: copies must not multiply the file. */
static void bounds_what_shared_bytes_cost(void **state)
{
    zurt_ctx *ctx = *state;
    enum { HALF = 10, TENSORS = 6 };
    static const int64_t n = 10 << 20; // 40 MiB of float from 20 MiB
    write_at("half.data", 2 * n - 1, "", 1);
    message g = {0}, x = value_info("x", F32, 1, &n);
    add_input(&g, &x);
    char name[2] = "a", from[2] = "x";
    for (int i = 0; i < TENSORS; i++, name[0]++) {
        char in[8], out[8];
        snprintf(in, sizeof(in), "%s %s", from, name);
        snprintf(out, sizeof(out), "%c", i + 1 < TENSORS ? 'A' + i : 'y');
        message w = external(name, HALF, 1, &n, "half.data", NULL, NULL);
        message add = node("", "Add", in, out);
        add_initializer(&g, &w);
        add_node(&g, &add);
        from[0] = out[0];
    }
    add_output(&g, "y");
    message m = model(&g, 13);
    zurt_graph *graph;
    assert_int_equal(import_file(ctx, &m, &graph), ZURT_E_LIMIT);
    assert_non_null(strstr(zurt_ctx_error(ctx), "read the same bytes"));
    unlink(in_folder("half.data"));
}

/* Holes take no room on the disk, and pages that nobody reads none in memory. */
static void reads_models_of_more_than_2_gib(void **state)
{
    zurt_ctx *ctx = *state;
    static const int64_t dims[2] = {300 << 10, 1 << 10}, last[1] = {(300 << 10) - 1};
    const int64_t table_bytes = dims[0] * dims[1] * 4; // 1.2 GB, twice
    const float mark[2] = {3.5f, -7.25f};
    for (int i = 0; i < 2; i++)
        write_at("big.data", (i + 1) * table_bytes - 4, &mark[i], 4);
    char offset[32];
    snprintf(offset, sizeof(offset), "%lld", (long long)table_bytes);
    message g = {0}, x = value_info("x", F32, ONNX_DIMS(1, 1024));
    message a = external("a", F32, 2, dims, "big.data", "0", NULL);
    message b = external("b", F32, 2, dims, "big.data", offset, NULL);
    message row = tensor("row", S64, ONNX_DIMS(1), last, sizeof(last));
    message ga = node("", "Gather", "a row", "ra"), gb = node("", "Gather", "b row", "rb");
    message sum = node("", "Add", "ra rb", "s"), add = node("", "Add", "x s", "y");
    add_input(&g, &x);
    add_initializer(&g, &a);
    add_initializer(&g, &b);
    add_initializer(&g, &row);
    add_node(&g, &ga);
    add_node(&g, &gb);
    add_node(&g, &sum);
    add_node(&g, &add);
    add_output(&g, "y");
    message m = model(&g, 13);
    zurt_graph *graph;
    if (import_file(ctx, &m, &graph))
        fail_msg("%s", zurt_ctx_error(ctx));
    zurt_evaluator *e;
    assert_int_equal(zurt_evaluator_create(ctx, graph, 1, &e), ZURT_OK);
    static float in[1024], out[1024];
    const zurt_view view = {in, sizeof(in)};
    const zurt_span span = {out, sizeof(out)};
    assert_int_equal(zurt_evaluator_run(e, &view, 1, &span, 1), ZURT_OK);
    assert_true(out[1022] == 0 && out[1023] == mark[0] + mark[1]);
    zurt_evaluator_destroy(e);
    zurt_graph_destroy(graph);
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"m.onnx", "m.data", "sub/m.data", "inside",    "out",
                                        "up",     "pipe",   "empty",      "half.data", "big.data"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        unlink(in_folder(names[i]));
    rmdir(in_folder("sub"));
    rmdir(folder);
    return zt_ctx_teardown(state);
}

static int make_folder(void **state)
{
    return mkdtemp(folder) ? zt_ctx_setup(state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_data_beside_the_model),
        cmocka_unit_test(refuses_what_is_not_the_models),
        cmocka_unit_test(reports_refused_memory),
        cmocka_unit_test(has_no_folder_in_memory),
        cmocka_unit_test(bounds_what_shared_bytes_cost),
        cmocka_unit_test(reads_models_of_more_than_2_gib),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
