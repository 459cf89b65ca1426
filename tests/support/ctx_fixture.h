/* SPDX-License-Identifier: Apache-2.0 */
/** @file A context as the state of a cmocka group or test. */
#ifndef ZT_CTX_FIXTURE_H
#define ZT_CTX_FIXTURE_H

#include <zurt/zurt.h>

/** *state is a zurt_ctx * with the system's allocator. */
static inline int zt_ctx_setup(void **state)
{
    zurt_ctx *ctx = NULL;
    zurt_status st = zurt_ctx_create(NULL, &ctx);
    *state = ctx;
    return st == ZURT_OK ? 0 : -1;
}

static inline int zt_ctx_teardown(void **state)
{
    zurt_ctx_destroy(*state);
    return 0;
}

#endif
