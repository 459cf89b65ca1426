/* SPDX-License-Identifier: Apache-2.0 */
/* The page of eval and compare: scores, SQNR, matrices, the samples in question. */
#include "html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "output.h"
#include "page.h"

enum { WHOLE_MATRIX = 64, MOST_PAIRS = 100 };

static void put_class(FILE *f, const target *t, size_t i)
{
    const char *label = target_label(t, i);
    fprintf(f, "%zu%s", i, label[0] ? " " : "");
    page_text(f, label);
}

static void put_card(FILE *f, const char *title, const score *s)
{
    fputs("<div class=\"card\">", f);
    page_text(f, title);
    if (s->labelled)
        fprintf(f, "<b>%.2f&nbsp;%%</b>top-1 of %zu samples, top-5 %.2f&nbsp;%%</div>\n",
                100.0 * (double)s->top1 / (double)s->labelled, s->labelled,
                100.0 * (double)s->top5 / (double)s->labelled);
    else
        fprintf(f, "<b>-</b>%zu samples, classes unknown</div>\n", s->samples);
}

static void put_cell(FILE *f, uint32_t count, uint32_t most, bool good)
{
    if (!count) {
        fputs("<td class=\"zero\">0</td>", f);
        return;
    }
    // square root: a few errors stay visible beside thousands of hits
    double shade = 0.12 + 0.6 * sqrt((double)count / most);
    fprintf(f, "<td style=\"background:rgba(var(--%s),%.2f)\">%u</td>", good ? "good" : "bad",
            shade, count);
}

static void put_whole(FILE *f, const html_matrix *m, const target *t)
{
    const uint32_t n = m->counts->n;
    uint32_t most = 1;
    for (size_t i = 0; i < m->counts->capacity; i++)
        most = m->counts->table[i].count > most ? m->counts->table[i].count : most;
    fputs("<div class=\"scroll\"><table><tr><th></th>", f);
    for (uint32_t col = 0; col < n; col++)
        fprintf(f, "<th>%u</th>", col);
    fputs("</tr>\n", f);
    for (uint32_t row = 0; row < n; row++) {
        fputs("<tr><th>", f);
        put_class(f, t, row);
        fputs("</th>", f);
        for (uint32_t col = 0; col < n; col++)
            put_cell(f, counts_get(m->counts, row, col), most, row == col);
        fputs("</tr>\n", f);
    }
    fputs("</table></div>\n", f);
}

/* A matrix of hundreds of classes is nearly empty: its filled cells off the diagonal instead. */
static void put_pairs(FILE *f, const html_matrix *m, const target *t)
{
    size_t n;
    count_cell *pairs = counts_pairs(m->counts, &n);
    fprintf(f,
            "<p class=\"note\">%u classes; the %zu cells off the diagonal that are not zero"
            "%s.</p>\n<div class=\"scroll\"><table><tr><th>count</th>",
            m->counts->n, n, n > MOST_PAIRS ? ", the most frequent first" : "");
    fprintf(f, "<th>%s</th><th>%s</th></tr>\n", m->rows, m->columns);
    for (size_t i = 0; i < n && i < MOST_PAIRS; i++) {
        fprintf(f, "<tr><td>%u</td><td class=\"name\">", pairs[i].count);
        put_class(f, t, pairs[i].row);
        fputs("</td><td class=\"name\">", f);
        put_class(f, t, pairs[i].col);
        fputs("</td></tr>\n", f);
    }
    fputs("</table></div>\n", f);
    free(pairs);
}

static void put_page(FILE *f, const char *title, const html_matrix *matrices, size_t n,
                     const score *a, const score *b, const target *t)
{
    page_begin(f, title);
    fputs("<div class=\"cards\">", f);
    put_card(f, b ? "A" : "accuracy", a);
    if (b)
        put_card(f, "B", b);
    fputs("</div>\n", f);
    for (size_t i = 0; i < n; i++) {
        fputs("<h2>", f);
        page_text(f, matrices[i].title);
        fprintf(f, "</h2><p class=\"note\">row: %s; column: %s</p>\n", matrices[i].rows,
                matrices[i].columns);
        if (matrices[i].counts->n <= WHOLE_MATRIX)
            put_whole(f, &matrices[i], t);
        else
            put_pairs(f, &matrices[i], t);
    }
    page_end(f);
}

int html_write(cli *c, const char *path, const char *title, const html_matrix *matrices, size_t n,
               const score *a, const score *b, const target *t)
{
    output_file page;
    int code = output_open(c, path, &page);
    if (code == EXIT_DONE)
        put_page(page.file, title, matrices, n, a, b, t);
    return output_close(c, &page, code);
}
