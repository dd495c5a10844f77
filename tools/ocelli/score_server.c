/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/score.h"
#include "base/log.h"
#include "ocelli/common/plain.h"
#include "text/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 65536, TEXTS_KEPT = 32 };

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

/* The last texts of lines and their vectors: a generator asks of one text again and again. */
struct texts {
    char *text[TEXTS_KEPT]; /* NULL: free */
    float *vectors;         /* (TEXTS_KEPT, D) */
    size_t next;            /* goes when another comes */
};

static void texts_finish(struct texts *t) {
    for (size_t i = 0; i < TEXTS_KEPT; i++) free(t->text[i]);
    free(t->vectors);
}

static int text_vector(const struct scorer *s, struct texts *t, const char *text, const float **vector) {
    for (size_t i = 0; i < TEXTS_KEPT; i++)
        if (t->text[i] && !strcmp(t->text[i], text)) {
            *vector = t->vectors + i * s->dimensions;
            return OCELLI_OK;
        }
    float *to = t->vectors + t->next * s->dimensions;
    free(t->text[t->next]);
    t->text[t->next] = NULL;
    int status = ocelli_embed_texts(s->handle, &text, 1, to);
    if (status) return status;
    t->text[t->next] = strdup(text);
    if (!t->text[t->next]) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    t->next = (t->next + 1) % TEXTS_KEPT;
    *vector = to;
    return OCELLI_OK;
}

static int cosines_of(const struct scorer *s, struct texts *texts, const struct line *l,
                      const struct ocelli_image *image, float *vector, float *cosines) {
    const float *text = NULL;
    int status = ocelli_embed_images(s->handle, image, 1, vector);
    if (status || !l->text) {
        if (!status) ocelli_tags_score(s->tags, vector, NULL, cosines);
        return status;
    }
    status = text_vector(s, texts, l->text, &text);
    *cosines = 0;
    for (uint32_t i = 0; !status && i < s->dimensions; i++) *cosines += vector[i] * text[i];
    return status;
}

/* A device that is lost or computes wrongly ends the server; a bad picture or text does not. */
static bool is_fatal(int status) {
    return status == OCELLI_ERR_DEVICE || status == OCELLI_ERR_LOST || status == OCELLI_ERR_WRONG;
}

static int answer(const struct scorer *s, struct texts *texts, struct line *l, float *vector, float *cosines) {
    struct ocelli_image image = {0};
    int status = OCELLI_OK;
    if (!*l->fault) {
        log_hold(l->fault, sizeof l->fault);
        status = decode_file(&image, l->image, &s->rule);
        if (!status) status = cosines_of(s, texts, l, &image, vector, cosines);
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
    float *vector = calloc(1, s->dimensions * sizeof *vector), *cosines = calloc(texts, sizeof *cosines);
    struct texts kept = {.vectors = calloc(TEXTS_KEPT, s->dimensions * sizeof *kept.vectors)};
    int status = text && vector && cosines && kept.vectors ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory"),
        bad;
    while (!status && !ferror(stdout) && (bad = read_line(text)) >= 0) {
        struct line l = {.image = text, .json = s->json || *text == '{'};
        cJSON *object = *text == '{' ? cJSON_ParseWithOpts(text, NULL, 1) : NULL;
        if (*text == '{') l.image = text_field(object, "image"), l.text = text_field(object, "text");
        check(s, &l, bad);
        if (*text == '{' && !object && !bad) snprintf(l.fault, sizeof l.fault, "line is not JSON");
        status = answer(s, &kept, &l, vector, cosines);
        cJSON_Delete(object);
    }
    if (!status && ferror(stdin)) status = log_fail(OCELLI_ERR_FILE, "standard input: cannot be read");
    free(text);
    free(vector);
    free(cosines);
    texts_finish(&kept);
    return status;
}
