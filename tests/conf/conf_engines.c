/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the engines that the suites run on. */
#include "conf_engines.h"

#include "backend/pl/pl_engine.h"

#include "isa/zk_config.h"
#include "isa/zk_sim.h"

ZK_SIM(kv260_rq4)
ZK_SIM(zcu104_rq4)

static void run_kv260(const void *steps, int32_t n_segments, const void *w0, const void *w1,
                      const void *w2, const void *w3, const void *act_r, void *act_w)
{
    zk_engine_kv260_rq4(steps, n_segments, w0, w1, w2, w3, act_r, act_w);
}

static void run_zcu104(const void *steps, int32_t n_segments, const void *w0, const void *w1,
                       const void *w2, const void *w3, const void *act_r, void *act_w)
{
    zk_engine_zcu104_rq4(steps, n_segments, w0, w1, w2, w3, act_r, act_w);
}

static zi_pl_counts counts_of(const zk_sim_stats *s)
{
    return (zi_pl_counts){s->steps, s->iterations, zk_sim_wrong(s)};
}

static zi_pl_counts take_kv260(void)
{
    zk_sim_stats stats = zk_sim_stats_kv260_rq4(1);
    return counts_of(&stats);
}

static zi_pl_counts take_zcu104(void)
{
    zk_sim_stats stats = zk_sim_stats_zcu104_rq4(1);
    return counts_of(&stats);
}

zi_pl_engine conf_engine(uint32_t i)
{
    static zi_caps wide[2];
    zi_pl_engine engine = {0};
    (void)zi_pl_engine_get(i % 2 ? "zcu104" : "kv260", &engine);
    if (i < 2)
        return engine;
    wide[i - 2] = *engine.caps;
    wide[i - 2].requant_parallel = 4 * ZK_C;
    if (i % 2)
        return (zi_pl_engine){&wide[1], run_zcu104, take_zcu104};
    return (zi_pl_engine){&wide[0], run_kv260, take_kv260};
}

zi_caps conf_small_caps(const zi_caps *caps, zt_source *source, uint64_t seed, bool *wide)
{
    zi_caps small = *caps;
    *wide = seed % 16 == 0;
    if (!*wide)
        small.scratchpad_words = small.pixel_parallel * (uint32_t)zt_pick_range(source, 40, 900);
    return small;
}
