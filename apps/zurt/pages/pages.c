/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the man pages and shell completions of zurt, from the tables that the command reads.
 *
 * usage: zurt_pages FOLDER */
#include "pages.h"

#include <ctype.h>
#include <string.h>

#include <zurt/version.h>

/* ---- values ---- */

page_value page_value_of(const option_row *row)
{
    static const char *const files[] = {"FILE", "OUT", "PREFIX"};
    if (!row->value)
        return PAGE_VALUE_NONE;
    if (row->kind == OPTION_WORD)
        return PAGE_VALUE_WORDS;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(row->value, files[i]) == 0)
            return PAGE_VALUE_FILE;
    }
    return strcmp(row->value, "DATA") == 0 ? PAGE_VALUE_DATA : PAGE_VALUE_OTHER;
}

void page_put_words(FILE *f, const option_row *row, const char *between)
{
    const char *rest = row->value;
    const char *word;
    size_t n;
    for (size_t i = 0; (n = option_next_word(&rest, &word)); i++)
        fprintf(f, "%s%.*s", i ? between : "", (int)n, word);
}

/* ---- man pages ---- */

/* Text as roff takes it: no escape or request in it, hyphens that can be copied. */
static void put_roff(FILE *f, const char *text, size_t n)
{
    if (n && (*text == '.' || *text == '\''))
        fputs("\\&", f);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\')
            fputs("\\e", f);
        else if (text[i] == '-')
            fputs("\\-", f);
        else
            fputc(text[i], f);
    }
}

static void put_text(FILE *f, const char *text)
{
    put_roff(f, text, strlen(text));
}

/* Lines run on within a paragraph; a list of forms, which has double blanks, keeps its own. */
static void put_paragraphs(FILE *f, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char line[256];
        snprintf(line, sizeof(line), "%.*s", (int)n, text);
        bool list = strstr(line, "  ") != NULL;
        if (n == 0)
            fputs(".PP\n", f);
        if (list)
            fputs(".br\n", f);
        put_text(f, line);
        if (n)
            fputc('\n', f);
        text += n + (text[n] == '\n');
    }
}

static void put_heading(FILE *f, const char *name, const char *summary)
{
    fputs(".\\\" Generated from the tables of the command.\n.TH ", f);
    for (const char *p = name; *p; p++)
        fputc(toupper((unsigned char)*p), f);
    fprintf(f, " 1 \"\" \"zurt %s\" \"zurt\"\n.SH NAME\n", ZURT_VERSION_STRING);
    put_text(f, name);
    fputs(" \\- ", f);
    put_text(f, summary);
    fputs("\n.SH SYNOPSIS\n", f);
}

static void put_exit_codes(FILE *f)
{
    fputs(".SH EXIT STATUS\n", f);
    for (const char *line = command_exit_codes; *line; line += strcspn(line, "\n") + 1) {
        size_t code = strcspn(line, " ");
        fprintf(f, ".TP\n%.*s\n", (int)code, line);
        put_roff(f, line + code + 1, strcspn(line + code + 1, "\n"));
        fputc('\n', f);
    }
}

static void put_option(FILE *f, const option_row *row)
{
    fputs(".TP\n", f);
    if (row->letter)
        fprintf(f, "\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", f);
    put_text(f, row->name);
    fputs("\\fR", f);
    if (row->value) {
        fputs(" \\fI", f);
        put_text(f, row->value);
        fputs("\\fR", f);
    }
    fputc('\n', f);
    put_text(f, row->help);
    fputc('\n', f);
    char form[256];
    option_form(row, form, sizeof(form));
    if (!form[0])
        return;
    fputs(".br\nWants ", f);
    put_text(f, form);
    fputs(".\n", f);
}

static void man_command(FILE *f, const command_row *command)
{
    char name[64];
    snprintf(name, sizeof(name), "zurt-%s", command->name);
    put_heading(f, name, command->summary);
    fprintf(f, ".B zurt %s\n", command->name);
    put_text(f, command->arguments);
    fputs("\n.SH DESCRIPTION\n", f);
    put_paragraphs(f, command->text);
    fputs(".SH OPTIONS\n", f);
    const option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++)
        put_option(f, row);
    put_exit_codes(f);
    fputs(".SH SEE ALSO\n.BR zurt (1)\n", f);
}

static void man_all(FILE *f)
{
    put_heading(f, "zurt", "int8 networks on AMD Kria and Zynq boards");
    fputs(".B zurt\nCOMMAND [ARGUMENTS]\n.SH DESCRIPTION\nTakes a float ONNX network to int8 and "
          "runs it. Results go to stdout, messages to stderr.\n.SH COMMANDS\n",
          f);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(f, ".TP\n.BR zurt\\-%s (1)\n", command_rows[i].name);
        put_text(f, command_rows[i].summary);
        fputc('\n', f);
    }
    fputs(".SH OPTIONS\n.TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nlists the commands\n"
          ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nprints the version\n",
          f);
    put_exit_codes(f);
}

/* ---- files ---- */

typedef void page_fn(FILE *f);

static bool put_file(const char *folder, const char *name, page_fn *page,
                     const command_row *command)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "w") : NULL;
    if (f && page)
        page(f);
    else if (f)
        man_command(f, command);
    bool good = f && !ferror(f);
    good = f && fclose(f) == 0 && good;
    if (!good)
        fprintf(stderr, "zurt_pages: cannot write %s\n", path);
    return good;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        page_fn *page;
    } pages[] = {{"zurt.1", man_all},
                 {"zurt.bash", page_bash},
                 {"_zurt", page_zsh},
                 {"zurt.fish", page_fish}};
    if (argc != 2) {
        fputs("usage: zurt_pages FOLDER\n", stderr);
        return 2;
    }
    bool good = true;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        good = put_file(argv[1], pages[i].name, pages[i].page, NULL) && good;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        char name[64];
        snprintf(name, sizeof(name), "zurt-%s.1", command_rows[i].name);
        good = put_file(argv[1], name, NULL, &command_rows[i]) && good;
    }
    return good ? 0 : 1;
}
