/* SPDX-License-Identifier: Apache-2.0 */
/** @file The mark of the A53 model: it ends an interval and begins the next; elsewhere it is a nop.
 */
#ifndef A53_MARK_H
#define A53_MARK_H

static inline void a53_mark(void)
{
#if defined(__aarch64__)
    __asm__ volatile("hint #0x52" ::: "memory");
#endif
}

#endif
