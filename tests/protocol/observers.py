#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many observers of a board's /events: observers.py COAP-URI COUNT SECONDS [PID]. Each is a socket of its own that observes,
acknowledges what asks for it, and counts. A change that one observer was told of and another was not, in any notification (each tells
the last few: docs/protocol.md), is lost, and exit code 1.
With PID, of the board, its memory each minute."""
import json
import os
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformance  # noqa: E402


class Observer:
    def __init__(self, uri):
        self.board = conformance.Coap(uri)
        self.board.send(conformance.GET, "events", [(6, b"")])
        self.heard, self.repeated, self.notifications = set(), 0, 0
        self.last = -1  # Message ID of what came last: sent again when our acknowledgement was late

    def take(self):
        data = self.board.socket.recv(4096)
        if data[0] >> 4 & 3 == 0:
            self.board.socket.send(bytes([0x60, 0]) + data[2:4])
        code, _, options, body = conformance.Coap.parse(data)
        if code != "2.05" or 6 not in options:
            raise SystemExit("an observer got %s instead of a notification" % code)
        mid = int.from_bytes(data[2:4], "big")
        self.repeated += mid == self.last
        self.notifications += mid != self.last
        self.last = mid
        self.heard.update(event["n"] for event in json.loads(body)["events"])


def memory(pid):
    with open("/proc/%d/status" % pid) as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def say(start, observers, pid):
    total = sum(o.notifications for o in observers)
    print("%5.0f s: %d notifications%s" % (time.monotonic() - start, total, ", %d KiB resident" % memory(pid) if pid else ""), flush=True)


def main(uri, count, seconds, pid=0):
    pid, start = int(pid), time.monotonic()
    if pid:
        print("before the first: %d KiB resident" % memory(pid))
    poll, by_fd = select.epoll(), {}
    for n in range(int(count)):
        o = Observer(uri)
        by_fd[o.board.socket.fileno()] = o
        poll.register(o.board.socket, select.EPOLLIN)
        if n % 20 == 19:  # the answers to the rest must not wait long for their turn
            for fd, _ in poll.poll(0.02):
                by_fd[fd].take()
    observers, told = by_fd.values(), time.monotonic()
    say(start, observers, pid)
    end = told + float(seconds)
    while time.monotonic() < end:
        for fd, _ in poll.poll(0.5):
            by_fd[fd].take()
        if time.monotonic() - told >= 60:
            told += 60
            say(start, observers, pid)
    while ready := poll.poll(0.3):
        for fd, _ in ready:
            by_fd[fd].take()
    say(start, observers, pid)
    # From when the last of them had begun.
    first = max(min(o.heard, default=1) for o in observers)
    everything = {n for o in observers for n in o.heard if n >= first}
    lost = sum(len(everything - o.heard) for o in observers)
    print("%d observers, %d changes since the last of them began: %d lost; %d notifications, %d sent again"
          % (len(observers), len(everything), lost, sum(o.notifications for o in observers), sum(o.repeated for o in observers)))
    return 1 if lost or len(everything) < 2 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
