// SPDX-License-Identifier: Apache-2.0
// Rows of floats to rows of int8 with a scale each: value = scale * integer. A workgroup a row.
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;

layout(push_constant) uniform Push {
    uint words;      // vec4 a row
    uint in_stride;  // vec4 a row
    uint out_stride; // words a row
    uint out_panel;  // rows of a panel of the output
} push;

layout(set = 0, binding = 0) readonly buffer In { vec4 inputs[]; };         // (rows, in_stride)
layout(set = 0, binding = 1) writeonly buffer Out { uint outputs[]; };      // (rows, out_stride)
layout(set = 0, binding = 2) writeonly buffer Scales { float scales[]; };   // (rows)

vec4 value(uint i) { return inputs[gl_WorkGroupID.x * push.in_stride + i]; }
#include "lib/panel.glsl"
void store(uint i, uint word) {
    outputs[panel_at(gl_WorkGroupID.x, push.out_stride, push.out_panel) + i * push.out_panel] = word;
}
#include "lib/int8.glsl"
#define TEAM LANES
#define TEAM_FIRST 0
#define REDUCED float
#define REDUCED_PART part
#include "lib/reduce.glsl"
#include "lib/quantize.glsl"

void main() {
    float scale = quantize_row(push.words);
    if (gl_LocalInvocationIndex == 0) scales[gl_WorkGroupID.x] = scale;
}
