/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/tags_file.h"
#include "base/compose.h"
#include "base/file.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

struct parser {
    struct tags_file *file;
    struct tags_file_tag *tag;  /* whose section this is */
    struct tags_file_tag spare; /* for a tag that is refused, whose lines may have faults too */
    bool full;
};

static int out_of_memory(const struct ini_place *at) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", at->file);
}

static const struct tags_file_tag *find_composed(const struct tags_file *file, const char *name) {
    size_t i;
    return lookup_find(&file->names, name, &i) ? &file->tags[i] : NULL;
}

const struct tags_file_tag *tags_file_find(const struct tags_file *file, const char *name) {
    struct arena arena = {0};
    const char *composed = compose_copy(&arena, name);
    const struct tags_file_tag *found = find_composed(file, composed ? composed : name);
    arena_finish(&arena);
    return found;
}

static int begin_tag(void *user, const struct ini_place *at, const char *name) {
    struct parser *p = user;
    struct tags_file *f = p->file;
    const char *composed = compose_copy(&f->arena, name);
    if (!composed) return out_of_memory(at);
    const struct tags_file_tag *same = find_composed(f, composed);
    p->spare = (struct tags_file_tag){.name = composed, .line = at->line, .rules = rules_none()};
    p->tag = &p->spare;
    if (same)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: tag \"%s\" again, first in line %zu: join the two", at->file,
                        at->line, name, same->line);
    bool told = p->full;
    p->full = f->count == TAGS_FILE_TAGS;
    if (p->full && told) return OCELLI_OK; /* once is enough */
    if (p->full) return log_fail(OCELLI_ERR_LIMIT, "%s:%zu: more than %d tags", at->file, at->line, TAGS_FILE_TAGS);
    p->tag = &f->tags[f->count];
    *p->tag = p->spare;
    lookup_add(&f->names, composed, f->count++);
    return OCELLI_OK;
}

static int no_value(const struct ini_place *at, const char *key) {
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s has no value: write one or remove the line", at->file, at->line, key);
}

static int take_template(struct tags_file *f, struct prompts_list *list, const struct ini_place *at,
                         const char *value) {
    if (!prompts_slot(value))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: template \"%s\": write {} exactly once, where the prompt goes",
                        at->file, at->line, value);
    return prompts_add_composed(list, &f->arena, value);
}

static int take_group(struct parser *p, const struct ini_place *at, const char *value) {
    if (p->tag->group)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: group again, it is \"%s\" already: a tag is in one group", at->file,
                        at->line, p->tag->group);
    p->tag->group = compose_copy(&p->file->arena, value);
    return p->tag->group ? OCELLI_OK : out_of_memory(at);
}

static int take_example(struct parser *p, const struct ini_place *at, const char *value) {
    struct prompts_list *list = &p->tag->examples;
    size_t capacity = list->capacity;
    int status = prompts_add(list, &p->file->arena, value);
    if (!status && list->capacity != capacity) { /* it grew: so do the lines */
        size_t *lines = arena_alloc(&p->file->arena, list->capacity, sizeof *lines);
        if (!lines) return out_of_memory(at);
        if (capacity) memcpy(lines, p->tag->example_lines, capacity * sizeof *lines);
        p->tag->example_lines = lines;
    }
    if (!status) p->tag->example_lines[list->count - 1] = at->line;
    return status;
}

/* The list that a key of a tag adds to, or NULL. */
static struct prompts_list *list_of(struct tags_file_tag *tag, const char *key) {
    if (!strcmp(key, "prompt")) return &tag->prompts;
    if (!strcmp(key, "against")) return &tag->against;
    if (!strcmp(key, "example")) return &tag->examples;
    return NULL;
}

