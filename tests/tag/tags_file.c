/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "tag/tags_file.h"

#include <math.h>
#include <ocelli.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state) {
    (void)state;
    listen();
    return 0;
}

/* From memory of exactly that size, so that a read behind the end shows. */
static int parse(struct tags_file *file, const char *bytes, size_t size) {
    char *exact = malloc(size ? size : 1);
    if (size) memcpy(exact, bytes, size);
    int status = tags_file_parse(file, exact, size, "tags.ini", NULL);
    free(exact);
    return status;
}

static void assert_list(const struct prompts_list *list, size_t count, const char *const *want) {
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(list->texts[i], want[i]);
}

static void whole(void **state) {
    (void)state;
    static const char text[] = "; what the door camera looks for\n"
                               "template = a photo of {}.\n"
                               "\n"
                               "[templates]\r\n"
                               "template = {} at night\n"
                               "# a comment; with = and [brackets\n"
                               "[tag open door]\n"
                               "prompt = an open garage door\n"
                               "  prompt=a garage with its door up   \n" /* indented: a line of its own */
                               "prompt: ratio 3:4 = \"half\"#1;2\n"
                               "[ tag  a [very] long name of a tag that is longer than fifty bytes ] \n"
                               "template = {}\n"
                               "[templates]\n"
                               "template = a drawing of {}\n"
                               "[tag cat]"; /* no line end */
    struct tags_file f;
    assert_int_equal(parse(&f, text, sizeof text - 1), OCELLI_OK);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(f.count, 3);
    assert_list(&f.templates, 3, (const char *const[]){"a photo of {}.", "{} at night", "a drawing of {}"});
    assert_string_equal(f.tags[0].name, "open door");
    assert_int_equal(f.tags[0].line, 7);
    assert_list(&f.tags[0].prompts, 3,
                (const char *const[]){"an open garage door", "a garage with its door up", "ratio 3:4 = \"half\"#1;2"});
    assert_int_equal(f.tags[0].templates.count, 0);
    assert_string_equal(f.tags[1].name, "a [very] long name of a tag that is longer than fifty bytes");
    assert_list(&f.tags[1].prompts, 1, &f.tags[1].name);
    assert_list(&f.tags[1].templates, 1, (const char *const[]){"{}"});
    assert_string_equal(f.tags[2].name, "cat");
    assert_list(&f.tags[2].prompts, 1, (const char *const[]){"cat"});
    assert_ptr_equal(tags_file_find(&f, "cat"), &f.tags[2]);
    assert_null(tags_file_find(&f, "ca"));
    tags_file_finish(&f);
    assert_null(tags_file_find(&f, "cat")); /* empty */
}

/* Texts are composed, names of files are not. */
static void composed(void **state) {
    (void)state;
    static const char text[] =
        "template = {} e\u0301\n[tag cafe\u0301]\nprompt = a cafe\u0301\nagainst = the\u0301\ngroup = e\u0301\n"
        "example = cafe\u0301.png\n[tag bar]\ngroup = \u00e9\n[tag o\u0323\u0302]\n";
    struct tags_file f;
    assert_int_equal(parse(&f, text, sizeof text - 1), OCELLI_OK);
    assert_list(&f.templates, 1, (const char *const[]){"{} \u00e9"});
    assert_string_equal(f.tags[0].name, "caf\u00e9");
    assert_list(&f.tags[0].prompts, 1, (const char *const[]){"a caf\u00e9"});
    assert_list(&f.tags[0].against, 1, (const char *const[]){"th\u00e9"});
    assert_list(&f.tags[0].examples, 1, (const char *const[]){"cafe\u0301.png"});
    assert_string_equal(f.tags[0].group, f.tags[1].group);
    assert_list(&f.tags[2].prompts, 1, (const char *const[]){"\u1ed9"});
    assert_ptr_equal(tags_file_find(&f, "caf\u00e9"), &f.tags[0]);
    assert_ptr_equal(tags_file_find(&f, "cafe\u0301"), &f.tags[0]);
    assert_ptr_equal(tags_file_find(&f, "\u00f4\u0323"), &f.tags[2]);
    assert_null(tags_file_find(&f, "cafe"));
    tags_file_finish(&f);
}

struct bad {
    const char *text, *line; /* the line it must say, up to its end or "..." */
};

