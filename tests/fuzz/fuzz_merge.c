/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property: whatever a result of eval holds, merge reads it or refuses it as input; what it reads
 * has numbers that fit each other, and written again it is read as the same.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zurt/merge_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---- what the reader wants of the command ---- */

static const uint8_t *file_bytes; // the input, by whatever name it is read
static size_t file_size;

int data_read_file(cli *c, const char *path, uint8_t **bytes, size_t *size)
{
    (void)c, (void)path;
    *bytes = malloc(file_size + 1);
    must(*bytes != NULL);
    if (file_size)
        memcpy(*bytes, file_bytes, file_size);
    *size = file_size;
    return EXIT_DONE;
}

int cli_fail(cli *c, zurt_status status, const char *fmt, ...)
{
    char text[1024] = "";
    va_list args;
    (void)c;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    must(text[0] && (status == ZURT_E_FORMAT || status == ZURT_E_LIMIT));
    return EXIT_INPUT;
}

int cli_check_text(cli *c, const char *path, const void *bytes, size_t size)
{
    (void)path;
    return size && memchr(bytes, 0, size) ? cli_fail(c, ZURT_E_FORMAT, "NUL") : EXIT_DONE;
}

/* Of writing results that come from a model, which these do not. */
const char *target_label(const target *t, size_t i)
{
    (void)t, (void)i;
    return "";
}

void data_digest(const data_source *s, size_t n, sha256 *h)
{
    (void)s, (void)n, (void)h;
}

/* ---- one input ---- */

static void check_numbers(const merge_part *p)
{
    const eval_result *r = &p->result;
    uint64_t first, end;
    eval_shard_range(r->shard, r->data_samples, &first, &end);
    must(first <= end && end <= r->data_samples);
    must(r->score.samples + r->unreadable == end - first);
    must(r->score.top1 <= r->score.top5 && r->score.top5 <= r->score.labelled);
    must(r->score.labelled <= r->score.samples);
    for (size_t i = 0; i < p->n_rows; i++)
        must(p->rows[i].sample >= first && p->rows[i].sample < end);
}

static char *write_again(const eval_result *r, size_t *size)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, size);
    must(f != NULL);
    json_writer j;
    json_begin(&j, f);
    eval_result_json(&j, r);
    json_array(&j, "files");
    json_close(&j);
    json_end(&j);
    must(fclose(f) == 0);
    return text;
}

static void must_be_same(const eval_result *a, const eval_result *b)
{
    must(a->shard.i == b->shard.i && a->shard.n == b->shard.n);
    must(a->data_samples == b->data_samples && a->unreadable == b->unreadable);
    must(a->score.samples == b->score.samples && a->score.labelled == b->score.labelled);
    must(a->score.top1 == b->score.top1 && a->score.top5 == b->score.top5);
    must(a->score.n_classes == b->score.n_classes);
    must(memcmp(a->outputs, b->outputs, sizeof(a->outputs)) == 0);
    for (size_t i = 0; i < a->score.confusion.capacity; i++) {
        const count_cell *cell = &a->score.confusion.table[i];
        must(!cell->count || counts_get(&b->score.confusion, cell->row, cell->col) == cell->count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli c = {.command = "fuzz", .quiet = true};
    merge_part once, twice;
    file_bytes = data;
    file_size = size;
    const int code = merge_read(&c, "result", &once);
    must(code == EXIT_DONE || code == EXIT_INPUT);
    if (code == EXIT_DONE) {
        check_numbers(&once);
        size_t n;
        char *text = write_again(&once.result, &n);
        file_bytes = (const uint8_t *)text;
        file_size = n;
        must(merge_read(&c, "again", &twice) == EXIT_DONE);
        must_be_same(&once.result, &twice.result);
        merge_part_free(&twice);
        free(text);
    }
    merge_part_free(&once);
    return 0;
}
