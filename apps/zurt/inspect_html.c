/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as one page: the sums, the drawing, a table that sorts. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "inspect.h"
#include "page.h"

static const char style[] =
    "<style>body{max-width:90rem}.graph{border:1px solid var(--line);border-radius:.5rem;"
    "height:36rem;overflow:hidden;background:#fff;cursor:grab;touch-action:none}"
    ".graph svg{width:100%;height:100%}"
    "button{font:inherit;margin-right:.4rem}th.sort{cursor:pointer;white-space:nowrap}"
    "td.left{text-align:left;overflow-wrap:anywhere}td.dims{text-align:left;white-space:nowrap}tr."
    "pl td:nth-child(4){color:rgb(var(--good))}"
    "tr.cpu td:nth-child(4){color:rgb(var(--bad))}tr:target{outline:2px solid rgb(var(--bad))}"
    "</style>\n";

/* Zoom and pan move the drawing's viewBox; a click on a heading sorts. */
static const char script[] =
    "<script>\n"
    "(function(){\n"
    "var g=document.querySelector('.graph svg');\n"
    "if(g){var b=g.viewBox.baseVal,home=[b.x,b.y,b.width,b.height],drag=null;\n"
    "function set(x,y,w,h){b.x=x;b.y=y;b.width=w;b.height=h}\n"
    "function zoom(f,px,py){var x=b.x+b.width*px,y=b.y+b.height*py;\n"
    "set(x-b.width*f*px,y-b.height*f*py,b.width*f,b.height*f)}\n"
    "function top(){var r=g.getBoundingClientRect(),w=Math.min(home[2],900),h=w*r.height/r.width;\n"
    "set(home[0]+(home[2]-w)/2,home[1],w,h)}\n"
    "g.removeAttribute('width');g.removeAttribute('height');top();\n"
    "g.addEventListener('wheel',function(e){e.preventDefault();var r=g.getBoundingClientRect();\n"
    "zoom(e.deltaY>0?1.2:1/1.2,(e.clientX-r.left)/r.width,(e.clientY-r.top)/r.height)},"
    "{passive:false});\n"
    "g.addEventListener('pointerdown',function(e){drag=[e.clientX,e.clientY]});\n"
    "window.addEventListener('pointerup',function(){drag=null});\n"
    "window.addEventListener('pointermove',function(e){if(!drag)return;\n"
    "var r=g.getBoundingClientRect(),k=Math.max(b.width/r.width,b.height/r.height);\n"
    "set(b.x-(e.clientX-drag[0])*k,b.y-(e.clientY-drag[1])*k,b.width,b.height);\n"
    "drag=[e.clientX,e.clientY]});\n"
    "document.getElementById('in').onclick=function(){zoom(1/1.4,.5,.5)};\n"
    "document.getElementById('out').onclick=function(){zoom(1.4,.5,.5)};\n"
    "document.getElementById('all').onclick=function(){set(home[0],home[1],home[2],home[3])};\n"
    "document.getElementById('top').onclick=top}\n"
    "document.querySelectorAll('th.sort').forEach(function(th,i){th.onclick=function(){\n"
    "var body=document.getElementById('nodes'),up=th.dataset.up!=='1';th.dataset.up=up?'1':'0';\n"
    "var rows=Array.prototype.slice.call(body.rows);\n"
    "function key(r){var t=r.cells[i].textContent,n=parseFloat(t);return isNaN(n)?t:n}\n"
    "rows.sort(function(p,q){var x=key(p),y=key(q);\n"
    "var d=typeof x===typeof y?(x<y?-1:x>y?1:0):typeof x==='number'?-1:1;return up?d:-d});\n"
    "rows.forEach(function(r){body.appendChild(r)})}})\n"
    "})()\n"
    "</script>\n";

static void put_card(FILE *f, const char *title, const char *value, const char *note)
{
    fprintf(f, "<div class=\"card\">%s<b>%s</b>%s</div>\n", title, value, note);
}

static void put_cards(FILE *f, const inspection *v)
{
    const zurt_plan_totals *t = &v->totals;
    char value[64], note[160], range[FIGURES_BYTES];
    figures_range(t, v->batch, range);
    fputs("<div class=\"cards\">", f);
    put_card(f, "one run, modelled", range, "one request at a time");
    if (t->clock_khz) {
        snprintf(value, sizeof(value), "%.3f ms", figures_pl_ms(t));
        snprintf(note, sizeof(note), "%" PRIu64 " cycles at %.0f MHz, %.1f %% of the array used",
                 t->cycles, (double)t->clock_khz * 1e-3, 100.0 * figures_utilisation(t));
        put_card(f, "PL", value, note);
        snprintf(value, sizeof(value), "%.1f %% / %.1f %%",
                 t->macs ? 100.0 * (double)t->pl_macs / (double)t->macs : 0.0,
                 100.0 * figures_pl_time_share(t));
        put_card(f, "on the PL", value, "of the multiply-accumulates / of the time");
        snprintf(value, sizeof(value), "%" PRIu32, t->launches);
        note[0] = 0;
        if (t->launches)
            figures_launches(t, note);
        put_card(f, "launches", value, note);
        snprintf(value, sizeof(value), "%.3f ms", (double)t->convert_ns * 1e-6);
        snprintf(note, sizeof(note), "%.1f kB to the PL's layout and back",
                 (double)t->boundary_bytes * 1e-3);
        put_card(f, "conversion", value, note);
    }
    snprintf(value, sizeof(value), "%.3f ms", (double)t->cpu_ns * 1e-6);
    snprintf(note, sizeof(note), "%" PRIu32 " of %zu nodes, one Cortex-A53 core", t->cpu_nodes,
             zurt_plan_n_nodes(v->plan));
    put_card(f, "CPU", value, note);
    fputs("</div>\n", f);
    if (t->assumed_scales)
        fputs(
            "<p class=\"note\">Planned with assumed scales, from synthetic pictures: compile with "
            "samples and inspect the .zurt for the last word.</p>\n",
            f);
}

