/* SPDX-License-Identifier: Apache-2.0 */
/* zurt quantize: float ONNX to int8 QDQ ONNX. */
#include <stdio.h>
#include <string.h>

#include "convert.h"

int cmd_quantize(cli *c, int argc, char **argv)
{
    convert_options o;
    int code = convert_parse(c, argc, argv, &o);
    if (code == EXIT_DONE && strcmp(o.output, "-") == 0)
        code = cli_usage(c, "-o wants a file; only compile writes to stdout");
    zurt_graph *source = NULL;
    zurt_graph *graph = NULL;
    zurt_quant_report *report = NULL;
    if (code == EXIT_DONE)
        code = convert_graph(c, &o, &source, &graph, &report);
    if (code == EXIT_DONE) {
        zurt_status st = zurt_emit_onnx_file(c->ctx, graph, o.output);
        code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    }
    if (code == EXIT_DONE)
        convert_summary(c, &o, source, graph, report);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(graph);
    zurt_graph_destroy(source);
    convert_free(&o);
    return code;
}
