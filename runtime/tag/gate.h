/* SPDX-License-Identifier: Apache-2.0
 * On or off by two thresholds and minimum times. */
#ifndef TAG_GATE_H
#define TAG_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct gate_rules {
    float on, off;                 /* margins, off <= on; NAN: never turns on */
    int64_t min_on_ms, min_off_ms; /* least times in a state */
};

/* A zeroed gate is off and may turn on at once. */
struct gate {
    bool on, turned; /* turned: since_ms holds */
    int64_t since_ms;
};

enum gate_wish { GATE_STAY, GATE_TURN_ON, GATE_TURN_OFF };

/* The change that the margin asks for at that time. Changes nothing: a group may have to say no. */
enum gate_wish gate_ask(const struct gate *gate, const struct gate_rules *rules, float margin, int64_t now_ms);

void gate_turn(struct gate *gate, bool on, int64_t now_ms);

#endif
