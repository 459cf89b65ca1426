/* SPDX-License-Identifier: Apache-2.0 */
/* Reduces the broadcasting of two operands to runs of constant steps. */
#include "ops/broadcast.h"

static bool can_merge(const zi_broadcast *b, int64_t dim, const int64_t *stride)
{
    int32_t last = b->rank - 1; // the axis outside `dim`
    for (uint32_t i = 0; i < b->n_in; i++) {
        if (b->stride[i][last] != stride[i] * dim)
            return false;
    }
    return true;
}

void zi_broadcast_init(zi_broadcast *b, const zi_tensor *out, const zi_tensor *const *in,
                       uint32_t n_in)
{
    *b = (zi_broadcast){.n_in = n_in, .elems = (int64_t)zi_tensor_elems(out)};
    int64_t stride[ZI_BROADCAST_MAX_IN][ZURT_MAX_RANK] = {{0}};
    for (uint32_t i = 0; i < n_in; i++) {
        int64_t step = 1;
        for (int32_t d = 1; b->elems && d <= in[i]->rank; d++) { // from the last axis
            int64_t dim = in[i]->dims[in[i]->rank - d];
            stride[i][out->rank - d] = dim == 1 ? 0 : step;
            step *= dim;
        }
    }
    for (int32_t d = 0; d < out->rank; d++) {
        int64_t axis[ZI_BROADCAST_MAX_IN];
        for (uint32_t i = 0; i < n_in; i++)
            axis[i] = stride[i][d];
        if (out->dims[d] == 1)
            continue;
        bool merge = b->rank > 0 && can_merge(b, out->dims[d], axis);
        if (!merge)
            b->dims[b->rank++] = 1;
        b->dims[b->rank - 1] *= out->dims[d];
        for (uint32_t i = 0; i < n_in; i++)
            b->stride[i][b->rank - 1] = axis[i];
    }
    if (b->rank == 0)
        b->dims[b->rank++] = 1;
    for (uint32_t i = 0; i < n_in; i++)
        b->step[i] = (size_t)b->stride[i][b->rank - 1];
}

void zi_broadcast_walk(const zi_broadcast *b, int64_t begin, int64_t end, zi_broadcast_run_fn *fn,
                       const void *self)
{
    int32_t last = b->rank - 1;
    int64_t index[ZURT_MAX_RANK];
    int64_t rest = begin;
    for (int32_t d = last; d >= 0 && begin < end; d--) {
        index[d] = rest % b->dims[d];
        rest /= b->dims[d];
    }
    while (begin < end) {
        int64_t in[ZI_BROADCAST_MAX_IN] = {0};
        for (uint32_t i = 0; i < b->n_in; i++) {
            for (int32_t d = 0; d <= last; d++)
                in[i] += index[d] * b->stride[i][d];
        }
        int64_t n = b->dims[last] - index[last];
        n = n > ZI_BROADCAST_RUN ? ZI_BROADCAST_RUN : n;
        n = n > end - begin ? end - begin : n;
        fn(self, in, begin, (size_t)n);
        begin += n;
        index[last] += n;
        for (int32_t d = last; d > 0 && index[d] == b->dims[d]; d--) {
            index[d] = 0;
            index[d - 1]++;
        }
    }
}
