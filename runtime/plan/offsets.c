/* SPDX-License-Identifier: Apache-2.0 */
/* Largest first, each as low as it fits between those that are alive with it. */
#include "plan/offsets.h"

#include <stdlib.h>
#include <string.h>

// Allocations beyond this many, the smallest, get memory of their own: the search for gaps is
// quadratic, and a hostile graph must not keep it busy for minutes.
enum { REUSE_LIMIT = 16384 };

// A total order, so that the answer does not depend on the sort.
static int compare_size(const void *left, const void *right)
{
    const zi_allocation *a = left, *b = right;
    if (a->size != b->size)
        return a->size < b->size ? 1 : -1;
    return a->owner < b->owner ? -1 : 1;
}

// The lowest offset at which `b` meets none of those before it, which are sorted by offset.
static size_t lowest_offset(zi_allocation *const *by_offset, size_t n, const zi_allocation *b)
{
    size_t end = 0;
    for (size_t i = 0; i < n; i++) {
        const zi_allocation *o = by_offset[i];
        if (!zi_allocation_meets(o, b))
            continue;
        if (o->offset >= end && o->offset - end >= b->size)
            return end;
        if (o->offset + o->size > end)
            end = o->offset + o->size;
    }
    return end;
}

static void insert(zi_allocation **by_offset, size_t n, zi_allocation *b)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (by_offset[mid]->offset <= b->offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    memmove(&by_offset[lo + 1], &by_offset[lo], (n - lo) * sizeof(*by_offset));
    by_offset[lo] = b;
}

bool zi_assign_offsets(zi_allocation *allocations, size_t n, zi_arena *temporary, size_t limit,
                       size_t *end, size_t *failed)
{
    *end = 0;
    *failed = n;
    zi_allocation **by_offset = zi_arena_calloc(temporary, n, sizeof(*by_offset));
    if (n && !by_offset)
        return false;
    if (n)
        qsort(allocations, n, sizeof(*allocations), compare_size);
    for (size_t i = 0; i < n; i++) {
        zi_allocation *b = &allocations[i];
        b->offset = i < REUSE_LIMIT ? lowest_offset(by_offset, i, b) : *end;
        if (b->offset > limit || limit - b->offset < b->size) {
            *failed = i;
            return true;
        }
        if (i < REUSE_LIMIT)
            insert(by_offset, i, b);
        if (b->offset + b->size > *end)
            *end = b->offset + b->size;
    }
    return true;
}
