// Needs: LANES; OUT, the binding of the op's result (declared SHARED); NORM_CONSTANT, a free constant_id; push.then of
// lib/row_epilogue_args.glsl; bindings 5 to 7. Gives: finish_rows(row0, count, counter, parts): the last of `parts`
// workgroups
// to call it for a counter makes the next product's input of these rows, which they computed together: LayerNorm
// (constant NORM), as int8 with a scale a row if QUANTIZE. A dispatch less. Without THEN it does nothing.

#ifndef ROW_EPILOGUE
#define finish_rows(row0, count, counter, parts)
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
#define REDUCED_PART next_part
#include "lib/reduce.glsl"
#include "lib/panel.glsl"

uint next_row;

vec4 x(uint i) { return result[next_row * push.next.in_stride + i]; }
#include "lib/layer_norm.glsl"

vec4 value(uint i) {
    return NORM ? (x(i) - mean) * deviation * norm[i] + norm[push.next.bias + i] : x(i);
}

#ifdef QUANTIZE
layout(set = 0, binding = 6) writeonly buffer NextInput { uint next_input[]; };
#include "lib/int8.glsl"
void store(uint i, uint word) {
    next_input[panel_at(next_row, push.next.out_stride, push.next.out_panel) + i * push.next.out_panel] = word;
}
#include "lib/quantize.glsl"
void finish_row() {
    float scale = quantize_row(push.next.words);
    if (LANE == TEAM_FIRST) next_input[push.next.scales + next_row] = floatBitsToUint(scale);
}
#else
layout(set = 0, binding = 6) writeonly buffer NextInput { float next_input[]; };
void finish_row() {
    uint at = panel_at(next_row, 4 * push.next.out_stride, push.next.out_panel);
    for (uint i = LANE - TEAM_FIRST; i < push.next.words; i += TEAM) {
        vec4 v = value(i);
        uint first = at + 4 * i * push.next.out_panel;
        next_input[first] = v.x;
        next_input[first + push.next.out_panel] = v.y;
        next_input[first + 2 * push.next.out_panel] = v.z;
        next_input[first + 3 * push.next.out_panel] = v.w;
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

void finish_rows(uint row0, uint count, uint counter, uint parts) {
    if (!come_last(counter, parts)) return;
    for (uint r = 0; r < count; r += LANES / TEAM) {
        next_row = row0 + min(r + LANE / TEAM, count - 1);
        if (NORM) measure_row(push.next.words, push.next.epsilon);
        finish_row();
    }
}
#endif
