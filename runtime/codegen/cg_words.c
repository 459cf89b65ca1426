/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the device's memory a mapped segment takes. */
#include "codegen/codegen.h"
#include "isa/zk_step.h"

zi_cg_words zi_cg_words_of(const zi_cg_program *m)
{
    zi_cg_words w = {.epochs = (int64_t)m->n_starts * m->batch,
                     .steps = (int64_t)m->n_steps * ZK_STEP_WORDS,
                     .weights = 4 * (int64_t)m->stream_words,
                     .act = (int64_t)m->act_words * m->batch};
    for (size_t i = 0; i < m->n_steps; i++)
        w.tables += m->steps[i].layer == ZI_NONE ? 0 : zk_table_words(&m->steps[i].step);
    return w;
}

int64_t zi_cg_list_words(const zi_cg_program *m, const zi_cg_words *words)
{
    return words->epochs + words->steps * m->batch + words->tables;
}
