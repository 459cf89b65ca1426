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

typedef struct cli cli;

/** Reads the value of an option of kind OPTION_FORM; EXIT_DONE or an exit code (stated). */
typedef int cli_take(cli *c, const option_row *row, const char *value, void *self);

/** Where the value of an option goes: one place, whose type fits the kind of the option's row. A
 *  flag becomes true, or 1. */
typedef struct cli_binding {
    option_id id; /**< OPT_NONE ends a list */
    bool *flag;
    uint32_t *u32;
    int32_t *i32;
    size_t *size;
    size_t *mib; /**< MiB, as bytes */
    double *f64;
    float *f32;
    const char **text; /**< borrowed from argv */
    cli_list *list;    /**< every text that is given */
    void *choice;      /**< CLI_CHOICE(): an enum, whose values are the places of the words */
    cli_take *take;    /**< called with `self` */
    void *self;
    bool *given; /**< becomes true as well; NULL: nobody asks */
} cli_binding;

/** An enum as the place of a word: `choice` of a binding, checked to be as wide as an int. */
#define CLI_CHOICE(place) ((void)sizeof(char[sizeof(*(place)) == sizeof(int) ? 1 : -1]), (place))

enum { CLI_MOST_BINDINGS = 64 };

struct cli {
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
    bool help;              /**< asked for */
    cli_binding bindings[CLI_MOST_BINDINGS];
    size_t n_bindings;
};

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

/** Reads a whole number in [lo, hi] that is no option's; EXIT_DONE or EXIT_USAGE (stated). */
int cli_whole(cli *c, const char *what, const char *text, size_t lo, size_t hi, size_t *out);

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

/** --help was answered: the command is done, and main() knows. */
enum { CLI_HELPED = -1 };

/** Adds places to the command's, up to a row of OPT_NONE; an option that has two goes to the first.
 */
void cli_bind(cli *c, const cli_binding *bindings);

/**
 * Reads the arguments of c->spec: options to where they are bound, what is left to c->arguments, as
 * many as the command wants. EXIT_DONE, a usage error (stated) or CLI_HELPED.
 */
int cli_parse(cli *c, int argc, char **argv);

/** Whether what the row reads can be put there. */
bool cli_binding_fits(const option_row *row, const cli_binding *to);
/** Reads one value; EXIT_DONE or an exit code (stated). */
int cli_take_value(cli *c, const option_row *row, const cli_binding *to, const char *value);
/** Refuses a value, in the words that all options share: what it should be, and what it is. */
int cli_refuse_value(cli *c, const option_row *row, const char *value);

/** Refuses text with NUL bytes, behind which a line would be lost; EXIT_DONE or EXIT_INPUT
 * (stated). */
int cli_check_text(cli *c, const char *path, const void *bytes, size_t size);

/** The command that was perhaps meant, or NULL. */
const char *cli_nearest_command(const char *text);

#endif
