/* SPDX-License-Identifier: Apache-2.0
 * ocelli password: makes the file that `password` of [web] names. */
#include "base/file.h"
#include "base/log.h"
#include "ocelli/options.h"
#include "serve/password.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { TYPED = PASSWORD_MOST + 2 };

/* ---- a line that nobody sees ---- */

/* Without its end. false: there is none, it is too long, or `interrupt` (0: none) was typed. */
static bool read_line(char text[TYPED], char interrupt) {
    size_t size = 0;
    char c;
    ssize_t got;
    while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && size < TYPED - 1) {
        if (interrupt && c == interrupt) return false;
        text[size++] = c;
    }
    if (size && text[size - 1] == '\r') size--;
    text[size] = 0;
    return (got == 1 && c == '\n') || (got == 0 && size);
}

/* Signals wait until the terminal is as it was: else a shell would be left without echo. */
static bool read_hidden(const char *prompt, char text[TYPED]) {
    struct termios before, quiet;
    sigset_t all, old;
    if (tcgetattr(STDIN_FILENO, &before)) return read_line(text, 0);
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_cc[VEOL] = before.c_cc[VINTR]; /* so that it is read at once */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fputs(prompt, stderr);
    bool good = read_line(text, (char)before.c_cc[VINTR]);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    sigprocmask(SIG_SETMASK, &old, NULL);
    fputc('\n', stderr);
    return good;
}

static int ask(char text[TYPED]) {
    char again[TYPED] = "";
    if (!read_hidden("Password: ", text)) return log_fail(OCELLI_ERR_USAGE, "no password: nothing was changed");
    if (strlen(text) < PASSWORD_LEAST || strlen(text) > PASSWORD_MOST)
        return log_fail(OCELLI_ERR_USAGE, "a password has %d to %d bytes: nothing was changed", PASSWORD_LEAST,
                        PASSWORD_MOST);
    bool same = !isatty(STDIN_FILENO) || (read_hidden("Once more: ", again) && !strcmp(text, again));
    explicit_bzero(again, sizeof again);
    return same ? OCELLI_OK : log_fail(OCELLI_ERR_USAGE, "these are two: nothing was changed");
}

/* ---- the file ---- */

/* A file that stood there hands on its mode, which may have been wrong. */
static int save(const struct password *password, const char *path) {
    char line[PASSWORD_LINE];
    struct stat st;
    password_write(password, line);
    if (!stat(path, &st) && S_ISREG(st.st_mode) && chmod(path, 0600))
        return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    umask(077);
    return file_save(path, line, strlen(line));
}

static int make(const char *path) {
    char text[TYPED];
    struct password password;
    int status = ask(text);
    if (!status) status = password_make(&password, text, strlen(text));
    explicit_bzero(text, sizeof text);
    return status ? status : save(&password, path);
}

static int run(int argc, char **argv) {
    static const struct option table[] = {{"help", no_argument, NULL, 'h'}, {0}};
    struct options o = {.command = &command_password};
    if (options_next(&o, argc, argv, ":h", table) == OPTIONS_STOP) return o.exit_code;
    if (optind + 1 != argc) return options_usage(&o, optind == argc ? "no FILE" : "one FILE");
    if (options_file(&o, "FILE", argv[optind])) return EXIT_USAGE;
    return options_exit_code(make(argv[optind]));
}

const struct command command_password = {
    .name = "password",
    .summary = "set the password of the web page",
    .usage = "ocelli password FILE",
    .help = "Asks for a password twice, or reads it as a line from standard input, and writes its scrypt\n"
            "hash to FILE, which its owner alone may read. `password = FILE` under [web] of the ini\n"
            "switches it on at the daemon's next start. The user that runs the daemon has to own FILE.\n\n"
            "Options:\n"
            "  -h, --help            this text\n\n"
            "Example:\n"
            "  ocelli password web-password\n",
    .run = run,
};
