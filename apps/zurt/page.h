/* SPDX-License-Identifier: Apache-2.0 */
/** @file What every page that the command writes begins and ends with: one file, nothing fetched.
 */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdio.h>

/** Head, style, heading and a line that says who wrote it. */
void page_begin(FILE *f, const char *title);
void page_end(FILE *f);

/** A text of any bytes: markup in it is shown, not obeyed; what is no UTF-8 becomes U+FFFD. */
void page_text(FILE *f, const char *text);

#endif
