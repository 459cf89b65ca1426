/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the processor for its features. */
#include "base/cpu.h"

#include <zurt/zurt.h>

uint32_t zi_cpu_detect(void)
{
    uint32_t cpu = 0;
#if defined(__aarch64__)
    cpu |= ZURT_CPU_NEON; // part of every ARMv8-A core that runs Linux
#elif defined(__x86_64__)
    // The compiler's run-time query also asks the OS whether it saves the registers.
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        cpu |= ZURT_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        cpu |= ZURT_CPU_AVX512;
    if (__builtin_cpu_supports("avx512vnni"))
        cpu |= ZURT_CPU_VNNI;
    if (__builtin_cpu_supports("avxvnni"))
        cpu |= ZURT_CPU_AVX_VNNI;
#endif
    return cpu;
}

uint32_t zurt_cpu_features(void)
{
    return zi_cpu_detect();
}
