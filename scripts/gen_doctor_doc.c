/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the part of docs/troubleshooting.md that lists what zurt doctor may find.
 *
 * gen_doctor_doc FILE          replaces what stands between the file's two marks
 * gen_doctor_doc --check FILE  fails if that is not what would be written
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "zurt/doctor.h"

enum { MAX_BYTES = 1 << 20 };

static const char begin_mark[] = "<!-- begin gen_doctor_doc: made of apps/zurt/doctor.def -->\n";
static const char end_mark[] = "<!-- end gen_doctor_doc -->\n";

/* doctor.def in its own order: headings and what belongs to them. */
static const struct line {
    const doctor_check_row *check;
    const doctor_row *row;
} lines[] = {
#define DOCTOR_CHECK(name, id, where, heading) {&doctor_check_rows[DOCTOR_CHECK_##name], NULL},
#define DOCTOR_FINDING(id, name, severity, without, what, why, mend)                               \
    {NULL, &doctor_rows[DOCTOR_##id]},
#include "zurt/doctor.def"
};

/* A cell; `|` would end it. */
static void print_cell(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', f);
        fputc(*text, f);
    }
    fputs(" |", f);
}

static void print_row(FILE *f, const doctor_row *row)
{
    fprintf(f, "| `%s`<br>%s", row->name, doctor_severity_name(row->severity));
    if (row->without != row->severity)
        fprintf(f, ", else %s", doctor_severity_name(row->without));
    fprintf(f, " | **%s.** ", row->what);
    print_cell(f, row->why);
    fputc(' ', f);
    print_cell(f, row->mend);
    fputc('\n', f);
}

static void print_bugs(FILE *f)
{
    const doctor_bug *bug;
    fputs(
        "\nKnown faults of zocl, by the release of the module (of XRT where that is not told), for "
        "`xrt-known-bug`:\n\n| issue | releases | what | what to do |\n|---|---|---|---|\n",
        f);
    for (size_t i = 0; (bug = doctor_bug_at(i)); i++) {
        fprintf(f, "| [%s](https://github.com/Xilinx/XRT/issues/%s) | 2.%d", bug->issue,
                strchr(bug->issue, '#') + 1, bug->first);
        if (bug->last != bug->first)
            fprintf(f, " to 2.%d", bug->last);
        fputs(" | ", f);
        print_cell(f, bug->what);
        fputc(' ', f);
        print_cell(f, bug->mend);
        fputc('\n', f);
    }
}

static void print_all(FILE *f)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (lines[i].check)
            fprintf(f,
                    "\n### %s\n\n| finding | what it is, and why it matters | what to do "
                    "|\n|---|---|---|\n",
                    lines[i].check->heading);
        else
            print_row(f, lines[i].row);
    }
    print_bugs(f);
    fputc('\n', f);
}

/* The whole page with the part made anew; false: a mark is missing. */
static bool renew(const char *old, FILE *f)
{
    const char *begin = strstr(old, begin_mark);
    const char *end = begin ? strstr(begin, end_mark) : NULL;
    if (!end)
        return false;
    begin += sizeof(begin_mark) - 1;
    fwrite(old, 1, (size_t)(begin - old), f);
    print_all(f);
    fputs(end, f);
    return true;
}

static size_t read_all(FILE *f, char *out)
{
    size_t n = fread(out, 1, MAX_BYTES - 1, f);
    out[n] = 0;
    return n;
}

int main(int argc, char **argv)
{
    static char old[MAX_BYTES], fresh[MAX_BYTES];
    const bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    const char *path = argv[argc - 1];
    if (argc != 2 && !check) {
        fputs("usage: gen_doctor_doc [--check] FILE\n", stderr);
        return 2;
    }
    FILE *page = fopen(path, "r"), *made = tmpfile();
    if (!page || !made) {
        perror(path);
        return 1;
    }
    read_all(page, old);
    fclose(page);
    const bool marked = renew(old, made);
    rewind(made);
    const size_t n = read_all(made, fresh);
    fclose(made);
    if (!marked) {
        fprintf(stderr, "%s: no marks of gen_doctor_doc\n", path);
        return 1;
    }
    if (check) {
        if (strcmp(old, fresh) != 0)
            fprintf(stderr, "%s: out of date; run gen_doctor_doc %s\n", path, path);
        return strcmp(old, fresh) != 0;
    }
    page = fopen(path, "w");
    const bool written = page && fwrite(fresh, 1, n, page) == n;
    if (!page || fclose(page) != 0 || !written) {
        perror(path);
        return 1;
    }
    return 0;
}
