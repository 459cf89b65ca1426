/* SPDX-License-Identifier: Apache-2.0 */
/** @file Seeded fault for hls_ports: a FIFO of structs that is not aggregated. */
#include <stdint.h>

typedef struct {
    int8_t b[16];
} beat;

static void produce(const beat *in, int32_t n, beat *out_q)
{
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        out_q[i] = in[i];
    }
}

static void consume(const beat *q, int32_t n, beat *out)
{
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        out[i] = q[i];
    }
}

void top(const beat *in, int32_t n, beat *out)
{
#pragma HLS dataflow
    beat q[512];
#pragma HLS stream variable = q depth = 512 // expect A7
    produce(in, n, q);
    consume(q, n, out);
}
