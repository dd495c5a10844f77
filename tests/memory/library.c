/* SPDX-License-Identifier: Apache-2.0
 * A library: pages, files, changes, kills, damage, and files of version 1. */
#include "memory/history_inner.h"
#include "memory/library.h"
#include "file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { MOST = 700 };

static char names[MOST][96];
static float vectors[MOST][D];

/* Picture `index` in one of ten folders; `version` changes its vector. */
static struct library_picture picture(size_t slot, uint64_t index, uint64_t version) {
    snprintf(names[slot], sizeof names[slot], "/pictures/%llu/%llu.jpg", (unsigned long long)(index % 10),
             (unsigned long long)index);
    unit(index + 1000000 * version, vectors[slot]);
    return (struct library_picture){.path = names[slot],
                                    .size = (int64_t)index,
                                    .changed_ns = (int64_t)version,
                                    .time_ms = (int64_t)index * 1000,
                                    .vector = vectors[slot]};
}

static int put(struct history *h, uint64_t first, size_t count, uint64_t version) {
    struct library_picture pictures[MOST];
    for (size_t i = 0; i < count; i++) pictures[i] = picture(i, first + i, version);
    return library_put(h, pictures, count);
}

static struct history *library(void) {
    struct history *h;
    new_folder();
    assert_int_equal(library_open(&h, path, &model), OCELLI_OK);
    return h;
}

static struct history_hit hits[8];

static struct history_found search_for(struct history *h, uint64_t seed, struct history_question q) {
    struct history_found found = {.hits = hits};
    float v[D];
    unit(seed, v);
    q.vector = v, q.wanted = 8;
    assert_int_equal(history_search(h, &q, &found), OCELLI_OK);
    return found;
}

static void assert_first(struct history *h, uint64_t index, uint64_t version) {
    char expected[96], *found;
    search_for(h, index + 1000000 * version, (struct history_question){0});
    snprintf(expected, sizeof expected, "/pictures/%llu/%llu.jpg", (unsigned long long)(index % 10),
             (unsigned long long)index);
    assert_true(hits[0].score > 0.999);
    assert_int_equal(history_file(h, hits[0].id, &found), OCELLI_OK);
    assert_string_equal(found, expected);
    free(found);
}

/* Around the size of a page, in pieces of many sizes: each is found, the pages are full but the last. */
static void test_pages(void **state) {
    (void)state;
    const size_t most = page_vectors(D), pieces[] = {1, most - 2, 1, 1, 300, 100};
    struct history *h = library();
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; first += pieces[i++]) {
        assert_int_equal(put(h, first, pieces[i], 1), OCELLI_OK);
        assert_int_equal(search_for(h, 5, (struct history_question){0}).compared, first + pieces[i]);
    }
    for (uint64_t i = 0; i < first; i += 31) assert_first(h, i, 1);
    assert_int_equal(number("SELECT count(*) FROM page"), (first + most - 1) / most);
    assert_int_equal(number("SELECT min(count) FROM page WHERE first < (SELECT max(first) FROM page)"), most);
    history_close(&h);
    assert_int_equal(number("PRAGMA integrity_check"), 1);
    remove_folder();
}

static bool note_path(void *user, int64_t id, const char *of) {
    (void)id;
    char *seen = user;
    strcat(strcat(seen, of), " ");
    return true;
}

