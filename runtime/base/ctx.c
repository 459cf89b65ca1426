/* SPDX-License-Identifier: Apache-2.0 */
/* Creates a context and keeps, for each thread, the text of its last failure there. */
#include "base/ctx.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cpu.h"

/* The texts of one thread, by the id of their context; 0: not used yet. */
static _Thread_local struct {
    uint64_t used[ZI_ERROR_TEXTS]; // when, by `clock`
    uint64_t ctx[ZI_ERROR_TEXTS];
    uint64_t clock;
    char text[ZI_ERROR_TEXTS][ZI_ERROR_BYTES];
} errors;

static char *error_text(const zurt_ctx *ctx)
{
    size_t slot = 0;
    for (size_t i = 0; i < ZI_ERROR_TEXTS; i++) {
        if (errors.ctx[i] == ctx->id) {
            slot = i;
            break;
        }
        if (errors.used[i] < errors.used[slot])
            slot = i;
    }
    if (errors.ctx[slot] != ctx->id) {
        errors.ctx[slot] = ctx->id;
        errors.text[slot][0] = 0;
    }
    errors.used[slot] = ++errors.clock;
    return errors.text[slot];
}

zurt_status zurt_ctx_create(const zurt_ctx_options *options, zurt_ctx **out)
{
    static atomic_uint_least64_t n_created;
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
    ctx->id = atomic_fetch_add(&n_created, 1) + 1;
    ctx->error_text = error_text;
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
    return ctx ? zi_error_text(ctx) : "";
}

zurt_status zi_fail(zurt_ctx *ctx, zurt_status code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(zi_error_text(ctx), ZI_ERROR_BYTES, fmt, args);
    va_end(args);
    return code;
}

zurt_status zi_fail_prefix(zurt_ctx *ctx, zurt_status code, const char *fmt, ...)
{
    char *text = zi_error_text(ctx), old[ZI_ERROR_BYTES];
    memcpy(old, text, sizeof(old));
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, ZI_ERROR_BYTES, fmt, args);
    va_end(args);
    if (n >= 0 && n < ZI_ERROR_BYTES)
        snprintf(text + n, ZI_ERROR_BYTES - (size_t)n, "%s", old);
    return code;
}

zurt_status zi_fail_suffix(zurt_ctx *ctx, zurt_status code, const char *fmt, ...)
{
    char *text = zi_error_text(ctx);
    const size_t n = strlen(text);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + n, ZI_ERROR_BYTES - n, fmt, args);
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
