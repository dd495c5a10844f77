// SPDX-License-Identifier: Apache-2.0
// out(rows, columns) = finish(in(rows, K) * weights(columns, K)^T) in a register tile: a lane computes ROWS rows of
// COLUMNS columns, 16 lanes share their rows, and a panel of the input is read front to back by all lanes at once.
// COLUMNS: 2 or 4. DOT: int8 inputs with a scale a row, packed integer dot product; else weights are halves.
// UNIFORM: rows by gl_SubgroupID, for 16-wide subgroups whose compiler then reads the input as uniforms (V3D).
#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef UNIFORM
#extension GL_KHR_shader_subgroup_basic : require
#endif
#ifdef DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 256;
layout(constant_id = 4) const uint ROWS = 4;           // of a panel and a tile, at most 20 / COLUMNS
layout(constant_id = 5) const bool OUT_PANELS = false; // the output is the input of a product
const uint WIDTH = 16;                                 // lanes that share their rows

#include "lib/row_epilogue_args.glsl"
layout(push_constant) uniform Push {
    uint rows;
    uint columns;    // VEC
    uint column0;    // VEC: first column computed
    uint steps;      // of the inner loop; weights past the true K are 0
    uint in_stride;  // 16-byte words of a panel
    uint out_stride; // VEC a row
    uint row_words;  // VEC of the whole matrix: words from one K to the next
    uint in_scales;  // DOT: 4-byte words from the first input to the scales
    ROW_EPILOGUE_ARGS
} push;

#if COLUMNS == 2
#define VEC vec2

#else
#define VEC vec4

#endif
layout(set = 0, binding = 1) readonly buffer Weights { uvec4 weights[]; };
#define SCALES 2
#define BIAS 3
#define OUT 4
#include "lib/epilogue.glsl"
layout(set = 0, binding = OUT) SHARED writeonly buffer Panels { float panels[]; };
// Sums are variables, not an array: an array indexed in a loop, even an unrolled one, costs V3D its registers.
#define EACH_ROW(X) \
    X(0) if (ROWS > 1) { X(1) } if (ROWS > 2) { X(2) } if (ROWS > 3) { X(3) } if (ROWS > 4) { X(4) } \
    if (ROWS > 5) { X(5) } if (ROWS > 6) { X(6) } if (ROWS > 7) { X(7) } if (ROWS > 8) { X(8) } if (ROWS > 9) { X(9) }
// Number i of step k for row r, within a panel's step.
#define INPUT(k, r) inputs[at + ((k) * ROWS + (r)) / 4][((k) * ROWS + (r)) % 4]

