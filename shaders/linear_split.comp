// SPDX-License-Identifier: Apache-2.0
// out(rows, columns) = finish(in(rows, K) * weights(columns, K)^T), weights int8, arithmetic float.
// DOT: inputs int8 too, with a scale a row.
// The lanes of a subgroup split K and add up at the end. On llvmpipe every load is a loop over the lanes, whatever its
// width, so loads are few (2 TILE for TILE^2 sums) and, where 16 int8 fit into one, wide.
#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in; // one subgroup
layout(constant_id = 0) const uint LANES = 8;

#ifdef DOT
const uint TILE = 4;
const uint PARTS = 4; // of a word of K, four numbers each
#define WORD uvec4
#define PART(word, p) word[p]
#define INPUT uvec4
#define NUMBERS(input, p) unpack_int8(input[p])
#define SCALED(sum, row) (sum * input_scales[push.in_scales + row])
layout(set = 0, binding = 0) readonly buffer InScales { float input_scales[]; }; // (rows), at push.in_scales
#else
const uint TILE = 8;
const uint PARTS = 1;
#define WORD uint
#define PART(word, p) word
#define INPUT vec4
#define NUMBERS(input, p) input
#define SCALED(sum, row) sum
#endif

#include "lib/row_epilogue_args.glsl"
layout(push_constant) uniform Push {
    uint rows;
    uint columns, column0; // how many are computed, and the first
    uint words;      // of K; weights past the true K are 0
    uint in_stride;  // words a row
    uint out_stride; // floats a row
    uint in_scales;  // DOT: 4-byte words from the first input to the scales
    ROW_EPILOGUE_ARGS
} push;

layout(set = 0, binding = 0) readonly buffer In { INPUT inputs[]; };      // (rows, in_stride)
layout(set = 0, binding = 1) readonly buffer Weights { WORD weights[]; }; // (columns, words)
#define VEC float
#define SCALES 2
#define BIAS 3
#define OUT 4
#include "lib/epilogue.glsl"
#include "lib/int8.glsl"
#define NORM_CONSTANT 4
#include "lib/row_epilogue.glsl"

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
        bool past = k + lane >= push.words; // wide words: K does not fill the last round
        uint at = past ? 0 : k;
        INPUT a[TILE];
        WORD w[TILE];
        for (uint i = 0; i < TILE; i++) a[i] = inputs[in_at[i] + at];
        for (uint j = 0; j < TILE; j++) w[j] = past ? WORD(0) : weights[weight_at[j] + at];
        for (uint p = 0; p < PARTS; p++) {
            vec4 x[TILE];
            for (uint i = 0; i < TILE; i++) x[i] = NUMBERS(a[i], p);
            for (uint j = 0; j < TILE; j++) {
                vec4 y = unpack_int8(PART(w[j], p));
                for (uint i = 0; i < TILE; i++) sums[i * TILE + j] += dot(x[i], y);
            }
        }
    }
    // A lane finishes every LANES-th result: a finish() for all lanes costs as much as one for a lane.
    for (uint first = 0; first < TILE * TILE; first += LANES) {
        float mine = 0.0;
        for (uint i = 0; i < LANES; i++) {
            float sum = subgroupAdd(sums[first + i]);
            mine = lane == i ? sum : mine;
        }
        uint row = row0 + (first + lane) / TILE, column = column0 + (first + lane) % TILE;
        if (row < push.rows && column <= last_column) finish(row, column, SCALED(mine, row));
    }
    finish_rows(row0, min(TILE, push.rows - row0), gl_WorkGroupID.y, gl_NumWorkGroups.x);
}