static int tag_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct parser *p = user;
    struct prompts_list *list = list_of(p->tag, key);
    bool template = !strcmp(key, "template"), group = !strcmp(key, "group");
    int rule = rules_find(key);
    if (!list && !template && !group && rule < 0)
        return log_fail(
            OCELLI_ERR_FILE,
            "%s:%zu: unknown key \"%s\": prompt, template, against, example, group, on, off, false_alarms, smooth, "
            "min_on and min_off are known in a tag",
            at->file, at->line, key);
    if (!*value) return no_value(at, key);
    if (template) return take_template(p->file, &p->tag->templates, at, value);
    if (group) return take_group(p, at, value);
    if (!list) return rules_take(&p->tag->rules, at, (enum rule)rule, value);
    return list == &p->tag->examples ? take_example(p, at, value) : prompts_add_composed(list, &p->file->arena, value);
}

static int template_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct parser *p = user;
    if (strcmp(key, "template"))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown key \"%s\": only template is known outside a tag", at->file,
                        at->line, key);
    return *value ? take_template(p->file, &p->file->templates, at, value) : no_value(at, key);
}

static int default_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct parser *p = user;
    int rule = rules_find(key);
    if (rule < 0)
        return log_fail(
            OCELLI_ERR_FILE,
            "%s:%zu: unknown key \"%s\": on, off, false_alarms, smooth, min_on and min_off are known in [defaults]",
            at->file, at->line, key);
    return *value ? rules_take(&p->file->rules, at, (enum rule)rule, value) : no_value(at, key);
}

static int read_sections(struct tags_file *f, const void *bytes, size_t size, const char *name,
                         const struct tags_file_options *options) {
    struct parser p = {.file = f};
    const struct ini_section sections[] = {
        {.name = "", .user = &p, .value = template_value},
        {.name = "tag", .named = true, .user = &p, .begin = begin_tag, .value = tag_value},
        {.name = "templates", .user = &p, .value = template_value},
        {.name = "defaults", .user = &p, .value = default_value},
    };
    const struct ini_table table = {sections, sizeof sections / sizeof *sections, options->others};
    return ini_read(bytes, size, name, &table, options->faults);
}

/* Checks that need all of the tag. */
static int complete(struct tags_file *f, struct tags_file_tag *tag, const char *name, struct faults *faults) {
    int status = rules_check(&tag->rules, name, faults);
    rules_complete(&tag->rules, &f->rules);
    tag->named_only = tag->prompts.count == 0;
    if (!status && tag->named_only) status = prompts_add(&tag->prompts, &f->arena, tag->name);
    return status;
}

/* Room for as many tags as there can be: each section has a bracket. */
static size_t brackets(const char *bytes, size_t size) {
    size_t count = 0;
    for (const char *at = bytes, *end = bytes + size; at < end && (at = memchr(at, '[', (size_t)(end - at))); at++)
        count++;
    return count < TAGS_FILE_TAGS ? count : TAGS_FILE_TAGS;
}

static int parse(struct tags_file *f, const void *bytes, size_t size, const char *name,
                 const struct tags_file_options *options) {
    f->rules = rules_none();
    size_t most = size ? brackets(bytes, size) : 0;
    f->tags = arena_alloc(&f->arena, most, sizeof *f->tags);
    if (!f->tags || !lookup_init(&f->names, &f->arena, most)) return out_of_memory(&(struct ini_place){.file = name});
    int status = read_sections(f, bytes, size, name, options);
    if (!status) status = rules_check(&f->rules, name, options->faults);
    if (!status && !f->count && !options->may_be_empty)
        status = faults_pass(options->faults,
                             log_fail(OCELLI_ERR_FILE, "%s: no tags: write a [tag NAME] section for each", name));
    for (size_t i = 0; !status && i < f->count; i++) status = complete(f, &f->tags[i], name, options->faults);
    return status;
}

int tags_file_parse(struct tags_file *file, const void *bytes, size_t size, const char *name,
                    const struct tags_file_options *options) {
    static const struct tags_file_options none;
    *file = (struct tags_file){0};
    int status = parse(file, bytes, size, name, options ? options : &none);
    if (status) tags_file_finish(file);
    return status;
}

int tags_file_read(struct tags_file *file, const char *path, const struct tags_file_options *options) {
    struct file_bytes bytes;
    *file = (struct tags_file){0};
    int status = file_read(&bytes, path);
    if (status) return status;
    status = tags_file_parse(file, bytes.data, bytes.size, path, options);
    file_free(&bytes);
    return status;
}

