/* SPDX-License-Identifier: Apache-2.0 */
/** @file The weight streams of a program. Private to cg_encode.c. */
#ifndef ZI_CODEGEN_ENCODE_WEIGHTS_H
#define ZI_CODEGEN_ENCODE_WEIGHTS_H

#include "codegen/cg_encode.h"

/** Fills code->weights, which is zeroed and has room for the words that the program counts. */
void zi_cg_encode_weights(const zi_cg_program *m, zi_cg_code *code);

#endif
