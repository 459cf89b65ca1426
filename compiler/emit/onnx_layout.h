/* SPDX-License-Identifier: Apache-2.0 */
/** @file Values in the layout that a node wants. Private to emit/. */
#ifndef ZC_EMIT_ONNX_LAYOUT_H
#define ZC_EMIT_ONNX_LAYOUT_H

#include "emit/onnx_builder.h"

extern const int32_t zo_to_nchw[4]; /**< perm of a Transpose: 0, 3, 1, 2 */
extern const int32_t zo_to_nhwc[4]; /**< 0, 2, 3, 1 */

/** Where axis `axis` of a channels-last tensor stands. */
int32_t zo_axis(bool nchw, int32_t axis);

/** A tensor's real value in the layout wanted; rank 4 only if nchw. Constants appear on first
 *  use; those of lower rank get leading ones if nchw. */
const char *zo_real(zo_builder *b, zi_id id, bool nchw);

/** True if the value stands channels first and not yet channels last. */
bool zo_is_nchw(const zo_builder *b, zi_id id);

/** True if a node without a layout of its own should compute channels first: all its computed
 *  inputs have rank 4 and one of them stands so. */
bool zo_prefers_nchw(const zo_builder *b, const zi_node *n);

/** Makes `real` the value of a computed tensor: clamped if the node asks, quantised if the tensor
 *  is. */
void zo_finish(zo_builder *b, const zi_node *n, uint32_t output, const char *real, bool nchw);

/** Name for what an op computes before zo_finish(). */
const char *zo_raw_name(zo_builder *b, zi_id id);

/** The constant's elements with axes permuted, in the arena. */
const void *zo_permuted(zo_builder *b, const void *data, size_t elem_bytes, const int32_t *dims,
                        const int32_t *perm, int32_t rank);

#endif
