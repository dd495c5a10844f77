/* SPDX-License-Identifier: Apache-2.0
 * The live table, read as a terminal reads it: a small one that knows what show.c writes, and refuses all else. */
#include "support/test.h"
#include "ocelli/show/show.h"
#include "ocelli/show/show_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { WIDE = 260, HIGH = 80, CELL = 32 };

/* ---- a terminal ---- */

static struct {
    size_t width, height, row, column;
    char cells[HIGH][WIDE][CELL]; /* "" : a wide character's second half, or blank behind erased */
    size_t sequences;             /* of colour */
} terminal;

static void blank(size_t row, size_t from) {
    for (size_t i = from; i < terminal.width; i++) strcpy(terminal.cells[row][i], " ");
}

static void set_size(size_t width, size_t height) {
    memset(&terminal, 0, sizeof terminal);
    terminal.width = width, terminal.height = height;
    for (size_t i = 0; i < height; i++) blank(i, 0);
}

static const char *obey(const char *bytes) {
    unsigned first = 0, second = 0;
    assert_true(*bytes++ == '[');
    while (*bytes == '0' && bytes[1] == ';') bytes += 2;
    while (*bytes >= '0' && *bytes <= '9') first = 10 * first + (unsigned)(*bytes++ - '0');
    if (*bytes == ';') bytes++;
    while (*bytes >= '0' && *bytes <= '9') second = 10 * second + (unsigned)(*bytes++ - '0');
    switch (*bytes) {
    case 'H': assert_true(first >= 1 && first <= terminal.height && second == 1); break;
    case 'G': assert_true(first >= 1 && first <= terminal.width); break;
    case 'K': blank(terminal.row, terminal.column); break;
    case 'J': set_size(terminal.width, terminal.height); break;
    case 'm': terminal.sequences++; break;
    default: fail_msg("a sequence that ends with %c", *bytes);
    }
    if (*bytes == 'H') terminal.row = first - 1, terminal.column = 0;
    if (*bytes == 'G') terminal.column = first - 1;
    return bytes + 1;
}

/* No row wraps, nothing that a terminal obeys stands in a name. */
static void receive(const char *bytes, size_t size) {
    const char *end = bytes + size;
    while (bytes < end) {
        utf8proc_int32_t point;
        if (*bytes == '\033') {
            bytes = obey(bytes + 1);
            continue;
        }
        utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)bytes, end - bytes, &point);
        assert_true(length > 0 && point >= 0x20 && point != 0x7f && !(point >= 0x80 && point < 0xa0) &&
                    point != 0x202e);
        size_t cells = (size_t)utf8proc_charwidth(point);
        assert_true(terminal.column + cells <= terminal.width);
        char *cell = terminal.cells[terminal.row][cells || !terminal.column ? terminal.column : terminal.column - 1];
        if (cells) *cell = 0;
        strncat(cell, bytes, (size_t)length);
        if (cells == 2) terminal.cells[terminal.row][terminal.column + 1][0] = 0;
        terminal.column += cells;
        bytes += length;
    }
}

/* What stands in a row. */
static const char *row(size_t at) {
    static char text[WIDE * CELL];
    *text = 0;
    for (size_t i = 0; i < terminal.width; i++) strcat(text, terminal.cells[at][i]);
    return text;
}

static size_t row_of(const char *words) {
    for (size_t i = 0; i < terminal.height; i++)
        if (strstr(row(i), words)) return i;
    return SIZE_MAX;
}

static bool shown(const char *words) {
    return row_of(words) != SIZE_MAX;
}

/* ---- tables ---- */

static struct show_table table;
static struct show_view view;
static struct show_canvas now, before;

