// Needs: nothing. Gives: struct frame_args, a struct frame of base/frame.h as push constants.

struct frame_args {
    uint width, height;              // as stored
    uint offset0, offset1, offset2;  // bytes from the picture's begin to its planes
    uint stride0, stride1, stride2;  // bytes from row to row
    int y_zero, y_scale, v_r, u_g, v_g, u_b; // struct frame_rule
};