static const struct bad bad_files[] = {
    {"", "tags.ini: no tags: ..."},
    {"\n\n; nothing\n", "tags.ini: no tags: ..."},
    {"[templates]\ntemplate = {}\n", "tags.ini: no tags: ..."},
    {"[tag a]\nprompt\n", "tags.ini:2: expected NAME = VALUE"},
    {"[tag a]\n\nprompt = x\nnonsense here\n", "tags.ini:4: expected NAME = VALUE"},
    {"[tag a]\nprompts = x\n",
     "tags.ini:2: unknown key \"prompts\": prompt, template, against, example, group, on, off, ..."},
    {"[tag a]\n= x\n", "tags.ini:2: unknown key \"\": ..."},
    {"prompt = x\n[tag a]\n", "tags.ini:1: unknown key \"prompt\": only template ..."},
    {"[templates]\nprompt = x\n", "tags.ini:2: unknown key \"prompt\": only template ..."},
    {"[tag a]\nPrompt = x\n", "tags.ini:2: unknown key \"Prompt\": ..."},
    {"[tag a]\nprompt =\n", "tags.ini:2: prompt has no value: ..."},
    {"[tag a]\ntemplate = \t \n", "tags.ini:2: template has no value: ..."},
    {"template = a photo\n[tag a]\n", "tags.ini:1: template \"a photo\": write {} exactly once, ..."},
    {"[tag a]\ntemplate = {} and {}\n", "tags.ini:2: template \"{} and {}\": write {} exactly once, ..."},
    {"[tag a]\n[tag b]\n[tag a]\n", "tags.ini:3: tag \"a\" again, first in line 1: ..."},
    {"[tag a]\n[tag   a\t]\n", "tags.ini:2: tag \"a\" again, first in line 1: ..."},
    {"[tags a]\n", "tags.ini:1: unknown section \"tags a\": ..."},
    {"[tag]\n", "tags.ini:1: unknown section \"tag\": ..."},
    {"[tag ]\n", "tags.ini:1: unknown section \"tag\": ..."},
    {"[]\n", "tags.ini:1: unknown section \"\": ..."},
    {"[Templates]\n", "tags.ini:1: unknown section \"Templates\": ..."},
    {"[tag a\n", "tags.ini:1: a section ends with ']', ..."},
    {"[\n", "tags.ini:1: a section ends with ']', ..."},
    {"[tag a] ; mine\n", "tags.ini:1: a section ends with ']', ..."},
    {"[tag a]\nprompt = a cat ; mine\n", "tags.ini:2: ';' or '#' after a blank: ..."},
    {"[tag a]\nprompt = a cat\t# mine\n", "tags.ini:2: ';' or '#' after a blank: ..."},
    {"[tag a]\nagainst =\n", "tags.ini:2: against has no value: ..."},
    {"[tag a]\nmin_on =\n", "tags.ini:2: min_on has no value: ..."},
    {"[tag a]\ngroup = x\ngroup = x\n", "tags.ini:3: group again, it is \"x\" already: ..."},
    {"[tag a]\non = 0.1\n\non = 0.2\n", "tags.ini:4: on again, first in line 2: ..."},
    {"[tag a]\non = 0,1\n", "tags.ini:2: on = \"0,1\": expected a number from -2 to 2"},
    {"[tag a]\non = 2.1\n", "tags.ini:2: on = \"2.1\": ..."},
    {"[tag a]\nfalse_alarms = 0\n", "tags.ini:2: false_alarms = \"0\": expected a number from 0.01 to 1000"},
    {"[tag a]\nsmooth = -1\n", "tags.ini:2: smooth = \"-1\": expected a number from 0 to 86400"},
    {"[tag a]\noff = 0.3\non = 0.2\n", "tags.ini:2: off = 0.3 is above on = 0.2 in line 3: ..."},
    {"[tag a]\noff = 0.3\n", "tags.ini:2: off without on: ..."},
    {"[tag a]\non = 0.3\nfalse_alarms = 1\n", "tags.ini:3: false_alarms beside on in line 2: ..."},
    {"[defaults]\non = 0.1\noff = 0.2\n[tag a]\n", "tags.ini:3: off = 0.2 is above on = 0.1 in line 2: ..."},
    {"[defaults]\nprompt = x\n", "tags.ini:2: unknown key \"prompt\": on, off, ..."},
    {"[run]\nport = 1\n[tag a]\n",
     "tags.ini:1: unknown section \"run\": [tag NAME], [templates] or [defaults] are known"},
    {"[tag caf\u00e9]\n[tag cafe\u0301]\n", "tags.ini:2: tag \"cafe\u0301\" again, first in line 1: ..."},
    {"[tag a]\rprompt = x\r", "tags.ini:1: lines end with CR alone, ..."},
    {"; mine\r[tag a]\r", "tags.ini:1: lines end with CR alone, ..."},
    {"[tag a]\r\nprompt = x\r[tag b]\r\n", "tags.ini:2: lines end with CR alone, ..."},
    {"[tag a]\nprompt = #1\n", "tags.ini:2: ';' or '#' after a blank: ..."},
};

