/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/rules.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

/* A margin is a difference of two cosines. A day is the longest time that can be meant. */
static const struct {
    const char *key;
    double least, most, preset;
} known[RULES] = {
    [RULE_ON] = {"on", -2, 2, NAN},
    [RULE_OFF] = {"off", -2, 2, NAN},
    [RULE_FALSE_ALARMS] = {"false_alarms", 0.01, 1000, 1},
    [RULE_SMOOTH] = {"smooth", 0, 86400, 2},
    [RULE_MIN_ON] = {"min_on", 0, 86400, 2},
    [RULE_MIN_OFF] = {"min_off", 0, 86400, 2},
};

struct rules rules_none(void) {
    struct rules rules = {0};
    for (int i = 0; i < RULES; i++) rules.value[i] = NAN;
    return rules;
}

const char *rules_key(enum rule rule) {
    return known[rule].key;
}

int rules_find(const char *key) {
    for (int i = 0; i < RULES; i++)
        if (!strcmp(known[i].key, key)) return i;
    return -1;
}

int rules_take(struct rules *rules, const struct ini_place *at, enum rule rule, const char *text) {
    double value;
    if (rules->line[rule])
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s again, first in line %zu: keep one", at->file, at->line,
                        known[rule].key, rules->line[rule]);
    rules->line[rule] = at->line; /* also of one that is no number: it was given */
    if (!ini_number(text, &value) || value < known[rule].least || value > known[rule].most)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = \"%s\": expected a number from %g to %g", at->file, at->line,
                        known[rule].key, text, known[rule].least, known[rule].most);
    rules->value[rule] = value;
    return OCELLI_OK;
}

static int check_threshold(const struct rules *rules, const char *file) {
    const double *value = rules->value;
    const size_t *line = rules->line;
    if (line[RULE_OFF] && !line[RULE_ON])
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: off without on: give both, or neither and they are learnt", file,
                        line[RULE_OFF]);
    if (line[RULE_OFF] && value[RULE_OFF] > value[RULE_ON])
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: off = %g is above on = %g in line %zu: off is the lower of the two",
                        file, line[RULE_OFF], value[RULE_OFF], value[RULE_ON], line[RULE_ON]);
    return OCELLI_OK;
}

int rules_check(const struct rules *rules, const char *file, struct faults *faults) {
    const size_t *line = rules->line;
    int status = faults_pass(faults, check_threshold(rules, file));
    if (!status && line[RULE_ON] && line[RULE_FALSE_ALARMS])
        status =
            faults_pass(faults, log_fail(OCELLI_ERR_FILE,
                                         "%s:%zu: false_alarms beside on in line %zu: on is fixed or learnt, keep one",
                                         file, line[RULE_FALSE_ALARMS], line[RULE_ON]));
    return status;
}

/* on and off go together: an off of the file's is made for the file's on. */
void rules_complete(struct rules *rules, const struct rules *general) {
    bool decided = !isnan(rules->value[RULE_ON]) || !isnan(rules->value[RULE_FALSE_ALARMS]);
    for (int i = 0; i < RULES; i++) {
        if (!isnan(rules->value[i])) continue;
        bool threshold = i == RULE_ON || i == RULE_OFF;
        rules->value[i] = decided && threshold ? NAN : general->value[i];
        if (isnan(rules->value[i])) rules->value[i] = known[i].preset;
    }
}
