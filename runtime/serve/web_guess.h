/* SPDX-License-Identifier: Apache-2.0
 * How often a password may be guessed. No sockets, no clock. */
#ifndef SERVE_WEB_GUESS_H
#define SERVE_WEB_GUESS_H

#include "serve/access.h"

/* FREE: wrong ones of an address before it has to wait, twice as long each time, MOST_S at most. ALL: of all addresses
 * at once, and one more every ALL_S seconds. */
enum { WEB_GUESS_FREE = 5, WEB_GUESS_MOST_S = 300, WEB_GUESS_ALL = 60, WEB_GUESS_ALL_S = 2, WEB_GUESS_PLACES = 64 };

/* Zero is: nobody guessed. */
struct web_guess {
    struct web_guesser {
        uint8_t key[16]; /* the address; of IPv6 its /64 */
        unsigned wrong;
        double ms, until_ms; /* of the last one; 0: free */
    } guessers[WEB_GUESS_PLACES];
    double wrong, ms; /* of all, less what time took off */
};

/* Seconds that this address has to wait before it may try; 0: it may. */
double web_guess_wait(struct web_guess *guess, const struct serve_address *from, double now_ms);
void web_guess_wrong(struct web_guess *guess, const struct serve_address *from, double now_ms);
/* It knew the password. */
void web_guess_right(struct web_guess *guess, const struct serve_address *from);

#endif
