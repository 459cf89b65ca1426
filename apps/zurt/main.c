/* SPDX-License-Identifier: Apache-2.0 */
/* zurt: finds the command, gives it a context and ends with its exit code. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "compiler_part.h"

/* Those of the runtime; the others are the compiler's. */
static cli_main *const mains[N_COMMANDS] = {
    [COMMAND_INSPECT] = cmd_inspect, [COMMAND_RUN] = cmd_run,     [COMMAND_EVAL] = cmd_eval,
    [COMMAND_COMPARE] = cmd_compare, [COMMAND_BENCH] = cmd_bench, [COMMAND_INFO] = cmd_info,
    [COMMAND_DOCTOR] = cmd_doctor,
};

static void log_line(void *self, zurt_log_level level, const char *text)
{
    cli *c = self;
    if (level <= ZURT_LOG_WARNING)
        cli_note(c, "%s", text);
}

static cli begin(const char *name, int argc, char **argv)
{
    cli c = {.command = name, .progress = isatty(STDERR_FILENO)};
    for (int k = 2; k < argc; k++) // so that a failure before it is read is an object too
        c.json = c.json || strcmp(argv[k], "--json") == 0;
    return c;
}

/* A result that did not arrive is a failure. */
static int end(cli *c, int code)
{
    cli_list_free(&c->reads);
    cli_list_free(&c->writes);
    if (code == CLI_HELPED)
        code = EXIT_DONE;
    const bool lost = ferror(stdout) != 0; // earlier: errno has been others' since
    const bool flushed = fflush(stdout) == 0;
    if ((flushed && !lost) || code != EXIT_DONE)
        return code;
    c->json = false; // it would go the same way
    return cli_fail(c, ZURT_E_IO, "stdout: %s",
                    flushed ? "not all of it could be written" : strerror(errno));
}

static int unknown_command(const char *name, int argc, char **argv)
{
    cli c = begin(name, argc, argv);
    const char *near = cli_nearest_command(name);
    return end(&c, near ? cli_usage(&c, "no command '%s'; did you mean '%s'?", name, near)
                        : cli_usage(&c, "no command '%s'", name));
}

static int needs_compiler(cli *c, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return compiler_instead(c, NULL);
}

static cli_main *main_of(command_id id)
{
    if (mains[id])
        return mains[id];
    if (!compiler)
        return needs_compiler;
    return id == COMMAND_COMPILE ? compiler->compile
           : id == COMMAND_MERGE ? compiler->merge
                                 : compiler->quantize;
}

/* Commands change their arguments while they read them. NULL without memory. */
static char **copy_arguments(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof(*copy));
    for (int k = 0; copy && k < argc; k++) {
        copy[k] = strdup(argv[k]);
        if (!copy[k])
            return NULL; // the program ends
    }
    return copy;
}

static void free_arguments(char **copy)
{
    for (char **at = copy; at && *at; at++)
        free(*at);
    free(copy);
}

static int run_command(command_id id, int argc, char **argv)
{
    cli c = begin(command_rows[id].name, argc, argv);
    c.spec = &command_rows[id];
    opterr = 0; // cli_parse() states a wrong option
    zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
    options.log = log_line;
    options.log_self = &c;
    zurt_status st = zurt_ctx_create(&options, &c.ctx);
    if (!st && !compiler) {
        c.started_with = copy_arguments(argc, argv);
        st = c.started_with ? ZURT_OK : ZURT_E_NOMEM;
    }
    int code = st ? cli_fail(&c, st, st == ZURT_E_NOMEM ? "out of memory" : NULL)
                  : main_of(id)(&c, argc - 1, argv + 1);
    free_arguments(c.started_with);
    zurt_ctx_destroy(c.ctx);
    c.ctx = NULL;
    return end(&c, code);
}

static bool find_command(const char *name, command_id *out)
{
    for (int i = 0; i < N_COMMANDS; i++) {
        *out = (command_id)i;
        if (strcmp(command_rows[i].name, name) == 0)
            return true;
    }
    return false;
}

/* `zurt help [COMMAND]`. */
static int help(int argc, char **argv)
{
    command_id id;
    cli c = begin("help", argc, argv);
    if (argc < 3)
        usage_print_all(stdout);
    else if (find_command(argv[2], &id))
        usage_print(stdout, &command_rows[id]);
    else
        return unknown_command(argv[2], argc, argv);
    return end(&c, EXIT_DONE);
}

static bool is_any(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

int main(int argc, char **argv)
{
    command_id id;
    if (argc < 2) {
        usage_print_all(stderr);
        return EXIT_USAGE;
    }
    if (is_any(argv[1], "--help", "-h"))
        return help(2, argv);
    if (strcmp(argv[1], "help") == 0)
        return help(argc, argv);
    if (is_any(argv[1], "--version", "-V")) {
        cli c = begin("--version", argc, argv);
        printf("zurt %s\n", zurt_version());
        return end(&c, EXIT_DONE);
    }
    if (!find_command(argv[1], &id))
        return unknown_command(argv[1], argc, argv);
    return run_command(id, argc, argv);
}
