/* SPDX-License-Identifier: Apache-2.0 */
/* Issues one instruction after the other and counts cycles. */
#include "a53_core.h"

enum { SLOTS = 2, HALVES = 2, MISPREDICTED = 7, GRANULE = 8 };

static void advance(a53_core *c, int64_t to)
{
    if (to <= c->cycle)
        return;
    c->cycle = to;
    c->slots = 0;
    c->halves = 0;
}

static void wait_for_operands(a53_core *c, const a53_insn *i)
{
    int64_t when = c->cycle;
    for (int k = 0; k < i->n_in; k++) {
        const uint8_t reg = i->in[k];
        int64_t ready = c->ready[reg];
        if (i->conditional)
            ready--; // a branch issues beside what sets its flags
        else if (reg == i->accumulator && i->pipe && c->pipe[reg] == i->pipe)
            ready -= c->early[reg];
        when = ready > when ? ready : when;
    }
    advance(c, when);
}

/* Cycles that an access holds the port: loads by 8-byte granules, stores by 16 bytes. */
static int32_t port_cycles(const a53_insn *i, a53_touch t)
{
    if (i->unit != A53_LOAD && i->unit != A53_STORE)
        return 0;
    if (!t.any)
        return 1;
    if (i->unit == A53_LOAD)
        return (int32_t)(t.last / GRANULE - t.first / GRANULE + 1);
    const bool split = t.last / A53_LINE != t.first / A53_LINE && t.last - t.first < 16;
    return (int32_t)((t.last - t.first + 16) / 16) + split;
}

static void wait_for_units(a53_core *c, const a53_insn *i, int32_t port)
{
    if (port)
        advance(c, c->port_free);
    if (i->halves) {
        advance(c, c->neon_free);
        const int32_t halves = i->unit == A53_LOAD && port > 1 ? HALVES : i->halves;
        if (c->halves + halves > HALVES)
            advance(c, c->cycle + 1);
        c->halves += halves;
        if (i->unit == A53_NEON && i->busy > 1)
            c->neon_free = c->cycle + i->busy;
    }
    if (i->unit == A53_MUL) {
        advance(c, c->mul_free);
        c->mul_free = c->cycle + i->busy;
    }
    if (i->unit == A53_BRANCH) {
        advance(c, c->branch_free);
        c->branch_free = c->cycle + 1;
    }
}

/* Returns when what was loaded is there. */
static int64_t use_port(a53_core *c, const a53_insn *i, a53_touch t, int32_t port)
{
    int64_t there = c->cycle;
    c->port_free = c->cycle + port;
    for (uint64_t line = t.first / A53_LINE; t.any && line <= t.last / A53_LINE; line++) {
        const int64_t arrives = a53_cache_access(&c->cache, line, c->cycle);
        if (i->unit == A53_LOAD && arrives > there)
            there = arrives;
    }
    if (i->unit == A53_LOAD && port > 1) {
        c->slots = SLOTS;
        if (i->halves && c->port_free > c->neon_free)
            c->neon_free = c->port_free;
        there += port - 1;
    }
    return there;
}

static void branch(a53_core *c, const a53_insn *i, bool taken)
{
    uint8_t *counter = &c->predictions[i->address / 4 % sizeof(c->predictions)];
    const bool missed = i->conditional && (*counter >= 2) != taken;
    if (i->conditional && taken && *counter < 3)
        ++*counter;
    else if (i->conditional && !taken && *counter > 0)
        --*counter;
    if (missed)
        advance(c, c->cycle + 1 + MISPREDICTED);
    else if (taken || !i->conditional)
        advance(c, c->cycle + 1);
}

void a53_step(a53_core *c, const a53_insn *i, a53_touch touch, bool taken)
{
    c->insns++;
    if (c->slots >= SLOTS)
        advance(c, c->cycle + 1);
    wait_for_operands(c, i);
    const int32_t port = port_cycles(i, touch);
    wait_for_units(c, i, port);
    c->slots++;
    const int64_t issued = c->cycle;
    const int64_t there = port ? use_port(c, i, touch, port) : issued;
    for (int k = 0; k < i->n_out; k++) {
        const uint8_t reg = i->out[k];
        const bool written_back = i->unit == A53_LOAD && i->out_latency[k] == 1;
        c->ready[reg] = (written_back ? issued : there) + i->out_latency[k];
        c->pipe[reg] = i->pipe;
        c->early[reg] = (uint8_t)(i->latency - i->forwarded);
    }
    if (i->unit == A53_BRANCH)
        branch(c, i, taken);
}
