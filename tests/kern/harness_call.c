/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's call with the registers watched that it has to give back. */
#include <stdio.h>

#include "harness.h"

/* call_kept_*.S: bit i of the result says that kept[i] came back changed. */
uint64_t kern_call_kept(void (*call)(const zk_table *, void *), const zk_table *t, void *state);

#if defined(__aarch64__)
static const char *const kept[] = {"x19", "x20", "x21", "x22", "x23", "x24", "x25",
                                   "x26", "x27", "x28", "d8",  "d9",  "d10", "d11",
                                   "d12", "d13", "d14", "d15", "x29", "sp",  "fpcr"};
#elif defined(__x86_64__)
static const char *const kept[] = {
    "rbx", "rbp", "r12", "r13", "r14", "r15", "rsp", "mxcsr", "direction flag", "x87 control word"};
#endif

bool kern_call(const kern_variant *v, void *state)
{
    const uint64_t lost = kern_call_kept(v->op->call, &v->table, state);
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        if (lost >> i & 1)
            printf("%s: did not keep %s: %s\n", v->name, kept[i], kern_description());
    }
    return !lost;
}
