/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/local_time.h"
#include "ocelli/common/plain.h"
#include "ocelli/library/search.h"
#include "text/json.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show_json(const struct search_hit *hit) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_number(&j, "time", hit->time, 13);
    json_number(&j, "score", hit->score, JSON_SHORT);
    json_text(&j, "tags", hit->tags ? hit->tags : "");
    if (hit->path) json_text(&j, "path", hit->path);
    if (hit->board) json_text(&j, "board", hit->board);
    json_end(&j, '}');
    putchar('\n');
}

static void show(const struct search_hit *hit) {
    char text[LOCAL_DATE];
    local_date((time_t)floor(hit->time), text);
    printf("%s  %6.3f  ", text, hit->score);
    if (hit->board) {
        plain_text(stdout, hit->board);
        fputs("  ", stdout);
    }
    plain_text(stdout, hit->path ? hit->path : hit->tags ? hit->tags : "");
    putchar('\n');
}

void search_show(const struct search_answer *answer, bool json) {
    for (size_t i = 0; i < answer->count; i++) (json ? show_json : show)(&answer->hits[i]);
}

/* ---- a time ---- */

static bool ago(const char *text, int64_t *time_ms) {
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    char *end;
    if (!isdigit((unsigned char)*text)) return false;
    unsigned long number = strtoul(text, &end, 10);
    for (size_t i = 0; number < 1000000 && i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name)) continue;
        *time_ms = ((int64_t)time(NULL) - (int64_t)number * units[i].seconds) * 1000;
        return true;
    }
    return false;
}

/* strptime() takes " 3" for the year 3, mktime() the 30th of February for the 1st or 2nd of March. */
static bool is_date(const char *text, const struct tm *given) {
    struct tm tm = *given;
    for (int i = 0; i < 4; i++)
        if (!isdigit((unsigned char)text[i])) return false;
    mktime(&tm);
    return tm.tm_mday == given->tm_mday && tm.tm_mon == given->tm_mon;
}

bool search_since(const char *text, int64_t *time_ms) {
    static const char *const forms[] = {
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%Y-%m", "%Y"};
    if (ago(text, time_ms)) return true;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {.tm_mday = 1, .tm_isdst = -1};
        const char *end = strptime(text, forms[i], &tm);
        if (!end || *end || !is_date(text, &tm)) continue;
        *time_ms = (int64_t)mktime(&tm) * 1000;
        *time_ms += !*time_ms; /* 0 is no limit */
        return true;
    }
    return false;
}
