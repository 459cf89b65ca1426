/* SPDX-License-Identifier: Apache-2.0 */
/** @file The network that zurt doctor has built in, as a `.zurt` file, and its right answer. */
#ifndef APP_DOCTOR_GOLDEN_H
#define APP_DOCTOR_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

/** One picture [1,12,12,4]; outputs [1,3,3,16] and [1,10], one after the other. All int8. */
enum {
    DOCTOR_GOLDEN_INPUT_BYTES = 12 * 12 * 4,
    DOCTOR_GOLDEN_FIRST_BYTES = 3 * 3 * 16,
    DOCTOR_GOLDEN_OUTPUT_BYTES = DOCTOR_GOLDEN_FIRST_BYTES + 10
};

extern const unsigned char doctor_golden_model[]; /**< 64-byte aligned */
extern const size_t doctor_golden_model_bytes;
extern const unsigned char doctor_golden_output[DOCTOR_GOLDEN_OUTPUT_BYTES];

/** The picture: noise, the same everywhere. */
static inline void doctor_golden_input(int8_t *out)
{
    uint32_t state = 1;
    for (int i = 0; i < DOCTOR_GOLDEN_INPUT_BYTES; i++) {
        state = state * 1664525u + 1013904223u;
        out[i] = (int8_t)((int32_t)(state >> 24) - 128);
    }
}

#endif
