/* SPDX-License-Identifier: Apache-2.0 */
/* Copies along up to all axes of a tensor, longest runs innermost. */
#include "ops/ndcopy.h"

#include <string.h>

#include "ops/impl.h"

/* Side of the tile in which a transposition walks: its lines stay in the first-level cache. */
enum { TILE = 64 };

/* The axes that matter, merged, innermost last; returns their number, at least 1. */
static int32_t merge(int32_t rank, const int64_t *dims, const int64_t *stride, zi_ndcopy_axis *axes)
{
    int32_t n = 0;
    for (int32_t d = 0; d < rank; d++) {
        if (dims[d] == 1)
            continue;
        if (n && axes[n - 1].in == stride[d] * dims[d])
            axes[n - 1] = (zi_ndcopy_axis){axes[n - 1].dim * dims[d], stride[d], 0};
        else
            axes[n++] = (zi_ndcopy_axis){dims[d], stride[d], 0};
    }
    if (n == 0)
        axes[n++] = (zi_ndcopy_axis){1, 1, 0};
    int64_t step = 1;
    for (int32_t d = n - 1; d >= 0; d--) {
        axes[d].out = step;
        step *= axes[d].dim;
    }
    return n;
}

void zi_ndcopy_init(zi_ndcopy *c, size_t elem, int32_t rank, const int64_t *dims,
                    const int64_t *stride, int64_t offset)
{
    *c = (zi_ndcopy){.elem = elem, .offset = offset, .elems = 1, .lines = {1, 0, 0}};
    for (int32_t d = 0; d < rank; d++) {
        if (dims[d] == 0) {
            c->elems = 0;
            return;
        }
    }
    for (int32_t d = 0; d < rank; d++)
        c->elems *= dims[d];
    zi_ndcopy_axis axes[ZI_NDCOPY_MAX];
    int32_t n = merge(rank, dims, stride, axes);
    c->run = axes[n - 1];
    for (int32_t d = 0; d < n - 1; d++) {
        if (axes[d].in == 1 && c->run.in != 1)
            c->lines = axes[d];
        else
            c->outer[c->n_outer++] = axes[d];
    }
}

/* out[i] = in[i * step] */
#define GATHER(name, type)                                                                         \
    static void name(const void *in, int64_t step, void *out, int64_t n)                           \
    {                                                                                              \
        const type *x = in;                                                                        \
        type *y = out;                                                                             \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = x[i * step];                                                                    \
    }

GATHER(gather_1, uint8_t)
GATHER(gather_4, uint32_t)
GATHER(gather_8, uint64_t)

typedef struct job {
    const zi_ndcopy *c;
    const uint8_t *in;
    uint8_t *out;
    int64_t n_tiles; /**< tiles along `run`; 1 where the input is dense along it */
    int64_t n_units;
} job;

static void copy_run(const zi_ndcopy *c, const uint8_t *in, uint8_t *out, int64_t n)
{
    if (c->run.in == 1)
        memcpy(out, in, (size_t)n * c->elem);
    else if (c->elem == 1)
        gather_1(in, c->run.in, out, n);
    else if (c->elem == 4)
        gather_4(in, c->run.in, out, n);
    else
        gather_8(in, c->run.in, out, n);
}

/* One tile of `run` for every line, TILE lines at a time: all of what they read stays cached. */
static void copy_unit(const job *j, int64_t unit)
{
    const zi_ndcopy *c = j->c;
    int64_t elem = (int64_t)c->elem;
    int64_t begin = unit % j->n_tiles * (j->n_tiles > 1 ? TILE : 0);
    int64_t n = j->n_tiles > 1 && c->run.dim - begin > TILE ? TILE : c->run.dim - begin;
    int64_t in = c->offset + begin * c->run.in, out = begin * c->run.out;
    int64_t rest = unit / j->n_tiles;
    for (int32_t d = c->n_outer - 1; d >= 0; d--) {
        int64_t index = rest % c->outer[d].dim;
        rest /= c->outer[d].dim;
        in += index * c->outer[d].in;
        out += index * c->outer[d].out;
    }
    for (int64_t line = 0; line < c->lines.dim; line++)
        copy_run(c, j->in + (in + line * c->lines.in) * elem,
                 j->out + (out + line * c->lines.out) * elem, n);
}

static void task(void *arg, uint32_t index, uint32_t n_tasks)
{
    const job *j = arg;
    int64_t begin, end;
    zi_task_range(index, n_tasks, j->n_units, &begin, &end);
    for (int64_t unit = begin; unit < end; unit++)
        copy_unit(j, unit);
}

void zi_ndcopy_run(const zi_ndcopy *c, const zi_op_args *args, const void *in, void *out)
{
    if (c->elems == 0)
        return;
    job j = {c, in, out, 1, 1};
    if (c->lines.dim > 1)
        j.n_tiles = (c->run.dim + TILE - 1) / TILE;
    j.n_units = j.n_tiles;
    for (int32_t d = 0; d < c->n_outer; d++)
        j.n_units *= c->outer[d].dim;
    zi_op_parallel(args, task, &j, c->elems);
}