static int pass_over(void *user, const struct ini_place *at, const char *key, const char *value) {
    (void)user, (void)at, (void)key, (void)value;
    return OCELLI_OK;
}

static const struct ini_section daemon_sections[] = {
    {.name = "run", .value = pass_over},       {.name = "source", .value = pass_over},
    {.name = "serve", .value = pass_over},     {.name = "web", .value = pass_over},
    {.name = "mqtt", .value = pass_over},      {.name = "memory", .value = pass_over},
    {.name = "moderation", .value = pass_over}};
const struct ini_table tags_file_daemon_sections = {daemon_sections, sizeof daemon_sections / sizeof *daemon_sections,
                                                    NULL};

/* ---- from an array ---- */

static int take_tag(struct parser *p, const struct ini_place *at, const struct ocelli_tag *tag) {
    if (!tag->name || !*tag->name)
        return log_fail(OCELLI_ERR_USAGE, "%s:%zu: this tag has no name", at->file, at->line);
    if (!tag->prompts || !tag->prompt_count)
        return log_fail(OCELLI_ERR_USAGE, "%s:%zu: tag \"%s\" has no prompt", at->file, at->line, tag->name);
    int status = begin_tag(p, at, tag->name);
    for (size_t i = 0; !status && i < tag->prompt_count; i++) {
        if (!tag->prompts[i] || !*tag->prompts[i])
            return log_fail(OCELLI_ERR_USAGE, "%s:%zu: tag \"%s\" has an empty prompt", at->file, at->line, tag->name);
        status = prompts_add_composed(&p->tag->prompts, &p->file->arena, tag->prompts[i]);
    }
    if (!status) rules_complete(&p->tag->rules, &p->file->rules);
    return status == OCELLI_ERR_FILE ? OCELLI_ERR_USAGE : status; /* the same name twice */
}

int tags_file_from_array(struct tags_file *file, const struct ocelli_tag *tags, size_t count, const char *name) {
    struct ini_place at = {.file = name};
    struct parser p = {.file = file};
    size_t most = count < TAGS_FILE_TAGS ? count : TAGS_FILE_TAGS;
    *file = (struct tags_file){.rules = rules_none()};
    if (!count) return log_fail(OCELLI_ERR_USAGE, "%s: no tags: give at least one", name);
    file->tags = arena_alloc(&file->arena, most, sizeof *file->tags);
    int status = file->tags && lookup_init(&file->names, &file->arena, most) ? OCELLI_OK : out_of_memory(&at);
    for (size_t i = 0; !status && i < count; i++) {
        at.line = i + 1;
        status = take_tag(&p, &at, &tags[i]);
    }
    if (status) tags_file_finish(file);
    return status;
}

void tags_file_finish(struct tags_file *file) {
    arena_finish(&file->arena);
    *file = (struct tags_file){0};
}

/* NULL: nothing is wrong with them. */
static const char *fault_of(const struct prompts_list *list, const char *(*fault)(const char *text)) {
    const char *found = NULL;
    for (size_t i = 0; !found && i < list->count; i++) found = fault(list->texts[i]);
    return found;
}

static const char *fault_of_tag(const struct tags_file_tag *tag, const char *(*fault)(const char *text)) {
    const char *names[] = {tag->name, tag->group}, *found = NULL;
    struct prompts_list named = {.texts = names, .count = tag->group ? 2 : 1};
    const struct prompts_list *lists[] = {&named, &tag->prompts, &tag->against, &tag->templates};
    for (size_t i = 0; !found && i < sizeof lists / sizeof *lists; i++) found = fault_of(lists[i], fault);
    return found;
}

