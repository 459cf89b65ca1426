/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD=cpuid_mask.so PROGRAM: the program sees a CPU without AVX-512, AMX and the dot product
 * instructions, as if it were one of AVX2.
 *
 * Linux lets a thread have its cpuid instruction fault (arch_prctl(2), ARCH_SET_CPUID), which
 * threads inherit. The handler of the fault executes the instruction and clears bits of the answer;
 * the fault stays unblocked where the program blocks all signals, as one does around threads.
 * Where the processor cannot do that, the program ends with status 77 before its main().
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { ARCH_SET_CPUID = 0x1012, CANNOT = 77 };

/* What goes of leaf 7, by subleaf: Intel's Software Developer's Manual, volume 2A, CPUID. */
typedef struct leaf7 {
    uint32_t eax, ebx, ecx, edx;
} leaf7;

static const leaf7 cleared[] = {
    {
        // AVX512 F, DQ, IFMA, PF, ER, CD, BW, VL
        .ebx =
            1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31,
        // AVX512 VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ
        .ecx = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14,
        // AVX512 4VNNIW, 4FMAPS, VP2INTERSECT, FP16; AMX BF16, TILE, INT8
        .edx = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25,
    },
    {
        // AVX-VNNI, AVX512-BF16, AMX-FP16, AVX-IFMA
        .eax = 1u << 4 | 1u << 5 | 1u << 21 | 1u << 23,
        // AVX-VNNI-INT8, AVX-NE-CONVERT, AMX-COMPLEX, AVX-VNNI-INT16, AVX10
        .edx = 1u << 4 | 1u << 5 | 1u << 8 | 1u << 10 | 1u << 19,
    },
};

/* The raw call: the handler must not depend on a library that may itself be asking. */
static long set_cpuid(long enabled)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_arch_prctl), "D"((long)ARCH_SET_CPUID), "S"(enabled)
                     : "rcx", "r11", "memory");
    return result;
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    greg_t *regs = u->uc_mcontext.gregs;
    const uint8_t *at = (const uint8_t *)(uintptr_t)regs[REG_RIP];
    // a general protection fault has no address: another fault is the program's own
    if (info->si_code != SI_KERNEL || at[0] != 0x0f || at[1] != 0xa2) {
        signal(signal_number, SIG_DFL);
        return;
    }
    const uint32_t leaf = (uint32_t)regs[REG_RAX], subleaf = (uint32_t)regs[REG_RCX];
    uint32_t a, b, c, d;
    set_cpuid(1);
    __cpuid_count(leaf, subleaf, a, b, c, d);
    set_cpuid(0);
    if (leaf == 7 && subleaf < sizeof(cleared) / sizeof(cleared[0])) {
        a &= ~cleared[subleaf].eax;
        b &= ~cleared[subleaf].ebx;
        c &= ~cleared[subleaf].ecx;
        d &= ~cleared[subleaf].edx;
    }
    regs[REG_RAX] = a;
    regs[REG_RBX] = b;
    regs[REG_RCX] = c;
    regs[REG_RDX] = d;
    regs[REG_RIP] += 2;
}

/* In place of the C library's. */
__attribute__((visibility("default"))) int pthread_sigmask(int how, const sigset_t *set,
                                                           sigset_t *old)
{
    sigset_t without;
    if (set && how != SIG_UNBLOCK) {
        without = *set;
        sigdelset(&without, SIGSEGV);
        set = &without;
    }
    return sigprocmask(how, set, old) == 0 ? 0 : errno;
}

__attribute__((constructor)) static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, NULL) != 0 || set_cpuid(0) != 0) {
        static const char text[] = "cpuid_mask: this processor or system cannot mask cpuid\n";
        const ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
        (void)ignored;
        _exit(CANNOT);
    }
}
