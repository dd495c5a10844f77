/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/text_request.h"
#include "daemon/inner.h"
#include "daemon/notify.h"
#include "daemon/log_filter.h"
#include "daemon/state.h"
#include "daemon/surprises.h"
#include "memory/query.h"
#include "prep/decode.h"
#include "tag/prompt_lint.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { TICK_MS = 250, EDIT_TICK_MS = 25 };
enum { MEMORY_MS = 500, LINES_MS = 20, LOG_MS = 100, FAULT_MS = 5000 };

/* ---- opening ---- */

static char *chosen(const char *option, const char *of_ini) {
    return option ? strdup(option) : of_ini ? strdup(of_ini) : NULL;
}

static int read_config(struct daemon *daemon) {
    char *bytes;
    size_t size;
    int status = file_load(daemon->options.config, &bytes, &size);
    if (status) return status;
    sha256(bytes, size, daemon->seen);
    status = config_parse(&daemon->config, bytes, size, daemon->options.config);
    free(bytes);
    if (!status) config_play(&daemon->config, daemon->options.recording);
    if (!status) status = config_check_start(&daemon->config, daemon->options.model, NULL);
    if (status) return status;
    daemon->model = chosen(daemon->options.model, daemon->config.model);
    daemon->device = chosen(daemon->options.device, daemon->config.device);
    daemon->state = chosen(NULL, daemon->config.state);
    return daemon->model ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", daemon->options.config);
}

/* Of a model without a text tower. */
static int take_own_tags(struct daemon *l) {
    struct ocelli_info info;
    ocelli_get_info(l->inference.model, &info);
    int status = own_tags_init(&l->own, &info);
    return status ? status : own_tags_take(&l->own, &l->config, NULL, NULL);
}

static int open_inference(struct daemon *l) {
    struct ocelli_params params = {.model = l->model, .device = l->device, .kind = l->options.kind};
    params.threads = l->options.threads ? l->options.threads : (uint32_t)l->config.threads;
    struct vectors *vectors = NULL;
    struct prompt_lint lint = {.man = false};
    int status = l->options.silent ? OCELLI_OK : moderation_open(&l->moderation, l->config.policy);
    if (!status) status = inference_open(&l->inference, &params, &l->meter, &l->events);
    l->inference.moderation = l->moderation;
    if (l->moderation) moderation_get_status(l->moderation, &l->inference.moderated);
    if (!status) status = take_own_tags(l);
    prompt_lint_add_file(&lint, &l->config.tags);
    if (!status && !l->options.silent) prompt_lint_tell(&lint, l->options.config, l->inference.english_only);
    if (!status && !l->options.silent) config_start_surprises(&l->config);
    if (!status)
        status =
            model_vectors_create(&vectors, &l->config.tags, l->options.config, l->config.source.ignore_orientation);
    if (!status) status = inference_prepare(&l->inference, &vectors);
    vectors_destroy(&vectors);
    if (!status && l->inference.prepared) status = drift_create(&l->inference.drift);
    if (status || !l->state || !l->inference.prepared) return status;
    state_restore(l->inference.tagger, l->state);
    state_restore_drift(l->inference.drift, l->state);
    return status;
}

/* What is wrong with the history was said: the daemon watches without it. */
static void open_memory(struct daemon *l) {
    const struct daemon_config *c = &l->config;
    struct memory_model model = {.name = l->inference.name, .size = l->inference.size};
    struct memory_params params = {
        .path = c->memory_file, .budget = (uint64_t)(c->memory_budget * 1e6), .model = &model};
    memcpy(model.key, l->inference.key, sizeof model.key);
    if (c->memory_file && c->source.recording)
        log_warn("%s: the history is not written: it is of what was seen by the clock, and this is a recording",
                 l->options.config);
    if (!c->memory_file || c->source.recording || memory_open(&l->memory, &params)) return;
    l->inference.sampler =
        (struct history_sampler){.memory = l->memory, .every = c->memory_every, .thumbnails = c->memory_thumbnails > 0};
}

static int open_parts(struct daemon *l) {
    int status = read_config(l);
    if (!status) status = file_watch_init(&l->file_watch, l->options.config);
    if (!status) status = event_queue_init(&l->events);
    if (!status) status = program_tell_folder(&l->on_change, l->options.config);
    if (!status) status = line_writer_open(&l->out, STDOUT_FILENO, "standard output");
    if (!status && l->state) status = saver_open(&l->saver, l->state);
    if (!status) status = open_inference(l);
    if (!status) open_memory(l);
    return status ? status : capture_open(&l->capture, &l->config, &l->inference, &l->meter);
}

