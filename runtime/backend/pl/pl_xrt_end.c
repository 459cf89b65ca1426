/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a program exits, XRT closes what is left, and newer ones (2.25) abort the program if a run
 * is still at work. A launch that was given up is: nothing ends it. And a forked child that exits
 * would close the parent's device, and wait for threads that it does not have. So the exit ends
 * here, after the handlers that came later than XRT and before XRT's.
 */
#include "backend/pl/pl_xrt_end.h"

#include <dlfcn.h>
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

/* The exit would call a function of a library that the program has closed: so it stays, as XRT
 * does. */
static void stay_loaded(void)
{
    Dl_info self;
    if (dladdr((const void *)&is_wanted, &self) && self.dli_fname)
        dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

void zi_xrt_end_first(bool (*wanted)(void))
{
    if (!is_wanted)
        stay_loaded();
    is_wanted = wanted;
    on_exit(end_first, NULL);
}
