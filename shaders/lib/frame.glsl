// Needs: FORMAT, enum frame_format; ROTATION, degrees; push.frame of lib/frame_args.glsl; byte_at(i) of the picture.
// Gives: pixel(x, y), that of the upright picture in RGB: frame_to_rgb() of base/frame.c, the same integers.

uint luma_at(uint x, uint y) { return push.frame.offset0 + y * push.frame.stride0 + x; }
uint second_at(uint x, uint y) { return push.frame.offset1 + y * push.frame.stride1 + x; }
uint third_at(uint x, uint y) { return push.frame.offset2 + y * push.frame.stride2 + x; }

ivec3 yuv(uint x, uint y) {
    if (FORMAT == 3) { // NV12
        uint at = second_at(x / 2 * 2, y / 2);
        return ivec3(byte_at(luma_at(x, y)), byte_at(at), byte_at(at + 1));
    }
    if (FORMAT == 4)
        return ivec3(byte_at(luma_at(x, y)), byte_at(second_at(x / 2, y / 2)), byte_at(third_at(x / 2, y / 2)));
    if (FORMAT == 5) return ivec3(byte_at(luma_at(x, y)), byte_at(second_at(x / 2, y)), byte_at(third_at(x / 2, y)));
    if (FORMAT == 6) return ivec3(byte_at(luma_at(x, y)), byte_at(second_at(x, y)), byte_at(third_at(x, y)));
    if (FORMAT == 7) { // YUYV
        uint at = luma_at(x / 2 * 4, y);
        return ivec3(byte_at(luma_at(2 * x, y)), byte_at(at + 1), byte_at(at + 3));
    }
    return ivec3(byte_at(luma_at(x, y)), 128, 128); // grey
}

ivec3 stored(uint x, uint y) {
    if (FORMAT <= 1) { // RGB, BGR
        uint at = luma_at(3 * x, y);
        ivec3 v = ivec3(byte_at(at), byte_at(at + 1), byte_at(at + 2));
        return FORMAT == 0 ? v : v.bgr;
    }
    ivec3 s = yuv(x, y);
    int luma = push.frame.y_scale * (s.x - push.frame.y_zero) + 32768, d = s.y - 128, e = s.z - 128;
    ivec3 rgb = luma + ivec3(push.frame.v_r * e, -push.frame.u_g * d - push.frame.v_g * e, push.frame.u_b * d);
    return clamp(rgb >> 16, ivec3(0), ivec3(255));
}

ivec3 pixel(uint x, uint y) {
    if (ROTATION == 90) return stored(y, push.frame.height - 1 - x);
    if (ROTATION == 180) return stored(push.frame.width - 1 - x, push.frame.height - 1 - y);
    if (ROTATION == 270) return stored(push.frame.width - 1 - y, x);
    return stored(x, y);
}
