/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of pictures, in the order of their names; what else is in it is counted and named. The
 * class of a picture is, in this order: its line in LABELS, the number its name starts with, or the
 * rank of its sub-folder, until the model's class names are known: see judge_name_classes(). */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zurt/image.h>

#include "data.h"

enum { MAX_PICTURES = 10000000, PATH_BYTES = 4096, MOST_NAMED = 5 };

typedef struct picture {
    char *path;
    const char *name; // in path
    int32_t label;
    int32_t folder; // -1: none
} picture;

typedef struct folder {
    picture *pictures;
    size_t n;
    size_t capacity;
    size_t n_other;   // files that are no pictures which can be read
    size_t n_deep;    // folders in sub-folders
    char other[1024]; // the first of them, for a message
    char deep[256];
    char **names; // of the sub-folders
    size_t n_names;
} folder;

static int32_t leading_number(const char *name)
{
    int32_t v = 0;
    int digits = 0;
    for (; isdigit((unsigned char)name[digits]) && digits < 9; digits++)
        v = v * 10 + (name[digits] - '0');
    return digits ? v : -1;
}

static int add_picture(cli *c, folder *f, const char *path, int32_t label, int32_t in_folder)
{
    if (f->n >= MAX_PICTURES)
        return cli_fail(c, ZURT_E_LIMIT, "dir: more than %d pictures", (int)MAX_PICTURES);
    if (f->n == f->capacity) {
        size_t capacity = f->capacity ? f->capacity * 2 : 256;
        picture *grown = realloc(f->pictures, capacity * sizeof(*grown));
        if (!grown)
            return cli_fail(c, ZURT_E_NOMEM, "out of memory");
        f->pictures = grown;
        f->capacity = capacity;
    }
    char *copy = strdup(path);
    if (!copy)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    const char *slash = strrchr(copy, '/');
    f->pictures[f->n++] = (picture){copy, slash ? slash + 1 : copy, label, in_folder};
    return EXIT_DONE;
}

