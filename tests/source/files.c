/* SPDX-License-Identifier: Apache-2.0
 * Pictures that land in a folder of the test's own, each as whole as its writer made it. */
#include "support/test.h"
#include "source/folders.h"
#include "source/source.h"
#include "support/heard.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static struct source *s;

static const char *in_folder(const char *name) {
    static char path[2][256];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void put(const char *name, const char *text) {
    FILE *f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int open_folder(bool every) {
    char uri[80];
    struct source_options options = {.every = every, .rotation = 90};
    strcpy(folder, "/tmp/ocelli-files-XXXXXX");
    if (!mkdtemp(folder) || mkdir(in_folder("day"), 0700) || mkdir(in_folder("day/night"), 0700)) return -1;
    snprintf(uri, sizeof uri, "files:%s", folder);
    listen();
    put("before.ppm", "P6 1 1 255\nabc");
    return source_open(&s, uri, &options);
}

static int setup(void **state) {
    (void)state;
    return open_folder(true);
}

static int setup_newest(void **state) {
    (void)state;
    return open_folder(false);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    source_close(&s);
    nftw(folder, remove_one, 32, FTW_DEPTH | FTW_PHYS);
    ocelli_set_log(NULL, NULL);
    return 0;
}

static void expect_pixel(const char *rgb) {
    struct frame f;
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_int_equal(f.width * f.height, 1);
    assert_memory_equal(f.planes[0].data, rgb, 3);
    source_release(s, &f);
}

/* The next picture is one pixel `rgb`. */
static void expect(const char *rgb, uint64_t sequence) {
    struct frame f;
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_int_equal(f.format, FRAME_RGB);
    assert_int_equal(f.width * f.height, 1);
    assert_memory_equal(f.planes[0].data, rgb, 3);
    assert_int_equal(f.sequence, sequence);
    assert_int_equal(f.rotation, 90);
    assert_true(f.captured_ns > 0);
    source_release(s, &f);
}

static void landing(void **state) {
    (void)state;
    struct frame f;
    assert_int_equal(source_next(s, 50, &f), SOURCE_WAIT); /* not what lay there before */
    put("a.ppm", "P6 1 1 255\nAAA");
    expect("AAA", 0);
    put(".hidden.ppm", "P6 1 1 255\nXXX");
    put("notes.txt", "of no matter");
    put("b.ppm.part", "P6 1 1 255\nBBB");
    assert_int_equal(mkdir(in_folder("sub.png"), 0700), 0);
    assert_int_equal(source_next(s, 50, &f), SOURCE_WAIT);
    assert_int_equal(rename(in_folder("b.ppm.part"), in_folder("b.PPM")), 0);
    expect("BBB", 1);
    put("a.ppm", "P6 1 1 255\nCCC"); /* again */
    expect("CCC", 2);
    assert_int_equal(heard.lines, 0);
}

/* Waits for a line, while pictures that are not whole are tried again. */
static void wait_line(int lines) {
    struct frame f;
    for (int i = 0; heard.lines < lines && i < 100; i++) assert_int_equal(source_next(s, 100, &f), SOURCE_WAIT);
    assert_int_equal(heard.lines, lines);
}

/* Said, skipped, and its number is missing. */
static void broken(void **state) {
    (void)state;
    put("a.png", "no picture at all");
    put("b.ppm", "P6 1 1 255\nBBB");
    expect("BBB", 1);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "a.png: not a picture"));
}

/* What is cut short may still be written: it is said once, when it stays so, and nothing waits for it. */
static void cut_short(void **state) {
    (void)state;
    put("a.ppm", "P6 1 1 255\nA");
    put("b.ppm", "P6 1 1 255\nBBB");
    expect_pixel("BBB");
    assert_int_equal(heard.lines, 0);
    wait_line(1);
    assert_non_null(strstr(heard.text, "a.ppm: cut short"));
    put("c.ppm", "");
    wait_line(2);
    assert_non_null(strstr(heard.text, "c.ppm: empty"));
    put("d.ppm", "P6 1 1 255\n");
    put("d.ppm", "P6 1 1 255\nDDD");
    expect_pixel("DDD");
    struct frame f;
    if (source_next(s, 600, &f) ==
        SOURCE_FRAME) { /* it was whole already when the first of the two writes was looked at */
        assert_memory_equal(f.planes[0].data, "DDD", 3);
        source_release(s, &f);
        assert_int_equal(source_next(s, 600, &f), SOURCE_WAIT);
    }
    assert_int_equal(heard.lines, 2);
}

