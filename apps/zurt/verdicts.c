/* SPDX-License-Identifier: Apache-2.0 */
/* Which samples a model gets wrong, and on which models differ. */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "judge.h"

bool verdicts_changed(const verdicts *v, size_t i)
{
    const int32_t *p = v->predicted + i * v->n_models;
    for (size_t m = 1; m < v->n_models; m++) {
        if (p[m] != p[0])
            return true;
    }
    return false;
}

/* Models that are wrong; none if the class is not known. */
static size_t count_wrong(const verdicts *v, const data_source *s, size_t i)
{
    int32_t label = data_label(s, i);
    size_t wrong = 0;
    for (size_t m = 0; label >= 0 && m < v->n_models; m++)
        wrong += v->predicted[i * v->n_models + m] != label;
    return wrong;
}

bool verdicts_lists(const verdicts *v, const data_source *s, size_t i)
{
    return !data_is_refused(s, i) && (verdicts_changed(v, i) || count_wrong(v, s, i) > 0);
}

void verdict_json(json_writer *j, uint64_t sample, const char *file, int32_t label,
                  const int32_t *predicted, size_t n_models, bool changed)
{
    json_object(j, NULL);
    json_uint(j, "sample", sample);
    if (file)
        json_string(j, "file", file);
    else
        json_null(j, "file");
    if (label >= 0)
        json_int(j, "label", label);
    else
        json_null(j, "label");
    json_array(j, "predicted");
    for (size_t m = 0; m < n_models; m++)
        json_int(j, NULL, predicted[m]);
    json_close(j);
    json_bool(j, "changed", changed);
    json_close(j);
}

void verdicts_json(json_writer *j, const verdicts *v, const data_source *s)
{
    json_array(j, "files");
    for (size_t i = v->first; i < v->n; i++) {
        if (verdicts_lists(v, s, i))
            verdict_json(j, i, s->files ? s->files[i] : NULL, data_label(s, i),
                         v->predicted + i * v->n_models, v->n_models, verdicts_changed(v, i));
    }
    json_close(j);
}

static void print_class(const target *t, int32_t class)
{
    printf("%d", (int)class);
    if (target_label(t, (size_t) class)[0])
        putchar(' ');
    columns_print(stdout, target_label(t, (size_t) class));
}

void verdicts_print(const verdicts *v, const data_source *s, const target *t)
{
    for (size_t i = v->first; i < v->n; i++) {
        if (!verdicts_lists(v, s, i))
            continue;
        printf("%s ", verdicts_changed(v, i) ? "changed" : "wrong  ");
        if (s->files)
            columns_print(stdout, s->files[i]);
        else
            printf("sample %zu", i);
        if (data_label(s, i) >= 0) {
            printf(": is ");
            print_class(t, data_label(s, i));
        }
        for (size_t m = 0; m < v->n_models; m++) {
            printf(v->n_models > 1 ? "; %c: " : "; taken for ", (int)('A' + m));
            print_class(t, v->predicted[i * v->n_models + m]);
        }
        putchar('\n');
    }
}
