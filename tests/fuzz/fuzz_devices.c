/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: the reference kernels, the fastest ones of this machine and the PL's engine in
 * simulation give the same bytes for every model that loads. The corpus and the mutations are those
 * of map: a
 * `.zurt` file, whose check sums are made right, or the choices of a random network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/model.h"
#include "support/map_input.h"
#include "support/model_fixture.h"
#include "support/random_net.h"
#include "support/reseal.h"
#include "support/small_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what, const char *why)
{
    if (holds)
        return;
    fprintf(stderr, "devices: %s: %s\n", what, why);
    abort();
}

static zurt_ctx *make_ctx(uint32_t cpu_mask)
{
    zurt_ctx_options o = ZURT_CTX_OPTIONS_INIT;
    zurt_ctx *ctx = NULL;
    o.cpu_mask = cpu_mask;
    must(zurt_ctx_create(&o, &ctx) == ZURT_OK, "ctx", "no memory");
    return ctx;
}

/* False if the session is refused: a node that this build cannot run, the same for all. */
static bool answer(zurt_ctx *ctx, zi_graph *g, zurt_device device, zt_io *io)
{
    struct zurt_model m = zt_model_of(g);
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    zurt_session *s = NULL;
    o.device = device;
    *io = zt_io_create(g, 1);
    const zurt_status st = zurt_session_create(ctx, &m, &o, &s);
    must(st != ZURT_E_INTERNAL, "create", zurt_ctx_error(ctx));
    if (!st && zurt_session_run(s, io->in, g->n_inputs, io->out, g->n_outputs))
        must(false, "run", zurt_ctx_error(ctx));
    zurt_session_destroy(s);
    return st == ZURT_OK;
}

static void compare(zi_graph *g)
{
    static const struct {
        const char *name;
        uint32_t cpu_mask;
        zurt_device device;
    } others[] = {{"the fast kernels", UINT32_MAX, ZURT_DEVICE_CPU},
                  {"the simulation", UINT32_MAX, ZURT_DEVICE_SIM}};
    zurt_ctx *ctx = make_ctx(0);
    zt_io want, got;
    if (answer(ctx, g, ZURT_DEVICE_CPU, &want)) {
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            zurt_ctx *other = make_ctx(others[i].cpu_mask);
            must(answer(other, g, others[i].device, &got), others[i].name, zurt_ctx_error(other));
            must(zt_io_compare(&want, &got) == -1, others[i].name, "other bytes");
            zt_io_destroy(&got);
            zurt_ctx_destroy(other);
        }
    }
    zt_io_destroy(&want);
    zurt_ctx_destroy(ctx);
}

static void try_file(zurt_ctx *ctx, const uint8_t *data, size_t size)
{
    uint8_t *copy = zi_alloc_aligned(&ctx->allocator, size);
    must(copy != NULL, "copy", "no memory");
    memcpy(copy, data, size);
    reseal(copy, size);
    zurt_model *m = NULL;
    if (zurt_model_load_mem(ctx, copy, size, &m) == ZURT_OK && zt_graph_is_small(m->graph))
        compare(m->graph);
    zurt_model_destroy(m);
    zi_free(&ctx->allocator, copy);
}

static void try_choices(zurt_ctx *ctx, const uint8_t *data, size_t size)
{
    zt_source source = zt_source_bytes(data, size);
    (void)zt_map_knobs_pick(&source); // as fuzz_map reads the same bytes
    zi_graph *g = zt_random_net(ctx, &source, 12, 32);
    if (g && zi_graph_check(ctx, g) == ZURT_OK && zt_graph_is_small(g))
        compare(g);
    zi_graph_destroy(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zurt_ctx *ctx = make_ctx(UINT32_MAX);
    if (zt_map_input_is_file(data, size))
        try_file(ctx, data, size);
    else
        try_choices(ctx, data, size);
    zurt_ctx_destroy(ctx);
    return 0;
}
