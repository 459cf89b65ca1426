/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a command's arguments by its table into what is bound, and says what was meant where an
 * option is wrong. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { MOST_OPTIONS = 64, MOST_NAME = 48 };

/* ---- did you mean ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, drop, change or swap with the next to make `a` of `b`. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a);
    size_t m = strlen(b);
    size_t rows[3][MOST_NAME + 1]; // row i, that of the first i letters of `a`, is i % 3
    if (n > MOST_NAME || m > MOST_NAME)
        return MOST_NAME;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before_that = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] =
                least(least(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before_that[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

/* Whether `name` is nearer to `text` than `*best` is; about a third of the letters may be wrong. */
static bool is_nearer(const char *text, const char *name, size_t *best)
{
    size_t d = distance(text, name);
    size_t allowed = (least(strlen(text), strlen(name)) + 1) / 3;
    if (d > (allowed ? allowed : 1) || d >= strlen(name) || d >= *best)
        return false;
    *best = d;
    return true;
}

const char *cli_nearest_command(const char *text)
{
    const char *found = NULL;
    size_t best = MOST_NAME;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (is_nearer(text, command_rows[i].name, &best))
            found = command_rows[i].name;
    }
    return found;
}

static const char *nearest_option(const command_row *command, const char *text)
{
    const char *found = NULL;
    size_t best = MOST_NAME;
    const option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++) {
        if (is_nearer(text, row->name, &best))
            found = row->name;
    }
    return found;
}

/* ---- refusals ---- */

typedef struct text {
    char bytes[256];
    size_t n;
} text;

static void append(text *t, const char *joint, const char *bytes, size_t n)
{
    int written =
        snprintf(t->bytes + t->n, sizeof(t->bytes) - t->n, "%s%.*s", joint, (int)n, bytes);
    t->n = written < 0 ? t->n : least(t->n + (size_t)written, sizeof(t->bytes) - 1);
}

/* An option that is of other commands: which. */
static size_t owners(const char *name, text *out)
{
    size_t n = 0;
    for (size_t i = 0; i < N_COMMANDS; i++)
        n += command_find_option(&command_rows[i], name) != NULL;
    for (size_t i = 0, k = 0; i < N_COMMANDS; i++) {
        const char *command = command_rows[i].name;
        if (command_find_option(&command_rows[i], name))
            append(out, option_joint(k++, n, " and "), command, strlen(command));
    }
    return n;
}

/* The options that an abbreviation could be. */
static size_t candidates(const command_row *command, const char *name, text *out)
{
    const option_row *row;
    size_t n = 0;
    for (size_t i = 0; (row = command_option(command, i)); i++)
        n += strncmp(row->name, name, strlen(name)) == 0;
    for (size_t i = 0, k = 0; (row = command_option(command, i)); i++) {
        if (strncmp(row->name, name, strlen(name)) != 0)
            continue;
        append(out, option_joint(k++, n, " or "), "--", 2);
        append(out, "", row->name, strlen(row->name));
    }
    return n;
}

static int refuse_long(cli *c, const char *argument)
{
    char name[MOST_NAME + 1];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    if (command_find_option(c->spec, name))
        return cli_usage(c, "--%s takes no value: '%s'", name, argument);
    text list = {{0}, 0};
    if (candidates(c->spec, name, &list))
        return cli_usage(c, "'--%s' could be %s", name, list.bytes);
    size_t n = owners(name, &list);
    if (n)
        return cli_usage(c, "'--%s' is an option of %s, not of %s", name, list.bytes, c->command);
    const char *near = nearest_option(c->spec, name);
    if (near)
        return cli_usage(c, "'--%s' is not an option; did you mean --%s?", name, near);
    return cli_usage(c, "'--%s' is not an option", name);
}

