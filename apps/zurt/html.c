/* SPDX-License-Identifier: Apache-2.0 */
/* The page of eval and compare: scores, SQNR, matrices, the samples in question. */
#include "html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "page.h"
#include "thumbnail.h"

enum { WHOLE_MATRIX = 64, MOST_PAIRS = 100 };

/** Pictures: at most so many samples, pixels a side, and bytes of all of them together. */
enum { MOST_SAMPLES = 100, SIDE = 112, MOST_BYTES = 8 << 20 };

static const char style[] =
    "<style>.samples{display:flex;flex-wrap:wrap;gap:.8rem}figure{margin:0;width:10rem;"
    "font-size:.85rem;overflow-wrap:anywhere}figure img{display:block;min-width:5rem;"
    "image-rendering:pixelated;border:1px solid var(--line)}"
    ".right{color:rgb(var(--good))}.wrong{color:rgb(var(--bad))}</style>\n";

static void put_class(FILE *f, const target *t, size_t i)
{
    const char *label = target_label(t, i);
    fprintf(f, "%zu%s", i, label[0] ? " " : "");
    page_text(f, label);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void put_card(FILE *f, const html_page *p, size_t m)
{
    const html_model *model = &p->models[m];
    const score *s = model->score;
    fputs("<div class=\"card\">", f);
    if (p->n_models > 1)
        fprintf(f, "%c ", (int)('A' + m));
    page_text(f, base_name(model->path));
    if (s->labelled)
        fprintf(f, "<b>%.2f&nbsp;%%</b>top-1 of %zu samples, top-5 %.2f&nbsp;%%",
                100.0 * (double)s->top1 / (double)s->labelled, s->labelled,
                100.0 * (double)s->top5 / (double)s->labelled);
    else
        fprintf(f, "<b>-</b>%zu samples, classes unknown", s->samples);
    if (m > 0 && p->verdicts)
        fprintf(f, "<br>%zu prediction%s changed against A", model->changed,
                model->changed == 1 ? "" : "s");
    fputs("</div>\n", f);
}

static void put_sqnr(FILE *f, const html_page *p)
{
    if (p->n_models < 2)
        return;
    fputs("<h2>SQNR against A, dB</h2><div class=\"scroll\"><table><tr><th>output</th>", f);
    for (size_t m = 1; m < p->n_models; m++)
        fprintf(f, "<th>%c</th>", (int)('A' + m));
    fputs("</tr>\n", f);
    for (size_t k = 0; k < p->shown->n_out; k++) {
        fputs("<tr><td class=\"name\">", f);
        page_text(f, p->shown->outputs[k].name);
        fputs("</td>", f);
        for (size_t m = 1; m < p->n_models; m++) {
            char text[SQNR_BYTES];
            fprintf(f, "<td>%s</td>", sqnr_text(&p->models[m].noise[k], text));
        }
        fputs("</tr>\n", f);
    }
    fputs("</table></div>\n", f);
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

static void put_verdict(FILE *f, const html_page *p, size_t i)
{
    const verdicts *v = p->verdicts;
    int32_t label = data_label(p->data, i);
    if (label >= 0) {
        fputs("is ", f);
        put_class(f, p->shown, (size_t)label);
        fputs("<br>", f);
    }
    for (size_t m = 0; m < v->n_models; m++) {
        int32_t said = v->predicted[i * v->n_models + m];
        if (v->n_models > 1)
            fprintf(f, "%c: ", (int)('A' + m));
        fprintf(f, "<span%s>",
                label < 0       ? ""
                : said == label ? " class=\"right\""
                                : " class=\"wrong\"");
        put_class(f, p->shown, (size_t)said);
        fputs("</span><br>", f);
    }
    if (p->data->files)
        page_text(f, base_name(p->data->files[i]));
    else
        fprintf(f, "sample %zu", i);
}

/* One sample and what was said of it; *bytes counts what pictures took. */
static int put_sample(cli *c, FILE *f, const html_page *p, size_t i, size_t *bytes)
{
    int code = target_fill(c, p->shown, p->data, i, i + 1);
    if (code != EXIT_DONE)
        return code;
    fputs("<figure>", f);
    char *uri = *bytes < MOST_BYTES ? thumbnail_uri(p->shown, SIDE) : NULL;
    if (uri) {
        *bytes += strlen(uri);
        fprintf(f, "<img alt=\"\" src=\"%s\">", uri);
    }
    free(uri);
    fputs("<figcaption>", f);
    put_verdict(f, p, i);
    fputs("</figcaption></figure>\n", f);
    return EXIT_DONE;
}

/* Samples on which the models differ, or that the only one gets wrong. */
static int put_samples(cli *c, FILE *f, const html_page *p)
{
    const verdicts *v = p->verdicts;
    size_t found = 0, bytes = 0;
    int code = EXIT_DONE;
    fprintf(f, "<h2>%s</h2>\n<div class=\"samples\">\n",
            p->n_models > 1 ? "Changed predictions: the samples" : "Wrong: the samples");
    for (size_t i = v->first; code == EXIT_DONE && i < v->n; i++) {
        bool wanted = p->n_models > 1 ? verdicts_changed(v, i) : verdicts_lists(v, p->data, i);
        if (wanted && found++ < MOST_SAMPLES)
            code = put_sample(c, f, p, i, &bytes);
    }
    fputs("</div>\n", f);
    if (found)
        fprintf(f, "<p class=\"note\">%zu%s. As the network is given them, made small.</p>\n",
                found, found > MOST_SAMPLES ? ", the first 100 are shown" : "");
    else
        fputs("<p class=\"note\">None.</p>\n", f);
    return code;
}

static int put_page(cli *c, FILE *f, const html_page *p)
{
    page_begin(f, p->title);
    fputs(style, f);
    fputs("<div class=\"cards\">", f);
    for (size_t m = 0; m < p->n_models; m++)
        put_card(f, p, m);
    fputs("</div>\n", f);
    put_sqnr(f, p);
    int code = p->verdicts ? put_samples(c, f, p) : EXIT_DONE;
    for (size_t i = 0; i < p->n_matrices; i++) {
        const html_matrix *m = &p->matrices[i];
        fputs("<h2>", f);
        page_text(f, m->title);
        fprintf(f, "</h2><p class=\"note\">row: %s; column: %s</p>\n", m->rows, m->columns);
        if (m->counts->n <= WHOLE_MATRIX)
            put_whole(f, m, p->shown);
        else
            put_pairs(f, m, p->shown);
    }
    page_end(f);
    return code;
}

int html_write(cli *c, const char *path, const html_page *page)
{
    output_file out;
    int code = output_open(c, path, &out);
    if (code == EXIT_DONE)
        code = put_page(c, out.file, page);
    return output_close(c, &out, code);
}
