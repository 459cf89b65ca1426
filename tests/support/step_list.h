/* SPDX-License-Identifier: Apache-2.0 */
/** @file Steps of a packed list, for tests that change them. */
#ifndef ZT_STEP_LIST_H
#define ZT_STEP_LIST_H

#include "codegen/cg_encode.h"

/** The words of step `number` of all, in the order in which they run; NULL: there are fewer. */
static inline v16 *zt_step_at(const zi_cg_code *code, int32_t number)
{
    for (int32_t i = 0; i < code->n_epochs; i++) {
        int32_t n = zk_get32(&code->steps[i], 1);
        if (number < n)
            return code->steps + zk_get32(&code->steps[i], 0) + number * ZK_STEP_WORDS;
        number -= n;
    }
    return NULL;
}

static inline int32_t zt_n_steps(const zi_cg_code *code)
{
    int32_t n = 0;
    for (int32_t i = 0; i < code->n_epochs; i++)
        n += zk_get32(&code->steps[i], 1);
    return n;
}

#endif
