/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernels.h"

void zk_table_init(zk_table *table, uint32_t cpu)
{
    *table = (zk_table){0};
#define ZK(op, variant, need)                                                                      \
    if ((cpu & (need)) == (need))                                                                  \
        table->op = zk_##op##_##variant;
#include "kernels/kernels.def"
#undef ZK
}
