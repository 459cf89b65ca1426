/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
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

static zurt_status parse(zurt_ctx *ctx, zurt_model *m)
{
    zi_container parts;
    zurt_status st = zi_container_open(ctx, m->file, &parts);
    if (!st)
        st = zi_message_read_graph(ctx, parts.graph, parts.weights, &m->graph);
    if (!st)
        st = zi_message_read_meta(ctx, parts.meta, &m->graph->arena, &m->meta);
    if (!st)
        st = list_tensors(ctx, m->graph, m->graph->inputs, m->graph->n_inputs, &m->inputs);
    if (!st)
        st = list_tensors(ctx, m->graph, m->graph->outputs, m->graph->n_outputs, &m->outputs);
    return st;
}

/* Takes the mapping over, even on failure. */
static zurt_status load(zurt_ctx *ctx, zi_bytes file, bool mapped, zurt_model **out)
{
    zurt_model *m = zi_zalloc(&ctx->allocator, sizeof(*m));
    if (!m) {
        if (mapped)
            munmap((void *)(uintptr_t)file.data, file.size);
        return zi_fail(ctx, ZURT_E_NOMEM, "model: out of memory");
    }
    m->allocator = ctx->allocator;
    m->file = file;
    m->mapped = mapped;
    zurt_status st = parse(ctx, m);
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
    return load(ctx, (zi_bytes){bytes, size}, false, out);
}

static zurt_status map_file(zurt_ctx *ctx, int fd, zi_bytes *out)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return zi_fail(ctx, ZURT_E_IO, "%s", strerror(errno));
    if (S_ISDIR(s.st_mode))
        return zi_fail(ctx, ZURT_E_IO, "%s", strerror(EISDIR));
    if (!S_ISREG(s.st_mode))
        return zi_fail(ctx, ZURT_E_IO, "not a regular file: it cannot be mapped");
    if (s.st_size == 0)
        return zi_fail(ctx, ZURT_E_FORMAT, "the file is empty");
    if ((uint64_t)s.st_size > ZI_MAX_FILE_BYTES || (uint64_t)s.st_size > SIZE_MAX)
        return zi_fail(ctx, ZURT_E_LIMIT, "%" PRIu64 " bytes, a .zurt has at most %" PRIu64,
                       (uint64_t)s.st_size, ZI_MAX_FILE_BYTES);
    void *p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return zi_fail(ctx, errno == ENOMEM ? ZURT_E_NOMEM : ZURT_E_IO, "cannot map: %s",
                       strerror(errno));
    *out = (zi_bytes){p, (size_t)s.st_size};
    return ZURT_OK;
}

zurt_status zurt_model_load_file(zurt_ctx *ctx, const char *path, zurt_model **out)
{
    if (out)
        *out = NULL;
    if (!ctx)
        return ZURT_E_ARG;
    if (!path || !out)
        return zi_fail(ctx, ZURT_E_ARG, "model: path and out must not be NULL");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // nonblocking: path may be a FIFO
    if (fd < 0)
        return zi_fail(ctx, ZURT_E_IO, "%s: %s", path, strerror(errno));
    zi_bytes file;
    zurt_status st = map_file(ctx, fd, &file);
    close(fd); // the mapping stays
    if (!st)
        st = load(ctx, file, true, out);
    return st ? zi_fail_prefix(ctx, st, "%s: ", path) : ZURT_OK;
}

void zurt_model_destroy(zurt_model *model)
{
    if (!model)
        return;
    zurt_allocator allocator = model->allocator;
    zi_graph_destroy(model->graph);
    if (model->mapped)
        munmap((void *)(uintptr_t)model->file.data, model->file.size);
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
