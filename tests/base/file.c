/* SPDX-License-Identifier: Apache-2.0
 * Files appear whole or not at all. Everything happens in a folder of its own. */
#include "support/test.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ocelli.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static char folder[64], path[128], said[512];
static int lines;

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    assert_non_null(strstr(message, path)); /* says where */
    snprintf(said, sizeof said, "%s", message);
    lines++;
}

static int setup(void **state) {
    (void)state;
    strcpy(folder, "/tmp/ocelli-file-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/x.bin", folder);
    lines = 0;
    ocelli_set_log(hear, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    umount2(folder, MNT_DETACH); /* where a failed test left its tmpfs */
    unlink(path);
    return rmdir(folder); /* fails when a test left something behind */
}

static int names_in_folder(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void put(const char *text) {
    struct file_writer w;
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    assert_int_equal(file_writer_write(&w, text, strlen(text)), OCELLI_OK);
    assert_int_equal(file_writer_commit(&w), OCELLI_OK);
    file_writer_close(&w);
}

static void holds(const char *text) {
    struct file_bytes got;
    assert_int_equal(file_read(&got, path), OCELLI_OK);
    assert_int_equal(got.size, strlen(text));
    assert_memory_equal(got.data, text, got.size);
    file_free(&got);
    assert_null(got.data);
}

static void whole(void **state) {
    (void)state;
    put("a cat");
    holds("a cat");
    assert_int_equal(names_in_folder(), 1);
}

/* Nobody sees half a file: the old one stays, also for who has it open, until the new one is complete. */
static void replaces_at_once(void **state) {
    (void)state;
    put("old");
    struct file_bytes old;
    struct file_writer w;
    assert_int_equal(file_read(&old, path), OCELLI_OK);
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    assert_int_equal(file_writer_write(&w, "newer", 5), OCELLI_OK);
    holds("old");
    assert_int_equal(file_writer_commit(&w), OCELLI_OK);
    file_writer_close(&w);
    holds("newer");
    assert_memory_equal(old.data, "old", 3);
    file_free(&old);
    assert_int_equal(names_in_folder(), 1);
}

static void two_writers(void **state) {
    (void)state;
    struct file_writer a, b;
    assert_int_equal(file_writer_open(&a, path), OCELLI_OK);
    assert_int_equal(file_writer_open(&b, path), OCELLI_OK);
    assert_int_equal(file_writer_write(&a, "a", 1), OCELLI_OK);
    assert_int_equal(file_writer_write(&b, "bb", 2), OCELLI_OK);
    assert_int_equal(file_writer_commit(&b), OCELLI_OK);
    assert_int_equal(file_writer_commit(&a), OCELLI_OK);
    file_writer_close(&a);
    file_writer_close(&b);
    holds("a");
    assert_int_equal(names_in_folder(), 1);
}

static void nothing_without_commit(void **state) {
    (void)state;
    struct file_writer w;
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    assert_int_equal(file_writer_write(&w, "half", 4), OCELLI_OK);
    file_writer_close(&w);
    assert_int_equal(names_in_folder(), 0);
    file_writer_close(&w); /* closed already */
    assert_int_equal(lines, 0);
}

/* A descriptor of 0 (stdin was closed) is as good as any, and 0 in a zeroed writer is not ours to close. */
static void descriptor_zero(void **state) {
    (void)state;
    int saved = dup(0);
    struct file_writer w, zeroed = {0};
    file_writer_close(&zeroed);
    assert_true(fcntl(0, F_GETFD) >= 0);
    close(0);
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    assert_int_equal(w.fd, 0);
    file_writer_close(&w);
    assert_true(fcntl(0, F_GETFD) < 0);
    assert_true(dup2(saved, 0) == 0);
    close(saved);
    assert_int_equal(names_in_folder(), 0);
}

/* Larger than the buffer, in pieces that do not divide it. */
static void large(void **state) {
    (void)state;
    enum { PIECE = 70001, PIECES = 41 };
    unsigned char *piece = malloc(PIECE);
    struct file_writer w;
    struct file_bytes got;
    assert_non_null(piece);
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    for (int i = 0; i < PIECES; i++) {
        memset(piece, i, PIECE);
        assert_int_equal(file_writer_write(&w, piece, PIECE), OCELLI_OK);
    }
    assert_int_equal(w.written, PIECE * PIECES);
    assert_int_equal(file_writer_commit(&w), OCELLI_OK);
    file_writer_close(&w);
    assert_int_equal(file_read(&got, path), OCELLI_OK);
    assert_int_equal(got.size, PIECE * PIECES);
    for (size_t i = 0; i < got.size; i++) assert_true(got.data[i] == i / PIECE);
    file_free(&got);
    free(piece);
}

/* What was read is ours: a file that gets shorter or other bytes, as `cp` and `>` give it, changes nothing. */
static void written_over(void **state) {
    (void)state;
    struct file_bytes got;
    FILE *f;
    uint8_t some[4];
    put("a cat");
    assert_int_equal(file_read(&got, path), OCELLI_OK);
    assert_true((f = fopen(path, "r+")) && fputs("a dog", f) >= 0 && !fclose(f));
    assert_memory_equal(got.data, "a cat", 5);
    assert_int_equal(truncate(path, 2), 0);
    assert_memory_equal(got.data, "a cat", 5);
    file_free(&got);
    int fd = open(path, O_RDONLY);
    assert_int_equal(file_pread(fd, some, 2, 0), 0);
    assert_int_equal(file_pread(fd, some, 3, 0), 1); /* it ends before */
    assert_int_equal(file_pread(fd, some, 1, 100), 1);
    close(fd);
    assert_int_equal(file_pread(fd, some, 1, 0), -1);
}

static void empty(void **state) {
    (void)state;
    put("");
    struct file_bytes got;
    assert_int_equal(file_read(&got, path), OCELLI_OK);
    assert_int_equal(got.size, 0);
    file_free(&got);
}

/* As it is, then and not later; nothing is left open or half read. */
static void loaded(void **state) {
    (void)state;
    char *bytes;
    size_t size;
    put("some text");
    assert_int_equal(file_load(path, &bytes, &size), OCELLI_OK);
    put("other");
    assert_int_equal(size, 9);
    assert_memory_equal(bytes, "some text", size);
    free(bytes);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(file_load(path, &bytes, &size), OCELLI_OK);
    assert_int_equal(size, 0);
    free(bytes);
    assert_int_equal(truncate(path, (4 << 20) + 1), 0);
    assert_int_equal(lines, 0);
    assert_int_equal(file_load(path, &bytes, &size), OCELLI_ERR_LIMIT);
    assert_null(bytes);
    unlink(path);
    assert_int_equal(file_load(path, &bytes, &size), OCELLI_ERR_FILE);
    assert_int_equal(lines, 2);
}

/* Of a new file; what replaces one has that one's, and is nobody else's while it is written. */
static void permissions(void **state) {
    (void)state;
    static const mode_t masks[] = {0, 022, 027, 077}, given[] = {0600, 0444, 0640, 0666};
    mode_t old = umask(0);
    for (size_t i = 0; i < 4; i++) {
        struct file_writer w;
        struct stat st;
        umask(masks[i]);
        put("x");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0666 & ~masks[i]);
        assert_int_equal(chmod(path, given[i]), 0);
        assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
        assert_int_equal(file_writer_write(&w, "yy", 2), OCELLI_OK);
        assert_int_equal(stat(w.aside, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600 & ~masks[i]);
        assert_int_equal(file_writer_commit(&w), OCELLI_OK);
        file_writer_close(&w);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, given[i]);
        assert_int_equal(unlink(path), 0);
    }
    umask(old);
}

/* A link stays one: what it names is written, there or not. */
static void through_a_link(void **state) {
    (void)state;
    char name[160];
    struct stat st;
    put("old");
    snprintf(name, sizeof name, "%s.real", path);
    assert_int_equal(rename(path, name), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(i ? 0 : symlink("x.bin.real", path), 0);
        put("new");
        holds("new");
        assert_int_equal(lstat(path, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_int_equal(names_in_folder(), 2);
        assert_int_equal(unlink(name), 0); /* the second time it is not there */
    }
}

/* Two that belong together: both or none. */
static void together(void **state) {
    (void)state;
    for (int there = 0; there < 2; there++) {
        struct file_writer a;
        if (there) put("old");
        assert_int_equal(file_writer_open(&a, path), OCELLI_OK);
        assert_int_equal(file_writer_write(&a, "new", 3), OCELLI_OK);
        assert_int_equal(file_writer_seal(&a), OCELLI_OK);
        assert_int_equal(access(path, F_OK), there - 1);
        assert_int_equal(file_writer_place(&a), OCELLI_OK);
        holds("new");
        file_writer_undo(&a);
        if (there) holds("old");
        assert_int_equal(access(path, F_OK), there - 1);
        file_writer_close(&a);
        assert_int_equal(names_in_folder(), there);
        assert_int_equal(file_writer_open(&a, path), OCELLI_OK);
        assert_int_equal(file_writer_write(&a, "new", 3), OCELLI_OK);
        assert_int_equal(file_writer_place(&a), OCELLI_OK);
        file_writer_close(&a);
        holds("new");
        assert_int_equal(names_in_folder(), 1);
        unlink(path);
    }
}

/* The cause, and the folder. */
static void read_only_folder(void **state) {
    (void)state;
    struct file_writer w;
    if (mount("ocelli", folder, "tmpfs", MS_RDONLY, "size=64k")) skip();
    char expected[512];
    snprintf(expected, sizeof expected, "%s: cannot write in the folder %s: Read-only file system", path, folder);
    assert_int_equal(file_writer_open(&w, path), OCELLI_ERR_FILE);
    assert_string_equal(said, expected);
    file_writer_close(&w);
    assert_int_equal(umount(folder), 0);
}

/* Fails somewhere, says so once however often it is asked, and takes everything with it. */
static void fails_on_full_disk(size_t size) {
    struct file_writer w;
    char *bytes = calloc(1, size);
    assert_non_null(bytes);
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    int status = file_writer_write(&w, bytes, size);
    assert_int_equal(file_writer_commit(&w), OCELLI_ERR_FILE);
    assert_int_equal(file_writer_commit(&w), OCELLI_ERR_FILE);
    if (status) assert_int_equal(file_writer_write(&w, bytes, size), OCELLI_ERR_FILE);
    assert_int_equal(lines, 1);
    file_writer_close(&w);
    free(bytes);
    lines = 0;
}

/* In the buffer, exactly the buffer, several buffers; an old file stays as it was. */
static void size_limit(void **state) {
    (void)state;
    struct rlimit old, small;
    put("old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static const size_t sizes[] = {1001, 1 << 20, 5 << 20};
    for (size_t i = 0; i < 3; i++) fails_on_full_disk(sizes[i]);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    holds("old");
    assert_int_equal(names_in_folder(), 1);
}

static void full_disk(void **state) {
    (void)state;
    if (mount("ocelli", folder, "tmpfs", 0, "size=64k")) {
        print_message("not allowed to mount a tmpfs: only the size limit was tried\n");
        skip();
    }
    put("old");
    fails_on_full_disk(3 << 20);
    holds("old");
    assert_int_equal(names_in_folder(), 1);
    assert_int_equal(umount(folder), 0);
}

static void refused(int status, int expected) {
    assert_int_equal(status, expected);
    assert_int_equal(lines, 1);
    lines = 0;
}

static void not_files(void **state) {
    (void)state;
    struct file_bytes got;
    refused(file_read(&got, path), OCELLI_ERR_FILE); /* missing */
    assert_null(got.data);
    file_free(&got);
    assert_int_equal(mkdir(path, 0777), 0);
    refused(file_read(&got, path), OCELLI_ERR_FILE);
    rmdir(path);
    assert_int_equal(mkfifo(path, 0666), 0);
    refused(file_read(&got, path), OCELLI_ERR_FILE); /* and does not wait for a writer */
}

/* Whatever stands in a file's place, nobody waits for it. */
static void opened_are_files(void **state) {
    (void)state;
    int fd;
    char *bytes;
    size_t size;
    refused(file_open(&fd, path), OCELLI_ERR_FILE);
    assert_int_equal(fd, -1);
    put("old");
    assert_int_equal(file_open(&fd, path), OCELLI_OK);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    unlink(path);
    assert_int_equal(mkfifo(path, 0666), 0);
    refused(file_open(&fd, path), OCELLI_ERR_FILE);
    refused(file_load(path, &bytes, &size), OCELLI_ERR_FILE);
    int writer = open(path, O_RDWR); /* it says nothing */
    refused(file_load(path, &bytes, &size), OCELLI_ERR_FILE);
    close(writer);
    unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    refused(file_load(path, &bytes, &size), OCELLI_ERR_FILE);
    assert_null(bytes);
}

static void no_place_to_write(void **state) {
    (void)state;
    struct file_writer w;
    strcat(path, "/below/x"); /* the folder is missing */
    refused(file_writer_open(&w, path), OCELLI_ERR_FILE);
    file_writer_close(&w);
    snprintf(path, sizeof path, "%s/x.bin", folder);
    assert_int_equal(mkfifo(path, 0666), 0); /* the rename would replace it */
    refused(file_writer_open(&w, path), OCELLI_ERR_FILE);
    unlink(path);
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    assert_int_equal(mkdir(path, 0777), 0); /* a folder that came meanwhile: seen by the rename */
    refused(file_writer_commit(&w), OCELLI_ERR_FILE);
    file_writer_close(&w);
    assert_int_equal(names_in_folder(), 1);
    rmdir(path);
    assert_int_equal(mkdir(path, 0777), 0);
    refused(file_writer_open(&w, path), OCELLI_ERR_FILE);
    assert_int_equal(names_in_folder(), 1);
    rmdir(path);
}

/* Its ENOSPC is no full disk. */
static void watch_errors(void **state) {
    (void)state;
    assert_non_null(strstr(file_watch_error(ENOSPC), "fs.inotify.max_user_watches"));
    assert_non_null(strstr(file_watch_error(EMFILE), "fs.inotify.max_user_instances"));
    assert_string_equal(file_watch_error(ENOENT), strerror(ENOENT));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(whole),
        TEST(replaces_at_once),
        TEST(two_writers),
        TEST(nothing_without_commit),
        TEST(large),
        TEST(written_over),
        TEST(empty),
        TEST(loaded),
        TEST(descriptor_zero),
        TEST(size_limit),
        TEST(permissions),
        TEST(through_a_link),
        TEST(together),
        TEST(read_only_folder),
        TEST(full_disk),
        TEST(not_files),
        TEST(opened_are_files),
        TEST(no_place_to_write),
        TEST(watch_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
