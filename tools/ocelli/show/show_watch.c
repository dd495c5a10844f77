/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/show/show_watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "ocelli/common/local_time.h"
#include "ocelli/client/pages.h"
#include "ocelli/show/screen.h"
#include "ocelli/common/terminal.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between two questions for the tags, at least: a slow line is asked for half of its time. REFUSED: after a "no",
 * "busy" say. */
enum { TAGS_MS = 500, STATUS_MS = 2000, REFUSED_MS = 2000, CLOSE_MS = 1000 };

/* A board counts no more; another program may tell any number, or none. */
enum { ITEMS_MOST = 1000000000 };

/* A name and its place in the board's file. */
struct place {
    char name[SHOW_NAME];
    size_t at;
};

struct show_watch {
    struct client *follows, *asks; /* of a board that follows apart two, else one */
    struct client second;
    struct screen *screen;
    struct show_table table; /* that is made of answers */
    struct show_rate rate;
    double version; /* of the prompts that `places` are of; NAN: none */
    struct place *places;
    size_t place_count, place_capacity;
    struct show_tag *got; /* tags of an answer, in its order */
    size_t got_count, got_capacity;
    double status_ms;
    char said[SHOW_NOTE]; /* the last line of the log */
    atomic_int quits;

    pthread_mutex_t lock; /* of all below */
    struct show_table latest;
};

/* ---- JSON ---- */

static double number(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

static const char *text(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(value) ? value->valuestring : "";
}

/* Asks for all pages and gives each array item of them to `take`; and the first page to `head`, which may be NULL. */
static int each(struct show_watch *w, const char *verb, void (*head)(struct show_watch *w, const cJSON *answer),
                int (*take)(struct show_watch *w, const cJSON *item)) {
    const char *words[3] = {verb};
    const cJSON *item;
    struct pages pages;
    int status = pages_fetch(&pages, w->asks, words, 1);
    for (size_t i = 0; !status && i < pages.count; i++) {
        cJSON *answer = cJSON_Parse(pages.texts[i]);
        if (i == 0 && head) head(w, answer);
        cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer, "tags")) if (!status && take) status =
            take(w, item);
        cJSON_Delete(answer);
    }
    pages_finish(&pages);
    return status;
}

/* Room for one more of `size` bytes. Errors: MEMORY. */
static int reserve(void **items, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) return OCELLI_OK;
    size_t more = *capacity ? 2 * *capacity : 32;
    void *grown = realloc(*items, more * size);
    if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the board's tags");
    *items = grown, *capacity = more;
    return OCELLI_OK;
}

/* ---- the order of the file ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

static int take_place(struct show_watch *w, const cJSON *item) {
    void *places = w->places;
    int status = reserve(&places, &w->place_capacity, w->place_count, sizeof *w->places);
    w->places = places;
    if (status) return status;
    struct place *place = &w->places[w->place_count];
    snprintf(place->name, sizeof place->name, "%s", text(item, "tag"));
    place->at = w->place_count++;
    return OCELLI_OK;
}

/* Of a board that does not tell, the tags stand in the order of their names. */
static int take_places(struct show_watch *w) {
    w->place_count = 0;
    int status = each(w, "prompts", NULL, take_place);
    if (status == OCELLI_ERR_FILE) w->place_count = 0, status = OCELLI_OK;
    if (w->place_count) qsort(w->places, w->place_count, sizeof *w->places, by_name);
    return status;
}

static size_t place_of(const struct show_watch *w, const char *name) {
    struct place wanted;
    snprintf(wanted.name, sizeof wanted.name, "%s", name);
    const struct place *found =
        w->place_count ? bsearch(&wanted, w->places, w->place_count, sizeof wanted, by_name) : NULL;
    return found ? found->at : SIZE_MAX;
}

