/* SPDX-License-Identifier: Apache-2.0 */
/* Writes outputs under temporary names, which a signal that ends the command takes along. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/replace_file.h"

typedef struct output_state {
    struct output_state *next;
    zi_replacement replacement;
} output_state;

/* Those with a temporary; changed only while the signals below are blocked. The library's threads
 * block all signals, so the handler never meets a half-made change. */
static output_state *open_outputs;

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ};
enum { N_DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

static void remove_temporaries(int signal)
{
    for (const output_state *s = open_outputs; s; s = s->next)
        unlink(s->replacement.temporary);
    raise(signal); // blocked until we return, and by then the default again
}

/* What is ignored, as under nohup, stays so. */
static void install_handlers(void)
{
    struct sigaction action = {.sa_handler = remove_temporaries, .sa_flags = (int)SA_RESETHAND};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < N_DEADLY; i++) {
        struct sigaction now;
        if (sigaction(deadly[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
    }
}

static sigset_t block_signals(void)
{
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    for (int i = 0; i < N_DEADLY; i++)
        sigaddset(&set, deadly[i]);
    sigprocmask(SIG_BLOCK, &set, &before);
    return before;
}

static void unblock_signals(sigset_t before)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Creates the temporary, where a signal finds it; 0 or an error of zi_replace_begin(). */
static int begin(const char *path, output_state *s)
{
    sigset_t before = block_signals();
    int error = zi_replace_begin(path, &s->replacement);
    if (!error) {
        if (!open_outputs)
            install_handlers();
        s->next = open_outputs;
        open_outputs = s;
    }
    unblock_signals(before);
    return error;
}

/* Renames or removes the temporary; 0 or errno. */
static int finish(output_state *s, bool keep)
{
    int error = 0;
    if (keep && fsync(s->replacement.fd) != 0) // may take long: a signal need not wait for it
        error = errno;
    sigset_t before = block_signals();
    if (keep && !error)
        error = zi_replace_commit(&s->replacement);
    else
        zi_replace_abandon(&s->replacement);
    output_state **link = &open_outputs;
    while (*link != s)
        link = &(*link)->next;
    *link = s->next;
    unblock_signals(before);
    return error;
}

int output_open(cli *c, const char *path, output_file *out)
{
    *out = (output_file){.path = path};
    if (strcmp(path, "-") == 0) {
        out->file = stdout;
        return EXIT_DONE;
    }
    output_state *s = calloc(1, sizeof(*s));
    if (!s)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    int error = begin(path, s);
    if (error) {
        free(s);
        return cli_fail(c, ZURT_E_IO, "%s: %s", path, zi_replace_error(error));
    }
    out->state = s;
    int fd = fcntl(s->replacement.fd, F_DUPFD_CLOEXEC, 0); // fclose() must not take the other
    out->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (out->file)
        return EXIT_DONE;
    int code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return output_close(c, out, code);
}

int output_close(cli *c, output_file *out, int code)
{
    output_state *s = out->state;
    int error = 0;
    if (s && out->file) {
        errno = 0;
        bool good = !ferror(out->file);
        good = fclose(out->file) == 0 && good;
        error = good ? 0 : errno ? errno : EIO;
    }
    if (s) {
        int last = finish(s, code == EXIT_DONE && !error);
        error = error ? error : last;
    }
    if (error && code == EXIT_DONE)
        code = cli_fail(c, ZURT_E_IO, "%s: %s", out->path, strerror(error));
    free(s);
    *out = (output_file){0};
    return code;
}

int output_write(cli *c, const char *path, const void *bytes, size_t size)
{
    output_file f;
    int code = output_open(c, path, &f);
    if (code == EXIT_DONE && fwrite(bytes, 1, size, f.file) != size)
        code = cli_fail(c, ZURT_E_IO, "%s: %s", f.state ? path : "stdout", strerror(errno));
    return output_close(c, &f, code);
}
