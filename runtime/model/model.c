/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a model, and what the public API says about it. */
#include "model/model.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/options.h"
#include "model/format.h"
#include "model/messages.h"

static zurt_status list_tensors(zurt_ctx *ctx, zi_graph *g, const zi_id *ids, size_t n,
                                zurt_tensor_info **out)
{
    zurt_tensor_info *infos = zi_arena_calloc(&g->arena, n, sizeof(*infos));
    if (!infos)
        return zi_fail(ctx, ZURT_E_NOMEM, "model: out of memory");
    for (size_t i = 0; i < n; i++)
        zi_tensor_info_of(&g->tensors[ids[i]], &infos[i]);
    *out = infos;
    return ZURT_OK;
}

static zurt_status read_container(zurt_ctx *ctx, const zi_container *parts, zurt_model *m)
{
    zurt_status st = zi_message_read_graph(ctx, parts, &m->graph);
    if (!st)
        st = zi_message_read_meta(ctx, parts->meta, &m->graph->arena, &m->meta);
    if (!st)
        st = list_tensors(ctx, m->graph, m->graph->inputs, m->graph->n_inputs, &m->inputs);
    if (!st)
        st = list_tensors(ctx, m->graph, m->graph->outputs, m->graph->n_outputs, &m->outputs);
    return st;
}

/* Takes the file over, also on failure; zeroed if the bytes are the caller's. */
static zurt_status load(zurt_ctx *ctx, zi_bytes bytes, zi_file file, zurt_model **out)
{
    zurt_model *m = zi_zalloc(&ctx->allocator, sizeof(*m));
    if (!m) {
        zi_file_close(&file);
        return zi_fail(ctx, ZURT_E_NOMEM, "model: out of memory");
    }
    m->allocator = ctx->allocator;
    m->file = file;
    zi_container parts;
    zurt_status st =
        zi_container_open(ctx, bytes, file.mapped ? ZI_HOLD_SHARED : ZI_HOLD_OWN, &parts);
    if (!st)
        st = read_container(ctx, &parts, m);
    zi_container_close(&parts);
    if (st) {
        zurt_model_destroy(m);
        return st;
    }
    *out = m;
    return ZURT_OK;
}

zurt_status zurt_model_load_mem(zurt_ctx *ctx, const void *bytes, size_t size, zurt_model **out)
{
    if (out)
        *out = NULL;
    if (!ctx)
        return ZURT_E_ARG;
    if (!bytes || !out)
        return zi_fail(ctx, ZURT_E_ARG, "model: bytes and out must not be NULL");
    if ((uintptr_t)bytes % ZI_ALIGN)
        return zi_fail(ctx, ZURT_E_ARG, "model: bytes are not aligned to %zu", ZI_ALIGN);
    const zi_budget budget = zi_budget_begin(ctx, 0);
    zurt_status st = load(ctx, (zi_bytes){bytes, size}, (zi_file){.mapped = false}, out);
    return zi_budget_end(ctx, &budget, st);
}

static const uint64_t copy_bytes[] = {
    [ZURT_HOLD_AUTO] = ZI_COPY_BYTES, [ZURT_HOLD_COPY] = UINT64_MAX, [ZURT_HOLD_MAP] = 0};

zurt_status zurt_model_load(zurt_ctx *ctx, const char *path, const zurt_model_options *options,
                            zurt_model **out)
{
    static const zurt_model_options defaults = ZURT_MODEL_OPTIONS_INIT;
    if (out)
        *out = NULL;
    if (!ctx)
        return ZURT_E_ARG;
    if (!path || !out)
        return zi_fail(ctx, ZURT_E_ARG, "model: path and out must not be NULL");
    if (!options)
        options = &defaults;
    zurt_model_options o;
    if (!zi_options_take(&o, sizeof(o), offsetof(zurt_model_options, max_bytes), options))
        return zi_fail(ctx, ZURT_E_ARG,
                       "model options: size is %zu, this library knows %zu; start from "
                       "ZURT_MODEL_OPTIONS_INIT",
                       options->size, sizeof(o));
    if ((unsigned)o.hold > ZURT_HOLD_MAP)
        return zi_fail(ctx, ZURT_E_ARG, "model options: no way %d to hold a file", (int)o.hold);
    const zi_budget budget = zi_budget_begin(ctx, o.max_bytes);
    zi_file file;
    zurt_status st = zi_file_open(ctx, path, ZI_MAX_FILE_BYTES, copy_bytes[o.hold], &file);
    if (st)
        zi_file_close(&file);
    else
        st = load(ctx, file.bytes, file, out);
    st = zi_budget_end(ctx, &budget, st);
    return st ? zi_fail_prefix(ctx, st, "%s: ", path) : ZURT_OK;
}

zurt_status zurt_model_load_file(zurt_ctx *ctx, const char *path, zurt_model **out)
{
    return zurt_model_load(ctx, path, NULL, out);
}

void zurt_model_destroy(zurt_model *model)
{
    if (!model)
        return;
    zurt_allocator allocator = model->allocator;
    zi_graph_destroy(model->graph);
    zi_file_close(&model->file);
    zi_free(&allocator, model);
}

size_t zurt_model_n_inputs(const zurt_model *model)
{
    return model ? model->graph->n_inputs : 0;
}

size_t zurt_model_n_outputs(const zurt_model *model)
{
    return model ? model->graph->n_outputs : 0;
}

const zurt_tensor_info *zurt_model_input(const zurt_model *model, size_t i)
{
    return i < zurt_model_n_inputs(model) ? &model->inputs[i] : NULL;
}

const zurt_tensor_info *zurt_model_output(const zurt_model *model, size_t i)
{
    return i < zurt_model_n_outputs(model) ? &model->outputs[i] : NULL;
}

const zurt_norm *zurt_model_norm(const zurt_model *model)
{
    return model ? &model->meta.norm : NULL;
}

size_t zurt_model_n_labels(const zurt_model *model)
{
    return model ? model->meta.n_labels : 0;
}

const char *zurt_model_label(const zurt_model *model, size_t i)
{
    return i < zurt_model_n_labels(model) ? model->meta.labels[i] : NULL;
}

const char *zurt_model_description(const zurt_model *model)
{
    return model ? model->meta.description : "";
}

size_t zurt_model_n_nodes(const zurt_model *model)
{
    return model ? model->graph->n_nodes : 0;
}

zurt_status zurt_model_node(const zurt_model *model, size_t i, zurt_node_info *out)
{
    if (!out || i >= zurt_model_n_nodes(model))
        return ZURT_E_ARG;
    zi_node_info_of(model->graph, &model->graph->nodes[i], out);
    return ZURT_OK;
}
