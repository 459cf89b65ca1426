/* SPDX-License-Identifier: Apache-2.0 */
/* The text of --help, from the tables of commands.c. */
#include <string.h>

#include "usage.h"

/* Column of an option's meaning. */
enum { MEANING = 29 };

static void print_option(FILE *out, const option_row *row)
{
    int n = fprintf(out, "  ");
    if (row->letter)
        n += fprintf(out, "-%c, ", row->letter);
    n += fprintf(out, "--%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
    if (n >= MEANING) {
        fputc('\n', out);
        n = 0;
    }
    fprintf(out, "%*s%s\n", MEANING - n, "", row->help);
}

void usage_print(FILE *out, const command_row *command)
{
    fprintf(out, "usage: zurt %s %s\n\n%s\n", command->name, command->arguments, command->text);
    const option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++)
        print_option(out, row);
}

void usage_print_all(FILE *out)
{
    fputs("usage: zurt COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", command_rows[i].name, command_rows[i].summary);
    fputs("\nzurt COMMAND --help, or zurt help COMMAND, lists the options of one; zurt --version\n"
          "prints the version. Results go to stdout, messages to stderr.\n\nExit codes:\n",
          out);
    for (const char *line = command_exit_codes; *line; line += strcspn(line, "\n") + 1)
        fprintf(out, "  %.*s\n", (int)strcspn(line, "\n"), line);
}
