/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a53_run MODEL.zurt: runs a model twice on one thread, for the A53 model to count the second run
 * step by step. The input is seeded noise.
 *
 * The library times its steps by the clock. Here the clock is a mark: the A53 model writes what it
 * counted since the mark before, and the clock's time is the number of marks so far. A step that
 * took one nanosecond is therefore one interval of the model. Prints, with tabs between, the first
 * interval of the run, then for each step its operator, multiply-accumulates and name; bench_a53.py
 * puts both together.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <zurt/zurt.h>

#include "a53_mark.h"

static uint64_t marks;

/* In place of the C library's. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
    (void)clock;
    a53_mark();
    *t = (struct timespec){.tv_nsec = (long)marks++};
    return 0;
}

static int fail(zurt_ctx *ctx, const char *what)
{
    fprintf(stderr, "a53_run: %s: %s\n", what, zurt_ctx_error(ctx));
    return 1;
}

/* A buffer of `bytes` of noise. */
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

/* Buffers of all inputs and outputs; the process ends soon, and frees them. */
static zurt_status run_once(zurt_session *s, const zurt_model *m)
{
    enum { MAX = 16 };
    zurt_view in[MAX];
    zurt_span out[MAX];
    const size_t n_in = zurt_model_n_inputs(m), n_out = zurt_model_n_outputs(m);
    if (n_in > MAX || n_out > MAX)
        return ZURT_E_LIMIT;
    for (size_t i = 0; i < n_in; i++) {
        const zurt_tensor_info *info = zurt_model_input(m, i);
        in[i] = (zurt_view){noise(info->bytes, info->dtype), info->bytes};
        if (!in[i].data)
            return ZURT_E_NOMEM;
    }
    for (size_t i = 0; i < n_out; i++) {
        const size_t bytes = zurt_model_output(m, i)->bytes;
        out[i] = (zurt_span){malloc(bytes ? bytes : 1), bytes};
        if (!out[i].data)
            return ZURT_E_NOMEM;
    }
    return zurt_session_run(s, in, n_in, out, n_out);
}

static int print_steps(zurt_session *s, uint64_t first)
{
    printf("%" PRIu64 "\n", first);
    for (size_t i = 0; i < zurt_session_n_profile(s); i++) {
        zurt_profile_entry e;
        if (zurt_session_profile(s, i, &e) || e.total_ns != 1) {
            fprintf(stderr, "a53_run: step %zu is not one interval\n", i);
            return 1;
        }
        printf("%s\t%" PRIu64 "\t%s\n", e.op, e.macs, e.name);
    }
    return 0;
}

int main(int argc, char **argv)
{
    zurt_ctx *ctx = NULL;
    zurt_model *m = NULL;
    zurt_session *s = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: a53_run MODEL.zurt\n");
        return 2;
    }
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_CPU;
    o.profile = 1;
    zurt_status st = zurt_ctx_create(NULL, &ctx);
    if (!st)
        st = zurt_model_load_file(ctx, argv[1], &m);
    if (!st)
        st = zurt_session_create(ctx, m, &o, &s);
    if (!st)
        st = run_once(s, m); // caches and predictors are warm after it
    if (st)
        return fail(ctx, argv[1]);
    zurt_session_profile_reset(s);
    const uint64_t before = marks;
    st = run_once(s, m);
    // its first mark begins the first step's interval, which the next mark ends
    const int status = st ? fail(ctx, argv[1]) : print_steps(s, before + 1);
    zurt_session_destroy(s);
    zurt_model_destroy(m);
    zurt_ctx_destroy(ctx);
    return status;
}
