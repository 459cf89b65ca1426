/* SPDX-License-Identifier: Apache-2.0 */
/* zurt bench: latency percentiles and frames per second of one model on this machine. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench_profile.h"
#include "figures.h"
#include "flights.h"
#include "json.h"
#include "shown.h"
#include "target.h"

typedef struct bench_options {
    target_options target;
    const char *model;
    size_t warmup;
    size_t runs;    /**< 0: by time */
    double seconds; /**< when runs is 0 */
    bool csv;
} bench_options;

typedef struct bench_result {
    uint64_t *latency_ns; /**< one per request, sorted at the end */
    size_t n;
    size_t capacity;
    uint64_t elapsed_ns;
} bench_result;

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

/* ---- the machine ---- */

static void read_line(const char *path, const char *key, char *out, size_t size)
{
    out[0] = 0;
    FILE *f = fopen(path, "r");
    char line[512];
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        char *value = key[0] ? strchr(line, ':') : line - 1;
        if (!value)
            continue;
        value++;
        value += strspn(value, " \t");
        value[strcspn(value, "\n")] = 0;
        snprintf(out, size, "%s", value);
        break;
    }
    if (f)
        fclose(f);
}

static void json_environment(json_writer *j, const target *t, const bench_options *o)
{
    char text[512];
    struct utsname system;
    json_object(j, "environment");
    json_string(j, "zurt", zurt_version());
    read_line("/proc/device-tree/model", "", text, sizeof(text));
    json_string(j, "board", text);
    read_line("/proc/cpuinfo", "model name", text, sizeof(text));
    json_string(j, "cpu", text);
    json_int(j, "cores", sysconf(_SC_NPROCESSORS_ONLN));
    read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "", text, sizeof(text));
    json_string(j, "governor", text);
    if (uname(&system) == 0) {
        json_string(j, "machine", system.machine);
        json_string(j, "kernel", system.release);
    }
    zurt_session_info info;
    if (t->session && zurt_session_info_get(t->session, &info) == ZURT_OK)
        json_uint(j, "threads", info.threads);
    else
        json_uint(j, "threads",
                  o->target.session.threads ? o->target.session.threads
                                            : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    json_uint(j, "streams", o->target.session.streams);
    json_uint(j, "batch", t->batch);
    json_close(j);
}

/* ---- results ---- */

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Nearest rank of a sorted list. */
static uint64_t percentile(const bench_result *r, double p)
{
    size_t rank = (size_t)(p / 100.0 * (double)r->n + 0.9999999);
    return r->latency_ns[rank < 1 ? 0 : rank - 1];
}

typedef struct summary {
    uint64_t p50, p90, p99, min, max;
    double mean;
    double fps;
} summary;

static summary summarise(const target *t, bench_result *r)
{
    qsort(r->latency_ns, r->n, sizeof(*r->latency_ns), by_value);
    double sum = 0.0;
    for (size_t i = 0; i < r->n; i++)
        sum += (double)r->latency_ns[i];
    return (summary){
        .p50 = percentile(r, 50.0),
        .p90 = percentile(r, 90.0),
        .p99 = percentile(r, 99.0),
        .min = r->latency_ns[0],
        .max = r->latency_ns[r->n - 1],
        .mean = sum / (double)r->n,
        .fps = (double)(r->n * t->batch) / ((double)r->elapsed_ns * 1e-9),
    };
}

/* What ran where, and what a board would take for it. */
static void json_shares(json_writer *j, const target *t, const zurt_plan *plan)
{
    zurt_session_info info;
    if (!t->session || zurt_session_info_get(t->session, &info) != ZURT_OK)
        return;
    json_uint(j, "launches", info.n_launches);
    json_uint(j, "macs", info.macs);
    json_uint(j, "device_macs", info.device_macs);
    json_uint(j, "fallbacks", info.n_fallbacks);
    zurt_plan_totals totals = zurt_plan_totals_get(plan);
    json_object(j, "estimate");
    json_bool(j, "modelled", true);
    figures_json(j, &totals, t->batch);
    json_close(j);
    if (!totals.cycles || !totals.clock_khz)
        return;
    json_object(j, "pl");
    json_bool(j, "modelled", true);
    json_uint(j, "cycles", totals.cycles);
    json_uint(j, "clock_khz", totals.clock_khz);
    json_double(j, "ms", figures_pl_ms(&totals));
    json_double(j, "fps", figures_fps(figures_pl_ms(&totals), t->batch));
    json_close(j);
}

