/* SPDX-License-Identifier: Apache-2.0 */
/** @file Processes load_w, one per weight stream, and load_a: long bursts into a FIFO, no more. */
#include "zk_engine.h"

/** Beats of one weight stream: 4 per ring word. */
void ZK_NAME(load_w)(const v16 *w, const zk_step *s, v16 *out_q)
{
    const v16 *p = w + s->load.w_src;
    int32_t n = 4 * s->load.w_words;
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        out_q[i] = p[i];
    }
}

/** The step's activations, plane by plane. */
void ZK_NAME(load_a)(const v16 *act, const zk_step *s, v16 *out_q)
{
    int32_t n_planes = s->load.planes, n = s->load.words;
    int32_t at = 0;
    const v16 *p = act + s->load.src;
    for (int32_t plane = 0; plane < n_planes; plane++) {
        for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
            out_q[at + i] = p[i];
        }
        at += n;
        p += plane + 1 < n_planes ? s->load.src_plane : 0; // no pointer beyond the buffer
    }
}
