// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Draws handwritten-looking digits: 28x28, white on black, laid out like MNIST (ink in a 20x20 box,
 * centre of mass in the middle). For demos and tests that need calibration and evaluation images
 * without a data set to download.
 *
 *   digits [--seed S] [--count N] [--pgm DIR] -o PREFIX
 *
 * writes PREFIX-images.idx (IDX3, unsigned bytes) and PREFIX-labels.idx (IDX1); labels go round
 * 0..9. Integers only and one random stream per image: the bytes depend on the seed alone, not on
 * machine, compiler or count. Existing files are replaced.
 *
 * Exit: 0 done, 1 I/O error, 2 usage.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digit_draw.h"

enum {
    SHEET_COLS = 40, // contact sheet
    SHEET_ROWS = 25,
    MAX_COUNT = 1000000,
    MAX_PATH = 4096,
    IDX_BYTES = 0x0800, // of an IDX file: unsigned bytes, with so many axes as the last byte says
};

enum { STATUS_OK = 0, STATUS_IO = 1, STATUS_USAGE = 2 };

// ---------------------------------------------------------------- files

typedef struct {
    char path[MAX_PATH], temporary[MAX_PATH];
    FILE *file;
} output;

static bool fail(const output *o, const char *verb)
{
    fprintf(stderr, "digits: cannot %s '%s': %s\n", verb, o->path, strerror(errno));
    return false;
}

// All paths are checked for length in parse(), so they fit.
static bool open_output(output *o, const char *start, const char *end)
{
    snprintf(o->path, sizeof(o->path), "%s%s", start, end);
    snprintf(o->temporary, sizeof(o->temporary), "%s%s.tmp", start, end);
    o->file = fopen(o->temporary, "wb");
    if (o->file)
        return true;
    o->temporary[0] = 0; // not ours: nothing to discard
    return fail(o, "create");
}

static bool put(output *o, const void *bytes, size_t n_bytes)
{
    return fwrite(bytes, 1, n_bytes, o->file) == n_bytes || fail(o, "write");
}

// Numbers of 32 bits, the highest byte first.
static bool put_header(output *o, const uint32_t *numbers, size_t n)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        const uint32_t v = numbers[i];
        const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                              (uint8_t)v};
        ok = put(o, b, sizeof(b));
    }
    return ok;
}

static bool close_output(output *o)
{
    int bad = fclose(o->file);
    o->file = NULL;
    return !bad || fail(o, "write");
}

static bool rename_output(const output *o)
{
    return !rename(o->temporary, o->path) || fail(o, "rename to");
}

// After a failure: leaves no temporary behind. Accepts an output never opened or already renamed.
static void discard_output(output *o)
{
    if (o->file)
        fclose(o->file);
    o->file = NULL;
    if (o->temporary[0])
        remove(o->temporary);
}

// ---------------------------------------------------------------- program

typedef struct {
    uint64_t seed;
    uint64_t count; // at most MAX_COUNT
    const char *prefix;
    const char *pgm_dir; // NULL: no contact sheet
} options;

static uint8_t sheet[SHEET_ROWS * SHEET_COLS * DIGIT_PIXELS];

static void add_to_sheet(uint32_t index, const uint8_t image[DIGIT_PIXELS])
{
    if (index >= SHEET_ROWS * SHEET_COLS)
        return;
    uint8_t *corner = sheet + (size_t)(index / SHEET_COLS) * SHEET_COLS * DIGIT_PIXELS +
                      (size_t)(index % SHEET_COLS) * DIGIT_SIDE;
    for (size_t y = 0; y < DIGIT_SIDE; y++)
        memcpy(corner + y * SHEET_COLS * DIGIT_SIDE, image + y * DIGIT_SIDE, DIGIT_SIDE);
}

static bool write_sheet(output *o, uint32_t count)
{
    uint32_t rows = (count + SHEET_COLS - 1) / SHEET_COLS;
    rows = rows < SHEET_ROWS ? rows : SHEET_ROWS;
    char header[64];
    int n = snprintf(header, sizeof(header), "P5\n%d %u\n255\n", SHEET_COLS * DIGIT_SIDE,
                     (unsigned)(rows * DIGIT_SIDE));
    return put(o, header, (size_t)n) && put(o, sheet, (size_t)rows * SHEET_COLS * DIGIT_PIXELS);
}

