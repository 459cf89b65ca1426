/* SPDX-License-Identifier: Apache-2.0 */
/** @file What every command shares: the context, messages, exit codes, option helpers. */
#ifndef APP_CLI_H
#define APP_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zurt/zurt.h>

#include "option.h"
#include "usage.h"

/** Exit codes; pinned. */
enum {
    EXIT_DONE = 0,
    EXIT_INTERNAL = 1, /**< I/O, memory, internal */
    EXIT_USAGE = 2,
    EXIT_INPUT = 3, /**< input refused */
    EXIT_UNSUPPORTED = 4,
    EXIT_DEVICE = 5, /**< device, timeout */
    EXIT_DIFFERS = 6 /**< compare: predictions differ */
};

/** A growing list of borrowed strings. */
typedef struct cli_list {
    const char **items;
    size_t n;
    size_t capacity;
} cli_list;

bool cli_list_add(cli_list *list, const char *item);
void cli_list_free(cli_list *list);

typedef struct cli {
    const char *command;
    const command_row *spec; /**< of the command; NULL if there is none of this name */
    char **started_with;     /**< runtime-only: the program's arguments, as they were */
    zurt_ctx *ctx;
    bool json;
    bool quiet;    /**< no progress, no notes */
    bool progress; /**< stderr is a terminal */
    uint64_t progress_start_ns;
    const char *progress_what;
    int argc; /**< while options are read */
    char **argv;
    char **arguments; /**< what is no option, once they are */
    size_t n_arguments;
    cli_list reads, writes; /**< inputs and outputs, as they were named */
    bool stdout_taken;      /**< by an output named "-": the result is not printed */
} cli;

/** One command: parses its own arguments (argv[0] is its name), returns an exit code. */
typedef int cli_main(cli *c, int argc, char **argv);

cli_main cmd_bench, cmd_compare, cmd_compile, cmd_doctor, cmd_eval, cmd_info, cmd_inspect,
    cmd_merge, cmd_quantize, cmd_run;

int cli_exit_code(zurt_status status);

/** States a failure: stderr, and with --json an object on stdout. The ctx's text is used if `fmt`
 *  is NULL. Returns the exit code. */
int cli_fail(cli *c, zurt_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** A wrong command line: states it and how to get help; returns EXIT_USAGE. */
int cli_usage(cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** A remark on stderr; silent with --quiet. */
void cli_note(cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** zurt_progress_fn over a cli: one line with the share done and the time left. */
void cli_progress(void *self, const char *what, size_t done, size_t total);
/** Ends the progress line, if one stands. */
void cli_progress_end(cli *c);

uint64_t cli_now_ns(void);

/** Parses a whole number in [lo, hi]; false and a message through cli_usage on anything else. */
bool cli_parse_u32(cli *c, const char *option, const char *text, uint32_t lo, uint32_t hi,
                   uint32_t *out);
bool cli_parse_size(cli *c, const char *option, const char *text, size_t lo, size_t hi,
                    size_t *out);
bool cli_parse_double(cli *c, const char *option, const char *text, double lo, double hi,
                      double *out);
/** "WxH". */
bool cli_parse_dims(cli *c, const char *option, const char *text, int32_t *width, int32_t *height);

/** True if the file name ends so, letters in any case. */
bool cli_has_suffix(const char *path, const char *suffix);

/**
 * Notes what the command reads: a file, DATA, DATA#N or NAME=FILE. Memory may run out: EXIT_DONE or
 * an exit code.
 */
int cli_reads(cli *c, const char *input);

/**
 * Refuses an output before work starts: one that exists, unless `force`; that is no regular file;
 * that the command reads, or writes already. "-", stdout, is one output too, and `--json` wants it
 * for itself. EXIT_DONE or an exit code.
 */
int cli_check_output(cli *c, const char *path, bool force);

/** cli_check_output() of a file that the user does not name, one of many: `path` need not outlive
 *  it. */
int cli_check_path(cli *c, const char *path, bool force);

/** What a reader of options says beside exit codes: the option is another's; --help was answered
 *  and the command is done. */
enum { CLI_NOT_MINE = -1, CLI_HELPED = -2 };

/** Takes one option of a command; EXIT_DONE, an exit code (stated) or CLI_NOT_MINE. */
typedef int cli_take(cli *c, const option_row *row, const char *value, void *self);

/**
 * Reads the arguments of c->spec: common options itself, the others through `take`. Then
 * c->arguments are the rest. EXIT_DONE, EXIT_USAGE (stated) or CLI_HELPED, which main() knows.
 */
int cli_parse(cli *c, int argc, char **argv, cli_take *take, void *self);

/** Refuses text with NUL bytes, behind which a line would be lost; EXIT_DONE or EXIT_INPUT
 * (stated). */
int cli_check_text(cli *c, const char *path, const void *bytes, size_t size);

/** Which word of the row's value "a|b|c" this is; EXIT_DONE or EXIT_USAGE (stated). */
int cli_word(cli *c, const option_row *row, const char *value, int *out);

/** The command that was perhaps meant, or NULL. */
const char *cli_nearest_command(const char *text);

#endif
