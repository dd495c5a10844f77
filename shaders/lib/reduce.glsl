// Needs: LANES, the workgroup's size (a specialisation constant). Gives: reduce_add(v), reduce_max(v):
// the sum or maximum over the workgroup, in every lane. No subgroup operations: works everywhere.

shared float reduce_part[LANES];

float reduce_add(float v) {
    barrier(); // the parts of the reduction before may still be read
    reduce_part[gl_LocalInvocationIndex] = v;
    barrier();
    float sum = 0.0;
    for (uint i = 0; i < LANES; i++) sum += reduce_part[i];
    return sum;
}

float reduce_max(float v) {
    barrier();
    reduce_part[gl_LocalInvocationIndex] = v;
    barrier();
    float best = reduce_part[0];
    for (uint i = 1; i < LANES; i++) best = max(best, reduce_part[i]);
    return best;
}
