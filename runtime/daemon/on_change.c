/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/on_change.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file_place.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { VARIABLES = 20, VARIABLE = 256, POLL_US = 5000 };

/* The event's variables, and of those that there are the others: of two of a name some shells take the last. */
struct variables {
    char text[VARIABLES][VARIABLE], file[EVENT_FILE + sizeof "OCELLI_FILE="];
    size_t count;
    const char *folder; /* one more, which may be longer; NULL: none */
    char **all;         /* free() */
};

static void add(struct variables *v, const char *name, const char *value) {
    snprintf(v->text[v->count++], VARIABLE, "OCELLI_%s=%s", name, value);
}

static void add_number(struct variables *v, const char *name, float value) {
    char text[32] = "";
    if (isfinite(value)) snprintf(text, sizeof text, "%.6g", (double)value);
    add(v, name, text);
}

static bool is_ours(const struct variables *v, const char *inherited) {
    size_t name = strcspn(inherited, "=") + 1; /* with it */
    if (!strncmp(v->file, inherited, name)) return true;
    for (size_t i = 0; i < v->count; i++)
        if (!strncmp(v->text[i], inherited, name)) return true;
    return v->folder && !strncmp(v->folder, inherited, name);
}

static int join(struct variables *v) {
    size_t inherited = 0, at = v->count;
    while (environ[inherited]) inherited++;
    v->all = calloc(v->count + inherited + 3, sizeof *v->all);
    if (!v->all) return log_fail(OCELLI_ERR_MEMORY, "on_change: out of memory");
    for (size_t i = 0; i < v->count; i++) v->all[i] = v->text[i];
    v->all[at++] = v->file;
    if (v->folder) v->all[at++] = (char *)v->folder;
    for (size_t i = 0; i < inherited; i++)
        if (!is_ours(v, environ[i])) v->all[at++] = environ[i];
    return OCELLI_OK;
}

static int variables_make(struct variables *variables, const struct daemon_event *event) {
    char number[32];
    const char *threshold = event_threshold(event->why.threshold);
    variables->count = 0;
    add(variables, "EVENT", *event->policy ? EVENT_MODERATION : event_state(event->state));
    add(variables, "POLICY", event->policy);
    add(variables, "FOUND", !*event->policy ? "" : event->state == TAGGER_ON ? "yes" : "no");
    add(variables, "ACTION", *event->policy ? event->action : "");
    add(variables, "VERDICT", event->verdict ? event->verdict : "");
    add(variables, "TAG", event->tag);
    add(variables, "GROUP", event->group);
    add(variables, "REASON", event_reason(event));
    add_number(variables, "SCORE", event->why.score);
    add_number(variables, "MARGIN", event->why.margin);
    add(variables, "THRESHOLD", threshold ? threshold : "");
    add_number(variables, "COSINE", event->why.cosine);
    add_number(variables, "PERCENTILE", event->why.percentile);
    add(variables, "RUNNER_UP", event->runner_up);
    add(variables, "MODEL", event->model);
    add(variables, "TIME", event->time);
    snprintf(number, sizeof number, "%llu", (unsigned long long)event->frame);
    add(variables, "FRAME", number);
    snprintf(number, sizeof number, "%lld", (long long)(event->position_ns / 1000000));
    add(variables, "POSITION_MS", event->position_ns < 0 ? "" : number);
    snprintf(variables->file, sizeof variables->file, "OCELLI_FILE=%s", event->file);
    return join(variables);
}

/* A line of JSON is less than a pipe holds, so that writing it needs no reader. */
static int pipe_with(const char *text) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    (void)!write(ends[1], text, strlen(text));
    close(ends[1]);
    return ends[0];
}

/* glibc closes them in the child, so that nothing is missed that another thread opens meanwhile. */
static void inherit_nothing(posix_spawn_file_actions_t *files) {
    descriptors_close_on_exec();
#if defined __GLIBC_PREREQ && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
#else
    (void)files;
#endif
}

/* In a process group of its own, to be killed with its children; signals as a program expects to find them. */
static int spawn(pid_t *pid, const char *command, int input, char **variables) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO); /* standard output is the events' */
    inherit_nothing(&files);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    char *const words[] = {"sh", "-c", (char *)command, NULL};
    int failed = posix_spawn(pid, "/bin/sh", &files, &attributes, words, variables);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

