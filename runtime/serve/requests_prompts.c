/* SPDX-License-Identifier: Apache-2.0
 * Prompts, shown and changed. */
#include "serve/change.h"
#include "serve/request.h"
#include "serve/arguments.h"

#include <stdio.h>
#include <string.h>

/* ---- told, as the values that `set` takes ---- */

static void write_value(struct serve_out *out, const char *key, const char *text) {
    char value[2 * INI_LINE];
    snprintf(value, sizeof value, "%s=%s", key, text);
    serve_out_text(out, NULL, value);
}

/* Value i of the tag, or false: there are fewer. */
static bool put_value(const struct tags_file *file, const struct tags_file_tag *tag, size_t i, struct serve_out *out) {
    const struct prompts_list *lists[] = {tags_file_prompts(tag), &tag->against, &tag->examples};
    static const char *const keys[] = {"prompt", "against", "example"};
    char number[32];
    for (int k = 0; k < 3; i -= lists[k++]->count) {
        if (i >= lists[k]->count) continue;
        const char *text = lists[k]->texts[i];
        if (k > 0 || serve_change_has_key(text))
            write_value(out, keys[k], text);
        else
            serve_out_text(out, NULL, text);
        return true;
    }
    if (tag->group && i-- == 0) {
        write_value(out, "group", tag->group);
        return true;
    }
    for (int rule = 0; rule < RULES; rule++) {
        if (!tag->rules.line[rule] || tag->rules.line[rule] == file->rules.line[rule] || i-- > 0) continue;
        snprintf(number, sizeof number, "%.9g", tag->rules.value[rule]);
        write_value(out, rules_key((enum rule)rule), number);
        return true;
    }
    return false;
}

struct one {
    const struct tags_file *file;
    const struct tags_file_tag *tag;
};

static void write_one(const void *user, size_t i, struct serve_out *out) {
    const struct one *one = user;
    put_value(one->file, one->tag, i, out);
}

static void write_tag(const void *user, size_t i, struct serve_out *out) {
    const struct tags_file *file = user;
    serve_out_begin(out, NULL, '{');
    serve_out_text(out, "tag", file->tags[i].name);
    serve_out_begin(out, "values", '[');
    for (size_t k = 0; !out->full && put_value(file, &file->tags[i], k, out);) k++;
    serve_out_end(out, ']');
    serve_out_end(out, '}');
}

static void write_brief(const void *user, size_t i, struct serve_out *out) {
    const struct tags_file *file = user;
    serve_out_begin(out, NULL, '{');
    serve_out_text(out, "tag", file->tags[i].name);
    serve_out_end(out, '}');
}

static size_t count_values(const struct one *one) {
    char scratch[4 * INI_LINE];
    size_t count = 0;
    for (;; count++) {
        struct serve_out out = {.bytes = scratch, .capacity = sizeof scratch};
        if (!put_value(one->file, one->tag, count, &out)) return count;
    }
}

enum serve_code serve_prompts(struct serve_request *request, struct serve_out *out) {
    const struct tags_file *file = request->callbacks->prompts(request->callbacks->user, &request->view.version);
    struct serve_list list = {"tags", request->from, file->count, write_tag, write_brief, file};
    struct one one = {file, request->count ? tags_file_find(file, request->arguments[0]) : NULL};
    serve_out_count(out, "version", request->view.version);
    if (request->count) {
        enum serve_code code = one.tag ? SERVE_OK : serve_change_name(request->arguments[0], request->message);
        if (code) return code;
        if (!one.tag) return serve_refuse(request, SERVE_NONE, "no tag \"%.100s\"", request->arguments[0]);
        serve_out_text(out, "tag", one.tag->name);
        list = (struct serve_list){"values", request->from, count_values(&one), write_one, write_one, &one};
    }
    serve_out_count(out, "count", list.count);
    serve_list_write(request, &list, out);
    return SERVE_OK;
}

/* ---- changed ---- */

static enum serve_code change(struct serve_request *r, struct serve_out *out, enum serve_change_kind kind) {
    struct serve_value values[SERVE_ARGUMENTS];
    struct serve_change c = {.kind = kind, .tag = r->arguments[0], .values = values, .origin = r->origin};
    enum serve_code code = serve_change_name(c.tag, r->message);
    for (size_t i = 1; !code && i < r->count; i++)
        code = serve_change_value(kind, r->arguments[i], &values[c.count++], r->message);
    if (!code) code = r->callbacks->change(r->callbacks->user, &c, r->message);
    if (code) return code;
    r->callbacks->prompts(r->callbacks->user, &r->view.version);
    serve_out_count(out, "version", r->view.version);
    return SERVE_OK;
}

enum serve_code serve_add(struct serve_request *request, struct serve_out *out) {
    return change(request, out, SERVE_ADD);
}

enum serve_code serve_set(struct serve_request *request, struct serve_out *out) {
    return change(request, out, SERVE_SET);
}

enum serve_code serve_remove(struct serve_request *request, struct serve_out *out) {
    return change(request, out, SERVE_REMOVE);
}
