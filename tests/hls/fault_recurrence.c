/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a state that takes a product to get on. */
#include <stdint.h>

void top(const uint32_t *in, int32_t n, uint32_t *out)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < (uint32_t)n; i++) {
#pragma HLS pipeline II = 1
        out[i] = at;
        at = (at ^ i) * in[i] + (at >> 3); // expect C2
    }
}
