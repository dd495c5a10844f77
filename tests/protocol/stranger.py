#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a board says to an address: stranger.py FROM TO UDP-PORT COAP-PORT COAPS-PORT. Sends from FROM what a board could answer,
and prints what was answered, a line each; nothing at all for who may not ask."""
import select
import socket
import sys


def main(source, board, udp, coap, coaps):
    # ClientHello of DTLS 1.2 (RFC 6347 section 4.2): no cookie, two suites of PSK
    hello = bytes.fromhex("16feff0000000000000000" "0038" "0100002c000000000000002c" "fefd") + bytes(32) + bytes.fromhex("0000000400a8c0a80100")
    probes = {
        "line": (udp, b"ping"), "line, no verb": (udp, b"nonsense"),
        "ping": (coap, b"\x40\x00\x00\x01"), "ping by NON": (coap, b"\x50\x00\x00\x02"),
        "/.well-known/core": (coap, b"\x40\x01\x00\x03\xbb.well-known\x04core"), "/status": (coap, b"\x40\x01\x00\x04\xb6status"),
        "/status by NON": (coap, b"\x51\x01\x00\x05x\xb6status"), "no such path": (coap, b"\x40\x01\x00\x06\xb3foo"),
        "no such method": (coap, b"\x40\x02\x00\x07\xb4tags"), "critical option": (coap, b"\x40\x01\x00\x08\x91x\x24tags"),
        "observe": (coap, b"\x41\x01\x00\x09x\x60\x56events"), "change": (coap, b"\x40\x04\x00\x0a\xb7prompts\x47tag=cat"),
        "an answer": (coap, b"\x40\x45\x00\x0b"), "half an option": (coap, b"\x40\x01\x00\x0c\xb9x"), "DTLS": (coaps, hello),
    }
    asked = {}
    for name, (port, data) in probes.items():
        if port == "0":
            continue  # not built in
        s = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((source, 0))
        s.sendto(data, (board, int(port)))
        asked[s] = name
    while ready := select.select(list(asked), [], [], 0.4)[0]:
        for s in ready:
            print("%s: %s" % (asked[s], s.recv(4096).hex()[:40]))


if __name__ == "__main__":
    main(*sys.argv[1:])
