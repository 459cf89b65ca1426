/* SPDX-License-Identifier: Apache-2.0 */
/** @file Samples through a model as fast as it takes them: several runs in flight, in order. */
#ifndef APP_LANES_H
#define APP_LANES_H

#include "target.h"

/** A run, with buffers of its own. */
typedef struct lane {
    target t;        /**< the model's, but for the buffers */
    uint64_t ticket; /**< 0: it ran where it was started */
    size_t first, count;
} lane;

/** As many runs as the session has streams; one of a model that the host's executor runs. */
typedef struct lanes {
    lane *items;
    size_t n;
    size_t started, finished; /**< runs; lane i has those of which i is the rest by n */
} lanes;

/** lanes_close() in any case; `t` must outlive them. */
int lanes_open(cli *c, const target *t, lanes *out);
/** Waits for what is in flight. */
void lanes_close(lanes *l);

static inline bool lanes_are_full(const lanes *l)
{
    return l->started - l->finished == l->n;
}

static inline bool lanes_are_empty(const lanes *l)
{
    return l->started == l->finished;
}

/** Starts a run of samples [first, first + count), at most a batch; a lane must be free. */
int lanes_start(cli *c, lanes *l, const data_source *s, size_t first, size_t count);

/** Waits for the oldest run; a lane must be busy. Its outputs are in *out until the next start. */
int lanes_finish(cli *c, lanes *l, const lane **out);

#endif
