/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the device's memory a mapped segment takes. */
#include "isa/zk_step.h"
#include "plan/map.h"

zi_map_words zi_map_words_of(const zi_map *m)
{
    zi_map_words w = {.segments = (int64_t)m->n_starts * m->batch,
                      .steps = (int64_t)m->n_steps * ZK_STEP_WORDS,
                      .weights = 4 * (int64_t)m->stream_words,
                      .act = (int64_t)m->act_words * m->batch};
    for (size_t i = 0; i < m->n_steps; i++)
        w.tables += m->steps[i].layer == ZI_NONE ? 0 : zk_table_words(&m->steps[i].step);
    return w;
}

int64_t zi_map_list_words(const zi_map *m, const zi_map_words *words)
{
    return words->segments + words->steps * m->batch + words->tables;
}
