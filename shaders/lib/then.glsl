// Needs: LANES; OUT, the binding of the op's result (declared SHARED); NORM_CONSTANT, a free constant_id; push.then of
// lib/then_args.glsl; bindings 5 to 7. Gives: then_rows(row0, count, counter, parts): the last of `parts` workgroups
// to call it for a counter makes the next product's input of these rows, which they computed together: LayerNorm
// (constant NORM), as int8 with a scale a row if QUANTIZE. A dispatch less. Without THEN it does nothing.

#ifndef THEN
#define then_rows(row0, count, counter, parts)
#else
layout(constant_id = NORM_CONSTANT) const bool NORM = true;
layout(set = 0, binding = OUT) SHARED readonly buffer Result { vec4 result[]; };
layout(set = 0, binding = 5) coherent buffer Counters { uint counters[]; }; // zero before and after
layout(set = 0, binding = 7) readonly buffer Norm { vec4 norm[]; };         // weight (words), bias (words)
shared bool is_last;

#undef TEAM
#undef TEAM_FIRST
const uint TEAM = LANES < 16 ? LANES : 16; // lanes of a row
#define TEAM_FIRST (LANE / TEAM * TEAM)
#define REDUCED float
#define REDUCED_PART then_part
#include "lib/reduce.glsl"
#include "lib/panel.glsl"

uint then_row;

vec4 x(uint i) { return result[then_row * push.then.in_stride + i]; }
#include "lib/layer_norm.glsl"

vec4 value(uint i) {
    return NORM ? (x(i) - mean) * deviation * norm[i] + norm[push.then.bias + i] : x(i);
}

#ifdef QUANTIZE
layout(set = 0, binding = 6) writeonly buffer Ready { uint ready[]; };
#include "lib/int8.glsl"
void store(uint i, uint word) {
    ready[panel_at(then_row, push.then.out_stride, push.then.out_panel) + i * push.then.out_panel] = word;
}
#include "lib/quantize.glsl"
void finish_row() {
    float scale = quantize_row(push.then.words);
    if (LANE == TEAM_FIRST) ready[push.then.scales + then_row] = floatBitsToUint(scale);
}
#else
layout(set = 0, binding = 6) writeonly buffer Ready { float ready[]; };
void finish_row() {
    uint at = panel_at(then_row, 4 * push.then.out_stride, push.then.out_panel);
    for (uint i = LANE - TEAM_FIRST; i < push.then.words; i += TEAM) {
        vec4 v = value(i);
        uint first = at + 4 * i * push.then.out_panel;
        ready[first] = v.x;
        ready[first + push.then.out_panel] = v.y;
        ready[first + 2 * push.then.out_panel] = v.z;
        ready[first + 3 * push.then.out_panel] = v.w;
    }
}
#endif

bool come_last(uint counter, uint parts) {
    memoryBarrierBuffer(); // what this workgroup stored
    barrier();
    if (LANE == 0) {
        is_last = atomicAdd(counters[counter], 1) == parts - 1;
        if (is_last) counters[counter] = 0;
    }
    barrier();
    memoryBarrierBuffer(); // what the others stored
    return is_last;
}

void then_rows(uint row0, uint count, uint counter, uint parts) {
    if (!come_last(counter, parts)) return;
    for (uint r = 0; r < count; r += LANES / TEAM) {
        then_row = row0 + min(r + LANE / TEAM, count - 1);
        if (NORM) measure_row(push.then.words, push.then.epsilon);
        finish_row();
    }
}
#endif
