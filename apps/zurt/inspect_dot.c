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

enum { LABEL_WIDTH = 32 };

extern char **environ;

static const char pl_colour[] = "#8fd3c1";
static const char joined_colour[] = "#d8efe8"; // computed with a neighbour
static const char cpu_colour[] = "#f5c396";
static const char crossing[] = " [color=\"#b03a2e\", penwidth=2.5]";

static void put_text(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', f);
        fputc((unsigned char)*text < 0x20 ? ' ' : *text, f);
    }
}

static void put_name(FILE *f, const char *name)
{
    char shown[COLUMNS_BYTES(LABEL_WIDTH)];
    columns_fit(name, LABEL_WIDTH, shown);
    put_text(f, shown);
}

static bool on_pl(const zurt_plan_node *n)
{
    return strcmp(n->device, "pl") == 0;
}

static void put_heading(FILE *f, const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    const char *slash = strrchr(v->model, '/');
    fputs("digraph zurt {\n"
          "  graph [fontname=\"sans-serif\", labelloc=t, fontsize=18, label=\"",
          f);
    put_text(f, slash ? slash + 1 : v->model);
    fprintf(f, " on %s\\n%.1f %% of %.1f MMAC on the PL", v->board,
            t->macs ? 100.0 * (double)t->pl_macs / (double)t->macs : 0.0, (double)t->macs * 1e-6);
    if (t->cycles)
        fprintf(f, ", %.3f ms, %.1f fps (modelled, %.0f MHz)\\n", inspect_ms(v), inspect_fps(v),
                (double)t->clock_khz * 1e-3);
    fputs("green: PL; light green: done with a neighbour or by addressing; orange: CPU; red edge: "
          "converted by the CPU\"];\n"
          "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", fontsize=11];\n"
          "  edge [color=\"#555555\"];\n",
          f);
}

static void put_node(FILE *f, size_t i, const zurt_plan_node *n)
{
    const char *colour = !on_pl(n) ? cpu_colour : n->cycles ? pl_colour : joined_colour;
    fprintf(f, "  n%zu [fillcolor=\"%s\", label=\"", i, colour);
    put_text(f, n->op);
    fputs("\\n", f);
    put_name(f, n->name);
    if (n->cycles)
        fprintf(f, "\\n%" PRIu64 " cycles", n->cycles);
    else if (!on_pl(n))
        fprintf(f, "\\ncpu %s", zurt_dtype_name(n->dtype));
    fputs("\", tooltip=\"", f);
    put_text(f, n->reason);
    if (n->remedy[0])
        fputs("; remedy: ", f);
    put_text(f, n->remedy);
    fputs("\"];\n", f);
}

static void put_edges(FILE *f, const inspection *v, size_t i, const zurt_plan_node *n)
{
    for (size_t k = 0; k < n->n_inputs; k++) {
        size_t from = zurt_plan_edge(v->plan, i, k);
        zurt_plan_node source;
        if (from == SIZE_MAX)
            fprintf(f, "  input -> n%zu%s;\n", i, on_pl(n) ? crossing : "");
        else if (zurt_plan_node_get(v->plan, from, &source) == ZURT_OK)
            fprintf(f, "  n%zu -> n%zu%s;\n", from, i, on_pl(&source) != on_pl(n) ? crossing : "");
    }
}

void inspect_dot(const inspection *v, FILE *file)
{
    put_heading(file, v);
    fputs("  input [shape=ellipse, fillcolor=\"#eeeeee\"];\n", file);
    zurt_plan_node n;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++) {
        put_node(file, i, &n);
        put_edges(file, v, i, &n);
    }
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

int inspect_svg(cli *c, const inspection *v, FILE *file)
{
    FILE *text = tmpfile();
    if (!text)
        return cli_fail(c, ZURT_E_IO, "--svg: no temporary file: %s", strerror(errno));
    inspect_dot(v, text);
    int code = EXIT_DONE;
    int result = -1;
    if (fflush(text) != 0 || fseek(text, 0, SEEK_SET) != 0 || fflush(file) != 0)
        code = cli_fail(c, ZURT_E_IO, "--svg: %s", strerror(errno));
    else
        result = run_dot(text, file);
    if (code == EXIT_DONE && (result == ENOENT || result == -127))
        code = cli_fail(c, ZURT_E_UNSUPPORTED,
                        "--svg: graphviz's program 'dot' is not here; install it (apt install "
                        "graphviz), or write --dot FILE and draw it elsewhere: dot -Tsvg FILE");
    else if (code == EXIT_DONE && result)
        code = cli_fail(c, ZURT_E_IO, "--svg: dot failed: %s",
                        result > 0 ? strerror(result) : "see its message above");
    fclose(text);
    return code;
}
