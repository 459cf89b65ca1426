/* SPDX-License-Identifier: Apache-2.0 */
/* A plan in words: a table per segment, reasons once for the nodes that share them, the sums. */
#include <inttypes.h>
#include <string.h>

#include "columns.h"
#include "inspect.h"

enum { OP_WIDTH = 16, NAME_WIDTH = 41, REASON_INDENT = 12, LABEL_WIDTH = 12 };

bool inspect_on_pl(const zurt_plan_node *n)
{
    return strcmp(n->device, "pl") == 0;
}

/* Op and name, padded. A longer name has its line to itself: it is never cut. */
static void print_name(const zurt_plan_node *n)
{
    int used = printf("  ") + columns_print(stdout, n->op);
    used += printf("%*s", used < OP_WIDTH + 3 ? OP_WIDTH + 3 - used : 1, "");
    used += columns_print(stdout, n->name);
    int width = OP_WIDTH + NAME_WIDTH + 4;
    if (used >= width)
        printf("\n%*s", width, "");
    else
        printf("%*s", width - used, "");
}

static void print_node(const inspection *v, const zurt_plan_node *n)
{
    print_name(n);
    if (inspect_on_pl(n) && n->cycles == 0) {
        char shown[COLUMNS_BYTES(COLUMNS)];
        int rest = COLUMNS - 4 - OP_WIDTH - NAME_WIDTH;
        columns_fit(n->reason, rest, shown);
        printf("%*s\n", rest, shown);
        return;
    }
    printf("%11.1f", (double)n->macs * 1e-3);
    if (inspect_on_pl(n)) {
        double peak = (double)n->cycles * (double)v->totals.macs_per_cycle;
        printf(" %9" PRIu64 " %9.1f %6.1f", n->cycles, (double)n->ddr_bytes * 1e-3,
               100.0 * (double)n->macs / peak);
    } else {
        printf(" %9.1f", (double)n->cpu_ns * 1e-3);
    }
    putchar('\n');
}

/* Sums over the segment that starts at node `first`. */
static size_t sum_segment(const inspection *v, size_t first, zurt_plan_node *sum)
{
    zurt_plan_node n;
    size_t nodes = 0;
    if (zurt_plan_node_get(v->plan, first, sum) != ZURT_OK)
        return 0;
    sum->cycles = sum->macs = sum->cpu_ns = 0;
    for (size_t i = first; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++, nodes++) {
        if (n.segment != sum->segment)
            break;
        sum->cycles += n.cycles;
        sum->macs += n.macs;
        sum->cpu_ns += n.cpu_ns;
    }
    return nodes;
}

/* Every figure of a segment is modelled; its heading says so. */
static void print_heading(const inspection *v, size_t first, uint32_t launch)
{
    zurt_plan_node sum;
    size_t nodes = sum_segment(v, first, &sum);
    if (!nodes)
        return;
    if (inspect_on_pl(&sum))
        printf("\nPL, launch %" PRIu32 ": ", launch);
    else
        printf("\nCPU: ");
    printf("%zu node%s, %.1f MMAC, ", nodes, nodes == 1 ? "" : "s", (double)sum.macs * 1e-6);
    if (inspect_on_pl(&sum))
        printf("%" PRIu64 " cycles (modelled)\n", sum.cycles);
    else
        printf("%.3f ms of one core (modelled)\n", (double)sum.cpu_ns * 1e-6);
    printf("  %-*s %-*s %11s", OP_WIDTH, "op", NAME_WIDTH, "node", "kMAC");
    if (inspect_on_pl(&sum))
        printf(" %9s %9s %6s\n", "cycles", "DDR kB", "used %");
    else
        printf(" %9s\n", "us");
}

