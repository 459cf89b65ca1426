/* SPDX-License-Identifier: Apache-2.0 */
/** @file The text of --help. */
#ifndef APP_USAGE_H
#define APP_USAGE_H

#include <stdio.h>

#include "option.h"

/** Of one command. */
void usage_print(FILE *out, const command_row *command);

/** Of the program: its commands and exit codes. */
void usage_print_all(FILE *out);

#endif