/* As a camera that writes its picture in place, in pieces, and slower than any wait. */
static void written_in_place(void **state) {
    (void)state;
    struct frame f;
    put("a.ppm", "P6 1 1 255\nAAA");
    expect_pixel("AAA");
    for (int turn = 0; turn < 2; turn++) {
        FILE *file = fopen(in_folder("a.ppm"), "wb");
        assert_non_null(file);
        for (const char *c = "P6 1 1 255\n"; *c; c++) {
            fputc(*c, file);
            fflush(file);
            if (c[1] == '1') assert_int_equal(source_next(s, 400, &f), SOURCE_WAIT);
        }
        fputs(turn ? "CCC" : "BBB", file);
        fclose(file);
        expect_pixel(turn ? "CCC" : "BBB");
    }
    assert_int_equal(heard.lines, 0);
}

/* Written all the time by another process, never by rename: whole pictures come, and no signal for what got shorter
 * under us. */
static void rewritten_all_the_time(void **state) {
    (void)state;
    enum { SIDE = 400 };
    char head[32];
    int length = snprintf(head, sizeof head, "P6 %d %d 255\n", SIDE, SIDE), whole = 0;
    size_t size = (size_t)length + 3 * SIDE * SIDE;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *bytes = malloc(size);
        for (unsigned turn = 0; turn < 400; turn++) {
            memset(bytes, (int)('a' + turn % 26), size);
            memcpy(bytes, head, (size_t)length);
            FILE *file = fopen(in_folder("snapshot.ppm"), "wb");
            if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) _exit(1);
            usleep(3000);
        }
        _exit(0);
    }
    int left = 0;
    while (waitpid(child, &left, WNOHANG) == 0) {
        struct frame f;
        if (source_next(s, 20, &f) != SOURCE_FRAME) continue;
        const uint8_t *rgb = f.planes[0].data;
        assert_int_equal(f.width, SIDE);
        assert_memory_equal(rgb, rgb + 1, 3 * SIDE * SIDE - 1); /* one colour: of one writing */
        source_release(s, &f);
        whole++;
    }
    assert_int_equal(left, 0);
    assert_int_equal(heard.lines, 0);
    assert_true(whole > 5);
}

/* ln, ln -s, and a file that was whole before it had this name. */
static void links(void **state) {
    (void)state;
    put(".hidden", "P6 1 1 255\nAAA");
    assert_int_equal(link(in_folder(".hidden"), in_folder("a.ppm")), 0);
    expect_pixel("AAA");
    put(".other", "P6 1 1 255\nBBB");
    assert_int_equal(symlink(".other", in_folder("b.ppm")), 0);
    expect_pixel("BBB");
    put(".third", "P6 1 1 255\nCCC");
    assert_int_equal(link(in_folder(".third"), in_folder("c.ppm")), 0);
    assert_int_equal(unlink(in_folder(".third")), 0);
    expect_pixel("CCC");
    assert_int_equal(symlink(".fourth", in_folder("d.ppm")), 0); /* what it names comes in a moment */
    struct frame f;
    assert_int_equal(source_next(s, 100, &f), SOURCE_WAIT);
    put(".fourth", "P6 1 1 255\nDDD");
    expect_pixel("DDD");
    put("e.ppm", "P6 1 1 255\n"); /* gone before it was whole: nothing to say */
    assert_int_equal(unlink(in_folder("e.ppm")), 0);
    assert_int_equal(source_next(s, 600, &f), SOURCE_WAIT);
    assert_int_equal(heard.lines, 0);
}

/* Folders below: there before, made, moved in with what they hold, linked, removed and made again; a link back up ends.
 */
