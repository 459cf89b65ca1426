/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of runs: the oldest is waited for, the next one prepared meanwhile. */
#include "flights.h"

#include <stdlib.h>

int flights_open(cli *c, const target *t, flights *out)
{
    zurt_session_info info = {.streams = 1};
    if (t->session)
        zurt_session_info_get(t->session, &info);
    *out = (flights){.items = calloc(info.streams, sizeof(*out->items))};
    int code = out->items ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    while (code == EXIT_DONE && out->n < info.streams)
        code = target_beside(c, t, &out->items[out->n++].t);
    return code;
}

void flights_close(flights *f)
{
    for (; !flights_are_empty(f); f->finished++) {
        const flight *busy = &f->items[f->finished % f->n];
        if (busy->ticket)
            zurt_session_wait(busy->t.session, busy->ticket, UINT32_MAX);
    }
    for (size_t i = 0; i < f->n; i++)
        target_free_buffers(&f->items[i].t);
    free(f->items);
    *f = (flights){0};
}

int flights_submit(cli *c, flights *f)
{
    flight *next = flights_next(f);
    target *t = &next->t;
    int code = EXIT_DONE;
    next->ticket = 0;
    next->begin_ns = cli_now_ns();
    if (!t->session) {
        code = target_run(c, t);
    } else {
        zurt_status st =
            zurt_session_submit(t->session, t->in, t->n_in, t->out, t->n_out, &next->ticket);
        code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    }
    f->started += code == EXIT_DONE;
    return code;
}

int flights_start(cli *c, flights *f, const data_source *s, size_t first, size_t count)
{
    flight *next = flights_next(f);
    next->first = first;
    next->count = count;
    int code = target_fill(c, &next->t, s, first, first + count);
    return code == EXIT_DONE ? flights_submit(c, f) : code;
}

int flights_finish(cli *c, flights *f, const flight **out)
{
    const flight *oldest = &f->items[f->finished++ % f->n];
    *out = oldest;
    if (!oldest->ticket)
        return EXIT_DONE;
    zurt_status st = zurt_session_wait(oldest->t.session, oldest->ticket, UINT32_MAX);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}
