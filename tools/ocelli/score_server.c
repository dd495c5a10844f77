/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/score.h"
#include "base/log.h"
#include "ocelli/common/plain.h"
#include "text/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 65536 };

/* A line, and what answers it. */
struct line {
    const char *image; /* NULL: none known */
    const char *text;  /* NULL: the texts of the command line */
    bool json;
    char fault[LOG_LINE]; /* "": none */
};

/* A line without its end into `text` (LINE_MOST). 1: it is too long, or has a byte 0; -1: the input is over. */
static int read_line(char *text) {
    size_t length = 0;
    int c, bad = 0;
    while ((c = getc(stdin)) != EOF && c != '\n') {
        if (!c || length == LINE_MOST - 1) bad = 1;
        if (!bad) text[length++] = (char)c;
    }
    if (c == EOF && !length && !bad) return -1;
    if (length && text[length - 1] == '\r') length--;
    text[length] = '\0';
    return bad;
}

static void put_error(const struct line *l) {
    struct json j = {.to = stdout};
    if (!l->json) {
        fputs("error: ", stdout);
        plain_text(stdout, l->fault);
    } else {
        json_begin(&j, NULL, '{');
        json_text(&j, "image", l->image);
        json_text(&j, "error", l->fault);
        json_end(&j, '}');
    }
    putchar('\n');
}

static void put_json(const struct line *l, const struct scorer *s, const float *cosines, size_t count) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "image", l->image);
    json_begin(&j, "scores", '[');
    for (size_t i = 0; i < count; i++) {
        json_begin(&j, NULL, '{');
        json_text(&j, "text", l->text ? l->text : s->set.tags[i].name);
        json_number(&j, "cosine", (double)cosines[i], JSON_SHORT);
        json_number(&j, "score", score_of((double)cosines[i]), JSON_SHORT);
        json_number(&j, "clipscore", score_clipscore((double)cosines[i]), JSON_SHORT);
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end(&j, '}');
    putchar('\n');
}

/* The text of the line is embedded each time: one text costs far less than one picture. */
static int cosines_of(const struct scorer *s, const struct line *l, const struct ocelli_image *image, float *vectors,
                      float *cosines) {
    int status = ocelli_embed_images(s->handle, image, 1, vectors);
    if (status || !l->text) {
        if (!status) ocelli_tags_score(s->tags, vectors, NULL, cosines);
        return status;
    }
    float *text = vectors + s->dimensions;
    status = ocelli_embed_texts(s->handle, &l->text, 1, text);
    *cosines = 0;
    for (uint32_t i = 0; !status && i < s->dimensions; i++) *cosines += vectors[i] * text[i];
    return status;
}

/* A device that is lost or computes wrongly ends the server; a bad picture or text does not. */
static bool is_fatal(int status) {
    return status == OCELLI_ERR_DEVICE || status == OCELLI_ERR_LOST || status == OCELLI_ERR_WRONG;
}

static int answer(const struct scorer *s, struct line *l, float *vectors, float *cosines) {
    struct ocelli_image image = {0};
    int status = OCELLI_OK;
    if (!*l->fault) {
        log_hold(l->fault, sizeof l->fault);
        status = decode_file(&image, l->image, &s->rule);
        if (!status) status = cosines_of(s, l, &image, vectors, cosines);
        log_release();
    }
    ocelli_image_free(&image);
    if (*l->fault)
        put_error(l);
    else if (l->json)
        put_json(l, s, cosines, l->text ? 1 : s->set.count);
    else
        for (size_t i = 0; i < s->set.count; i++)
            printf("%.6g%c", (double)cosines[i], i + 1 < s->set.count ? ' ' : '\n');
    fflush(stdout);
    return is_fatal(status) ? log_fail(status, "%s", l->fault) : OCELLI_OK;
}

static const char *text_field(const cJSON *object, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void check(const struct scorer *s, struct line *l, int bad) {
    const char *fault = bad                               ? "line is over 65535 bytes, or has a byte 0"
                        : !l->image || !*l->image         ? "line names no picture"
                        : !l->text && !s->tags            ? "no text: give --text, or \"text\" in the line"
                        : l->text && !plain_utf8(l->text) ? "text is not UTF-8"
                                                          : "";
    snprintf(l->fault, sizeof l->fault, "%s", fault);
}

int score_serve(struct scorer *s) {
    size_t texts = s->set.count ? s->set.count : 1;
    char *text = malloc(LINE_MOST);
    float *vectors = calloc(2, s->dimensions * sizeof *vectors), *cosines = calloc(texts, sizeof *cosines);
    int status = text && vectors && cosines ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory"), bad;
    while (!status && !ferror(stdout) && (bad = read_line(text)) >= 0) {
        struct line l = {.image = text, .json = s->json || *text == '{'};
        cJSON *object = *text == '{' ? cJSON_ParseWithOpts(text, NULL, 1) : NULL;
        if (*text == '{') l.image = text_field(object, "image"), l.text = text_field(object, "text");
        check(s, &l, bad);
        if (*text == '{' && !object && !bad) snprintf(l.fault, sizeof l.fault, "line is not JSON");
        status = answer(s, &l, vectors, cosines);
        cJSON_Delete(object);
    }
    if (!status && ferror(stdin)) status = log_fail(OCELLI_ERR_FILE, "standard input: cannot be read");
    free(text);
    free(vectors);
    free(cosines);
    return status;
}
