/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash, zsh and fish. */
#include <string.h>

#include "pages.h"

#define DATA_WORDS "idx: dir: npy: raw: random:"

static void put_command_names(FILE *f)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "%s ", command_rows[i].name);
}

/* ---- bash ---- */

static void bash_values(FILE *f, const command_row *command)
{
    const option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++) {
        page_value kind = page_value_of(row);
        if (kind == PAGE_VALUE_NONE)
            continue;
        fputs("        ", f);
        if (row->letter)
            fprintf(f, "-%c | ", row->letter);
        fprintf(f, "--%s) kind=", row->name);
        if (kind == PAGE_VALUE_WORDS) {
            fputs("words words='", f);
            page_put_words(f, row, " ");
            fputs("'", f);
        } else {
            fputs(kind == PAGE_VALUE_FILE ? "file" : kind == PAGE_VALUE_DATA ? "data" : "other", f);
        }
        fputs(" ;;\n", f);
    }
}

static void bash_command(FILE *f, const command_row *command)
{
    const option_row *row;
    fprintf(f, "    %s)\n        options='", command->name);
    for (size_t i = 0; (row = command_option(command, i)); i++) {
        if (row->letter)
            fprintf(f, "-%c ", row->letter);
        fprintf(f, "--%s ", row->name);
    }
    fputs("'\n        case $previous in\n", f);
    bash_values(f, command);
    fputs("        esac\n        ;;\n", f);
}

static const char bash_head[] =
    "# bash completion for zurt; generated from the tables of the command.\n"
    "_zurt() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} i=$((COMP_CWORD - 1)) kind=none options= words= "
    "head=\n"
    "    local commands='";

/* What stands before the word at hand; bash breaks words at = and : by itself. */
static const char bash_before[] = "help'\n"
                                  "    COMPREPLY=()\n"
                                  "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                                  "        mapfile -t COMPREPLY < <(compgen -W \"$commands -h "
                                  "--help -V --version\" -- \"$current\")\n"
                                  "        return\n"
                                  "    fi\n"
                                  "    case $current in\n"
                                  "    = | :)\n"
                                  "        current= i=$COMP_CWORD\n"
                                  "        ;;\n"
                                  "    esac\n"
                                  "    local previous=${COMP_WORDS[i]}\n"
                                  "    case $previous in\n"
                                  "    =) previous=${COMP_WORDS[i - 1]} ;;\n"
                                  "    :) kind=file ;;\n"
                                  "    esac\n"
                                  "    case ${COMP_WORDS[1]} in\n"
                                  "    help) kind=words words=$commands ;;\n";

static const char bash_tail[] =
    "    esac\n"
    "    case $kind in\n"
    "    none) [[ $current == -* ]] && kind=words words=$options || kind=file ;;\n"
    "    data)\n"
    "        kind=words words='" DATA_WORDS "'\n"
    "        compopt -o nospace 2>/dev/null\n"
    "        ;;\n"
    "    esac\n"
    "    case $kind in\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\") ;;\n"
    "    file)\n"
    "        [[ $current == *,* ]] && head=${current%,*},\n"
    "        mapfile -t COMPREPLY < <(compgen -P \"$head\" -f -- \"${current#\"$head\"}\")\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "complete -o filenames -F _zurt zurt\n";

void page_bash(FILE *f)
{
    fputs(bash_head, f);
    put_command_names(f);
    fputs(bash_before, f);
    for (size_t i = 0; i < N_COMMANDS; i++)
        bash_command(f, &command_rows[i]);
    fputs(bash_tail, f);
}

/* ---- zsh ---- */

/* Within single quotes, and within the brackets of _arguments. */
static void put_zsh(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", f);
        else if (strchr("[]:\\", *text))
            fputc('\\', f);
        fputc(*text, f);
    }
}

static void zsh_option(FILE *f, const option_row *row)
{
    page_value kind = page_value_of(row);
    char forms[2][64] = {""};
    snprintf(forms[0], sizeof(forms[0]), "--%s%s", row->name, row->value ? "=" : "");
    if (row->letter)
        snprintf(forms[1], sizeof(forms[1]), "-%c%s", row->letter, row->value ? "+" : "");
    for (int i = 0; i < 2 && forms[i][0]; i++) {
        fprintf(f, " \\\n        '*%s[", forms[i]);
        put_zsh(f, row->help);
        fputc(']', f);
        if (row->value) {
            fputc(':', f);
            put_zsh(f, kind == PAGE_VALUE_WORDS ? row->name : row->value);
            fputc(':', f);
        }
        if (kind == PAGE_VALUE_WORDS) {
            fputc('(', f);
            page_put_words(f, row, " ");
            fputc(')', f);
        } else if (kind == PAGE_VALUE_FILE) {
            fputs("_files", f);
        } else if (kind == PAGE_VALUE_DATA) {
            fputs("_zurt_data", f);
        }
        fputc('\'', f);
    }
}

void page_zsh(FILE *f)
{
    fputs("#compdef zurt\n"
          "# Generated from the tables of the command.\n"
          "_zurt_data() {\n"
          "    if compset -P '*[:,]'; then _files; else compadd -S '' " DATA_WORDS "; fi\n"
          "}\n"
          "_zurt() {\n"
          "    local -a commands=(\n",
          f);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(f, "        '%s:", command_rows[i].name);
        put_zsh(f, command_rows[i].summary);
        fputs("'\n", f);
    }
    fputs("        'help:the options of a command'\n"
          "    )\n"
          "    if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $command in\n",
          f);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const option_row *row;
        fprintf(f, "    %s)\n        _arguments", command_rows[i].name);
        for (size_t k = 0; (row = command_option(&command_rows[i], k)); k++)
            zsh_option(f, row);
        fputs(" \\\n        '*:file:_files'\n        ;;\n", f);
    }
    fputs("    esac\n}\n_zurt \"$@\"\n", f);
}

/* ---- fish ---- */

static void put_fish(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (strchr("'\\", *text))
            fputc('\\', f);
        fputc(*text, f);
    }
}

static void fish_option(FILE *f, const command_row *command, const option_row *row)
{
    page_value kind = page_value_of(row);
    fprintf(f, "complete -c zurt -n '__fish_seen_subcommand_from %s' -l %s", command->name,
            row->name);
    if (row->letter)
        fprintf(f, " -s %c", row->letter);
    if (kind == PAGE_VALUE_FILE)
        fputs(" -r -F", f);
    else if (kind != PAGE_VALUE_NONE)
        fputs(" -x", f);
    if (kind == PAGE_VALUE_WORDS) {
        fputs(" -a '", f);
        page_put_words(f, row, " ");
        fputs("'", f);
    } else if (kind == PAGE_VALUE_DATA) {
        fputs(" -a '" DATA_WORDS "'", f);
    }
    fputs(" -d '", f);
    put_fish(f, row->help);
    fputs("'\n", f);
}

void page_fish(FILE *f)
{
    fputs("# fish completion for zurt; generated from the tables of the command.\n", f);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const command_row *command = &command_rows[i];
        fprintf(f, "complete -c zurt -n __fish_use_subcommand -f -a %s -d '", command->name);
        put_fish(f, command->summary);
        fputs("'\n", f);
        const option_row *row;
        for (size_t k = 0; (row = command_option(command, k)); k++)
            fish_option(f, command, row);
    }
}
