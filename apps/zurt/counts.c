/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of the filled cells of a large matrix. */
#include "counts.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void counts_free(counts *m)
{
    free(m->table);
    *m = (counts){0};
}

/* The cell's place: where it is, or the free one where it would go. */
static count_cell *place(const counts *m, uint32_t row, uint32_t col)
{
    uint64_t hash = ((uint64_t)row << 32 | col) * 0x9e3779b97f4a7c15u;
    for (size_t at = (size_t)(hash >> 32);; at++) {
        count_cell *c = &m->table[at & (m->capacity - 1)];
        if (!c->count || (c->row == row && c->col == col))
            return c;
    }
}

static bool grow(counts *m)
{
    counts more = {.n = m->n, .capacity = m->capacity ? m->capacity * 2 : FIRST_CAPACITY};
    more.table = calloc(more.capacity, sizeof(*more.table));
    if (!more.table)
        return false;
    for (size_t i = 0; i < m->capacity; i++) {
        if (m->table[i].count)
            *place(&more, m->table[i].row, m->table[i].col) = m->table[i];
    }
    more.n_cells = m->n_cells;
    free(m->table);
    *m = more;
    return true;
}

void counts_add(counts *m, uint32_t row, uint32_t col, uint32_t count)
{
    if (!count)
        return;
    if (m->n_cells * 2 >= m->capacity && !grow(m)) {
        m->failed = true;
        return;
    }
    count_cell *c = place(m, row, col);
    m->n_cells += !c->count;
    m->failed = m->failed || c->count > UINT32_MAX - count;
    *c = (count_cell){row, col, c->count + count};
}

uint32_t counts_get(const counts *m, uint32_t row, uint32_t col)
{
    return m->capacity ? place(m, row, col)->count : 0;
}

static int by_count(const void *a, const void *b)
{
    const count_cell *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->col < y->col ? -1 : x->col > y->col;
}

count_cell *counts_pairs(const counts *m, size_t *n)
{
    *n = 0;
    count_cell *pairs = m->n_cells ? malloc(m->n_cells * sizeof(*pairs)) : NULL;
    for (size_t i = 0; pairs && i < m->capacity; i++) {
        if (m->table[i].count && m->table[i].row != m->table[i].col)
            pairs[(*n)++] = m->table[i];
    }
    if (*n)
        qsort(pairs, *n, sizeof(*pairs), by_count);
    return pairs;
}
