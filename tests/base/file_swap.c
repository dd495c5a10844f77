/* SPDX-License-Identifier: Apache-2.0
 * A file that others save while we change it. SWAP_SAVES: how many saves (500). */
#include "base/file_swap.h"
#include "base/file.h"
#include "base/sha256.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder, path[256];
static mode_t seen; /* rights of what lay beside the file while it was written */

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    snprintf(path, sizeof path, "%s/ocelli.ini", folder);
    checkpoint_put(folder, "ocelli.ini", "old", 3);
    listen();
    seen = 0;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    umount2(folder, MNT_DETACH);
    checkpoint_remove(folder);
    return 0;
}

static int names(void) {
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static void holds(const char *text) {
    char *bytes;
    size_t size;
    assert_int_equal(file_load(path, &bytes, &size), OCELLI_OK);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
    free(bytes);
}

static bool look(void *user) {
    struct stat st;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".tmp") && !fstatat(dirfd(d), e->d_name, &st, 0)) seen |= st.st_mode & 0777;
    closedir(d);
    return !user;
}

static bool swap(const char *name, const char *old, const char *text, void *no) {
    bool changed;
    struct file_swap s = {name, old, strlen(old), text, strlen(text), look, no};
    assert_int_equal(file_swap(&s, &changed), OCELLI_OK);
    return !changed;
}

static void swapped(void **state) {
    (void)state;
    assert_true(swap(path, "old", "new", NULL));
    holds("new");
    assert_false(swap(path, "old", "newer", NULL));  /* it has changed */
    assert_false(swap(path, "new", "newer", &seen)); /* not wanted any more */
    holds("new");
    assert_int_equal(names(), 1);
    assert_int_equal(heard.lines, 0);
}

/* Owner, rights and access list stay; nobody reads what is private, not even while it is written. */
static void kept(void **state) {
    (void)state;
    static const mode_t modes[] = {0600, 0640, 0644, 0400, 04750};
    struct stat st;
    bool root = !geteuid();
    for (size_t i = 0; i < 5; i++) {
        const char *texts[] = {"old", "new"};
        if (root) assert_int_equal(chown(path, 1234, 4321), 0);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_true(swap(path, texts[i % 2], texts[(i + 1) % 2], NULL));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, modes[i]);
        if (root) assert_true(st.st_uid == 1234 && st.st_gid == 4321);
        assert_int_equal(seen & 0077 & ~modes[i], 0);
    }
}

/* One who may not give the file away does not give its group's rights to another group. */
static void another_owner(void **state) {
    (void)state;
    int code;
    if (geteuid()) skip();
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(chown(path, 0, 4321), 0);
    assert_int_equal(chmod(path, 0664), 0);
    pid_t child = fork();
    if (!child) {
        struct file_swap s = {path, "old", 3, "new", 3, NULL, NULL};
        bool changed, good = !setgid(1111) && !setuid(1111) && !file_swap(&s, &changed) && !changed;
        _exit(!good);
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(code == 0 && st.st_uid == 1111 && st.st_gid == 1111);
    assert_int_equal(st.st_mode & 07777, 0644);
    holds("new");
}

static void links(void **state) {
    (void)state;
    char real[256], name[256], to[64];
    snprintf(real, sizeof real, "%s/real", folder);
    assert_int_equal(mkdir(real, 0777), 0);
    snprintf(real, sizeof real, "%s/real/it", folder);
    assert_int_equal(rename(path, real), 0);
    assert_int_equal(symlink("second", path), 0);
    snprintf(name, sizeof name, "%s/second", folder);
    assert_int_equal(symlink("real/it", name), 0);
    assert_true(swap(path, "old", "new", NULL));
    holds("new");
    assert_int_equal(readlink(path, to, sizeof to), 6);
    assert_int_equal(readlink(name, to, sizeof to), 7);
    assert_int_equal(names(), 3);
    assert_int_equal(unlink(real), 0); /* cleans up what a fixture does not */
    assert_int_equal(symlink("it", real), 0);
    struct file_swap s = {path, "old", 3, "new", 3, NULL, NULL};
    bool changed;
    assert_int_equal(file_swap(&s, &changed), OCELLI_ERR_FILE);
    assert_non_null(strstr(heard.text, "cannot follow this link: Too many levels"));
    unlink(real);
}

/* Not under one who is at it, and not into a folder where that cannot be. */
static void being_written(void **state) {
    (void)state;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_false(swap(path, "old", "new", NULL));
    assert_int_equal(write(fd, "OLD", 3), 3);
    close(fd);
    holds("OLD");
    assert_true(swap(path, "OLD", "new", NULL));
}

static void faults(void **state) {
    (void)state;
    struct file_swap s = {path, "old", 3, "new", 3, NULL, NULL};
    bool changed;
    unlink(path);
    assert_int_equal(file_swap(&s, &changed), OCELLI_OK);
    assert_true(changed); /* an editor has moved it away */
    if (mount("ocelli", folder, "tmpfs", MS_RDONLY, "size=64k")) skip();
    assert_int_equal(file_swap(&s, &changed), OCELLI_ERR_FILE);
    char expected[512];
    snprintf(expected, sizeof expected, "%s: cannot write in the folder %s: Read-only file system", path, folder);
    assert_string_equal(heard.text, expected);
    umount2(folder, MNT_DETACH);
}

/* ---- saves beside it ---- */

enum { BACK_MS = 20000 }; /* a busy disk holds up the renaming that brings a save back */
static atomic_bool over;
static atomic_int swaps, refused;

/* "save N\nswap M\n" with another M, as fast as it goes. */
static void *swap_on(void *user) {
    (void)user;
    while (!over) {
        char *bytes, text[64];
        size_t size;
        int save = 0;
        bool changed = true;
        if (file_load(path, &bytes, &size)) continue;
        bytes[size < 63 ? size : 63] = 0; /* it has room for 4 MiB */
        if (sscanf(bytes, "save %d\nswap %*d\n", &save) == 1) {
            snprintf(text, sizeof text, "save %d\nswap %d\n", save, swaps + 1);
            struct file_swap s = {path, bytes, size, text, strlen(text), NULL, NULL};
            file_swap(&s, &changed);
        }
        free(bytes);
        atomic_fetch_add(changed ? &refused : &swaps, 1);
    }
    return NULL;
}

static void save(int n, bool in_place) {
    char text[64], aside[300];
    snprintf(text, sizeof text, "save %d\nswap 0\n", n);
    snprintf(aside, sizeof aside, "%s.editor", path);
    int fd = open(in_place ? path : aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, text, 5), 5); /* in pieces, as programs do */
    assert_int_equal(write(fd, text + 5, strlen(text + 5)), strlen(text + 5));
    close(fd);
    if (!in_place) assert_int_equal(rename(aside, path), 0);
}

