/* SPDX-License-Identifier: Apache-2.0 */
/* zurt quantize: float ONNX to int8 QDQ ONNX. */
#include <stdio.h>

#include "convert.h"
#include "output.h"

/* What was written must be read again, before a file says that it can be. */
static int check_model(cli *c, const char *path, const void *bytes, size_t size)
{
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    zurt_graph *again = NULL;
    zurt_status st = zurt_import_onnx_mem(c->ctx, bytes, size, &options, &again);
    char reason[512] = "";
    if (st)
        snprintf(reason, sizeof(reason), "%s", zurt_ctx_error(c->ctx));
    zurt_graph_destroy(again);
    return st ? cli_fail(c, st, "%s is not written: what was quantised cannot be read again: %s",
                         path, reason)
              : EXIT_DONE;
}

static int write_model(cli *c, const zurt_graph *graph, const char *path)
{
    void *bytes = NULL;
    size_t size = 0;
    zurt_status st = zurt_emit_onnx_mem(c->ctx, graph, &bytes, &size);
    int code = st ? cli_fail(c, st, NULL) : check_model(c, path, bytes, size);
    if (code == EXIT_DONE)
        code = output_write(c, path, bytes, size);
    zurt_buffer_free(c->ctx, bytes);
    return code;
}

int cmd_quantize(cli *c, int argc, char **argv)
{
    convert_options o;
    int code = convert_parse(c, argc, argv, ".onnx", &o);
    o.quantize.io = ZURT_IO_FLOAT; // as the file's inputs are: float branches read them unrounded
    zurt_graph *source = NULL;
    zurt_graph *graph = NULL;
    zurt_quant_report *report = NULL;
    if (code == EXIT_DONE)
        code = convert_graph(c, &o, &source, &graph, &report);
    if (code == EXIT_DONE)
        code = write_model(c, graph, o.output);
    if (code == EXIT_DONE)
        convert_summary(c, &o, source, graph, report);
    zurt_quant_report_destroy(report);
    zurt_graph_destroy(graph);
    zurt_graph_destroy(source);
    convert_free(&o);
    return code;
}
