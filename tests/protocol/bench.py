#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast a board answers: bench.py URI [REQUEST [COUNT]]. udp: lines, coap: a GET of /REQUEST. From loopback, as others have a
limit of requests a second. Prints requests a second with 16 under way, then the latency of one at a time."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformance  # noqa: E402

WINDOW = 16


def main(uri, request="tags", count="20000"):
    count = int(count)
    if uri.startswith("coap:"):
        b = conformance.Coap(uri)
        s = b.socket
        path = b.options([(11, request.encode())])
        make = lambda n: bytes([0x54, 1, n >> 8 & 255, n & 255]) + n.to_bytes(4, "big") + path  # noqa: E731  NON GET
    else:
        s = conformance.ocelli.Board(uri).wire.socket
        make = lambda n: b"#%d %s\n" % (n, request.encode())  # noqa: E731
    s.settimeout(2)
    start = time.perf_counter()
    for n in range(count + WINDOW):
        if n < count:
            s.send(make(n))
        if n >= WINDOW:
            s.recv(4096)
    rate = count / (time.perf_counter() - start)
    times = []
    for n in range(2000):
        before = time.perf_counter()
        s.send(make(count + n))
        s.recv(4096)
        times.append((time.perf_counter() - before) * 1000)
    times.sort()
    print("%s %s: %.0f requests/s, %d under way; one at a time: median %.3f ms, p99 %.3f ms"
          % (uri.split(":")[0], request, rate, WINDOW, times[1000], times[1980]))


if __name__ == "__main__":
    main(*sys.argv[1:])
