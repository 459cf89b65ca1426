/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as a drawing: nodes coloured by device, edges between devices marked. */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "columns.h"
#include "inspect.h"
#include "shown.h"

enum { LABEL_WIDTH = 36, LABEL_LINES = 4 };

extern char **environ;

static const char pl_colour[] = "#8fd3c1";
static const char joined_colour[] = "#d8efe8"; // computed with a neighbour
static const char cpu_colour[] = "#f5c396";
static const char crossing[] = " [color=\"#b03a2e\", penwidth=2.5]";

/* dot takes UTF-8 alone. */
static void put_text(FILE *f, const char *text)
{
    for (const char *p = shown(text); *p; p++) {
        if (*p == '"' || *p == '\\')
            fputc('\\', f);
        fputc(*p, f);
    }
}

/* A name in lines of LABEL_WIDTH, broken where it has a '/' if it can be; cut past LABEL_LINES. */
static void put_name(FILE *f, const char *name)
{
    char fitted[COLUMNS_BYTES(LABEL_WIDTH * LABEL_LINES)];
    columns_fit(name, LABEL_WIDTH * LABEL_LINES, fitted);
    for (const char *at = fitted; *at;) {
        size_t n = strlen(at), end = n;
        if (n > LABEL_WIDTH) {
            end = LABEL_WIDTH;
            for (size_t i = LABEL_WIDTH / 2; i < LABEL_WIDTH; i++)
                end = at[i] == '/' ? i + 1 : end;
            while (end < n && ((unsigned char)at[end] & 0xc0) == 0x80)
                end++; // not within a character
        }
        char line[COLUMNS_BYTES(LABEL_WIDTH * LABEL_LINES)];
        snprintf(line, sizeof(line), "%.*s", (int)end, at);
        put_text(f, line);
        at += end;
        if (*at)
            fputs("\\n", f);
    }
}

static void put_dims(FILE *f, const int32_t *dims, int32_t rank)
{
    for (int32_t d = 0; d < rank; d++)
        fprintf(f, "%s%" PRId32, d ? "x" : "", dims[d]);
}

static void put_heading(FILE *f, const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    const char *slash = strrchr(v->model, '/');
    char range[FIGURES_BYTES];
    figures_range(t, v->batch, range);
    fputs("digraph zurt {\n"
          "  graph [fontname=\"sans-serif\", labelloc=t, fontsize=18, label=\"",
          f);
    put_text(f, slash ? slash + 1 : v->model);
    fprintf(f, " on %s: %s (modelled)\\n", v->board, range);
    if (t->clock_khz)
        fprintf(f, "%.1f %% of %.1f MMAC and %.1f %% of the time on the PL at %.0f MHz\\n",
                t->macs ? 100.0 * (double)t->pl_macs / (double)t->macs : 0.0,
                (double)t->macs * 1e-6, 100.0 * figures_pl_time_share(t),
                (double)t->clock_khz * 1e-3);
    fputs("green: PL; light green: done with a neighbour or by addressing\\n"
          "orange: CPU; red edge: converted by the CPU\"];\n"
          "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", fontsize=11];\n"
          "  edge [color=\"#555555\"];\n",
          f);
}

/* "3x3, stride 2, depthwise". */
static void put_window(FILE *f, const zurt_plan_node *n)
{
    fprintf(f, " %" PRId32 "x%" PRId32, n->kernel[0], n->kernel[1]);
    if (n->stride[0] != 1 || n->stride[1] != 1)
        fprintf(f, ", stride %" PRId32, n->stride[0]);
    if (n->stride[0] != n->stride[1])
        fprintf(f, "x%" PRId32, n->stride[1]);
    if (n->groups > 1)
        fprintf(f, ", %" PRId32 " groups", n->groups);
}

