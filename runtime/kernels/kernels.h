/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The kernels: arguments and arithmetic, nothing else. A kernel neither allocates nor keeps state,
 * and touches no byte outside its operands. ref/ is the specification; other variants equal it
 * bit for bit (integer kernels) or to rounding (f32).
 *
 * Argument structs and function types stand in one header per family; kernels.def lists every
 * variant; zk_table has one typed pointer per op.
 *
 * A variant is a function, zk_<op>_fn, or, where a node's constant operand can be packed once for
 * many runs, a zk_<op>_kernel: how large the packed operand is, the function that packs it, and the
 * one that computes. Who prepares a node owns the packed operand; another variant cannot read it.
 */
#ifndef ZK_KERNELS_H
#define ZK_KERNELS_H

#include <stdint.h>

#include <zurt/zurt.h>

#include "kernels/conv.h"
#include "kernels/elementwise.h"
#include "kernels/move.h"
#include "kernels/pool.h"

#define ZK(op, variant, need)        zk_##op##_fn zk_##op##_##variant;
#define ZK_PACKED(op, variant, need) extern const zk_##op##_kernel zk_##op##_##variant;
#include "kernels/kernels.def"
#undef ZK

/** One pointer per op: the fastest variant that the CPU can run. */
typedef struct zk_table {
    const zk_conv_s8_kernel *conv_s8;
    const zk_conv_f32_kernel *conv_f32;
    zk_depthwise_s8_fn *depthwise_s8;
    zk_depthwise_f32_fn *depthwise_f32;
    zk_matmul_f32_fn *matmul_f32;
    zk_maxpool_s8_fn *maxpool_s8;
    zk_maxpool_f32_fn *maxpool_f32;
    zk_avgpool_s8_fn *avgpool_s8;
    zk_avgpool_f32_fn *avgpool_f32;
    zk_sum_s8_fn *sum_s8;
    zk_lut_s8_fn *lut_s8;
    zk_add_s8_fn *add_s8;
    zk_mul_s8_fn *mul_s8;
    zk_bilinear_s8_fn *bilinear_s8;
    zk_transpose_s8_fn *transpose_s8;
    zk_softmax_s8_fn *softmax_s8;
    zk_sigmoid_f32_fn *sigmoid_f32;
    zk_swish_f32_fn *swish_f32;
    zk_quantize_f32_s8_fn *quantize_f32_s8;
    zk_dequantize_s8_f32_fn *dequantize_s8_f32;
} zk_table;

/** Fills the table for the ZURT_CPU_* bits in `cpu`; 0 gives the reference kernels. */
void zk_table_init(zk_table *table, uint32_t cpu);

#endif
