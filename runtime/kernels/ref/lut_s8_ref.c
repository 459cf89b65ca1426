/* SPDX-License-Identifier: Apache-2.0 */
/* A function of one 8-bit value by table, reference. */
#include "kernels/kernels.h"

void zk_lut_s8_ref(const int8_t *x, const int8_t *table, int8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = table[x[i] + 128];
}
