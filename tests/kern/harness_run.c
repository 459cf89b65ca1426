/* SPDX-License-Identifier: Apache-2.0 */
/* The one loop over variants: a case, what must come out, each variant's answer. */
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static char description[512];
static const char *running = "";
static double work;

void kern_describe(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(description, sizeof(description), fmt, ap);
    va_end(ap);
}

const char *kern_description(void)
{
    return description;
}

void kern_work(double macs)
{
    work = macs;
}

double kern_macs(void)
{
    return work;
}

/* ---- comparison ---- */

static bool same_s8(const char *who, const int8_t *out, const int8_t *expected,
                    const float *tolerance, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fabsf((float)(out[i] - expected[i])) <= tolerance[i])
            continue;
        printf("%s: element %zu of %zu is %d, expected %d: %s\n", who, i, n, out[i], expected[i],
               description);
        return false;
    }
    return true;
}

static bool same_f32(const char *who, const float *out, const float *expected,
                     const float *tolerance, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const bool same = !memcmp(&out[i], &expected[i], sizeof(float));
        const bool both_nan = isnan(out[i]) && isnan(expected[i]);
        const bool near = tolerance[i] > 0.0f && fabsf(out[i] - expected[i]) <= tolerance[i];
        if (same || both_nan || near)
            continue;
        printf("%s: element %zu of %zu is %.9g, expected %.9g +- %.3g: %s\n", who, i, n,
               (double)out[i], (double)expected[i], (double)tolerance[i], description);
        return false;
    }
    return true;
}

/* ---- one case ---- */

typedef struct one_case {
    const kern_op *op;
    void *state;
    void *expected;
    float *tolerance;
    void *exact;  /* what further lines of kernels.def must give, every bit; NULL: not known yet */
    float *zeros; /* the tolerance then */
    size_t bytes; /* of the output */
} one_case;

static void *zeroed(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        abort();
    return p;
}

static size_t elem_bytes(const kern_op *op)
{
    return op->elem == KERN_S8 ? 1 : sizeof(float);
}

/* Operands, and what must come out. */
static one_case case_of(const kern_op *op, kern_rng *r)
{
    one_case c = {.op = op, .state = zeroed(op->state_bytes)};
    kern_memory_reset();
    kern_describe("(%s, before its description)", op->name);
    op->make(r, c.state, NULL);
    kern_snapshot();
    const void *out = kern_out(&c.bytes);
    c.expected = zeroed(c.bytes);
    if (c.bytes)
        memcpy(c.expected, out, c.bytes);
    c.tolerance = zeroed(c.bytes / elem_bytes(op) * sizeof(float));
    c.zeros = zeroed(c.bytes / elem_bytes(op) * sizeof(float));
    op->expect(c.state, c.expected, c.tolerance);
    if (op->rule == KERN_EQUAL)
        memset(c.tolerance, 0, c.bytes / elem_bytes(op) * sizeof(float));
    return c;
}

static void free_case(one_case *c)
{
    free(c->state);
    free(c->expected);
    free(c->tolerance);
    free(c->exact);
    free(c->zeros);
}

/* From now on the lines of kernels.def must give the output that is there. */
static void expect_this(one_case *c)
{
    size_t bytes;
    const void *out = kern_out(&bytes);
    c->exact = zeroed(bytes);
    if (bytes)
        memcpy(c->exact, out, bytes);
}

static bool run(one_case *c, kern_variant *v, kern_rng *r)
{
    const kern_op *op = c->op;
    const size_t mark = kern_mark();
    size_t bytes;
    void *out = kern_out(&bytes);
    running = v->name;
    kern_restore_out();
    if (op->prepare)
        op->prepare(r, c->state, &v->table);
    kern_snapshot();
    bool ok = kern_call(v, c->state);
    v->calls++;
    const size_t n = bytes / elem_bytes(op);
    const bool exact = c->exact != NULL;
    const void *expected = exact ? c->exact : c->expected;
    const float *tolerance = exact ? c->zeros : c->tolerance;
    ok = ok && (op->elem == KERN_S8 ? same_s8(v->name, out, expected, tolerance, n)
                                    : same_f32(v->name, out, expected, tolerance, n));
    ok = ok && kern_inputs_intact(v->name);
    kern_release(mark);
    running = "";
    return ok;
}

bool kern_check(const kern_op *op, const kern_variant *only, kern_rng r)
{
    size_t n;
    kern_variant *v = kern_variants(&n);
    one_case c = case_of(op, &r);
    size_t first = 0;
    while (v[first].op != op)
        first++;
    bool ok = run(&c, &v[first], &r);
    if (op->rule == KERN_REF_WITHIN)
        expect_this(&c);
    for (size_t i = first + 1; ok && i < n; i++) {
        if (v[i].op != op || !kern_usable(&v[i]) || (only && only != &v[i]))
            continue;
        ok = run(&c, &v[i], &r);
        if (op->rule == KERN_ONE_ORDER && !c.exact)
            expect_this(&c);
    }
    free_case(&c);
    return ok;
}

/* ---- traps ---- */

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(2);
}

static void on_trap(int number)
{
    say("\nkern: ");
    say(running);
    say(number == SIGILL ? " has an instruction that this CPU lacks: "
                         : ": access outside an operand: ");
    say(description);
    say("\n");
    _exit(1);
}

void kern_catch_traps(void)
{
    signal(SIGSEGV, on_trap);
    signal(SIGBUS, on_trap);
    signal(SIGILL, on_trap);
}
