/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Of the file's header: 2: WAL, 1: a plain file. */
static int wal_mode(void) {
    FILE *f = fopen(path, "re");
    assert_int_equal(fseek(f, 18, SEEK_SET), 0);
    int mode = fgetc(f);
    fclose(f);
    return mode;
}

static void test_reopen(void **state) {
    (void)state;
    struct history *h;
    new_folder();
    listen();
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
        assert_int_equal(append(h, 10 * i, 10), OCELLI_OK);
        history_close(&h);
    }
    assert_int_equal(number("PRAGMA integrity_check"), 1);
    assert_int_equal(number("SELECT count(*) FROM picture"), 30);
    assert_int_equal(number("SELECT count(*) FROM run"), 3);
    assert_int_equal(size_of("-wal"), 0); /* taken over at the end */
    assert_int_equal(wal_mode(), 1);      /* a plain file: who may only read can */
    assert_int_equal(heard.lines, 0);
    remove_folder();
}

/* Three times what fits: the newest stay, without a gap, and the files keep within the budget all the time. */
static void test_ring(void **state) {
    (void)state;
    struct history *h;
    uint64_t count = 0, most = 0;
    new_folder();
    listen();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    for (uint64_t written = 0; written < 3ull * 8 * MB; written += HISTORY_BATCH * (D + 40)) {
        assert_int_equal(append(h, count, HISTORY_BATCH), OCELLI_OK);
        count += HISTORY_BATCH;
        uint64_t size = size_of("") + size_of("-wal") + size_of("-shm");
        most = size > most ? size : most;
        assert_true(size <= 8 * MB);
        assert_true(history_bytes(h) <= 8 * MB);
    }
    history_close(&h);
    assert_true(most > 6 * MB);
    assert_int_equal(number("SELECT max(boot_ms) FROM picture"), (count - 1) * 1000);
    assert_int_equal(number("SELECT count(*) - 1 - (max(boot_ms) - min(boot_ms)) / 1000 FROM picture"), 0);
    assert_true(number("SELECT count(*) FROM picture") > 5 * MB / (D + 40));
    assert_int_equal(number("PRAGMA integrity_check"), 1);
    assert_int_equal(heard.lines, 0);
    remove_folder();
}

/* Runs whose pictures are all gone go too, and a smaller budget is reached by itself. */
static void test_smaller(void **state) {
    (void)state;
    struct history *h;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 16 * MB), OCELLI_OK);
    uint64_t count = 0;
    for (; history_bytes(h) < 12 * MB; count += HISTORY_BATCH)
        assert_int_equal(append(h, count, HISTORY_BATCH), OCELLI_OK);
    history_close(&h);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    for (int i = 0; i < 40; i++, count += HISTORY_BATCH) assert_int_equal(append(h, count, HISTORY_BATCH), OCELLI_OK);
    assert_true(history_bytes(h) < 6 * MB);
    for (uint64_t written = 0; written < 8ull * MB; written += HISTORY_BATCH * D) append(h, count, HISTORY_BATCH);
    history_close(&h);
    assert_int_equal(number("SELECT count(*) FROM run"), 1);
    remove_folder();
}

/* Writes until it is killed; tells each batch that history_append() said is on the disk. */
static pid_t writer(int *told) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child) {
        close(pipes[1]);
        *told = pipes[0];
        return child;
    }
    struct history *h;
    if (history_create(&h, path, &model, 8 * MB)) _exit(1);
    for (uint64_t i = 0;; i++)
        if (append(h, i * 10, 10) || write(pipes[1], "x", 1) != 1) _exit(1);
}