/* "..." at the end of `want` stands for anything. */
static bool fits(const char *got, const char *want) {
    size_t length = strlen(want);
    if (length < 3 || strcmp(want + length - 3, "...")) return !strcmp(got, want);
    return !strncmp(got, want, length - 3);
}

static void bad(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad_files / sizeof *bad_files; i++) {
        struct tags_file f;
        setup(NULL);
        int status = parse(&f, bad_files[i].text, strlen(bad_files[i].text));
        if (status != OCELLI_ERR_FILE || heard.lines != 1 || !fits(heard.text, bad_files[i].line))
            print_error("\"%s\": %d, %d lines, \"%s\"\n", bad_files[i].text, status, heard.lines, heard.text);
        assert_int_equal(status, OCELLI_ERR_FILE);
        assert_int_equal(heard.lines, 1);
        assert_true(fits(heard.text, bad_files[i].line));
        assert_null(f.arena.last); /* empty */
        assert_int_equal(f.count, 0);
    }
}

static void assert_rules(const struct tags_file_tag *tag, const double *want) {
    for (int i = 0; i < RULES; i++)
        assert_true(isnan(want[i]) ? isnan(tag->rules.value[i]) : tag->rules.value[i] == want[i]);
}

static void all_keys(void **state) {
    (void)state;
    static const char text[] = "[defaults]\non = 0.1\noff = -0.05\nmin_on = 7\n"
                               "[tag cat]\n"
                               "example = cats/tom.jpg\nexample = cats/2.png\n"
                               "against = a dog\nagainst = an empty yard\n"
                               "group = animal\n"
                               "false_alarms = 0.5\nsmooth = 0\nmin_off = 60.5\n"
                               "[tag dog]\ngroup = animal\nprompt = a dog\non = 0.2\n"
                               "[tag cow]\n";
    struct tags_file f;
    assert_int_equal(parse(&f, text, sizeof text - 1), OCELLI_OK);
    assert_int_equal(f.count, 3);
    assert_list(&f.tags[0].examples, 2, (const char *const[]){"cats/tom.jpg", "cats/2.png"});
    assert_list(&f.tags[0].against, 2, (const char *const[]){"a dog", "an empty yard"});
    assert_list(&f.tags[0].prompts, 1, (const char *const[]){"cat"});
    assert_true(f.tags[0].named_only && !f.tags[1].named_only);
    assert_int_equal(tags_file_prompts(&f.tags[0])->count, 0); /* its examples alone */
    assert_ptr_equal(tags_file_prompts(&f.tags[1]), &f.tags[1].prompts);
    assert_list(tags_file_prompts(&f.tags[2]), 1, &f.tags[2].name);
    assert_string_equal(f.tags[0].group, "animal");
    assert_string_equal(f.tags[1].group, "animal");
    assert_null(f.tags[2].group);
    assert_rules(&f.tags[0],
                 (const double[RULES]){NAN, NAN, 0.5, 0, 7, 60.5});        /* its false_alarms hide the file's on */
    assert_rules(&f.tags[1], (const double[RULES]){0.2, NAN, 1, 2, 7, 2}); /* and its on the file's off */
    assert_rules(&f.tags[2], (const double[RULES]){0.1, -0.05, 1, 2, 7, 2});
    tags_file_finish(&f);
}

