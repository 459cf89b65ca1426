/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A kernel with the engine's arguments for tests of the ports. `steps` holds four int32: command,
 * bytes, milliseconds, value. C99 without a library but usleep: it also goes into an xclbin.
 */
#ifndef ZT_PL_TEST_KERNEL_H
#define ZT_PL_TEST_KERNEL_H

#include <stdint.h>

typedef enum zt_command {
    ZT_ADD = 0,    /**< act_w[n + i] = act_r[i] + w0[i] + w1[i] + w2[i] + w3[i], after a pause */
    ZT_APPEND = 1, /**< act_w[0] counts; the value goes to act_w[act_w[0]], after a pause */
    ZT_CRASH = 2,  /**< killed by a signal */
    ZT_EXIT = 3,   /**< ends its process */
    ZT_HANG = 4
} zt_command;

void zk_engine_test(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                    const void *w2, const void *w3, const void *act_r, void *act_w);

#endif
