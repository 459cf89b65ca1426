/* SPDX-License-Identifier: Apache-2.0 */
/** @file A loop as the rules of hls_ports want it: no finding. The fault_*.c break one rule each.
 */
#include <stdint.h>

typedef struct {
    int8_t b[16];
} beat;

enum { ROWS = 64, BANKS = 4 };
#define ZK_PIPELINE_DEPTH 64
#define READ_GAP          4

static int32_t clean_pick(const int32_t x[BANKS], int32_t i)
{
#pragma HLS inline
    return x[i & (BANKS - 1)];
}

static void clean_produce(const beat *in, int32_t n, beat *out_q)
{
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
        out_q[i] = in[i];
    }
}

static void clean_use(const beat *q, int32_t n, int32_t *out)
{
    static int32_t ring[ROWS][BANKS];
    static int32_t table[BANKS][256];
#pragma HLS array_partition variable = ring dim = 2 complete
#pragma HLS bind_storage variable = ring type = ram_s2p impl = lutram
#pragma HLS array_partition variable = table dim = 1 complete
#pragma HLS bind_storage variable = table type = ram_s2p impl = lutram
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
#pragma HLS pipeline II = 1
// hls_ports: ring distance READ_GAP: the index is that of READ_GAP iterations ago
#pragma HLS dependence variable = ring type = inter direction = RAW distance = 4 dependent = true
        int32_t x[BANKS];
#pragma HLS array_partition variable = x complete
        beat b = q[i];
        for (int32_t k = 0; k < BANKS; k++) {
#pragma HLS unroll
            x[k] = table[k][(b.b[k] + 128) & 255] + ring[(i - READ_GAP) & (ROWS - 1)][k];
        }
        for (int32_t k = 0; k < BANKS; k++) {
#pragma HLS unroll
            if ((i & (BANKS - 1)) == k)
                ring[i & (ROWS - 1)][k] = b.b[4];
        }
        sum += clean_pick(x, b.b[5]);
    }
    *out = sum;
}

void top(const beat *in, int32_t n, int32_t *out)
{
#pragma HLS dataflow
    beat q[512];
#pragma HLS stream variable = q depth = 512
#pragma HLS aggregate variable = q compact = bit
    clean_produce(in, n, q);
    clean_use(q, n, out);
}
