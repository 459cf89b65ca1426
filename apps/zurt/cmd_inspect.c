/* SPDX-License-Identifier: Apache-2.0 */
/* zurt inspect: what runs where, and why, before anything is quantised or loaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "target.h"

enum { OPT_BOARD = OPT_COMMAND_FIRST, OPT_DOT, OPT_SVG, OPT_FORCE };

typedef struct inspect_options {
    target_options target;
    const char *model;
    const char *board;
    const char *dot;
    bool force;
} inspect_options;

static void print_help(void)
{
    printf("usage: zurt inspect MODEL [options]\n\n"
           "MODEL: a float or QDQ .onnx, or a .zurt. Prints per node the device, the reason and\n"
           "what would put it on the PL; cycles and fps are modelled.\n\n"
           "  --board cpu|kv260|zcu104   capability table to plan for (default cpu)\n"
           "  --dot FILE                 the graph for graphviz, coloured by device\n"
           "  --force                    overwrite FILE\n"
           "  --input-size WxH           for a model whose height and width are symbolic\n"
           "  --batch N                  rewrites the batch of an ONNX model\n"
           "  --json  --quiet\n");
}

static int parse(cli *c, int argc, char **argv, inspect_options *o)
{
    static const struct option rows[] = {
        CLI_COMMON_OPTIONS,
        TARGET_INPUT_OPTIONS,
        {"board", required_argument, NULL, OPT_BOARD},
        {"dot", required_argument, NULL, OPT_DOT},
        {"force", no_argument, NULL, OPT_FORCE},
        {0},
    };
    for (int opt; (opt = getopt_long(argc, argv, "", rows, NULL)) != -1;) {
        int code = target_option(c, opt, argc, argv, &o->target);
        if (code == EXIT_DONE)
            continue;
        if (code != -1)
            return code;
        switch (opt) {
        case OPT_BOARD:
            o->board = optarg;
            break;
        case OPT_DOT:
            o->dot = optarg;
            break;
        case OPT_FORCE:
            o->force = true;
            break;
        default:
            print_help();
            exit(EXIT_DONE);
        }
    }
    if (optind + 1 != argc)
        return cli_usage(c, "wants one MODEL");
    o->model = argv[optind];
    return o->dot ? cli_check_output(c, o->dot, o->force) : EXIT_DONE;
}

/* Modelled time of one frame on the PL; 0 where nothing is modelled. */
static double frame_ms(const zurt_plan_totals *t)
{
    return t->clock_khz ? (double)t->cycles / (double)t->clock_khz : 0.0;
}

static double utilisation(const zurt_plan_totals *t)
{
    double peak = (double)t->cycles * (double)t->macs_per_cycle;
    return peak > 0.0 ? (double)t->pl_macs / peak : 0.0;
}

static void report_json(const inspect_options *o, const zurt_plan *plan)
{
    zurt_plan_totals totals = zurt_plan_totals_get(plan);
    json_writer j;
    json_begin(&j, stdout);
    json_string(&j, "model", o->model);
    json_string(&j, "board", o->board);
    json_array(&j, "nodes");
    for (size_t i = 0; i < zurt_plan_n_nodes(plan); i++) {
        zurt_plan_node n;
        if (zurt_plan_node_get(plan, i, &n) != ZURT_OK)
            continue;
        json_object(&j, NULL);
        json_string(&j, "name", n.name);
        json_string(&j, "op", n.op);
        json_string(&j, "device", n.device);
        json_string(&j, "type", zurt_dtype_name(n.dtype));
        json_string(&j, "reason", n.reason);
        json_string(&j, "remedy", n.remedy);
        json_uint(&j, "macs", n.macs);
        json_uint(&j, "cycles", n.cycles);
        json_close(&j);
    }
    json_close(&j);
    double ms = frame_ms(&totals);
    json_object(&j, "totals");
    json_uint(&j, "cycles", totals.cycles);
    json_double(&j, "ms", ms);
    json_double(&j, "fps", ms > 0.0 ? 1000.0 / ms : 0.0);
    json_uint(&j, "ddr_bytes", totals.ddr_bytes);
    json_double(&j, "utilisation", utilisation(&totals));
    json_uint(&j, "macs", totals.macs);
    json_uint(&j, "pl_macs", totals.pl_macs);
    json_uint(&j, "segments", totals.segments);
    json_close(&j);
    json_bool(&j, "modelled", true);
    json_end(&j);
}

