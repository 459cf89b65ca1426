/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALL_MATRIX = 20 };

bool score_init(score *s, size_t n_classes)
{
    *s = (score){.n_classes = n_classes};
    s->confusion = calloc(n_classes * n_classes + 1, sizeof(*s->confusion));
    return s->confusion != NULL;
}

void score_free(score *s)
{
    free(s->confusion);
    *s = (score){0};
}

size_t score_best(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        if (values[i] > values[best])
            best = i;
    }
    return best;
}

size_t score_add(score *s, const float *values, int32_t label)
{
    size_t best = score_best(values, s->n_classes);
    s->samples++;
    if (label < 0 || (size_t)label >= s->n_classes)
        return best;
    size_t truth = (size_t)label;
    size_t ahead = 0; // classes ranked before the true one; of equals the first
    for (size_t i = 0; i < s->n_classes; i++)
        ahead += values[i] > values[truth] || (values[i] == values[truth] && i < truth);
    s->labelled++;
    s->top1 += ahead == 0;
    s->top5 += ahead < 5;
    s->confusion[truth * s->n_classes + best]++;
    return best;
}

void score_json(json_writer *j, const score *s)
{
    json_uint(j, "samples", s->samples);
    json_double(j, "top1", s->labelled ? (double)s->top1 / (double)s->labelled : NAN);
    json_double(j, "top5", s->labelled ? (double)s->top5 / (double)s->labelled : NAN);
    json_matrix(j, "confusion", s->confusion, s->n_classes);
}

void score_print(const score *s, const char *title)
{
    if (s->labelled)
        printf("%s: %zu/%zu = %.2f %% top-1, %.2f %% top-5\n", title, s->top1, s->labelled,
               100.0 * (double)s->top1 / (double)s->labelled,
               100.0 * (double)s->top5 / (double)s->labelled);
    else
        printf("%s: %zu samples without known classes\n", title, s->samples);
}

typedef struct cell {
    uint32_t count;
    size_t row, col;
} cell;

static int by_count(const void *a, const void *b)
{
    const cell *x = a;
    const cell *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    size_t i = x->row * 1000003 + x->col;
    size_t k = y->row * 1000003 + y->col;
    return i < k ? -1 : i > k;
}

void score_print_pairs(const uint32_t *matrix, size_t n, size_t most, const char *between)
{
    size_t count = 0;
    for (size_t i = 0; i < n * n; i++)
        count += matrix[i] && i / n != i % n;
    cell *cells = malloc((count + 1) * sizeof(*cells));
    if (!cells)
        return;
    size_t at = 0;
    for (size_t i = 0; i < n * n; i++) {
        if (matrix[i] && i / n != i % n)
            cells[at++] = (cell){matrix[i], i / n, i % n};
    }
    qsort(cells, count, sizeof(*cells), by_count);
    for (size_t i = 0; i < count && i < most; i++)
        printf("  %5u x  %zu %s %zu\n", cells[i].count, cells[i].row, between, cells[i].col);
    if (count > most)
        printf("  ... and %zu more pairs\n", count - most);
    free(cells);
}

void score_print_matrix(const uint32_t *matrix, size_t n, const char *title, const char *between)
{
    printf("%s\n", title);
    if (n > SMALL_MATRIX) {
        score_print_pairs(matrix, n, 10, between);
        return;
    }
    printf("      ");
    for (size_t col = 0; col < n; col++)
        printf("%6zu", col);
    printf("\n");
    for (size_t row = 0; row < n; row++) {
        printf("%6zu", row);
        for (size_t col = 0; col < n; col++) {
            if (matrix[row * n + col])
                printf("%6u", matrix[row * n + col]);
            else
                printf("     .");
        }
        printf("\n");
    }
}

void sqnr_add(sqnr *s, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - (double)b[i];
        s->signal += (double)a[i] * (double)a[i];
        s->noise += d * d;
    }
}

double sqnr_db(const sqnr *s)
{
    if (s->noise == 0.0)
        return INFINITY;
    return 10.0 * log10(s->signal / s->noise);
}
