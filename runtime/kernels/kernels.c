/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kernels: the last usable line of kernels.def wins. */
#include "kernels/kernels.h"

void zk_table_init(zk_table *table, uint32_t cpu)
{
    *table = (zk_table){0};
#define ZK(op, variant, need)                                                                      \
    if ((cpu & (need)) == (need))                                                                  \
        table->op = &zk_##op##_##variant;
#include "kernels/kernels.def"
#undef ZK
}
