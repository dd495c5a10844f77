// Needs: LANES, the workgroup's size (a specialisation constant); REDUCED: float or vec4. Gives: reduce_add(v),
// reduce_max(v): the sum or maximum over the workgroup, in every lane. No subgroup operations: works everywhere.

shared REDUCED reduce_part[LANES];

REDUCED reduce_add(REDUCED v) {
    barrier(); // the parts of the reduction before may still be read
    reduce_part[gl_LocalInvocationIndex] = v;
    barrier();
    REDUCED sum = REDUCED(0);
    for (uint i = 0; i < LANES; i++) sum += reduce_part[i];
    return sum;
}

REDUCED reduce_max(REDUCED v) {
    barrier();
    reduce_part[gl_LocalInvocationIndex] = v;
    barrier();
    REDUCED best = reduce_part[0];
    for (uint i = 1; i < LANES; i++) best = max(best, reduce_part[i]);
    return best;
}
