/* SPDX-License-Identifier: Apache-2.0 */
/* A library that stands for one of XRT's: FAKE_XRT_WHOLE has the function that zurt doctor asks
 * for, FAKE_XRT_CRASH ends the program that loads it, FAKE_XRT_EDGE is a driver library of the edge
 * build. */
#include <stdlib.h>

#if defined(FAKE_XRT_WHOLE)
int xrtPLKernelOpenExclusive(void);
int xrtPLKernelOpenExclusive(void)
{
    return 0;
}
#elif defined(FAKE_XRT_CRASH)
__attribute__((constructor)) static void crash(void)
{
    abort();
}
#elif defined(FAKE_XRT_EDGE)
extern const char fake_driver[];
const char fake_driver[] = "/sys/bus/platform/drivers/zocl-drm";
#else
extern const char fake_driver[];
const char fake_driver[] = "/sys/bus/pci/drivers/xocl";
#endif
