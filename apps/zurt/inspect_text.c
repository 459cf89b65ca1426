/* SPDX-License-Identifier: Apache-2.0 */
/* A plan in words: a table per segment, reasons once for the nodes that share them, the sums. */
#include <inttypes.h>
#include <string.h>

#include "columns.h"
#include "inspect.h"

enum { OP_WIDTH = 16, NAME_WIDTH = 41, REASON_INDENT = 12, LABEL_WIDTH = 12 };

static bool on_pl(const zurt_plan_node *n)
{
    return strcmp(n->device, "pl") == 0;
}

/* Prints a text cut to `width` columns and padded. */
static void cell(const char *text, int width)
{
    char shown[COLUMNS_BYTES(COLUMNS)];
    int used = columns_fit(text, width, shown);
    printf("%s%*s ", shown, width - used, "");
}

static void print_node(const inspection *v, const zurt_plan_node *n)
{
    fputs("  ", stdout);
    cell(n->op, OP_WIDTH);
    cell(n->name, NAME_WIDTH);
    if (on_pl(n) && n->cycles == 0) {
        char shown[COLUMNS_BYTES(COLUMNS)];
        int rest = COLUMNS - 4 - OP_WIDTH - NAME_WIDTH;
        columns_fit(n->reason, rest, shown);
        printf("%*s\n", rest, shown);
        return;
    }
    printf("%11.1f", (double)n->macs * 1e-3);
    if (on_pl(n)) {
        double peak = (double)n->cycles * (double)v->totals.macs_per_cycle;
        printf(" %9" PRIu64 " %9.1f %6.1f", n->cycles, (double)n->ddr_bytes * 1e-3,
               100.0 * (double)n->macs / peak);
    }
    putchar('\n');
}

/* Every figure of a PL segment is modelled; its heading says so. */
static void print_heading(const inspection *v, size_t first, uint32_t launch)
{
    zurt_plan_node head, n;
    size_t nodes = 0;
    uint64_t cycles = 0, macs = 0;
    if (zurt_plan_node_get(v->plan, first, &head) != ZURT_OK)
        return;
    for (size_t i = first; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++, nodes++) {
        if (n.segment != head.segment)
            break;
        cycles += n.cycles;
        macs += n.macs;
    }
    const char *plural = nodes == 1 ? "" : "s";
    if (!on_pl(&head)) {
        printf("\nCPU: %zu node%s, %.1f MMAC\n", nodes, plural, (double)macs * 1e-6);
        return;
    }
    printf("\nPL, launch %" PRIu32 ": %zu node%s, %.1f MMAC, %" PRIu64 " cycles (modelled)\n",
           launch, nodes, plural, (double)macs * 1e-6, cycles);
    printf("  %-*s %-*s %11s %9s %9s %6s\n", OP_WIDTH, "op", NAME_WIDTH, "node", "kMAC", "cycles",
           "DDR kB", "used %");
}

/* After the last of the nodes that have the same ones. */
static void print_reason(const inspection *v, size_t i, const zurt_plan_node *n)
{
    zurt_plan_node next;
    if (on_pl(n))
        return;
    if (zurt_plan_node_get(v->plan, i + 1, &next) == ZURT_OK && next.segment == n->segment &&
        strcmp(next.reason, n->reason) == 0 && strcmp(next.remedy, n->remedy) == 0)
        return;
    columns_wrap(stdout, REASON_INDENT, "    why:", n->reason);
    if (n->remedy[0])
        columns_wrap(stdout, REASON_INDENT, "    remedy:", n->remedy);
}

static void print_modelled(const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    char text[512];
    snprintf(text, sizeof(text),
             "%.3f ms at %.0f MHz (%" PRIu64 " cycles), %.1f fps, %.2f MB of DDR a frame, %.1f %% "
             "of the array used",
             inspect_ms(v), (double)t->clock_khz * 1e-3, t->cycles, inspect_fps(v),
             (double)t->ddr_bytes * 1e-6 / (double)v->batch, 100.0 * inspect_utilisation(v));
    columns_wrap(stdout, LABEL_WIDTH, "modelled", text);
    snprintf(text, sizeof(text),
             "%" PRIu32 " of the PL a run, %.2f to %.2f ms more (modelled: %d to %d us each)",
             t->launches, t->launches * INSPECT_LAUNCH_US_MIN * 1e-3,
             t->launches * INSPECT_LAUNCH_US_MAX * 1e-3, INSPECT_LAUNCH_US_MIN,
             INSPECT_LAUNCH_US_MAX);
    columns_wrap(stdout, LABEL_WIDTH, "launches", text);
    char nodes[80] = "";
    if (t->cpu_nodes)
        snprintf(nodes, sizeof(nodes), "%" PRIu32 " CPU node%s with %.1f MMAC; ", t->cpu_nodes,
                 t->cpu_nodes == 1 ? "" : "s", (double)(t->macs - t->pl_macs) * 1e-6);
    snprintf(text, sizeof(text), "%s%.1f kB that the CPU converts for the PL and back", nodes,
             (double)t->boundary_bytes * 1e-3);
    columns_wrap(stdout, LABEL_WIDTH, "not counted", text);
}

static void print_totals(const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    size_t nodes = zurt_plan_n_nodes(v->plan);
    char text[512];
    snprintf(text, sizeof(text), "%.1f %% of %.1f MMAC, %zu of %zu nodes, %" PRIu32 " segment%s",
             t->macs ? 100.0 * (double)t->pl_macs / (double)t->macs : 0.0, (double)t->macs * 1e-6,
             nodes - t->cpu_nodes, nodes, t->segments, t->segments == 1 ? "" : "s");
    putchar('\n');
    columns_wrap(stdout, LABEL_WIDTH, "on the PL", text);
    if (t->cycles)
        print_modelled(v);
    if (v->batch > 1) {
        snprintf(text, sizeof(text), "%zu: a run is as many frames", v->batch);
        columns_wrap(stdout, LABEL_WIDTH, "batch", text);
    }
    if (t->assumed_scales)
        columns_wrap(stdout, LABEL_WIDTH, "scales",
                     "assumed, from synthetic pictures; real ones may move a node at the PL's "
                     "limits: compile with samples and inspect the .zurt");
}

void inspect_text(const inspection *v)
{
    char name[COLUMNS_BYTES(COLUMNS)];
    columns_fit(v->model, 60, name);
    printf("%s on %s\n", name, v->board);
    zurt_plan_node n;
    uint32_t segment = UINT32_MAX, launch = 0;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++) {
        if (n.segment != segment)
            print_heading(v, i, launch += on_pl(&n));
        segment = n.segment;
        print_node(v, &n);
        print_reason(v, i, &n);
    }
    print_totals(v);
}
