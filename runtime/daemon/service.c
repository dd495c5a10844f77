/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "daemon/service_change.h"
#include "daemon/service_check.h"
#include "daemon/fault_list.h"
#include "daemon/service_log.h"
#include "daemon/service_search.h"
#include "prep/encode_jpeg.h"
#include "serve/serve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 64, CLOSE_MS = 300, FAULTS = FAULT_LINES + FAULT_KINDS };

struct service {
    struct daemon *daemon;
    struct service_change *changes; /* of the ini */
    struct serve *serve;
    struct thread thread;
    /* the thread's own */
    struct daemon_status status; /* what view() and status() give points here and into `names` */
    struct arena names;
    struct tagger_status *tags;
    size_t tag_count, tag_capacity;
    uint64_t stamp; /* of the daemon, that they are as of; see daemon_view() */
    bool copying;   /* the first of them is copied already */
    const char *faults[FAULTS];
    size_t fault_count;
    struct arena fault_texts;
    uint8_t *jpeg; /* given last, of this picture */
    size_t jpeg_size;
    uint64_t jpeg_sequence;
    struct service_search searched;
    struct service_log log;

    pthread_mutex_t lock; /* of all below */
    bool stop;
    struct daemon_event events[EVENTS];
    size_t first, count;
};

/* ---- the tags ---- */

static const char *keep(struct service *b, const char *text) {
    return text ? arena_copy(&b->names, text, strlen(text)) : NULL;
}

static void forget_tags(struct service *b) {
    arena_finish(&b->names);
    b->tag_count = 0;
    b->copying = true;
}

/* Under the daemon's lock. A tag that finds no memory is left out. */
static void take_tag(void *user, const struct tagger_status *from) {
    struct service *b = user;
    if (!b->copying) forget_tags(b);
    if (b->tag_count == b->tag_capacity) {
        size_t capacity = b->tag_capacity ? 2 * b->tag_capacity : 16;
        struct tagger_status *grown = realloc(b->tags, capacity * sizeof *grown);
        if (!grown) return;
        b->tags = grown, b->tag_capacity = capacity;
    }
    struct tagger_status to = *from;
    to.tag = keep(b, from->tag), to.group = keep(b, from->group), to.why.runner_up = keep(b, from->why.runner_up);
    if (to.tag && (to.group || !from->group)) b->tags[b->tag_count++] = to;
}

/* serve counts frames from 1, so that 0 can be none. */
static void give(struct service *b, struct serve_view *v) {
    double age_ms = (double)(clock_ns(CLOCK_MONOTONIC) - b->status.captured_ns) / 1e6;
    *v = (struct serve_view){.seq = b->status.any ? b->status.sequence + 1 : 0,
                             .age_ms = b->status.any ? age_ms : (double)NAN,
                             .version = b->status.version,
                             .model = b->status.model};
}

static void view(void *user, struct serve_view *v) {
    struct service *b = user;
    daemon_get_judged(b->daemon, &b->status);
    give(b, v);
}

/* They are copied once for a picture, however many ask. */
static void tags(void *user, struct serve_view *v) {
    struct service *b = user;
    b->copying = false;
    if (daemon_view(b->daemon, &b->status, &b->stamp, take_tag, b) && !b->copying) forget_tags(b); /* there are none */
    give(b, v);
    v->tags = b->tags, v->count = b->tag_count, v->stamp = b->stamp;
}

/* ---- the file ---- */

static const struct tags_file *prompts(void *user, uint64_t *version) {
    struct service *b = user;
    return &service_change_config(b->changes, version)->tags; /* it was good when the service was opened */
}

static enum serve_code change(void *user, const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct service *b = user;
    if (!change->replayed || daemon_remembers(b->daemon)) return service_change(b->changes, change, message);
    snprintf(message, SERVE_MESSAGE, "%s", SERVE_NO_HISTORY);
    return SERVE_ABSENT;
}

