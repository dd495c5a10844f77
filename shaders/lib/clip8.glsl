// Needs: nothing. Gives: clip8(sum): a 22-bit fixed-point sum, the half already in it, as PIL
// rounds it to a byte.

ivec3 clip8(ivec3 sum) {
    return clamp(sum >> 22, ivec3(0), ivec3(255));
}
