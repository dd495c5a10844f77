#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A neighbour that asks too fast: neighbour.py BOARD UDP-PORT COAP-PORT FAST-ADDRESS CALM-ADDRESS, both addresses of this host. Each
confirmable message of CoAP gets an answer that ends it, and who is calm is served meanwhile."""
import socket
import sys
import time

board, udp, coap, fast, calm = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]


def connect(own, port):
    s = socket.socket(socket.AF_INET6 if ":" in own else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((own, 0))
    s.connect((board, port))
    s.settimeout(1)
    return s


failed = 0
if coap > 0:
    s, codes, begun = connect(fast, coap), {}, time.monotonic()
    s.settimeout(10)
    for n in range(300):
        s.send(bytes([0x41, 1, n >> 8, n & 255, 0x74]) + b"\xb6status")
        got = s.recv(2048)
        codes[got[1]] = codes.get(got[1], 0) + 1
    served = 100 + 50 * (time.monotonic() - begun) + 1
    if set(codes) - {0x81, 0x9D} or codes[0x81] > served:  # 4.01 (it has not proved itself), 4.29
        print("CoAP too fast: %s" % {"%d.%02d" % (c >> 5, c & 31): count for c, count in codes.items()})
        failed = 1
flood, asked, answered = connect(fast, udp), connect(calm, udp), 0
for n in range(10):
    for _ in range(100):
        flood.send(b"ping")
    time.sleep(0.1)
    asked.send(b"ping")
    try:
        answered += b"pong" in asked.recv(2048)
    except socket.timeout:
        pass
if answered < 10:
    print("beside a flood from %s %s got %d of 10 answers" % (fast, calm, answered))
    failed = 1
sys.exit(failed)