/* In the thread of the changes. */
static enum serve_code replay(void *user, struct tags_file *tags, const char *path, const char *tag,
                              struct serve_replayed *replayed, char message[SERVE_MESSAGE]) {
    struct service *b = user;
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = daemon_replay(b->daemon, tags, path, tag, replayed);
    log_release();
    if (!status) return SERVE_OK;
    if (status == OCELLI_ERR_LOST || !why[0]) snprintf(why, sizeof why, "the model does not answer in time: ask again");
    if (status != OCELLI_ERR_LOST) log_error("%s", why);
    snprintf(message, SERVE_MESSAGE, "%.159s", why);
    return status == OCELLI_ERR_LIMIT || status == OCELLI_ERR_LOST ? SERVE_LIMIT : SERVE_FAILED;
}

static bool pending(void *user, uint64_t ticket) {
    struct service *b = user;
    return service_change_pending(b->changes, ticket);
}

/* A daemon_hook's. */
static void edited(void *user) {
    struct service *b = user;
    service_change_check(b->changes);
}

/* ---- the status ---- */

static size_t status(void *user, struct serve_field *fields) {
    struct service *b = user;
    struct daemon_status *s = &b->status;
    daemon_get_status(b->daemon, s);
    const struct serve_field all[] = {
        {"source", s->source_open ? "open" : "closed", 0},
        {"paused", s->paused ? "yes" : "no", 0},
        {"device", s->device_open ? "open" : "closed", 0},
        {"uptime_s", NULL, s->uptime_s},
        {"frames", NULL, (double)s->counts[METER_FRAMES]},
        {"dropped", NULL, (double)s->counts[METER_DROPPED]},
        {"still", NULL, (double)s->counts[METER_STILL]},
        {"pictures", NULL, (double)s->counts[METER_PICTURES]},
        {"pictures_per_s", NULL, s->pictures_per_s},
        {"events", NULL, (double)s->counts[METER_EVENTS]},
        {"edits", NULL, (double)s->counts[METER_EDITS]},
        {"edits_refused", NULL, (double)s->counts[METER_REFUSED]},
        {"gpu_ms", NULL, s->median_ms[METER_GPU]},
        {"beyond_gpu_ms", NULL, s->median_ms[METER_BEYOND]},
        {"frame_cpu_ms", NULL, s->median_ms[METER_CPU]},
        {"celsius", NULL, s->celsius},
        {"slowdown", NULL, s->slowdown},
        {"rss_bytes", NULL, (double)s->rss_bytes},
        {"gpu_bytes", NULL, (double)s->gpu_bytes},
        {"dma_bufs", NULL, s->dma_bufs},
        {"history_bytes", NULL, (double)s->history_bytes},
        {"history_kept", NULL, (double)s->history_kept},
        {"history_lost", NULL, (double)s->history_lost},
        {"tags", NULL, (double)s->tags},
        {"tags_on", NULL, (double)s->tags_on},
        {"tags_learning", NULL, (double)s->tags_learning},
        {"tags_drifted", NULL, (double)s->drift.drifted},
        {"drift", NULL, s->drift.largest},
    };
    const struct serve_field moderation[] = {
        {"policies", NULL, (double)s->moderation.policies},
        {"policies_on", NULL, (double)s->moderation.policies_on},
        {"verdict", s->moderation.verdict ? s->moderation.verdict : "none", 0},
        {"pictures_found", NULL, (double)s->moderation.found},
        {"pictures_abstained", NULL, (double)s->moderation.abstained},
        {"pictures_dropped", NULL, (double)s->moderation.dropped},
    };
    enum { ALL = sizeof all / sizeof all[0], MODERATION = sizeof moderation / sizeof moderation[0] };
    _Static_assert(ALL + MODERATION <= SERVE_FIELDS, "the fields have room");
    memcpy(fields, all, sizeof all);
    if (!s->moderation.policies) return ALL;
    memcpy(fields + ALL, moderation, sizeof moderation);
    return ALL + MODERATION;
}

static void pause_it(void *user, bool paused) {
    struct service *b = user;
    daemon_pause(b->daemon, paused);
}

/* Under the daemon's lock. One that finds no memory is left out. */
static void take_fault(void *user, const char *text) {
    struct service *b = user;
    const char *copy = b->fault_count < FAULTS ? arena_copy(&b->fault_texts, text, strlen(text)) : NULL;
    if (copy) b->faults[b->fault_count++] = copy;
}

