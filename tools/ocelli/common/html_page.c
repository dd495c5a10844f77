/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/html_page.h"
#include "ocelli/common/svg_text.h"

enum { LETTERS = 200 };

static const char top[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\n"
    "<style>body{font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu "
    "Sans',Arial,sans-serif;max-width:60rem;"
    "margin:2rem auto;padding:0 1rem;background:#fff;color:#1f2328}h1{font-size:1.6rem;margin-bottom:0}h2{font-size:"
    "1.2rem;margin-top:2.5rem}p.quiet,td.quiet,figcaption{color:#59636e}figure{margin:0;overflow-x:auto}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.25rem .8rem .25rem 0;text-align:"
    "right;border-bottom:1px solid "
    "#d1d9e0}th:first-child,td:first-child,td.text,th.text{text-align:left}td:not(.text):not(:first-child){white-space:"
    "nowrap}.big{display:"
    "flex;flex-wrap:wrap;gap:1rem;margin:1.5rem 0}.big div{border:1px solid #d1d9e0;border-radius:8px;padding:.6rem "
    "1rem}.big b{display:block;font-size:1.5rem}.big span{color:#59636e}.wide{overflow-x:auto}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#f0f6fc}p.quiet,td.quiet,figcaption,.big span{"
    "color:#9198a1}th,td,.big div{border-color:#3d444d}}</style>\n<title>";

void html_page_begin(FILE *to, const char *title) {
    fputs(top, to);
    svg_text(to, title, LETTERS);
    fputs("</title></head><body>\n<h1>", to);
    svg_text(to, title, LETTERS);
    fputs("</h1>\n", to);
}

void html_page_end(FILE *to) {
    fputs("</body></html>\n", to);
}
