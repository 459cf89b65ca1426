/* SPDX-License-Identifier: Apache-2.0 */
/** @file What eval and compare share: the options that name the samples, room for their outputs. */
#ifndef APP_JUDGE_H
#define APP_JUDGE_H

#include "target.h"

typedef struct judge_options {
    target_options target;
    const char *data;
    const char *html;
    size_t limit; /**< 0: all samples */
    bool force;
} judge_options;

judge_options judge_options_default(void);

/** As target_option(), with the options above taken too. */
int judge_option(cli *c, const option_row *row, const char *value, judge_options *o);

/** Refuses an o->html that may not be written; the models' files are noted by cli_reads() already.
 */
int judge_check_output(cli *c, const judge_options *o);

/** Opens o->data as `out`; EXIT_DONE or stated. data_close() in any case. */
int judge_open_data(cli *c, const judge_options *o, data_source *out);

/** Ends a command whose data may hold samples that could not be read: says how many were left out,
 *  and makes EXIT_INPUT of EXIT_DONE then. */
int judge_count_refused(cli *c, const data_source *s, int code);

/** Number of samples to look at. */
size_t judge_samples(const judge_options *o, const data_source *s);

/** Room for every output of `n` samples: out[k] as target_predict() fills it; NULL without memory.
 */
float **judge_outputs_create(const target *t, size_t n);
void judge_outputs_destroy(const target *t, float **outputs);

#endif
