/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The A53 model as a plugin of qemu-aarch64: `-plugin a53.so[,out=FILE][,l2=BYTES]`. Each thread of
 * the guest runs on a core of its own. At every `hint #0x52` it writes a line: the core, the number
 * of its interval, instructions and modelled cycles since the mark before. A core's model starts
 * with its first mark, before which it counts nothing.
 *
 * A block is stepped through when the next one begins: then it is known which addresses it touched
 * and where it went.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "a53_core.h"
#include "qemu_plugin_abi.h"

#define EXPORT __attribute__((visibility("default")))

enum { MAX_CORES = 64 };

/* A translated block. QEMU may run it at any later time: it is never freed. */
typedef struct block {
    size_t n;
    a53_insn insns[];
} block;

typedef struct touched {
    size_t insn;
    a53_touch touch;
} touched;

typedef struct guest_core {
    a53_core core;
    const block *current;
    bool
        is_marked; /* the model starts with the first mark: what is before takes long, some of it */
    touched *touches; /* of the current block, in order */
    size_t n_touches, room;
    uint64_t intervals, insns_before;
    int64_t cycle_before;
} guest_core;

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

static guest_core *cores[MAX_CORES]; /* each is used by its own thread alone */
static uint32_t l2_bytes = 1024 * 1024;
static FILE *out;

static void die(const char *what)
{
    fprintf(stderr, "a53: %s\n", what);
    exit(1);
}

static guest_core *core_of(unsigned vcpu)
{
    if (vcpu >= MAX_CORES)
        die("too many threads");
    guest_core **g = &cores[vcpu];
    if (*g)
        return *g;
    *g = calloc(1, sizeof(**g));
    if (!*g || !a53_cache_init(&(*g)->core.cache, l2_bytes))
        die("no memory");
    return *g;
}

static void mark(guest_core *g, unsigned vcpu)
{
    const a53_core *c = &g->core;
    fprintf(out, "%u %" PRIu64 " %" PRIu64 " %" PRId64 "\n", vcpu, g->intervals++,
            c->insns - g->insns_before, c->cycle - g->cycle_before);
    g->insns_before = c->insns;
    g->cycle_before = c->cycle;
    g->is_marked = true;
}

/* Steps through the block that has run; the next begins at `next`. */
static void finish_block(guest_core *g, unsigned vcpu, uint64_t next)
{
    const block *b = g->current;
    size_t k = 0;
    for (size_t i = 0; b && i < b->n; i++) {
        const a53_insn *insn = &b->insns[i];
        if (!g->is_marked) {
            if (insn->unit == A53_MARK)
                mark(g, vcpu);
            continue;
        }
        a53_touch t = {0};
        for (; k < g->n_touches && g->touches[k].insn == i; k++) {
            const a53_touch *more = &g->touches[k].touch;
            t.first = t.any && t.first < more->first ? t.first : more->first;
            t.last = t.any && t.last > more->last ? t.last : more->last;
            t.any = true;
        }
        if (insn->unit == A53_MARK)
            mark(g, vcpu);
        else
            a53_step(&g->core, insn, t,
                     insn->unit == A53_BRANCH && i + 1 == b->n && next != insn->address + 4);
    }
    g->n_touches = 0;
}

static void on_block(unsigned vcpu, void *arg)
{
    const block *b = arg;
    guest_core *g = core_of(vcpu);
    finish_block(g, vcpu, b->insns[0].address);
    g->current = b;
}

static void on_access(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *arg)
{
    guest_core *g = core_of(vcpu);
    if (!g->is_marked)
        return;
    if (g->n_touches == g->room) {
        g->room = g->room ? 2 * g->room : 256;
        g->touches = realloc(g->touches, g->room * sizeof(*g->touches));
        if (!g->touches)
            die("no memory");
    }
    const uint64_t last = address + ((uint64_t)1 << qemu_plugin_mem_size_shift(info)) - 1;
    g->touches[g->n_touches++] = (touched){(size_t)(uintptr_t)arg, {true, address, last}};
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    const size_t n = qemu_plugin_tb_n_insns(tb);
    block *b = calloc(1, sizeof(*b) + n * sizeof(*b->insns));
    if (!b)
        die("no memory");
    (void)id;
    b->n = n;
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
        a53_decode(word, qemu_plugin_insn_vaddr(insn), &b->insns[i]);
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, (void *)(uintptr_t)i);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
}

static void on_exit_guest(qemu_plugin_id_t id, void *arg)
{
    (void)id;
    (void)arg;
    for (unsigned i = 0; i < MAX_CORES; i++) {
        if (cores[i])
            finish_block(cores[i], i, 0);
    }
    fflush(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    out = stderr;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4))
            out = fopen(argv[i] + 4, "w");
        else if (!strncmp(argv[i], "l2=", 3))
            l2_bytes = (uint32_t)strtoul(argv[i] + 3, NULL, 0);
        else
            die("options are out=FILE and l2=BYTES");
    }
    if (!out)
        die("the file of out= cannot be written");
    if (l2_bytes < 64 * 1024)
        die("l2= is the second level's size in bytes, 65536 at least");
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_guest, NULL);
    return 0;
}
