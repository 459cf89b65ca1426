/* SPDX-License-Identifier: Apache-2.0 */
/** @file Process store: results from the FIFO to the act buffer, one burst per plane. */
#include "zk_engine.h"

void ZK_NAME(store)(const v16 *q, const zk_step *s, v16 *act)
{
    int32_t n_planes = s->flags & ZK_OUT_FIFO ? s->n_ocb : 0;
    int32_t n = s->store.words;
    int32_t at = 0;
    v16 *p = act + s->store.dst;
    for (int32_t plane = 0; plane < n_planes; plane++) {
        for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
            p[i] = q[at + i];
        }
        at += n;
        p += plane + 1 < n_planes ? s->store.plane : 0; // no pointer beyond the buffer
    }
}
