// SPDX-License-Identifier: Apache-2.0
// docs/clients/ocelli.h as a sketch in C++ has it: asks over a wire that proves the address first.
#define OCELLI_LINE 256
#include "../../docs/clients/ocelli.h"

static ocelli_reader reader;
static char sent[64];
static const char *incoming = "";

static void ask(const char *request) {
    ocelli_request(sent, sizeof sent, "1", request);
}

static void answer(char *to, size_t capacity, const char *text) {
    ocelli_request(to, capacity, "1", text);
    incoming = to;
}

// As in loop(). What was found: tags * 100 + the last one's score, -1 an error, -2 a proof that was asked for, -3 a
// push.
static int loop() {
    int found = 0;
    while (*incoming) {
        const char *line = ocelli_read(&reader, (unsigned char)*incoming++);
        ocelli_tags tags;
        ocelli_push push;
        if (line && ocelli_prove(sent, sizeof sent, "1", line))
            found = -2;
        else if (line && ocelli_error(line, "1"))
            found = -1;
        else if (line && ocelli_push_begin(&push, line, "1"))
            found = push.on ? -3 : 0;
        else if (line && ocelli_tags_begin(&tags, line, "1"))
            for (int n = 1; ocelli_tags_next(&tags); n++) found = n * 100 + tags.score;
    }
    return found;
}

int main() {
    char line[128];
    ask("tags terse");
    answer(line, sizeof line, "ERR prove 1a2b3c4d");
    if (loop() != -2 || strncmp(sent, "#1 ping 1a2b3c4d*", 17)) return 1;
    answer(line, sizeof line, "ERR busy");
    if (loop() != -1) return 2;
    answer(line, sizeof line, "TAGS 21474837 20 cat:0.83 dog:0.07");
    if (loop() != 207) return 3;
    answer(line, sizeof line, "ON 1 2 3 cat:0.71");
    return loop() == -3 ? 0 : 4;
}