int tags_file_check_texts(const struct tags_file *file, const char *path, const char *(*fault)(const char *text),
                          struct faults *faults) {
    const char *found = fault_of(&file->templates, fault);
    int status = OCELLI_OK;
    if (found) status = faults_pass(faults, log_fail(OCELLI_ERR_FILE, "%s: a template for all tags %s", path, found));
    for (size_t i = 0; !status && i < file->count; i++) {
        const struct tags_file_tag *tag = &file->tags[i];
        found = fault_of_tag(tag, fault);
        if (found)
            status = faults_pass(faults, log_fail(OCELLI_ERR_FILE, "%s:%zu: this tag %s", path, tag->line, found));
    }
    return status;
}

/* A digest a text, so that "a" "bc" is not "ab" "c". */
static void mix_list(uint8_t digest[SHA256_SIZE], const struct prompts_list *list) {
    uint8_t all[2 * SHA256_SIZE];
    for (size_t i = 0; i <= list->count; i++) { /* the last: an end that no text is */
        memcpy(all, digest, SHA256_SIZE);
        memset(all + SHA256_SIZE, 0, SHA256_SIZE);
        if (i < list->count) sha256(list->texts[i], strlen(list->texts[i]), all + SHA256_SIZE);
        sha256(all, sizeof all, digest);
    }
}

void tags_file_keep_group(struct tags_file *file, const char *name) {
    const struct tags_file_tag *tag = tags_file_find(file, name);
    const char *group = tag ? tag->group : NULL;
    size_t kept = 0, number = tag ? (size_t)(tag - file->tags) : file->count;
    for (size_t i = 0; i < file->count; i++) {
        const char *other = file->tags[i].group;
        if (i == number || (group && other && !strcmp(group, other))) file->tags[kept++] = file->tags[i];
    }
    file->count = kept;
    lookup_clear(&file->names);
    for (size_t i = 0; i < kept; i++) lookup_add(&file->names, file->tags[i].name, i);
}

const struct prompts_list *tags_file_prompts(const struct tags_file_tag *tag) {
    static const struct prompts_list none;
    return tag->named_only && tag->examples.count ? &none : &tag->prompts;
}

const struct prompts_list *tags_file_templates(const struct tags_file *file, const struct tags_file_tag *tag) {
    return tag->templates.count ? &tag->templates : &file->templates;
}

void tags_file_key(const struct tags_file *file, const struct tags_file_tag *tag, char key[SHA256_HEX_SIZE]) {
    uint8_t digest[SHA256_SIZE] = {0};
    mix_list(digest, tags_file_prompts(tag));
    mix_list(digest, tags_file_templates(file, tag));
    mix_list(digest, &tag->against);
    mix_list(digest, &tag->examples);
    sha256_hex(digest, key);
}

/* FNV-1a. */
static void mix(uint64_t *hash, const void *bytes, size_t size) {
    for (const uint8_t *b = bytes; size--; b++) *hash = (*hash ^ *b) * 1099511628211u;
}

static void mix_text(uint64_t *hash, const char *text) {
    mix(hash, text, strlen(text) + 1);
}

/* How many first, so that no text goes over to the next list. */
static void mix_texts(uint64_t *hash, const struct prompts_list *list) {
    mix(hash, &list->count, sizeof list->count);
    for (size_t i = 0; i < list->count; i++) mix_text(hash, list->texts[i]);
}

/* Not made of tags_file_key(): all tags are gone through at each change, by who answers requests meanwhile. */
uint64_t tags_file_version(const struct tags_file *file) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < file->count; i++) {
        const struct tags_file_tag *t = &file->tags[i];
        mix_text(&hash, t->name);
        mix_text(&hash, t->group ? t->group : "");
        mix_texts(&hash, tags_file_prompts(t));
        mix_texts(&hash, tags_file_templates(file, t));
        mix_texts(&hash, &t->against);
        mix_texts(&hash, &t->examples);
        for (int r = 0; r < RULES; r++) {
            bool own = t->rules.line[r] != file->rules.line[r];
            if (isfinite(t->rules.value[r])) mix(&hash, &t->rules.value[r], sizeof t->rules.value[r]);
            mix(&hash, &own, sizeof own);
        }
    }
    return (hash ^ hash >> 32) & 0xffffffff;
}
