/* SPDX-License-Identifier: Apache-2.0
 * inih splits NAME = VALUE. Left alone it would cut lines at 200 bytes, section names at 49 and
 * values at " ;", join indented lines and not tell of a section without values, all in silence.
 * So its reader, next_line() here, refuses the first and third, and takes the sections itself. */
#include "tag/tags_file.h"
#include "base/file.h"
#include "base/log.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>

struct parser {
    struct tags_file *file;
    const char *name; /* of the file, for messages */
    const char *bytes;
    size_t size, at, line;     /* the next byte; the current line, from 1 */
    struct tags_file_tag *tag; /* whose section this is; NULL: what is for all */
    int status;
};

static int out_of_memory(const struct parser *p) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", p->name);
}

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Text that is not terminated, without the blanks at its ends. */
struct piece {
    const char *text;
    size_t length;
};

static struct piece trim(struct piece s) {
    while (s.length && blank(s.text[0])) s.text++, s.length--;
    while (s.length && blank(s.text[s.length - 1])) s.length--;
    return s;
}

static int start_tag(struct parser *p, struct piece name) {
    struct tags_file *f = p->file;
    for (size_t i = 0; i < f->count; i++)
        if (strlen(f->tags[i].name) == name.length && !memcmp(f->tags[i].name, name.text, name.length))
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: tag \"%s\" again, first in line %zu: join the two", p->name, p->line,
                            f->tags[i].name, f->tags[i].line);
    if (f->count == TAGS_FILE_TAGS)
        return log_fail(OCELLI_ERR_LIMIT, "%s:%zu: more than %d tags", p->name, p->line, TAGS_FILE_TAGS);
    p->tag = &f->tags[f->count];
    *p->tag = (struct tags_file_tag){.name = arena_copy(&f->arena, name.text, name.length), .line = p->line};
    if (!p->tag->name) return out_of_memory(p);
    f->count++;
    return OCELLI_OK;
}

/* "[tag NAME]" or "[templates]"; a ']' may be part of NAME. */
static int section(struct parser *p, struct piece line) {
    if (line.text[line.length - 1] != ']')
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: a section ends with ']', and nothing follows it", p->name, p->line);
    struct piece s = trim((struct piece){line.text + 1, line.length - 2});
    if (s.length == 9 && !memcmp(s.text, "templates", 9)) {
        p->tag = NULL;
        return OCELLI_OK;
    }
    if (s.length > 4 && !memcmp(s.text, "tag", 3) && blank(s.text[3]))
        return start_tag(p, trim((struct piece){s.text + 4, s.length - 4}));
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown section \"%.*s\": [tag NAME] or [templates] are known", p->name, p->line,
                    (int)s.length, s.text);
}

/* People write comments behind values. Some INI readers take them so, others do not; neither guess
 * may change a prompt unseen. */
static bool has_comment(struct piece s) {
    for (size_t i = 1; i < s.length; i++)
        if ((s.text[i] == ';' || s.text[i] == '#') && blank(s.text[i - 1])) return true;
    return false;
}

/* Leaves in `out` (of `room` bytes) what inih shall see of a line: NAME = VALUE, or nothing. */
static int take_line(struct parser *p, struct piece s, char *out, size_t room) {
    s = trim(s);
    out[0] = '\0';
    if (s.length == 0 || s.text[0] == ';' || s.text[0] == '#') return OCELLI_OK;
    if (s.length > TAGS_FILE_LINE || s.length > room - 1)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %zu bytes in a line, at most %d", p->name, p->line, s.length, TAGS_FILE_LINE);
    if (memchr(s.text, '\0', s.length))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: a zero byte: this is not a text file", p->name, p->line);
    if (s.text[0] == '[') return section(p, s);
    if (has_comment(s))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: ';' or '#' after a blank: a comment needs a line of its own", p->name, p->line);
    memcpy(out, s.text, s.length);
    out[s.length] = '\0';
    return OCELLI_OK;
}

/* An ini_reader: one line, or NULL at the end and after the first fault. */
static char *next_line(char *out, int room, void *user) {
    struct parser *p = user;
    if (p->status || p->at == p->size) return NULL;
    const char *from = p->bytes + p->at, *end = memchr(from, '\n', p->size - p->at);
    size_t length = end ? (size_t)(end - from) : p->size - p->at;
    p->at += length + (end != NULL);
    p->line++;
    p->status = take_line(p, (struct piece){from, length}, out, (size_t)room);
    return p->status ? NULL : out;
}

static int take_template(struct parser *p, const char *value) {
    if (!prompts_slot(value))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: template \"%s\": write {} exactly once, where the prompt goes", p->name,
                        p->line, value);
    return prompts_add(p->tag ? &p->tag->templates : &p->file->templates, &p->file->arena, value);
}

/* An ini_handler; `section` is always empty, see section(). */
static int take_value(void *user, const char *unused, const char *key, const char *value) {
    struct parser *p = user;
    (void)unused;
    bool template = !strcmp(key, "template"), prompt = p->tag && !strcmp(key, "prompt");
    if (!template && !prompt)
        p->status = log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown key \"%s\": %s", p->name, p->line, key,
                             p->tag ? "prompt and template are known in a tag" : "only template is known outside a tag");
    else if (!*value)
        p->status = log_fail(OCELLI_ERR_FILE, "%s:%zu: %s has no value: write one or remove the line", p->name, p->line, key);
    else
        p->status = template ? take_template(p, value) : prompts_add(&p->tag->prompts, &p->file->arena, value);
    return p->status == OCELLI_OK;
}

static int parse(struct parser *p) {
    struct tags_file *f = p->file;
    f->tags = arena_alloc(&f->arena, TAGS_FILE_TAGS, sizeof *f->tags);
    if (!f->tags) return out_of_memory(p);
    if (p->size >= 3 && !memcmp(p->bytes, "\xEF\xBB\xBF", 3)) p->at = 3; /* UTF-8's mark, from some editors */
    int bad_line = ini_parse_stream(next_line, p, take_value, p);
    if (p->status) return p->status;
    if (bad_line) return log_fail(OCELLI_ERR_FILE, "%s:%d: expected NAME = VALUE", p->name, bad_line);
    if (!f->count) return log_fail(OCELLI_ERR_FILE, "%s: no tags: write a [tag NAME] section for each", p->name);
    for (size_t i = 0; !p->status && i < f->count; i++)
        if (!f->tags[i].prompts.count) p->status = prompts_add(&f->tags[i].prompts, &f->arena, f->tags[i].name);
    return p->status;
}

int tags_file_parse(struct tags_file *file, const void *bytes, size_t size, const char *name) {
    *file = (struct tags_file){0};
    struct parser p = {.file = file, .name = name, .bytes = bytes, .size = size};
    int status = parse(&p);
    if (status) tags_file_finish(file);
    return status;
}

int tags_file_read(struct tags_file *file, const char *path) {
    struct file_map map;
    *file = (struct tags_file){0};
    int status = file_map_open(&map, path);
    if (status) return status;
    status = tags_file_parse(file, map.data, map.size, path);
    file_map_close(&map);
    return status;
}

void tags_file_finish(struct tags_file *file) {
    arena_finish(&file->arena);
    *file = (struct tags_file){0};
}
