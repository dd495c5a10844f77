// SPDX-License-Identifier: Apache-2.0
// LayerNorm of rows: (x - mean) / sqrt(variance + epsilon) * weight + bias. A workgroup a row.
// GATHER: output row i is input row rows[i] (pooling), copied to `picked` too. TOKENS: row b * tokens + t is the class
// token (t = 0) or patch t - 1 of picture b, plus position t. QUANTIZE: int8 out, a scale a row. PLAIN: no norm.
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;

layout(push_constant) uniform Push {
    uint words;         // width / 4
    uint in_stride;     // vec4 a row
    uint out_stride;    // vec4, or words of 4 int8, a row
    uint tokens;        // TOKENS: of one picture
    float epsilon;
    uint out_panel;     // rows of a panel of the output
    uint picked_stride; // GATHER: vec4 a row
} push;

layout(set = 0, binding = 0) readonly buffer In { vec4 inputs[]; };
layout(set = 0, binding = 1) readonly buffer Weight { vec4 weight[]; }; // (words)
layout(set = 0, binding = 2) readonly buffer Bias { vec4 bias[]; };     // (words)
#ifdef QUANTIZE
layout(set = 0, binding = 3) writeonly buffer Out { uint outputs[]; };
layout(set = 0, binding = 4) writeonly buffer Scales { float scales[]; }; // (rows)
#else
layout(set = 0, binding = 3) writeonly buffer Out { vec4 outputs[]; };
layout(set = 0, binding = 3) writeonly buffer Panels { float panels[]; };
#endif
#ifdef GATHER
layout(set = 0, binding = 5) readonly buffer Rows { uint rows[]; };
layout(set = 0, binding = 6) writeonly buffer Picked { vec4 picked[]; }; // (rows, picked_stride)
#endif
#ifdef TOKENS
layout(set = 0, binding = 5) readonly buffer ClassToken { vec4 class_token[]; }; // (words)
layout(set = 0, binding = 6) readonly buffer Positions { vec4 positions[]; };    // (tokens, words)
#endif
#define TEAM LANES
#define TEAM_FIRST 0
#define REDUCED float
#define REDUCED_PART part
#include "lib/reduce.glsl"
#include "lib/panel.glsl"

vec4 x(uint i) {
    uint row = gl_WorkGroupID.x;
#ifdef GATHER
    row = rows[row];
#endif
#ifdef TOKENS
    uint t = row % push.tokens, picture = row / push.tokens;
    uint patch_row = picture * (push.tokens - 1) + t - 1;
    vec4 token = t == 0 ? class_token[i] : inputs[(t == 0 ? 0 : patch_row) * push.in_stride + i];
    return token + positions[t * push.words + i];
#else
    return inputs[row * push.in_stride + i];
#endif
}

#include "lib/layer_norm.glsl"

vec4 value(uint i) {
#ifdef PLAIN
    return x(i);
#else
    return (x(i) - mean) * deviation * weight[i] + bias[i];
#endif
}

#ifdef QUANTIZE
#include "lib/int8.glsl"
void store(uint i, uint word) {
    outputs[panel_at(gl_WorkGroupID.x, push.out_stride, push.out_panel) + i * push.out_panel] = word;
}
#include "lib/quantize.glsl"
#else
void store(uint i, vec4 v) {
    if (push.out_panel == 1) {
        outputs[gl_WorkGroupID.x * push.out_stride + i] = v;
        return;
    }
    uint at = panel_at(gl_WorkGroupID.x, 4 * push.out_stride, push.out_panel) + 4 * i * push.out_panel;
    for (uint c = 0; c < 4; c++) panels[at + c * push.out_panel] = v[c];
}
#endif

void main() {
#ifndef PLAIN
    measure_row(push.words, push.epsilon);
#endif
#ifdef QUANTIZE
    float scale = quantize_row(push.words);
    if (gl_LocalInvocationIndex == 0) scales[gl_WorkGroupID.x] = scale;
#else
    for (uint i = gl_LocalInvocationIndex; i < push.words; i += LANES) store(i, value(i));
#endif
#ifdef GATHER
    for (uint i = gl_LocalInvocationIndex; i < push.words; i += LANES)
        picked[gl_WorkGroupID.x * push.picked_stride + i] = x(i);
#endif
}
