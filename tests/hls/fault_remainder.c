/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: banks that are no power of two. */
#include <stdint.h>

void top(const uint32_t *in, int32_t n, uint32_t *out)
{
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        out[i] = in[i] % 12; // expect A2
    }
}
