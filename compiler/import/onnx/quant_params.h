/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Scales and zero points that a quantised model states, for the translators of its ops. Private to
 * import/onnx/; in op_quant.c.
 */
#ifndef ZC_IMPORT_ONNX_QUANT_PARAMS_H
#define ZC_IMPORT_ONNX_QUANT_PARAMS_H

#include "import/onnx/importer.h"

/** Scale and zero point of one tensor. The lists are in the import's scratch. */
typedef struct zc_params {
    uint32_t n;
    int32_t axis;
    float *scale;
    int32_t *zero_point;
    zurt_dtype dtype; /**< of the zero point; ZURT_DTYPE_NONE: it is absent */
    const char *type; /**< its name in the model, for messages; NULL: zurt's own */
} zc_params;

/** Lists of n for *p; zeros. */
zurt_status zc_params_make(zc_onnx *o, uint32_t n, int32_t axis, zurt_dtype dtype, zc_params *p);
/** Reads inputs i (scale) and i + 1 (zero point, optional) for a tensor shaped as `x`, per tensor
 * or along `axis`; ZURT_MAX_RANK: per tensor only. */
zurt_status zc_params_read(zc_onnx *o, uint32_t i, const zi_tensor *x, int32_t axis, zc_params *p);
/** Emits the Dequantize of x, which gets these parameters. */
zurt_status zc_params_dequantize(zc_onnx *o, const char *tag, zi_id x, const zc_params *p,
                                 zi_id *out);
/** Emits the Quantize of x to the type of the zero point; without one, to uint8. */
zurt_status zc_params_quantize(zc_onnx *o, const char *tag, zi_id x, const zc_params *p,
                               zi_id *out);

#endif
