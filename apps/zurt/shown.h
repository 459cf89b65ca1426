/* SPDX-License-Identifier: Apache-2.0 */
/** @file Names from files of others, made fit for a terminal. */
#ifndef APP_SHOWN_H
#define APP_SHOWN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Copies a text so that it stays on its line and moves no cursor: controls, what is not UTF-8 and
 * what reverses the direction of writing become \n, \t, \r, \xNN or \uNNNN; what does not fit is
 * cut, with ".." for it. `size` is at least 16.
 */
void shown_copy(const char *text, char *out, size_t size);

/** Whether the character at `p` stays as it is. */
bool shown_is_plain(const unsigned char *p);

/** shown_copy() for one use, as an argument of printf: good until the eighth call after this one.
 */
const char *shown(const char *text);

#endif
