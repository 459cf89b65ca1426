/* SPDX-License-Identifier: Apache-2.0 */
/** @file ONNX bytes to a graph, as declared: no optimisation beyond folding of constants. */
#ifndef ZC_IMPORT_ONNX_IMPORT_H
#define ZC_IMPORT_ONNX_IMPORT_H

#include <zurt/compile.h>

#include "base/bytes.h"
#include "graph/graph.h"
#include "weight_files.h"

/** Largest file taken. */
#define ZC_ONNX_MAX_BYTES ((size_t)1 << 31)

/**
 * Parses and translates. Spatial ops come wrapped in Transposes to and from NHWC, which the passes
 * cancel; batch norm comes as Mul and Add; Q and DQ nodes come as Quantize and Dequantize.
 * Everything the graph needs is copied out of `file`; constants may borrow from `files`, which is
 * NULL for a model without a folder and must outlive the graph.
 */
zurt_status zc_onnx_import_beside(zurt_ctx *ctx, zi_bytes file, zc_weight_files *files,
                                  const zurt_import_options *options, zi_graph **out,
                                  size_t *source_nodes);

/** zc_onnx_import_beside() for a model that has all its tensors inside. */
static inline zurt_status zc_onnx_import(zurt_ctx *ctx, zi_bytes file,
                                         const zurt_import_options *options, zi_graph **out,
                                         size_t *source_nodes)
{
    return zc_onnx_import_beside(ctx, file, NULL, options, out, source_nodes);
}

#endif
