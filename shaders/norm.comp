// SPDX-License-Identifier: Apache-2.0
// LayerNorm of rows: (x - mean) / sqrt(variance + epsilon) * weight + bias. A workgroup a row.
// GATHER: output row i is input row rows[i] (pooling). TOKENS: row b * tokens + t is the class
// token (t = 0) or patch t - 1 of picture b, plus position t. QUANTIZE: int8 out, a scale a row.
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;

layout(push_constant) uniform Push {
    uint words;      // width / 4
    uint in_stride;  // vec4 a row
    uint out_stride; // vec4, or words of 4 int8, a row
    uint tokens;     // TOKENS: of one picture
    float epsilon;
} push;

layout(set = 0, binding = 0) readonly buffer In { vec4 inputs[]; };
layout(set = 0, binding = 1) readonly buffer Weight { vec4 weight[]; }; // (words)
layout(set = 0, binding = 2) readonly buffer Bias { vec4 bias[]; };     // (words)
#ifdef QUANTIZE
layout(set = 0, binding = 3) writeonly buffer Out { uint outputs[]; };
layout(set = 0, binding = 4) writeonly buffer Scales { float scales[]; }; // (rows)
#else
layout(set = 0, binding = 3) writeonly buffer Out { vec4 outputs[]; };
#endif
#ifdef GATHER
layout(set = 0, binding = 4) readonly buffer Rows { uint rows[]; };
#endif
#ifdef TOKENS
layout(set = 0, binding = 4) readonly buffer ClassToken { vec4 class_token[]; }; // (words)
layout(set = 0, binding = 5) readonly buffer Positions { vec4 positions[]; };    // (tokens, words)
#endif
#include "lib/reduce.glsl"

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

float mean, deviation;

vec4 value(uint i) {
    return (x(i) - mean) * deviation * weight[i] + bias[i];
}

#ifdef QUANTIZE
#include "lib/int8.glsl"
void store(uint i, uint word) { outputs[gl_WorkGroupID.x * push.out_stride + i] = word; }
#include "lib/quantize.glsl"
#endif

void main() {
    float width = float(push.words * 4), sum = 0.0;
    for (uint i = gl_LocalInvocationIndex; i < push.words; i += LANES) sum += dot(x(i), vec4(1));
    mean = reduce_add(sum) / width;
    float squares = 0.0; // about the mean, not E[x^2] - mean^2: outlier channels would cancel
    for (uint i = gl_LocalInvocationIndex; i < push.words; i += LANES) {
        vec4 centred = x(i) - mean;
        squares += dot(centred, centred);
    }
    deviation = inversesqrt(reduce_add(squares) / width + push.epsilon);
#ifdef QUANTIZE
    float scale = quantize_row(push.words);
    if (gl_LocalInvocationIndex == 0) scales[gl_WorkGroupID.x] = scale;
#else
    for (uint i = gl_LocalInvocationIndex; i < push.words; i += LANES)
        outputs[gl_WorkGroupID.x * push.out_stride + i] = value(i);
#endif
}