/* Tags of one key have the same vectors; numbers and the group are no part of it. */
static void keys(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool same; /* as the first */
    } rows[] = {
        {"[tag a]\nprompt = x\nprompt = y\n", true},
        {"[tag b]\non = 0.1\nprompt = x\ngroup = g\nprompt = y\n", true},
        {"[tag a]\nprompt = y\nprompt = x\n", false},
        {"[tag a]\nprompt = xy\n", false},
        {"[tag a]\nprompt = x\nagainst = y\n", false},
        {"[tag a]\nprompt = x\nprompt = y\nexample = z\n", false},
        {"template = {}\n[tag a]\nprompt = x\nprompt = y\n", false},
    };
    char first[SHA256_HEX_SIZE], key[SHA256_HEX_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tags_file f;
        assert_int_equal(parse(&f, rows[i].text, strlen(rows[i].text)), OCELLI_OK);
        tags_file_key(&f, &f.tags[0], i ? key : first);
        if (i) assert_true(!strcmp(first, key) == rows[i].same);
        tags_file_finish(&f);
    }
}

/* What `prompts` of a board tells changes it, and nothing else does. */
static void versions(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool same;
    } rows[] = {
        {"[tag a]\nprompt = x\non = 0.3\ngroup = g\n[tag b]\n", true},
        {"; other words\n\n[tag a]\ngroup = g\non=0.3\nprompt=x\n[tag b]\nprompt = b\n", true},
        {"[tag a]\nprompt = x\non = 0.3\ngroup = g\n", false},
        {"[tag b]\n[tag a]\nprompt = x\non = 0.3\ngroup = g\n", false},
        {"[tag a]\nprompt = x\non = 0.3\ngroup = g\n[tag c]\nprompt = b\n", false},
        {"[tag a]\nprompt = y\non = 0.3\ngroup = g\n[tag b]\n", false},
        {"[tag a]\nprompt = x\non = 0.3\ngroup = h\n[tag b]\n", false},
        {"[tag a]\nprompt = x\non = 0.3\n[tag b]\ngroup = g\n", false},
        {"[tag a]\nprompt = x\non = 0.31\ngroup = g\n[tag b]\n", false},
        {"[tag a]\nprompt = x\non = 0.3\nsmooth = 2\ngroup = g\n[tag b]\n", false},
        {"[defaults]\non = 0.3\n[tag a]\nprompt = x\ngroup = g\n[tag b]\n", false},
        {"template = a {}\n[tag a]\nprompt = x\non = 0.3\ngroup = g\n[tag b]\n", false},
    };
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tags_file f;
        assert_int_equal(parse(&f, rows[i].text, strlen(rows[i].text)), OCELLI_OK);
        uint64_t version = tags_file_version(&f);
        if (!i) first = version;
        assert_true((version == first) == rows[i].same);
        assert_true(version <= UINT32_MAX);
        tags_file_finish(&f);
    }
}

static int other_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    snprintf(user, 100, "%zu %s %s", at->line, key, value);
    return *value ? OCELLI_OK : OCELLI_ERR_LIMIT;
}

/* The daemon's sections in the same file; without tags too, as they may come by the network. */
static void others(void **state) {
    (void)state;
    char seen[100];
    const struct ini_section run = {.name = "run", .user = seen, .value = other_value};
    const struct ini_table table = {&run, 1, NULL};
    const struct tags_file_options options = {.others = &table, .may_be_empty = true};
    static const char text[] = "template = {}\n[run]\nport = 5690\n[tag a]\n[run]\nserial = /dev/ttyS0\n";
    struct tags_file f;
    assert_int_equal(tags_file_parse(&f, text, sizeof text - 1, "x.ini", &options), OCELLI_OK);
    assert_int_equal(f.count, 1);
    assert_string_equal(seen, "6 serial /dev/ttyS0");
    tags_file_finish(&f);
    assert_int_equal(tags_file_parse(&f, "[run]\na = b", 11, "x.ini", &options), OCELLI_OK);
    assert_string_equal(seen, "2 a b");
    tags_file_finish(&f);
    assert_int_equal(heard.lines, 0);
    assert_int_equal(tags_file_parse(&f, "[run]\na =", 9, "x.ini", &options),
                     OCELLI_ERR_LIMIT); /* theirs, and said by them */
    assert_int_equal(heard.lines, 0);
    assert_int_equal(tags_file_parse(&f, "[walk]\n", 7, "x.ini", &options), OCELLI_ERR_FILE);
    assert_string_equal(heard.text,
                        "x.ini:1: unknown section \"walk\": [tag NAME], [templates], [defaults] or [run] are known");
}

