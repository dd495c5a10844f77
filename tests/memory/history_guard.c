/* SPDX-License-Identifier: Apache-2.0
 * Files that others made by hand, to read and to write: one line, soon, and nothing else. */
#include "base/clock.h"
#include "file.h"

#define HEAD "PRAGMA application_id = 1868784876; PRAGMA user_version = 1;"
#define RUN                                                                                                            \
    "CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL,"           \
    " boot_at_ms INTEGER NOT NULL, last INTEGER NOT NULL);"
#define PICTURE                                                                                                        \
    "CREATE TABLE picture(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, boot_ms INTEGER NOT NULL, scale REAL NOT "     \
    "NULL,"                                                                                                            \
    " vector BLOB NOT NULL, tags TEXT NOT NULL);"
#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
/* A run of this model: its pictures are compared. */
#define OURS "INSERT INTO run VALUES(1,'a model','1234',64,0,9);"

static void make(const char *sql) {
    char name[160], command[400];
    new_folder();
    snprintf(name, sizeof name, "%s.sql", path);
    FILE *f = fopen(name, "we");
    assert_non_null(f);
    fputs(sql, f);
    fclose(f);
    snprintf(command, sizeof command, "sqlite3 %s <%s >/dev/null", path, name);
    assert_int_equal(system(command), 0);
}

static int search(struct history *h) {
    static struct history_hit hits[4];
    struct history_found found = {.hits = hits};
    float v[D];
    unit(1, v);
    struct history_question q = {.vector = v, .wanted = 4, .apart_ms = 0};
    return history_search(h, &q, &found);
}

/* Opened for reading and searched, and opened for writing: a fault of one line each time. */
static void refused(const char *sql, const char *why) {
    struct history *h;
    double began = clock_ms();
    make(sql);
    listen();
    int status = history_open(&h, path, &model);
    if (!status) status = search(h);
    if (status != OCELLI_ERR_FILE || !strstr(heard.text, why))
        print_error("%s\nto read: %d, %s\n", sql, status, heard.text);
    assert_int_equal(status, OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, why));
    history_close(&h);
    listen();
    status = history_create(&h, path, &model, 8 * MB);
    if (!status) status = append(h, 0, 10);
    history_close(&h);
    assert_in_range(heard.lines, status ? 1 : 0, 2);
    assert_true(clock_ms() - began < 8000);
    remove_folder();
}

static void test_other_tables(void **state) {
    (void)state;
    static const char *const all[] = {
        HEAD RUN OURS "CREATE VIEW picture AS " ENDLESS
                      " SELECT i AS id, 1 AS run, 0 AS boot_ms, 1.0 AS scale, zeroblob(64) AS"
                      " vector, '' AS tags FROM n;",
        HEAD PICTURE "CREATE VIEW run AS " ENDLESS
                     " SELECT i AS id, 'a' AS name, '1234' AS key, 64 AS size, 0 AS boot_at_ms,"
                     " 1 AS last FROM n;",
        HEAD RUN PICTURE OURS
        "CREATE TRIGGER t AFTER INSERT ON picture BEGIN DELETE FROM picture; DELETE FROM run; END;",
        HEAD RUN PICTURE OURS "CREATE VIEW v AS SELECT 1;",
        HEAD RUN OURS "CREATE TABLE picture(id INTEGER PRIMARY KEY, run, boot_ms, scale, tags,"
                      " vector AS (zeroblob(100000000)) VIRTUAL);",
        HEAD RUN PICTURE OURS "CREATE INDEX i ON picture(printf('%.*c', boot_ms, 'x'));",
        HEAD RUN PICTURE OURS "CREATE TABLE more(a);",
        HEAD RUN OURS,
        HEAD "CREATE TABLE run(id); CREATE TABLE picture(id);",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) refused(all[i], "its tables are not as ocelli makes them");
}

