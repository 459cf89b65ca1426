/* SPDX-License-Identifier: Apache-2.0 */
/** @file A loaded model built by hand around a graph. */
#ifndef ZT_MODEL_FIXTURE_H
#define ZT_MODEL_FIXTURE_H

#include "model/model.h"

/** A model that borrows `g`; needs no destructor. For sessions only: it has no names or norm. */
struct zurt_model zt_model_of(zi_graph *g);

/** Buffers for one request of a graph. */
typedef struct zt_io {
    const zi_graph *graph;
    zurt_view *in;
    zurt_span *out;
} zt_io;

/** Inputs hold random values of their types from `seed`; outputs hold 0x5a bytes. Aborts when out
 *  of memory. */
zt_io zt_io_create(const zi_graph *g, uint64_t seed);
void zt_io_destroy(zt_io *io);
/** Index of the first output that differs; -1: none. */
int zt_io_compare(const zt_io *a, const zt_io *b);

/** Random values that suit a type: f32 in [-4, 4], s32 and s64 small, bool 0 or 1. */
void zt_fill(zurt_dtype dtype, void *data, size_t n_elems, uint64_t *state);

#endif
