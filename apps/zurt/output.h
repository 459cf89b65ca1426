/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Every file that a command writes. It appears whole or not at all, also when the command is ended
 * by a signal; it is neither what the command reads nor another of its outputs.
 */
#ifndef APP_OUTPUT_H
#define APP_OUTPUT_H

#include <stdio.h>

#include "cli.h"

typedef struct output_file {
    const char *path;
    FILE *file;                 /**< write here */
    struct output_state *state; /**< NULL: stdout */
} output_file;

/** Opens a temporary file beside `path`; "-" is stdout. EXIT_DONE or stated. */
int output_open(cli *c, const char *path, output_file *out);

/** Ends it: renamed to its path if code is EXIT_DONE and all was written, else removed.
 *  Returns the exit code. Works on a file that was never opened. */
int output_close(cli *c, output_file *out, int code);

/** The whole of a file in one call. */
int output_write(cli *c, const char *path, const void *bytes, size_t size);

#endif