static int by_place(const void *a, const void *b, void *user) {
    const struct show_tag *x = a, *y = b;
    size_t place_x = place_of(user, x->name), place_y = place_of(user, y->name);
    if (place_x != place_y) return place_x < place_y ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* ---- the tags ---- */

static enum show_threshold threshold_of(const cJSON *item) {
    static const struct {
        const char *word;
        enum show_threshold threshold;
    } words[] = {{"fixed", SHOW_FIXED}, {"learnt", SHOW_LEARNT}, {"starter", SHOW_STARTER}};
    if (!strcmp(text(item, "state"), "learning")) return SHOW_NONE;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(text(item, "threshold"), words[i].word)) return words[i].threshold;
    return SHOW_UNKNOWN; /* an older board */
}

static int take_tag(struct show_watch *w, const cJSON *item) {
    void *got = w->got;
    int status = reserve(&got, &w->got_capacity, w->got_count, sizeof *w->got);
    w->got = got;
    if (status) return status;
    struct show_tag *tag = &w->got[w->got_count++];
    *tag = (struct show_tag){.on = !strcmp(text(item, "state"), "on"),
                             .threshold = threshold_of(item),
                             .score = number(item, "score"),
                             .margin = number(item, "margin"),
                             .on_from = number(item, "on"),
                             .learnt = number(item, "learnt")};
    snprintf(tag->name, sizeof tag->name, "%s", text(item, "tag"));
    snprintf(tag->group, sizeof tag->group, "%s", text(item, "group"));
    return OCELLI_OK;
}

static void take_head(struct show_watch *w, const cJSON *answer) {
    double version = number(answer, "version");
    w->table.any = number(answer, "seq") > 0;
    if (isless(version, w->version) || isgreater(version, w->version) || isnan(w->version)) w->place_count = SIZE_MAX;
    w->version = version;
}

static int fill_table(struct show_watch *w) {
    if (w->got_count) qsort_r(w->got, w->got_count, sizeof *w->got, by_place, w);
    for (size_t i = 0; i < w->got_count; i++) {
        struct show_tag *tag = show_put(&w->table, i, w->got[i].name);
        if (!tag) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the board's tags");
        double low = tag->low, high = tag->high;
        *tag = w->got[i];
        tag->low = low, tag->high = high;
        show_range(tag);
    }
    w->table.count = w->got_count;
    return OCELLI_OK;
}

static int take_tags(struct show_watch *w) {
    w->got_count = 0;
    int status = each(w, "tags", take_head, take_tag);
    if (!status && w->place_count == SIZE_MAX) status = take_places(w);
    return status ? status : fill_table(w);
}

/* ---- the status ---- */

static void take_fields(struct show_watch *w, const cJSON *answer) {
    struct show_table *table = &w->table;
    table->uptime_s = number(answer, "uptime_s");
    table->device_ms = number(answer, "gpu_ms");
    table->pictures_per_s = show_rate(&w->rate, number(answer, "pictures"), clock_ms() / 1000);
    if (isnan(table->pictures_per_s)) table->pictures_per_s = number(answer, "pictures_per_s");
    double tags = number(answer, "tags"), on = number(answer, "tags_on");
    char counts[64] = "";
    if (tags >= 0 && on >= 0 && tags < ITEMS_MOST && on < ITEMS_MOST)
        snprintf(counts, sizeof counts, "  %.0f tags, %.0f on", tags, on);
    snprintf(table->details, sizeof table->details, "%s  source %s, device %s%s", text(answer, "model"),
             text(answer, "source"), text(answer, "device"), counts);
}

static int take_status(struct show_watch *w) {
    if (clock_ms() - w->status_ms < STATUS_MS) return OCELLI_OK;
    w->status_ms = clock_ms();
    return each(w, "status", take_fields, NULL);
}

static int refresh(struct show_watch *w) {
    int status = take_tags(w);
    if (!status) status = take_status(w);
    pthread_mutex_lock(&w->lock);
    if (!status && !show_copy(&w->latest, &w->table)) status = OCELLI_ERR_MEMORY;
    pthread_mutex_unlock(&w->lock);
    return status == OCELLI_ERR_MEMORY ? log_fail(status, "out of memory for the board's tags") : status;
}

/* ---- pushes ---- */

