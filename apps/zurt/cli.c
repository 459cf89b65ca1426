/* SPDX-License-Identifier: Apache-2.0 */
/* What every command shares: failures, remarks, progress, numbers of the command line. */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "shown.h"

int cli_exit_code(zurt_status status)
{
    switch (status) {
    case ZURT_OK:
        return EXIT_DONE;
    case ZURT_E_ARG:
    case ZURT_E_NOMEM:
    case ZURT_E_IO:
    case ZURT_E_INTERNAL:
    case ZURT_E_CANCELLED:
        return EXIT_INTERNAL;
    case ZURT_E_FORMAT:
    case ZURT_E_VERSION:
    case ZURT_E_LIMIT:
        return EXIT_INPUT;
    case ZURT_E_UNSUPPORTED:
        return EXIT_UNSUPPORTED;
    case ZURT_E_DEVICE:
    case ZURT_E_TIMEOUT:
        return EXIT_DEVICE;
    }
    return EXIT_INTERNAL;
}

static int state_failure(cli *c, int code, const char *status, const char *text)
{
    cli_progress_end(c);
    char safe[4096]; // messages name files and nodes
    shown_copy(text, safe, sizeof(safe));
    fprintf(stderr, "zurt%s%s: %s\n", c->spec ? " " : "", c->spec ? c->command : "", safe);
    if (c->json) {
        json_writer j;
        json_begin(&j, stdout);
        json_string(&j, "command", c->command);
        json_object(&j, "error");
        json_string(&j, "status", status);
        json_string(&j, "message", text);
        json_int(&j, "exit", code);
        json_close(&j);
        json_end(&j);
    }
    return code;
}

int cli_fail(cli *c, zurt_status status, const char *fmt, ...)
{
    char text[1024];
    if (fmt) {
        va_list args;
        va_start(args, fmt);
        vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
    } else {
        const char *error = c->ctx ? zurt_ctx_error(c->ctx) : "";
        snprintf(text, sizeof(text), "%s", error[0] ? error : zurt_status_name(status));
    }
    return state_failure(c, cli_exit_code(status), zurt_status_name(status), text);
}

int cli_usage(cli *c, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(text))
        snprintf(text + n, sizeof(text) - (size_t)n, " (zurt %s%s--help)",
                 c->spec ? c->command : "", c->spec ? " " : "");
    return state_failure(c, EXIT_USAGE, "USAGE", text);
}

void cli_note(cli *c, const char *fmt, ...)
{
    if (c->quiet)
        return;
    cli_progress_end(c);
    char text[2048];
    char safe[4096];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    shown_copy(text, safe, sizeof(safe));
    fprintf(stderr, "zurt: %s\n", safe);
}

uint64_t cli_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void cli_progress(void *self, const char *what, size_t done, size_t total)
{
    cli *c = self;
    if (c->quiet || !c->progress || total == 0)
        return;
    uint64_t now = cli_now_ns();
    if (!c->progress_what || strcmp(c->progress_what, what) != 0) {
        cli_progress_end(c);
        c->progress_what = what;
        c->progress_start_ns = now;
    }
    double elapsed = (double)(now - c->progress_start_ns) * 1e-9;
    double left = done ? elapsed * (double)(total - done) / (double)done : 0.0;
    fprintf(stderr, "\rzurt: %s %zu/%zu, %.0f s left \033[K", what, done, total, left);
    fflush(stderr);
}

void cli_progress_end(cli *c)
{
    if (c->progress_what)
        fputs("\r\033[K", stderr);
    c->progress_what = NULL;
}

bool cli_has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path);
    size_t m = strlen(suffix);
    return n >= m && strcasecmp(path + n - m, suffix) == 0;
}

int cli_check_text(cli *c, const char *path, const void *bytes, size_t size)
{
    const char *nul = size ? memchr(bytes, 0, size) : NULL;
    if (!nul)
        return EXIT_DONE;
    return cli_fail(c, ZURT_E_FORMAT,
                    "%s: byte %zu is NUL, and a text in UTF-8 has none; is it UTF-16, or no text?",
                    path, (size_t)(nul - (const char *)bytes));
}

bool cli_list_add(cli_list *list, const char *item)
{
    if (list->n == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 8;
        const char **items = realloc(list->items, capacity * sizeof(*items));
        if (!items)
            return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n++] = item;
    return true;
}

void cli_list_free(cli_list *list)
{
    free(list->items);
    *list = (cli_list){0};
}
