/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes that the caller gives to what a model leaves open, and what the import warns of. */
#include <stdio.h>

#include "support/import_run.h"

typedef struct heard {
    zurt_ctx *ctx;
    char text[1024];
} heard;

static void listen(void *self, zurt_log_level level, const char *text)
{
    heard *h = self;
    if (level == ZURT_LOG_WARNING)
        snprintf(h->text + strlen(h->text), sizeof(h->text) - strlen(h->text), "%s\n", text);
}

static zurt_status import_heard(const message *m, const zurt_import_options *options, heard *h,
                                zi_graph **g)
{
    zurt_ctx_options ctx = ZURT_CTX_OPTIONS_INIT;
    size_t nodes;
    *h = (heard){0};
    ctx.log = listen;
    ctx.log_self = h;
    assert_int_equal(zurt_ctx_create(&ctx, &h->ctx), ZURT_OK);
    return zc_onnx_import(h->ctx, (zi_bytes){m->bytes, m->n}, options, g, &nodes);
}

static void imports(const message *m, const zurt_import_options *options, int32_t rank,
                    const int32_t *dims, const char *warning)
{
    heard h;
    zi_graph *g;
    if (import_heard(m, options, &h, &g))
        fail_msg("%s", zurt_ctx_error(h.ctx));
    const zi_tensor *t = &g->tensors[g->outputs[0]];
    assert_int_equal(t->rank, rank);
    assert_memory_equal(t->dims, dims, (size_t)rank * sizeof(*dims));
    if (warning ? !strstr(h.text, warning) : h.text[0] != 0)
        fail_msg("warned: '%s'", h.text);
    zi_graph_destroy(g);
    zurt_ctx_destroy(h.ctx);
}

static void refuses_with(const message *m, const zurt_import_options *options, zurt_status status,
                         const char *text)
{
    heard h;
    zi_graph *g;
    zurt_status st = import_heard(m, options, &h, &g);
    if (st != status || !strstr(zurt_ctx_error(h.ctx), text))
        fail_msg("status %s, message '%s'", zurt_status_name(st), zurt_ctx_error(h.ctx));
    zurt_ctx_destroy(h.ctx);
}

static message relu(int n_dims, const int64_t *dims)
{
    message n = node("", "Relu", "x", "y"), g = one_node(&n, n_dims, dims);
    return model(&g, 13);
}

#define DIMS(...)                                                                                  \
    (const int32_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void fills_what_the_model_leaves_open(void **state)
{
    (void)state;
    zurt_input_shape shape = {"x", 3, {2, 7, 32}};
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    options.shapes = &shape;
    options.n_shapes = 1;
    message m = relu(ONNX_DIMS(-1, -1, 32));
    imports(&m, &options, 3, DIMS(2, 7, 32), NULL);
    options.batch = 2; // the same
    imports(&m, &options, 3, DIMS(2, 7, 32), NULL);
    options.batch = 3;
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "--shape has a batch of 2, --batch 3");
    options.batch = 0;
    m = relu(ONNX_DIMS(-1, -1, 33));
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "'x' is [open,open,33]: dim 2 is fixed");
    m = relu(ONNX_DIMS(1, -1, 32));
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "--batch may");
    m = relu(ONNX_DIMS(-1, -1));
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "gives it 3 dims");
    shape.name = "z";
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "no input 'z'; its first is 'x'");
    options = (zurt_import_options)ZURT_IMPORT_OPTIONS_INIT;
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "--shape 'x=1x...'");
}

static void shapes_inputs_that_have_none(void **state)
{
    (void)state;
    message g = {0}, x = {0}, type = {0}, tensor_type = {0}, n = node("", "Relu", "x", "y");
    put_int(&tensor_type, 1, F32);
    put_message(&type, 1, &tensor_type);
    put_text(&x, 1, "x");
    put_message(&x, 2, &type);
    add_input(&g, &x);
    add_node(&g, &n);
    add_output(&g, "y");
    message m = model(&g, 13);
    zurt_input_shape shapes[2] = {{"x", 2, {4, 5}}, {"x", 2, {4, 5}}};
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "has no shape; give it with --shape");
    options.shapes = shapes;
    options.n_shapes = 1;
    imports(&m, &options, 2, DIMS(4, 5), NULL);
    options.n_shapes = 2;
    refuses_with(&m, &options, ZURT_E_UNSUPPORTED, "named twice");
}

static void says_which_options_have_no_effect(void **state)
{
    (void)state;
    zurt_input_shape shape = {"x", 4, {1, 3, 8, 8}};
    zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    message m = relu(ONNX_DIMS(1, 3, 8, 8));
    options.width = options.height = 6;
    imports(&m, &options, 4, DIMS(1, 3, 8, 8), "--input-size 6x6 has no effect");
    options = (zurt_import_options)ZURT_IMPORT_OPTIONS_INIT;
    options.shapes = &shape;
    options.n_shapes = 1;
    imports(&m, &options, 4, DIMS(1, 3, 8, 8), "--shape of 'x' has no effect");
    options = (zurt_import_options)ZURT_IMPORT_OPTIONS_INIT;
    options.batch = 4;
    imports(&m, &options, 4, DIMS(4, 3, 8, 8), NULL);
    m = relu(0, NULL);
    imports(&m, &options, 0, DIMS(0), "--batch 4 has no effect");
    m = relu(ONNX_DIMS(-1, 3, -1, -1));
    options.width = 6, options.height = 5;
    imports(&m, &options, 4, DIMS(4, 3, 5, 6), NULL);
}

static void says_where_resize_differs_from_others(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        const float scales[4] = {1, 1, 2, whole ? 0.5f : 0.6f};
        message n = node("up", "Resize", "x - scales", "y");
        attr_text(&n, "mode", "linear");
        attr_text(&n, "coordinate_transformation_mode", "align_corners");
        message g = one_node(&n, ONNX_DIMS(1, 1, 4, 4));
        message t = tensor("scales", F32, ONNX_DIMS(4), scales, sizeof(scales));
        add_initializer(&g, &t);
        message m = model(&g, 13);
        const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
        imports(&m, &options, 4, DIMS(1, 1, 8, 2),
                whole ? NULL : "node 0 'up' (Resize): align_corners of 4 by 0.6 gives 2.4");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_what_the_model_leaves_open),
        cmocka_unit_test(shapes_inputs_that_have_none),
        cmocka_unit_test(says_which_options_have_no_effect),
        cmocka_unit_test(says_where_resize_differs_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
