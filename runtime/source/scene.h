/* SPDX-License-Identifier: Apache-2.0
 * test: four scenes on a white wall, two seconds each, over and over: a red circle, a blue square, a green triangle,
 * and the wall alone. Each frame carries its sequence number, for tests that must know which one they see. */
#ifndef SOURCE_SCENE_H
#define SOURCE_SCENE_H

#include <stdint.h>

enum { SCENES = 4, SCENE_SECONDS = 2 };

/* "a red circle"; `scene` 0..3. */
const char *scene_name(unsigned scene);
/* The scene of a frame at so many frames a second. */
unsigned scene_of(uint64_t sequence, uint32_t rate);

/* Draws it: rgb (height, width, 3). Along the lower edge, 1/16 of the height, lie 16 blocks: the bits of the sequence
 * number, highest first, 1 black. Pictures under 16 pixels a side have none. */
void scene_draw(unsigned scene, uint64_t sequence, uint32_t width, uint32_t height, uint8_t *rgb);

#endif
