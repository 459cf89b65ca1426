/* SPDX-License-Identifier: Apache-2.0 */
/** @file Accuracy and matrices as one self-contained page. */
#ifndef APP_HTML_H
#define APP_HTML_H

#include "cli.h"
#include "score.h"
#include "target.h"

typedef struct html_matrix {
    const counts *counts;
    const char *rows;    /**< what a row is */
    const char *columns; /**< what a column is */
    const char *title;
} html_matrix;

/**
 * Writes the page (to a temporary file, then renamed).
 *
 * @param a, b scores shown at the top; b may be NULL.
 * @param t    gives the class names.
 */
int html_write(cli *c, const char *path, const char *title, const html_matrix *matrices, size_t n,
               const score *a, const score *b, const target *t);

#endif
