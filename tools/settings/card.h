/* SPDX-License-Identifier: Apache-2.0
 * The settings file on the card's first partition, and what names this board. */
#ifndef CARD_H
#define CARD_H

#include "place.h"
#include "diagnostics.h"

/* The settings file's text (text_decode()), in the arena; NULL: there is none, or nothing in it, as reported. */
char *card_settings(const struct place *place, struct diagnostics *report);

/* The folder of PLACE_SHARE/boards whose `compatible` has a line of the device tree's; "generic": none. In the arena.
 */
const char *card_board(const struct place *place);

#endif
