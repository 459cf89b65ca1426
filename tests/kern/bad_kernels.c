/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test of the test: each kernel here is wrong in one way, and kern must say in which. Each runs
 * in a process of its own, since some end it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { CASES = 200 };

static volatile int8_t sink;

static void bad_value(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    zk_lut_s8_ref(x, table, out, n);
    if (n % 16 == 13)
        out[n - 1] ^= 1;
}

static void bad_write_behind(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    zk_lut_s8_ref(x, table, out, n);
    out[n] = 0;
}

static void bad_write_before(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    zk_lut_s8_ref(x, table, out, n);
    out[-1] = 0;
}

static void bad_read_behind(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    sink = x[n];
    zk_lut_s8_ref(x, table, out, n);
}

static void bad_read_before(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    sink = table[-1];
    zk_lut_s8_ref(x, table, out, n);
}

static void bad_input(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    zk_lut_s8_ref(x, table, out, n);
    ((int8_t *)(uintptr_t)table)[255]++;
}

static void bad_depth(const zk_depthwise_f32_args *a)
{
    zk_depthwise_f32_ref(a);
    if (a->row_end > a->row_begin) // one bit, far within rounding
        a->out[a->row_begin * a->shape->out_w * a->shape->out_c] *= 1.0000001f;
}

static void bad_instruction(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    zk_lut_s8_ref(x, table, out, n);
#if defined(__aarch64__)
    __asm__ volatile(".inst 0x00000000"); // udf
#elif defined(__x86_64__)
    __asm__ volatile("ud2");
#endif
}

#if defined(__aarch64__)
#define KEPT(X)                                                                                    \
    X(x19, "x19")                                                                                  \
    X(x20, "x20")                                                                                  \
    X(x21, "x21")                                                                                  \
    X(x22, "x22")                                                                                  \
    X(x23, "x23")                                                                                  \
    X(x24, "x24")                                                                                  \
    X(x25, "x25")                                                                                  \
    X(x26, "x26")                                                                                  \
    X(x27, "x27")                                                                                  \
    X(x28, "x28")                                                                                  \
    X(x29, "x29")                                                                                  \
    X(d8, "d8")                                                                                    \
    X(d9, "d9")                                                                                    \
    X(d10, "d10")                                                                                  \
    X(d11, "d11")                                                                                  \
    X(d12, "d12")                                                                                  \
    X(d13, "d13")                                                                                  \
    X(d14, "d14")                                                                                  \
    X(d15, "d15")                                                                                  \
    X(sp, "sp")                                                                                    \
    X(fpcr, "fpcr")
#elif defined(__x86_64__)
#define KEPT(X)                                                                                    \
    X(rbx, "rbx")                                                                                  \
    X(rbp, "rbp")                                                                                  \
    X(r12, "r12")                                                                                  \
    X(r13, "r13")                                                                                  \
    X(r14, "r14")                                                                                  \
    X(r15, "r15")                                                                                  \
    X(rsp, "rsp")                                                                                  \
    X(mxcsr, "mxcsr")                                                                              \
    X(direction, "direction flag")                                                                 \
    X(x87, "x87 control word")
#endif

#define DECLARE(name, words) zk_lut_s8_fn bad_##name;
KEPT(DECLARE)
#undef DECLARE

typedef struct bad {
    const char *name;
    const char *words; /* what kern must say */
    zk_lut_s8_fn *lut;
    zk_depthwise_f32_fn *depthwise;
} bad;

static const bad kernels[] = {
    {"value", "expected", bad_value, NULL},
    {"write_behind", "outside", bad_write_behind, NULL},
    {"write_before", "outside", bad_write_before, NULL},
    {"read_behind", "access outside an operand", bad_read_behind, NULL},
    {"read_before", "access outside an operand", bad_read_before, NULL},
    {"input", "which is an input", bad_input, NULL},
    {"rounding", "expected", NULL, bad_depth},
    {"instruction", "an instruction that this CPU lacks", bad_instruction, NULL},
#define ROW(name, words) {#name, "did not keep " words ":", bad_##name, NULL},
    KEPT(ROW)
#undef ROW
};

/* In the child: 0 if no case shows that the kernel is bad. */
static int run(const bad *b)
{
    const kern_op *op = b->lut ? &kern_lut_s8 : &kern_depthwise_f32;
    size_t n;
    kern_variants(&n);
    zk_table *t = kern_add_variant(op, b->name, 0);
    if (b->lut)
        t->lut_s8 = b->lut;
    else
        t->depthwise_f32 = b->depthwise;
    const kern_variant *v = &kern_variants(&n)[n - 1];
    kern_catch_traps();
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        if (!kern_check(op, v, kern_seeded(seed)))
            return 1;
    }
    return 0;
}

static bool caught(const bad *b)
{
    int ends[2];
    if (pipe(ends)) {
        perror("pipe");
        return false;
    }
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        const int code = run(b);
        fflush(stdout);
        _exit(code);
    }
    close(ends[1]);
    char said[4096];
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n<sizeof(said) - 1; n += got> 0 ? (size_t)got : 0)
        got = read(ends[0], said + n, sizeof(said) - 1 - n);
    said[n] = '\0';
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && strstr(said, b->words) &&
        strstr(said, b->name))
        return true;
    printf("FAIL %s: ended with status %d and said: %s\n", b->name, status, said);
    return false;
}

int main(void)
{
    const size_t n = sizeof(kernels) / sizeof(*kernels);
    size_t n_caught = 0;
    for (size_t i = 0; i < n; i++)
        n_caught += caught(&kernels[i]);
    printf("%zu of %zu bad kernels were caught\n", n_caught, n);
    return n_caught == n ? 0 : 1;
}
