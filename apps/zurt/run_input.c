/* SPDX-License-Identifier: Apache-2.0 */
/* INPUT: a picture, an array, raw tensors, or DATA; NAME=INPUT: one of these for one input. */
#include "run_input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* DATA or DATA#N, unless the text is the name of a file. */
static bool is_data(const char *input)
{
    return data_has_kind(input) && access(input, F_OK) != 0;
}

/* Opens INPUT and says which of its samples to begin with and how many are wanted; 0: all. */
static int open_input(cli *c, const char *input, data_source *out, size_t *first, size_t *wanted)
{
    *out = (data_source){0};
    *first = 0;
    *wanted = 0;
    struct stat info;
    if (!is_data(input) && stat(input, &info) == 0 && S_ISDIR(info.st_mode))
        return cli_fail(c, ZURT_E_IO, "%s: a folder; dir:%s feeds the pictures in it", input,
                        input);
    if (!is_data(input))
        return data_open_file(c, input, out);
    char *spec = strdup(input);
    if (!spec)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    int code = EXIT_DONE;
    char *hash = access(strchr(spec, ':') + 1, F_OK) == 0 ? NULL : strrchr(spec, '#');
    if (hash) {
        *hash = 0;
        *wanted = 1;
        code = cli_whole(c, "DATA#N", hash + 1, 0, SIZE_MAX / 4, first);
    }
    if (code == EXIT_DONE)
        code = data_open(c, spec, out);
    free(spec);
    return code;
}

/* Length of the NAME of a NAME=INPUT argument whose name is an input of the model; else 0. */
static size_t name_length(const target *t, const char *arg)
{
    for (size_t k = 0; k < t->n_in; k++) {
        size_t n = strlen(t->inputs[k].name);
        if (n && strncmp(arg, t->inputs[k].name, n) == 0 && arg[n] == '=')
            return n;
    }
    return 0;
}

/* How many of the arguments make one run. */
static size_t group(const target *t, char *const *args, size_t n)
{
    size_t used = 0;
    while (used < n && used < t->n_in && name_length(t, args[used]))
        used++;
    return used;
}

/* Opens a NAME=INPUT each; *first and *wanted are those of all, which must agree. */
static int open_named(cli *c, const target *t, char *const *args, size_t n, data_source *out,
                      size_t *first, size_t *wanted)
{
    data_source *parts = calloc(n + 1, sizeof(*parts));
    const char **names = calloc(n + 1, sizeof(*names));
    int code = parts && names ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
    for (size_t i = 0; code == EXIT_DONE && i < n; i++) {
        size_t length = name_length(t, args[i]), from, count;
        names[i] = strndup(args[i], length);
        if (!names[i])
            code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
        else
            code = open_input(c, args[i] + length + 1, &parts[i], &from, &count);
        if (code == EXIT_DONE && i > 0 && (from != *first || count != *wanted))
            code = cli_usage(c, "%s and %s are not the same sample", args[0], args[i]);
        *first = code == EXIT_DONE ? from : 0;
        *wanted = code == EXIT_DONE ? count : 0;
    }
    if (code == EXIT_DONE)
        code = data_open_each(c, names, parts, n, out);
    for (size_t i = 0; i < n; i++) {
        if (names)
            free((char *)(uintptr_t)names[i]);
        if (parts)
            data_close(&parts[i]);
    }
    free(names);
    free(parts);
    return code;
}

/* An argument of NAME=... whose name the model does not have. */
static bool is_unknown_name(const char *arg)
{
    return strchr(arg, '=') && !data_has_kind(arg) && access(arg, F_OK) != 0;
}

size_t run_input_group(const target *t, char *const *args, size_t n)
{
    size_t named = group(t, args, n);
    return named ? named : 1;
}

int run_input_fill(cli *c, target *t, char *const *args, size_t n, size_t *out_used,
                   size_t *out_samples)
{
    data_source s = {0};
    size_t first = 0, wanted = 0;
    size_t named = group(t, args, n);
    int code;
    *out_used = run_input_group(t, args, n);
    if (named)
        code = open_named(c, t, args, named, &s, &first, &wanted);
    else if (is_unknown_name(args[0]) && t->n_in > 0)
        code =
            cli_fail(c, ZURT_E_FORMAT, "%s: neither a file nor NAME=INPUT: %s has the input '%s'%s",
                     args[0], t->path, t->inputs[0].name, t->n_in > 1 ? " and others" : "");
    else
        code = open_input(c, args[0], &s, &first, &wanted);
    if (code == EXIT_DONE)
        code = target_bind(c, t, &s);
    if (code == EXIT_DONE && first >= s.n)
        code = cli_fail(c, ZURT_E_FORMAT, "%s: holds %zu samples", args[0], s.n);
    size_t last = wanted && first + wanted < s.n ? first + wanted : s.n;
    if (code == EXIT_DONE && last - first > t->batch) {
        cli_note(c, "%s: %zu samples, the first %zu are run; `zurt eval` runs all", args[0],
                 last - first, t->batch);
        last = first + t->batch;
    }
    if (code == EXIT_DONE)
        code = target_fill(c, t, &s, first, last);
    *out_samples = code == EXIT_DONE ? last - first : 0;
    data_close(&s);
    return code;
}