static size_t faults(void *user, const char *const **texts) {
    struct service *b = user;
    arena_finish(&b->fault_texts);
    b->fault_count = 0;
    daemon_faults(b->daemon, take_fault, b);
    if (*serve_fault(b->serve)) take_fault(b, serve_fault(b->serve));
    *texts = b->faults;
    return b->fault_count;
}

static bool picture(void *user, const uint8_t **jpeg, size_t *size) {
    struct service *b = user;
    struct frame frame;
    uint8_t *bytes, *made;
    bool blurred;
    *jpeg = b->jpeg, *size = b->jpeg_size;
    if (b->jpeg && b->status.any && b->jpeg_sequence == b->status.sequence) return true;
    if (!daemon_frame(b->daemon, &frame, &bytes, &blurred)) return false;
    bool good = encode_jpeg_frame(&frame, JPEG_SIDE, blurred, &made, size);
    free(bytes);
    if (!good) return false;
    free(b->jpeg);
    *jpeg = b->jpeg = made, b->jpeg_size = *size, b->jpeg_sequence = b->status.any ? b->status.sequence : UINT64_MAX;
    return true;
}

static bool thumbnail(void *user, uint8_t **jpeg, size_t *size) {
    struct service *b = user;
    struct frame frame;
    uint8_t *bytes;
    bool blurred;
    if (!daemon_frame(b->daemon, &frame, &bytes, &blurred)) return false;
    bool good = encode_jpeg_frame(&frame, JPEG_SMALL, blurred, jpeg, size);
    free(bytes);
    return good;
}

static size_t log_lines(void *user, const char *const **lines) {
    struct service *b = user;
    return service_log_get(&b->log, lines);
}

static enum serve_code search(void *user, const struct serve_query *query, bool others, struct serve_found *found,
                              char message[SERVE_MESSAGE]) {
    struct service *b = user;
    uint64_t version;
    const struct tags_file *tags = prompts(b, &version);
    return service_search(&b->searched, &tags->templates, query, others, found, message);
}

static bool searching(void *user) {
    const struct service *b = user;
    return service_searching(&b->searched);
}

/* The threads of searches and changes. */
static void ended(void *user) {
    struct service *b = user;
    serve_wake(b->serve);
}

/* ---- the thread ---- */

/* A daemon_hook's: in the daemon's own thread. The oldest goes when nobody takes it in time. */
static void put_event(void *user, const struct daemon_event *event) {
    struct service *b = user;
    pthread_mutex_lock(&b->lock);
    if (b->count == EVENTS) b->first = (b->first + 1) % EVENTS, b->count--;
    b->events[(b->first + b->count++) % EVENTS] = *event;
    pthread_mutex_unlock(&b->lock);
    serve_wake(b->serve);
}

/* false: none. *stop: the service is to be closed. */
static bool take_event(struct service *b, struct daemon_event *event, bool *stop) {
    pthread_mutex_lock(&b->lock);
    bool any = b->count > 0;
    if (any) {
        *event = b->events[b->first];
        b->first = (b->first + 1) % EVENTS, b->count--;
    }
    *stop = b->stop;
    pthread_mutex_unlock(&b->lock);
    return any;
}

static const char *or_null(const char *text) {
    return *text ? text : NULL;
}

static void push(struct service *b, const struct daemon_event *e) {
    struct tagger_event event = {.tag = or_null(e->tag),
                                 .group = or_null(e->group),
                                 .policy = or_null(e->policy),
                                 .action = e->action,
                                 .verdict = e->verdict,
                                 .state = e->state,
                                 .why = e->why,
                                 .edited = e->edited,
                                 .version = e->version,
                                 .model = e->model,
                                 .sequence = e->frame + 1,
                                 .time_ms = e->captured_ns / 1000000};
    event.why.runner_up = or_null(e->runner_up);
    serve_push(b->serve, &event, 1);
}

