/* SPDX-License-Identifier: Apache-2.0 */
/** @file Text for a terminal of 100 columns. */
#ifndef APP_COLUMNS_H
#define APP_COLUMNS_H

#include <stdio.h>

#define COLUMNS 100

/** Largest text that columns_fit() makes of `width` columns, with its end. */
#define COLUMNS_BYTES(width) (4 * (width) + 1)

/**
 * A name of any length and content for one line: at most `width` columns, cut in the middle;
 * what is no printable character becomes '?'.
 *
 * @param out COLUMNS_BYTES(width) bytes.
 * @return columns used.
 */
int columns_fit(const char *text, int width, char *out);

/** Prints a name as shown() makes it, in as many columns as it takes; returns them. */
int columns_print(FILE *file, const char *text);

/** Prints a text between columns `indent` and COLUMNS, broken at blanks. `lead` stands in front of
 *  its first line, within the indent. */
void columns_wrap(FILE *file, int indent, const char *lead, const char *text);

#endif
