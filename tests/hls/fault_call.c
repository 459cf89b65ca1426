/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a function of its own in a pipeline, handed arrays at an
 * offset. */
#include <stdint.h>

static int32_t dot(const int32_t x[4], const int32_t w[4]) // expect A6
{
#pragma HLS inline off
#pragma HLS pipeline II = 1
    return x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + x[3] * w[3];
}

void top(const int32_t *in, int32_t n, int32_t *out)
{
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        int32_t x[8], v = in[i];
#pragma HLS array_partition variable = x complete
        for (int32_t k = 0; k < 8; k++) {
#pragma HLS unroll
            x[k] = v * k;
        }
        out[i] = dot(x, x + 4);
    }
}
