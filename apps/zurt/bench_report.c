/* SPDX-License-Identifier: Apache-2.0 */
/* What a benchmark prints: percentiles, the machine, and what a board is modelled to take. */
#include "bench_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench_profile.h"
#include "figures.h"
#include "json.h"
#include "shown.h"

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

int bench_report(cli *c, const bench_options *o, const target *t, bench_result *r)
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
