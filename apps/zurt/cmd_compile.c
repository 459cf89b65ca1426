/* SPDX-License-Identifier: Apache-2.0 */
/* zurt compile: float or QDQ ONNX to .zurt. */
#include <stdio.h>
#include <string.h>

#include "convert.h"

static void print_help(void)
{
    printf("usage: zurt compile MODEL.onnx --calib DATA -o OUT.zurt [options]\n\n%s\n%s%s"
           "  --threads N                host threads (default: one per core)\n"
           "  --json  --quiet\n",
           data_help, convert_help, target_input_help);
}

/* To a file, or for "-" to stdout. */
static int write_model(cli *c, const zurt_graph *graph, const char *path)
{
    void *bytes = NULL;
    size_t size = 0;
    bool to_stdout = strcmp(path, "-") == 0;
    zurt_status st = to_stdout ? zurt_emit_zurt_mem(c->ctx, graph, &bytes, &size)
                               : zurt_emit_zurt_file(c->ctx, graph, path);
    if (to_stdout && !st)
        fwrite(bytes, 1, size, stdout); // main() finds out whether it arrived
    zurt_buffer_free(c->ctx, bytes);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}

int cmd_compile(cli *c, int argc, char **argv)
{
    convert_options o;
    int code = convert_parse(c, argc, argv, &o);
    if (code == -1)
        print_help();
    zurt_graph *source = NULL;
    zurt_graph *graph = NULL;
    zurt_quant_report *report = NULL;
    if (code == EXIT_DONE)
        code = convert_graph(c, &o, &source, &graph, &report);
    if (code == EXIT_DONE && c->json && strcmp(o.output, "-") == 0)
        code = cli_usage(c, "--json and -o - both want stdout");
    if (code == EXIT_DONE)
        code = write_model(c, graph, o.output);
    if (code == EXIT_DONE && strcmp(o.output, "-") != 0)
        convert_summary(c, &o, source, graph, report);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(graph);
    zurt_graph_destroy(source);
    convert_free(&o);
    return code == -1 ? EXIT_DONE : code;
}
