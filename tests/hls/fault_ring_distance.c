/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a distance that is longer than what is proved. */
#include <stdint.h>

#define ZK_PIPELINE_DEPTH 64
#define RING_GAP          4

void top(const int32_t *in, int32_t n, int32_t *out)
{
    static int32_t ring[64];
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
// hls_ports: ring distance RING_GAP: the words that can be read are those of RING_GAP ago
#pragma HLS dependence variable = ring type = inter distance = 8 dependent = true // expect A8
        out[i] = ring[(i - RING_GAP) & 63];
        ring[i & 63] = in[i];
    }
}
