/* SPDX-License-Identifier: Apache-2.0 */
/** @file Runs of MAP operators on f32. */
#ifndef ZI_OPS_UNARY_F32_H
#define ZI_OPS_UNARY_F32_H

#include <stddef.h>

#include "graph/op.h"

/** out[i] = f(x[i]); out may be x. */
typedef void zi_unary_f32_fn(const float *x, float *out, size_t n, float alpha, float beta);

/** NULL if the op is no function of one f32. */
zi_unary_f32_fn *zi_unary_f32(zi_op op);

#endif
