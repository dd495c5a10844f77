/* SPDX-License-Identifier: Apache-2.0
 * The daemon: an ini, frames, a model, tags, and the readers of their states. docs/run.md tells what it does.
 * Thread-safety: the calling thread opens, runs and closes it; daemon_tags(), daemon_get_status() and daemon_faults()
 * may be called by any. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/frame.h"
#include "daemon/event.h"
#include "daemon/meter.h"
#include "memory/history.h"
#include "tag/prompts.h"
#include "tag/tags_file.h"

#include <ocelli.h>

struct daemon;

/* A text, a picture or both: what they have in common is looked for. */
struct daemon_question {
    const char *text;                     /* "": none */
    const struct prompts_list *templates; /* may be an empty list */
    const uint8_t *picture;               /* (picture_size): a file's bytes; NULL: none */
    size_t picture_size;
    char *fault; /* (LOG_LINE): gets what is wrong with the picture, which is not logged; "": nothing */
    size_t wanted;
    int64_t apart_ms;                 /* as in memory/best.h */
    int embed_timeout_ms, timeout_ms; /* until the model has embedded it; for all of it */
};

/* Zero means default. */
struct daemon_options {
    const char *config;         /* path of the ini; required */
    const char *model, *device; /* instead of the ini's */
    const char *recording;      /* a source to be played as a recording, instead of the ini's */
    uint32_t threads;           /* the same; 0: not given */
    enum ocelli_kind kind;
    double seconds; /* to run for; 0: until asked to stop */
    bool silent;    /* nothing on standard output, no on_change: only learn */
    bool no_lines;  /* nothing on standard output */
};

/* A transport (runtime/serve) hands these over. The thread of daemon_run() calls them, and they must not hold it up. */
struct daemon_hook {
    void *user;
    int fd;                       /* polled for reading; -1: none */
    void (*readable)(void *user); /* may be NULL without fd */
    void (*event)(void *user, const struct daemon_event *event);
    void (*leave)(void *user);  /* any thread, right before _exit(): must wait for nobody; may be NULL */
    void (*edited)(void *user); /* the ini has other bytes than before; NULL: nobody wants to know */
};

/* Reads the ini, opens model and source, makes the vectors, restores what was learnt. From here on the signals that
 * daemon_run() answers are held back, for the calling thread and those it makes. A signal to stop ends the process
 * within a second (daemon/signals.h). On error *out is NULL. Errors: those of file_load() and config_parse(),
 * ocelli_open(), source_open() and of the vectors. */
int daemon_open(struct daemon **out, const struct daemon_options *options);

/* Errors: LIMIT (more than 8). Before daemon_run(). The hook is copied. */
int daemon_add_hook(struct daemon *daemon, const struct daemon_hook *hook);
/* Takes back one of them, by its user; when this returns, its leave() is not under way. After daemon_run(). */
void daemon_remove_hook(struct daemon *daemon, const void *user);
/* After daemon_run(), before what they belong to goes. */
void daemon_remove_hooks(struct daemon *daemon);

/* Runs until SIGTERM, SIGINT, the end of the source or of the time. SIGHUP reads the ini again, SIGUSR1 writes a
 * status. Errors: what ended the source, FILE (the reader of standard output is gone), MEMORY. */
int daemon_run(struct daemon *daemon);

/* false: after daemon_run() the device, the source or the disk still does not answer. Only daemon_leave() is left: what
 * it holds cannot be freed. */
bool daemon_stopped(const struct daemon *daemon);
/* After daemon_run(): milliseconds that are left for what is still to be closed. All of the end has one limit. */
int daemon_left_ms(struct daemon *daemon);
/* Ends the process at once. It only removes the files that were being written, and kills a command that runs. */
void daemon_leave(struct daemon *daemon, int code) __attribute__((noreturn));

/* Stops, frees and sets *daemon to NULL. Accepts NULL and a pointer to NULL. */
void daemon_close(struct daemon **daemon);

/* Each tag as it is now, in the order of the ini; under a lock: be short, call nothing of this header. */
void daemon_tags(struct daemon *daemon, void (*each)(void *user, const struct tagger_status *tag), void *user);
void daemon_get_status(struct daemon *daemon, struct daemon_status *status);
/* What is wrong now and lasts, a text each; under a lock: be short, call nothing of this header. */
void daemon_faults(struct daemon *daemon, void (*each)(void *user, const char *text), void *user);
/* The part of it that each request needs: the last picture, the version and the model's name. It is cheap and never
 * held up. */
void daemon_get_judged(struct daemon *daemon, struct daemon_status *status);
/* The same with daemon_tags(), all of one picture. Tags are not given when *changes (0 at first) tells that they are
 * those of the call before: false then. */
bool daemon_view(struct daemon *daemon, struct daemon_status *status, uint64_t *changes,
                 void (*each)(void *user, const struct tagger_status *tag), void *user);
/* No more pictures are looked at until this is called with false. Any thread. */
void daemon_pause(struct daemon *daemon, bool paused);
/* A copy of the newest frame that was looked at; free(*bytes). *blurred: it may be shown only so. false: none yet, one
 * that is not to be shown, or no memory. Any thread. */
bool daemon_frame(struct daemon *daemon, struct frame *frame, uint8_t **bytes, bool *blurred);

/* Of the model; as long as the daemon. Any thread. */
struct own_tags;
const struct own_tags *daemon_own_tags(const struct daemon *daemon);

/* Is there a history, as [memory] of the ini asks? */
bool daemon_remembers(const struct daemon *daemon);
/* Looks through it, the newest pictures first, as far as the time goes. Any thread.
 * Errors: LOST (the model does not answer in time; not said), USAGE (the text), LIMIT (the model has no text tower, and
 * no vector of the text), FILE (the history), MEMORY; with a `fault` those of decode_memory(). */
int daemon_search(struct daemon *daemon, const struct daemon_question *question, struct history_found *found);

/* How the last hour would have been judged with these tags, of which `tag` is told. Takes the tags: *tags is empty
 * then, on error too. `path`: of their file, as model_vectors_create() has it. Takes seconds. Any thread, one call at a
 * time. Errors: LOST (the model does not answer in time, or the daemon ends; not said), those of vectors_create(),
 * vectors_step() and vectors_set(), FILE (the history), MEMORY. */
struct serve_replayed;
int daemon_replay(struct daemon *daemon, struct tags_file *tags, const char *path, const char *tag,
                  struct serve_replayed *replayed);

#endif
