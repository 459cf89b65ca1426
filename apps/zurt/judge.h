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

enum {
    OPT_DATA = OPT_COMMAND_FIRST,
    OPT_LIMIT,
    OPT_HTML,
    OPT_FORCE,
    OPT_JUDGE_FIRST /**< a command's own options start here */
};

#define JUDGE_OPTIONS                                                                              \
    CLI_COMMON_OPTIONS, TARGET_INPUT_OPTIONS, TARGET_DEVICE_OPTIONS,                               \
        {"data", required_argument, NULL, OPT_DATA},                                               \
        {"limit", required_argument, NULL, OPT_LIMIT},                                             \
        {"html", required_argument, NULL, OPT_HTML},                                               \
    {                                                                                              \
        "force", no_argument, NULL, OPT_FORCE                                                      \
    }

judge_options judge_options_default(void);

/** As target_option(), with the options above taken too. */
int judge_option(cli *c, int opt, int argc, char **argv, judge_options *o);

/** Opens o->data as `out`; EXIT_DONE or stated. data_close() in any case. */
int judge_open_data(cli *c, const judge_options *o, data_source *out);

/** Number of samples to look at. */
size_t judge_samples(const judge_options *o, const data_source *s);

/** Room for every output of `n` samples: out[k] as target_predict() fills it; NULL without memory.
 */
float **judge_outputs_create(const target *t, size_t n);
void judge_outputs_destroy(const target *t, float **outputs);

#endif
