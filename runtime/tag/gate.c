/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/gate.h"

/* A clock that went back must not hold a state for as long as it went. */
static bool held(const struct gate *gate, int64_t least_ms, int64_t now_ms) {
    return gate->turned && now_ms >= gate->since_ms && now_ms - gate->since_ms < least_ms;
}

enum gate_wish gate_ask(const struct gate *gate, const struct gate_rules *rules, float margin, int64_t now_ms) {
    if (held(gate, gate->on ? rules->min_on_ms : rules->min_off_ms, now_ms)) return GATE_STAY;
    if (!gate->on) return margin >= rules->on ? GATE_TURN_ON : GATE_STAY; /* NAN: neither */
    return margin >= rules->off ? GATE_STAY : GATE_TURN_OFF;              /* NAN: off */
}

void gate_turn(struct gate *gate, bool on, int64_t now_ms) {
    *gate = (struct gate){.on = on, .turned = true, .since_ms = now_ms};
}
