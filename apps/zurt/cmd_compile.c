/* SPDX-License-Identifier: Apache-2.0 */
/* zurt compile: float or QDQ ONNX to .zurt. */
#include <stdio.h>
#include <string.h>

#include "convert.h"

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
    return code;
}