static int setup(void **state) {
    (void)state;
    table = (struct show_table){.title = "ocelli run test.ini",
                                .details = "test: 640x480",
                                .any = true,
                                .pictures_per_s = 9.8,
                                .device_ms = 12.34,
                                .uptime_s = 3671};
    view = (struct show_view){.color = true, .utf8 = true, .keys = true};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    show_finish(&table);
    show_canvas_finish(&now);
    show_canvas_finish(&before);
    return 0;
}

static struct show_tag *add(const char *name, const char *group) {
    struct show_tag *tag = show_put(&table, table.count, name);
    assert_non_null(tag);
    table.count++;
    snprintf(tag->group, sizeof tag->group, "%s", group);
    tag->threshold = SHOW_FIXED;
    tag->score = 0.25, tag->margin = -0.02, tag->on_from = 0.02;
    show_range(tag);
    return tag;
}

static size_t update(void) {
    size_t size;
    char *bytes = show_changes(&now, &before, &size);
    assert_non_null(bytes);
    receive(bytes, size);
    free(bytes);
    return size;
}

static void draw(size_t width, size_t height) {
    assert_true(show_resize(&now, width, height));
    set_size(width, height);
    show_draw(&table, &view, &now);
    show_canvas_finish(&before);
    update();
}

/* ---- tests ---- */

static void test_rows(void **state) {
    (void)state;
    add("cat", "pets")->on = true;
    add("parcel", "");
    struct show_tag *dog = add("dog", "pets");
    dog->threshold = SHOW_STARTER, dog->learnt = 0.456;
    add("door", "")->threshold = SHOW_LEARNT;
    draw(80, 24);
    assert_true(strstr(row(0), "ocelli run test.ini") == row(0));
    assert_true(strstr(row(0), "9.8 pictures/s  12.3 ms  up 1:01:11"));
    assert_string_equal(row(0) + strlen(row(0)) - 7, "1:01:11"); /* the last column too */
    assert_int_equal(row_of("pets: cat"), 3); /* the group where its first member stands, all of them below */
    assert_int_equal(row_of("*  cat "), 4);
    assert_int_equal(row_of("   dog "), 5);
    assert_int_equal(row_of(" parcel "), 6);
    assert_true(strstr(row(4), " on ") && strstr(row(4), "fixed"));
    assert_true(strstr(row(5), " off ") && strstr(row(5), "starter 45%") && strstr(row(5), "0.25") &&
                strstr(row(5), "-0.020"));
    assert_true(strstr(row(row_of(" door ")), "learnt"));
    assert_true(shown(" q quit  space freeze"));
    table.tags[0].on = false, view.frozen = true;
    draw(80, 24);
    assert_true(shown("pets: unknown") && strstr(row(0), "FROZEN") == row(0) && shown("space go on"));
    draw(40, 12);
    assert_true(shown("45%") && !shown("starter"));
}

static void test_names(void **state) {
    (void)state;
    add("\033[2J\033]0;title\007\tx\x7f\xc2\x9b y", "");
    add("\xe2\x80\xaeoff", "bad\xff\xfe utf8");
    add("\xe7\x8c\xab\xe3\x81\x8c\xe3\x81\x84\xe3\x82\x8b\xe5\x86\x99\xe7\x9c\x9f", ""); /* six letters of two cells */
    add("cafe\xcc\x81 au lait", "");                                                     /* e, combining acute accent */
    draw(80, 24);
    assert_true(shown("?[2J?]0;title??x?? y"));
    assert_true(shown("?off") && shown("bad?? utf8"));
    assert_true(shown("\xe7\x8c\xab\xe3\x81\x8c\xe3\x81\x84\xe3\x82\x8b\xe5\x86\x99\xe7\x9c\x9f  "));
    assert_true(shown("cafe\xcc\x81 au lait"));
    /* All that follows a name stands in the same column. */
    size_t off = 0;
    for (size_t i = row_of("?[2J"); i <= row_of("cafe"); i++) {
        size_t at = 0;
        if (strstr(row(i), "utf8: ")) continue; /* the group's row */
        while (strcmp(terminal.cells[i][at], "0") || strcmp(terminal.cells[i][at + 1], ".")) at++;
        assert_true(!off || off == at);
        off = at;
    }
    draw(30, 24); /* cut: never half of a wide letter, the accent with its letter */
    assert_true(shown("\xe2\x80\xa6 "));
    view.utf8 = false;
    draw(30, 24);
    assert_true(shown("~ ") && !shown("\xe2\x80\xa6"));
}