static void folders_below(void **state) {
    (void)state;
    struct frame f;
    put("day/night/a.ppm", "P6 1 1 255\nAAA");
    expect_pixel("AAA");
    assert_int_equal(mkdir(in_folder("new"), 0700), 0);
    assert_int_equal(mkdir(in_folder("new/deep"), 0700), 0);
    put("new/deep/b.ppm", "P6 1 1 255\nBBB");
    expect_pixel("BBB");
    assert_int_equal(mkdir(in_folder(".aside"), 0700), 0);
    put(".aside/c.ppm", "P6 1 1 255\nCCC");
    assert_int_equal(source_next(s, 300, &f), SOURCE_WAIT); /* hidden */
    assert_int_equal(rename(in_folder(".aside"), in_folder("moved")), 0);
    expect_pixel("CCC");
    put("moved/d.ppm", "P6 1 1 255\nDDD");
    expect_pixel("DDD");
    assert_int_equal(rename(in_folder("moved"), in_folder(".away")), 0);
    put(".away/e.ppm", "P6 1 1 255\nEEE");
    assert_int_equal(source_next(s, 300, &f), SOURCE_WAIT);
    assert_int_equal(symlink(".away", in_folder("linked")), 0);
    for (int i = 0; i < 3; i++) { /* c, d and e, in the folder's order */
        assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
        source_release(s, &f);
    }
    assert_int_equal(symlink("..", in_folder("day/loop")), 0);
    put("linked/f.ppm", "P6 1 1 255\nFFF");
    expect_pixel("FFF");
    assert_int_equal(unlink(in_folder("linked")), 0);
    assert_int_equal(source_next(s, 100, &f), SOURCE_WAIT);
    put(".away/g.ppm", "P6 1 1 255\nGGG");
    assert_int_equal(source_next(s, 300, &f), SOURCE_WAIT);
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(mkdir(in_folder("again"), 0700), 0);
        put("again/h.ppm", "P6 1 1 255\nHHH");
        expect_pixel("HHH");
        assert_int_equal(unlink(in_folder("again/h.ppm")), 0);
        assert_int_equal(rmdir(in_folder("again")), 0);
    }
    assert_int_equal(heard.lines, 0);
}

/* Deeper than is watched: said once. */
static void too_deep(void **state) {
    (void)state;
    char path[128] = "x";
    for (int i = 0; i < FOLDERS_DEEPEST + 3; i++) {
        assert_int_equal(mkdir(in_folder(path), 0700), 0);
        strcat(path, "/x");
    }
    put("a.ppm", "P6 1 1 255\nAAA");
    expect_pixel("AAA");
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "16 deep"));
}

/* Some may come twice before it. */
static void find_pixel(const char *rgb) {
    bool found = false;
    for (int i = 0; i < 20 && !found; i++) {
        struct frame f;
        if (source_next(s, 1000, &f) != SOURCE_FRAME) continue;
        found = !memcmp(f.planes[0].data, rgb, 3);
        source_release(s, &f);
    }
    assert_true(found);
}

/* More events than the kernel keeps, while nobody reads them: the last picture is found all the same, and a new folder
 * watched.
 */
static void overflow(void **state) {
    (void)state;
    long most = 16384;
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (limit) {
        assert_int_equal(fscanf(limit, "%ld", &most), 1);
        fclose(limit);
    }
    if (most > 100000) skip();
    put("a.ppm", "P6 1 1 255\nAAA");
    usleep(100000);
    put("b.ppm", "P6 1 1 255\nBBB"); /* posting it waits until the first is taken, and so does the watcher */
    usleep(100000);
    for (long i = 0; i < most + 1000; i++) { /* two names in turn, so that none is merged with the one before */
        put(i % 2 ? "x.txt" : "y.txt", "");
    }
    assert_int_equal(mkdir(in_folder("late"), 0700), 0);
    put("c.ppm", "P6 1 1 255\nCCC");
    find_pixel("CCC");
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "looking through"));
    put("late/d.ppm", "P6 1 1 255\nDDD");
    find_pixel("DDD");
}

/* Turned by its EXIF, unless that is not wanted. */
static void orientation(void **state) {
    (void)state;
    struct frame f;
    const char *source = getenv("OCELLI_SOURCE");
    char command[4400];
    snprintf(command, sizeof command, "cp '%s/tests/golden/pictures/turn6.png' %s", source ? source : ".",
             in_folder("a.png"));
    assert_int_equal(system(command), 0);
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_true(f.width == 9 && f.height == 13);
    source_release(s, &f);
    char uri[80];
    struct source_options options = {.every = true, .ignore_orientation = true};
    source_close(&s);
    snprintf(uri, sizeof uri, "files:%s", folder);
    assert_int_equal(source_open(&s, uri, &options), OCELLI_OK);
    assert_int_equal(system(command), 0);
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_true(f.width == 13 && f.height == 9);
    source_release(s, &f);
}

