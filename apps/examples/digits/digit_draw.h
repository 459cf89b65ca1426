// SPDX-License-Identifier: Apache-2.0
/** @file One handwritten-looking digit as a picture. */
#ifndef DIGIT_DRAW_H
#define DIGIT_DRAW_H

#include <stdint.h>

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE };

/** The next number of a random stream. */
uint64_t digit_random(uint64_t *state);

/** Draws `digit`, 0 to 9, white on black; what it looks like depends on the stream alone. */
void digit_draw(int digit, uint64_t *rng, uint8_t out[DIGIT_PIXELS]);

#endif
