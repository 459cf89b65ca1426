/* SPDX-License-Identifier: Apache-2.0 */
/* Class names: a line each, as compile stores them, and the forms that folders of pictures take. */
#include "class_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

enum { WNID_LENGTH = 9 };

int names_load(cli *c, const char *path, class_names *out)
{
    uint8_t *bytes = NULL;
    size_t size = 0, lines = 1;
    *out = (class_names){0};
    int code = data_read_file(c, path, &bytes, &size);
    if (code == EXIT_DONE)
        code = cli_check_text(c, path, bytes, size);
    if (code != EXIT_DONE) {
        free(bytes);
        return code;
    }
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    out->text = malloc(size + 1);
    out->items = malloc((lines + 1) * sizeof(*out->items));
    if (!out->text || !out->items) {
        free(bytes);
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    }
    if (size)
        memcpy(out->text, bytes, size);
    out->text[size] = 0;
    free(bytes);
    char *rest = out->text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = 0;
        if (rest || *line) // the last line ends the file
            out->items[out->n++] = line;
    }
    return EXIT_DONE;
}

void names_free(class_names *n)
{
    free(n->text);
    free(n->items);
    *n = (class_names){0};
}

/* Whether a text starts with a WordNet id: 'n' and eight digits, then no further one. */
static bool has_wnid(const char *text)
{
    if (text[0] != 'n')
        return false;
    for (int i = 1; i < WNID_LENGTH; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
    }
    return !isalnum((unsigned char)text[WNID_LENGTH]);
}

static int plain(char letter)
{
    return letter == '_' ? ' ' : tolower((unsigned char)letter);
}

/* The first n letters of a name against a whole folder's. */
static bool same(const char *name, size_t n, const char *folder)
{
    size_t i = 0;
    for (; i < n && folder[i]; i++) {
        if (plain(name[i]) != plain(folder[i]))
            return false;
    }
    return i == n && !folder[i];
}

bool names_match(const char *label, const char *folder)
{
    if (!*label)
        return false;
    if (same(label, strlen(label), folder))
        return true;
    if (has_wnid(label)) {
        if (has_wnid(folder))
            return strncmp(label, folder, WNID_LENGTH) == 0;
        label += WNID_LENGTH;
    } else if (has_wnid(folder)) { // "n01440764_tench" and a plain label
        folder += WNID_LENGTH;
        folder += strspn(folder, "_- ");
    }
    for (;;) {
        label += strspn(label, " ,:");
        size_t n = strcspn(label, ",");
        while (n && label[n - 1] == ' ')
            n--;
        if (!n)
            return false;
        if (same(label, n, folder))
            return true;
        label += strcspn(label, ",");
    }
}
