/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/client/answer.h"
#include "base/log.h"
#include "ocelli/common/local_time.h"
#include "ocelli/common/plain.h"

#include <cjson/cJSON.h>
#include <ocelli.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int letters(const char *text) {
    int count = 0;
    for (; *text; text++) count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* At least so many letters wide. */
static void print_padded(const char *text, int width) {
    plain_text(stdout, text);
    width -= letters(text);
    if (width > 0) printf("%*s", width, "");
}

static void print_value(const cJSON *v) {
    if (cJSON_IsString(v))
        plain_text(stdout, v->valuestring);
    else if (cJSON_IsNumber(v))
        printf("%.10g", v->valuedouble);
    else
        fputs(cJSON_IsTrue(v) ? "yes" : cJSON_IsFalse(v) ? "no" : "-", stdout);
}

static void print_time(double since_1970) {
    bool sane = since_1970 >= 0 && since_1970 < 1e12; /* the board may say anything */
    time_t seconds = sane ? (time_t)since_1970 : 0;
    char text[LOCAL_DATE];
    local_date(seconds, text);
    fputs(text, stdout);
}

/* A column of a table; list of texts: parted by " | ". Texts are `wide`, 0: as they are. */
static void print_cell(const cJSON *value, const char *key, int wide) {
    const cJSON *one;
    if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(one, value) {
            print_value(one);
            if (one->next) fputs(" | ", stdout);
        }
    } else if (!value)
        print_padded("-", wide);
    else if (cJSON_IsString(value))
        print_padded(value->valuestring, wide);
    else if (cJSON_IsNumber(value) && !strcmp(key, "time"))
        print_time(value->valuedouble);
    else if (cJSON_IsNumber(value))
        printf("%8.3f", value->valuedouble);
    else
        printf("%8s", "-");
}

/* tag: letters of the longest name. */
static void print_row(const cJSON *row, int tag) {
    static const char *const columns[] = {"time",       "tag",   "state",     "score", "margin", "cosine",
                                          "percentile", "group", "threshold", "tags",  "values"};
    bool first = true;
    if (!cJSON_IsObject(row)) {
        print_value(row);
        putchar('\n');
        return;
    }
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(row, columns[i]);
        bool place = !strcmp(columns[i], "group") && cJSON_HasObjectItem(row, "threshold"); /* which stands behind it */
        if (!v && !place) continue;
        if (!first) putchar(' ');
        bool last = !strcmp(columns[i], "threshold");
        print_cell(v, columns[i], !strcmp(columns[i], "tag") ? tag : last ? 0 : 9);
        first = false;
    }
    putchar('\n');
}

/* Letters of the longest name in the tables of an answer. */
static int longest_tag(const cJSON *answer) {
    const cJSON *rows, *row;
    int most = 0;
    cJSON_ArrayForEach(rows, answer) cJSON_ArrayForEach(row, rows) {
        const cJSON *tag = cJSON_GetObjectItem(row, "tag");
        if (cJSON_IsString(tag) && letters(tag->valuestring) > most) most = letters(tag->valuestring);
    }
    return most;
}

/* Above the states of tags, for people alone: a program counts columns. */
static void print_heads(const cJSON *rows, int tag) {
    if (!isatty(STDOUT_FILENO) || !cJSON_HasObjectItem(rows->child, "percentile")) return;
    print_padded("TAG", tag);
    puts(" STATE        SCORE   MARGIN   COSINE  PERCENT GROUP     RULE");
}

static bool hidden(const char *key) {
    static const char *const keys[] = {"id", "ok", "next", "count"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!strcmp(keys[i], key)) return true;
    return false;
}

static bool has_rows(const cJSON *answer) {
    const cJSON *v;
    cJSON_ArrayForEach(v, answer) if (cJSON_IsArray(v)) return true;
    return false;
}

static void print_field(const cJSON *v) {
    bool time = !strcmp(v->string, "since") || !strcmp(v->string, "until");
    print_padded(v->string, 20);
    putchar(' ');
    if (time && cJSON_IsNumber(v))
        print_time(v->valuedouble);
    else
        print_value(v);
    putchar('\n');
}

/* Of these the rows stand below the fields, with a name before each; other tables stand alone: the frame's number and
 * age are for --json. */
static const struct {
    const char *field, *rows, *name;
} below[] = {{"faults", "faults", "fault"}, {"turned_on", "changes", "change"}};
enum { BELOW = sizeof below / sizeof below[0] };

static size_t kind_of(const cJSON *answer) {
    size_t kind = 0;
    while (kind < BELOW && !cJSON_HasObjectItem(answer, below[kind].field)) kind++;
    return kind;
}

static void print_rows(const cJSON *rows, const char *name, int tag) {
    const cJSON *row;
    cJSON_ArrayForEach(row, rows) {
        if (name) print_padded(name, 21);
        print_row(row, tag);
    }
}

/* Other lists of such an answer, as the 60 minutes of a replay, are for --json. */
static void print_page(const cJSON *answer, bool first, int tag) {
    const cJSON *v;
    size_t kind = kind_of(answer);
    bool fields = kind < BELOW ? first : !has_rows(answer);
    cJSON_ArrayForEach(v, answer) {
        if (fields && !cJSON_IsArray(v) && !hidden(v->string)) print_field(v);
        if (!cJSON_IsArray(v) || kind < BELOW) continue;
        if (first) print_heads(v, tag);
        print_rows(v, NULL, tag);
    }
    if (kind < BELOW) print_rows(cJSON_GetObjectItem(answer, below[kind].rows), below[kind].name, tag);
}

int answer_print(char *const *pages, size_t count) {
    cJSON *all = cJSON_CreateArray();
    const cJSON *page;
    int status = all ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory"), tag = strlen("TAG");
    for (size_t i = 0; !status && i < count; i++) {
        cJSON *answer = cJSON_Parse(pages[i]);
        int longest = longest_tag(answer);
        if (!cJSON_AddItemToArray(all, answer))
            status = log_fail(OCELLI_ERR_FILE, "the answer is not JSON: is it ocelli that answers?");
        tag = longest > tag ? longest : tag;
    }
    cJSON_ArrayForEach(page, all) if (!status) print_page(page, page == all->child, tag);
    cJSON_Delete(all);
    return status;
}

int answer_print_push(const char *json) {
    cJSON *push = cJSON_Parse(json);
    const cJSON *kind = cJSON_GetObjectItem(push, "push"), *tag = cJSON_GetObjectItem(push, "tag");
    const cJSON *group = cJSON_GetObjectItem(push, "group"), *state = cJSON_GetObjectItem(push, "state");
    const cJSON *score = cJSON_GetObjectItem(push, "score");
    char clock[LOCAL_CLOCK];
    if (!push) return log_fail(OCELLI_ERR_FILE, "what came is not JSON: is it ocelli that answers?");
    if (cJSON_IsString(kind) && !strcmp(kind->valuestring, "change") && cJSON_IsString(state)) {
        local_clock(clock);
        printf("%s ", clock);
        print_padded(state->valuestring, 9);
        putchar(' ');
        plain_text(stdout, cJSON_IsString(tag) ? tag->valuestring : cJSON_IsString(group) ? group->valuestring : "");
        if (cJSON_IsNumber(score)) printf(" %.2f", score->valuedouble);
        putchar('\n');
    }
    cJSON_Delete(push);
    return OCELLI_OK;
}
