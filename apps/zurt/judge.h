/* SPDX-License-Identifier: Apache-2.0 */
/** @file What eval and compare share: the options that name the samples, room for their outputs. */
#ifndef APP_JUDGE_H
#define APP_JUDGE_H

#include "json.h"
#include "target.h"

typedef struct judge_options {
    target_options target;
    const char *data;
    const char *html;
    size_t limit; /**< 0: all samples */
    bool force;
    bool files; /**< list the samples that are wrong or changed */
} judge_options;

judge_options judge_options_default(void);

/** Binds the options above, and the target's. */
void judge_bind_options(cli *c, judge_options *o);

/** Refuses an o->html that may not be written; the models' files are noted by cli_reads() already.
 */
int judge_check_output(cli *c, const judge_options *o);

/** Opens o->data as `out`; EXIT_DONE or stated. data_close() in any case. */
int judge_open_data(cli *c, const judge_options *o, data_source *out);

/** Ends a command whose data may hold samples that could not be read: says how many were left out,
 *  and makes EXIT_INPUT of EXIT_DONE then. */
int judge_count_refused(cli *c, const data_source *s, int code);

/**
 * Settles the classes of samples for a classifier `t`; once, before any is judged. In sub-folders:
 * by the numbers or names of the folders, where they are those of `t`'s classes; else by their
 * order, which is said. Elsewhere the label offset is added. A class that `t` does not have becomes
 * none, which is said.
 *
 * @return EXIT_DONE, or stated: some folders are named for classes and others are not.
 */
int judge_name_classes(cli *c, const target *t, data_source *s);

/** Number of samples to look at. */
size_t judge_samples(const judge_options *o, const data_source *s);

/** Room for every output of `n` samples: out[k] as target_predict() fills it; NULL without memory.
 */
float **judge_outputs_create(const target *t, size_t n);
void judge_outputs_destroy(const target *t, float **outputs);

/** What each model says of each sample. */
typedef struct verdicts {
    size_t n_models;
    size_t first, n;    /**< samples [first, n) were judged */
    int32_t *predicted; /**< [n][n_models] */
} verdicts;

/** Whether a sample is to be listed: a model is wrong, or says otherwise than the first. */
bool verdicts_lists(const verdicts *v, const data_source *s, size_t i);
/** Whether a model says otherwise than the first. */
bool verdicts_changed(const verdicts *v, size_t i);
/** One of those samples, as an object; `file` NULL or `label` -1: not known. */
void verdict_json(json_writer *j, uint64_t sample, const char *file, int32_t label,
                  const int32_t *predicted, size_t n_models, bool changed);
/** "files": an array of them. */
void verdicts_json(json_writer *j, const verdicts *v, const data_source *s);
/** A line for each of them; `t` gives the names. */
void verdicts_print(const verdicts *v, const data_source *s, const target *t);

#endif