/* Killed in the middle of it 8 times (20 in a long run): always whole, with all that was told, and it goes on. */
static void test_killed(void **state) {
    (void)state;
    uint64_t told_all = 0;
    struct history *h;
    new_folder();
    listen();
    for (int again = 0; again < (test_is_long() ? 20 : 8); again++) {
        int told, status;
        char byte[65536];
        pid_t child = writer(&told);
        assert_int_equal(read(told, byte, 1), 1);
        usleep((useconds_t)(1000 + again * 3719 % 40000));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        told_all++;
        for (ssize_t n; (n = read(told, byte, sizeof byte)) > 0;) told_all += (uint64_t)n;
        close(told);
        assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
        history_close(&h);
        assert_int_equal(number("PRAGMA integrity_check"), 1);
        uint64_t rows = number("SELECT count(*) FROM picture");
        assert_true(rows >= 10 * told_all && rows % 10 == 0); /* a batch whole or not at all */
        told_all = rows / 10;                                 /* one may have been written without being told */
    }
    assert_int_equal(heard.lines, 0);
    remove_folder();
}

static void put(const char *bytes, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void refused(const char *says) {
    struct history *h;
    listen();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_ERR_FILE);
    assert_null(h);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, says)) fail_msg("\"%s\" does not say \"%s\"", heard.text, says);
    assert_non_null(strstr(heard.text, path));
}

/* Files that are no history are told, and left as they are. */
static void test_refused(void **state) {
    (void)state;
    struct history *h;
    char text[5000];
    new_folder();
    memset(text, 'x', sizeof text);
    put(text, sizeof text);
    refused("file is not a database: move it away");
    assert_int_equal(size_of(""), sizeof text);
    unlink(path);
    number("PRAGMA journal_mode = WAL; CREATE TABLE a(b); INSERT INTO a VALUES(1); SELECT 1");
    refused("no history of ocelli");
    assert_int_equal(number("SELECT count(*) FROM a"), 1);
    assert_int_equal(wal_mode(), 2); /* as it was */
    number("DROP TABLE a; PRAGMA application_id = 1868784876; PRAGMA user_version = 3; SELECT 1");
    refused("version 3");
    unlink(path);
    put("", 0); /* as mktemp leaves it */
    listen();
    assert_int_equal(history_open(&h, path, &model), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    history_close(&h);
    unlink(path);
    assert_int_equal(mkdir(path, 0755), 0);
    refused("not a regular file");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0666), 0);
    refused("not a regular file");
    assert_int_equal(history_open(&h, path, &model), OCELLI_ERR_FILE); /* and does not wait for a writer */
    unlink(path);
    snprintf(path, sizeof path, "%s/none/history.db", folder);
    refused("No such file");
    listen();
    assert_int_equal(history_open(&h, path, &model), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    remove_folder();
}

/* The cause that SQLite does not tell, as it then tries to read what is not there. */
static void test_read_only_folder(void **state) {
    (void)state;
    new_folder();
    bool mounted = !mount("ocelli", folder, "tmpfs", MS_RDONLY, "size=64k");
    if (mounted)
        refused("cannot open the history: Read-only file system: its folder must be there, and this program must be "
                "able to "
                "write both");
    if (mounted) umount2(folder, MNT_DETACH);
    remove_folder();
    if (!mounted) skip();
}

static int search(void) {
    struct history *h;
    struct history_hit hits[8];
    struct history_found found = {.hits = hits};
    float v[D];
    unit(5, v);
    struct history_question q = {.vector = v, .wanted = 8, .apart_ms = 60000};
    int status = history_open(&h, path, &model);
    if (!status) status = history_search(h, &q, &found);
    history_close(&h);
    return status;
}

/* Bytes of pages overwritten: an error or not, but never a crash; and a line. */
static void test_damaged(void **state) {
    (void)state;
    uint64_t seed = 7;
    int faults = 0;
    const int times = test_is_long() ? 60 : 20;
    for (int again = 0; again < times; again++) {
        struct history *h;
        uint8_t junk[64];
        new_folder();
        assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
        assert_int_equal(append(h, 0, HISTORY_BATCH), OCELLI_OK);
        history_close(&h);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        for (int place = 0; place < 20; place++) {
            for (size_t i = 0; i < sizeof junk; i++) junk[i] = (uint8_t)(int)(noise(&seed) * 128);
            off_t at = (off_t)((noise(&seed) + 1) / 2 * (float)(size_of("") - sizeof junk));
            assert_int_equal(pwrite(fd, junk, sizeof junk, at < 100 ? 100 : at), sizeof junk);
        }
        close(fd);
        listen();
        int status = history_create(&h, path, &model, 8 * MB);
        if (!status) status = append(h, HISTORY_BATCH, HISTORY_BATCH);
        faults += status != OCELLI_OK;
        assert_in_range(heard.lines, status ? 1 : 0, 2); /* a damaged key also makes it another model's */
        history_close(&h);
        listen();
        status = search();
        assert_in_range(heard.lines, status ? 1 : 0, 1);
        remove_folder();
    }
    assert_true(faults > times / 6);
}

