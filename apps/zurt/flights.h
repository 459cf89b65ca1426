/* SPDX-License-Identifier: Apache-2.0 */
/** @file As many runs of a model in flight as it takes, in order. */
#ifndef APP_FLIGHTS_H
#define APP_FLIGHTS_H

#include "target.h"

/** A run, with buffers of its own. */
typedef struct flight {
    target t;        /**< the model's, but for the buffers */
    uint64_t ticket; /**< 0: it ran where it was started */
    uint64_t begin_ns;
    size_t first, count; /**< of its samples */
} flight;

/** As many runs as the session has streams; one of a model that the host's executor runs. */
typedef struct flights {
    flight *items;
    size_t n;
    size_t started, finished; /**< runs; flight i has those whose number leaves i by n */
} flights;

/** flights_close() in any case; `t` must outlive them. */
int flights_open(cli *c, const target *t, flights *out);
/** Waits for what is in flight. */
void flights_close(flights *f);

static inline bool flights_are_full(const flights *f)
{
    return f->started - f->finished == f->n;
}

static inline bool flights_are_empty(const flights *f)
{
    return f->started == f->finished;
}

/** The one that flights_submit() starts, to be filled; they may not be full. */
static inline flight *flights_next(const flights *f)
{
    return &f->items[f->started % f->n];
}

/** Starts a run of what its inputs hold; they may not be full. */
int flights_submit(cli *c, flights *f);
/** Starts a run of samples [first, first + count), at most a batch; they may not be full. */
int flights_start(cli *c, flights *f, const data_source *s, size_t first, size_t count);

/** Waits for the oldest run; one must be in flight. Its outputs are in *out until the next start.
 */
int flights_finish(cli *c, flights *f, const flight **out);

#endif