static void test_bars(void **state) {
    (void)state;
    char bytes[512] = "";
    struct show_row r = {.bytes = bytes, .capacity = sizeof bytes, .width = 100};
    show_bar(&r, 0.5, NAN, 10, "32"), show_space(&r, 1);
    show_bar(&r, 0.5, 0.75, 8, "32"), show_space(&r, 1);
    show_bar(&r, 7, 0, 4, "32"), show_space(&r, 1);
    show_bar(&r, -7, 1, 4, "32"), show_space(&r, 1);
    show_bar(&r, NAN, NAN, 4, "32"), show_space(&r, 1);
    show_bar(&r, INFINITY, -INFINITY, 4, "32"), show_space(&r, 1);
    show_bar(&r, 1, 1, 1, "32"), show_space(&r, 1);
    assert_string_equal(bytes, "#####..... ####..|. |### ...| .... |### | ");
    struct show_tag *tag = add("cat", "");
    assert_true(tag->low < -0.01 && tag->high > 0.01);
    tag->margin = 0.5, show_range(tag);
    tag->margin = 0.1, show_range(tag);
    assert_true(fabs(tag->low + 0.02) + fabs(tag->high - 0.5) < 1e-9);
    tag = show_put(&table, 0, "cat"); /* the same tag of the next picture */
    assert_true(fabs(tag->high - 0.5) < 1e-9 && isnan(tag->margin));
    tag = show_put(&table, 0, "dog");
    assert_true(isnan(tag->high));
    draw(80, 24); /* without any number */
    assert_true(shown("dog"));
}

/* Of every size, with all parts and without: receive() checks each byte. */
static void test_sizes(void **state) {
    (void)state;
    const size_t counts[] = {0, 1, 2, 37};
    for (int i = 0; i < 20; i++)
        show_add_event(&table, &(struct show_event){"12:00:00", "on", "\xe7\x8c\xab cat", 0.5});
    for (int i = 0; i < 9; i++)
        show_add_note(
            &table,
            "ocelli: warning: \xe7\x8c\xab a line of the log that is longer than most windows are wide, to be sure");
    for (size_t k = 0; k < 4; k++) {
        char name[40];
        while (table.count < counts[k]) {
            snprintf(name, sizeof name, "\xe7\x8c\xab number %zu", table.count);
            add(name, table.count % 3 ? "" : table.count % 2 ? "odd" : "even");
        }
        for (size_t width = 1; width <= 130; width += width < 34 ? 1 : 7)
            for (size_t height = 1; height <= 40; height += height < 18 ? 1 : 5) {
                view.frozen = width % 2, view.top = width % 5;
                draw(width, height);
                if (counts[k] && height > 8 && width > 16) assert_true(shown("\xe7\x8c\xab"));
                if (height > 4 && width > 30) assert_true(strstr(row(height - 1), "q quit"));
            }
    }
    assert_false(show_resize(&now, 0, 0) && (now.width != 1 || now.height != 1));
    assert_true(show_resize(&now, 100000, 100000) && now.width == SHOW_SIDE && now.height == SHOW_SIDE);
    show_draw(&table, &view, &now);
}

