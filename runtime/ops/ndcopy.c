/* SPDX-License-Identifier: Apache-2.0 */
/* Copies along up to all axes of a tensor, longest runs innermost. */
#include "ops/ndcopy.h"
#include "base/copy_rows.h"

#include "base/whole.h"
#include "ops/impl.h"

/* Side of the tile in which a transposition walks: its lines stay in the first-level cache. Other
 * copies have tiles of some bytes, enough for a task. */
enum { TILE = 64, TILE_BYTES = 4096 };

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
    *c = (zi_ndcopy){.elems = 1, .lines = {1, 0, 0}};
    c->width = (int64_t)elem;
    c->offset = offset * c->width;
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
    for (int32_t d = 0; d < n; d++) {
        axes[d].in *= (int64_t)elem;
        axes[d].out *= (int64_t)elem;
    }
    if (axes[n - 1].in == c->width) { // a piece is all of the innermost axis
        c->width *= axes[--n].dim;
        if (!n)
            axes[n++] = (zi_ndcopy_axis){1, 0, 0};
    }
    c->run = axes[n - 1];
    for (int32_t d = 0; d < n - 1; d++) {
        if (axes[d].in == (int64_t)elem && c->width == (int64_t)elem)
            c->lines = axes[d];
        else
            c->outer[c->n_outer++] = axes[d];
    }
    c->tile = c->lines.dim > 1 ? TILE : zi_ceil_div64(TILE_BYTES, c->width);
}

typedef struct job {
    const zi_ndcopy *c;
    const zk_table *kernels;
    const uint8_t *in;
    uint8_t *out;
    int64_t n_tiles; /**< along `run` */
    int64_t n_units;
} job;

/* One tile of `run` for every line: all of what they read stays cached. */
static void copy_tile(const job *j, int64_t tile, int64_t in, int64_t out)
{
    const zi_ndcopy *c = j->c;
    const int64_t begin = tile * c->tile;
    const int64_t n = c->run.dim - begin > c->tile ? c->tile : c->run.dim - begin;
    in += begin * c->run.in;
    out += begin * c->run.out;
    if (c->width == 1 && c->run.out == 1 && (c->lines.dim == 1 || c->lines.out >= c->run.dim)) {
        j->kernels->transpose_s8((const int8_t *)j->in + in, c->run.in, (int8_t *)j->out + out,
                                 c->lines.out, n, c->lines.dim);
        return;
    }
    for (int64_t line = 0; line < c->lines.dim; line++)
        zi_copy_rows(j->in + in + line * c->lines.in, c->run.in, j->out + out + line * c->lines.out,
                     c->run.out, c->width, n);
}

static void task(void *arg, uint32_t task_index, uint32_t n_tasks)
{
    const job *j = arg;
    const zi_ndcopy *c = j->c;
    int64_t begin, end, index[ZI_NDCOPY_MAX], in = c->offset, out = 0;
    zi_task_range(task_index, n_tasks, j->n_units, &begin, &end);
    int64_t tile = begin % j->n_tiles, rest = begin / j->n_tiles;
    for (int32_t d = c->n_outer - 1; d >= 0; d--) {
        index[d] = rest % c->outer[d].dim;
        rest /= c->outer[d].dim;
        in += index[d] * c->outer[d].in;
        out += index[d] * c->outer[d].out;
    }
    for (int64_t unit = begin; unit < end; unit++) {
        copy_tile(j, tile, in, out);
        if (++tile < j->n_tiles)
            continue;
        tile = 0;
        for (int32_t d = c->n_outer - 1; d >= 0; d--) { // the next place: a carry goes outwards
            in += c->outer[d].in;
            out += c->outer[d].out;
            if (++index[d] < c->outer[d].dim)
                break;
            index[d] = 0;
            in -= c->outer[d].dim * c->outer[d].in;
            out -= c->outer[d].dim * c->outer[d].out;
        }
    }
}

void zi_ndcopy_run(const zi_ndcopy *c, const zi_prepared *p, const zi_op_args *args, const void *in,
                   void *out)
{
    if (c->elems == 0)
        return;
    job j = {c, p->kernels, in, out, zi_ceil_div64(c->run.dim, c->tile), 1};
    j.n_units = j.n_tiles;
    for (int32_t d = 0; d < c->n_outer; d++)
        j.n_units *= c->outer[d].dim;
    zi_op_parallel(args, task, &j, c->elems);
}
