/* SPDX-License-Identifier: Apache-2.0 */
/* The calling thread alone, as a way to run tasks. */
#include "base/parallel.h"

#include <stddef.h>

static void run_serial(void *self, zi_task_fn *fn, void *arg, uint32_t n_tasks)
{
    (void)self;
    for (uint32_t task = 0; task < n_tasks; task++)
        fn(arg, task, n_tasks);
}

zi_parallel zi_parallel_serial(void)
{
    return (zi_parallel){run_serial, NULL, 1};
}