static void test_virtual_table(void **state) {
    (void)state;
    if (system("sqlite3 :memory: 'CREATE VIRTUAL TABLE t USING fts5(a)' 2>/dev/null")) skip();
    refused(HEAD RUN OURS "CREATE VIRTUAL TABLE picture USING fts5(run, boot_ms, scale, vector, tags);",
            "its tables are not as ocelli makes them");
}

static void test_huge_values(void **state) {
    (void)state;
    refused(HEAD RUN PICTURE OURS "INSERT INTO picture VALUES(1, 1, 0, 1.0, zeroblob(50000000), '');",
            "too big: move it away");
    refused(HEAD RUN PICTURE "INSERT INTO run VALUES(1, 'a', printf('%.*c', 9000000, 'x'), 64, 0, 9);",
            "too big: move it away");
}

/* Values of other types are passed over, or are what SQLite makes numbers of. */
static void test_other_types(void **state) {
    (void)state;
    struct history *h;
    make(HEAD RUN PICTURE OURS
         "INSERT INTO run VALUES(2, x'00ff', x'31323334', 'x', 'y', 'z');"
         "INSERT INTO picture VALUES(1, 'one', 'two', 'three', 'four', x'00ff'), (2, 1, 1e300, -1e308, x'', 7),"
         "(3, 1, x'ff', 'nan', zeroblob(64), x'1b5b324a'), (9223372036854775807, 1, 0, 1.0, zeroblob(64), 5),"
         "(-9223372036854775808, 2, 0, 9e999, zeroblob(64), 'a');");
    listen();
    assert_int_equal(history_open(&h, path, &model), OCELLI_OK);
    assert_int_equal(search(h), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
    history_close(&h);
    remove_folder();
}

/* ANALYZE, as somebody runs who looks into the file with SQLite's shell. */
static void test_analyzed(void **state) {
    (void)state;
    struct history *h;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 0, 100), OCELLI_OK);
    history_close(&h);
    number("ANALYZE; VACUUM; SELECT 1");
    listen();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    assert_int_equal(append(h, 100, 100), OCELLI_OK);
    assert_int_equal(search(h), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
    history_close(&h);
    remove_folder();
}

enum { PAGE = 4096 };

static unsigned two(const uint8_t *at) {
    return (unsigned)at[0] << 8 | at[1];
}

/* All children of each inner page become the last: the same leaf again and again. With more levels it would take years.
 */
static void join_children(void) {
    uint8_t page[PAGE];
    unsigned joined = 0;
    FILE *f = fopen(path, "r+e");
    assert_non_null(f);
    for (long at = PAGE; fseek(f, at, SEEK_SET) == 0 && fread(page, PAGE, 1, f) == 1; at += PAGE) {
        if (page[0] != 5) continue; /* an inner page of a table: section 1.6 of SQLite's file format */
        for (unsigned i = 0; i < two(page + 3); i++) memcpy(page + two(page + 12 + 2 * i), page + 8, 4), joined++;
        assert_int_equal(fseek(f, at, SEEK_SET), 0);
        assert_int_equal(fwrite(page, PAGE, 1, f), 1);
    }
    fclose(f);
    assert_true(joined > 10);
}

static void test_pages_in_circles(void **state) {
    (void)state;
    struct history *h;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    for (uint64_t i = 0; i < 4000; i += 100) assert_int_equal(append(h, i, 100), OCELLI_OK);
    history_close(&h);
    join_children();
    listen();
    assert_int_equal(history_open(&h, path, &model), OCELLI_OK);
    assert_int_equal(search(h), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "not in order: move it away"));
    history_close(&h);
    remove_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_other_tables), cmocka_unit_test(test_virtual_table),
                                       cmocka_unit_test(test_huge_values),  cmocka_unit_test(test_other_types),
                                       cmocka_unit_test(test_analyzed),     cmocka_unit_test(test_pages_in_circles)};
    if (!history_built_in() || system("command -v sqlite3 >/dev/null")) {
        puts("SKIP: no SQLite, or not its shell");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