static bool write_idx(const options *opt, output *images, output *labels)
{
    const uint32_t count = (uint32_t)opt->count;
    const uint32_t of_images[] = {IDX_BYTES | 3, count, DIGIT_SIDE, DIGIT_SIDE};
    const uint32_t of_labels[] = {IDX_BYTES | 1, count};
    bool ok = put_header(images, of_images, 4) && put_header(labels, of_labels, 2);
    uint64_t seeds = opt->seed;
    for (uint32_t i = 0; ok && i < count; i++) {
        uint8_t image[DIGIT_PIXELS], label = (uint8_t)(i % 10);
        uint64_t rng =
            digit_random(&seeds); // a stream of its own: tuning one digit leaves the rest
        digit_draw(label, &rng, image);
        add_to_sheet(i, image);
        ok = put(images, image, sizeof(image)) && put(labels, &label, 1);
    }
    return ok;
}

static int run(const options *opt)
{
    static output images, labels, contact;
    bool ok = open_output(&images, opt->prefix, "-images.idx") &&
              open_output(&labels, opt->prefix, "-labels.idx");
    if (ok && opt->pgm_dir)
        ok = open_output(&contact, opt->pgm_dir, "/contact.pgm");
    ok = ok && write_idx(opt, &images, &labels);
    if (ok && opt->pgm_dir)
        ok = write_sheet(&contact, (uint32_t)opt->count) && close_output(&contact);
    ok = ok && close_output(&images) && close_output(&labels);
    ok = ok && rename_output(&images) && rename_output(&labels);
    if (ok && opt->pgm_dir)
        ok = rename_output(&contact);
    if (ok)
        return STATUS_OK;
    discard_output(&images);
    discard_output(&labels);
    discard_output(&contact);
    return STATUS_IO;
}

static void usage(FILE *to)
{
    fputs(
        "usage: digits [--seed S] [--count N] [--pgm DIR] -o PREFIX\n"
        "Draws N handwritten-looking digits (default 1000) and writes PREFIX-images.idx and\n"
        "PREFIX-labels.idx. --seed: 0..2^64-1, default 1. --pgm: also DIR/contact.pgm, a picture\n"
        "of the first 1000; DIR must exist.\n",
        to);
}

// What an option takes: a whole number within lo and hi, or a text.
typedef struct {
    const char *name;
    uint64_t *number;
    uint64_t lo, hi;
    const char **text;
} option;

static bool read_number(const option *o, const char *text)
{
    if (*text < '0' || *text > '9') // strtoull would take blanks and signs
        return false;
    char *end;
    errno = 0;
    *o->number = strtoull(text, &end, 10);
    return !errno && !*end && *o->number >= o->lo && *o->number <= o->hi;
}

static bool read_value(const option *o, const char *value)
{
    enum { MOST = MAX_PATH - 32 }; // room for the endings
    if (o->number && !read_number(o, value)) {
        fprintf(stderr, "digits: %s wants a whole number from %llu to %llu, not '%.64s'\n", o->name,
                (unsigned long long)o->lo, (unsigned long long)o->hi, value);
        return false;
    }
    if (o->text && (!*value || strlen(value) > MOST)) {
        fprintf(stderr, "digits: %s wants a path of 1 to %d bytes, not '%.64s'\n", o->name,
                (int)MOST, value);
        return false;
    }
    if (o->text)
        *o->text = value;
    return true;
}

static bool parse(int argc, char **argv, options *out)
{
    const option table[] = {
        {.name = "--seed", .number = &out->seed, .hi = UINT64_MAX},
        {.name = "--count", .number = &out->count, .lo = 1, .hi = MAX_COUNT},
        {.name = "--pgm", .text = &out->pgm_dir},
        {.name = "-o", .text = &out->prefix},
    };
    enum { N = sizeof(table) / sizeof(table[0]) };
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < N && strcmp(argv[i], table[k].name) != 0)
            k++;
        if (k == N) {
            fprintf(stderr, "digits: unknown argument '%s'\n", argv[i]);
            return false;
        }
        if (i + 1 == argc) {
            fprintf(stderr, "digits: %s lacks its value\n", argv[i]);
            return false;
        }
        if (!read_value(&table[k], argv[i + 1]))
            return false;
    }
    if (!out->prefix)
        fputs("digits: -o PREFIX is missing\n", stderr);
    return out->prefix != NULL;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        usage(stdout);
        return STATUS_OK;
    }
    options opt = {.seed = 1, .count = 1000};
    if (!parse(argc, argv, &opt)) {
        usage(stderr);
        return STATUS_USAGE;
    }
    return run(&opt);
}
