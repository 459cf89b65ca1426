/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a model is given of a sample, as a small picture within a page. */
#ifndef APP_THUMBNAIL_H
#define APP_THUMBNAIL_H

#include "target.h"

/**
 * The first sample in the buffer of input 0, with the preprocessing undone, as a PNG of at most
 * `side` pixels a side.
 *
 * @return a data: URI; free() it. NULL if the input is no picture, or memory is short.
 */
char *thumbnail_uri(const target *t, int32_t side);

#endif