/* Names in a folder, sorted; free each and the array. */
static int list_names(cli *c, const char *path, char ***names, size_t *n)
{
    struct dirent **entries;
    int found = scandir(path, &entries, NULL, alphasort);
    if (found < 0)
        return cli_fail(c, ZURT_E_IO, "%s: cannot read the folder: %s", path, strerror(errno));
    *names = calloc((size_t)found + 1, sizeof(**names));
    *n = 0;
    for (int i = 0; i < found; i++) {
        if (*names && entries[i]->d_name[0] != '.')
            (*names)[(*n)++] = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return *names ? EXIT_DONE : cli_fail(c, ZURT_E_NOMEM, "out of memory");
}

/* Counts a file that is left out, and words the first few. */
static void add_other(folder *f, const char *path, zurt_file_kind kind)
{
    size_t used = strlen(f->other);
    const char *slash = strrchr(path, '/');
    if (f->n_other++ < MOST_NAMED)
        snprintf(f->other + used, sizeof(f->other) - used, "%s%.100s: %s", used ? "; " : "",
                 slash ? slash + 1 : path, zurt_file_kind_name(kind));
}

/* A file: a picture by its name, or else by its bytes. */
static int add_file(cli *c, folder *f, const char *path, int32_t label, int32_t in_folder)
{
    zurt_file_kind kind = ZURT_FILE_UNKNOWN;
    if (data_is_picture_name(path))
        return add_picture(c, f, path, label, in_folder);
    if (zurt_file_kind_read(c->ctx, path, &kind) == ZURT_OK &&
        (kind == ZURT_FILE_JPEG || kind == ZURT_FILE_PNG || kind == ZURT_FILE_BMP))
        return add_picture(c, f, path, label, in_folder);
    add_other(f, path, kind);
    return EXIT_DONE;
}

/* Its number is the default class of the pictures in it. */
static bool add_name(folder *f, const char *name)
{
    char **grown = realloc(f->names, (f->n_names + 1) * sizeof(*grown));
    if (!grown)
        return false;
    f->names = grown;
    grown[f->n_names] = strdup(name);
    return grown[f->n_names++] != NULL;
}

/* Pictures of a folder and of those in it; in_folder: -1 for the outermost. */
static int add_folder(cli *c, folder *f, const char *path, int32_t in_folder)
{
    char **names = NULL;
    size_t n = 0;
    int code = list_names(c, path, &names, &n);
    for (size_t i = 0; i < n; i++) {
        char full[PATH_BYTES];
        struct stat info;
        int length = names[i] ? snprintf(full, sizeof(full), "%s/%s", path, names[i]) : -1;
        if (code == EXIT_DONE && (length < 0 || (size_t)length >= sizeof(full)))
            code = cli_fail(c, ZURT_E_LIMIT, "%s: a path is too long", path);
        if (code == EXIT_DONE && stat(full, &info) == 0) {
            if (S_ISDIR(info.st_mode) && in_folder < 0)
                code = add_name(f, names[i]) ? add_folder(c, f, full, (int32_t)f->n_names - 1)
                                             : cli_fail(c, ZURT_E_NOMEM, "out of memory");
            else if (S_ISDIR(info.st_mode) && f->n_deep++ == 0)
                snprintf(f->deep, sizeof(f->deep), "%.250s", full);
            else if (S_ISREG(info.st_mode))
                code = add_file(c, f, full, in_folder < 0 ? leading_number(names[i]) : in_folder,
                                in_folder);
        }
        free(names[i]);
    }
    free(names);
    return code;
}

static int by_name(const void *a, const void *b)
{
    const picture *const *x = a;
    const picture *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Pictures in the order of their names, for set_label(). */
static picture **sort_pictures(folder *f)
{
    picture **sorted = malloc((f->n + 1) * sizeof(*sorted));
    for (size_t i = 0; sorted && i < f->n; i++)
        sorted[i] = &f->pictures[i];
    if (sorted)
        qsort(sorted, f->n, sizeof(*sorted), by_name);
    return sorted;
}

/* What LABELS is read into. */
typedef struct label_file {
    const char *path;
    picture **sorted; // by name
    size_t n;
    size_t n_lines;   // with a class
    size_t n_strange; // of them: those that name no picture
    size_t strange;   // number of the first
    char name[256];   // in it
} label_file;

/* Index of the first picture of that name; n if there is none. */
static size_t find_picture(const label_file *l, const char *name)
{
    size_t lo = 0;
    size_t hi = l->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(l->sorted[mid]->name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < l->n && strcmp(l->sorted[lo]->name, name) == 0 ? lo : l->n;
}

/* All pictures of that name, in whatever sub-folder, get the label. */
static void set_label(label_file *l, size_t number, const char *name, int32_t label)
{
    size_t i = find_picture(l, name);
    l->n_lines++;
    if (i == l->n && l->n_strange++ == 0) {
        l->strange = number;
        snprintf(l->name, sizeof(l->name), "%.250s", name);
    }
    for (; i < l->n && strcmp(l->sorted[i]->name, name) == 0; i++)
        l->sorted[i]->label = label;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    static const char blanks[] = " \t\r";
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n && strchr(blanks, text[n - 1]))
        n--;
    text[n] = 0;
    return text;
}

static bool names_picture(const label_file *l, const char *name)
{
    return find_picture(l, name) < l->n;
}

/* One line of LABELS: the last blank is before the class, as a name may have some. */
static int take_label(cli *c, label_file *l, size_t number, char *line)
{
    char *name = trim(line);
    char *blank = strrchr(name, ' ');
    char *tab = strrchr(name, '\t');
    blank = !blank || (tab && tab > blank) ? tab : blank;
    char *class = blank ? blank + 1 : name;
    size_t digits = strspn(class, "0123456789");
    if (*name == 0)
        return EXIT_DONE;
    bool heading = number == 1 && !strpbrk(class, "0123456789") && !names_picture(l, name);
    if (blank)
        *blank = 0;
    name = trim(name);
    if (heading && !names_picture(l, name))
        return EXIT_DONE;
    if (!blank || digits == 0 || digits > 9 || class[digits])
        return cli_fail(c, ZURT_E_FORMAT,
                        "%s:%zu: wants `filename class`, a whole number below 10^9", l->path,
                        number);
    set_label(l, number, name, (int32_t)strtol(class, NULL, 10));
    return EXIT_DONE;
}

static void state_strange(cli *c, const label_file *l)
{
    if (l->n_strange)
        cli_note(c,
                 "%s: %zu of %zu lines name no picture of the folder, the first is line %zu, '%s': "
                 "a line has the name of a file alone, without its folder, and the class",
                 l->path, l->n_strange, l->n_lines, l->strange, l->name);
}

static int read_label_file(cli *c, folder *f, const char *path)
{
    uint8_t *bytes;
    size_t size;
    int code = data_read_file(c, path, &bytes, &size);
    if (code == EXIT_DONE)
        code = cli_check_text(c, path, bytes, size);
    char *text = code == EXIT_DONE ? malloc(size + 1) : NULL;
    label_file l = {.path = path, .n = f->n};
    l.sorted = code == EXIT_DONE ? sort_pictures(f) : NULL;
    if (code == EXIT_DONE && (!text || !l.sorted))
        code = cli_fail(c, ZURT_E_NOMEM, "out of memory");
    if (code == EXIT_DONE) {
        if (size)
            memcpy(text, bytes, size);
        text[size] = 0;
        for (size_t i = 0; i < f->n; i++)
            f->pictures[i].label = -1;
    }
    size_t number = 0;
    char *rest = text;
    for (char *line; code == EXIT_DONE && (line = strsep(&rest, "\n"));)
        code = take_label(c, &l, ++number, line);
    if (code == EXIT_DONE)
        state_strange(c, &l);
    free(l.sorted);
    free(text);
    free(bytes);
    return code;
}

/* What is in the folder and is not fed: a remark, or without any picture the reason of a failure.
 */
static int state_others(cli *c, const folder *f, const char *path)
{
    char text[2048] = "";
    size_t used = 0;
    if (f->n_other)
        snprintf(text, sizeof(text), ", %zu other file%s (%s%s)", f->n_other,
                 f->n_other > 1 ? "s" : "", f->other, f->n_other > MOST_NAMED ? "; ..." : "");
    used = strlen(text);
    if (f->n_deep)
        snprintf(text + used, sizeof(text) - used,
                 ", %zu folder%s below its sub-folders (%s), which are not looked into", f->n_deep,
                 f->n_deep > 1 ? "s" : "", f->deep);
    if (f->n == 0)
        return cli_fail(c, ZURT_E_FORMAT, "dir:%s: no JPEG, PNG or BMP pictures%s", path, text);
    if (text[0])
        cli_note(c, "dir:%s: %zu pictures%s", path, f->n, text);
    return EXIT_DONE;
}

static int dir_open(cli *c, data_source *s, const char *path, const char *labels)
{
    folder *f = calloc(1, sizeof(*f));
    if (!f)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->state = f;
    int code = add_folder(c, f, path, -1);
    if (code == EXIT_DONE && labels)
        code = read_label_file(c, f, labels);
    if (code == EXIT_DONE)
        code = state_others(c, f, path);
    if (code != EXIT_DONE)
        return code;
    s->n = f->n;
    s->labels = malloc((f->n + 1) * sizeof(*s->labels));
    s->files = malloc((f->n + 1) * sizeof(*s->files));
    bool by_folder = f->n_names && !labels;
    s->folder_of = by_folder ? malloc((f->n + 1) * sizeof(*s->folder_of)) : NULL;
    if (!s->labels || !s->files || (by_folder && !s->folder_of))
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    s->folders = (const char **)f->names;
    s->n_folders = f->n_names;
    for (size_t i = 0; i < f->n; i++) {
        s->labels[i] = f->pictures[i].label;
        s->files[i] = f->pictures[i].path;
        if (by_folder)
            s->folder_of[i] = f->pictures[i].folder;
    }
    return EXIT_DONE;
}

int data_open_picture(cli *c, const char *path, data_source *out)
{
    folder *f = calloc(1, sizeof(*f));
    if (!f)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    *out = (data_source){.kind = &data_kind_dir, .n = 1, .state = f};
    return add_picture(c, f, path, -1, -1);
}

static int dir_fill(cli *c, const data_source *s, size_t i, const zurt_norm *norm,
                    const zurt_tensor_info *inputs, const zurt_span *out, size_t n_in)
{
    const folder *f = s->state;
    (void)n_in;
    zurt_image image;
    if (data_is_refused(s, i))
        return EXIT_DONE;
    zurt_status st = zurt_image_load(c->ctx, f->pictures[i].path, s->orientation, &image);
    if (st)
        return data_refuse(c, s, i, st);
    int code = data_put_pixels(c, norm, &inputs[0], image.pixels, image.width, image.height,
                               image.channels, out[0]);
    zurt_image_destroy(c->ctx, &image);
    return code;
}

static void dir_close(data_source *s)
{
    folder *f = s->state;
    for (size_t i = 0; i < f->n; i++)
        free(f->pictures[i].path);
    for (size_t i = 0; i < f->n_names; i++)
        free(f->names[i]);
    free(f->names);
    free(f->pictures);
    free(f);
}

static const char *dir_name(const data_source *s, size_t i)
{
    const folder *f = s->state;
    return f->pictures[i].name;
}

static void dir_digest(const data_source *s, sha256 *h)
{
    const folder *f = s->state;
    for (size_t i = 0; i < f->n; i++) {
        int32_t in = f->pictures[i].folder;
        sha256_add_text(h, in >= 0 ? f->names[in] : "");
        sha256_add_text(h, f->pictures[i].name);
    }
}

const data_kind data_kind_dir = {"dir",     dir_open, data_bind_single, dir_fill,
                                 dir_close, dir_name, dir_digest};
