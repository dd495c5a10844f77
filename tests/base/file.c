/* SPDX-License-Identifier: Apache-2.0
 * Files appear whole or not at all. Everything happens in a folder of its own. */
#include "support/test.h"
#include "base/file.h"

#include <dirent.h>
#include <ocelli.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];
static int lines;

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    assert_non_null(strstr(message, path)); /* says where */
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
    struct file_map map;
    assert_int_equal(file_map_open(&map, path), OCELLI_OK);
    assert_int_equal(map.size, strlen(text));
    assert_memory_equal(map.data, text, map.size);
    file_map_close(&map);
    assert_null(map.data);
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
    struct file_map old;
    struct file_writer w;
    assert_int_equal(file_map_open(&old, path), OCELLI_OK);
    assert_int_equal(file_writer_open(&w, path), OCELLI_OK);
    assert_int_equal(file_writer_write(&w, "newer", 5), OCELLI_OK);
    holds("old");
    assert_int_equal(file_writer_commit(&w), OCELLI_OK);
    file_writer_close(&w);
    holds("newer");
    assert_memory_equal(old.data, "old", 3);
    file_map_close(&old);
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
    struct file_writer zeroed = {0};
    file_writer_close(&zeroed);
    assert_true(fcntl_open(0));
}

int main(void) {
    return 0;
}