static void any_size(void **state) {
    (void)state;
    struct frame f, g;
    put("a.ppm", "P6 2 1 255\nabcdef");
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    put("b.ppm", "P6 1 3 255\nabcdefghi");
    assert_int_equal(source_next(s, 5000, &g), SOURCE_FRAME);
    assert_int_equal(f.width, 2);
    assert_int_equal(g.height, 3);
    assert_memory_equal(f.planes[0].data, "abcdef", 6);
    source_release(s, &f);
    source_release(s, &g);
}

static void newest(void **state) {
    (void)state;
    struct frame f;
    uint64_t last;
    for (int i = 0; i < 30; i++) {
        char name[16], text[32];
        snprintf(name, sizeof name, "%d.ppm", i);
        snprintf(text, sizeof text, "P6 1 1 255\n%03d", i);
        put(name, text);
    }
    int taken = 0;
    do { /* the watcher may not have come to the end yet */
        assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
        last = f.sequence;
        taken++;
        assert_true(last < 29 || !memcmp(f.planes[0].data, "029", 3));
        source_release(s, &f);
        usleep(50000);
    } while (last < 29);
    assert_true(taken < 20);
    assert_int_equal(heard.lines, 0);
}

static void folder_gone(void **state) {
    (void)state;
    struct frame f;
    assert_int_equal(remove(in_folder("before.ppm")), 0);
    assert_int_equal(rmdir(in_folder("day/night")), 0);
    assert_int_equal(rmdir(in_folder("day")), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(source_next(s, 5000, &f), OCELLI_ERR_FILE);
    assert_int_equal(source_next(s, 5000, &f), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "removed or renamed"));
}

static void not_there(void **state) {
    (void)state;
    struct source *none;
    static const char *const uris[] = {"files:/nowhere", "files:/etc/passwd", "files:"};
    for (int i = 0; i < 3; i++) {
        listen();
        assert_int_equal(source_open(&none, uris[i], NULL), i < 2 ? OCELLI_ERR_FILE : OCELLI_ERR_USAGE);
        assert_null(none);
        assert_int_equal(heard.lines, 1);
        assert_int_equal(source_check(uris[i], NULL), i < 2 ? OCELLI_ERR_FILE : OCELLI_ERR_USAGE);
        assert_int_equal(heard.lines, 2);
    }
}

/* The times of files may be anything that the file system can write down. */
static void times_of_files(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        time_t seconds;
    } pictures[] = {{"b.ppm", "P6 1 1 255\nbbb", -2000000000},
                    {"a.ppm", "P6 1 1 255\naaa", -1},
                    {"d.ppm", "P6 1 1 255\nddd", 7000000000},
                    {"c.ppm", "P6 1 1 255\nccc", 15000000000}};
    const int64_t past[] = {0, 1999999999}, century = 36525 * INT64_C(86400);
    struct source_options options = {.recording = true};
    char uri[80];
    struct frame f;
    source_close(&s);
    assert_int_equal(unlink(in_folder("before.ppm")), 0);
    for (int i = 0; i < 4; i++) {
        const struct timespec times[] = {{.tv_sec = pictures[i].seconds}, {.tv_sec = pictures[i].seconds}};
        put(pictures[i].name, pictures[i].text);
        assert_int_equal(utimensat(AT_FDCWD, in_folder(pictures[i].name), times, 0), 0);
    }
    snprintf(uri, sizeof uri, "files:%s", folder);
    assert_int_equal(source_open(&s, uri, &options), OCELLI_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
        assert_memory_equal(f.planes[0].data, pictures[i].text + 11, 3);
        assert_int_equal(f.recording.position_ns / 1000000000, i < 2 ? past[i] : century);
        assert_true((f.recording.real_ns < 0) == (i < 2));
        source_release(s, &f);
    }
    assert_int_equal(source_next(s, 5000, &f), SOURCE_END);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(landing),
        TEST(broken),
        TEST(any_size),
        cmocka_unit_test_setup_teardown(newest, setup_newest, teardown),
        TEST(folder_gone),
        TEST(not_there),
        TEST(cut_short),
        TEST(written_in_place),
        cmocka_unit_test_setup_teardown(rewritten_all_the_time, setup_newest, teardown),
        TEST(links),
        TEST(folders_below),
        TEST(too_deep),
        TEST(overflow),
        TEST(orientation),
        TEST(times_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
