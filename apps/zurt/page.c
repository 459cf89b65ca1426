/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a page, and names in it. */
#include "page.h"

#include <zurt/zurt.h>

#include "utf8.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>";

static const char style[] =
    "</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1b2430;--soft:#66727f;--line:#d9dfe5;--bg:#fff;"
    "--good:17,122,101;--bad:200,68,36}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#93a0ad;--line:#2d3742;"
    "--bg:#12171d;--good:46,190,160;--bad:240,120,80}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--bg);"
    "max-width:70rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}\n"
    "p.note{color:var(--soft);margin:.2rem 0 1rem}\n"
    ".cards{display:flex;gap:1rem;flex-wrap:wrap}.card{border:1px solid var(--line);"
    "border-radius:.5rem;padding:.7rem 1.2rem}.card b{font-size:1.6rem;display:block}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "td,th{padding:.3rem .5rem;text-align:right;border:1px solid var(--line);min-width:2.2rem}\n"
    "th{font-weight:600;color:var(--soft)}td.zero{color:var(--line)}\n"
    "td.name{text-align:left}\n"
    "</style></head><body>\n";

void page_text(FILE *f, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        int length = utf8_length(p);
        switch (*p) {
        case '<':
            fputs("&lt;", f);
            break;
        case '>':
            fputs("&gt;", f);
            break;
        case '&':
            fputs("&amp;", f);
            break;
        case '"':
            fputs("&quot;", f);
            break;
        case '\'':
            fputs("&#39;", f);
            break;
        default:
            if (!length || *p < 0x20)
                fputs("\xef\xbf\xbd", f);
            else
                fwrite(p, 1, (size_t)length, f);
        }
        p += length ? length : 1;
    }
}

void page_begin(FILE *f, const char *title)
{
    fputs(head, f);
    page_text(f, title);
    fputs(style, f);
    fputs("<h1>", f);
    page_text(f, title);
    fprintf(f, "</h1><p class=\"note\">zurt %s</p>\n", zurt_version());
}

void page_end(FILE *f)
{
    fputs("</body></html>\n", f);
}