#ifdef DOT
#include "lib/dot.glsl"
layout(set = 0, binding = 0) readonly buffer In { uvec4 inputs[]; };             // panels of words of 4 int8
layout(set = 0, binding = 0) readonly buffer InScales { float input_scales[]; }; // (rows), at push.in_scales
#define SUM ivec4
#define ADD(r, k, b) \
    { uint a = INPUT(k, r); sum##r += ivec4(dot_4x8(a, b.x), dot_4x8(a, b.y), dot_4x8(a, b.z), dot_4x8(a, b.w)); }
#define ADD0(r) ADD(r, 0, w0)
#define ADD1(r) ADD(r, 1, w1)
#define ADD2(r) ADD(r, 2, w2)
#define ADD3(r) ADD(r, 3, w3)
#define LOAD \
    uvec4 w0 = weights[weight_at], w1 = weights[weight_at + push.row_words], \
          w2 = weights[weight_at + 2 * push.row_words], w3 = weights[weight_at + 3 * push.row_words]; \
    weight_at += 4 * push.row_words;
#define SCALED(r, row) (VEC(sum##r) * input_scales[push.in_scales + row])
#else
layout(set = 0, binding = 0) readonly buffer In { vec4 inputs[]; }; // panels of floats
#define SUM VEC
#define ADD0(r) sum##r += INPUT(0, r) * w0;
#define ADD1(r) sum##r += INPUT(1, r) * w1;
#define ADD2(r) sum##r += INPUT(2, r) * w2;
#define ADD3(r) sum##r += INPUT(3, r) * w3;
#define HALVES(word) unpackHalf2x16(word)
#if COLUMNS == 2
#define LOAD \
    uvec4 packed_weights = weights[weight_at]; \
    weight_at += push.row_words; \
    vec2 a0 = HALVES(packed_weights.x), a1 = HALVES(packed_weights.y); \
    vec2 b0 = HALVES(packed_weights.z), b1 = HALVES(packed_weights.w); \
    vec2 w0 = vec2(a0.x, a1.x), w1 = vec2(a0.y, a1.y), w2 = vec2(b0.x, b1.x), w3 = vec2(b0.y, b1.y);
#else
#define LOAD \
    uvec4 a = weights[weight_at], b = weights[weight_at + push.row_words]; \
    weight_at += 2 * push.row_words; \
    vec2 a0 = HALVES(a.x), a1 = HALVES(a.y), a2 = HALVES(a.z), a3 = HALVES(a.w); \
    vec2 b0 = HALVES(b.x), b1 = HALVES(b.y), b2 = HALVES(b.z), b3 = HALVES(b.w); \
    vec4 w0 = vec4(a0.x, a1.x, a2.x, a3.x), w1 = vec4(a0.y, a1.y, a2.y, a3.y), w2 = vec4(b0.x, b1.x, b2.x, b3.x), \
         w3 = vec4(b0.y, b1.y, b2.y, b3.y);
#endif
#define SCALED(r, row) sum##r
#endif
#define FINISH(r) if (row0 + r < push.rows) finish(row0 + r, column, SCALED(r, row0 + r));
#define FINISH_PANEL(r) store_panel(panel_at + r, finished(column, SCALED(r, min(row0 + r, push.rows - 1))));

#define NORM_CONSTANT 6
#ifdef UNIFORM
uint lane;
#define LANE lane
#endif
#include "lib/row_epilogue.glsl"

void store_panel(uint at, VEC v) {
    panels[at] = v.x;
    panels[at + ROWS] = v.y;
#if COLUMNS == 4
    panels[at + 2 * ROWS] = v.z;
    panels[at + 3 * ROWS] = v.w;
#endif
}

void compute(uint tile, uint column) {
    SUM sum0 = SUM(0), sum1 = SUM(0), sum2 = SUM(0), sum3 = SUM(0), sum4 = SUM(0);
    SUM sum5 = SUM(0), sum6 = SUM(0), sum7 = SUM(0), sum8 = SUM(0), sum9 = SUM(0);
    uint at = tile * push.in_stride, end = at + push.steps * ROWS, weight_at = min(column, push.row_words - 1);
    for (; at < end; at += ROWS) {
        LOAD
        EACH_ROW(ADD0) EACH_ROW(ADD1) EACH_ROW(ADD2) EACH_ROW(ADD3)
    }
    if (column >= push.column0 + push.columns) return;
    uint row0 = tile * ROWS;
    if (OUT_PANELS) {
        uint panel_at = (tile * push.out_stride + column) * COLUMNS * ROWS;
        EACH_ROW(FINISH_PANEL)
    } else {
        EACH_ROW(FINISH)
    }
}

void main() {
    uint tiles = (push.rows + ROWS - 1) / ROWS;
    uint column = push.column0 + gl_WorkGroupID.x * WIDTH + gl_LocalInvocationIndex % WIDTH;
#ifdef UNIFORM
    uint tile = gl_SubgroupID;
    for (; tile < tiles; tile += LANES / WIDTH) compute(tile, column);
    lane = (tile - tiles) * WIDTH + gl_SubgroupInvocationID; // gl_LocalInvocationIndex would hold a register until here
    finish_rows(0, push.rows, 0, gl_NumWorkGroups.x);
#else
    uint tile = gl_WorkGroupID.y * (LANES / WIDTH) + gl_LocalInvocationIndex / WIDTH;
    if (tile < tiles) compute(tile, column);
    uint row0 = gl_WorkGroupID.y * (LANES / WIDTH) * ROWS;
    finish_rows(row0, min(LANES / WIDTH * ROWS, push.rows - row0), gl_WorkGroupID.y, gl_NumWorkGroups.x);
#endif
}
