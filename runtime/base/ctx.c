/* SPDX-License-Identifier: Apache-2.0 */
/* Creates a context and keeps the text of its last failure. */
#include "base/ctx.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cpu.h"

zurt_status zurt_ctx_create(const zurt_ctx_options *options, zurt_ctx **out)
{
    static const zurt_ctx_options defaults = ZURT_CTX_OPTIONS_INIT;
    if (!out)
        return ZURT_E_ARG;
    *out = NULL;
    if (!options)
        options = &defaults;
    if (options->size != sizeof(*options))
        return ZURT_E_ARG;
    zurt_allocator allocator = options->allocator;
    if (!allocator.alloc != !allocator.release)
        return ZURT_E_ARG;
    if (!allocator.alloc)
        allocator = zi_default_allocator();
    zurt_ctx *ctx = zi_zalloc(&allocator, sizeof(*ctx));
    if (!ctx)
        return ZURT_E_NOMEM;
    zi_heap_init(&ctx->heap, &allocator);
    ctx->allocator = zi_heap_allocator(&ctx->heap);
    ctx->log = options->log;
    ctx->log_self = options->log_self;
    ctx->cpu = zi_cpu_detect() & options->cpu_mask;
    *out = ctx;
    return ZURT_OK;
}

void zurt_ctx_destroy(zurt_ctx *ctx)
{
    if (!ctx)
        return;
    zurt_allocator source = ctx->heap.source;
    zi_free(&source, ctx);
}

const char *zurt_ctx_error(const zurt_ctx *ctx)
{
    return ctx ? ctx->error : "";
}

zurt_status zi_fail(zurt_ctx *ctx, zurt_status code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(ctx->error, sizeof(ctx->error), fmt, args);
    va_end(args);
    return code;
}

zurt_status zi_fail_prefix(zurt_ctx *ctx, zurt_status code, const char *fmt, ...)
{
    char old[ZI_ERROR_BYTES];
    memcpy(old, ctx->error, sizeof(old));
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(ctx->error, sizeof(ctx->error), fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(ctx->error))
        snprintf(ctx->error + n, sizeof(ctx->error) - (size_t)n, "%s", old);
    return code;
}

zurt_status zi_fail_suffix(zurt_ctx *ctx, zurt_status code, const char *fmt, ...)
{
    const size_t n = strlen(ctx->error);
    va_list args;
    va_start(args, fmt);
    vsnprintf(ctx->error + n, sizeof(ctx->error) - n, fmt, args);
    va_end(args);
    return code;
}

void zi_log(zurt_ctx *ctx, zurt_log_level level, const char *fmt, ...)
{
    if (!ctx->log)
        return;
    char line[ZI_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    ctx->log(ctx->log_self, level, line);
}