static void start(struct on_change *on_change, const char *command, const struct daemon_event *event) {
    struct variables v = {.folder = on_change->folder};
    pid_t pid = 0;
    if (variables_make(&v, event)) return;
    int input = pipe_with(event->json), failed = input < 0 ? errno : spawn(&pid, command, input, v.all);
    on_change->pid = failed ? 0 : pid;
    if (failed) {
        on_change->failed++;
        snprintf(on_change->fault, ON_CHANGE_FAULT, "on_change: the command cannot be run: %s", strerror(failed));
        log_error("on_change: cannot run \"%s\": %s", command, strerror(failed));
    } else {
        on_change->ran++;
        on_change->started = clock_ns(CLOCK_MONOTONIC);
    }
    if (input >= 0) close(input);
    free(v.all);
}

/* The shell's exit codes of a command that it could not run. */
static void tell_fault(struct on_change *p, int code) {
    snprintf(p->fault, ON_CHANGE_FAULT, "%s",
             code == 127   ? "on_change: the shell does not find the command: correct it in the ini"
             : code == 126 ? "on_change: the command cannot be run: is it executable?"
                           : "");
}

/* The group is killed while its first process still holds the number, which nobody else can have got by then. */
static void reap(struct on_change *p, bool whole_group) {
    siginfo_t ended = {.si_pid = 0};
    int status;
    if (!p->pid || waitid(P_PID, (id_t)p->pid, &ended, WEXITED | WNOHANG | WNOWAIT) || ended.si_pid != p->pid) return;
    if (whole_group) kill(-p->pid, SIGKILL);
    if (waitpid(p->pid, &status, WNOHANG) != p->pid) return;
    p->pid = 0;
    tell_fault(p, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    p->failed++;
    if (whole_group) return; /* it was ended by us */
    if (WIFSIGNALED(status))
        log_warn("on_change: the command was ended by signal %d", WTERMSIG(status));
    else
        log_warn("on_change: the command ended with exit code %d", WEXITSTATUS(status));
}

void on_change_step(struct on_change *on_change, const char *command) {
    reap(on_change, false);
    if (on_change->pid && clock_ns(CLOCK_MONOTONIC) - on_change->started > ON_CHANGE_SECONDS * INT64_C(1000000000)) {
        log_warn("on_change: the command runs for over %d s: killed", ON_CHANGE_SECONDS);
        kill(-on_change->pid, SIGKILL);
        on_change->started = INT64_MAX / 2; /* once */
    }
    while (!on_change->pid && on_change->count) {
        size_t next = on_change->first;
        on_change->first = (on_change->first + 1) % ON_CHANGE_WAITING, on_change->count--;
        if (command) start(on_change, command, &on_change->waiting[next]);
    }
}

int program_tell_folder(struct on_change *on_change, const char *ini) {
    char *folder = file_folder(ini), *whole = folder ? realpath(folder, NULL) : NULL;
    int made = asprintf(&on_change->folder, "OCELLI_FOLDER=%s", whole ? whole : folder ? folder : "");
    if (made < 0) on_change->folder = NULL;
    int status = made < 0 || !folder ? log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", ini) : OCELLI_OK;
    free(whole);
    free(folder);
    return status;
}

void on_change_event(struct on_change *on_change, const char *command, const struct daemon_event *event) {
    if (!command) return;
    if (!on_change->waiting) on_change->waiting = calloc(ON_CHANGE_WAITING, sizeof *on_change->waiting);
    if (!on_change->waiting) {
        log_error("on_change: out of memory");
        return;
    }
    if (on_change->count == ON_CHANGE_WAITING) {
        on_change->first = (on_change->first + 1) % ON_CHANGE_WAITING, on_change->count--;
        on_change->lost++;
        log_warn("on_change: events come faster than the command takes them: the oldest are lost");
    }
    on_change->waiting[(on_change->first + on_change->count++) % ON_CHANGE_WAITING] = *event;
    on_change_step(on_change, command);
}

bool on_change_idle(const struct on_change *on_change) {
    return !on_change->pid && !on_change->count;
}

void on_change_stop(struct on_change *on_change, int64_t term_ns, int64_t kill_ns) {
    bool asked = false;
    on_change->count = 0;
    for (;;) {
        reap(on_change, asked);
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (!on_change->pid || now >= kill_ns) break;
        if (!asked && now >= term_ns) asked = true, kill(-on_change->pid, SIGTERM), kill(-on_change->pid, SIGCONT);
        usleep(POLL_US);
    }
    if (!on_change->pid) return;
    log_warn("on_change: the command does not end: killed");
    on_change_kill(on_change);
    for (int tries = 0; on_change->pid && tries < 10; tries++) usleep(POLL_US), reap(on_change, true);
}

void on_change_kill(const struct on_change *on_change) {
    pid_t pid = on_change->pid;
    if (pid > 0) kill(-pid, SIGKILL);
}

void on_change_finish(struct on_change *on_change) {
    free(on_change->waiting);
    free(on_change->folder);
    *on_change = (struct on_change){0};
}
