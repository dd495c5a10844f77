/* SPDX-License-Identifier: Apache-2.0
 * Learns a tag's background on the user's own scene and turns "at most N false alarms a day" into its
 * threshold. docs/tags.md tells the method and what was measured.
 *
 * Frames are not independent, and far more frequent than alarms. So it counts alarms, not frames over a level. An alarm
 * is a rise to the level from more than a gap below it: a gate with that gap would have reported it. Counted for all
 * levels at once: of each rise, its lowest and its highest margin. */
#ifndef TAG_CALIBRATE_H
#define TAG_CALIBRATE_H

#include "base/span.h"
#include "tag/background.h"
#include "tag/tail.h"

/* Seconds that must have been seen before a threshold is given; the age at which what was seen counts
 * half; between two computations of the threshold. */
enum { CALIBRATE_MIN_S = 3600, CALIBRATE_HALF_LIFE_S = 7 * 86400, CALIBRATE_PERIOD_S = 600 };

/* The threshold of one regime. */
struct calibrate_level {
    bool known;
    double on;   /* margin */
    double gap;  /* on less off; 0: not known yet */
    double days; /* that `tail` counts over */
    struct tail tail;
};

/* A zeroed one has seen nothing. */
struct calibrate {
    struct background background;
    struct calibrate_level level[BACKGROUND_REGIMES]; /* the same twice unless they are apart */
    bool apart;                                       /* day and night differ */
    bool started, rising;                             /* the rise or fall that goes on: */
    float valley, peak;                               /* its lowest and highest margin */
    double since, next;                               /* seconds since the last computation, and to the next */
};

/* One smoothed margin that held for `seconds`. on: the tag is on, so this is no background. Its time does not count,
 * nor do rises that end far above the threshold. false_alarms: a day, at most. */
void calibrate_step(struct calibrate *calibrate, float margin, double seconds, enum background_regime regime, bool on,
                    double false_alarms);

/* The same in two steps, as the second takes much longer than the first: is it due? */
void calibrate_take(struct calibrate *calibrate, float margin, double seconds, enum background_regime regime, bool on);
bool calibrate_due(const struct calibrate *calibrate);
void calibrate_renew(struct calibrate *calibrate, double false_alarms);

/* After a pause: what went on is not continued. */
void calibrate_pause(struct calibrate *calibrate);

/* Computes the thresholds now, as calibrate_step() does every CALIBRATE_PERIOD_S. */
void calibrate_refresh(struct calibrate *calibrate, double false_alarms);

/* Share of the background's time below the margin, in percent. NAN: not ready. */
double calibrate_percentile(const struct calibrate *calibrate, enum background_regime regime, float margin);

/* How often a day the background reaches the margin; it is not told above the rate of the tail's base.
 * NAN: not ready. */
double calibrate_alarms_a_day(const struct calibrate *calibrate, enum background_regime regime, float margin);

enum { CALIBRATE_BYTES = 4 * 8 + BACKGROUND_REGIMES * (8 + 2 * 4 * BACKGROUND_BINS) };

/* The learnt state as CALIBRATE_BYTES bytes, little-endian. */
void calibrate_save(const struct calibrate *calibrate, uint8_t *bytes);

/* Takes them back; thresholds come with the next calibrate_refresh(). false, and *calibrate zeroed: not what
 * calibrate_save() writes. */
bool calibrate_restore(struct calibrate *calibrate, struct span *bytes);

#endif