static void test_locked(void **state) {
    (void)state;
    struct history *h, *other;
    char command[400];
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(history_create(&other, path, &model, 8 * MB), OCELLI_OK); /* two that write take turns */
    assert_int_equal(append(h, 0, 10), OCELLI_OK);
    assert_int_equal(append(other, 10, 10), OCELLI_OK);
    assert_int_equal(append(h, 20, 10), OCELLI_OK);
    history_close(&other);
    snprintf(command, sizeof command,
             "{ echo 'BEGIN IMMEDIATE; SELECT 1;'; sleep 4; } | sqlite3 %s >%s/said & sleep 0.5", path, folder);
    assert_int_equal(system(command), 0);
    listen();
    assert_int_equal(append(h, 30, 10), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "another program holds it"));
    sleep(3);
    assert_int_equal(append(h, 30, 10), OCELLI_OK);
    history_close(&h);
    assert_int_equal(number("SELECT count(*) FROM picture"), 40);
    remove_folder();
}

static void test_removed(void **state) {
    (void)state;
    struct history *h;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 0, 10), OCELLI_OK);
    unlink(path);
    listen();
    assert_int_equal(append(h, 10, 10), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "removed or replaced"));
    history_close(&h);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 10, 10), OCELLI_OK);
    history_close(&h);
    remove_folder();
}

/* The same under a limit of a file's size (ulimit -f), which is told as such. */
static void test_file_limit(void **state) {
    (void)state;
    struct history *h;
    struct rlimit old, small;
    uint64_t count = 0;
    int status;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = MB / 4, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    listen();
    while (!(status = append(h, count, 10))) count += 10;
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(status, OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, "history.db: cannot write the history: File too large: it is over the limit"))
        fail_msg("\"%s\"", heard.text);
    assert_true(count > 0);
    assert_int_equal(append(h, count, 10), OCELLI_OK);
    history_close(&h);
    assert_int_equal(number("PRAGMA integrity_check"), 1);
    assert_int_equal(number("SELECT count(*) FROM picture"), count + 10);
    remove_folder();
}

/* A disk of 1 MiB: a line, what is there stays whole; and it goes on when there is room again. */
static void test_full(void **state) {
    (void)state;
    struct history *h;
    char filler[128];
    new_folder();
    if (mount("tmpfs", folder, "tmpfs", 0, "size=1m")) {
        remove_folder();
        print_message("no tmpfs can be mounted here: a full disk is left out\n");
        skip();
    }
    snprintf(filler, sizeof filler, "%s/filler", folder);
    int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(fd, 1), 0);
    assert_int_equal(posix_fallocate(fd, 0, 600000), 0);
    close(fd);
    listen();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    int status = OCELLI_OK;
    uint64_t count = 0;
    while (!(status = append(h, count, 10))) count += 10;
    assert_int_equal(status, OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "make room"));
    history_close(&h);
    unlink(filler);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, count, 10), OCELLI_OK);
    history_close(&h);
    assert_int_equal(number("PRAGMA integrity_check"), 1);
    assert_int_equal(number("SELECT count(*) FROM picture"), count + 10);
    assert_int_equal(umount(folder), 0);
    remove_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reopen),           cmocka_unit_test(test_ring),
        cmocka_unit_test(test_smaller),          cmocka_unit_test(test_killed),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_read_only_folder), cmocka_unit_test(test_locked),
        cmocka_unit_test(test_removed),          cmocka_unit_test(test_full),
        cmocka_unit_test(test_file_limit),
    };
    if (!history_built_in() || system("command -v sqlite3 >/dev/null")) {
        puts("SKIP: no SQLite, or not its shell");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
