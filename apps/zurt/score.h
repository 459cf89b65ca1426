/* SPDX-License-Identifier: Apache-2.0 */
/** @file Accuracy, confusion and the difference between two models, sample by sample. */
#ifndef APP_SCORE_H
#define APP_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts.h"
#include "json.h"
#include "target.h"

typedef struct score {
    size_t n_classes;
    size_t samples;
    size_t labelled; /**< samples whose class is known */
    size_t top1, top5;
    counts confusion; /**< [true class][predicted] */
} score;

/** Starts with nothing counted. */
void score_init(score *s, size_t n_classes);
void score_free(score *s);

/** Index of the largest value; the first of equals. */
size_t score_best(const float *values, size_t n);

/** Adds one sample; label below n_classes, -1: unknown. Returns the predicted class. */
size_t score_add(score *s, const float *values, int32_t label);

/** "samples", "labelled", "top1", "top5", "confusion"; the fractions are null without labels. */
void score_json(json_writer *j, const score *s);

/** One line: "9913/10000 = 99.13 % top-1, ...". */
void score_print(const score *s, const char *title);

/** Whole matrix if it is small, else its most frequent cells off the diagonal; `t`, or NULL,
 *  gives names. */
void score_print_matrix(const counts *m, const char *title, const char *between, const target *t);

/** Signal and noise of one output, summed over samples. */
typedef struct sqnr {
    double signal;
    double noise;
} sqnr;

void sqnr_add(sqnr *s, const float *a, const float *b, size_t n);
/** 10 log10(signal / noise); infinity if they never differ. */
double sqnr_db(const sqnr *s);

enum { SQNR_BYTES = 32 };
/** sqnr_db() as text for a table: "identical" if they never differ, "-" if no figure says it (the
 * signal is zero, or a value is NaN). The result may be `text`. */
const char *sqnr_text(const sqnr *s, char text[SQNR_BYTES]);

#endif
