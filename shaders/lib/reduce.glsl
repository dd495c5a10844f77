// Needs: LANES, the workgroup's size (a specialisation constant); REDUCED, float or vec4; REDUCED_PART, a name for its
// shared memory; TEAM, the lanes that reduce together, and TEAM_FIRST, the first of them. Gives: reduce_add(v),
// reduce_max(v): the sum or maximum over the team, in every lane of it. The whole workgroup calls them. No subgroup
// operations: works everywhere. Can be included for both types.

#ifndef LANE
#define LANE gl_LocalInvocationIndex // or any other numbering of the workgroup
#endif
shared REDUCED REDUCED_PART[LANES];

REDUCED reduce_add(REDUCED v) {
    barrier(); // the parts of the reduction before may still be read
    REDUCED_PART[LANE] = v;
    barrier();
    REDUCED sum = REDUCED(0);
    for (uint i = 0; i < TEAM; i++) sum += REDUCED_PART[TEAM_FIRST + i];
    return sum;
}

REDUCED reduce_max(REDUCED v) {
    barrier();
    REDUCED_PART[LANE] = v;
    barrier();
    REDUCED best = REDUCED_PART[TEAM_FIRST];
    for (uint i = 1; i < TEAM; i++) best = max(best, REDUCED_PART[TEAM_FIRST + i]);
    return best;
}
#undef REDUCED
#undef REDUCED_PART
