/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a loaded model around a graph, without a file. */
#include "support/model_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/bytes_source.h"

struct zurt_model zt_model_of(zi_graph *g)
{
    return (struct zurt_model){.allocator = g->arena.allocator, .graph = g};
}

void zt_fill(zurt_dtype dtype, void *data, size_t n_elems, uint64_t *state)
{
    for (size_t i = 0; i < n_elems; i++) {
        uint32_t r = (uint32_t)(zt_random(state) >> 32);
        switch (dtype) {
        case ZURT_F32:
            ((float *)data)[i] = (float)((int32_t)(r % 8001) - 4000) / 1000.0f;
            break;
        case ZURT_S32:
            ((int32_t *)data)[i] = (int32_t)(r % 2001) - 1000;
            break;
        case ZURT_S64:
            ((int64_t *)data)[i] = (int32_t)(r % 2001) - 1000;
            break;
        case ZURT_BOOL:
            ((uint8_t *)data)[i] = r & 1;
            break;
        default:
            ((uint8_t *)data)[i] = (uint8_t)r;
            break;
        }
    }
}

static void *alloc_or_abort(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);
    if (!p)
        abort();
    return p;
}

zt_io zt_io_create(const zi_graph *g, uint64_t seed)
{
    zt_io io = {g, alloc_or_abort(g->n_inputs, sizeof(*io.in)),
                alloc_or_abort(g->n_outputs, sizeof(*io.out))};
    for (size_t i = 0; i < g->n_inputs; i++) {
        const zi_tensor *t = &g->tensors[g->inputs[i]];
        void *data = alloc_or_abort(zi_tensor_bytes(t), 1);
        zt_fill(t->dtype, data, zi_tensor_elems(t), &seed);
        io.in[i] = (zurt_view){data, zi_tensor_bytes(t)};
    }
    for (size_t i = 0; i < g->n_outputs; i++) {
        size_t bytes = zi_tensor_bytes(&g->tensors[g->outputs[i]]);
        io.out[i] = (zurt_span){alloc_or_abort(bytes, 1), bytes};
        memset(io.out[i].data, 0x5a, bytes);
    }
    return io;
}

void zt_io_destroy(zt_io *io)
{
    for (size_t i = 0; i < io->graph->n_inputs; i++)
        free((void *)io->in[i].data);
    for (size_t i = 0; i < io->graph->n_outputs; i++)
        free(io->out[i].data);
    free(io->in);
    free(io->out);
    *io = (zt_io){0};
}

int zt_io_compare(const zt_io *a, const zt_io *b)
{
    for (size_t i = 0; i < a->graph->n_outputs; i++) {
        if (a->out[i].bytes != b->out[i].bytes ||
            memcmp(a->out[i].data, b->out[i].data, a->out[i].bytes) != 0)
            return (int)i;
    }
    return -1;
}
