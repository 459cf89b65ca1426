/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes load or are refused with a status and a message; what loads can be queried, printed and
 * written, and loading what was written gives the same bytes again. Each input is tried as it is,
 * with its check sums made right, and as the GRAPH section of a valid container, so that the fuzzer
 * gets behind what mutations break first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/model.h"
#include "support/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void query(const zurt_model *m)
{
    zurt_node_info info;
    for (size_t i = 0; i < zurt_model_n_nodes(m); i++)
        check(zurt_model_node(m, i, &info) == ZURT_OK && info.name && info.note);
    for (size_t i = 0; i < zurt_model_n_inputs(m); i++)
        check(zurt_model_input(m, i)->name != NULL);
    for (size_t i = 0; i < zurt_model_n_outputs(m); i++)
        check(zurt_model_output(m, i)->name != NULL);
    for (size_t i = 0; i < zurt_model_n_labels(m); i++)
        check(zurt_model_label(m, i) != NULL);
    check(zurt_model_norm(m)->channels >= 1 && zurt_model_description(m));
}

static void write_again(zurt_ctx *ctx, const zurt_model *m)
{
    uint8_t *first, *second;
    size_t n_first, n_second;
    zurt_model *copy;
    char *text;
    check(zi_graph_print(ctx, m->graph, &text) == ZURT_OK);
    zi_free(&ctx->allocator, text);
    check(zi_model_write(ctx, m->graph, &m->meta, &first, &n_first) == ZURT_OK);
    check(zurt_model_load_mem(ctx, first, n_first, &copy) == ZURT_OK);
    check(zi_model_write(ctx, copy->graph, &copy->meta, &second, &n_second) == ZURT_OK);
    check(n_first == n_second && memcmp(first, second, n_first) == 0);
    zurt_model_destroy(copy);
    zi_free(&ctx->allocator, first);
    zi_free(&ctx->allocator, second);
}

static void load(zurt_ctx *ctx, const uint8_t *bytes, size_t size)
{
    zurt_model *m = NULL;
    zi_error_text(ctx)[0] = 0;
    zurt_status st = zurt_model_load_mem(ctx, bytes, size, &m);
    check(st ? !m && zurt_ctx_error(ctx)[0] : m != NULL);
    if (!st) {
        query(m);
        write_again(ctx, m);
    }
    zurt_model_destroy(m);
}

static void load_as_graph(zurt_ctx *ctx, const uint8_t *message, size_t size)
{
    zi_section sections[] = {{ZI_SECTION_GRAPH, 0, 0, size}, {ZI_SECTION_WEIGHTS, 0, 0, 8192}};
    uint8_t *file;
    size_t n;
    check(zi_container_alloc(ctx, sections, 2, &file, &n) == ZURT_OK);
    if (size)
        memcpy(file + sections[0].offset, message, size);
    for (size_t i = 0; i < sections[1].size; i++)
        file[sections[1].offset + i] = (uint8_t)(i % 7 == 0);
    zi_container_seal(file, n, ZI_FORMAT_MINOR, sections, 2);
    load(ctx, file, n);
    zi_free(&ctx->allocator, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx;
    check(zurt_ctx_create(NULL, &ctx) == ZURT_OK);
    size_t rounded = (size + ZI_ALIGN) & ~(ZI_ALIGN - 1);
    uint8_t *block = aligned_alloc(ZI_ALIGN, rounded);
    check(block != NULL);
    uint8_t *copy = block;
    if (size)
        memcpy(copy, data, size);
    load(ctx, copy, size);
    reseal(copy, size);
    load(ctx, copy, size);
    load_as_graph(ctx, data, size);
    free(block);
    zurt_ctx_destroy(ctx);
    return 0;
}
