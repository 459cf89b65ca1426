/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the processor for its features. */
#include "base/cpu.h"

#include <zurt/zurt.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* Bit 4 of EAX of leaf 7, sub-leaf 1; clang before 17 has no name for it to ask by. Its registers
 * are AVX2's. Ref: Intel SDM, volume 2A, CPUID. */
static int has_avx_vnni(void)
{
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & 1u << 4) &&
           __builtin_cpu_supports("avx2");
}
#endif

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
    if (has_avx_vnni())
        cpu |= ZURT_CPU_AVX_VNNI;
#endif
    return cpu;
}

uint32_t zurt_cpu_features(void)
{
    return zi_cpu_detect();
}
