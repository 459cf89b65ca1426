/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86_run [--cpu MASK] [--threads N] MODEL: runs a model as often as it is told to. A .zurt runs in
 * a session, an .onnx on the compiler's evaluator. The input is seeded noise.
 *
 * Says "ready" when the model is loaded. Then every line of its input is a number of runs, and its
 * answer one line: the nanoseconds of each run. bench_x86.py has the same said by other runtimes,
 * and lets them take turns.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zurt/compile.h>
#include <zurt/zurt.h>

enum { MAX_TENSORS = 16, MOST_RUNS = 1000000 };

/* What runs: a session of a model, or an evaluator of a graph. */
typedef struct runner {
    zurt_ctx *ctx;
    zurt_model *model;
    zurt_session *session;
    zurt_graph *graph;
    zurt_evaluator *evaluator;
    zurt_view in[MAX_TENSORS];
    zurt_span out[MAX_TENSORS];
    size_t n_in, n_out;
    clockid_t clock;
} runner;

static void *noise(size_t bytes, zurt_dtype dtype)
{
    uint8_t *p = malloc(bytes ? bytes : 1);
    uint64_t state = 1;
    for (size_t i = 0; p && i < bytes; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        p[i] = (uint8_t)(state >> 56);
    }
    for (size_t i = 0; p && dtype == ZURT_F32 && i < bytes / sizeof(float); i++)
        ((float *)(void *)p)[i] = (float)p[4 * i] / 255.0f;
    return p;
}

static zurt_status add_input(runner *r, const zurt_tensor_info *info)
{
    if (r->n_in == MAX_TENSORS)
        return ZURT_E_LIMIT;
    r->in[r->n_in] = (zurt_view){noise(info->bytes, info->dtype), info->bytes};
    return r->in[r->n_in++].data ? ZURT_OK : ZURT_E_NOMEM;
}

static zurt_status add_output(runner *r, const zurt_tensor_info *info)
{
    if (r->n_out == MAX_TENSORS)
        return ZURT_E_LIMIT;
    r->out[r->n_out] = (zurt_span){malloc(info->bytes ? info->bytes : 1), info->bytes};
    return r->out[r->n_out++].data ? ZURT_OK : ZURT_E_NOMEM;
}

static zurt_status load_session(runner *r, const char *path, uint32_t threads)
{
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.threads = threads;
    zurt_status st = zurt_model_load_file(r->ctx, path, &r->model);
    for (size_t i = 0; !st && i < zurt_model_n_inputs(r->model); i++)
        st = add_input(r, zurt_model_input(r->model, i));
    for (size_t i = 0; !st && i < zurt_model_n_outputs(r->model); i++)
        st = add_output(r, zurt_model_output(r->model, i));
    return st ? st : zurt_session_create(r->ctx, r->model, &o, &r->session);
}

static zurt_status load_evaluator(runner *r, const char *path, uint32_t threads)
{
    zurt_tensor_info info;
    zurt_status st = zurt_import_onnx_file(r->ctx, path, NULL, &r->graph);
    for (size_t i = 0; !st && i < zurt_graph_n_inputs(r->graph); i++) {
        st = zurt_graph_input(r->graph, i, &info);
        if (!st)
            st = add_input(r, &info);
    }
    for (size_t i = 0; !st && i < zurt_graph_n_outputs(r->graph); i++) {
        st = zurt_graph_output(r->graph, i, &info);
        if (!st)
            st = add_output(r, &info);
    }
    return st ? st : zurt_evaluator_create(r->ctx, r->graph, threads, &r->evaluator);
}

static zurt_status load(runner *r, const char *path, uint32_t threads)
{
    zurt_file_kind kind;
    zurt_status st = zurt_file_kind_read(r->ctx, path, &kind);
    if (st)
        return st;
    return kind == ZURT_FILE_ZURT ? load_session(r, path, threads)
                                  : load_evaluator(r, path, threads);
}

static zurt_status run(runner *r)
{
    if (r->session)
        return zurt_session_run(r->session, r->in, r->n_in, r->out, r->n_out);
    return zurt_evaluator_run(r->evaluator, r->in, r->n_in, r->out, r->n_out);
}

static int64_t now_ns(const runner *r)
{
    struct timespec t;
    clock_gettime(r->clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Answers until the input ends. */
static zurt_status serve(runner *r)
{
    char line[32];
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        const long runs = strtol(line, NULL, 10);
        if (runs < 1 || runs > MOST_RUNS)
            return ZURT_E_ARG;
        for (long i = 0; i < runs; i++) {
            const int64_t begin = now_ns(r);
            const zurt_status st = run(r);
            if (st)
                return st;
            printf("%" PRId64 " ", now_ns(r) - begin);
        }
        printf("\n");
        fflush(stdout);
    }
    return ZURT_OK;
}

static void release(runner *r)
{
    zurt_evaluator_destroy(r->evaluator);
    zurt_graph_destroy(r->graph);
    zurt_session_destroy(r->session);
    zurt_model_destroy(r->model);
    for (size_t i = 0; i < r->n_in; i++)
        free((void *)(uintptr_t)r->in[i].data);
    for (size_t i = 0; i < r->n_out; i++)
        free(r->out[i].data);
    zurt_ctx_destroy(r->ctx);
}

int main(int argc, char **argv)
{
    zurt_ctx_options o = ZURT_CTX_OPTIONS_INIT;
    uint32_t threads = 1;
    int i = 1;
    for (; i + 2 < argc && argv[i][0] == '-'; i += 2) {
        const uint32_t value = (uint32_t)strtoul(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--cpu") == 0)
            o.cpu_mask = value;
        else if (strcmp(argv[i], "--threads") == 0)
            threads = value;
        else
            break;
    }
    if (i + 1 != argc || argv[i][0] == '-') {
        fprintf(stderr, "usage: x86_run [--cpu MASK] [--threads N] MODEL\n");
        return 2;
    }
    // of one thread the time it computes: that of others on this machine is not in it
    runner r = {.clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC};
    zurt_status st = zurt_ctx_create(&o, &r.ctx);
    if (!st)
        st = load(&r, argv[i], threads);
    if (!st)
        st = serve(&r);
    if (st)
        fprintf(stderr, "x86_run: %s: %s: %s\n", argv[i], zurt_status_name(st),
                zurt_ctx_error(r.ctx));
    release(&r);
    return st ? 1 : 0;
}
