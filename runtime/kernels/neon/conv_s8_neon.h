/* SPDX-License-Identifier: Apache-2.0 */
/** @file The forms of the NEON convolution of s8: one is chosen where the weights are packed. */
#ifndef ZK_CONV_S8_NEON_H
#define ZK_CONV_S8_NEON_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/conv.h"

/** As zk_conv_s8_kernel, with a choice; `packed` is the form's own operand. */
typedef struct zk_neon_form {
    /** True if the form computes convolutions of this shape, and would be the better one. */
    bool (*takes)(const zk_conv_shape *shape);
    size_t (*packed_bytes)(const zk_conv_shape *shape);
    /** False, with `packed` still zero, if what can be proved of the weights does not suffice. */
    bool (*pack)(const zk_conv_s8_args *args, void *packed);
    size_t (*scratch_bytes)(const zk_conv_shape *shape, int32_t tile);
    zk_conv_grain (*grain)(const zk_conv_shape *shape);
    void (*run)(const zk_conv_s8_args *args);
} zk_neon_form;

extern const zk_neon_form zk_neon_winograd; /**< 3x3, stride 1 */
extern const zk_neon_form zk_neon_gemm;     /**< takes everything */

#endif