/* log_ms: how long the log's last lines may take to be written. */
static void close_all(struct daemon **daemon, int log_ms) {
    struct daemon *l = *daemon;
    capture_finish(&l->capture);
    memory_close(&l->memory, MEMORY_MS);
    own_tags_finish(&l->own);
    if (l->inference.meter) inference_finish(&l->inference);
    moderation_close(&l->moderation);
    file_watch_finish(&l->file_watch);
    if (l->events.ring) event_queue_finish(&l->events);
    on_change_finish(&l->on_change);
    line_writer_close(&l->out, LINES_MS); /* who does not read does not hold it up */
    saver_finish(&l->saver);
    config_finish(&l->config);
    signals_finish(&l->signals);
    meter_finish(&l->meter);
    fault_list_finish(&l->faults);
    pthread_mutex_destroy(&l->leaving);
    free(l->model);
    free(l->device);
    free(l->state);
    free(l);
    *daemon = NULL;
    log_filter_end(log_ms);
}

void daemon_close(struct daemon **daemon) {
    if (daemon && *daemon) close_all(daemon, LOG_MS);
}

int daemon_open(struct daemon **out, const struct daemon_options *options) {
    struct daemon *l = *out = calloc(1, sizeof *l);
    if (!l) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    l->options = *options;
    pthread_mutex_init(&l->leaving, NULL);
    l->file_watch.fd = l->events.fd = -1;
    meter_init(&l->meter);
    fault_list_init(&l->faults);
    int status = signals_init(&l->signals, end_leave,
                              l); /* before any thread, those of the Vulkan driver too: they have its mask */
    log_filter_begin(); /* behind it: its thread would hold signals back for a moment, and then let them through */
    if (!status) status = open_parts(l);
    if (status) /* why is in the log: on a busy machine its thread may not have run yet */
        close_all(out, signals_asked() ? LOG_MS : FAULT_MS);
    else
        signals_opened(&l->signals);
    return status;
}

int daemon_add_hook(struct daemon *daemon, const struct daemon_hook *hook) {
    if (daemon->hook_count == DAEMON_HOOKS) return log_fail(OCELLI_ERR_LIMIT, "more than %d transports", DAEMON_HOOKS);
    daemon->hooks[daemon->hook_count++] = *hook;
    return OCELLI_OK;
}

/* ---- running ---- */

static void publish(struct daemon *l, const struct daemon_event *e) {
    for (size_t i = 0; i < l->hook_count; i++) l->hooks[i].event(l->hooks[i].user, e);
    if (!l->options.silent) {
        if (!l->options.no_lines) line_writer_add(l->out, e->json);
        on_change_event(&l->on_change, l->config.on_change, e);
    }
    meter_count(&l->meter, METER_EVENTS, 1);
}

int daemon_take_events(struct daemon *daemon) {
    struct daemon_event e;
    while (event_take(&daemon->events, &e)) {
        publish(daemon, &e);
        meter_time(&daemon->meter, METER_EVENT, clock_ns(CLOCK_MONOTONIC) - e.captured_ns - e.gpu_ns);
    }
    return line_writer_status(daemon->out);
}

static void take_signal(struct daemon *l) {
    struct signalfd_siginfo info;
    while (read(l->signals.fd, &info, sizeof info) == (ssize_t)sizeof info) switch (info.ssi_signo) {
        case SIGTERM:
        case SIGINT: l->asked = true; break;
        case SIGHUP: reload(l); break;
        case SIGUSR1: housekeeping_status(l); break;
        default: break; /* a child: chores() looks */
        }
}

int daemon_wait(struct daemon *daemon) {
    struct pollfd p[3 + DAEMON_HOOKS] = {{.fd = daemon->signals.fd, .events = POLLIN},
                                         {.fd = daemon->events.fd, .events = POLLIN},
                                         {.fd = daemon->file_watch.fd, .events = POLLIN}};
    for (size_t i = 0; i < daemon->hook_count; i++)
        p[3 + i] = (struct pollfd){.fd = daemon->hooks[i].fd, .events = POLLIN};
    poll(p, 3 + daemon->hook_count, daemon->file_watch.changed || daemon->ending ? EDIT_TICK_MS : TICK_MS);
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (p[0].revents) take_signal(daemon);
    if (p[2].revents) file_watch_read(&daemon->file_watch, now);
    for (size_t i = 0; i < daemon->hook_count; i++)
        if (p[3 + i].revents && daemon->hooks[i].fd >= 0) daemon->hooks[i].readable(daemon->hooks[i].user);
    int status = daemon_take_events(daemon);
    housekeeping(daemon, now);
    return status;
}

/* The source's last picture is answered before the end. */
static bool over(struct daemon *l, int *status) {
    double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - l->started_ns) / 1e9;
    if (l->asked || (l->options.seconds > 0 && seconds >= l->options.seconds)) return true;
    return capture_ended(&l->capture, status) && inference_idle(&l->inference);
}

