/* SPDX-License-Identifier: Apache-2.0
 * The numbers that rule when a tag turns on and off. docs/tags.md tells what they do. */
#ifndef TAG_RULES_H
#define TAG_RULES_H

#include "base/ini.h"

enum rule {
    RULE_ON,           /* margin at which the tag turns on; NAN: learnt from the scene */
    RULE_OFF,          /* margin below which it turns off; NAN: a little below on, see calibrate.h */
    RULE_FALSE_ALARMS, /* a day at most: what on is learnt for */
    RULE_SMOOTH,       /* seconds: time constant of the smoothing; 0: none */
    RULE_MIN_ON,       /* seconds a tag stays on at least */
    RULE_MIN_OFF,      /* seconds it stays off at least */
    RULES
};

struct rules {
    double value[RULES]; /* NAN: not given */
    size_t line[RULES];  /* of the file that gave it; 0: none */
};

/* Nothing given. */
struct rules rules_none(void);

/* The key that gives a rule. */
const char *rules_key(enum rule rule);

/* Which rule a key names, or -1. */
int rules_find(const char *key);

/* Takes "key = text" of a file. Errors: FILE (no number, out of its range, given before). */
int rules_take(struct rules *rules, const struct ini_place *at, enum rule rule, const char *text);

/* Do the rules given agree with each other? `file` is for messages. Errors: FILE, unless `faults` takes it. */
int rules_check(const struct rules *rules, const char *file, struct faults *faults);

/* What is not given comes from `general`, then from the defaults. The nearer of on and false_alarms
 * decides whether on is fixed or learnt. */
void rules_complete(struct rules *rules, const struct rules *general);

#endif
