/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a failure belongs to the context and the thread that failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/ctx.h"

static zurt_ctx *make(void)
{
    zurt_ctx *ctx;
    assert_int_equal(zurt_ctx_create(NULL, &ctx), ZURT_OK);
    return ctx;
}

static void a_new_context_has_no_text(void **state)
{
    (void)state;
    zurt_ctx *first = make();
    zi_fail(first, ZURT_E_IO, "lost");
    zurt_ctx_destroy(first);
    for (int i = 0; i < 8; i++) { // some at the same address
        zurt_ctx *ctx = make();
        assert_string_equal(zurt_ctx_error(ctx), "");
        zi_fail(ctx, ZURT_E_IO, "number %d", i);
        zurt_ctx_destroy(ctx);
    }
    assert_string_equal(zurt_ctx_error(NULL), "");
}

static void contexts_keep_their_texts_apart(void **state)
{
    (void)state;
    zurt_ctx *ctx[ZI_ERROR_TEXTS];
    char text[32];
    for (int i = 0; i < ZI_ERROR_TEXTS; i++)
        assert_int_equal(zi_fail(ctx[i] = make(), ZURT_E_IO, "number %d", i), ZURT_E_IO);
    for (int i = 0; i < ZI_ERROR_TEXTS; i++) {
        snprintf(text, sizeof(text), "number %d", i);
        assert_string_equal(zurt_ctx_error(ctx[i]), text);
    }
    // One more takes the place of the one not used for longest.
    zurt_ctx *other = make();
    zurt_ctx_error(ctx[0]);
    zi_fail(other, ZURT_E_IO, "other");
    assert_string_equal(zurt_ctx_error(ctx[0]), "number 0");
    assert_string_equal(zurt_ctx_error(other), "other");
    assert_string_equal(zurt_ctx_error(ctx[1]), "");
    zurt_ctx_destroy(other);
    for (int i = 0; i < ZI_ERROR_TEXTS; i++)
        zurt_ctx_destroy(ctx[i]);
}

static void texts_are_put_together(void **state)
{
    (void)state;
    zurt_ctx *ctx = make();
    assert_int_equal(zi_fail(ctx, ZURT_E_FORMAT, "byte %d", 7), ZURT_E_FORMAT);
    assert_int_equal(zi_fail_prefix(ctx, ZURT_E_FORMAT, "%s: ", "file"), ZURT_E_FORMAT);
    assert_int_equal(zi_fail_suffix(ctx, ZURT_E_FORMAT, "; fetch it again"), ZURT_E_FORMAT);
    assert_string_equal(zurt_ctx_error(ctx), "file: byte 7; fetch it again");
    char longer[2 * ZI_ERROR_BYTES];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = 0;
    zi_fail(ctx, ZURT_E_IO, "%s", longer);
    zi_fail_prefix(ctx, ZURT_E_IO, "%s", "y");
    zi_fail_suffix(ctx, ZURT_E_IO, "%s", "z");
    assert_int_equal(strlen(zurt_ctx_error(ctx)), ZI_ERROR_BYTES - 1);
    assert_int_equal(zurt_ctx_error(ctx)[0], 'y');
    zi_fail_prefix(ctx, ZURT_E_IO, "%s", longer);
    assert_int_equal(strlen(zurt_ctx_error(ctx)), ZI_ERROR_BYTES - 1);
    zurt_ctx_destroy(ctx);
}

static void *fail_here(void *arg)
{
    zurt_ctx *ctx = arg;
    if (zurt_ctx_error(ctx)[0])
        return NULL;
    zi_fail(ctx, ZURT_E_IO, "on the other thread");
    return strcmp(zurt_ctx_error(ctx), "on the other thread") ? NULL : ctx;
}

static void threads_keep_their_texts_apart(void **state)
{
    (void)state;
    zurt_ctx *ctx = make();
    pthread_t thread;
    void *result;
    zi_fail(ctx, ZURT_E_IO, "on this thread");
    assert_int_equal(pthread_create(&thread, NULL, fail_here, ctx), 0);
    pthread_join(thread, &result);
    assert_ptr_equal(result, ctx);
    assert_string_equal(zurt_ctx_error(ctx), "on this thread");
    zurt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_context_has_no_text),
        cmocka_unit_test(contexts_keep_their_texts_apart),
        cmocka_unit_test(texts_are_put_together),
        cmocka_unit_test(threads_keep_their_texts_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