int daemon_run(struct daemon *daemon) {
    int status = OCELLI_OK, why = OCELLI_OK;
    daemon->asked = signals_asked(); /* while things were opened: the first picture would only hold up the end */
    if (!daemon->asked) status = capture_start(&daemon->capture);
    if (!daemon->asked && !status) status = inference_start(&daemon->inference);
    if (status) return end_run(daemon, status);
    daemon->started_ns = daemon->saved_ns = daemon->status_ns = clock_ns(CLOCK_MONOTONIC);
    notify_say("READY=1\nSTATUS=watching");
    while (!status && !over(daemon, &why)) status = daemon_wait(daemon);
    return end_run(daemon, status ? status : why);
}

bool daemon_stopped(const struct daemon *daemon) {
    return !daemon->stuck;
}

void daemon_tags(struct daemon *daemon, void (*each)(void *user, const struct tagger_status *tag), void *user) {
    inference_each(&daemon->inference, each, user);
}

static void read_memory(struct daemon *l, struct daemon_status *s) {
    struct memory_status memory = {0};
    if (l->memory) memory_get_status(l->memory, &memory);
    s->history_bytes = memory.bytes, s->history_kept = memory.kept, s->history_lost = memory.lost;
}

void daemon_get_status(struct daemon *daemon, struct daemon_status *status) {
    *status = (struct daemon_status){0};
    meter_read(&daemon->meter, status);
    capture_status(&daemon->capture, status);
    inference_status(&daemon->inference, status);
    status->events_lost = daemon->events.lost + line_writer_lost(daemon->out);
    read_memory(daemon, status);
    status->programs_ran = daemon->on_change.ran, status->programs_failed = daemon->on_change.failed;
}

void daemon_faults(struct daemon *daemon, void (*each)(void *user, const char *text), void *user) {
    fault_list_each(&daemon->faults, each, user);
}

void daemon_get_judged(struct daemon *daemon, struct daemon_status *status) {
    *status = (struct daemon_status){0};
    inference_judged(&daemon->inference, status);
}

bool daemon_view(struct daemon *daemon, struct daemon_status *status, uint64_t *changes,
                 void (*each)(void *user, const struct tagger_status *tag), void *user) {
    *status = (struct daemon_status){0};
    return inference_view(&daemon->inference, status, changes, each, user);
}

bool daemon_frame(struct daemon *daemon, struct frame *frame, uint8_t **bytes, bool *blurred) {
    return inference_frame(&daemon->inference, frame, bytes, blurred);
}

void daemon_pause(struct daemon *daemon, bool paused) {
    capture_pause(&daemon->capture, paused);
}

const struct own_tags *daemon_own_tags(const struct daemon *daemon) {
    return &daemon->own;
}

bool daemon_remembers(const struct daemon *daemon) {
    return daemon->memory != NULL;
}

/* Bytes for what a client sends, decoded; of a JPEG as many pixels as the model can use. */
#define PICTURE_BUDGET (UINT64_C(128) << 20)
enum { PICTURE_SCALE = 2 /* pixels of a side, times the model's */ };

static bool stopping(void *user) {
    const struct daemon *daemon = user;
    return daemon->ending;
}

static int embed_picture(struct daemon *daemon, const struct daemon_question *asked, float *vector) {
    struct decode_rule rule = {.budget = PICTURE_BUDGET,
                               .least_side = PICTURE_SCALE * daemon->inference.image_size,
                               .stopping = stopping,
                               .user = daemon};
    struct ocelli_image image;
    log_hold(asked->fault, LOG_LINE);
    int status = decode_memory(&image, asked->picture, asked->picture_size, "the picture", &rule);
    log_release();
    return status ? status : text_request_picture(&daemon->inference, &image, vector, asked->embed_timeout_ms);
}

struct asking {
    struct daemon *daemon;
    const struct daemon_question *asked;
};

static int embed_text(void *user, const char *text, float *vector) {
    const struct asking *a = user;
    return text_request(&a->daemon->inference, a->asked->templates, text, vector, a->asked->embed_timeout_ms);
}

int daemon_search(struct daemon *daemon, const struct daemon_question *asked, struct history_found *found) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + asked->timeout_ms * INT64_C(1000000);
    uint32_t size = daemon->inference.size;
    struct asking asking = {daemon, asked};
    struct history_question question;
    float *sum = calloc(2 * (size_t)size, sizeof *sum), *like = sum + size;
    if (!sum) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a search");
    struct ocelli_query query = {.texts = &asked->text,
                                 .text_count = *asked->text != 0,
                                 .embeddings = like,
                                 .embedding_count = asked->picture != NULL,
                                 .wanted = asked->wanted,
                                 .apart_ms = asked->apart_ms};
    int status = OCELLI_OK;
    if (asked->picture) *asked->fault = 0, status = embed_picture(daemon, asked, like);
    if (!status) status = query_resolve(&query, size, &(struct query_embedder){embed_text, &asking}, sum, &question);
    question.until_ns = until, question.stop = &daemon->ending;
    if (!status) status = memory_search(daemon->memory, &question, found);
    free(sum);
    return status;
}
