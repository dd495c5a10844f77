/* SPDX-License-Identifier: Apache-2.0
 * Pictures that land in a folder of the test's own, each as whole as its writer made it. */
#include "support/test.h"
#include "source/source.h"
#include "support/heard.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
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
    if (!mkdtemp(folder)) return -1;
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
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    ocelli_set_log(NULL, NULL);
    return 0;
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

/* Said, skipped, and its number is missing. */
static void broken(void **state) {
    (void)state;
    struct frame f;
    put("a.png", "no picture at all");
    put("b.ppm", "P6 1 1 255\nBBB");
    expect("BBB", 1);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "a.png: not a picture"));
    put("c.ppm", "P6 1 1 255\nC");
    assert_int_equal(source_next(s, 300, &f), SOURCE_WAIT);
    assert_int_equal(heard.lines, 2);
    assert_non_null(strstr(heard.text, "c.ppm: "));
    put("d.ppm", "");
    put("e.ppm", "P6 99999 1 255\n");
    put("f.ppm", "P6 1 1 255\nFFF");
    expect("FFF", 5);
    assert_int_equal(heard.lines, 4);
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
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(landing),     TEST(broken),    TEST(any_size), cmocka_unit_test_setup_teardown(newest, setup_newest, teardown),
        TEST(folder_gone), TEST(not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
