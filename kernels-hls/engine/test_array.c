/* SPDX-License-Identifier: Apache-2.0 */
/** @file The packed products: every corner and random operands; packed and fast array equal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zk_array.h"

static uint64_t state = 88172645463325252u;

static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static int8_t byte(void)
{
    uint32_t r = next();
    return (r & 7) == 0 ? (r & 8 ? -128 : 127) : (int8_t)(uint8_t)(r >> 8);
}

static int8_t weight(void)
{
    int8_t w = byte();
    return w == -128 ? -127 : w;
}

static int chain_differs(int8_t x[ZK_CHAIN], int8_t w0[ZK_CHAIN], int8_t w1[ZK_CHAIN])
{
    int32_t low, high, sum0 = 0, sum1 = 0;
    for (int i = 0; i < ZK_CHAIN; i++) {
        sum0 += x[i] * w0[i];
        sum1 += x[i] * w1[i];
    }
    zk_chain(x, w0, w1, &low, &high);
    return low != sum0 || high != sum1;
}

/** Every combination of the extreme values, all lanes alike but for a random subset. */
static long corners(void)
{
    static const int8_t xs[] = {-128, 127, 0, -1, 1}, ws[] = {-127, 127, 0, -1, 1};
    long bad = 0;
    for (int i = 0; i < 5 * 5 * 5 * 65536; i++) {
        int8_t x[ZK_CHAIN], w0[ZK_CHAIN], w1[ZK_CHAIN];
        for (int j = 0; j < ZK_CHAIN; j++) {
            x[j] = i & 1 << j ? xs[(i >> 16) % 5] : byte();
            w0[j] = ws[(i >> 16) / 5 % 5];
            w1[j] = ws[(i >> 16) / 25 % 5];
        }
        bad += chain_differs(x, w0, w1);
    }
    return bad;
}

static long random_chains(long n)
{
    long bad = 0;
    for (long i = 0; i < n; i++) {
        int8_t x[ZK_CHAIN], w0[ZK_CHAIN], w1[ZK_CHAIN];
        for (int j = 0; j < ZK_CHAIN; j++) {
            x[j] = byte();
            w0[j] = weight();
            w1[j] = weight();
        }
        bad += chain_differs(x, w0, w1);
    }
    return bad;
}

/** The limit is where the documents say: 16 products of -128 * -128 overflow the low sum. */
static int overflow_is_seen(void)
{
    int8_t x[ZK_CHAIN], w0[ZK_CHAIN], w1[ZK_CHAIN];
    memset(x, -128, sizeof(x));
    memset(w0, -128, sizeof(w0));
    memset(w1, 5, sizeof(w1));
    return chain_differs(x, w0, w1);
}

static long arrays(long n)
{
    static const int32_t kinds[] = {ZK_CONV, ZK_DW_DIAG, ZK_DW_ROW};
    static zk_operands in;
    long bad = 0;
    for (long i = 0; i < n; i++) {
        int32_t kind = kinds[i % 3], packed[ZK_PP][ZK_C], fast[ZK_PP][ZK_C];
        in.tap_row = (int32_t)(next() % ZK_C);
        in.n_window = 1 + (int32_t)(next() % ZK_ROW_WIDTH);
        for (int p = 0; p < ZK_PP; p++)
            for (int c = 0; c < ZK_C; c++) {
                in.x[p][c] = byte();
                for (int t = 0; t < ZK_ROW_WIDTH; t++)
                    in.window[p][t][c] = byte();
            }
        for (int o = 0; o < ZK_C; o++)
            for (int c = 0; c < ZK_C; c++) {
                int t = c - o % 2 * ZK_ROW_WIDTH;
                int used = t >= ZK_ROW_WIDTH - in.n_window && t < ZK_ROW_WIDTH;
                in.w[o][c] = kind != ZK_DW_ROW || used ? weight() : 0;
            }
        zk_array_packed(&in, kind, packed);
        zk_array(&in, kind, fast);
        bad += memcmp(packed, fast, sizeof(fast)) != 0;
    }
    return bad;
}

int main(void)
{
    long corner = corners(), random = random_chains(2000000), array = arrays(30000);
    int seen = overflow_is_seen();
    printf("packed chains: %ld corner and %ld random mismatches; arrays: %ld; overflow %s\n",
           corner, random, array, seen ? "where expected" : "not seen");
    return corner || random || array || !seen;
}
