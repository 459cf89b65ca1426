/* SPDX-License-Identifier: Apache-2.0 */
/** @file Tensors between host memory, dense HWC, and the act buffer. */
#ifndef ZI_BACKEND_PL_BOUNDARY_H
#define ZI_BACKEND_PL_BOUNDARY_H

#include "codegen/codegen.h"

/** Host tensor of one picture, dense HWC, to the act buffer: planes of 16 channels, packed if the
 *  tensor is; channels beyond the last are 0. */
void zi_pl_write_input(const zi_cg_tensor *p, int8_t zero_point, const int8_t *picture, v16 *out);
/** Planes in the act buffer to one dense picture. */
void zi_pl_read_output(const zi_cg_tensor *p, const v16 *planes, int8_t *out);

#endif