static void report_text(const inspect_options *o, const zurt_plan *plan)
{
    zurt_plan_totals totals = zurt_plan_totals_get(plan);
    printf("%-6s %-4s %-16s %12s  %-40s %s\n", "device", "type", "op", "kMAC", "node", "reason");
    for (size_t i = 0; i < zurt_plan_n_nodes(plan); i++) {
        zurt_plan_node n;
        if (zurt_plan_node_get(plan, i, &n) != ZURT_OK)
            continue;
        printf("%-6s %-4s %-16s %12.1f  %-40s %s%s%s\n", n.device, zurt_dtype_name(n.dtype), n.op,
               (double)n.macs * 1e-3, n.name, n.reason, n.remedy[0] ? "; remedy: " : "", n.remedy);
    }
    printf("%zu nodes, %.1f MMAC, %.1f %% of them on the PL, %u segments\n",
           zurt_plan_n_nodes(plan), (double)totals.macs * 1e-6,
           totals.macs ? 100.0 * (double)totals.pl_macs / (double)totals.macs : 0.0,
           totals.segments);
    if (totals.cycles)
        printf("%s, modelled at %.0f MHz: %.3f ms, %.1f fps, %.2f MB of DDR, utilisation %.1f %%\n",
               o->board, (double)totals.clock_khz * 1e-3, frame_ms(&totals),
               1000.0 / frame_ms(&totals), (double)totals.ddr_bytes * 1e-6,
               100.0 * utilisation(&totals));
}

static void put_dot_text(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', f);
        fputc(*text, f);
    }
}

static int write_dot(cli *c, const inspect_options *o, const zurt_plan *plan)
{
    output_file out;
    int code = output_open(c, o->dot, &out);
    if (code == EXIT_DONE) {
        fputs("digraph zurt {\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n",
              out.file);
        for (size_t i = 0; i < zurt_plan_n_nodes(plan); i++) {
            zurt_plan_node n;
            if (zurt_plan_node_get(plan, i, &n) != ZURT_OK)
                continue;
            fprintf(out.file, "  n%zu [fillcolor=\"%s\", label=\"", i,
                    strcmp(n.device, "pl") == 0 ? "#9fd8c9" : "#f3c9a5");
            put_dot_text(out.file, n.op);
            fputs("\\n", out.file);
            put_dot_text(out.file, n.name);
            fprintf(out.file, "\\n%s %s\"];\n", n.device, zurt_dtype_name(n.dtype));
            for (size_t k = 0; k < n.n_inputs; k++) {
                size_t from = zurt_plan_edge(plan, i, k);
                if (from != SIZE_MAX)
                    fprintf(out.file, "  n%zu -> n%zu;\n", from, i);
            }
        }
        fputs("}\n", out.file);
    }
    return output_close(c, &out, code);
}

int cmd_inspect(cli *c, int argc, char **argv)
{
    inspect_options o = {.target = target_options_default(), .board = "cpu"};
    int code = parse(c, argc, argv, &o);
    if (code != EXIT_DONE)
        return code;
    zurt_model *model = NULL;
    zurt_graph *graph = NULL;
    zurt_plan *plan = NULL;
    zurt_status st;
    if (cli_has_suffix(o.model, ".zurt")) {
        st = zurt_model_load_file(c->ctx, o.model, &model);
        if (!st)
            st = zurt_plan_create(c->ctx, model, o.board, &plan);
    } else {
        st = zurt_import_onnx_file(c->ctx, o.model, &o.target.import, &graph);
        if (!st)
            st = zurt_graph_plan(c->ctx, graph, o.board, &plan);
    }
    if (st == ZURT_E_ARG && (model || graph)) // no such board
        code = cli_usage(c, "%s", zurt_ctx_error(c->ctx));
    else if (st)
        code = cli_fail(c, st, NULL);
    if (code == EXIT_DONE && o.dot)
        code = write_dot(c, &o, plan);
    if (code == EXIT_DONE && c->json)
        report_json(&o, plan);
    else if (code == EXIT_DONE)
        report_text(&o, plan);
    zurt_plan_destroy(plan);
    zurt_graph_destroy(graph);
    zurt_model_destroy(model);
    return code;
}
