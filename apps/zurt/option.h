/* SPDX-License-Identifier: Apache-2.0 */
/** @file The command line as data: what getopt reads, --help prints, man pages and completion say.
 */
#ifndef APP_OPTION_H
#define APP_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Options of all commands; one has the same meaning wherever it stands. */
typedef enum option_id {
    OPT_NONE = 0,
    // every command
    OPT_JSON = 256,
    OPT_QUIET,
    OPT_HELP,
    // how samples reach the input
    OPT_INPUT_NORM,
    OPT_BGR,
    OPT_FIT,
    OPT_CROP_RATIO,
    OPT_INPUT_SIZE,
    OPT_BATCH,
    OPT_SHAPE,
    OPT_LAYOUT,
    OPT_NO_EXIF,
    OPT_LABEL_OFFSET,
    // where a .zurt runs
    OPT_DEVICE,
    OPT_XCLBIN,
    OPT_THREADS,
    OPT_TIMEOUT,
    OPT_MAX_MEMORY,
    OPT_FALLBACK,
    // what is written
    OPT_OUTPUT,
    OPT_FORCE,
    OPT_HTML,
    OPT_DOT,
    OPT_SVG,
    OPT_CSV,
    OPT_REPORT,
    // quantize, compile
    OPT_CALIB,
    OPT_SAMPLES,
    OPT_METHOD,
    OPT_PERCENTILE,
    OPT_PER_TENSOR,
    OPT_IO,
    OPT_REQUIRE_INT8,
    OPT_KEEP_FLOAT,
    OPT_HOLD_OUT,
    OPT_FLOAT_BUDGET,
    OPT_TARGET_SQNR,
    OPT_SQNR_SAMPLES,
    OPT_LABELS,
    // inspect
    OPT_BOARD,
    // run
    OPT_TOP,
    // eval, compare
    OPT_DATA,
    OPT_LIMIT,
    OPT_SHARD,
    OPT_LIST0,
    OPT_MAX_CHANGED,
    OPT_FILES,
    // bench
    OPT_STREAMS,
    OPT_WARMUP,
    OPT_RUNS,
    OPT_SECONDS,
    OPT_PROFILE,
    // doctor
    OPT_ROOT
} option_id;

/** Limits that tables and code share. */
enum {
    OPTION_MOST_RUNS = 10000000, /**< of bench */
    OPTION_MOST_TOP = 1000,
    OPTION_MOST_MODELS = 26, /**< of compare, which names them by letters */
    OPTION_MOST_SHARDS = 65536
};

/** What the value of an option is; any other is refused, in the same words for all. */
typedef enum option_kind {
    OPTION_FLAG,  /**< there is none */
    OPTION_TEXT,  /**< a file, a name, DATA: looked at where it is used */
    OPTION_WORD,  /**< one of the words that `value` lists */
    OPTION_WHOLE, /**< a whole number in `whole` */
    OPTION_REAL,  /**< a number in `real` */
    OPTION_FORM   /**< as `form` says, read by a function of its own */
} option_kind;

typedef struct option_row {
    option_id id; /**< OPT_NONE ends a list */
    const char *name;
    const char *value; /**< NULL: takes none. "a|b|c": one of these words */
    const char *help;  /**< one line */
    char letter;       /**< 0: none */
    option_kind kind;
    union {
        struct {
            uint64_t lo, hi;
        } whole;
        struct {
            double lo, hi;
        } real;
        const char *form;
    };
} option_row;

typedef enum command_id {
    COMMAND_INSPECT,
    COMMAND_QUANTIZE,
    COMMAND_COMPILE,
    COMMAND_RUN,
    COMMAND_EVAL,
    COMMAND_COMPARE,
    COMMAND_BENCH,
    COMMAND_INFO,
    COMMAND_MERGE,
    COMMAND_DOCTOR,
    N_COMMANDS
} command_id;

typedef struct command_row {
    const char *name;
    const char *summary;   /**< one line */
    const char *arguments; /**< what follows the name */
    const char *text;      /**< lines for --help; those of a paragraph are joined in man pages */
    const option_row *const *options; /**< lists, the last pointer is NULL */
    const char *wants;                /**< what is said if the three below are not met */
    size_t least, most;               /**< of what is no option */
    option_id needs;                  /**< an option of kind OPTION_TEXT; OPT_NONE: none */
} command_row;

extern const command_row command_rows[N_COMMANDS];

/** What the exit codes mean, one a line. */
extern const char command_exit_codes[];

/** Row `i` of a command's options, over all its lists; NULL past the last. */
const option_row *command_option(const command_row *command, size_t i);

/** The row of a name (without dashes); NULL if the command has none. */
const option_row *command_find_option(const command_row *command, const char *name);

/** What a value of the option is, in words: "a whole number from 1 to 64", "a, b or c"; as long as
 *  `bytes` allow. Empty where any text will do. */
void option_form(const option_row *row, char *out, size_t bytes);

/** " or " and the like before item `i` of `n`, where `last` stands before the last one. */
const char *option_joint(size_t i, size_t n, const char *last);

/** Steps over the words of "a|b|c": the length of the word at `*text`, 0 at the end. */
size_t option_next_word(const char **text, const char **word);

#endif
