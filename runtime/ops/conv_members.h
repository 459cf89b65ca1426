/* SPDX-License-Identifier: Apache-2.0 */
/** @file What a plan of conv_plan.h holds: conv_plan.c makes it, conv_run.c reads it. */
#ifndef ZI_OPS_CONV_MEMBERS_H
#define ZI_OPS_CONV_MEMBERS_H

#include "ops/conv_plan.h"
#include "ops/conv_share.h"

struct zi_conv_plan {
    zk_conv_shape shape;
    int32_t channels; /**< of the node; the shape's are these once or several times */
    bool depthwise;
    int32_t tile;        /**< patches held at a time */
    zi_conv_parts parts; /**< for threads */
    size_t task_bytes;   /**< scratch of one task */
    size_t packed_bytes; /**< of scratch, behind the tasks': operands given at run time, packed */
    int64_t macs;
    const void *w;      /**< as the kernel wants it; NULL: given at run time */
    const void *packed; /**< what the kernel has made of w, bias and the tables; may be NULL */
    const void *bias;   /**< NULL: given at run time */
    const int32_t *w_zero_point;
    const int32_t *multiplier;
    const int32_t *shift;
    int32_t x_zero_point, out_zero_point, lo, hi;
    size_t scratch_bytes;
};

/** What all calls of an s8 kernel have in common. */
zk_conv_s8_args zi_conv_args_s8(const zi_conv_plan *plan);
/** What all calls of an f32 kernel have in common. */
zk_conv_f32_args zi_conv_args_f32(const zi_prepared *p, const zi_conv_plan *plan);

#endif