/* After the last of the nodes that have the same ones. */
static void print_reason(const inspection *v, size_t i, const zurt_plan_node *n)
{
    zurt_plan_node next;
    if (inspect_on_pl(n) || !v->totals.clock_khz)
        return;
    if (zurt_plan_node_get(v->plan, i + 1, &next) == ZURT_OK && next.segment == n->segment &&
        strcmp(next.reason, n->reason) == 0 && strcmp(next.remedy, n->remedy) == 0)
        return;
    columns_wrap(stdout, REASON_INDENT, "    why:", n->reason);
    if (n->remedy[0])
        columns_wrap(stdout, REASON_INDENT, "    remedy:", n->remedy);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* The parts that the range of a run is the sum of. */
static void print_parts(const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    char text[512], launches[FIGURES_BYTES];
    if (t->launches) {
        snprintf(text, sizeof(text),
                 "%.3f ms at %.0f MHz (%" PRIu64 " cycles), %.2f MB of DDR a frame, %.1f %% of the "
                 "array used",
                 figures_pl_ms(t), (double)t->clock_khz * 1e-3, t->cycles,
                 (double)t->ddr_bytes * 1e-6 / (double)v->batch, 100.0 * figures_utilisation(t));
        columns_wrap(stdout, LABEL_WIDTH, "  PL", text);
        figures_launches(t, launches);
        snprintf(text, sizeof(text), "%" PRIu32 ", %s", t->launches, launches);
        columns_wrap(stdout, LABEL_WIDTH, "  launches", text);
        snprintf(text, sizeof(text),
                 "%.1f kB to the PL's layout and back by the CPU, %.3f ms of one core",
                 (double)t->boundary_bytes * 1e-3, (double)t->convert_ns * 1e-6);
        columns_wrap(stdout, LABEL_WIDTH, "  convert", text);
    }
    snprintf(text, sizeof(text),
             "%" PRIu32 " node%s with %.1f MMAC, %.3f ms of one Cortex-A53 core, at best a fourth "
             "of that on four",
             t->cpu_nodes, plural(t->cpu_nodes), (double)(t->macs - t->pl_macs) * 1e-6,
             (double)t->cpu_ns * 1e-6);
    columns_wrap(stdout, LABEL_WIDTH, "  CPU", t->cpu_nodes ? text : "no nodes");
}

static void print_totals(const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    size_t nodes = zurt_plan_n_nodes(v->plan);
    char text[512], range[FIGURES_BYTES];
    putchar('\n');
    if (t->clock_khz) {
        snprintf(text, sizeof(text),
                 "%.1f %% of %.1f MMAC, %.1f %% of the time, %zu of %zu nodes, %" PRIu32
                 " segment%s",
                 t->macs ? 100.0 * (double)t->pl_macs / (double)t->macs : 0.0,
                 (double)t->macs * 1e-6, 100.0 * figures_pl_time_share(t), nodes - t->cpu_nodes,
                 nodes, t->segments, plural(t->segments));
        columns_wrap(stdout, LABEL_WIDTH, "on the PL", text);
    }
    figures_range(t, v->batch, range);
    snprintf(text, sizeof(text), "%s (modelled), one request at a time:", range);
    columns_wrap(stdout, LABEL_WIDTH, "a run", text);
    print_parts(v);
    if (v->batch > 1) {
        snprintf(text, sizeof(text), "%zu: a run is as many frames", v->batch);
        columns_wrap(stdout, LABEL_WIDTH, "batch", text);
    }
    if (t->assumed_scales)
        columns_wrap(stdout, LABEL_WIDTH, "scales",
                     "assumed, from synthetic pictures; real ones may move a node at the PL's "
                     "limits: compile with samples and inspect the .zurt");
    if (!t->clock_khz)
        columns_wrap(stdout, LABEL_WIDTH, "PL", "none: name one with --board kv260 or zcu104");
}

void inspect_text(const inspection *v)
{
    char range[FIGURES_BYTES];
    figures_range(&v->totals, v->batch, range);
    int used = columns_print(stdout, v->model) + printf(" on %s:", v->board);
    int width = (int)(strlen(range) + sizeof(" (modelled)"));
    printf("%s%s (modelled)\n", used + width > COLUMNS ? "\n  " : " ", range);
    zurt_plan_node n;
    uint32_t segment = UINT32_MAX, launch = 0;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++) {
        if (n.segment != segment)
            print_heading(v, i, launch += inspect_on_pl(&n));
        segment = n.segment;
        print_node(v, &n);
        print_reason(v, i, &n);
    }
    print_totals(v);
}