static void put_node(FILE *f, size_t i, const zurt_plan_node *n)
{
    bool pl = inspect_on_pl(n);
    const char *colour = !pl ? cpu_colour : n->cycles ? pl_colour : joined_colour;
    fprintf(f, "  n%zu [id=\"n%zu\", fillcolor=\"%s\", label=\"", i, i, colour);
    put_text(f, n->op);
    if (n->kernel[0])
        put_window(f, n);
    fputs("\\n", f);
    put_name(f, n->name);
    fputs("\\n", f);
    put_dims(f, n->out_dims, n->out_rank);
    if (n->cycles)
        fprintf(f, ", %" PRIu64 " cycles", n->cycles);
    else if (!pl)
        fprintf(f, ", cpu %s, %.1f us", zurt_dtype_name(n->dtype), (double)n->cpu_ns * 1e-3);
    fputs("\", tooltip=\"", f);
    put_text(f, n->name);
    fputs(": ", f);
    put_text(f, n->reason);
    if (n->remedy[0])
        fputs("; remedy: ", f);
    put_text(f, n->remedy);
    fputs("\"];\n", f);
}

/* An input or output of the model. */
static void put_end(FILE *f, char kind, size_t i, const zurt_tensor_info *info)
{
    fprintf(f, "  %c%zu [shape=ellipse, fillcolor=\"#eeeeee\", label=\"%s ", kind, i,
            kind == 'i' ? "input" : "output");
    put_name(f, info->name);
    fputs("\\n", f);
    put_dims(f, info->dims, info->rank);
    fputs("\"];\n", f);
}

static void put_edges(FILE *f, const inspection *v, size_t i, const zurt_plan_node *n)
{
    bool pl = inspect_on_pl(n);
    for (size_t k = 0; k < n->n_inputs; k++) {
        size_t from = zurt_plan_edge(v->plan, i, k), input = zurt_plan_edge_input(v->plan, i, k);
        zurt_plan_node source;
        if (input < v->n_inputs)
            fprintf(f, "  i%zu -> n%zu%s;\n", input, i, pl ? crossing : "");
        else if (zurt_plan_node_get(v->plan, from, &source) == ZURT_OK)
            fprintf(f, "  n%zu -> n%zu%s;\n", from, i,
                    inspect_on_pl(&source) != pl ? crossing : "");
    }
}

static void put_outputs(FILE *f, const inspection *v)
{
    for (size_t i = 0; i < v->n_outputs; i++) {
        size_t from = zurt_plan_output_node(v->plan, i);
        zurt_plan_node source;
        put_end(f, 'o', i, &v->outputs[i]);
        if (zurt_plan_node_get(v->plan, from, &source) == ZURT_OK)
            fprintf(f, "  n%zu -> o%zu%s;\n", from, i, inspect_on_pl(&source) ? crossing : "");
    }
}

void inspect_dot(const inspection *v, FILE *file)
{
    put_heading(file, v);
    for (size_t i = 0; i < v->n_inputs; i++)
        put_end(file, 'i', i, &v->inputs[i]);
    zurt_plan_node n;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++) {
        put_node(file, i, &n);
        put_edges(file, v, i, &n);
    }
    put_outputs(file, v);
    fputs("}\n", file);
}

/* Runs `dot -Tsvg` from one file to another; errno, or its exit status as a negative number. */
static int run_dot(FILE *from, FILE *to)
{
    static char *const arguments[] = {"dot", "-Tsvg", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, fileno(from), 0);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, fileno(to), 1);
    if (!error)
        error = posix_spawnp(&child, "dot", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return error;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -128;
}

inspect_drawing inspect_draw(const inspection *v, FILE *file)
{
    inspect_drawing d = {0};
    FILE *text = tmpfile();
    if (!text)
        return (inspect_drawing){.reason = strerror(errno)};
    inspect_dot(v, text);
    if (fflush(text) != 0 || fseek(text, 0, SEEK_SET) != 0 || fflush(file) != 0) {
        d.reason = strerror(errno);
    } else {
        int result = run_dot(text, file);
        d.absent = result == ENOENT || result == -127;
        d.reason = result > 0 ? strerror(result) : "dot failed: see its message above";
        d.done = result == 0;
    }
    fclose(text);
    return d;
}

int inspect_svg(cli *c, const inspection *v, FILE *file)
{
    inspect_drawing d = inspect_draw(v, file);
    if (d.absent)
        return cli_fail(c, ZURT_E_UNSUPPORTED,
                        "--svg: graphviz's program 'dot' is not here; install it (apt install "
                        "graphviz), or write --dot FILE and draw it elsewhere: dot -Tsvg FILE");
    return d.done ? EXIT_DONE : cli_fail(c, ZURT_E_IO, "--svg: %s", d.reason);
}
