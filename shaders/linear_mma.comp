// SPDX-License-Identifier: Apache-2.0
// out(rows, columns) = finish(in(rows, K) * weights(columns, K)^T), int8 by int8 into int32 through
// cooperative matrices (see lib/cooperative.glsl). Weights are A, (M columns, K); inputs are B, (K, N
// rows). M, N and K are the driver's. A subgroup computes COLUMN_TILES x ROW_TILES tiles of a part of
// K; SPLIT subgroups share those tiles (integer sums: any order gives the same), BLOCKS such teams lie
// side by side along the columns. Which lane holds which element is the driver's affair: sums pass
// through shared memory to finish(). Subgroups past the last job only wait: any subgroup size works.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_control_flow_attributes : require
#ifndef PLAIN
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#endif

layout(local_size_x_id = 0) in; // at least SPLIT * BLOCKS subgroups
layout(constant_id = 0) const uint LANES = 32;
layout(constant_id = 4) const uint M = 16;
layout(constant_id = 5) const uint N = 16;
layout(constant_id = 6) const uint K = 32; // a multiple of 4
layout(constant_id = 7) const uint COLUMN_TILES = 1;
layout(constant_id = 8) const uint ROW_TILES = 1;
layout(constant_id = 9) const uint SPLIT = 1;
layout(constant_id = 10) const uint BLOCKS = 1;

const uint WORDS = M * K / 4; // of a tile of weights
const uint WIDTH = BLOCKS * COLUMN_TILES * M; // columns of a workgroup

#include "lib/row_epilogue_args.glsl"
layout(push_constant) uniform Push {
    uint rows;
    uint columns, column0; // how many are computed, and the first
    uint steps;            // tiles of K; weights past the true K are 0
    uint in_stride;        // words a row
    uint out_stride;       // vec4 a row
    uint in_scales;        // words from the first input to the scales
    ROW_EPILOGUE_ARGS
} push;

// Rows and columns are padded to whole tiles: their numbers are read and never used.
layout(set = 0, binding = 0) readonly buffer In { uint inputs[]; };              // (rows, in_stride), 4 int8 each
layout(set = 0, binding = 1) readonly buffer Weights { uint weights[]; };        // (columns / M, steps, M, K / 4)
layout(set = 0, binding = 0) readonly buffer InScales { float input_scales[]; }; // (rows), at push.in_scales
#define VEC vec4
#define SCALES 2
#define BIAS 3
#define OUT 4
#include "lib/epilogue.glsl"

shared int strip[SPLIT * N * WIDTH]; // N rows of all the workgroup's columns, once a part of K

#include "lib/cooperative.glsl"
#define NORM_CONSTANT 11
#include "lib/row_epilogue.glsl"

uint end_column() { return push.column0 + push.columns; }

void finish_strip(uint row0, uint column0) {
    for (uint i = 4 * gl_LocalInvocationIndex; i < N * WIDTH; i += 4 * LANES) {
        ivec4 sum = ivec4(0);
        [[unroll]] for (uint s = 0; s < SPLIT; s++) {
            uint at = s * N * WIDTH + i;
            sum += ivec4(strip[at], strip[at + 1], strip[at + 2], strip[at + 3]);
        }
        uint row = row0 + i / WIDTH, column = column0 + i % WIDTH;
        if (row < push.rows && column >= push.column0 && column < end_column())
            finish(row, column / 4, vec4(sum) * input_scales[push.in_scales + row]);
    }
}

void main() {
    uint part = gl_SubgroupID % SPLIT, block = gl_SubgroupID / SPLIT;
    uint column_tile = push.column0 / M + gl_WorkGroupID.x * BLOCKS * COLUMN_TILES;
    uint row_tile = gl_WorkGroupID.y * ROW_TILES;
    sum_tile sums[COLUMN_TILES * ROW_TILES];
    [[unroll]] for (uint i = 0; i < COLUMN_TILES * ROW_TILES; i++) clear(sums[i]);

    uint weight_at[COLUMN_TILES], in_at[ROW_TILES]; // tiles past the last compute the last one again
    [[unroll]] for (uint c = 0; c < COLUMN_TILES; c++)
        weight_at[c] = min(column_tile + block * COLUMN_TILES + c, (end_column() - 1) / M) * push.steps * WORDS;
    [[unroll]] for (uint r = 0; r < ROW_TILES; r++)
        in_at[r] = min(row_tile + r, (push.rows - 1) / N) * N * push.in_stride;
    uint end = block < BLOCKS ? push.steps * (part + 1) / SPLIT : 0;
    for (uint k = push.steps * part / SPLIT; k < end; k++) {
        input_tile b[ROW_TILES];
        [[unroll]] for (uint r = 0; r < ROW_TILES; r++) load_inputs(b[r], in_at[r] + k * (K / 4));
        [[unroll]] for (uint c = 0; c < COLUMN_TILES; c++) {
            weight_tile a;
            load_weights(a, weight_at[c] + k * WORDS);
            [[unroll]] for (uint r = 0; r < ROW_TILES; r++) multiply_add(a, b[r], sums[c * ROW_TILES + r]);
        }
    }

    [[unroll]] for (uint r = 0; r < ROW_TILES; r++) {
        barrier(); // the strip before has been read
        if (block < BLOCKS)
            [[unroll]] for (uint c = 0; c < COLUMN_TILES; c++)
                store_sums(sums[c * ROW_TILES + r], part * N * WIDTH + (block * COLUMN_TILES + c) * M);
        barrier();
        finish_strip((row_tile + r) * N, column_tile * M);
    }
    finish_rows(row_tile * N, min(ROW_TILES * N, push.rows - row_tile * N), gl_WorkGroupID.y, gl_NumWorkGroups.x);
}