static void print_shares(const target *t, const zurt_plan *plan)
{
    zurt_session_info info;
    if (!t->session || zurt_session_info_get(t->session, &info) != ZURT_OK || !info.n_launches)
        return;
    printf("%s: %.1f %% of %.1f MMAC in %" PRIu32 " launch%s a request; cpu: the rest\n",
           info.device, info.macs ? 100.0 * (double)info.device_macs / (double)info.macs : 0.0,
           (double)info.macs * 1e-6, info.n_launches, info.n_launches == 1 ? "" : "es");
    zurt_plan_totals totals = zurt_plan_totals_get(plan);
    char range[FIGURES_BYTES];
    figures_range(&totals, t->batch, range);
    printf("modelled, on a board: %s; the latency above is this machine's\n", range);
    figures_launches(&totals, range);
    printf("  of it PL %.3f ms at %.0f MHz (%" PRIu64 " cycles); launches %s;\n"
           "  conversion %.3f ms, CPU nodes %.3f ms of one core\n",
           figures_pl_ms(&totals), (double)totals.clock_khz * 1e-3, totals.cycles, range,
           (double)totals.convert_ns * 1e-6, (double)totals.cpu_ns * 1e-6);
    if (info.n_fallbacks)
        printf("%" PRIu64 " of the answers, warm-up included, are the CPU's: the device failed\n",
               info.n_fallbacks);
}

static void report_json(const bench_options *o, const target *t, const zurt_plan *plan,
                        const summary *s, size_t runs)
{
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "model", o->model);
    json_string(&j, "device", target_device(t));
    json_uint(&j, "runs", runs);
    json_object(&j, "latency_ns");
    json_uint(&j, "p50", s->p50);
    json_uint(&j, "p90", s->p90);
    json_uint(&j, "p99", s->p99);
    json_double(&j, "mean", s->mean);
    json_uint(&j, "min", s->min);
    json_uint(&j, "max", s->max);
    json_close(&j);
    json_double(&j, "fps", s->fps);
    json_shares(&j, t, plan);
    json_environment(&j, t, o);
    profile_json(&j, t, plan);
    json_end(&j);
}

/* A field of RFC 4180. */
static void print_csv_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void report_csv(const bench_options *o, const target *t, const summary *s, size_t runs)
{
    printf("model,device,runs,p50_ns,p90_ns,p99_ns,mean_ns,min_ns,max_ns,fps\n");
    print_csv_text(shown(o->model));
    printf(",%s,%zu,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.0f,%" PRIu64 ",%" PRIu64 ",%.3f\n",
           target_device(t), runs, s->p50, s->p90, s->p99, s->mean, s->min, s->max, s->fps);
}

static void report_text(const bench_options *o, const target *t, const zurt_plan *plan,
                        const summary *s, size_t runs)
{
    printf("%s on %s: %.2f fps over %zu requests\n", shown(o->model), target_device(t), s->fps,
           runs);
    printf("latency ms: p50 %.3f  p90 %.3f  p99 %.3f  mean %.3f  min %.3f  max %.3f\n",
           (double)s->p50 * 1e-6, (double)s->p90 * 1e-6, (double)s->p99 * 1e-6, s->mean * 1e-6,
           (double)s->min * 1e-6, (double)s->max * 1e-6);
    print_shares(t, plan);
    if (o->target.session.profile && t->session)
        profile_print(t, plan);
}

static int report(cli *c, const bench_options *o, const target *t, bench_result *r)
{
    zurt_plan *plan = NULL; // NULL for an .onnx, of which nothing is modelled
    zurt_status st = t->session ? zurt_session_plan(t->session, &plan) : ZURT_OK;
    if (st)
        return cli_fail(c, st, NULL);
    summary s = summarise(t, r);
    if (c->json)
        report_json(o, t, plan, &s, r->n);
    else if (o->csv)
        report_csv(o, t, &s, r->n);
    else
        report_text(o, t, plan, &s, r->n);
    zurt_plan_destroy(plan);
    return EXIT_DONE;
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
        code = report(c, &o, &t, &r);
    free(r.latency_ns);
    target_note_fallbacks(c, &t);
    target_close(&t);
    return code;
}
