/* SPDX-License-Identifier: Apache-2.0 */
/* zurt compile: float or QDQ ONNX to .zurt. */
#include "convert.h"

/* Loads, and finds a plan. */
static zurt_status runs(zurt_ctx *ctx, const void *bytes, size_t size)
{
    zurt_model *model = NULL;
    zurt_session *session = NULL;
    zurt_session_options options = ZURT_SESSION_OPTIONS_INIT;
    options.device = ZURT_DEVICE_CPU;
    options.threads = 1;
    zurt_status st = zurt_model_load_mem(ctx, bytes, size, &model);
    if (!st)
        st = zurt_session_create(ctx, model, &options, &session);
    zurt_session_destroy(session);
    zurt_model_destroy(model);
    return st;
}

int cmd_compile(cli *c, int argc, char **argv)
{
    static const conversion to_zurt = {.suffix = ".zurt",
                                       .emit = zurt_emit_zurt_mem,
                                       .check = runs,
                                       .refusal = "what was compiled does not run"};
    return convert_command(c, argc, argv, &to_zurt);
}
