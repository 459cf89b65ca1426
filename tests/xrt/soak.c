/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens and closes sessions on the PL in one process, runs an inference in each, and compares what
 * the process holds after the first hundred with what it holds at the end: threads, descriptors,
 * memory. What grows by a little each time would end a service after weeks.
 * usage: soak SESSIONS MODEL.zurt      started by scripts/swemu-env
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zurt/zurt.h>

enum { WARM_UP = 100, MAX_IO = 4 };

typedef struct holdings {
    long threads;
    long descriptors;
    long rss_kb;
} holdings;

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "soak: %s: %s\n", what, why);
    exit(1);
}

static long count_entries(const char *path)
{
    DIR *folder = opendir(path);
    long n = 0;
    if (!folder)
        die(path, "cannot be read");
    for (const struct dirent *e; (e = readdir(folder));)
        n += e->d_name[0] != '.';
    closedir(folder);
    return n;
}

static holdings count(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size, pages;
    if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2)
        die("/proc/self/statm", "cannot be read");
    fclose(f);
    return (holdings){count_entries("/proc/self/task"), count_entries("/proc/self/fd"), pages * 4};
}

static void print(const char *when, holdings h, time_t start)
{
    printf("%s: %ld threads, %ld descriptors, %ld KiB, %ld s\n", when, h.threads, h.descriptors,
           h.rss_kb, (long)(time(NULL) - start));
    fflush(stdout);
}

/* One of everything that a session can have: streams, helpers, a profile, a fallback, a request in
 * flight when it is destroyed. */
static void one_session(zurt_ctx *ctx, const zurt_model *m, unsigned i)
{
    static uint64_t memory[2][MAX_IO][1 << 15];
    zurt_session_options o = ZURT_SESSION_OPTIONS_INIT;
    o.device = ZURT_DEVICE_XRT;
    o.streams = 1 + i % 4;
    o.threads = 1 + i % 3;
    o.profile = i & 1;
    o.fallback = i >> 1 & 1;
    zurt_session *s;
    if (zurt_session_create(ctx, m, &o, &s))
        die("create", zurt_ctx_error(ctx));
    zurt_view in[MAX_IO];
    zurt_span out[MAX_IO];
    for (size_t k = 0; k < zurt_model_n_inputs(m); k++)
        in[k] = (zurt_view){memory[0][k], zurt_model_input(m, k)->bytes};
    for (size_t k = 0; k < zurt_model_n_outputs(m); k++)
        out[k] = (zurt_span){memory[1][k], zurt_model_output(m, k)->bytes};
    const size_t n_in = zurt_model_n_inputs(m), n_out = zurt_model_n_outputs(m);
    uint64_t ticket;
    if (zurt_session_run(s, in, n_in, out, n_out))
        die("run", zurt_ctx_error(ctx));
    if (i % 8 == 0 && zurt_session_submit(s, in, n_in, out, n_out, &ticket))
        die("submit", zurt_ctx_error(ctx));
    zurt_session_destroy(s);
}

static void check_io(const zurt_model *m)
{
    bool fits = zurt_model_n_inputs(m) <= MAX_IO && zurt_model_n_outputs(m) <= MAX_IO;
    for (size_t k = 0; fits && k < zurt_model_n_inputs(m); k++)
        fits = zurt_model_input(m, k)->bytes <= (size_t)8 << 15;
    for (size_t k = 0; fits && k < zurt_model_n_outputs(m); k++)
        fits = zurt_model_output(m, k)->bytes <= (size_t)8 << 15;
    if (!fits)
        die("model", "more inputs or outputs than this test has room for");
}

static bool flat(const char *what, long before, long after)
{
    bool grew = after > before + before / 10;
    if (grew)
        fprintf(stderr, "soak: %s grew from %ld to %ld\n", what, before, after);
    return !grew;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage", "soak SESSIONS MODEL.zurt");
    const unsigned n = (unsigned)strtoul(argv[1], NULL, 10);
    const time_t start = time(NULL);
    zurt_ctx *ctx;
    zurt_model *m;
    if (n <= WARM_UP || zurt_ctx_create(NULL, &ctx))
        die("usage", "more than 100 sessions");
    if (zurt_model_load_file(ctx, argv[2], &m))
        die("load", zurt_ctx_error(ctx));
    check_io(m);
    holdings first = {0};
    for (unsigned i = 0; i < n; i++) {
        one_session(ctx, m, i);
        if (i + 1 == WARM_UP) {
            first = count();
            print("after 100 sessions", first, start);
        }
    }
    const holdings last = count();
    printf("%u sessions\n", n);
    print("at the end", last, start);
    zurt_model_destroy(m);
    zurt_ctx_destroy(ctx);
    bool same = flat("threads", first.threads, last.threads);
    same &= flat("descriptors", first.descriptors, last.descriptors);
    same &= flat("memory in KiB", first.rss_kb, last.rss_kb);
    return same ? 0 : 1;
}
