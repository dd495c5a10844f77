// Needs: lib/int8.glsl, lib/reduce.glsl for float; functions vec4 value(uint i) and void store(uint i, uint word).
// Gives: quantize_row(words): the row's values as symmetric int8, 4 a word, and its scale. A team does a row.

float quantize_row(uint words) {
    uint lane = LANE - TEAM_FIRST;
    float largest = 0.0;
    for (uint i = lane; i < words; i += TEAM) {
        vec4 v = abs(value(i));
        largest = max(largest, max(max(v.x, v.y), max(v.z, v.w)));
    }
    largest = reduce_max(largest);
    float inverse = largest > 0.0 ? 127.0 / largest : 0.0;
    for (uint i = lane; i < words; i += TEAM) store(i, pack_int8(roundEven(value(i) * inverse)));
    return largest / 127.0;
}
