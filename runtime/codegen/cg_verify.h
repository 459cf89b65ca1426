/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the parts of the step checker share: the list (cg_verify.c), one step's work
 *  (cg_verify_step.c). Private to them. */
#ifndef ZI_CODEGEN_VERIFY_H
#define ZI_CODEGEN_VERIFY_H

#include "codegen/cg_encode.h"

/** Words of a buffer, both ends included; empty if hi < lo. */
typedef struct zi_words {
    int64_t lo, hi;
} zi_words;

/** Ring words [first, first + n) that a step has taken in: beat 4 * i of the streams is the first
 *  of word i. */
typedef struct zi_absorbed {
    int32_t beat;
    int32_t n;
} zi_absorbed;

/** What has been proved of a ring word: a batch reads each of them once per picture. */
typedef enum zi_proof { ZI_PROVED_HEADER = 1, ZI_PROVED_WEIGHTS = 2 } zi_proof;

typedef struct zi_checker {
    zurt_ctx *ctx;
    const zi_caps *caps;
    const zi_cg_code *code;
    zi_words *stores; /**< of the epoch */
    size_t n_stores, cap_stores;
    zi_absorbed *absorbed; /**< of the launch; those before `oldest` are used up */
    size_t n_absorbed, cap_absorbed, oldest;
    int32_t used;          /**< words of the oldest one that were released */
    uint8_t *proved;       /**< per beat: zi_proof of the ring word that begins there */
    int32_t level;         /**< words in the ring */
    int32_t epoch, number; /**< of the step */
} zi_checker;

/** Fails for the step that is looked at: "PL: epoch 0, step 3: " and the text. */
zurt_status zi_check_bad(const zi_checker *c, const char *fmt, ...) ZI_PRINTF(2, 3);

/** Proves what a step other than ZK_LOAD computes: fields, addresses, banks, overlaps.
 *  @param load words of the scratchpad that it loads beside that.
 *  @return ZURT_OK; ZURT_E_INTERNAL. */
zurt_status zi_check_compute(const zi_checker *c, const zk_step *s, zi_words load);

static inline bool zi_words_meet(zi_words a, zi_words b)
{
    return a.lo <= a.hi && b.lo <= b.hi && a.lo <= b.hi && b.lo <= a.hi;
}

static inline bool zi_words_within(zi_words r, int64_t size)
{
    return r.hi < r.lo || (r.lo >= 0 && r.hi < size);
}

/** `r` and its copies 1 .. n - 1 times `step` further on. */
static inline zi_words zi_words_repeat(zi_words r, int64_t n, int64_t step)
{
    if (r.hi >= r.lo)
        r.hi += (n - 1) * step;
    return r;
}

static inline bool zi_within(int64_t value, int64_t lo, int64_t hi)
{
    return value >= lo && value <= hi;
}

#endif
