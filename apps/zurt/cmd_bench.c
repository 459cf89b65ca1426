/* SPDX-License-Identifier: Apache-2.0 */
/* zurt bench: latency percentiles and frames per second of one model on this machine. */
#include <stdlib.h>
#include <string.h>

#include "bench_report.h"
#include "flights.h"

static int parse(cli *c, int argc, char **argv, bench_options *o)
{
    const cli_binding bindings[] = {
        {OPT_STREAMS, .u32 = &o->target.session.streams},
        {OPT_WARMUP, .size = &o->warmup},
        {OPT_RUNS, .size = &o->runs},
        {OPT_SECONDS, .f64 = &o->seconds},
        {OPT_PROFILE, .u32 = &o->target.session.profile},
        {OPT_CSV, .flag = &o->csv},
        {0},
    };
    cli_bind(c, bindings);
    target_bind_options(c, &o->target);
    int code = cli_parse(c, argc, argv);
    if (code != EXIT_DONE)
        return code;
    if (o->csv && c->json)
        return cli_usage(c, "--csv and --json exclude each other");
    o->model = c->arguments[0];
    return EXIT_DONE;
}

static bool add_latency(bench_result *r, uint64_t ns)
{
    if (r->n == r->capacity) {
        size_t capacity = r->capacity ? r->capacity * 2 : 1024;
        uint64_t *grown = realloc(r->latency_ns, capacity * sizeof(*grown));
        if (!grown)
            return false;
        r->latency_ns = grown;
        r->capacity = capacity;
    }
    r->latency_ns[r->n++] = ns;
    return true;
}

static bool more_to_do(const bench_options *o, size_t started, uint64_t start_ns)
{
    if (o->runs)
        return started < o->runs;
    return started < OPTION_MOST_RUNS && (double)(cli_now_ns() - start_ns) * 1e-9 < o->seconds;
}

static int bench_sync(cli *c, const bench_options *o, target *t, bench_result *r)
{
    int code = EXIT_DONE;
    uint64_t start = cli_now_ns();
    while (code == EXIT_DONE && (r->n == 0 || more_to_do(o, r->n, start))) {
        uint64_t begin = cli_now_ns();
        code = target_run(c, t);
        if (code == EXIT_DONE && !add_latency(r, cli_now_ns() - begin))
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    r->elapsed_ns = cli_now_ns() - start;
    return code;
}

/* Every flight has the inputs that `t` has. */
static void copy_inputs(const target *t, const flights *f)
{
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < t->n_in; k++)
            memcpy(f->items[i].t.in_space[k].data, t->in[k].data, t->in[k].bytes);
    }
}

/* Keeps all streams busy, waiting for the oldest request. Latency includes its queueing. */
static int bench_streams(cli *c, const bench_options *o, target *t, bench_result *r)
{
    flights f;
    int code = flights_open(c, t, &f);
    if (code == EXIT_DONE)
        copy_inputs(t, &f);
    uint64_t start = cli_now_ns();
    while (code == EXIT_DONE) {
        if (!flights_are_full(&f) && (f.started == 0 || more_to_do(o, f.started, start))) {
            code = flights_submit(c, &f);
        } else if (!flights_are_empty(&f)) {
            const flight *done;
            code = flights_finish(c, &f, &done);
            if (code == EXIT_DONE && !add_latency(r, cli_now_ns() - done->begin_ns))
                code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        } else {
            break;
        }
    }
    r->elapsed_ns = cli_now_ns() - start;
    flights_close(&f); // after a failure: others still use their buffers
    return code;
}

/* Opens the model, fills its inputs with noise and runs it a few times. */
static int prepare(cli *c, const bench_options *o, target *t)
{
    data_source noise = {0};
    bool quiet = c->quiet;
    int code = target_open(c, o->model, &o->target, t);
    if (code == EXIT_DONE && !t->is_zurt && o->target.session.streams > 1)
        code = cli_usage(c, "--streams needs a .zurt");
    if (code == EXIT_DONE && !t->is_zurt && o->target.session.profile)
        cli_note(c, "%s is not profiled; --profile is for a .zurt", o->model);
    c->quiet = true; // noise is what a benchmark is expected to use
    if (code == EXIT_DONE)
        code = data_open(c, "random:1", &noise);
    c->quiet = quiet;
    if (code == EXIT_DONE)
        code = target_bind(c, t, &noise);
    if (code == EXIT_DONE)
        code = target_fill(c, t, &noise, 0, 1);
    for (size_t i = 0; code == EXIT_DONE && i < o->warmup; i++)
        code = target_run(c, t);
    if (code == EXIT_DONE && t->session)
        zurt_session_profile_reset(t->session);
    data_close(&noise);
    return code;
}

int cmd_bench(cli *c, int argc, char **argv)
{
    bench_options o = {.target = target_options_default(), .warmup = 3, .seconds = 3.0};
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    target t = {0};
    bench_result r = {0};
    code = prepare(c, &o, &t);
    if (code == EXIT_DONE && o.target.session.streams > 1)
        code = bench_streams(c, &o, &t, &r);
    else if (code == EXIT_DONE)
        code = bench_sync(c, &o, &t, &r);
    if (code == EXIT_DONE)
        code = bench_report(c, &o, &t, &r);
    free(r.latency_ns);
    target_note_fallbacks(c, &t);
    target_close(&t);
    return code;
}