/* A changed file takes the old one's place, a removed one is found no more, and its page goes with its last. */
static void test_changes(void **state) {
    (void)state;
    struct history *h = library();
    struct library_file file;
    size_t count;
    char seen[400] = "";
    int64_t ids[300];
    assert_int_equal(put(h, 0, 600, 1), OCELLI_OK);
    assert_int_equal(put(h, 100, 50, 2), OCELLI_OK);
    assert_int_equal(library_count(h, &count), OCELLI_OK);
    assert_int_equal(count, 600);
    assert_first(h, 120, 2);
    search_for(h, 120 + 1000000, (struct history_question){0});
    assert_true(hits[0].score < 0.9);
    assert_int_equal(library_find(h, "/pictures/0/120.jpg", &file), OCELLI_OK);
    assert_true(file.id && file.size == 120 && file.changed_ns == 2);
    assert_int_equal(library_find(h, "/pictures/1/120.jpg", &file), OCELLI_OK);
    assert_int_equal(file.id, 0);
    const int64_t most = (int64_t)page_vectors(D), pages = (650 + most - 1) / most;
    for (int64_t i = 0; i < most; i++) ids[i] = most - i; /* the first page: some of it are gone already */
    ids[most] = 300, ids[most + 1] = 99999;
    assert_int_equal(library_remove(h, ids, (size_t)most + 2), OCELLI_OK);
    assert_int_equal(number("SELECT count(*) FROM page"), pages - 1);
    assert_int_equal(search_for(h, 5, (struct history_question){0}).compared, 600 - (most - 50) - 1);
    assert_first(h, 120, 2);
    assert_first(h, 500, 1);
    search_for(h, 299 + 1000000, (struct history_question){0});
    assert_true(hits[0].score < 0.9);
    for (size_t i = 0; i < 300; i++) ids[i] = (int64_t)i + 301;
    assert_int_equal(library_remove(h, ids, 300), OCELLI_OK);
    assert_int_equal(library_each(h, "/pictures/4", note_path, seen), OCELLI_OK);
    assert_string_equal(seen, "/pictures/4/104.jpg /pictures/4/114.jpg /pictures/4/124.jpg /pictures/4/134.jpg "
                              "/pictures/4/144.jpg /pictures/4/204.jpg /pictures/4/214.jpg /pictures/4/224.jpg "
                              "/pictures/4/234.jpg /pictures/4/244.jpg /pictures/4/254.jpg /pictures/4/264.jpg "
                              "/pictures/4/274.jpg /pictures/4/284.jpg /pictures/4/294.jpg ");
    history_close(&h);
    remove_folder();
}

/* By time and by path: a folder with what is below it, and the beginning of a name. */
static void test_filters(void **state) {
    (void)state;
    static const struct {
        const char *path;
        uint64_t count;
    } all[] = {{"/pictures/4", 30}, {"/pictures/4/1", 11}, {"/pictures/4/14.jpg", 1}, {"/pict", 300},
               {"/", 300},          {"/other", 0},         {"/pictures/44", 0},       {"/pictures/4/1/2", 0}};
    struct history *h = library();
    assert_int_equal(put(h, 0, 300, 1), OCELLI_OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct history_found found = search_for(h, 7, (struct history_question){.path = all[i].path});
        assert_int_equal(found.count, all[i].count < 8 ? all[i].count : 8);
        for (size_t k = 0; k < found.count; k++) {
            char *of;
            assert_int_equal(history_file(h, hits[k].id, &of), OCELLI_OK);
            assert_true(!strncmp(of, all[i].path, strlen(all[i].path)));
            free(of);
        }
    }
    assert_int_equal(search_for(h, 7, (struct history_question){.since_ms = 290000}).compared, 10);
    history_close(&h);
    remove_folder();
}

static void test_thumbnails(void **state) {
    (void)state;
    struct history *h = library();
    struct library_picture p = picture(0, 1, 1);
    uint8_t *jpeg;
    size_t size;
    p.jpeg = (const uint8_t *)"jpeg", p.jpeg_size = 4;
    assert_int_equal(library_put(h, &p, 1), OCELLI_OK);
    assert_int_equal(history_thumbnail(h, 1, &jpeg, &size), OCELLI_OK);
    assert_int_equal(size, 4);
    assert_memory_equal(jpeg, "jpeg", 4);
    free(jpeg);
    assert_int_equal(library_remove(h, (int64_t[]){1}, 1), OCELLI_OK);
    assert_int_equal(history_thumbnail(h, 1, &jpeg, &size), OCELLI_OK);
    assert_null(jpeg);
    history_close(&h);
    remove_folder();
}

static void refused(int status, const char *says) {
    assert_int_equal(status, OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, says)) fail_msg("\"%s\" does not say \"%s\"", heard.text, says);
}

