/* SPDX-License-Identifier: Apache-2.0
 * What this board is and how it is connected, as lines of the status file. */
#ifndef SYSTEM_FACTS_H
#define SYSTEM_FACTS_H

#include "place.h"

#include <stdio.h>

/* Which board, image and root it runs. */
void system_facts_board(const struct place *place, FILE *to);
/* Its names and addresses, and Wi-Fi. */
void system_facts_network(const struct place *place, FILE *to);
/* The last lines of the daemon's log that begin with "ocelli: ", each once; nothing on another root than /. */
void system_facts_log(const struct place *place, FILE *to);

#endif