static void test_scroll(void **state) {
    (void)state;
    char name[40];
    for (int i = 0; i < 40; i++) snprintf(name, sizeof name, "tag %02d", i), add(name, "");
    draw(60, 20);
    assert_true(shown("tag 00") && !shown("tag 39") && shown(" of 40 "));
    view.top = 3;
    draw(60, 20);
    assert_true(!shown("tag 02") && shown("tag 03") && shown(" 4-"));
    view.top = 1000000; /* as far as there are any */
    draw(60, 20);
    assert_true(shown("tag 39") && !shown("tag 00"));
    assert_true(view.top < 40);
    table.count = 2;
    draw(60, 20);
    assert_true(view.top == 0 && shown("tag 00") && shown("tag 01"));
}

static void test_changes(void **state) {
    (void)state;
    char was[HIGH][2000];
    add("cat", "pets"), add("dog", "pets"), add("parcel", "");
    draw(80, 24);
    assert_true(show_resize(&before, 80, 24));
    show_draw(&table, &view, &before);
    assert_int_equal(update(), 0); /* nothing changed: not a byte */
    table.tags[1].on = true, table.tags[1].score = 0.99;
    show_add_event(&table, &(struct show_event){"12:00:00", "on", "dog", 0.99});
    show_draw(&table, &view, &now);
    size_t size = update();
    for (size_t i = 0; i < 24; i++) snprintf(was[i], sizeof was[i], "%s", row(i));
    assert_true(strstr(was[3], "pets: dog") && strstr(was[5], "0.99"));
    draw(80, 24); /* all of it anew: the same picture */
    for (size_t i = 0; i < 24; i++) assert_string_equal(row(i), was[i]);
    assert_true(size < 1500);
    assert_true(terminal.sequences > 0);
    view.color = false;
    draw(80, 24);
    assert_int_equal(terminal.sequences, 0);
}

static void test_notes(void **state) {
    (void)state;
    show_add_note(&table, "ocelli: the first line");
    show_add_note(&table, "ocelli: warning: 0123456789 0123456789 0123456789 0123456789 0123456789 the end");
    draw(60, 24);
    size_t at = row_of("warning:");
    assert_true(strstr(row(at - 1), "the first line") && strstr(row(at + 1), "the end"));
    draw(60, 10); /* the newest is kept */
    assert_true(shown("the end") && !shown("the first line"));
    table.any = false;
    draw(60, 24);
    assert_true(shown("no picture yet"));
}

static void test_rate(void **state) {
    (void)state;
    struct show_rate rate = {0};
    assert_true(isnan(show_rate(&rate, 100, 50)));
    assert_true(isnan(show_rate(&rate, 105, 50.5)));
    assert_true(fabs(show_rate(&rate, 120, 52) - 10) < 1e-9);
    for (int i = 0; i < 10; i++) show_rate(&rate, 120 + 5 * i, 53 + i);
    assert_true(fabs(show_rate(&rate, 170, 63) - 5) < 1);
    assert_true(show_rate(&rate, 3, 64) >= 0); /* started anew */
    assert_true(fabs(show_rate(&rate, 23, 66) - 10) < 1e-9);
}

static void test_plain(void **state) {
    (void)state;
    char *text;
    size_t size;
    struct show_tag *tag = add("a \033[2Jcat", "p\033ts");
    tag->on = true, tag->threshold = SHOW_STARTER, tag->learnt = 0.5;
    FILE *to = open_memstream(&text, &size);
    show_print_event(to, &(struct show_event){"12:00:00", "on", "a \033[2Jcat", 0.831});
    show_print_event(to, &(struct show_event){"12:00:01", "unknown", "pets", NAN});
    show_print_table(to, &table, "12:00:02");
    fclose(to);
    assert_string_equal(text, "12:00:00 on        a ?[2Jcat 0.83\n"
                              "12:00:01 unknown   pets\n"
                              "12:00:02 1 tags, 1 on, 9.8 pictures/s, 12.3 ms a picture, up 3671 s\n"
                              "    on       a ?[2Jcat                score 0.25 margin -0.020 threshold 0.020 starter, "
                              "learnt 50% group p?ts\n");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bars, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scroll, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
