/* SPDX-License-Identifier: Apache-2.0
 * A good ini, explained. */
#include "ocelli/check.h"
#include "ocelli/common/plain.h"

#include <math.h>
#include <string.h>

/* Texts of a tag, and rivals of its group, that are written out for people. */
enum { TEXTS_SHOWN = 6 };

/* ---- for people ---- */

static void label(const char *name) {
    printf("  %-10s ", name);
}

static void line(const char *name, const char *text) {
    label(name);
    plain_text(stdout, text);
    putchar('\n');
}

static void quoted(const char *text, bool first) {
    printf("%s\"", first ? "" : ", ");
    plain_text(stdout, text);
    putchar('"');
}

static void list(const char *name, const struct prompts_list *texts) {
    if (!texts->count) return;
    label(name);
    for (size_t i = 0; i < texts->count && i < TEXTS_SHOWN; i++) quoted(texts->texts[i], i == 0);
    if (texts->count > TEXTS_SHOWN) printf(" and %zu more", texts->count - TEXTS_SHOWN);
    putchar('\n');
}

/* As the model gets them. An empty list where there is no memory. */
static struct prompts_list prompts_of(const struct tags_file *tags, const struct tags_file_tag *tag,
                                      struct arena *arena) {
    struct prompts_list all = {0};
    prompts_expand(&all, arena, tags_file_templates(tags, tag), tags_file_prompts(tag));
    return all;
}

static bool is_rival(const struct tags_file_tag *tag, const struct tags_file_tag *other) {
    return other != tag && tag->group && other->group && !strcmp(tag->group, other->group);
}

static void show_group(const struct tags_file *tags, const struct tags_file_tag *tag) {
    size_t shown = 0, rivals = 0;
    if (!tag->group) return;
    label("group");
    quoted(tag->group, true);
    printf(": at most one of it is on; rivals ");
    for (size_t i = 0; i < tags->count; i++) {
        if (!is_rival(tag, &tags->tags[i])) continue;
        if (rivals++ < TEXTS_SHOWN) quoted(tags->tags[i].name, shown++ == 0);
    }
    if (rivals > shown) printf(" and %zu more", rivals - shown);
    puts(rivals ? "" : "none");
}

static void show_learnt(double alarms) {
    bool one = alarms >= 1 && alarms <= 1;
    printf("at a threshold learnt from the scene, in an hour at least,\n");
    label("");
    printf("for about %g false alarm%s a day; until then by the starter rule\n", alarms, one ? "" : "s");
}

static void show_rule(const struct rules *rules) {
    const double *value = rules->value;
    label("turns on");
    if (isnan(value[RULE_ON]))
        show_learnt(value[RULE_FALSE_ALARMS]);
    else if (isnan(value[RULE_OFF]))
        printf("fixed: from a margin of %g; off a little below it\n", value[RULE_ON]);
    else
        printf("fixed: from a margin of %g; off below %g\n", value[RULE_ON], value[RULE_OFF]);
    label("times");
    if (value[RULE_SMOOTH] > 0)
        printf("smoothed over %g s; ", value[RULE_SMOOTH]);
    else
        printf("not smoothed; ");
    printf("on for %g s at least, off for %g s at least\n", value[RULE_MIN_ON], value[RULE_MIN_OFF]);
}

static void show_tag(const struct tags_file *tags, const struct tags_file_tag *tag) {
    struct arena arena = {0};
    struct prompts_list prompts = prompts_of(tags, tag, &arena);
    printf("\ntag ");
    quoted(tag->name, true);
    if (tag->line) printf(", line %zu", tag->line);
    putchar('\n');
    list("looks for", &prompts);
    list("examples", &tag->examples);
    list("against", &tag->against);
    show_group(tags, tag);
    show_rule(&tag->rules);
    arena_finish(&arena);
}

static bool show_page(const struct daemon_config *c, bool any) {
    if (c->web_port <= 0) return any;
    bool tls = c->web_https > 0 || c->web_certificate;
    printf("%sweb page by %s on port %g, for %s", any ? "; " : "", tls ? "HTTPS" : "HTTP", c->web_port,
           c->web_password ? "those who have its password" : "this machine");
    return true;
}

static bool show_broker(const struct daemon_config *c, bool any) {
    if (!c->mqtt_host) return any;
    printf("%sMQTT broker ", any ? "; " : "");
    plain_text(stdout, c->mqtt_host);
    if (c->mqtt_tls > 0) printf(" by TLS");
    return true;
}

static void show_answers(const struct daemon_config *config) {
    const struct {
        const char *name;
        double port;
    } ports[] = {{"udp", config->udp}, {"coap", config->coap}, {"coaps", config->coaps}};
    bool any = false;
    label("answers");
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        if (ports[i].port <= 0) continue;
        printf("%s%s port %g", any ? ", " : "", ports[i].name, ports[i].port);
        any = true;
    }
    if (any) {
        printf(config->address ? " of " : "");
        if (config->address) plain_text(stdout, config->address);
        printf(", for %s", !config->reach || !strcmp(config->reach, "attached") ? "its own networks"
                           : !strcmp(config->reach, "all")                      ? "everybody"
                                                                                : "this machine");
    }
    if (config->serial) {
        printf("%sserial line ", any ? "; " : "");
        plain_text(stdout, config->serial);
        any = true;
    }
    any = show_page(config, any);
    any = show_broker(config, any);
    puts(any ? "" : "nobody: no port, serial line, web page or MQTT broker is named");
}

