/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a table with one copy, read by every lane. */
#include <stdint.h>

void top(const uint8_t *in, int32_t n, int32_t *out)
{
    int32_t table[256];
#pragma HLS bind_storage variable = table type = ram_2p impl = bram
    for (int32_t i = 0; i < 256; i++) {
#pragma HLS pipeline II = 1
        table[i] = in[i];
    }
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        uint32_t v = in[i], sum = 0;
        for (uint32_t lane = 0; lane < 8; lane++) {
#pragma HLS unroll
            sum += (uint32_t)table[(v * 7 + lane * v) & 255]; // expect A1
        }
        out[i] = (int32_t)sum;
    }
}
