/* SPDX-License-Identifier: Apache-2.0 */
/** @file Several models on the same samples, each against the first. */
#ifndef APP_COMPARISON_H
#define APP_COMPARISON_H

#include "judge.h"
#include "score.h"

/** A model and what is known of it. */
typedef struct contestant {
    target t;
    float **out; /**< outputs of one chunk */
    score score;
    sqnr *noise;    /**< per output, against the first model's */
    counts changes; /**< [prediction of the first][of this one] where they differ */
    size_t changed; /**< their sum */
} contestant;

typedef struct comparison {
    contestant *models;
    size_t n_models;
    size_t chunk;  /**< samples at a time: whole batches of every model */
    bool classify; /**< all of them do */
    verdicts verdicts;
} comparison;

/** Opens the models, the first at paths[0]. EXIT_DONE or stated; comparison_close() in any case. */
int comparison_open(cli *c, char *const *paths, size_t n, const judge_options *options,
                    comparison *out);
void comparison_close(cli *c, comparison *x);

/** Runs them all on the first `n` samples of a source that is bound to each. EXIT_DONE or stated.
 */
int comparison_run(cli *c, comparison *x, const data_source *s, size_t n);

/** No output of model `m` differs in anything from the first's. */
bool comparison_identical(const comparison *x, size_t m);

/** The first model that has names for its classes; the first, if none has. */
target *comparison_named(const comparison *x);

#endif
