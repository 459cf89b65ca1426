/* SPDX-License-Identifier: Apache-2.0 */
/* While runs are in flight the next sample is read and prepared. */
#include "lanes.h"

#include <stdlib.h>

int lanes_open(cli *c, const target *t, lanes *out)
{
    zurt_session_info info = {.streams = 1};
    if (t->session)
        zurt_session_info_get(t->session, &info);
    *out = (lanes){.items = calloc(info.streams, sizeof(*out->items))};
    int code = out->items ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    while (code == EXIT_DONE && out->n < info.streams)
        code = target_beside(c, t, &out->items[out->n++].t);
    return code;
}

void lanes_close(lanes *l)
{
    for (; !lanes_are_empty(l); l->finished++) {
        const lane *busy = &l->items[l->finished % l->n];
        if (busy->ticket)
            zurt_session_wait(busy->t.session, busy->ticket, UINT32_MAX);
    }
    for (size_t i = 0; i < l->n; i++)
        target_free_buffers(&l->items[i].t);
    free(l->items);
    *l = (lanes){0};
}

int lanes_start(cli *c, lanes *l, const data_source *s, size_t first, size_t count)
{
    lane *next = &l->items[l->started % l->n];
    target *t = &next->t;
    next->first = first;
    next->count = count;
    next->ticket = 0;
    int code = target_fill(c, t, s, first, first + count);
    if (code == EXIT_DONE && !t->session) {
        code = target_run(c, t);
    } else if (code == EXIT_DONE) {
        zurt_status st =
            zurt_session_submit(t->session, t->in, t->n_in, t->out, t->n_out, &next->ticket);
        code = st ? cli_fail(c, st, NULL) : EXIT_DONE;
    }
    l->started += code == EXIT_DONE;
    return code;
}

int lanes_finish(cli *c, lanes *l, const lane **out)
{
    const lane *oldest = &l->items[l->finished++ % l->n];
    *out = oldest;
    if (!oldest->ticket)
        return EXIT_DONE;
    zurt_status st = zurt_session_wait(oldest->t.session, oldest->ticket, UINT32_MAX);
    return st ? cli_fail(c, st, NULL) : EXIT_DONE;
}