/* Another model, a daemon's history, a second writer: a line each, and nothing changes. */
static void test_refused(void **state) {
    (void)state;
    const struct memory_model other = {.name = "another", .size = D, .key = "5678"};
    struct history *h = library(), *second;
    assert_int_equal(put(h, 0, 10, 1), OCELLI_OK);
    listen();
    refused(library_open(&second, path, &model), "another `ocelli index` writes to it");
    assert_first(h, 3, 1); /* its own locks are still there */
    assert_int_equal(put(h, 10, 10, 1), OCELLI_OK);
    history_close(&h);
    listen();
    refused(library_open(&h, path, &other), "its vectors are of another model (a model)");
    listen();
    refused(library_read(&h, path, &other), "its vectors are of another model (a model)");
    listen();
    refused(history_create(&h, path, &model, 8 * MB), "a library of `ocelli index`");
    assert_int_equal(number("SELECT count(*) FROM picture"), 20);
    unlink(path);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 0, 10), OCELLI_OK);
    history_close(&h);
    listen();
    refused(library_open(&h, path, &model), "the history of a daemon");
    remove_folder();
}

/* A byte of a vector is another one: a line, not another answer. */
static void test_damaged_page(void **state) {
    (void)state;
    struct history *h = library();
    assert_int_equal(put(h, 0, 300, 1), OCELLI_OK);
    history_close(&h);
    number(
        "UPDATE page SET vectors = substr(vectors, 1, 99) || x'00' || substr(vectors, 101) WHERE first = 1; SELECT 1");
    assert_int_equal(library_read(&h, path, &model), OCELLI_OK);
    struct history_found found = {.hits = hits};
    struct history_question q = {.vector = vectors[0], .wanted = 8};
    listen();
    refused(history_search(h, &q, &found), "damaged, its page of vectors from picture 1 on has another sum");
    history_close(&h);
    remove_folder();
}

static bool count_row(void *user, const struct page_row *row) {
    size_t *rows = user;
    assert_true(row->count > 0 && row->vector_bytes == (size_t)row->count * D);
    ++*rows;
    return true;
}

static size_t direct_rows(struct history *h) {
    size_t rows = 0;
    assert_int_equal(sqlite3_exec(h->db, "BEGIN; SELECT 1 FROM page", NULL, NULL, NULL), SQLITE_OK);
    page_rows(h, count_row, &rows);
    assert_int_equal(sqlite3_exec(h->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    return rows;
}

/* Rows are read without SQLite where that can be: not while a writer's log is there, and not of pages that are too
 * small for a row, as older libraries have. The answers are the same. */
static void test_direct(void **state) {
    (void)state;
    static const int sizes[] = {65536, 32768, 16384, 4096, 512};
    struct history *h = library();
    assert_int_equal(put(h, 0, 700, 1), OCELLI_OK);
    assert_int_equal(direct_rows(h), 0);
    history_close(&h);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char sql[96];
        snprintf(sql, sizeof sql, "PRAGMA page_size = %d; VACUUM; SELECT count(*) FROM page", sizes[i]);
        size_t rows = number(sql);
        assert_int_equal(library_read(&h, path, &model), OCELLI_OK);
        assert_int_equal(direct_rows(h), sizes[i] >= 16384 ? rows : 0);
        assert_int_equal(search_for(h, 5, (struct history_question){0}).compared, 700);
        for (uint64_t k = 0; k < 700; k += 50) assert_first(h, k, 1);
        history_close(&h);
        assert_int_equal(library_open(&h, path, &model), OCELLI_OK); /* an older one grows */
        assert_int_equal(put(h, 0, 10, 1), OCELLI_OK);
        assert_int_equal(search_for(h, 5, (struct history_question){0}).compared, 700);
        history_close(&h);
    }
    remove_folder();
}

static void overwrite(int file, uint64_t at, uint64_t seed) {
    uint8_t bytes[40];
    for (size_t i = 0; i < sizeof bytes; i++) seed = seed * 6364136223846793005u + 1, bytes[i] = (uint8_t)(seed >> 56);
    assert_int_equal(pwrite(file, bytes, sizeof bytes, (off_t)at), sizeof bytes);
}

/* Bytes anywhere in the pages are overwritten: the answer is the one that it was, or a line. */
static void test_damage_anywhere(void **state) {
    (void)state;
    struct history *h = library();
    char command[300];
    uint64_t seed = 9;
    size_t told = 0;
    assert_int_equal(put(h, 0, 600, 1), OCELLI_OK);
    history_close(&h);
    snprintf(command, sizeof command, "cp %s %s.good", path, path);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "cp %s.good %s", path, path);
    for (int i = 0; i < 80; i++) {
        struct history_found found = {.hits = hits};
        struct history_question q = {.vector = vectors[7], .wanted = 1};
        assert_int_equal(system(command), 0);
        int file = open(path, O_RDWR);
        for (int k = 0; k < 4; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            /* every other time near the head of a page, where its cells are told */
            uint64_t at = (seed >> 33) % (size_of("") - 4096), head = at - at % 65536 + seed % 64;
            overwrite(file, i % 2 && head >= 65536 ? head : at, seed);
        }
        close(file);
        listen();
        int status = library_read(&h, path, &model);
        if (!status) status = history_search(h, &q, &found);
        if (!status) assert_true(found.count == 1 && hits[0].id == 8 && found.compared == 600);
        told += status != OCELLI_OK;
        assert_true(status ? heard.lines == 1 : 1);
        history_close(&h);
    }
    assert_in_range(told, 20, 80);
    remove_folder();
}

