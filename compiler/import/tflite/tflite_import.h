/* SPDX-License-Identifier: Apache-2.0 */
/** @file TFLite bytes to graph. */
#ifndef ZC_IMPORT_TFLITE_IMPORT_H
#define ZC_IMPORT_TFLITE_IMPORT_H

#include <zurt/compile.h>

#include "base/bytes.h"
#include "graph/graph.h"

/** Largest file taken; offsets in it are 32 bits. */
#define ZC_TFLITE_MAX_BYTES ((size_t)1 << 31)

/**
 * Parses and translates. Pictures are NHWC, as they are there. Quantised tensors come as Quantize
 * and Dequantize nodes around float ops, which quantise/ turns into int8 ops with the file's
 * scales. Everything the graph needs is copied out of `file`.
 */
zurt_status zc_tflite_import(zurt_ctx *ctx, zi_bytes file, const zurt_import_options *options,
                             zi_graph **out, size_t *source_nodes);

#endif
