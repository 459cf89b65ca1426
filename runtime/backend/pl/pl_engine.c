/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/pl/pl_engine.h"

#include <string.h>

#include "engine/zk_step.h"

typedef void engine_fn(const v16 *steps, int32_t n_segments, const v16 *w0, const v16 *w1,
                       const v16 *w2, const v16 *w3, const v16 *act_r, v16 *act_w);

// zk_engine.h declares the one of its configuration; here both are needed.
engine_fn zk_engine_kv260, zk_engine_zcu104;

static void run_kv260(const void *steps, int32_t n_segments, const void *w0, const void *w1,
                      const void *w2, const void *w3, const void *act_r, void *act_w)
{
    zk_engine_kv260(steps, n_segments, w0, w1, w2, w3, act_r, act_w);
}

static void run_zcu104(const void *steps, int32_t n_segments, const void *w0, const void *w1,
                       const void *w2, const void *w3, const void *act_r, void *act_w)
{
    zk_engine_zcu104(steps, n_segments, w0, w1, w2, w3, act_r, act_w);
}

bool zi_pl_engine_get(const char *board, zi_pl_engine *out)
{
    static const struct row {
        const char *name;
        zi_pl_kernel_fn *kernel;
    } rows[] = {{"kv260", run_kv260}, {"zcu104", run_zcu104}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(board, rows[i].name) == 0) {
            *out = (zi_pl_engine){zi_caps_builtin(rows[i].name), rows[i].kernel};
            return true;
        }
    }
    return false;
}
