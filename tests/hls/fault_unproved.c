/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a dependence denied, and nothing says why. */
#include <stdint.h>

/* The first pragma has no claim, the second one that names nobody who sees to it. */
void top(const int32_t *in, int32_t n, int32_t *out)
{
    static int32_t act[64], ring[64];
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
#pragma HLS dependence variable = act type = inter dependent = false // expect A8
// hls_ports: ring never: no_such_check() refuses it
#pragma HLS dependence variable = ring type = inter dependent = false // expect A8
        int32_t v = in[i];
        out[i] = act[v & 63] + ring[v & 63];
        act[v & 63] = v;
        ring[v & 63] = v;
    }
}
