/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the engines that the suites run on. */
#include "conf_engines.h"

#include "backend/pl/pl_engine.h"

#include "isa/zk_config.h"
#include "isa/zk_sim.h"

static zi_pl_counts counts_of(const zk_sim_stats *s)
{
    return (zi_pl_counts){s->steps, s->iterations, zk_sim_wrong(s)};
}

/* What the back end calls of an engine that it does not know. */
#define ENGINE(config)                                                                             \
    ZK_SIM(config)                                                                                 \
    static void run_##config(const void *steps, int32_t n_epochs, const void *w0, const void *w1,  \
                             const void *w2, const void *w3, const void *act_r, void *act_w)       \
    {                                                                                              \
        zk_engine_##config(steps, n_epochs, w0, w1, w2, w3, act_r, act_w);                         \
    }                                                                                              \
    static zi_pl_counts take_##config(void)                                                        \
    {                                                                                              \
        zk_sim_stats stats = zk_sim_stats_##config(1);                                             \
        return counts_of(&stats);                                                                  \
    }
ENGINE(kv260_rq4)
ENGINE(zcu104_rq4)
ENGINE(kv260_first)

zi_pl_engine conf_engine(uint32_t i)
{
    static zi_caps caps[CONF_ENGINES];
    zi_pl_engine engine = {0};
    (void)zi_pl_engine_get(i % 2 ? "zcu104" : "kv260", &engine);
    if (i < 2)
        return engine;
    caps[i] = *engine.caps;
    if (i == 4) { // of first light
        caps[i].pixel_parallel = ZK_FIRST_PP;
        caps[i].scratchpad_words = ZK_FIRST_PP * ZK_KV260_ROWS;
        return (zi_pl_engine){&caps[i], run_kv260_first, take_kv260_first};
    }
    caps[i].requant_parallel = 4 * ZK_C;
    if (i % 2)
        return (zi_pl_engine){&caps[i], run_zcu104_rq4, take_zcu104_rq4};
    return (zi_pl_engine){&caps[i], run_kv260_rq4, take_kv260_rq4};
}

zi_caps conf_small_caps(const zi_caps *caps, zt_source *source, uint64_t seed, bool *wide)
{
    zi_caps small = *caps;
    *wide = seed % 16 == 0;
    if (!*wide)
        small.scratchpad_words =
            (small.pixel_parallel < ZK_KV260_PP ? ZK_KV260_PP : small.pixel_parallel) *
            (uint32_t)zt_pick_range(source, 40, 900);
    return small;
}
