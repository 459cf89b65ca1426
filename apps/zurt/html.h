/* SPDX-License-Identifier: Apache-2.0 */
/** @file What eval and compare found, as one self-contained page. */
#ifndef APP_HTML_H
#define APP_HTML_H

#include "judge.h"
#include "score.h"

typedef struct html_matrix {
    const counts *counts;
    const char *rows; /**< what a row is */
    char columns[32]; /**< what a column is */
    char title[64];
} html_matrix;

typedef struct html_model {
    const char *path;
    const score *score;
    const sqnr *noise; /**< per output, against the first model; NULL: the first */
    size_t changed;    /**< predictions, against the first model's */
} html_model;

typedef struct html_page {
    const char *title;
    const html_model *models;
    size_t n_models;
    const html_matrix *matrices;
    size_t n_matrices;
    const verdicts *verdicts; /**< NULL: none, the models are no classifiers */
    const data_source *data;
    target *shown; /**< names classes and outputs; its input buffer is filled for thumbnails */
} html_page;

/** Writes the page to a file. EXIT_DONE or stated. */
int html_write(cli *c, const char *path, const html_page *page);

#endif
