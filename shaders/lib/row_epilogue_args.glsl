// Needs: nothing. Gives: ROW_EPILOGUE_ARGS, for the end of the push constants; SHARED, for the buffer of the op's
// result: what lib/row_epilogue.glsl wants. Without ROW_EPILOGUE all of it is nothing.

#ifdef ROW_EPILOGUE
struct row_epilogue_args {
    uint words;      // vec4 of a row
    uint in_stride;  // vec4 a row of the result
    uint out_stride; // vec4, or words of 4 int8, a row
    uint out_panel;  // rows of a panel
    uint scales;     // QUANTIZE: 4-byte words from the output's first to its scales
    uint bias;       // vec4 from the norm's weight to its bias
    float epsilon;
};
#define ROW_EPILOGUE_ARGS row_epilogue_args next;
#define SHARED coherent
#else
#define ROW_EPILOGUE_ARGS
#define SHARED
#endif