static void take_push(struct show_watch *w, const char *json) {
    cJSON *push = cJSON_Parse(json);
    struct show_event event = {.score = number(push, "score")};
    local_clock(event.time);
    const char *tag = text(push, "tag");
    snprintf(event.state, sizeof event.state, "%s", text(push, "state"));
    snprintf(event.name, sizeof event.name, "%s", *tag ? tag : text(push, "group"));
    if (!*tag) event.score = (double)NAN;
    if (!strcmp(text(push, "push"), "change")) screen_event(w->screen, &event);
    cJSON_Delete(push);
}

/* Until then, or until it is to end. */
static int take_pushes(struct show_watch *w, double until_ms) {
    const char *json = NULL;
    int status = OCELLI_OK;
    double left;
    while (!status && !w->quits && (left = until_ms - clock_ms()) >= 1) {
        status = w->follows->kind->next(w->follows, (int)fmin(left, TAGS_MS), &json);
        if (!status && json) take_push(w, json);
    }
    return status;
}

/* ---- the screen ---- */

/* A screen_feed's. */
static void fill(void *user, struct show_table *table) {
    struct show_watch *w = user;
    pthread_mutex_lock(&w->lock);
    show_copy(table, &w->latest);
    pthread_mutex_unlock(&w->lock);
}

/* Who presses q again does not wait for a board that is gone. */
static void quit(void *user) {
    struct show_watch *w = user;
    if (++w->quits < 2) return;
    terminal_leave();
    _exit(EXIT_SUCCESS);
}

static void say(void *user, enum ocelli_log_level level, const char *message) {
    struct show_watch *w = user;
    char line[SHOW_NOTE];
    snprintf(line, sizeof line, "ocelli: %s%s", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
    if (!strcmp(line, w->said)) return; /* a board that is busy for a while */
    memcpy(w->said, line, sizeof line);
    if (!screen_note(w->screen, line)) fprintf(stderr, "%s\n", line);
}

/* ---- all of it ---- */

static int follow(struct show_watch *w) {
    int status = OCELLI_OK;
    while (!status && !w->quits) {
        double began = clock_ms();
        status = refresh(w);
        double took = clock_ms() - began;
        double pause = status == OCELLI_ERR_FILE ? REFUSED_MS : fmax(took, TAGS_MS);
        if (!status || status == OCELLI_ERR_FILE) status = take_pushes(w, clock_ms() + pause);
    }
    return status;
}

static int show(struct show_watch *w) {
    struct screen_feed feed = {.user = w, .fill = fill, .quit = quit};
    int status = screen_open(&w->screen, &feed);
    if (status) return status;
    ocelli_set_log(say, w);
    status = follow(w);
    int lost = screen_lost(w->screen);
    bool closed = screen_close(&w->screen, CLOSE_MS);
    ocelli_set_log(NULL, NULL);
    if (!closed) _exit(status ? EXIT_FAILURE : EXIT_SUCCESS); /* the terminal stalls */
    return status ? status : screen_tell_lost(lost);
}

static int begin(struct show_watch *w, struct client *c) {
    int status = OCELLI_OK;
    w->follows = w->asks = c;
    if (c->kind->apart) {
        w->asks = &w->second;
        status = client_open(&w->second, c->uri, c->keys);
    }
    if (!status) status = c->kind->watch(c);
    return status ? status : refresh(w); /* what is wrong is said before the terminal is taken */
}

int show_watch(struct client *client) {
    struct show_watch *w = calloc(1, sizeof *w);
    if (!w) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    pthread_mutex_init(&w->lock, NULL);
    w->version = (double)NAN;
    w->status_ms = -STATUS_MS;
    snprintf(w->table.title, sizeof w->table.title, "ocelli watch %s", client->uri);
    int status = begin(w, client);
    if (!status) status = show(w);
    client_close(&w->second);
    show_finish(&w->table);
    show_finish(&w->latest);
    pthread_mutex_destroy(&w->lock);
    free(w->places);
    free(w->got);
    free(w);
    return status;
}
