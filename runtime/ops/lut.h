/* SPDX-License-Identifier: Apache-2.0 */
/** @file 256-entry tables: every 8-bit to 8-bit unary function. */
#ifndef ZI_OPS_LUT_H
#define ZI_OPS_LUT_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/graph.h"

/**
 * f(x) of a MAP op in double.
 *
 * @param attr alpha and beta as op.def says; ignored by ops without.
 * @param out  the value; NaN and infinities where the function has them.
 * @return false: the op is no function of one real number (Not, Lut, ops that are not MAP).
 */
bool zi_unary_real(zi_op op, const zi_attr_unary *attr, double x, double *out);

/**
 * The table of a Lut node: table[q + 128] = quantised f(scale_in * (q - zero_in)).
 *
 * Computed in double; rounds half to even; NaN becomes zero_out. For the compiler: what is
 * computed here is stored in the model, so boards need no libm.
 * @return false as zi_unary_real().
 */
bool zi_lut_fill(zi_op op, const zi_attr_unary *attr, float scale_in, int32_t zero_in,
                 float scale_out, int32_t zero_out, int8_t table[256]);

#endif