/* What getopt refused: '?' an option, ':' one without its value. */
static int refuse(cli *c, int argc, char **argv, int why)
{
    const char *argument = optind > 0 && optind <= argc ? argv[optind - 1] : "";
    if (why == ':')
        return cli_usage(c, "'%s' lacks its value", argument);
    const bool is_long = optopt == 0 || optopt >= OPT_JSON; // of letters, `argument` may be another
    if (is_long)
        return refuse_long(c, argument);
    return cli_usage(c, "'-%c' is not an option", optopt);
}

/* ---- reading ---- */

typedef struct getopt_table {
    struct option rows[MOST_OPTIONS + 1];
    char letters[2 * MOST_OPTIONS + 2];
} getopt_table;

static void fill_table(const command_row *command, getopt_table *out)
{
    size_t letters = 0;
    const option_row *row;
    memset(out, 0, sizeof(*out));
    out->letters[letters++] = ':'; // a missing value is told from an unknown option
    for (size_t i = 0; i < MOST_OPTIONS && (row = command_option(command, i)); i++) {
        out->rows[i] = (struct option){row->name, row->value ? required_argument : no_argument,
                                       NULL, (int)row->id};
        if (row->letter) {
            out->letters[letters++] = row->letter;
            if (row->value)
                out->letters[letters++] = ':';
        }
    }
}

static const option_row *row_of(const command_row *command, int opt)
{
    const option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++) {
        if ((int)row->id == opt || (row->letter && row->letter == opt))
            return row;
    }
    return NULL;
}

/* ---- what is bound ---- */

void cli_bind(cli *c, const cli_binding *bindings)
{
    for (; bindings->id && c->n_bindings < CLI_MOST_BINDINGS; bindings++)
        c->bindings[c->n_bindings++] = *bindings;
}

static const cli_binding *binding_of(const cli *c, option_id id)
{
    for (size_t i = 0; i < c->n_bindings; i++) {
        if (c->bindings[i].id == id)
            return &c->bindings[i];
    }
    return NULL;
}

static void bind_common(cli *c)
{
    const cli_binding common[] = {
        {OPT_JSON, .flag = &c->json},
        {OPT_QUIET, .flag = &c->quiet},
        {OPT_HELP, .flag = &c->help},
        {0},
    };
    cli_bind(c, common);
}

/* Every option of the command has a place that can hold its value; it is our bug if one has not. */
static int check_bindings(cli *c)
{
    const option_row *row;
    for (size_t i = 0; (row = command_option(c->spec, i)); i++) {
        const cli_binding *to = binding_of(c, row->id);
        if (!to || !cli_binding_fits(row, to))
            return cli_fail(c, ZURT_E_INTERNAL, "--%s: nothing takes its value", row->name);
    }
    return EXIT_DONE;
}

/* How many arguments there are, and whether the option is there that the command needs. */
static int check_arguments(cli *c)
{
    const command_row *spec = c->spec;
    const cli_binding *needed = spec->needs ? binding_of(c, spec->needs) : NULL;
    const bool lacks = needed && !*needed->text;
    if (c->n_arguments >= spec->least && c->n_arguments <= spec->most && !lacks)
        return EXIT_DONE;
    return cli_usage(c, "wants %s", spec->wants);
}

int cli_parse(cli *c, int argc, char **argv)
{
    getopt_table table;
    fill_table(c->spec, &table);
    bind_common(c);
    c->argc = argc;
    c->argv = argv;
    int code = check_bindings(c);
    for (int opt; code == EXIT_DONE &&
                  (opt = getopt_long(argc, argv, table.letters, table.rows, NULL)) != -1;) {
        const option_row *row = row_of(c->spec, opt);
        code = row ? cli_take_value(c, row, binding_of(c, row->id), optarg)
                   : refuse(c, argc, argv, opt);
        if (code == EXIT_DONE && c->help) {
            usage_print(stdout, c->spec);
            return CLI_HELPED;
        }
    }
    if (code != EXIT_DONE)
        return code;
    c->arguments = argv + optind;
    c->n_arguments = (size_t)(argc - optind);
    return check_arguments(c);
}
