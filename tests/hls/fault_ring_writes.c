/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a bank that is chosen at run time, four writes to any of them.
 */
#include <stdint.h>

void top(const int32_t *in, int32_t n, int32_t *out)
{
    static int32_t ring[64][16];
#pragma HLS array_partition variable = ring dim = 2 complete
#pragma HLS bind_storage variable = ring type = ram_s2p impl = bram
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        int32_t v = in[i];
        for (int32_t q = 0; q < 16; q += 4) {
#pragma HLS unroll
            ring[i & 63][q + (v & 3)] = v + q; // expect A4
        }
    }
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        out[i] = ring[i & 63][5];
    }
}
