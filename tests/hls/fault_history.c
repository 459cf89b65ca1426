/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a memory that each iteration reads and writes, and nothing
 * says how far apart. */
#include <stdint.h>

void top(const int32_t *in, int32_t n, int32_t *out)
{
    static int32_t history[16];
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        int32_t v = in[i];
        out[i] = history[v & 15];
        history[v & 15] = v; // expect A3
    }
}
