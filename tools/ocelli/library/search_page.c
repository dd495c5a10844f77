/* SPDX-License-Identifier: Apache-2.0
 * A contact sheet: one HTML file that needs no other, its thumbnails in it. */
#include "base/log.h"
#include "ocelli/common/local_time.h"
#include "ocelli/common/stream_save.h"
#include "ocelli/common/svg_text.h"
#include "ocelli/library/search.h"
#include "prep/thumbnail.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 4096 };

struct sheet {
    const struct search_request *request;
    const char *text;
    const struct search_answer *answer;
};

static const char head[] = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
static const char style[] =
    "<style>\n"
    ":root { color-scheme: light dark; }\n"
    "body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; }\n"
    "h1 { font-size: 1.3rem; margin: 0 0 .2rem; }\n"
    "p { margin: 0 0 1rem; opacity: .75; }\n"
    "main { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: 1rem; }\n"
    "figure { margin: 0; }\n"
    "figure a, figure div { display: flex; height: 180px; align-items: center; justify-content: center;\n"
    "  background: #8882; border-radius: 6px; overflow: hidden; text-decoration: none; color: inherit; }\n"
    "img { max-width: 100%; max-height: 100%; }\n"
    "figcaption { margin-top: .3rem; overflow-wrap: anywhere; }\n"
    "figcaption b { font-variant-numeric: tabular-nums; }\n"
    "figcaption small { display: block; opacity: .75; }\n"
    "</style>\n";

static void put_text(FILE *to, const char *text) {
    svg_text(to, text, LETTERS);
}

static void put_base64(FILE *to, const uint8_t *bytes, size_t size) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16 | (i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (i + 2 < size ? bytes[i + 2] : 0);
        putc(letters[group >> 18], to);
        putc(letters[group >> 12 & 63], to);
        putc(i + 1 < size ? letters[group >> 6 & 63] : '=', to);
        putc(i + 2 < size ? letters[group & 63] : '=', to);
    }
}

static void put_link(FILE *to, const char *path) {
    fputs("<a href=\"file://", to);
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("/-_.~", *path))
            putc(*path, to);
        else
            fprintf(to, "%%%02X", (unsigned char)*path);
    fputs("\">", to);
}

static void put_picture(FILE *to, const struct search_hit *hit) {
    if (hit->path)
        put_link(to, hit->path);
    else
        fputs("<div>", to);
    if (hit->jpeg) {
        fputs("<img alt=\"\" src=\"data:image/jpeg;base64,", to);
        put_base64(to, hit->jpeg, hit->jpeg_size);
        fputs("\">", to);
    } else {
        fputs("no thumbnail", to);
    }
    fputs(hit->path ? "</a>" : "</div>", to);
}

static void put_hit(FILE *to, const struct search_hit *hit) {
    char date[LOCAL_DATE];
    const char *slash = hit->path ? strrchr(hit->path, '/') : NULL;
    local_date((time_t)floor(hit->time), date);
    fputs("<figure>", to);
    put_picture(to, hit);
    fprintf(to, "<figcaption><b>%.3f</b> ", hit->score);
    put_text(to, slash ? slash + 1 : hit->tags ? hit->tags : "");
    fprintf(to, "<small>%s", date);
    if (hit->board) fputs(" ", to), put_text(to, hit->board);
    if (hit->path) fputs("<br>", to), put_text(to, hit->path);
    fputs("</small></figcaption></figure>\n", to);
}

static void put_list(FILE *to, const char *sign, const struct prompts_list *list, bool *any) {
    for (size_t i = 0; i < list->count; i++) {
        const char *slash = strrchr(list->texts[i], '/');
        fprintf(to, "%s%s", *any ? " " : "", sign);
        put_text(to, slash ? slash + 1 : list->texts[i]);
        *any = true;
    }
}

static void put_question(FILE *to, const struct sheet *s) {
    bool any = *s->text;
    put_text(to, s->text);
    put_list(to, any ? "+ like " : "like ", &s->request->likes, &any);
    put_list(to, "\xE2\x88\x92 ", &s->request->nots, &any);
}

static void write_page(FILE *to, const void *user) {
    const struct sheet *s = user;
    fputs(head, to);
    fputs("<title>", to);
    put_question(to, s);
    fprintf(to, "</title>\n%s<h1>", style);
    put_question(to, s);
    fprintf(to, "</h1>\n<p>%zu pictures, the best first, with their cosine</p>\n<main>\n", s->answer->count);
    for (size_t i = 0; i < s->answer->count; i++) put_hit(to, &s->answer->hits[i]);
    fputs("</main>\n</html>\n", to);
}

/* Those that the file does not have come from the pictures. One that is gone or broken has none; it is said. */
static void add_thumbnails(struct search_answer *answer) {
    for (size_t i = 0; i < answer->count; i++) {
        struct search_hit *hit = &answer->hits[i];
        if (!hit->jpeg && hit->path && !hit->board) thumbnail_of_file(hit->path, &hit->jpeg, &hit->jpeg_size);
    }
}

int search_page(const struct search_request *request, const char *text, struct search_answer *answer) {
    struct sheet sheet = {request, text, answer};
    add_thumbnails(answer);
    return stream_save(request->html, write_page, &sheet);
}