static void show_history(const struct daemon_config *c) {
    label("history");
    if (!c->memory_file) {
        puts("none");
        return;
    }
    plain_text(stdout, c->memory_file);
    printf(", %g MB%s", c->memory_budget, c->memory_thumbnails > 0 ? ", with thumbnails" : "");
    if (c->memory_every > 0)
        printf(", a picture each %g s at most\n", c->memory_every);
    else
        puts(", each picture that is looked at");
}

static void show_moderation(const struct checked *k) {
    const struct policy_file *f = &k->policy;
    label("moderation");
    if (!f->count) {
        puts("none");
        return;
    }
    plain_text(stdout, f->path);
    for (size_t i = 0; i < f->count; i++) {
        printf("%s", i ? ", " : ": ");
        plain_text(stdout, f->policies[i].name);
        printf(" (%s from %.4f on)", policy_action_name(f->policies[i].action), policy_threshold(&f->policies[i].rule));
    }
    puts(f->abstains ? ", abstains" : "");
}

void check_show(const struct checked *k) {
    const struct daemon_config *c = &k->config;
    plain_text(stdout, c->path);
    puts(": no fault");
    line("source", c->uri);
    line("model", k->model);
    line("device", k->device ? k->device : "auto");
    line("state", c->state ? c->state : "none: what the daemon learns is lost when it ends");
    show_answers(c);
    show_history(c);
    show_moderation(k);
    line("on_change", c->on_change ? c->on_change : "none");
    if (k->own_tags) line("tags", "the model's own, as this file has none");
    for (size_t i = 0; i < c->tags.count; i++) show_tag(&c->tags, &c->tags.tags[i]);
}

/* ---- for programs ---- */

static void json_list(struct json *j, const char *key, const struct prompts_list *texts) {
    json_begin(j, key, '[');
    for (size_t i = 0; i < texts->count; i++) json_text(j, NULL, texts->texts[i]);
    json_end(j, ']');
}

static void json_tag(struct json *json, const struct tags_file *tags, const struct tags_file_tag *tag) {
    static const enum rule rules[] = {RULE_ON, RULE_OFF, RULE_FALSE_ALARMS, RULE_SMOOTH, RULE_MIN_ON, RULE_MIN_OFF};
    struct arena arena = {0};
    struct prompts_list prompts = prompts_of(tags, tag, &arena);
    bool learnt = isnan(tag->rules.value[RULE_ON]);
    json_begin(json, NULL, '{');
    json_text(json, "tag", tag->name);
    json_count(json, "line", tag->line);
    json_text(json, "group", tag->group);
    json_list(json, "prompts", &prompts);
    json_list(json, "examples", &tag->examples);
    json_list(json, "against", &tag->against);
    json_text(json, "threshold", learnt ? "learnt" : "fixed");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        bool counts = rules[i] != RULE_FALSE_ALARMS || learnt;
        json_number(json, rules_key(rules[i]), counts ? tag->rules.value[rules[i]] : (double)NAN, JSON_SHORT);
    }
    json_end(json, '}');
    arena_finish(&arena);
}

static void json_answers(struct json *j, const struct daemon_config *c) {
    json_begin(j, "answers", '{');
    json_count(j, "udp", (uint64_t)c->udp);
    json_count(j, "coap", (uint64_t)c->coap);
    json_count(j, "coaps", (uint64_t)c->coaps);
    json_text(j, "serial", c->serial);
    json_text(j, "address", c->address);
    json_text(j, "reach", c->reach ? c->reach : "attached");
    json_count(j, "web", (uint64_t)c->web_port);
    json_text(j, "mqtt", c->mqtt_host);
    json_end(j, '}');
}

static void json_history(struct json *j, const struct daemon_config *c) {
    json_begin(j, "history", '{');
    json_text(j, "file", c->memory_file);
    json_number(j, "budget", c->memory_budget, JSON_SHORT);
    json_number(j, "every", c->memory_every, JSON_SHORT);
    json_bool(j, "thumbnails", c->memory_thumbnails > 0);
    json_end(j, '}');
}

static void json_moderation(struct json *j, const struct policy_file *f) {
    json_begin(j, "moderation", '{');
    json_text(j, "file", f->path);
    json_begin(j, "policies", '[');
    for (size_t i = 0; i < f->count; i++) {
        json_begin(j, NULL, '{');
        json_text(j, "policy", f->policies[i].name);
        json_text(j, "action", policy_action_name(f->policies[i].action));
        json_number(j, "threshold", policy_threshold(&f->policies[i].rule), JSON_SHORT);
        json_end(j, '}');
    }
    json_end(j, ']');
    json_bool(j, "abstains", f->abstains);
    json_end(j, '}');
}

void check_json(const struct checked *k, struct json *json) {
    const struct daemon_config *c = &k->config;
    json_text(json, "source", c->uri);
    json_text(json, "model", k->model);
    json_text(json, "device", k->device ? k->device : "auto");
    json_text(json, "state", c->state);
    json_answers(json, c);
    json_history(json, c);
    json_moderation(json, &k->policy);
    json_text(json, "on_change", c->on_change);
    if (k->own_tags) json_bool(json, "own_tags", true);
    json_begin(json, "tags", '[');
    for (size_t i = 0; i < c->tags.count; i++) json_tag(json, &c->tags, &c->tags.tags[i]);
    json_end(json, ']');
}