/* What a damaged page of SQLite's hides without a word: a line, not fewer hits. */
static void check_lost(const char *sql, const char *says) {
    struct history *h = library();
    assert_int_equal(put(h, 0, 300, 1), OCELLI_OK);
    history_close(&h);
    number(sql);
    assert_int_equal(library_read(&h, path, &model), OCELLI_OK);
    struct history_found found = {.hits = hits};
    struct history_question q = {.vector = vectors[7], .wanted = 8};
    listen();
    refused(history_search(h, &q, &found), says);
    assert_int_equal(found.count, 0);
    history_close(&h);
    remove_folder();
}

static void test_lost(void **state) {
    (void)state;
    check_lost("DELETE FROM picture WHERE id = 8; SELECT 1",
               "damaged, it has 299 pictures and 300 vectors: move it away");
    check_lost("DELETE FROM page WHERE first = 1; SELECT 1", "damaged, it has 300 pictures and 97 vectors");
    check_lost("DELETE FROM page; SELECT 1", "damaged, it has 300 pictures and 0 vectors");
    check_lost("UPDATE picture SET id = 900 WHERE id = 8; SELECT 1",
               "damaged, picture 8 has a vector and no row: move it away, and index anew");
}

/* As ocelli wrote it before there were libraries: read as it is, and of version 2 when it is written. */
static void test_version_1(void **state) {
    (void)state;
    struct history *h;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 0, 20), OCELLI_OK);
    history_close(&h);
    number(
        "DROP TABLE page; DROP TABLE folder; DROP TABLE file; DROP TABLE thumbnail; PRAGMA user_version = 1; SELECT 1");
    assert_int_equal(history_open(&h, path, &model), OCELLI_OK);
    assert_int_equal(search_for(h, 7, (struct history_question){0}).compared, 20);
    assert_string_equal(hits[0].tags, "tag 7");
    history_close(&h);
    assert_int_equal(number("PRAGMA user_version"), 1);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 20, 10), OCELLI_OK);
    assert_int_equal(search_for(h, 25, (struct history_question){0}).compared, 30);
    assert_string_equal(hits[0].tags, "tag 25");
    history_close(&h);
    assert_int_equal(number("PRAGMA user_version"), 2);
    remove_folder();
}

/* Writes until it is killed: new pictures, changed ones, removed ones. Tells each commit. */
static void write_on(int told) {
    struct history *h;
    if (library_open(&h, path, &model)) _exit(1);
    for (uint64_t i = 0;; i++) {
        struct library_file old;
        size_t count;
        if (library_count(h, &count) || put(h, count, 7, 1)) _exit(1);
        if (i % 3 == 2 && (put(h, count / 2, 3, i) || library_find(h, "/pictures/0/0.jpg", &old))) _exit(1);
        if (write(told, "x", 1) != 1) _exit(1);
    }
}

