/* SPDX-License-Identifier: Apache-2.0 */
#include "live/program.h"
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

enum { VARIABLES = 16, VARIABLE = 256, POLL_US = 5000 };

/* The event's variables, and of those that there are the others: of two of a name some shells take the last. */
struct variables {
    char text[VARIABLES][VARIABLE];
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
    for (size_t i = 0; i < v->count; i++)
        if (!strncmp(v->text[i], inherited, name)) return true;
    return v->folder && !strncmp(v->folder, inherited, name);
}

static int join(struct variables *v) {
    size_t inherited = 0, at = v->count;
    while (environ[inherited]) inherited++;
    v->all = calloc(v->count + inherited + 2, sizeof *v->all);
    if (!v->all) return log_fail(OCELLI_ERR_MEMORY, "on_change: out of memory");
    for (size_t i = 0; i < v->count; i++) v->all[i] = v->text[i];
    if (v->folder) v->all[at++] = (char *)v->folder;
    for (size_t i = 0; i < inherited; i++)
        if (!is_ours(v, environ[i])) v->all[at++] = environ[i];
    return OCELLI_OK;
}

static int variables_make(struct variables *v, const struct live_event *e) {
    char number[32];
    const char *threshold = event_threshold(e->why.threshold);
    v->count = 0;
    add(v, "EVENT", event_state(e->state));
    add(v, "TAG", e->tag);
    add(v, "GROUP", e->group);
    add(v, "REASON", event_reason(e));
    add_number(v, "SCORE", e->why.score);
    add_number(v, "MARGIN", e->why.margin);
    add(v, "THRESHOLD", threshold ? threshold : "");
    add_number(v, "COSINE", e->why.cosine);
    add_number(v, "PERCENTILE", e->why.percentile);
    add(v, "RUNNER_UP", e->runner_up);
    add(v, "MODEL", e->model);
    add(v, "TIME", e->time);
    snprintf(number, sizeof number, "%llu", (unsigned long long)e->frame);
    add(v, "FRAME", number);
    return join(v);
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

static void start(struct program *p, const char *command, const struct live_event *e) {
    struct variables v = {.folder = p->folder};
    pid_t pid = 0;
    if (variables_make(&v, e)) return;
    int input = pipe_with(e->json), failed = input < 0 ? errno : spawn(&pid, command, input, v.all);
    p->pid = failed ? 0 : pid;
    if (failed) {
        p->failed++;
        log_error("on_change: cannot run \"%s\": %s", command, strerror(failed));
    } else {
        p->ran++;
        p->started = clock_ns(CLOCK_MONOTONIC);
    }
    if (input >= 0) close(input);
    free(v.all);
}

/* The group is killed while its first process still holds the number, which nobody else can have got by then. */
static void reap(struct program *p, bool whole_group) {
    siginfo_t ended = {.si_pid = 0};
    int status;
    if (!p->pid || waitid(P_PID, (id_t)p->pid, &ended, WEXITED | WNOHANG | WNOWAIT) || ended.si_pid != p->pid) return;
    if (whole_group) kill(-p->pid, SIGKILL);
    if (waitpid(p->pid, &status, WNOHANG) != p->pid) return;
    p->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    p->failed++;
    if (whole_group) return; /* it was ended by us */
    if (WIFSIGNALED(status))
        log_warn("on_change: the command was ended by signal %d", WTERMSIG(status));
    else
        log_warn("on_change: the command ended with exit code %d", WEXITSTATUS(status));
}

void program_step(struct program *p, const char *command) {
    reap(p, false);
    if (p->pid && clock_ns(CLOCK_MONOTONIC) - p->started > PROGRAM_SECONDS * INT64_C(1000000000)) {
        log_warn("on_change: the command runs for over %d s: killed", PROGRAM_SECONDS);
        kill(-p->pid, SIGKILL);
        p->started = INT64_MAX / 2; /* once */
    }
    while (!p->pid && p->count) {
        size_t next = p->first;
        p->first = (p->first + 1) % PROGRAM_WAITING, p->count--;
        if (command) start(p, command, &p->waiting[next]);
    }
}

int program_tell_folder(struct program *p, const char *ini) {
    char *folder = file_folder(ini), *whole = folder ? realpath(folder, NULL) : NULL;
    int made = asprintf(&p->folder, "OCELLI_FOLDER=%s", whole ? whole : folder ? folder : "");
    if (made < 0) p->folder = NULL;
    int status = made < 0 || !folder ? log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", ini) : OCELLI_OK;
    free(whole);
    free(folder);
    return status;
}

void program_event(struct program *p, const char *command, const struct live_event *event) {
    if (!command) return;
    if (!p->waiting) p->waiting = calloc(PROGRAM_WAITING, sizeof *p->waiting);
    if (!p->waiting) {
        log_error("on_change: out of memory");
        return;
    }
    if (p->count == PROGRAM_WAITING) {
        p->first = (p->first + 1) % PROGRAM_WAITING, p->count--;
        p->lost++;
        log_warn("on_change: events come faster than the command takes them: the oldest are lost");
    }
    p->waiting[(p->first + p->count++) % PROGRAM_WAITING] = *event;
    program_step(p, command);
}

bool program_idle(const struct program *p) {
    return !p->pid && !p->count;
}

void program_stop(struct program *p, int64_t term_ns, int64_t kill_ns) {
    bool asked = false;
    p->count = 0;
    for (;;) {
        reap(p, asked);
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (!p->pid || now >= kill_ns) break;
        if (!asked && now >= term_ns) asked = true, kill(-p->pid, SIGTERM), kill(-p->pid, SIGCONT);
        usleep(POLL_US);
    }
    if (!p->pid) return;
    log_warn("on_change: the command does not end: killed");
    program_kill(p);
    for (int tries = 0; p->pid && tries < 10; tries++) usleep(POLL_US), reap(p, true);
}

void program_kill(const struct program *p) {
    pid_t pid = p->pid;
    if (pid > 0) kill(-pid, SIGKILL);
}

void program_finish(struct program *p) {
    free(p->waiting);
    free(p->folder);
    *p = (struct program){0};
}
