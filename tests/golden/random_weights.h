// The numbers of tests/golden/towers, bit for bit as towers.py makes them: see README.md there.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// FNV-1a, 64 bits. Start with GOLDEN_FNV; also the checksum in index.json.
#define GOLDEN_FNV 0xcbf29ce484222325u

static inline uint64_t golden_fnv1a(uint64_t hash, const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

// splitmix64's output for one counter value.
static inline uint64_t golden_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// The stream that belongs to a name (`length` bytes, no NUL) under a seed.
static inline uint64_t golden_key(uint64_t seed, const char *name, size_t length)
{
    return golden_mix(golden_fnv1a(GOLDEN_FNV, name, length) + seed * 0x9e3779b97f4a7c15u);
}

// Number `i` of a stream.
static inline uint64_t golden_word(uint64_t key, uint64_t i)
{
    return golden_mix(key + (i + 1) * 0x9e3779b97f4a7c15u);
}

// Weight `i` before outliers, in [offset - scale, offset + scale). 24 random bits times a float32
// is exact in double, so it does not matter whether the compiler contracts to an fma.
static inline double golden_uniform(uint64_t key, uint64_t i, float scale, float offset)
{
    double u = ((double)(golden_word(key, i) >> 40) - 8388608.0) / 8388608.0;
    return (double)offset + u * (double)scale;
}

// One rectangle of an image: words 12 + 8 n to 19 + 8 n of its stream.
static inline bool golden_inside(uint64_t key, uint32_t n, uint32_t x, uint32_t y, uint32_t size)
{
    uint64_t at = 12 + 8 * (uint64_t)n;
    uint32_t left = golden_word(key, at) % size, top = golden_word(key, at + 1) % size;
    uint32_t wide = 1 + golden_word(key, at + 2) % size, high = 1 + golden_word(key, at + 3) % size;
    return x >= left && x - left < wide && y >= top && y - top < high;
}

// Channel `c` of pixel (x, y) of a size x size image: four corner colours blended, four flat
// rectangles half over it, noise of +-16.
static inline uint8_t golden_pixel(uint64_t key, uint32_t x, uint32_t y, uint32_t c, uint32_t size)
{
    uint32_t corner[4], rx = size - x, ry = size - y;
    for (uint32_t n = 0; n < 4; n++)
        corner[n] = golden_word(key, n * 3 + c) & 255;
    uint32_t v = (corner[0] * rx * ry + corner[1] * x * ry + corner[2] * rx * y + corner[3] * x * y)
                 / (size * size);
    for (uint32_t n = 0; n < 4; n++)
        if (golden_inside(key, n, x, y, size))
            v = (v + (uint32_t)(golden_word(key, 16 + 8 * n + c) & 255)) / 2;
    int noisy = (int)v + (int)(golden_word(key, 64 + ((uint64_t)y * size + x) * 3 + c) & 31) - 16;
    return noisy < 0 ? 0 : noisy > 255 ? 255 : noisy;
}
