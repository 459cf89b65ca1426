/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int output_open(cli *c, const char *path, output_file *out)
{
    *out = (output_file){.path = path};
    if (strcmp(path, "-") == 0) {
        out->file = stdout;
        return EXIT_DONE;
    }
    size_t size = strlen(path) + sizeof(".XXXXXX");
    out->temporary = malloc(size);
    if (!out->temporary)
        return cli_fail(c, ZURT_E_NOMEM, "out of memory");
    snprintf(out->temporary, size, "%s.XXXXXX", path);
    int fd = mkstemp(out->temporary);
    if (fd >= 0) {
        mode_t mask = umask(0); // mkstemp gives 0600; the file should be as any other
        umask(mask);
        fchmod(fd, 0666 & ~mask);
        out->file = fdopen(fd, "w");
    }
    if (out->file)
        return EXIT_DONE;
    int code = cli_fail(c, ZURT_E_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(out->temporary);
    }
    free(out->temporary);
    out->temporary = NULL;
    return code;
}

int output_close(cli *c, output_file *out, int code)
{
    if (!out->file || !out->temporary) {
        *out = (output_file){0};
        return code;
    }
    bool good = fflush(out->file) == 0 && !ferror(out->file) && fsync(fileno(out->file)) == 0;
    good = fclose(out->file) == 0 && good;
    if (code == EXIT_DONE && (!good || rename(out->temporary, out->path) != 0))
        code = cli_fail(c, ZURT_E_IO, "%s: %s", out->path, strerror(errno));
    if (code != EXIT_DONE)
        unlink(out->temporary);
    free(out->temporary);
    *out = (output_file){0};
    return code;
}
