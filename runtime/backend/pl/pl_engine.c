/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the engines whose sources are linked in. */
#include "backend/pl/pl_engine.h"
#include "codegen/engine_caps.h"

#include <string.h>

#include "isa/zk_sim.h"

ZK_SIM(kv260)
ZK_SIM(zcu104)

static void run_kv260(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                      const void *w2, const void *w3, const void *act_r, void *act_w)
{
    zk_engine_kv260(steps, n_epochs, w0, w1, w2, w3, act_r, act_w);
}

static void run_zcu104(const void *steps, int32_t n_epochs, const void *w0, const void *w1,
                       const void *w2, const void *w3, const void *act_r, void *act_w)
{
    zk_engine_zcu104(steps, n_epochs, w0, w1, w2, w3, act_r, act_w);
}

static zi_pl_counts counts_of(const zk_sim_stats *s)
{
    return (zi_pl_counts){s->steps, s->iterations, zk_sim_wrong(s)};
}

static zi_pl_counts take_kv260(void)
{
    zk_sim_stats stats = zk_sim_stats_kv260(1);
    return counts_of(&stats);
}

static zi_pl_counts take_zcu104(void)
{
    zk_sim_stats stats = zk_sim_stats_zcu104(1);
    return counts_of(&stats);
}

bool zi_pl_engine_get(const char *board, zi_pl_engine *out)
{
    static const struct row {
        const char *name;
        zi_pl_kernel_fn *kernel;
        zi_pl_counts (*take_counts)(void);
    } rows[] = {{"kv260", run_kv260, take_kv260}, {"zcu104", run_zcu104, take_zcu104}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(board, rows[i].name) == 0) {
            *out =
                (zi_pl_engine){zi_caps_builtin(rows[i].name), rows[i].kernel, rows[i].take_counts};
            return true;
        }
    }
    return false;
}