static void put_dims(FILE *f, const int32_t *dims, int32_t rank)
{
    for (int32_t d = 0; d < rank; d++)
        fprintf(f, "%s%" PRId32, d ? "&times;" : "", dims[d]);
}

static void put_ends(FILE *f, const char *title, const zurt_tensor_info *infos, size_t n)
{
    fprintf(f, "<p>%s:", title);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ", <code>" : " <code>", f);
        page_text(f, infos[i].name);
        fputs("</code> ", f);
        put_dims(f, infos[i].dims, infos[i].rank);
    }
    fputs("</p>\n", f);
}

static void put_left(FILE *f, const char *text)
{
    fputs("<td class=\"left\">", f);
    page_text(f, text);
    fputs("</td>", f);
}

static void put_row(FILE *f, size_t i, const zurt_plan_node *n)
{
    fprintf(f, "<tr class=\"%s\" id=\"row%zu\"><td>%zu</td>", n->device, i, i);
    put_left(f, n->op);
    put_left(f, n->name);
    put_left(f, n->device);
    fprintf(f, "<td>%" PRIu32 "</td><td class=\"dims\">", n->segment);
    put_dims(f, n->out_dims, n->out_rank);
    fputs("</td><td class=\"dims\">", f);
    if (n->kernel[0]) {
        put_dims(f, n->kernel, 2);
        fputs(" / ", f);
        put_dims(f, n->stride, 2);
    }
    fprintf(
        f, "</td><td>%.1f</td><td>%" PRIu64 "</td><td>%.1f</td><td>%.1f</td><td class=\"left\">",
        (double)n->macs * 1e-3, n->cycles, (double)n->ddr_bytes * 1e-3, (double)n->cpu_ns * 1e-3);
    page_text(f, n->reason);
    if (n->remedy[0])
        fputs("; remedy: ", f);
    page_text(f, n->remedy);
    fputs("</td></tr>\n", f);
}

static void put_table(FILE *f, const inspection *v)
{
    static const char *const heads[] = {
        "#",    "op",     "node",   "device", "segment",    "output", "kernel / stride",
        "kMAC", "cycles", "DDR kB", "CPU us", "why; remedy"};
    fputs("<h2>Nodes</h2><p class=\"note\">In the order of execution; cycles, DDR and CPU time are "
          "modelled. A click on a heading sorts.</p>\n<div class=\"scroll\"><table><thead><tr>",
          f);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        fprintf(f, "<th class=\"sort\">%s</th>", heads[i]);
    fputs("</tr></thead><tbody id=\"nodes\">\n", f);
    zurt_plan_node n;
    for (size_t i = 0; zurt_plan_node_get(v->plan, i, &n) == ZURT_OK; i++)
        put_row(f, i, &n);
    fputs("</tbody></table></div>\n", f);
}

/* What `dot` drew, from its <svg> on: a page has no place for the declaration before it. */
static void copy_svg(FILE *from, FILE *to)
{
    char line[4096];
    bool inside = false, starts = true; // `starts`: the buffer holds the start of a line
    rewind(from);
    while (fgets(line, sizeof(line), from)) {
        inside = inside || (starts && strncmp(line, "<svg", 4) == 0);
        if (inside)
            fputs(line, to);
        starts = strchr(line, '\n') != NULL;
    }
}

static int put_graph(cli *c, const inspection *v, FILE *f)
{
    FILE *svg = tmpfile();
    if (!svg)
        return cli_fail(c, ZURT_E_IO, "--html: no temporary file: %s", strerror(errno));
    inspect_drawing d = inspect_draw(v, svg);
    int code = EXIT_DONE;
    fputs("<h2>Graph</h2>\n", f);
    if (d.done) {
        fputs("<p class=\"note\">The wheel zooms, dragging moves; a node's tool tip says why it is "
              "where it is.</p>\n<p><button id=\"in\">+</button><button id=\"out\">&minus;</button>"
              "<button id=\"top\">top</button><button id=\"all\">all</button></p>\n"
              "<div class=\"graph\">\n",
              f);
        copy_svg(svg, f);
        fputs("</div>\n", f);
    } else if (d.absent) {
        cli_note(c, "--html: without the graph: graphviz's program 'dot' is not here (apt install "
                    "graphviz)");
        fputs("<p class=\"note\">Not drawn: graphviz's program dot was not installed where this "
              "page was made.</p>\n",
              f);
    } else {
        code = cli_fail(c, ZURT_E_IO, "--html: %s", d.reason);
    }
    fclose(svg);
    return code;
}

int inspect_html(cli *c, const inspection *v, FILE *file)
{
    const char *slash = strrchr(v->model, '/');
    char title[512];
    snprintf(title, sizeof(title), "%s on %s", slash ? slash + 1 : v->model, v->board);
    page_begin(file, title);
    fputs(style, file);
    put_cards(file, v);
    put_ends(file, "Inputs", v->inputs, v->n_inputs);
    put_ends(file, "Outputs", v->outputs, v->n_outputs);
    int code = put_graph(c, v, file);
    put_table(file, v);
    fputs(script, file);
    page_end(file);
    return code;
}
