/* SPDX-License-Identifier: Apache-2.0
 * A line is "add part ; multiply part ; signals", a branch "b.condition  bytes, r:unif"; the bytes count
 * from behind its three delay slots. A branch backwards and its delay slots end a loop. */
#include "qpu.h"
#include "die.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { INSTRUCTION_BYTES = 8, DELAY_SLOTS = 3, PARTS = 3, LINE = 256 };

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static bool begins_one(const char *text, const char *const *with) {
    for (; *with; with++)
        if (begins(text, *with)) return true;
    return false;
}

/* "b" alone, "b.anyna", "bu.allna": no other name begins so. */
static bool is_branch(const char *part) {
    return part[0] == 'b' &&
           (part[1] == ' ' || part[1] == '.' || (part[1] == 'u' && (part[2] == ' ' || part[2] == '.')));
}

static void count_part(struct qpu_counts *c, const char *part) {
    static const char *const adds[] = {"fadd", "fsub", "faddnf", NULL}, *const movs[] = {"mov", "fmov", NULL},
                             *const converts[] = {"itof", "utof", "ftoi", NULL}, *const sfus[] = {"recip", "rsqrt",
                                                                                                  "exp",   "log",
                                                                                                  "sin",   NULL};
    if (begins_one(part, adds))
        c->fadd++;
    else if (begins(part, "fmul"))
        c->fmul++;
    else if (begins(part, "v8dot"))
        c->dot++;
    else if (begins_one(part, converts))
        c->convert++;
    else if (begins_one(part, sfus))
        c->sfu++;
    else if (begins_one(part, movs))
        c->mov++;
    else if (!is_branch(part))
        c->integer++;
    if (strstr(part, "tmua")) c->tmu++; /* tmua, tmuau: an address starts the request */
}

static int count_signals(struct qpu_counts *c, const char *signals) {
    bool load = strstr(signals, "ldtmu");
    c->ldtmu += load;
    c->uniform += strstr(signals, "ldunif") != NULL; /* ldunif, ldunifrf, ldunifa, ldunifarf */
    c->waits += strstr(signals, "thrsw") != NULL;
    return load;
}

/* Cuts `line` at its semicolons. */
static void split(char *line, const char *part[PARTS]) {
    for (int i = 0; i < PARTS; i++) {
        while (*line == ' ') line++;
        part[i] = line;
        line += strcspn(line, ";");
        if (*line) *line++ = 0;
    }
}

static void count(struct qpu_counts *c, const char *text, size_t length) {
    char line[LINE];
    const char *part[PARTS];
    if (length >= sizeof line) die("a line of %zu bytes in the disassembly", length);
    memcpy(line, text, length);
    line[length] = 0;
    split(line, part);
    int busy = 0;
    for (int i = 0; i < 2; i++)
        if (*part[i] && !begins(part[i], "nop")) {
            busy++;
            count_part(c, part[i]);
        }
    c->instructions++;
    c->dual += busy == 2;
    c->empty += !count_signals(c, part[2]) && !busy;
}

/* Where a branch backwards goes, or -1. */
static int loop_start(const char *line, int at) {
    while (*line == ' ') line++;
    if (!is_branch(line)) return -1;
    const char *offset = strpbrk(line, "-+0123456789");
    long bytes = offset ? strtol(offset, NULL, 10) : 0;
    long target = at + 1 + DELAY_SLOTS + bytes / INSTRUCTION_BYTES;
    return bytes < 0 && target >= 0 && target <= at ? (int)target : -1;
}

static int by_start(const void *a, const void *b) {
    const struct qpu_loop *x = a, *y = b;
    return x->start != y->start ? x->start - y->start : y->length - x->length;
}

/* The innermost loop around an instruction, or NULL. */
static struct qpu_loop *loop_around(struct qpu_program *p, int at) {
    struct qpu_loop *found = NULL;
    for (size_t i = 0; i < p->loop_count; i++) {
        struct qpu_loop *l = &p->loops[i];
        if (at >= l->start && at < l->start + l->length && (!found || l->length < found->length)) found = l;
    }
    return found;
}

static size_t lines_of(const char *text, const char ***out) {
    size_t count = 0, capacity = 1024;
    const char **lines = malloc(capacity * sizeof *lines);
    for (; lines && *text; text += strcspn(text, "\n"), text += *text == '\n') {
        if (count == capacity) lines = realloc(lines, (capacity *= 2) * sizeof *lines);
        if (lines && text[strspn(text, " ")] != '\n') lines[count++] = text;
    }
    if (!lines) die("out of memory");
    *out = lines;
    return count;
}

static void find_loops(struct qpu_program *p, const char *const *lines) {
    for (int at = 0; at < p->length; at++) {
        int start = loop_start(lines[at], at);
        if (start < 0) continue;
        if (p->loop_count == QPU_MAX_LOOPS) die("more than %d loops", QPU_MAX_LOOPS);
        p->loops[p->loop_count++] = (struct qpu_loop){.start = start, .length = at + 1 + DELAY_SLOTS - start};
    }
    qsort(p->loops, p->loop_count, sizeof *p->loops, by_start);
    for (size_t i = 0; i < p->loop_count; i++)
        for (size_t j = 0; j < i; j++)
            if (p->loops[i].start < p->loops[j].start + p->loops[j].length) p->loops[i].depth++;
}

void qpu_parse(struct qpu_program *p, const char *disassembly) {
    const char **lines;
    *p = (struct qpu_program){0};
    p->length = (int)lines_of(disassembly, &lines);
    find_loops(p, lines);
    for (int at = 0; at < p->length; at++) {
        struct qpu_loop *loop = loop_around(p, at);
        count(loop ? &loop->own : &p->outside, lines[at], strcspn(lines[at], "\n"));
    }
    free(lines);
}
