/* SPDX-License-Identifier: Apache-2.0 */
/** @file ONNX bytes to a graph, as declared: no optimisation beyond folding of constants. */
#ifndef ZC_IMPORT_ONNX_IMPORT_H
#define ZC_IMPORT_ONNX_IMPORT_H

#include <zurt/compile.h>

#include "base/bytes.h"
#include "graph/graph.h"

/** Largest file taken. */
#define ZC_ONNX_MAX_BYTES ((size_t)1 << 31)

/**
 * Parses and translates. Spatial ops come wrapped in Transposes to and from NHWC, which the passes
 * cancel; batch norm comes as Mul and Add; Q and DQ nodes come as Quantize and Dequantize.
 * Everything the graph needs is copied out of `file`.
 */
zurt_status zc_onnx_import(zurt_ctx *ctx, zi_bytes file, const zurt_import_options *options,
                           zi_graph **out, size_t *source_nodes);

#endif
