/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a dependence denied that is nearer than the pipeline is deep.
 */
#include <stdint.h>

#define ZK_PIPELINE_DEPTH 64
#define POOL_WIDTH        8

void top(const int32_t *in, int32_t n, int32_t *out)
{
    static int32_t line[512];
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
// hls_ports: line distance POOL_WIDTH / 2: rows are at least that wide
#pragma HLS dependence variable = line type = inter dependent = false // expect A8
        int32_t v = in[i];
        out[i] = line[v & 511];
        line[v & 511] = v;
    }
}
