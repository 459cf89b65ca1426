/* SPDX-License-Identifier: Apache-2.0 */
/** @file What `run` is given: INPUT arguments to the buffers of one run. */
#ifndef APP_RUN_INPUT_H
#define APP_RUN_INPUT_H

#include "target.h"

/** How many of args[0..n) the next run takes: one INPUT, or as many NAME=INPUT as the model has
 *  inputs. */
size_t run_input_group(const target *t, char *const *args, size_t n);

/**
 * Fills the inputs of a run from the first of args[0..n): one INPUT, or as many NAME=INPUT as the
 * model has inputs.
 *
 * @param out_used    how many arguments that took.
 * @param out_samples how many samples of the batch are real.
 * @return EXIT_DONE or stated.
 */
int run_input_fill(cli *c, target *t, char *const *args, size_t n, size_t *out_used,
                   size_t *out_samples);

#endif
