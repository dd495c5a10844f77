// SPDX-License-Identifier: Apache-2.0
// out(rows, columns) = finish(in(rows, K) * weights(columns, K)^T), weights int8.
// A lane computes one column of 8 rows. Weights lie as (K / 16, columns, 16): one 16-byte load a
// lane, neighbouring lanes adjacent. Inputs are read at an address equal in all lanes.
// DOT: inputs are int8 with a scale a row, products by the packed integer dot product.
#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;

const uint TILE = 8; // rows

layout(push_constant) uniform Push {
    uint rows, columns;
    uint steps;      // K / 16; weights past the true K are 0
    uint in_stride;  // 16-byte words a row
    uint out_stride; // floats a row
} push;

layout(set = 0, binding = 1) readonly buffer Weights { uvec4 weights[]; }; // (steps, columns), 16 int8 each
#define SCALES 2
#define BIAS 3
#define OUT 4
#include "lib/epilogue.glsl"

#ifdef DOT
layout(set = 0, binding = 0) readonly buffer In { uvec4 inputs[]; };            // (rows, in_stride), 16 int8 each
layout(set = 0, binding = 5) readonly buffer InScales { float input_scales[]; }; // (rows)

// OpSDot (SPV_KHR_integer_dot_product) of two words of four signed bytes; glslang 12 has no name
// for it. The literal is the packed format.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int dot_4x8(uint a, uint b, spirv_literal int packed_format);

#define SUM int
int product(uint at, uvec4 w) {
    uvec4 a = inputs[at];
    return dot_4x8(a.x, w.x, 0) + dot_4x8(a.y, w.y, 0) + dot_4x8(a.z, w.z, 0) + dot_4x8(a.w, w.w, 0);
}
#define IN_WORDS 1
#else
#include "lib/int8.glsl"
layout(set = 0, binding = 0) readonly buffer In { vec4 inputs[]; }; // (rows, in_stride)

#define SUM float
float product(uint at, mat4 w) {
    return dot(inputs[at], w[0]) + dot(inputs[at + 1], w[1]) + dot(inputs[at + 2], w[2]) + dot(inputs[at + 3], w[3]);
}
#define IN_WORDS 4
#endif

void main() {
    uint column = gl_WorkGroupID.x * LANES + gl_LocalInvocationIndex;
    uint row0 = gl_WorkGroupID.y * TILE;
    uint weight_at = min(column, push.columns - 1);
    uint in_at[TILE];
    SUM sums[TILE];
    for (uint i = 0; i < TILE; i++) { // rows past the end compute the last one again
        in_at[i] = min(row0 + i, push.rows - 1) * push.in_stride;
        sums[i] = SUM(0);
    }
    for (uint k = 0; k < push.steps; k++) {
        uvec4 packed_weights = weights[weight_at + k * push.columns];
#ifdef DOT
        uvec4 w = packed_weights;
#else
        mat4 w = mat4(unpack_int8(packed_weights.x), unpack_int8(packed_weights.y), unpack_int8(packed_weights.z),
                      unpack_int8(packed_weights.w));
#endif
        for (uint i = 0; i < TILE; i++) sums[i] += product(in_at[i] + k * IN_WORDS, w);
    }
    if (column >= push.columns) return;
    for (uint i = 0; i < TILE; i++) {
        uint row = row0 + i;
        if (row >= push.rows) return;
#ifdef DOT
        finish(row, column, float(sums[i]) * input_scales[row]);
#else
        finish(row, column, sums[i]);
#endif
    }
}
