// SPDX-License-Identifier: Apache-2.0
// out(rows, columns) = finish(in(rows, K) * weights(columns, K)^T), weights int8, arithmetic float.
// The lanes of a subgroup split K and add up at the end: an 8x8 tile costs 16 loads a round, which
// is what decides on llvmpipe (every load there is a loop over the lanes).
#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in; // one subgroup
layout(constant_id = 0) const uint LANES = 8;

const uint TILE = 8;

#include "lib/then_args.glsl"
layout(push_constant) uniform Push {
    uint rows;
    uint columns, column0; // how many are computed, and the first
    uint words;      // K / 4, a multiple of LANES; weights past the true K are 0
    uint in_stride;  // vec4 a row
    uint out_stride; // floats a row
    THEN_ARGS
} push;

layout(set = 0, binding = 0) readonly buffer In { vec4 inputs[]; };       // (rows, in_stride)
layout(set = 0, binding = 1) readonly buffer Weights { uint weights[]; }; // (columns, words), 4 int8 each
#define VEC float
#define SCALES 2
#define BIAS 3
#define OUT 4
#include "lib/epilogue.glsl"
#include "lib/int8.glsl"
#define NORM_CONSTANT 4
#include "lib/then.glsl"

void main() {
    uint column0 = gl_WorkGroupID.x * TILE + push.column0, row0 = gl_WorkGroupID.y * TILE;
    uint lane = gl_LocalInvocationIndex;
    uint last_column = push.column0 + push.columns - 1;
    uint in_at[TILE], weight_at[TILE];
    for (uint i = 0; i < TILE; i++) { // rows and columns past the end compute the last one again
        in_at[i] = min(row0 + i, push.rows - 1) * push.in_stride + lane;
        weight_at[i] = min(column0 + i, last_column) * push.words + lane;
    }
    float sums[TILE * TILE];
    for (uint i = 0; i < TILE * TILE; i++) sums[i] = 0.0;
    for (uint k = 0; k < push.words; k += LANES) {
        vec4 a[TILE];
        for (uint i = 0; i < TILE; i++) a[i] = inputs[in_at[i] + k];
        for (uint j = 0; j < TILE; j++) {
            vec4 w = unpack_int8(weights[weight_at[j] + k]);
            for (uint i = 0; i < TILE; i++) sums[i * TILE + j] += dot(a[i], w);
        }
    }
    for (uint i = 0; i < TILE * TILE; i++) {
        float sum = subgroupAdd(sums[i]);
        uint row = row0 + i / TILE, column = column0 + i % TILE;
        if (lane == i % LANES && row < push.rows && column <= last_column) finish(row, column, sum);
    }
    then_rows(row0, min(TILE, push.rows - row0), gl_WorkGroupID.y, gl_NumWorkGroups.x);
}
