/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what corpus/kern starts from: for each op some inputs of random choices. */
#include <stdio.h>
#include <stdlib.h>

#include "kern/harness.h"

enum { FILES = 3, MAX_CHOICES = 64 };

static void write_input(const char *folder, const kern_op *op, int number)
{
    char path[4096];
    const int length = snprintf(path, sizeof(path), "%s/%s_%d", folder, op->name, number);
    FILE *f = length > 0 && (size_t)length < sizeof(path) ? fopen(path, "wb") : NULL;
    if (!f) {
        perror(path);
        exit(1);
    }
    const uint32_t place = kern_op_place(op);
    kern_rng r = kern_seeded(place + ((uint64_t)number << 16));
    uint8_t bytes[2 + 2 * MAX_CHOICES] = {(uint8_t)place, (uint8_t)(place >> 8)};
    const size_t n = 2 * (size_t)kern_int(&r, MAX_CHOICES / 4, MAX_CHOICES);
    kern_fill(&r, bytes + 2, n);
    fwrite(bytes, 1, 2 + n, f);
    if (fclose(f)) {
        perror(path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_kern_corpus FOLDER\n");
        return 2;
    }
    size_t n;
    const kern_variant *v = kern_variants(&n);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < FILES; k++)
            write_input(argv[1], v[i].op, k);
    return 0;
}
