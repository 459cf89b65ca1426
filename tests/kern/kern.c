/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kern [--seed N] [--scale N] [--bench] [SUITE...]
 * Each operation has a seed of its own, printed when it fails: --seed replays it first.
 */
#define _DEFAULT_SOURCE // MAP_ANONYMOUS
#include "kern.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"

#define REGION ((size_t)16 << 20)
#define GUARD  256
#define FILL   0xA5

/* Of an op's lines in the list the first counts. */
#define ZK(op, variant, need) &kern_##op,
static const kern_suite *const suites[] = {
#include "kernels/kernels.def"
};
#undef ZK

static char description[512];

/* ---- random numbers ---- */

uint32_t kern_u32(kern_rng *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (uint32_t)((r->state * 0x2545F4914F6CDD1DULL) >> 32);
}

int64_t kern_int(kern_rng *r, int64_t lo, int64_t hi)
{
    return lo + (int64_t)(kern_u32(r) % (uint64_t)(hi - lo + 1));
}

float kern_f32(kern_rng *r, float lo, float hi)
{
    return lo + (hi - lo) * ((float)(kern_u32(r) >> 8) / 16777216.0f);
}

bool kern_chance(kern_rng *r, uint32_t percent)
{
    return kern_u32(r) % 100 < percent;
}

static kern_rng seeded(uint64_t seed)
{
    kern_rng r = {seed * 0x9E3779B97F4A7C15ULL + 0x1234567};
    r.state = r.state ? r.state : 1;
    for (int i = 0; i < 4; i++)
        kern_u32(&r);
    return r;
}

/* ---- memory that ends at a trap ---- */

static struct {
    uint8_t *begin; /* of the region; its REGION bytes are followed by the trap */
    uint8_t *data;
    size_t bytes;
} buffers[KERN_BUFFERS];

static void map_buffers(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < KERN_BUFFERS; i++) {
        void *p =
            mmap(NULL, REGION + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || mprotect((uint8_t *)p + REGION, page, PROT_NONE)) {
            perror("kern: mmap");
            exit(1);
        }
        buffers[i].begin = p;
        buffers[i].data = buffers[i].begin + REGION;
    }
}

void *kern_place(kern_rng *r, int buffer, size_t bytes, size_t align)
{
    if (bytes > REGION - GUARD - align) {
        fprintf(stderr, "kern: an operand of %zu bytes does not fit\n", bytes);
        exit(1);
    }
    uint8_t *end = buffers[buffer].begin + REGION;
    uint8_t *data = end - bytes;
    data -= (uintptr_t)data % align;
    memset(data - GUARD, FILL, GUARD);
    memset(data + bytes, FILL, (size_t)(end - data) - bytes); // alignment's gap
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)kern_u32(r);
    buffers[buffer].data = data;
    buffers[buffer].bytes = bytes;
    return data;
}

static bool is_fill(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != FILL)
            return false;
    }
    return true;
}

bool kern_guards_intact(const char *variant)
{
    for (int i = 0; i < KERN_BUFFERS; i++) {
        const uint8_t *data = buffers[i].data, *end = buffers[i].begin + REGION;
        if (data == end)
            continue;
        const uint8_t *after = data + buffers[i].bytes;
        if (!is_fill(data - GUARD, GUARD) || !is_fill(after, (size_t)(end - after))) {
            printf("%s: wrote outside buffer %d: %s\n", variant, i, description);
            return false;
        }
    }
    return true;
}

static void on_trap(int signal_number)
{
    static const char text[] = "\nkern: access outside an operand: ";
    (void)signal_number;
    if (write(1, text, sizeof(text) - 1) < 0 || write(1, description, strlen(description)) < 0)
        _exit(2);
    _exit(1);
}

/* ---- comparison ---- */

void kern_describe(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(description, sizeof(description), fmt, ap);
    va_end(ap);
}

bool kern_same_bytes(const char *variant, const void *out, const void *expected, size_t bytes)
{
    const uint8_t *a = out, *b = expected;
    for (size_t i = 0; i < bytes; i++) {
        if (a[i] != b[i]) {
            printf("%s: byte %zu of %zu is %u, expected %u: %s\n", variant, i, bytes, a[i], b[i],
                   description);
            return false;
        }
    }
    return kern_guards_intact(variant);
}

