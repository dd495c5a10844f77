/* SPDX-License-Identifier: Apache-2.0
 * Rows of a matrix that stays in the file: each is that of the whole matrix, and one that was changed meanwhile is
 * refused. */
#include "support/test.h"
#include "blob/blob.h"
#include "convert/gguf_write.h"
#include "support/checkpoint.h"
#include "support/heard.h"

#include <fcntl.h>
#include <ocelli.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* No row lies as a piece of 4 KiB does. */
enum { ROWS = 300, COLUMNS = 1900 };

static char *folder, *path;
static struct blob *blob;
static struct blob_rows rows;

static int setup(void **state) {
    (void)state;
    struct gguf_write w = {0};
    struct file_writer out;
    folder = checkpoint_folder();
    path = strdup(checkpoint_path(folder, "rows.gguf"));
    gguf_write_u32(&w, "general.alignment", 64);
    int8_t *values = gguf_write_tensor(&w, "t.weight", GGUF_WRITE_I8, 2, (uint64_t[]){COLUMNS, ROWS});
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = (int8_t)(i % 8191 * 79 % 255 - 127);
    float *scales = gguf_write_tensor(&w, "t.weight.scale", GGUF_WRITE_F32, 1, (uint64_t[]){ROWS});
    for (int i = 0; i < ROWS; i++) scales[i] = (float)i;
    assert_int_equal(file_writer_open(&out, path), OCELLI_OK);
    assert_int_equal(gguf_write_file(&w, &out), OCELLI_OK);
    assert_int_equal(file_writer_commit(&out), OCELLI_OK);
    file_writer_close(&out);
    gguf_write_finish(&w);
    listen();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    blob_close(&blob);
    checkpoint_remove(folder);
    free(path);
    return 0;
}

static void open_rows(bool verify) {
    assert_int_equal(blob_open(&blob, path, verify), OCELLI_OK);
    assert_int_equal(blob_rows(blob, "t.weight", ROWS, COLUMNS, &rows), OCELLI_OK);
}

/* Another byte in the middle of row `row`, in the file itself. */
static void damage(uint64_t row) {
    const struct gguf *g = blob_gguf(blob);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    off_t at = (off_t)(g->header_size + gguf_tensor(g, "t.weight")->offset + row * COLUMNS + COLUMNS / 2);
    assert_int_equal(pwrite(fd, "\200", 1, at), 1); /* -128, which no value is */
    assert_int_equal(futimens(fd, (struct timespec[2]){{.tv_sec = 1000}, {.tv_sec = 1000}}),
                     0); /* its clock is coarse */
    close(fd);
}

static void equal(void **state) {
    (void)state;
    struct blob_matrix whole;
    int8_t row[COLUMNS];
    for (int verify = 0; verify < 2; verify++) {
        open_rows(verify);
        assert_int_equal(blob_matrix(blob, "t.weight", ROWS, COLUMNS, &whole), OCELLI_OK);
        for (uint64_t i = 0; i < ROWS; i++) {
            assert_int_equal(blob_rows_read(&rows, i, row), OCELLI_OK);
            assert_memory_equal(row, whole.values + i * COLUMNS, COLUMNS);
            assert_true(rows.scales[i] == (float)i);
        }
        blob_close(&blob);
    }
    assert_int_equal(heard.lines, 0);
}

/* The sums tell, also where the time of change does not. */
static void changed(void **state) {
    (void)state;
    int8_t row[COLUMNS];
    for (int verify = 0; verify < 2; verify++) {
        open_rows(verify);
        assert_int_equal(blob_rows_read(&rows, 100, row), OCELLI_OK);
        damage(100 + (uint64_t)verify);
        listen();
        assert_int_equal(blob_rows_read(&rows, 100 + (uint64_t)verify, row), OCELLI_ERR_FILE);
        assert_int_equal(heard.lines, 1);
        assert_true(heard_has("changed while in use (at t.weight)"));
        if (verify) assert_int_equal(blob_rows_read(&rows, 200, row), OCELLI_OK); /* as it was checked */
        blob_close(&blob);
        assert_int_equal(teardown(NULL), 0);
        assert_int_equal(setup(NULL), 0);
    }
}

static void cut(void **state) {
    (void)state;
    int8_t row[COLUMNS];
    open_rows(true);
    assert_int_equal(truncate(path, 5000), 0);
    assert_int_equal(blob_rows_read(&rows, ROWS - 1, row), OCELLI_ERR_FILE);
    assert_true(heard_has("changed while in use (at t.weight)"));
}

static void damaged(void **state) {
    (void)state;
    open_rows(true);
    damage(7);
    blob_close(&blob);
    listen();
    assert_int_equal(blob_open(&blob, path, true), OCELLI_OK);
    assert_int_equal(blob_rows(blob, "t.weight", ROWS, COLUMNS, &rows), OCELLI_ERR_FILE);
    assert_true(heard_has("damaged: t.weight differs from its SHA-256"));
    assert_int_equal(blob_check(blob), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 2);
}

/* Opened again, also after the scales were freed, nothing of the table is read: this is seen by a change of it. */
static void again(void **state) {
    (void)state;
    int8_t row[COLUMNS];
    open_rows(true);
    damage(9);
    blob_release(blob, "t");
    assert_int_equal(blob_rows(blob, "t.weight", ROWS, COLUMNS, &rows), OCELLI_OK);
    assert_int_equal(blob_rows_read(&rows, 200, row), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(blob_rows(blob, "t.weight", ROWS + 1, COLUMNS, &rows), OCELLI_ERR_FILE);
    assert_true(heard_has("expected"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(equal), TEST(changed), TEST(cut), TEST(damaged), TEST(again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
