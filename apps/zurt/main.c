/* SPDX-License-Identifier: Apache-2.0 */
/* zurt: the command line. One table of commands; each is one cmd_*.c. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

typedef struct command {
    const char *name;
    cli_main *main;
    const char *summary;
} command;

static const command commands[] = {
    {"inspect", cmd_inspect, "what a model holds and which device would run each node"},
    {"quantize", cmd_quantize, "float ONNX to int8 QDQ ONNX, readable by other tools"},
    {"compile", cmd_compile, "float or QDQ ONNX to an int8 .zurt file"},
    {"run", cmd_run, "one inference: outputs, or the best classes"},
    {"eval", cmd_eval, "accuracy over labelled data"},
    {"compare", cmd_compare, "two models on the same data: accuracy, changed predictions, SQNR"},
    {"bench", cmd_bench, "latency percentiles and frames per second"},
    {"info", cmd_info, "this build, or the facts of a model file"},
};

static void print_help(FILE *out)
{
    fputs("usage: zurt COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\nzurt COMMAND --help lists the options of one. Results go to stdout, messages to "
          "stderr.\nExit: 0 done, 1 I/O or memory, 2 usage, 3 input refused, 4 unsupported, "
          "5 device or timeout,\n6 compare found changed predictions.\n",
          out);
}

static void log_line(void *self, zurt_log_level level, const char *text)
{
    cli *c = self;
    if (level <= ZURT_LOG_WARNING)
        cli_note(c, "%s", text);
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("zurt %s\n", zurt_version());
        return EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, argv[1]) != 0)
            continue;
        cli c = {.command = commands[i].name, .progress = isatty(STDERR_FILENO)};
        for (int k = 2; k < argc; k++) // so that a failure before it is read is an object too
            c.json = c.json || strcmp(argv[k], "--json") == 0;
        opterr = 0; // commands state a wrong option themselves
        zurt_ctx_options options = ZURT_CTX_OPTIONS_INIT;
        options.log = log_line;
        options.log_self = &c;
        zurt_status st = zurt_ctx_create(&options, &c.ctx);
        int code = st ? cli_fail(&c, st, NULL) : commands[i].main(&c, argc - 1, argv + 1);
        zurt_ctx_destroy(c.ctx);
        if (fflush(stdout) != 0 && code == EXIT_DONE) {
            perror("zurt: stdout");
            code = EXIT_INTERNAL;
        }
        return code;
    }
    fprintf(stderr, "zurt: no command '%s' (zurt --help)\n", argv[1]);
    return EXIT_USAGE;
}
