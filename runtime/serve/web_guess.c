/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_guess.h"

#include <math.h>
#include <string.h>

/* NULL: it guessed nothing wrong of late, and is not to be put in the place of the oldest. */
static struct web_guesser *find(struct web_guess *g, const struct serve_address *from, bool make) {
    struct web_guesser *oldest = g->guessers;
    uint8_t key[16] = {0};
    memcpy(key, from->ip, serve_address_v4(from) ? 16 : 8);
    for (int i = 0; i < WEB_GUESS_PLACES; i++) {
        struct web_guesser *one = &g->guessers[i];
        if (one->ms > 0 && !memcmp(one->key, key, sizeof key)) return one;
        if (one->ms < oldest->ms) oldest = one;
    }
    if (!make) return NULL;
    *oldest = (struct web_guesser){.wrong = 0};
    memcpy(oldest->key, key, sizeof key);
    return oldest;
}

static void let_time_pass(struct web_guess *g, double now_ms) {
    g->wrong = fmax(g->wrong - (now_ms - g->ms) / 1000 / WEB_GUESS_ALL_S, 0);
    g->ms = now_ms;
}

double web_guess_wait(struct web_guess *guess, const struct serve_address *from, double now_ms) {
    const struct web_guesser *one = find(guess, from, false);
    let_time_pass(guess, now_ms);
    double own = one ? (one->until_ms - now_ms) / 1000 : 0;
    double all = (guess->wrong - WEB_GUESS_ALL + 1) * WEB_GUESS_ALL_S;
    return fmax(ceil(fmax(own, all)), 0);
}

void web_guess_wrong(struct web_guess *guess, const struct serve_address *from, double now_ms) {
    struct web_guesser *one = find(guess, from, true);
    let_time_pass(guess, now_ms);
    guess->wrong++, one->wrong++, one->ms = now_ms;
    unsigned over = one->wrong >= WEB_GUESS_FREE ? one->wrong - WEB_GUESS_FREE + 1 : 0;
    one->until_ms = now_ms + (over ? fmin(ldexp(1, (int)fmin(over, 20)), WEB_GUESS_MOST_S) * 1000 : 0);
}

void web_guess_right(struct web_guess *guess, const struct serve_address *from) {
    struct web_guesser *one = find(guess, from, false);
    if (one) *one = (struct web_guesser){.wrong = 0};
}
