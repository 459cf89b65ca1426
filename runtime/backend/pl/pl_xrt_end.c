/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a program exits, XRT closes the runs that are left, and newer ones (2.25) abort the program
 * if one is still at work. A launch that was given up is: nothing ends it. So the exit ends here,
 * after the program's own handlers that came later and before XRT's; those that came earlier would
 * not have run either.
 */
#include "backend/pl/pl_xrt_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool (*is_wanted)(void);

static void end_first(int status, void *unused)
{
    (void)unused;
    if (!is_wanted())
        return;
    fflush(NULL);
    _exit(status);
}

void zi_xrt_end_first(bool (*wanted)(void))
{
    if (is_wanted)
        return;
    is_wanted = wanted;
    on_exit(end_first, NULL);
}