/* The stop is looked at right before each wait: who sets it wakes the wait after that. */
static void *answer(void *user) {
    struct service *b = user;
    struct daemon_event event;
    bool stop = false;
    for (;;) {
        while (take_event(b, &event, &stop))
            push(b, &event), serve_poll(b->serve, 0); /* each one is passed on: serve keeps few */
        if (stop) return NULL;
        serve_poll(b->serve, -1);
    }
}

/* ---- opening ---- */

static int port(double of_ini) {
    return of_ini > 0 ? (int)of_ini : SERVE_NO_PORT;
}

static int open_serve(struct service *service, const struct daemon_config *config) {
    struct serve_callbacks table = {.user = service,
                                    .view = view,
                                    .tags = tags,
                                    .prompts = prompts,
                                    .change = change,
                                    .pending = pending,
                                    .status = status,
                                    .faults = faults,
                                    .pause = pause_it,
                                    .frame = picture,
                                    .thumbnail = thumbnail,
                                    .log = log_lines};
    struct serve_mqtt mqtt = service_mqtt(config);
    if (daemon_remembers(service->daemon)) table.search = search, table.searching = searching;
    struct serve_params params = {.callbacks = &table,
                                  .udp_port = port(config->udp),
                                  .coap_port = port(config->coap),
                                  .coaps_port = port(config->coaps),
                                  .address = config->address,
                                  .serial = {config->serial},
                                  .psk_file = config->psk,
                                  .web = service_web(config),
                                  .mqtt = config->mqtt_host ? &mqtt : NULL,
                                  .rate = config->requests > 0 ? config->requests : -1,
                                  .burst = 2 * config->requests};
    int status = service_check_reach(config, &params.reach);
    if (!status) status = service_check_coaps(config);
    return status ? status : serve_open(&service->serve, &params);
}

/* A change whose disk does not answer keeps what is its own: it leaves the file as it is, and ends with the program. */
static void destroy(struct service *b) {
    service_change_close(&b->changes, CLOSE_MS);
    serve_close(&b->serve);
    service_log_finish(&b->log);
    arena_finish(&b->names);
    arena_finish(&b->fault_texts);
    pthread_mutex_destroy(&b->lock);
    free(b->tags);
    free(b->jpeg);
    free(b);
}

/* A daemon_hook's. */
static void drop_output(void *user) {
    struct service *b = user;
    serve_drop_output(b->serve);
}

int service_open(struct service **out, struct daemon *daemon, const char *path) {
    *out = NULL;
    struct service *b = calloc(1, sizeof *b);
    if (!b) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    b->daemon = daemon;
    service_search_init(&b->searched, daemon, ended, b);
    pthread_mutex_init(&b->lock, NULL);
    service_log_init(&b->log);
    uint64_t version;
    int status = service_change_open(&b->changes, path, daemon_own_tags(daemon), ended, b);
    if (!status) service_change_set_replay(b->changes, replay);
    const struct daemon_config *config = status ? NULL : service_change_config(b->changes, &version);
    bool wanted = config && service_wanted(config);
    if (wanted) status = open_serve(b, config);
    struct daemon_hook hook = {.user = b, .fd = -1, .event = put_event, .leave = drop_output, .edited = edited};
    if (wanted && !status) status = daemon_add_hook(daemon, &hook);
    if (wanted && !status && thread_start(&b->thread, answer, b, false))
        status = log_fail(OCELLI_ERR_MEMORY, "no thread to answer requests");
    if (wanted && !status)
        *out = b;
    else
        daemon_remove_hooks(daemon), destroy(b);
    return status;
}

static int left_ms(int64_t until) {
    int64_t left = (until - clock_ns(CLOCK_MONOTONIC)) / 1000000;
    return left > 0 ? (int)left : 0;
}

bool service_close(struct service **service, int timeout_ms) {
    struct service *b = *service;
    int64_t until = clock_in(timeout_ms);
    if (!b) return true;
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_mutex_unlock(&b->lock);
    serve_wake(b->serve);
    if (!thread_join(&b->thread, until)) return false;
    if (!service_change_close(&b->changes, left_ms(until))) return false;
    if (!service_search_finish(&b->searched, left_ms(until))) return false;
    daemon_remove_hooks(b->daemon);
    destroy(b);
    *service = NULL;
    return true;
}
