/* SPDX-License-Identifier: Apache-2.0 */
/* A function of one 8-bit value by table: 32 bytes at a time by assembly, fewer by eights. */
#include <string.h>

#include "kernels/kernels.h"

enum { TURN = 32, WORD = 8, TURNS_MIN = 3 }; // fewer turns do not pay for loading the table

void zk_neon_lut_turns(const int8_t *x, const int8_t *table, int8_t *out, size_t turns);

/* Eight values are one load and one store. */
static void word(const int8_t *x, const int8_t *table, int8_t *out)
{
    uint64_t in, values = 0;
    memcpy(&in, x, WORD);
    in ^= 0x8080808080808080u;
    for (int i = 0; i < WORD; i++)
        values |= (uint64_t)(uint8_t)table[in >> 8 * i & 255] << 8 * i;
    memcpy(out, &values, WORD);
}

void zk_lut_s8_neon(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    size_t i = 0;
    if (n >= TURNS_MIN * TURN) {
        zk_neon_lut_turns(x, table, out, n / TURN);
        i = n / TURN * TURN;
    }
    for (; i + WORD <= n; i += WORD)
        word(x + i, table, out + i);
    zk_lut_s8_ref(x + i, table, out + i, n - i);
}
