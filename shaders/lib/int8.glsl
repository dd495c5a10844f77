// Needs: nothing. Gives: unpack_int8(word): four signed bytes as floats, lowest byte first;
// pack_int8(v): four integers -127..127 as one word.

#ifndef INT8_GLSL
#define INT8_GLSL
vec4 unpack_int8(uint word) {
    int w = int(word);
    return vec4(w << 24 >> 24, w << 16 >> 24, w << 8 >> 24, w >> 24);
}

uint pack_int8(vec4 v) {
    uvec4 u = uvec4(ivec4(v)) & 255u;
    return u.x | u.y << 8 | u.z << 16 | u.w << 24;
}
#endif
