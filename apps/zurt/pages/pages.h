/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the generator writes besides man pages. */
#ifndef APP_PAGES_H
#define APP_PAGES_H

#include <stdio.h>

#include "option.h"

/** What an option's value is, as far as a shell can complete it. */
typedef enum page_value {
    PAGE_VALUE_NONE,  /**< the option takes none */
    PAGE_VALUE_OTHER, /**< a number, a name */
    PAGE_VALUE_WORDS, /**< one of the words */
    PAGE_VALUE_FILE,
    PAGE_VALUE_DATA
} page_value;

page_value page_value_of(const option_row *row);

/** The words of "a|b|c", with `between` between them. */
void page_put_words(FILE *f, const option_row *row, const char *between);

void page_bash(FILE *f);
void page_zsh(FILE *f);
void page_fish(FILE *f);

#endif
