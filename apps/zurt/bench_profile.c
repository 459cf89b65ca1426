/* SPDX-License-Identifier: Apache-2.0 */
/* What a session measured, step by step. The layers of a launch cannot be measured one by one: they
 * get their share of its modelled cycles, and are called modelled. */
#include "bench_profile.h"

#include <inttypes.h>
#include <stdio.h>

#include "columns.h"

/* A launch of the PL: its modelled cycles, else 0. */
static uint64_t launch_cycles(const zurt_plan *plan, const zurt_profile_entry *e)
{
    zurt_plan_node n;
    uint64_t cycles = 0;
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (zurt_plan_node_get(plan, e->first_node + i, &n) == ZURT_OK)
            cycles += n.cycles;
    }
    return cycles;
}

static void json_layers(json_writer *j, const zurt_plan *plan, const zurt_profile_entry *e,
                        uint64_t cycles)
{
    zurt_plan_node n;
    json_array(j, "layers");
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (zurt_plan_node_get(plan, e->first_node + i, &n) != ZURT_OK || !n.cycles)
            continue;
        json_object(j, NULL);
        json_string(j, "name", n.name);
        json_string(j, "op", n.op);
        json_uint(j, "macs", n.macs);
        json_uint(j, "cycles", n.cycles);
        json_double(j, "share", (double)n.cycles / (double)cycles);
        json_close(j);
    }
    json_close(j);
}

void profile_json(json_writer *j, const target *t, const zurt_plan *plan)
{
    json_array(j, "profile");
    for (size_t i = 0; t->session && i < zurt_session_n_profile(t->session); i++) {
        zurt_profile_entry e;
        if (zurt_session_profile(t->session, i, &e) != ZURT_OK || e.runs == 0)
            continue;
        uint64_t cycles = launch_cycles(plan, &e);
        json_object(j, NULL);
        json_string(j, "name", e.name);
        json_string(j, "op", cycles ? "launch" : e.op);
        json_string(j, "device", e.device);
        json_uint(j, "mean_ns", e.total_ns / e.runs);
        json_uint(j, "macs", e.macs);
        json_uint(j, "nodes", e.n_nodes);
        if (cycles) {
            json_uint(j, "modelled_cycles", cycles);
            json_layers(j, plan, &e, cycles);
        }
        json_close(j);
    }
    json_close(j);
}

/* Below a launch: its layers, with what a board's clock would make of their cycles. */
static void print_layers(const zurt_plan *plan, const zurt_profile_entry *e, uint64_t cycles)
{
    zurt_plan_node n;
    uint32_t clock_khz = zurt_plan_totals_get(plan).clock_khz;
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (zurt_plan_node_get(plan, e->first_node + i, &n) != ZURT_OK || !n.cycles)
            continue;
        double us = clock_khz ? (double)n.cycles * 1e3 / clock_khz : 0.0;
        printf("  %10.1f %5.1f%% %9.2f    %-4s %-16s ", us,
               100.0 * (double)n.cycles / (double)cycles,
               us > 0.0 ? (double)n.macs * 1e-3 / us : 0.0, "pl", n.op);
        columns_print(stdout, n.name);
        putchar('\n');
    }
}

static void print_entry(const zurt_plan *plan, const zurt_profile_entry *e, uint64_t total_ns)
{
    double ns = (double)e->total_ns / (double)e->runs;
    uint64_t cycles = launch_cycles(plan, e);
    printf("%12.1f %5.1f%% %9.2f  %-6s ", ns * 1e-3,
           total_ns ? 100.0 * (double)e->total_ns / (double)total_ns : 0.0,
           ns > 0.0 ? (double)e->macs / ns : 0.0, e->device);
    if (cycles) {
        printf("launch of %zu node%s; below, its layers on a board by %" PRIu64
               " modelled cycles:\n",
               e->n_nodes, e->n_nodes == 1 ? "" : "s", cycles);
        print_layers(plan, e, cycles);
        return;
    }
    printf("%-16s ", e->op);
    columns_print(stdout, e->name);
    putchar('\n');
}

void profile_print(const target *t, const zurt_plan *plan)
{
    uint64_t total = 0;
    zurt_profile_entry e;
    for (size_t i = 0; i < zurt_session_n_profile(t->session); i++)
        total += zurt_session_profile(t->session, i, &e) == ZURT_OK ? e.total_ns : 0;
    printf("%12s %6s %9s  %-6s %-16s %s\n", "us/run", "share", "GMAC/s", "device", "op", "node");
    for (size_t i = 0; i < zurt_session_n_profile(t->session); i++) {
        if (zurt_session_profile(t->session, i, &e) == ZURT_OK && e.runs)
            print_entry(plan, &e, total);
    }
}