static void byte_order_mark(void **state) {
    (void)state;
    static const char text[] = "\xEF\xBB\xBF[tag a]\n";
    struct tags_file f;
    assert_int_equal(parse(&f, text, sizeof text - 1), OCELLI_OK);
    assert_string_equal(f.tags[0].name, "a");
    tags_file_finish(&f);
    assert_int_equal(parse(&f, text, 3), OCELLI_ERR_FILE);
    assert_int_equal(parse(&f, text, 2), OCELLI_ERR_FILE);
}

static void zero_byte(void **state) {
    (void)state;
    static const char text[] = "[tag a]\nprompt = x\0y\n";
    struct tags_file f;
    assert_int_equal(parse(&f, text, sizeof text - 1), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_true(fits(heard.text, "tags.ini:2: a zero byte: ..."));
}

/* A prompt that fills a line of `length` bytes; NULL-safe only for lengths over that of the key. */
static int parse_line(struct tags_file *f, size_t length) {
    static const char start[] = "[tag a]\nprompt = ";
    size_t head = 8, size = head + length + 2 + 20;
    char *text = malloc(size);
    memset(text, 'x', size);
    memcpy(text, start, sizeof start - 1);
    memcpy(text + head + length, "\r\n", 2);
    memcpy(text + head + length + 2, "[tag the one after]\n", 20);
    int status = parse(f, text, size);
    free(text);
    return status;
}

static void line_lengths(void **state) {
    (void)state;
    struct tags_file f;
    for (size_t length = INI_LINE - 1; length <= INI_LINE; length++) {
        assert_int_equal(parse_line(&f, length), OCELLI_OK);
        assert_int_equal(strlen(f.tags[0].prompts.texts[0]), length - strlen("prompt = "));
        assert_int_equal(f.count, 2);
        tags_file_finish(&f);
    }
    assert_int_equal(heard.lines, 0);
    assert_int_equal(parse_line(&f, INI_LINE + 1), OCELLI_ERR_FILE);
    assert_string_equal(heard.text, "tags.ini:2: 198 bytes in a line, at most 197");
    assert_int_equal(parse_line(&f, 100000), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 2);
}

/* Comments may be as long as they like. */
static void long_comment(void **state) {
    (void)state;
    char text[1000];
    struct tags_file f;
    memset(text, '=', sizeof text);
    text[0] = '#';
    memcpy(text + sizeof text - 9, "\n[tag a]\n", 9);
    assert_int_equal(parse(&f, text, sizeof text), OCELLI_OK);
    assert_int_equal(f.count, 1);
    tags_file_finish(&f);
}

static void most_tags(void **state) {
    (void)state;
    char *text = malloc((TAGS_FILE_TAGS + 1) * 16), *end = text;
    struct tags_file f;
    for (int i = 0; i < TAGS_FILE_TAGS; i++) end += sprintf(end, "[tag %d]\n", i);
    assert_int_equal(parse(&f, text, (size_t)(end - text)), OCELLI_OK);
    assert_int_equal(f.count, TAGS_FILE_TAGS);
    assert_string_equal(f.tags[4095].prompts.texts[0], "4095");
    tags_file_finish(&f);
    end += sprintf(end, "[tag more]\n");
    assert_int_equal(parse(&f, text, (size_t)(end - text)), OCELLI_ERR_LIMIT);
    assert_string_equal(heard.text, "tags.ini:4097: more than 4096 tags");
    free(text);
}

static void from_file(void **state) {
    (void)state;
    char path[] = "/tmp/ocelli-tags-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "[tag a]\nbroken\n", 15), 15);
    close(fd);
    struct tags_file f;
    char want[64];
    assert_int_equal(tags_file_read(&f, path, NULL), OCELLI_ERR_FILE);
    snprintf(want, sizeof want, "%s:2: expected NAME = VALUE", path);
    assert_string_equal(heard.text, want);
    assert_int_equal(truncate(path, 8), 0);
    assert_int_equal(tags_file_read(&f, path, NULL), OCELLI_OK);
    tags_file_finish(&f);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(tags_file_read(&f, path, NULL), OCELLI_ERR_FILE);
    unlink(path);
    heard.lines = 0;
    assert_int_equal(tags_file_read(&f, path, NULL), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    tags_file_finish(&f); /* of a failed read: empty, harmless */
}

static int from_array(struct tags_file *file, const char *name, const char *prompt) {
    const struct ocelli_tag tags[] = {{"first", (const char *const[]){"x", "y"}, 2}, {name, &prompt, 1}};
    return tags_file_from_array(file, tags, 2, "tags");
}

/* As a file with the same prompts: names composed, the default rules, the same key. */
static void array(void **state) {
    (void)state;
    static const char text[] = "[tag first]\nprompt = x\nprompt = y\n[tag e\xcc\x81]\nprompt = z\n";
    struct tags_file file, made;
    char key[SHA256_HEX_SIZE], same[SHA256_HEX_SIZE];
    assert_int_equal(parse(&file, text, sizeof text - 1), OCELLI_OK);
    assert_int_equal(from_array(&made, "e\xcc\x81", "z"), OCELLI_OK);
    assert_int_equal(made.count, 2);
    assert_string_equal(made.tags[1].name, "\xc3\xa9");
    assert_memory_equal(&made.tags[1].rules.value, &file.tags[1].rules.value, sizeof made.tags[1].rules.value);
    for (int i = 0; i < 2; i++) {
        tags_file_key(&file, &file.tags[i], key);
        tags_file_key(&made, &made.tags[i], same);
        assert_string_equal(key, same);
    }
    tags_file_finish(&file);
    tags_file_finish(&made);
    assert_int_equal(from_array(&made, "first", "z"), OCELLI_ERR_USAGE);
    assert_true(heard.lines == 1 && strstr(heard.text, "tags:2: tag \"first\" again, first in line 1"));
    assert_int_equal(from_array(&made, "", "z"), OCELLI_ERR_USAGE);
    assert_int_equal(from_array(&made, "a", ""), OCELLI_ERR_USAGE);
    assert_int_equal(from_array(&made, NULL, "z"), OCELLI_ERR_USAGE);
    assert_int_equal(from_array(&made, "a", NULL), OCELLI_ERR_USAGE);
    assert_true(heard.lines == 5 && !made.count && !made.arena.last);
}

static const char *no_x(const char *text) {
    return strchr(text, 'x') ? "has an x" : NULL;
}

static void checked_texts(void **state) {
    (void)state;
    static const char *const bad[] = {"x", "group = x", "prompt = x", "against = x", "template = x {}"};
    char text[100];
    struct tags_file file;
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "[tag a%s]\n%s\n", i ? "" : "x", i ? bad[i] : "prompt = y");
        assert_int_equal(parse(&file, text, strlen(text)), OCELLI_OK);
        heard.lines = 0;
        assert_int_equal(tags_file_check_texts(&file, "tags.ini", no_x, NULL), OCELLI_ERR_FILE);
        assert_true(heard.lines == 1 && !strcmp(heard.text, "tags.ini:1: this tag has an x"));
        tags_file_finish(&file);
    }
    static const char good[] = "template = a {}\n[tag a]\nexample = x.png\n"; /* a name of a file may have any bytes */
    assert_int_equal(parse(&file, good, sizeof good - 1), OCELLI_OK);
    assert_int_equal(tags_file_check_texts(&file, "tags.ini", no_x, NULL), OCELLI_OK);
    tags_file_finish(&file);
}