bool kern_same_f32(const char *variant, const float *out, const float *expected,
                   const float *tolerance, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const bool same = memcmp(&out[i], &expected[i], sizeof(float)) == 0 ||
                          (isnan(out[i]) && isnan(expected[i])) ||
                          fabsf(out[i] - expected[i]) <= tolerance[i];
        if (!same) {
            printf("%s: element %zu of %zu is %.9g, expected %.9g +- %.3g: %s\n", variant, i, n,
                   (double)out[i], (double)expected[i], (double)tolerance[i], description);
            return false;
        }
    }
    return kern_guards_intact(variant);
}

/* ---- variants ---- */

const kern_variant *kern_variants(size_t *n)
{
    static kern_variant list[8];
    static size_t count;
    if (!count) {
        static const struct {
            const char *name;
            uint32_t bits;
        } steps[] = {{"ref", 0},
                     {"neon", ZURT_CPU_NEON},
                     {"avx2", ZURT_CPU_AVX2},
                     {"avx512", ZURT_CPU_AVX512},
                     {"vnni", ZURT_CPU_VNNI}};
        const uint32_t cpu = zi_cpu_detect();
        uint32_t mask = 0;
        for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
            if ((cpu & steps[i].bits) != steps[i].bits)
                continue;
            mask |= steps[i].bits;
            list[count].name = steps[i].name;
            zk_table_init(&list[count++].table, mask);
        }
        kern_add_compiler(list, &count);
    }
    *n = count;
    return list;
}

/* ---- time ---- */

/* Processor time of this thread, on which kernels run: what others do on the machine is left out.
 */
static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void kern_time(const char *op, const char *layer, const char *variant, kern_call_fn *call,
               void *arg, double macs)
{
    enum { RUNS = 21 };
    double ns[RUNS];
    call(arg); // warm
    for (int i = 0; i < RUNS; i++) {
        const double begin = now_ns();
        call(arg);
        ns[i] = now_ns() - begin;
    }
    qsort(ns, RUNS, sizeof(*ns), by_value);
    printf("%-14s %-28s %-7s %10.1f us  p10 %10.1f  p90 %10.1f  %7.2f G/s\n", op, layer, variant,
           ns[RUNS / 2] / 1e3, ns[RUNS / 10] / 1e3, ns[RUNS - 1 - RUNS / 10] / 1e3,
           macs / ns[RUNS / 2]);
}

/* ---- main ---- */

static bool run_suite(const kern_suite *suite, uint64_t seed, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        kern_rng r = seeded(seed + i);
        kern_describe("(%s, before its description)\n", suite->name);
        if (!suite->check(&r)) {
            printf("FAIL %s; replay: kern --seed %llu %s\n", suite->name,
                   (unsigned long long)(seed + i), suite->name);
            return false;
        }
    }
    printf("ok   %-14s %llu operations from seed %llu\n", suite->name, (unsigned long long)count,
           (unsigned long long)seed);
    return true;
}

static bool chosen(const kern_suite *suite, char **names, int n)
{
    for (int i = 0; i < n; i++) {
        if (!strcmp(names[i], suite->name))
            return true;
    }
    return n == 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, scale = 1;
    bool bench = false, ok = true;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 0);
        } else if (!strcmp(argv[i], "--scale") && i + 1 < argc) {
            scale = strtoull(argv[++i], NULL, 0);
        } else if (!strcmp(argv[i], "--bench")) {
            bench = true;
        } else {
            fprintf(stderr, "usage: kern [--seed N] [--scale N] [--bench] [SUITE...]\n");
            return 2;
        }
    }
    map_buffers();
    signal(SIGSEGV, on_trap);
    signal(SIGBUS, on_trap);
    for (size_t k = 0; k < sizeof(suites) / sizeof(*suites); k++) {
        if ((k && suites[k] == suites[k - 1]) || !chosen(suites[k], argv + i, argc - i))
            continue;
        kern_rng r = seeded(seed);
        if (bench)
            suites[k]->bench(&r);
        else
            ok = run_suite(suites[k], seed, suites[k]->quick * scale) && ok;
    }
    return ok ? 0 : 1;
}
