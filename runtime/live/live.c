/* SPDX-License-Identifier: Apache-2.0 */
#include "live/live.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "live/ask.h"
#include "live/inner.h"
#include "live/notify.h"
#include "live/quiet.h"
#include "live/state.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { TICK_MS = 250, EDIT_TICK_MS = 25 };
enum { MEMORY_MS = 500, LINES_MS = 20 };

/* ---- opening ---- */

static char *chosen(const char *option, const char *of_ini) {
    return option ? strdup(option) : of_ini ? strdup(of_ini) : NULL;
}

static int read_config(struct live *l) {
    char *bytes;
    size_t size;
    int status = file_load(l->options.config, &bytes, &size);
    if (status) return status;
    sha256(bytes, size, l->seen);
    status = config_parse(&l->config, bytes, size, l->options.config);
    free(bytes);
    if (!status) status = config_check_start(&l->config, l->options.model, NULL);
    if (status) return status;
    l->model = chosen(l->options.model, l->config.model);
    l->device = chosen(l->options.device, l->config.device);
    l->state = chosen(NULL, l->config.state);
    return l->model ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", l->options.config);
}

static int open_brain(struct live *l) {
    struct ocelli_params params = {.model = l->model, .device = l->device, .kind = l->options.kind};
    params.threads = l->options.threads ? l->options.threads : (uint32_t)l->config.threads;
    struct vectors *vectors = NULL;
    int status = vectors_create(&vectors, &l->config.tags, l->options.config, l->config.source.ignore_orientation);
    if (!status) status = brain_open(&l->brain, &params, &l->meter, &l->events);
    if (!status) status = brain_prepare(&l->brain, &vectors);
    vectors_destroy(&vectors);
    if (!status && l->state && l->brain.prepared) state_restore(l->brain.tagger, l->state);
    return status;
}

/* What is wrong with the history was said: the daemon watches without it. */
static void open_memory(struct live *l) {
    const struct live_config *c = &l->config;
    struct memory_model model = {.name = l->brain.name, .size = l->brain.size};
    struct memory_params params = {.path = c->memory_file, .budget = (uint64_t)(c->memory_budget * 1e6), .model = &model};
    memcpy(model.key, l->brain.key, sizeof model.key);
    if (!c->memory_file || memory_open(&l->memory, &params)) return;
    l->brain.keep = (struct keep){.memory = l->memory, .every = c->memory_every};
}

static int open_parts(struct live *l) {
    int status = read_config(l);
    if (!status) status = watch_init(&l->watch, l->options.config);
    if (!status) status = event_queue_init(&l->events);
    if (!status) status = program_tell_folder(&l->program, l->options.config);
    if (!status) status = lines_open(&l->out, STDOUT_FILENO, "standard output");
    if (!status && l->state) status = saver_open(&l->saver, l->state);
    if (!status) status = open_brain(l);
    if (!status) open_memory(l);
    return status ? status : eye_open(&l->eye, &l->config, &l->brain, &l->meter);
}

int live_open(struct live **out, const struct live_options *options) {
    struct live *l = *out = calloc(1, sizeof *l);
    if (!l) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    l->options = *options;
    pthread_mutex_init(&l->leaving, NULL);
    l->watch.fd = l->events.fd = -1;
    meter_init(&l->meter);
    int status =
        signals_init(&l->signals, end_leave, l); /* before any thread, those of the Vulkan driver too: they have its mask */
    quiet_begin(); /* behind it: its thread would hold signals back for a moment, and then let them through */
    if (!status) status = open_parts(l);
    if (status)
        live_close(out);
    else
        signals_opened(&l->signals);
    return status;
}

void live_close(struct live **live) {
    if (!live || !*live) return;
    struct live *l = *live;
    eye_finish(&l->eye);
    memory_close(&l->memory, MEMORY_MS);
    if (l->brain.meter) brain_finish(&l->brain);
    watch_finish(&l->watch);
    if (l->events.ring) event_queue_finish(&l->events);
    program_finish(&l->program);
    lines_close(&l->out, LINES_MS); /* who does not read does not hold it up */
    saver_finish(&l->saver);
    config_finish(&l->config);
    signals_finish(&l->signals);
    meter_finish(&l->meter);
    pthread_mutex_destroy(&l->leaving);
    free(l->model);
    free(l->device);
    free(l->state);
    free(l);
    *live = NULL;
    quiet_end();
}

int live_add_hook(struct live *l, const struct live_hook *hook) {
    if (l->hook_count == LIVE_HOOKS) return log_fail(OCELLI_ERR_LIMIT, "more than %d transports", LIVE_HOOKS);
    l->hooks[l->hook_count++] = *hook;
    return OCELLI_OK;
}

/* ---- running ---- */

