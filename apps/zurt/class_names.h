/* SPDX-License-Identifier: Apache-2.0 */
/** @file Names of classes from a file, and which class a folder is named for. */
#ifndef APP_CLASS_NAMES_H
#define APP_CLASS_NAMES_H

#include "cli.h"

typedef struct class_names {
    char *text;
    const char **items; /**< in text */
    size_t n;
} class_names;

/** Reads a name a line; EXIT_DONE or stated. names_free() in any case. */
int names_load(cli *c, const char *path, class_names *out);
void names_free(class_names *n);

/**
 * Whether a folder is named for a class: as the label is, apart from case and '_' for ' '; by one
 * of the names that commas part in it; or by the WordNet id that one of the two begins with
 * ("n01440764 tench").
 */
bool names_match(const char *label, const char *folder);

#endif
