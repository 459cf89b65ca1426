/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for libFuzzer's main: runs a target over files, or over all files of a folder. What
 * once crashed stays in the corpus and is tried in every test run.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f || stat(path, &info) != 0) {
        fprintf(stderr, "cannot open %s\n", path);
        if (f)
            fclose(f);
        return 1;
    }
    size_t size = (size_t)info.st_size;
    uint8_t *data = malloc(size ? size : 1); // exactly as large: the sanitizer sees any overrun
    int bad = !data || fread(data, 1, size, f) != size;
    fclose(f);
    if (bad)
        fprintf(stderr, "cannot read %s\n", path);
    else
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return bad;
}

static int run_folder(const char *path, unsigned *n_files)
{
    DIR *folder = opendir(path);
    if (!folder) {
        fprintf(stderr, "cannot open %s\n", path);
        return 1;
    }
    int bad = 0;
    for (struct dirent *entry = readdir(folder); entry && !bad; entry = readdir(folder)) {
        char file[4096];
        int n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof(file))
            continue;
        bad = run_file(file);
        ++*n_files;
    }
    closedir(folder);
    return bad;
}

int main(int argc, char **argv)
{
    unsigned n_files = 0;
    int bad = 0;
    for (int i = 1; i < argc && !bad; i++) {
        struct stat info;
        if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode)) {
            bad = run_folder(argv[i], &n_files);
        } else {
            bad = run_file(argv[i]);
            n_files++;
        }
    }
    if (!bad && n_files == 0) {
        fprintf(stderr, "nothing to run: name files or folders\n");
        bad = 1;
    }
    printf("%u inputs\n", n_files);
    return bad;
}
