/* SPDX-License-Identifier: Apache-2.0 */
/* zurt quantize: float ONNX to int8 QDQ ONNX. */
#include "convert.h"

static zurt_status can_be_read_again(zurt_ctx *ctx, const void *bytes, size_t size)
{
    const zurt_import_options options = ZURT_IMPORT_OPTIONS_INIT;
    zurt_graph *again = NULL;
    zurt_status st = zurt_import_onnx_mem(ctx, bytes, size, &options, &again);
    zurt_graph_destroy(again);
    return st;
}

int cmd_quantize(cli *c, int argc, char **argv)
{
    // inputs and outputs are the file's, float: float branches read them unrounded
    static const conversion to_qdq = {.suffix = ".onnx",
                                      .float_io = true,
                                      .emit = zurt_emit_onnx_mem,
                                      .check = can_be_read_again,
                                      .refusal = "what was quantised cannot be read again"};
    return convert_command(c, argc, argv, &to_qdq);
}
