// SPDX-License-Identifier: Apache-2.0
// Lights the lamp of an Arduino while an ocelli board sees a tag. Serial1 of the Arduino goes to the board's serial line (TX to RX, RX to TX,
// ground to ground, both at 3.3 V). The board's ocelli.ini has "serial = /dev/ocelli-serial@115200" under [serve], or another device.
//
// Make a folder ocelli_lamp with this file and ocelli.h in it, and open it in the Arduino IDE. Any Arduino with Serial1 and 2 KB of memory
// will do (Mega, Leonardo, Nano 33, ESP32, RP2040).
//
// On an ESP32 write Serial2 in place of Serial1, and Serial2.begin(115200, SERIAL_8N1, 16, 17): 16 receives, 17 sends. Some of its boards have no
// LED_BUILTIN: write the number of your lamp's pin.
#define OCELLI_LINE 256 // the longest line that is read: 16 tags or so
#include "ocelli.h"

static const char TAG[] = "cat";  // the tag to follow, as the board's ocelli.ini names it; blanks become "_"
static const unsigned long SILENCE = 25000; // ms without a line: the board or the wire is gone

static ocelli_reader reader;
static unsigned long heard, asked;
static bool known; // the board has answered since it was asked to tell changes

static void ask(const char *request) {
    char line[64];
    Serial1.write(line, ocelli_request(line, sizeof line, "lamp", request));
    asked = millis();
}

static void lamp(bool on) { digitalWrite(LED_BUILTIN, on ? HIGH : LOW); }

static bool is_tag(const char *name) { // a push has ":0.83" behind the name
    return !strncmp(name, TAG, strlen(TAG)) && (name[strlen(TAG)] == ':' || !name[strlen(TAG)]);
}

// A line from the board: the answer to "tags terse", or a change.
static void take(const char *line) {
    ocelli_tags tags;
    ocelli_push push;
    heard = millis();
    if (ocelli_tags_begin(&tags, line, "lamp")) {
        while (ocelli_tags_next(&tags))
            if (is_tag(tags.name)) lamp(tags.score >= 50); // at a score of 50 the threshold is
        ask("watch terse"); // from now on the board tells changes by itself
    } else if (ocelli_push_begin(&push, line, "lamp")) {
        if (push.kind == 'O' && is_tag(push.name)) lamp(push.on);
    }
    known = true;
}

void setup() {
    pinMode(LED_BUILTIN, OUTPUT);
    Serial1.begin(115200);
    ask("tags terse");
}

void loop() {
    while (Serial1.available()) { // what is there, never waiting for more
        const char *line = ocelli_read(&reader, Serial1.read());
        if (line) take(line);
    }
    if (known && millis() - heard > SILENCE) { // "alive" comes every 10 s
        known = false;
        lamp(false); // not knowing is not seeing
    }
    if (!known && millis() - asked > 2000) ask("tags terse");
}
