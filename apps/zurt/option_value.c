/* SPDX-License-Identifier: Apache-2.0 */
/* The value of an option: read as its row says, put where it is bound, or refused. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { MOST_FORM = 256 };

int cli_refuse_value(cli *c, const option_row *row, const char *value)
{
    char form[MOST_FORM];
    option_form(row, form, sizeof(form));
    return cli_usage(c, "--%s wants %s, not '%s'", row->name, form, value);
}

bool cli_binding_fits(const option_row *row, const cli_binding *to)
{
    switch (row->kind) {
    case OPTION_FLAG:
        return to->flag || to->u32 || to->i32;
    case OPTION_TEXT:
        return to->text || to->list;
    case OPTION_WORD:
        return to->text || to->choice;
    case OPTION_WHOLE:
        return to->size || to->u32 || to->i32 || to->mib;
    case OPTION_REAL:
        return to->f64 || to->f32;
    case OPTION_FORM:
        return to->take != NULL;
    }
    return false;
}

/* ---- numbers ---- */

static bool read_whole(const char *text, uint64_t lo, uint64_t hi, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    const bool whole = isdigit((unsigned char)text[0]) && !*end && !errno;
    *out = v;
    return whole && v >= lo && v <= hi;
}

static bool read_real(const char *text, double lo, double hi, double *out)
{
    char *end;
    *out = strtod(text, &end);
    const bool real = end != text && !*end && isfinite(*out);
    return real && *out >= lo && *out <= hi;
}

int cli_whole(cli *c, const char *what, const char *text, size_t lo, size_t hi, size_t *out)
{
    uint64_t v;
    if (!read_whole(text, lo, hi, &v))
        return cli_usage(c, "%s wants a whole number from %zu to %zu, not '%s'", what, lo, hi,
                         text);
    *out = (size_t)v;
    return EXIT_DONE;
}

/* ---- one value to its place ---- */

/* The rows' ranges are within what their places hold. */
static void put_whole(const cli_binding *to, uint64_t v)
{
    if (to->size)
        *to->size = (size_t)v;
    else if (to->mib)
        *to->mib = (size_t)v << 20;
    else if (to->u32)
        *to->u32 = (uint32_t)v;
    else if (to->i32)
        *to->i32 = (int32_t)v;
}

static int take_whole(cli *c, const option_row *row, const cli_binding *to, const char *value)
{
    uint64_t v;
    if (!read_whole(value, row->whole.lo, row->whole.hi, &v))
        return cli_refuse_value(c, row, value);
    put_whole(to, v);
    return EXIT_DONE;
}

static int take_real(cli *c, const option_row *row, const cli_binding *to, const char *value)
{
    double v;
    if (!read_real(value, row->real.lo, row->real.hi, &v))
        return cli_refuse_value(c, row, value);
    if (to->f64)
        *to->f64 = v;
    else
        *to->f32 = (float)v;
    return EXIT_DONE;
}

/* The words are in the order of the enum's values. */
static int take_word(cli *c, const option_row *row, const cli_binding *to, const char *value)
{
    const char *rest = row->value;
    const char *word;
    size_t length;
    for (int i = 0; (length = option_next_word(&rest, &word)); i++) {
        if (strlen(value) != length || strncmp(value, word, length) != 0)
            continue;
        if (to->choice)
            memcpy(to->choice, &i, sizeof(i));
        else
            *to->text = value;
        return EXIT_DONE;
    }
    return cli_refuse_value(c, row, value);
}

static int take_text(cli *c, const cli_binding *to, const char *value)
{
    if (to->list && !cli_list_add(to->list, value))
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (to->text)
        *to->text = value;
    return EXIT_DONE;
}

static void take_flag(const cli_binding *to)
{
    if (to->flag)
        *to->flag = true;
    else
        put_whole(to, 1);
}

int cli_take_value(cli *c, const option_row *row, const cli_binding *to, const char *value)
{
    if (to->given)
        *to->given = true;
    switch (row->kind) {
    case OPTION_FLAG:
        take_flag(to);
        return EXIT_DONE;
    case OPTION_TEXT:
        return take_text(c, to, value);
    case OPTION_WORD:
        return take_word(c, row, to, value);
    case OPTION_WHOLE:
        return take_whole(c, row, to, value);
    case OPTION_REAL:
        return take_real(c, row, to, value);
    case OPTION_FORM:
        return to->take(c, row, value, to->self);
    }
    return EXIT_INTERNAL;
}