/* The daemon's file, of which only the tags are read. */
static void daemon_sections(void **state) {
    (void)state;
    static const char text[] = "[run]\nmodel = x\n[source]\nuri = y\n[serve]\nudp = 1\n[memory]\nfile = z\n[tag a]\n";
    const struct tags_file_options options = {.others = &tags_file_daemon_sections};
    struct tags_file file;
    assert_int_equal(tags_file_parse(&file, text, sizeof text - 1, "ocelli.ini", &options), OCELLI_OK);
    assert_int_equal(file.count, 1);
    tags_file_finish(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whole, setup),
        cmocka_unit_test_setup(composed, setup),
        cmocka_unit_test_setup(bad, setup),
        cmocka_unit_test_setup(all_keys, setup),
        cmocka_unit_test_setup(others, setup),
        cmocka_unit_test_setup(keys, setup),
        cmocka_unit_test_setup(byte_order_mark, setup),
        cmocka_unit_test_setup(zero_byte, setup),
        cmocka_unit_test_setup(line_lengths, setup),
        cmocka_unit_test_setup(long_comment, setup),
        cmocka_unit_test_setup(most_tags, setup),
        cmocka_unit_test_setup(from_file, setup),
        cmocka_unit_test_setup(versions, setup),
        cmocka_unit_test_setup(array, setup),
        cmocka_unit_test_setup(checked_texts, setup),
        cmocka_unit_test_setup(daemon_sections, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