static void publish(struct live *l, const struct live_event *e) {
    for (size_t i = 0; i < l->hook_count; i++) l->hooks[i].event(l->hooks[i].user, e);
    if (!l->options.silent) {
        if (!l->options.no_lines) lines_add(l->out, e->json);
        program_event(&l->program, l->config.on_change, e);
    }
    meter_count(&l->meter, METER_EVENTS, 1);
}

int live_take_events(struct live *l) {
    struct live_event e;
    while (event_take(&l->events, &e)) {
        publish(l, &e);
        meter_time(&l->meter, METER_EVENT, clock_ns(CLOCK_MONOTONIC) - e.captured_ns - e.gpu_ns);
    }
    return lines_status(l->out);
}

static void take_signal(struct live *l) {
    struct signalfd_siginfo info;
    while (read(l->signals.fd, &info, sizeof info) == (ssize_t)sizeof info) switch (info.ssi_signo) {
        case SIGTERM:
        case SIGINT: l->asked = true; break;
        case SIGHUP: reload(l); break;
        case SIGUSR1: chores_status(l); break;
        default: break; /* a child: chores() looks */
        }
}

int live_wait(struct live *l) {
    struct pollfd p[3 + LIVE_HOOKS] = {
        {.fd = l->signals.fd, .events = POLLIN}, {.fd = l->events.fd, .events = POLLIN}, {.fd = l->watch.fd, .events = POLLIN}};
    for (size_t i = 0; i < l->hook_count; i++) p[3 + i] = (struct pollfd){.fd = l->hooks[i].fd, .events = POLLIN};
    poll(p, 3 + l->hook_count, l->watch.changed || l->ending ? EDIT_TICK_MS : TICK_MS);
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (p[0].revents) take_signal(l);
    if (p[2].revents) watch_read(&l->watch, now);
    for (size_t i = 0; i < l->hook_count; i++)
        if (p[3 + i].revents && l->hooks[i].fd >= 0) l->hooks[i].readable(l->hooks[i].user);
    int status = live_take_events(l);
    chores(l, now);
    return status;
}

/* The source's last picture is answered before the end. */
static bool over(struct live *l, int *status) {
    double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - l->started_ns) / 1e9;
    if (l->asked || (l->options.seconds > 0 && seconds >= l->options.seconds)) return true;
    return eye_ended(&l->eye, status) && brain_idle(&l->brain);
}

int live_run(struct live *l) {
    int status = OCELLI_OK, why = OCELLI_OK;
    l->asked = signals_asked(); /* while things were opened: the first picture would only hold up the end */
    if (!l->asked) status = eye_start(&l->eye);
    if (!l->asked && !status) status = brain_start(&l->brain);
    if (status) return end_run(l, status);
    l->started_ns = l->saved_ns = l->status_ns = clock_ns(CLOCK_MONOTONIC);
    notify_say("READY=1\nSTATUS=watching");
    while (!status && !over(l, &why)) status = live_wait(l);
    return end_run(l, status ? status : why);
}

bool live_stopped(const struct live *l) {
    return !l->stuck;
}

void live_tags(struct live *l, void (*each)(void *user, const struct tagger_status *tag), void *user) {
    brain_each(&l->brain, each, user);
}

static void read_memory(struct live *l, struct live_status *s) {
    struct memory_status memory = {0};
    if (l->memory) memory_get_status(l->memory, &memory);
    s->history_bytes = memory.bytes, s->history_kept = memory.kept, s->history_lost = memory.lost;
}

void live_get_status(struct live *l, struct live_status *s) {
    *s = (struct live_status){0};
    meter_read(&l->meter, s);
    eye_status(&l->eye, s);
    brain_status(&l->brain, s);
    s->events_lost = l->events.lost + lines_lost(l->out);
    read_memory(l, s);
    s->programs_ran = l->program.ran, s->programs_failed = l->program.failed;
}

void live_get_judged(struct live *l, struct live_status *s) {
    *s = (struct live_status){0};
    brain_judged(&l->brain, s);
}

bool live_view(struct live *l, struct live_status *s, uint64_t *changes,
               void (*each)(void *user, const struct tagger_status *tag), void *user) {
    *s = (struct live_status){0};
    return brain_view(&l->brain, s, changes, each, user);
}

bool live_frame(struct live *l, struct frame *frame, uint8_t **bytes) {
    return brain_frame(&l->brain, frame, bytes);
}

bool live_remembers(const struct live *l) {
    return l->memory != NULL;
}

int live_search(struct live *l, const struct live_question *q, struct history_found *found) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + q->timeout_ms * INT64_C(1000000);
    float *vector = calloc(l->brain.size, sizeof *vector);
    if (!vector) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a text");
    struct history_question question = {
        .vector = vector, .wanted = q->wanted, .apart_ms = q->apart_ms, .until_ns = until, .stop = &l->ending};
    int status = ask_text(&l->brain, q->templates, q->text, vector, q->embed_timeout_ms);
    if (!status) status = memory_search(l->memory, &question, found);
    free(vector);
    return status;
}
