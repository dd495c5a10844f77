/* SPDX-License-Identifier: Apache-2.0
 * A folder of the test's own: what a walk finds, in what order, and that it ends. */
#include "source/picture_walk.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static void put(const char *name) {
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    fclose(f);
}

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    listen();
    return chdir(folder) || mkdir("top", 0700) || chdir("top");
}

static int teardown(void **state) {
    (void)state;
    int status = chdir("/");
    char command[300];
    snprintf(command, sizeof command, "chmod -R u+rwx '%s' && rm -rf '%s'/top", folder, folder);
    status = status || system(command);
    checkpoint_remove(folder);
    ocelli_set_log(NULL, NULL);
    return status;
}

/* All that a walk gives, each with a space behind it. */
static const char *walked(const char *of, bool below, size_t *unread) {
    static char text[4096];
    struct picture_walk *walk;
    const char *path;
    size_t used = 0, count = 0;
    *text = 0;
    assert_int_equal(picture_walk_open(&walk, of, below), OCELLI_OK);
    while (!picture_walk_next(walk, &path)) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s ", path);
        count++;
    }
    assert_int_equal(picture_walk_next(walk, &path), PICTURE_WALK_END);
    assert_null(path);
    if (unread) *unread = picture_walk_unread(walk);
    picture_walk_close(&walk);
    assert_null(walk);
    assert_int_equal(picture_walk_count(of, below), count);
    return text;
}

static void in_order(void **state) {
    (void)state;
    assert_false(mkdir("b.png", 0700) || mkdir(".hidden", 0700) || mkdir("B", 0700) || mkdir("b.png/empty", 0700));
    put("c.jpg"), put("a.PNG"), put("Z.webp"), put("notes.txt"), put(".x.png"), put("b.png/2.gif"), put("b.png/10.gif");
    put(".hidden/y.png"), put("B/z.tga");
    assert_string_equal(walked(".", false, NULL), "./Z.webp ./a.PNG ./c.jpg ");
    assert_string_equal(walked("./", true, NULL), "./B/z.tga ./Z.webp ./a.PNG ./b.png/10.gif ./b.png/2.gif ./c.jpg ");
    assert_string_equal(walked("b.png///", true, NULL), "b.png/10.gif b.png/2.gif ");
    assert_string_equal(walked("b.png/empty", true, NULL), "");
    assert_string_equal(walked(".hidden", false, NULL), ".hidden/y.png "); /* named, so meant */
    assert_int_equal(heard.lines, 0);
}

/* Links to files and folders count, each folder once; a link to nothing is a picture that its reader finds missing. */
static void links(void **state) {
    (void)state;
    assert_false(mkdir("a", 0700) || mkdir("a/b", 0700));
    put("a/b/1.png");
    assert_false(symlink("..", "a/b/up") || symlink(".", "self") || symlink("a/b", "again") ||
                 symlink("a/b/1.png", "one.png"));
    assert_false(symlink("none", "lost.png") || symlink("none", "lost") || symlink("round", "round"));
    assert_false(mkfifo("pipe.png", 0600));
    assert_string_equal(walked(".", true, NULL), "./a/b/1.png ./lost.png ./one.png ");
    assert_string_equal(walked("self", false, NULL), "self/lost.png self/one.png ");
    assert_int_equal(heard.lines, 0);
}

static void unreadable(void **state) {
    (void)state;
    struct picture_walk *walk;
    size_t unread;
    assert_int_equal(picture_walk_open(&walk, "none", true), OCELLI_ERR_FILE);
    assert_null(walk);
    assert_non_null(strstr(heard.text, "none: cannot read this folder: No such file"));
    put("file");
    assert_int_equal(picture_walk_open(&walk, "file", true), OCELLI_ERR_FILE);
    assert_int_equal(picture_walk_count("none", true), 0);
    assert_int_equal(heard.lines, 2);
    if (geteuid() == 0) skip(); /* root reads all */
    assert_false(mkdir("a", 0700) || mkdir("shut", 0));
    put("a/1.png"), put("z.png");
    assert_string_equal(walked(".", true, &unread), "./a/1.png ./z.png ");
    assert_int_equal(unread, 1);
    assert_int_equal(heard.lines, 3); /* counting says nothing */
}

/* Deeper than a path may be long: told, not fallen over. */
static void deep(void **state) {
    (void)state;
    size_t unread;
    char name[201];
    memset(name, 'd', 200);
    name[200] = 0;
    for (int i = 0; i < 25; i++) assert_false(mkdir(name, 0700) || chdir(name));
    put("1.png");
    for (int i = 0; i < 25; i++) assert_false(chdir(".."));
    put("z.png");
    assert_string_equal(walked(".", true, &unread), "./z.png ");
    assert_int_equal(unread, 1);
    assert_int_equal(heard.lines, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(in_order), TEST(links), TEST(unreadable), TEST(deep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
