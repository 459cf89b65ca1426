/* SPDX-License-Identifier: Apache-2.0 */
/* Times of the same calls, beside the reference's in the same run. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness.h"

enum { ROUNDS = 21, LEAST_ROUNDS = 3, MAX_TIMED = 16 };

/* A layer takes no more rounds after this. */
#define LAYER_NS 3e9

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

typedef struct timed {
    const kern_variant *variant;
    double ns[ROUNDS];
    double ratio[ROUNDS]; /* the reference's time of the same round through this one's */
} timed;

static double time_call(const kern_op *op, const kern_variant *v, kern_rng *r, void *state)
{
    const size_t mark = kern_mark();
    if (op->prepare)
        op->prepare(r, state, &v->table);
    op->call(&v->table, state); // warm
    const double begin = now_ns();
    op->call(&v->table, state);
    const double ns = now_ns() - begin;
    kern_release(mark);
    return ns;
}

static void report(const kern_layer *layer, timed *t, int rounds)
{
    qsort(t->ns, (size_t)rounds, sizeof(double), by_value);
    qsort(t->ratio, (size_t)rounds, sizeof(double), by_value);
    printf("%-28s %-30s %10.1f us  p10 %10.1f  p90 %10.1f  %7.2f G/s  %6.2f x ref\n",
           t->variant->name, layer->name, t->ns[rounds / 2] / 1e3, t->ns[rounds / 10] / 1e3,
           t->ns[rounds - 1 - rounds / 10] / 1e3, kern_macs() / t->ns[rounds / 2],
           t->ratio[rounds / 2]);
}

static void bench_layer(const kern_op *op, const kern_layer *layer, timed *t, size_t n, kern_rng r)
{
    void *state = calloc(1, op->state_bytes);
    if (!state)
        abort();
    kern_memory_reset();
    op->make(&r, state, layer);
    const double begin = now_ns();
    int rounds = 0;
    while (rounds < ROUNDS && (rounds < LEAST_ROUNDS || now_ns() - begin < LAYER_NS)) {
        for (size_t i = 0; i < n; i++) {
            t[i].ns[rounds] = time_call(op, t[i].variant, &r, state);
            t[i].ratio[rounds] = t[0].ns[rounds] / t[i].ns[rounds];
        }
        rounds++;
    }
    for (size_t i = 0; i < n; i++)
        report(layer, &t[i], rounds);
    free(state);
}

void kern_bench(const kern_op *op, const kern_variant *only, uint64_t seed)
{
    static timed t[MAX_TIMED];
    size_t n_all, n = 0;
    const kern_variant *v = kern_variants(&n_all);
    for (size_t i = 0; i < n_all; i++) {
        const bool is_wanted = n == 0 || !only || only == &v[i];
        if (v[i].op == op && kern_usable(&v[i]) && is_wanted && n < MAX_TIMED)
            t[n++].variant = &v[i];
    }
    for (size_t i = 0; i < op->n_layers; i++)
        bench_layer(op, &op->layers[i], t, n, kern_seeded(seed));
}