/* Killed in the middle of it 10 times (OCELLI_KILLS of a long run): always whole, with all that was told. */
static void test_killed(void **state) {
    (void)state;
    const char *kills = getenv("OCELLI_KILLS");
    uint64_t least = 0;
    history_close(&(struct history *){library()});
    for (int again = 0; again < (kills ? atoi(kills) : 10); again++) {
        int pipes[2], status;
        char byte[65536];
        struct history *h;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (!child) write_on(pipes[1]);
        close(pipes[1]);
        assert_int_equal(read(pipes[0], byte, 1), 1);
        usleep((useconds_t)(500 + again * 3719 % 30000));
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        least += 7;
        for (ssize_t n; (n = read(pipes[0], byte, sizeof byte)) > 0;) least += 7 * (uint64_t)n;
        close(pipes[0]);
        assert_int_equal(library_open(&h, path, &model), OCELLI_OK);
        uint64_t compared = search_for(h, 5, (struct history_question){0}).compared;
        history_close(&h);
        if (again % 20 == 0) assert_int_equal(number("PRAGMA integrity_check"), 1);
        assert_true(compared >= least && compared % 7 == 0); /* a commit whole or not at all */
        least = compared;
        if (least < 3000) continue;
        remove_folder();
        least = 0;
        history_close(&(struct history *){library()});
    }
    remove_folder();
}

/* A limit of a file's size (ulimit -f) is told as such; what is there stays, and it goes on without the limit. */
static void test_file_limit(void **state) {
    (void)state;
    struct rlimit old, small;
    uint64_t count = 0;
    int status;
    struct history *h = library();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 2 * MB, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    listen();
    while (!(status = put(h, count, 50, 1))) count += 50;
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    refused(status, "cannot write the library: File too large: it is over the limit of a file's size (ulimit -f)");
    assert_true(count > 1000);
    assert_int_equal(search_for(h, 5, (struct history_question){0}).compared, count);
    assert_int_equal(put(h, count, 50, 1), OCELLI_OK); /* the handle can go on */
    history_close(&h);
    assert_int_equal(library_open(&h, path, &model), OCELLI_OK);
    assert_first(h, count + 7, 1);
    history_close(&h);
    remove_folder();
}

/* A disk of 4 MiB: a line, what is there stays, and it goes on when there is room. */
static void test_full(void **state) {
    (void)state;
    struct history *h;
    uint64_t count = 0;
    int status;
    new_folder();
    if (mount("tmpfs", folder, "tmpfs", 0, "size=4m")) {
        remove_folder();
        print_message("no tmpfs can be mounted here: a full disk is left out\n");
        skip();
    }
    assert_int_equal(library_open(&h, path, &model), OCELLI_OK);
    listen();
    while (!(status = put(h, count, 50, 1))) count += 50;
    refused(status, "make room");
    assert_int_equal(search_for(h, 5, (struct history_question){0}).compared, count);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=16m"), 0);
    assert_int_equal(library_remove(h, (int64_t[]){1}, 1), OCELLI_OK); /* the handle can go on */
    history_close(&h);
    assert_int_equal(library_open(&h, path, &model), OCELLI_OK);
    assert_int_equal(put(h, count, 50, 1), OCELLI_OK);
    assert_first(h, count + 7, 1);
    history_close(&h);
    assert_int_equal(umount(folder), 0);
    remove_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),      cmocka_unit_test(test_changes),
        cmocka_unit_test(test_filters),    cmocka_unit_test(test_thumbnails),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_damaged_page),
        cmocka_unit_test(test_lost),       cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_direct),     cmocka_unit_test(test_damage_anywhere),
        cmocka_unit_test(test_killed),     cmocka_unit_test(test_full),
        cmocka_unit_test(test_file_limit),
    };
    if (!history_built_in() || system("command -v sqlite3 >/dev/null")) {
        puts("SKIP: no SQLite, or not its shell");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
