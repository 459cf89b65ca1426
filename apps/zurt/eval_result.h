/* SPDX-License-Identifier: Apache-2.0 */
/** @file What eval found, in whole numbers: results of shards add up, and two can be compared. */
#ifndef APP_EVAL_RESULT_H
#define APP_EVAL_RESULT_H

#include "json.h"
#include "judge.h"
#include "score.h"
#include "sha256.h"

/** Shard i of N of a set of samples: N parts of it, one after another, as equal as can be. */
typedef struct eval_shard {
    uint64_t i, n; /**< 1 <= i <= n <= OPTION_MOST_SHARDS */
} eval_shard;

#define EVAL_MOST_SAMPLES ((uint64_t)1 << 40)

/** Its samples, [*first, *end) of `samples`, at most EVAL_MOST_SAMPLES. */
void eval_shard_range(eval_shard shard, uint64_t samples, uint64_t *first, uint64_t *end);

/** Reads "i/N". */
bool eval_shard_parse(const char *text, eval_shard *out);

enum { EVAL_SHARD_TEXT = 32 };
const char *eval_shard_text(eval_shard shard, char text[EVAL_SHARD_TEXT]);

typedef struct eval_result {
    const char *model, *device, *data; /**< as they were named */
    char model_sha256[SHA256_TEXT];    /**< of the file */
    char data_sha256[SHA256_TEXT];     /**< data_digest() */
    char *options;                     /**< those that a result depends on */
    eval_shard shard;
    uint64_t data_samples; /**< of all shards */
    uint64_t unreadable;
    score score;
    uint8_t outputs[SHA256_BYTES]; /**< eval_result_add_outputs() */
} eval_result;

/** Adds the outputs of a sample to the digest, which does not depend on their order: the XOR, over
 *  samples, of SHA-256 over the sample's number (8 bytes, the lowest first) and every output. */
void eval_result_add_outputs(eval_result *r, uint64_t sample, const target *t, size_t slot);

/** Sets model_sha256, data_sha256 and options from what was opened; `options` is to be freed.
 *  EXIT_DONE or stated. */
int eval_result_identify(cli *c, eval_result *r, const target *t, const target_options *options,
                         const data_source *s);

/** Everything but "files", which the caller adds. */
void eval_result_json(json_writer *j, const eval_result *r);

#endif
