// SPDX-License-Identifier: Apache-2.0
// What an Arduino sketch uses, on this machine: Serial1 is the device named by the program's first argument, the lamp
// is printed when it changes, and loop() runs for as many ms as the second argument says.
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOW, HIGH, INPUT, OUTPUT, LED_BUILTIN = 13 };

static unsigned long millis() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000 + (unsigned long)now.tv_nsec / 1000000;
}
static void pinMode(int, int) {}
static void digitalWrite(int pin, int level) {
    static int shown = -1;
    if (pin == LED_BUILTIN && level != shown) printf("lamp %s\n", level ? "on" : "off"), fflush(stdout);
    shown = level;
}

static struct {
    int fd;
    void begin(long) {}
    int available() {
        pollfd in = {fd, POLLIN, 0};
        return poll(&in, 1, 1) > 0 && in.revents & POLLIN;
    }
    int read() {
        uint8_t byte;
        return ::read(fd, &byte, 1) == 1 ? byte : -1;
    }
    void write(const char *bytes, size_t size) {
        if (::write(fd, bytes, size) != (ssize_t)size) perror("Serial1"), exit(1);
    }
} Serial1;

void setup();
void loop();

int main(int argc, char **argv) {
    if (argc < 3 || (Serial1.fd = open(argv[1], O_RDWR | O_NOCTTY)) < 0) return perror("Serial1"), 1;
    unsigned long end = millis() + strtoul(argv[2], nullptr, 10);
    setup();
    while (millis() < end) loop();
    return 0;
}