static bool is_saved(int n) {
    char text[64] = "", expected[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) close(fd);
    return size > 0 && !strncmp(text, expected, (size_t)snprintf(expected, sizeof expected, "save %d\n", n));
}

static void no_save_is_lost(void **state) {
    (void)state;
    pthread_t thread;
    const char *given = getenv("SWAP_SAVES");
    int saves = given ? atoi(given) : 500, lost = 0;
    over = false;
    swaps = 0;
    refused = 0;
    save(0, false);
    assert_int_equal(pthread_create(&thread, NULL, swap_on, NULL), 0);
    /* Longer where the machine is busy and most changes are refused. */
    for (int n = 1; n <= saves || (swaps <= 10 && n < 20 * saves); n++) {
        save(n, n % 3 == 0);
        usleep((useconds_t)(n * 7919 % 2000));
        for (int i = 0; i < BACK_MS && !is_saved(n); i++) usleep(1000); /* it may be on its way back */
        if (is_saved(n)) continue;
        print_error("save %d is lost\n", n);
        lost++;
    }
    over = true;
    pthread_join(thread, NULL);
    print_message("%d saves, %d lost; %d changes, %d refused\n", saves, lost, swaps, refused);
    assert_int_equal(lost, 0);
    assert_true(swaps > 10);
    assert_int_equal(names(), 1);
    assert_int_equal(heard.lines, 0);
}

/* ---- after a kill ---- */

static void put_left(const char *old, const char *text, int pid, const char *left) {
    char name[128];
    uint8_t a[SHA256_SIZE], b[SHA256_SIZE];
    sha256(old, strlen(old), a);
    sha256(text, strlen(text), b);
    snprintf(name, sizeof name, "ocelli.ini.%02x%02x%02x%02x-%02x%02x%02x%02x-%d.tmp", a[0], a[1], a[2], a[3], b[0],
             b[1], b[2], b[3], pid);
    checkpoint_put(folder, name, left, strlen(left));
}

static void killed(void **state) {
    (void)state;
    enum { NOBODY = 9999999 };
    put_left("old", "new", NOBODY, "ne"); /* while it was written */
    file_swap_clean(path);
    holds("old");
    assert_int_equal(names(), 1);
    put_left("before", "old", NOBODY, "before"); /* after the exchange */
    file_swap_clean(path);
    holds("old");
    assert_int_equal(names(), 1);
    assert_int_equal(heard.lines, 0);
    put_left("before", "old", NOBODY, "saved"); /* after an exchange that brought out a save */
    file_swap_clean(path);
    holds("saved");
    assert_non_null(strstr(heard.text, "stands there again"));
    assert_int_equal(names(), 1);
    put_left("old", "new", getppid(), "new"); /* one who lives is at it */
    file_swap_clean(path);
    assert_int_equal(names(), 2);
    checkpoint_put(folder, "ocelli.ini.tmp", "x", 1); /* not ours */
    file_swap_clean(path);
    assert_int_equal(names(), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(swapped),       TEST(kept),   TEST(another_owner),   TEST(links),
                                       TEST(being_written), TEST(faults), TEST(no_save_is_lost), TEST(killed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
