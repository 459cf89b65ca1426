/* SPDX-License-Identifier: Apache-2.0 */
/** @file Imports small ONNX files for tests, and runs what came of them. */
#ifndef SUPPORT_IMPORT_RUN_H
#define SUPPORT_IMPORT_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "float/evaluator.h"
#include "import/onnx/onnx_import.h"
#include "support/onnx_writer.h"

typedef struct imported {
    zurt_ctx *ctx;
    zi_graph *g;
    zurt_status status;
} imported;

static inline imported import_with(const message *m, const zurt_import_options *options)
{
    imported i = {0};
    size_t nodes;
    assert_int_equal(zurt_ctx_create(NULL, &i.ctx), ZURT_OK);
    i.status = zc_onnx_import(i.ctx, (zi_bytes){m->bytes, m->n}, options, &i.g, &nodes);
    assert_true((i.status == ZURT_OK) == (i.g != NULL));
    return i;
}

static inline imported import(const message *m)
{
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    return import_with(m, &options);
}

static inline void done(imported *i)
{
    zi_graph_destroy(i->g);
    zurt_ctx_destroy(i->ctx);
}

/* The import fails with this status and a message that contains each of two texts. */
static inline void refuses(const message *m, zurt_status status, const char *text, const char *more)
{
    imported i = import(m);
    const char *message_text = zurt_ctx_error(i.ctx);
    if (i.status != status || !strstr(message_text, text) || !strstr(message_text, more))
        fail_msg("status %s, message '%s'", zurt_status_name(i.status), message_text);
    done(&i);
}

static inline void output_is(const imported *i, size_t output, int32_t rank, const int32_t *dims)
{
    if (i->status)
        fail_msg("%s", zurt_ctx_error(i->ctx));
    const zi_tensor *t = &i->g->tensors[i->g->outputs[output]];
    assert_int_equal(t->rank, rank);
    assert_memory_equal(t->dims, dims, (size_t)rank * sizeof(*dims));
}

#define OUTPUT_IS(i, output, ...)                                                                  \
    output_is((i), (output), (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)),        \
              (const int32_t[]){__VA_ARGS__})

static inline size_t count(const imported *i, zi_op op)
{
    size_t n = 0;
    for (size_t k = 0; k < i->g->n_nodes; k++)
        n += i->g->nodes[k].op == op;
    return n;
}

/** The only node of that op. */
static inline const zi_node *the(const imported *i, zi_op op)
{
    const zi_node *found = NULL;
    for (size_t k = 0; k < i->g->n_nodes; k++) {
        if (i->g->nodes[k].op == op) {
            assert_null(found);
            found = &i->g->nodes[k];
        }
    }
    assert_non_null(found);
    return found;
}

/** One node from x (F32 of the dims) to y. */
static inline message one_node(const message *n, int n_dims, const int64_t *dims)
{
    message g = {0};
    message x = value_info("x", F32, n_dims, dims);
    add_input(&g, &x);
    add_node(&g, n);
    add_output(&g, "y");
    return g;
}

/** Runs the graph once; in and out: one dense tensor for each input and output. */
static inline void run_imported(const imported *i, const zurt_view *in, const zurt_span *out)
{
    zc_executor *e;
    if (i->status || zc_executor_create(i->ctx, i->g, 1, &e))
        fail_msg("%s", zurt_ctx_error(i->ctx));
    if (zc_executor_run(e, in, i->g->n_inputs, out, i->g->n_outputs, NULL, NULL))
        fail_msg("%s", zurt_ctx_error(i->ctx));
    zc_executor_destroy(e);
}

#endif
