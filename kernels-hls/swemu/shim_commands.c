/* SPDX-License-Identifier: Apache-2.0 */
/* What launches leave behind in XRT's shim gets an owner. The rest of the cure is in shim_cure.c.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "shim_wrap.h"

/* Of class SWScheduler, which is in a namespace of another name since XRT 2.14. */
#ifdef SHIM_2_13
#define NEW_COMMAND _ZN12xclcpuemhal211SWScheduler17get_free_xocl_cmdEv
#else
#define NEW_COMMAND _ZN12xclswemuhal211SWScheduler17get_free_xocl_cmdEv
#endif
#define NEW _Znwm // operator new

EXPANDED(void *, NEW, size_t size);
void *NEW_COMMAND(void *self);

enum { COMMANDS = 4096, COMMAND_BYTES = 64, CODE_BYTES = 0x40 };

/* A launch's command is never deleted, and nothing looks at it once the launch has ended. Far fewer
 * than these are in flight: each holds a buffer of XRT's. In the heap they would leave holes
 * between the buffers of sessions. */
static unsigned char commands[COMMANDS][COMMAND_BYTES] __attribute__((aligned(16)));
static atomic_uint n_commands;

void *NAMED(__wrap_, NEW)(size_t size)
{
    const uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    const uintptr_t maker = (uintptr_t)NEW_COMMAND;
    if (caller <= maker || caller > maker + CODE_BYTES || size > COMMAND_BYTES)
        return NAMED(__real_, NEW)(size);
    return commands[atomic_fetch_add(&n_commands, 1) % COMMANDS];
}
