/* SPDX-License-Identifier: Apache-2.0 */
/* Computes a small program on a PL and compares it before the PL is trusted. */
#include "backend/pl/pl_self_test.h"

#include <stdio.h>
#include <string.h>

#include "backend/pl/pl_port_impl.h"
#include "base/thread.h"
#include "isa/zk_config.h"
#include "isa/zk_step.h"

enum {
    BUFFER_BYTES = 4096,
    LAUNCHES = 3,
    STALL_MS = 400 // zocl waits 500 ms for an interrupt that does not come
};

_Static_assert(ZI_PL_IDENTIFY == ZK_IDENTIFY, "the port passes it on");

typedef struct self_test {
    zi_buf *buf;
    zi_pl_run *run;
    uint32_t timeout_ms;
    uint64_t least_ms;
} self_test;

static zurt_status launch(self_test *t, int32_t n_epochs, char *error)
{
    zi_buf *b = t->buf;
    const zi_pl_launch l = {b, n_epochs, {b, b, b, b}, b, b};
    uint64_t start = zi_now_ns();
    zurt_status st = zi_pl_run_start(t->run, &l, error);
    if (!st)
        st = zi_pl_run_wait(t->run, t->timeout_ms, error);
    uint64_t took_ms = (zi_now_ns() - start) / 1000000u;
    t->least_ms = took_ms < t->least_ms ? took_ms : t->least_ms;
    return st;
}

/* A question that no earlier launch answered: what is read back is then this one's answer. */
static zurt_status ask(self_test *t, uint32_t question, char *error)
{
    void *p;
    zurt_status st = zi_buf_cpu_begin(t->buf, 0, sizeof(v16), ZI_WRITE, &p, error);
    if (st)
        return st;
    v16 word = {{0}};
    zk_put32(&word, 0, (int32_t)question);
    memcpy(p, &word, sizeof(word));
    return zi_buf_cpu_end(t->buf, 0, sizeof(v16), ZI_WRITE, error);
}

static zurt_status compare(const v16 *words, uint32_t question, const zi_caps *caps, char *error)
{
    const struct {
        const char *what;
        uint32_t number;
    } table[] = {
        [ZK_ID_MAGIC] = {NULL, ZK_IDENTITY_MAGIC},
        [ZK_ID_VERSION] = {"step format", caps->engine_version},
        [ZK_ID_PP] = {"pixels per cycle", caps->pixel_parallel},
        [ZK_ID_RQ] = {"pixels requantised per cycle", caps->requant_parallel / ZK_C},
        [ZK_ID_RING] = {"ring words", caps->ring_beats / ZK_C},
        [ZK_ID_ROWS] = {"rows of a scratchpad bank", caps->scratchpad_words / caps->pixel_parallel},
        [ZK_ID_TAPS] = {"kernel positions", caps->max_taps},
        [ZK_ID_ECHO] = {NULL, question}};
    for (int i = 0; i < (int)(sizeof(table) / sizeof(table[0])); i++) {
        uint32_t engine = (uint32_t)zk_get32(&words[i / 4], i % 4);
        if (engine == table[i].number)
            continue;
        if (!table[i].what)
            return zi_pl_fail(error, ZURT_E_DEVICE,
                              "the engine does not say who it is: not one of zurt's, or its memory "
                              "ports do not work");
        return zi_pl_fail(error, ZURT_E_DEVICE,
                          "the capability table is of another engine: %s %u, the engine has %u; "
                          "build and package it from this zurt's sources (docs/first-light.md)",
                          table[i].what, (unsigned)table[i].number, (unsigned)engine);
    }
    return ZURT_OK;
}

static zurt_status identify(self_test *t, const zi_caps *caps, char *error)
{
    void *p;
    const uint32_t question = (uint32_t)zi_now_ns();
    zurt_status st = ask(t, question, error);
    if (!st)
        st = launch(t, ZK_IDENTIFY, error);
    if (!st)
        st = zi_buf_cpu_begin(t->buf, 0, sizeof(v16) * ZK_IDENTITY_WORDS, ZI_READ, &p, error);
    if (st)
        return st;
    v16 words[ZK_IDENTITY_WORDS];
    memcpy(words, p, sizeof(words));
    st = zi_buf_cpu_end(t->buf, 0, sizeof(words), ZI_READ, error);
    return st ? st : compare(words, question, caps, error);
}

zurt_status zi_pl_self_test(zurt_ctx *ctx, zi_pl_device *device, uint32_t timeout_ms, char *note)
{
    self_test t = {.timeout_ms = timeout_ms, .least_ms = UINT64_MAX};
    zurt_status st = zi_buf_create(ctx, device, BUFFER_BYTES, &t.buf);
    if (!st)
        st = zi_pl_run_create(ctx, device, &t.run);
    for (int i = 0; i < LAUNCHES && !st; i++)
        st = launch(&t, 0, zi_error_text(ctx));
    if (!st)
        st = identify(&t, zi_pl_caps(device), zi_error_text(ctx));
    zi_pl_run_destroy(t.run);
    zi_buf_destroy(t.buf);
    if (st)
        return zi_fail_prefix(ctx, st, "self-test: ");
    if (t.least_ms >= STALL_MS) {
        snprintf(note, ZI_ERROR_BYTES,
                 "every launch takes %u ms: the engine's interrupt does not arrive, check its "
                 "number in the overlay's device tree, or set ert_polling=true in xrt.ini's "
                 "[Runtime]",
                 (unsigned)t.least_ms);
        zi_log(ctx, ZURT_LOG_WARNING, "%s", note);
    }
    return ZURT_OK;
}
