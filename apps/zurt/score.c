/* SPDX-License-Identifier: Apache-2.0 */
/* Accuracy, matrices of classes, SQNR: counted and printed. */
#include "score.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns.h"
#include "shown.h"

enum { SMALL_MATRIX = 20, MOST_PAIRS = 10 };

void score_init(score *s, size_t n_classes)
{
    *s = (score){.n_classes = n_classes, .confusion = {.n = (uint32_t)n_classes}};
}

void score_free(score *s)
{
    counts_free(&s->confusion);
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
    if (label < 0)
        return best;
    assert((size_t)label < s->n_classes);
    size_t truth = (size_t)label;
    size_t ahead = 0; // classes ranked before the true one; of equals the first
    for (size_t i = 0; i < s->n_classes; i++)
        ahead += values[i] > values[truth] || (values[i] == values[truth] && i < truth);
    s->labelled++;
    s->top1 += ahead == 0;
    s->top5 += ahead < 5;
    counts_add(&s->confusion, (uint32_t)truth, (uint32_t)best, 1);
    return best;
}

void score_json(json_writer *j, const score *s)
{
    json_uint(j, "samples", s->samples);
    json_uint(j, "labelled", s->labelled);
    json_double(j, "top1", s->labelled ? (double)s->top1 / (double)s->labelled : NAN);
    json_double(j, "top5", s->labelled ? (double)s->top5 / (double)s->labelled : NAN);
    json_matrix(j, "confusion", &s->confusion);
}

void score_print(const score *s, const char *title)
{
    if (s->labelled)
        printf("%s: %zu/%zu = %.2f %% top-1, %.2f %% top-5\n", shown(title), s->top1, s->labelled,
               100.0 * (double)s->top1 / (double)s->labelled,
               100.0 * (double)s->top5 / (double)s->labelled);
    else
        printf("%s: %zu samples without known classes\n", shown(title), s->samples);
}

static const char *class_name(const target *t, uint32_t i)
{
    return t ? target_label(t, i) : "";
}

static void print_class(const target *t, uint32_t i)
{
    printf("%u", i);
    if (class_name(t, i)[0])
        putchar(' ');
    columns_print(stdout, class_name(t, i));
}

static void print_pairs(const counts *m, const char *between, const target *t)
{
    size_t n;
    count_cell *pairs = counts_pairs(m, &n);
    for (size_t i = 0; i < n && i < MOST_PAIRS; i++) {
        printf("  %5u x  ", pairs[i].count);
        print_class(t, pairs[i].row);
        printf(" %s ", between);
        print_class(t, pairs[i].col);
        putchar('\n');
    }
    if (n > MOST_PAIRS)
        printf("  ... and %zu more pairs\n", n - MOST_PAIRS);
    free(pairs);
}

void score_print_matrix(const counts *m, const char *title, const char *between, const target *t)
{
    printf("%s\n", title);
    if (m->n > SMALL_MATRIX) {
        print_pairs(m, between, t);
        return;
    }
    printf("      ");
    for (uint32_t col = 0; col < m->n; col++)
        printf("%6u", col);
    printf("\n");
    for (uint32_t row = 0; row < m->n; row++) {
        printf("%6u", row);
        for (uint32_t col = 0; col < m->n; col++) {
            uint32_t count = counts_get(m, row, col);
            if (count)
                printf("%6u", count);
            else
                printf("     .");
        }
        printf("  ");
        columns_print(stdout, class_name(t, row));
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

const char *sqnr_text(const sqnr *s, char text[SQNR_BYTES])
{
    double db = sqnr_db(s);
    if (s->noise == 0.0)
        return "identical";
    if (!isfinite(db))
        return "-";
    snprintf(text, SQNR_BYTES, "%.2f", db);
    return text;
}
