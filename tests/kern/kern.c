/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests kernels, or times them: see usage. Each case has a seed of its own, printed when it fails:
 * --seed replays it first.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const char usage[] =
    "usage: kern [--seed N] [--scale N] [--cpu MASK] [--bench | --list] [NAME...]\n"
    "NAME is an op (conv_s8) or a kernel (conv_s8_neon), or a pattern ('*_s8_avx2'); all without.\n"
    "--seed N    the first case's; each further one has the next\n"
    "--scale N   N times as many cases\n"
    "--cpu MASK  as if the CPU had of its features only these ZURT_CPU_* bits\n"
    "--bench     times every kernel, and says how often it goes into the reference's time\n"
    "--list      names every kernel, and which this CPU can run\n";

typedef struct options {
    uint64_t seed, scale;
    enum { CHECK, BENCH, LIST } mode;
    char **names;
    int n_names;
} options;

static bool named(const options *o, const char *name)
{
    for (int i = 0; i < o->n_names; i++) {
        if (!fnmatch(o->names[i], name, 0))
            return true;
    }
    return o->n_names == 0;
}

static bool check(const options *o, const kern_op *op, const kern_variant *only)
{
    const char *name = only ? only->name : op->name;
    const uint64_t n = op->cases * o->scale;
    for (uint64_t i = 0; i < n; i++) {
        if (kern_check(op, only, kern_seeded(o->seed + i)))
            continue;
        printf("FAIL %s; replay: kern --seed %llu %s\n", name, (unsigned long long)(o->seed + i),
               name);
        return false;
    }
    printf("ok   %-20s %llu cases from seed %llu\n", name, (unsigned long long)n,
           (unsigned long long)o->seed);
    fflush(stdout); // a trap prints past stdio
    return true;
}

static bool run(const options *o, const kern_op *op, const kern_variant *only)
{
    if (o->mode == CHECK)
        return check(o, op, only);
    kern_bench(op, only, o->seed);
    return true;
}

static void list(const options *o, const kern_variant *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (named(o, v[i].name) || named(o, v[i].op->name))
            printf("%-28s %s\n", v[i].name, kern_usable(&v[i]) ? "" : "not on this CPU");
    }
}

/* An op once, if it is named; else those of its variants that are. */
static bool run_named(const options *o, kern_variant *v, size_t n, size_t *n_run)
{
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && v[k].op != v[i].op;
        const bool whole = named(o, v[i].op->name);
        if (whole ? first : named(o, v[i].name)) {
            ++*n_run;
            if (!kern_usable(&v[i])) {
                printf("skip %-20s not on this CPU\n", v[i].name);
                continue;
            }
            ok = run(o, v[i].op, whole ? NULL : &v[i]) && ok;
        }
    }
    return ok;
}

/* Every line that this CPU can run has been run; the others are named. */
static bool all_called(const kern_variant *v, size_t n)
{
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        if (!kern_usable(&v[i])) {
            printf("skip %-20s not on this CPU\n", v[i].name);
        } else if (!v[i].calls) {
            printf("FAIL %s was never called\n", v[i].name);
            ok = false;
        }
    }
    return ok;
}

int main(int argc, char **argv)
{
    options o = {.seed = 1, .scale = 1};
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--bench")) {
            o.mode = BENCH;
        } else if (!strcmp(argv[i], "--list")) {
            o.mode = LIST;
        } else if (!strcmp(argv[i], "--seed") && value) {
            o.seed = strtoull(argv[++i], NULL, 0);
        } else if (!strcmp(argv[i], "--scale") && value) {
            o.scale = strtoull(argv[++i], NULL, 0);
        } else if (!strcmp(argv[i], "--cpu") && value) {
            kern_limit_cpu((uint32_t)strtoul(argv[++i], NULL, 0));
        } else {
            fputs(usage, stderr);
            return 2;
        }
    }
    o.names = argv + i;
    o.n_names = argc - i;
    size_t n, n_run = 0;
    kern_variant *v = kern_variants(&n);
    if (o.mode == LIST) {
        list(&o, v, n);
        return 0;
    }
    kern_catch_traps();
    bool ok = run_named(&o, v, n, &n_run);
    if (!n_run) {
        fprintf(stderr, "kern: no kernel has such a name; --list has them all\n");
        return 2;
    }
    if (ok && o.mode == CHECK && !o.n_names && o.scale)
        ok = all_called(v, n);
    return ok ? 0 : 1;
}
