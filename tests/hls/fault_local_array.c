/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a local that is indexed by a value of run time, left to the
 * tool. */
#include <stdint.h>

void top(const int32_t *in, int32_t n, int32_t *out)
{
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        int32_t word[8], v = in[i];
        for (int32_t k = 0; k < 8; k++) {
#pragma HLS unroll
            word[k] = v * k;
        }
        out[i] = word[v & 7]; // expect A5
    }
}
