/* SPDX-License-Identifier: Apache-2.0
 * notified SOCKET: a service manager's ear: prints what is said to it, until STOPPING=1 or for 30 s. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char message[1024];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (argc != 2 || strlen(argv[1]) >= sizeof at.sun_path) return 2;
    strcpy(at.sun_path, argv[1]);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) < 0) return 1;
    alarm(30);
    for (;;) {
        ssize_t n = recv(fd, message, sizeof message - 1, 0);
        if (n < 0) return 1;
        message[n] = 0;
        puts(message);
        fflush(stdout);
        if (strstr(message, "STOPPING=1")) return 0;
    }
}
