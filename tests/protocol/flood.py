#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random and damaged bytes to a whole board, by its sockets and its serial line: flood.py SERVER COUNT. COUNT datagrams of each port,
and as many pieces of up to 1400 bytes on the line. It goes on answering, its file stays as it was, and it ends without a leak (which
a server with sanitizers tells). Nothing that is damaged here is a change, as from loopback that could be one when it arrives."""
import os
import pty
import random
import socket
import subprocess
import sys
import tempfile
import time
import tty

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformance  # noqa: E402

INI = "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\n; a remark\n[tag cat]\n[tag dog]\n"
LINES = [b"ping", b"#1 ping*1DF9", b"tags terse", b"#a.b:c tags from 1", b"#9 watch", b"watch terse", b"unwatch", b"prompts cat from 0",
         b'prompts "cat"', b"status", b"help prompts", b'search "a \\"cat\\" \\\\"', b"AT", b"tags " + "ä漢🐈".encode(), b"tags" + b" " * 900, b"#1 ping*694FE592"]


def message(path, *options, kind=0x40, code=1):
    pairs = [(11, p) for p in path.split(b"/")] + list(options)
    return bytes([kind | 2, code, 0x12, 0x34]) + b"to" + conformance.Coap.options(pairs)


COAP = [message(b"tags"), message(b"tags", (15, b"from=1")), message(b"tags", (17, b"\x3c")), message(b"tags", (17, b"\x6e")),
        message(b"tags", (17, b"\x70"), (23, b"\x02")), message(b"events", (6, b"")), message(b"events", (6, b"\x01")),
        message(b"tags", (6, b""), kind=0x50), message(b"status", (60, b"\x00")), message(b".well-known/core"), message(b"frame"),
        message(b"search", (15, b"q=a cat")), message(b"tags", (4, b"12345678"), (252, b"1a2b3c4d")), message(b"tags", (3, b"host"), (7, b"\x16\x33")),
        message(b"tags", (27, b"\x0e"), code=2) + b"\xffbody", b"\x40\x00\x12\x34", b"\x70\x00\x12\x34", b"\x60\x00\x12\x34"]


def damaged(template):
    data = bytearray(template)
    for _ in range(random.choice((0, 1, 1, 2, 5))):
        at = random.randrange(len(data) + 1)
        what = random.randrange(4)
        if what == 0 and data:
            data[at % len(data)] = random.randrange(256)
        elif what == 1 and data:
            data[at % len(data)] ^= 1 << random.randrange(8)
        elif what == 2:
            del data[at:at + random.randrange(4)]
        else:
            data[at:at] = random.randbytes(random.randrange(1, 4))
    return bytes(data[:random.randrange(len(data) + 1)] if random.random() < 0.1 else data)


def piece(templates):
    choice = random.random()
    if choice < 0.3:
        return random.randbytes(random.randrange(1400 if choice < 0.05 else 60))
    return damaged(random.choice(templates)) if choice < 0.999 else random.randbytes(60000)


def frame(data):
    body = b"\xa9" + data
    body += conformance.crc(body).to_bytes(2, "little")
    return b"\xc0" + body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def drain(fd):
    try:
        while os.read(fd, 65536):
            pass
    except BlockingIOError:
        pass


class Board:
    def __init__(self, server, folder):
        self.ini = os.path.join(folder, "tags.ini")
        with open(self.ini, "w") as f:
            f.write(INI)
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        self.process = subprocess.Popen([server, "--serial", os.ttyname(slave), "--tags", self.ini, "--change", "1000"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=16"))
        words = self.process.stdout.readline().split()
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for s, port in zip(self.sockets, (words[1], words[3])):
            s.connect(("127.0.0.1", int(port)))
            s.setblocking(False)
        self.sent = 0

    def write(self, data):
        """All of it on the line, at the pace of the reader."""
        until = time.monotonic() + 20
        while data:
            try:
                data = data[os.write(self.master, data):]
            except BlockingIOError:
                if time.monotonic() > until:
                    raise SystemExit("the board does not read its line")
                time.sleep(0.001)
            drain(self.master)

    def heard(self, read, ask, want):
        """Asks once a second, as datagrams may be lost where a queue is full."""
        until, asked, got = time.monotonic() + 30, 0, b""
        while want not in got:
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                ask()
            try:
                got = (got + read())[-8192:]
            except BlockingIOError:
                time.sleep(0.002)
            except ConnectionRefusedError:
                raise SystemExit("the board is gone: %s" % self.process.communicate()[1])
            if time.monotonic() > until:
                raise SystemExit("no answer to %r after %d datagrams" % (want, self.sent))

    def answers(self, n):
        line, coap = self.sockets
        mark = b"a%d" % n
        self.heard(lambda: line.recv(4096), lambda: line.send(b"#" + mark + b" ping"), b'{"id":"%s","ok":true' % mark)
        token = n.to_bytes(8, "big")
        self.heard(lambda: coap.recv(4096), lambda: coap.send(b"\x58\x01" + (n & 65535).to_bytes(2, "big") + token + b"\xb6status"), token)
        self.write(b"\xc0\r")
        self.heard(lambda: os.read(self.master, 4096), lambda: os.write(self.master, b"\r#" + mark + b" ping\n"), b'{"id":"%s","ok":true' % mark)

    def memory(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(line.split()[1] for line in status if line.startswith("VmRSS"))


def main(server, count):
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        b, start, memory = Board(server, folder), time.monotonic(), []
        for n in range(int(count)):
            for s, templates in zip(b.sockets, (LINES, COAP)):
                try:
                    s.send(piece(templates))
                    b.sent += 1
                    s.recv(65536)
                except (BlockingIOError, ConnectionRefusedError):
                    pass
            b.write(frame(damaged(random.choice(COAP))) if n % 4 == 0 else piece(LINES) + random.choice((b"\n", b"\r\n", b"", b"\xc0")))
            if n % 50 == 49:
                b.answers(n)
            if n % (int(count) // 4 or 1) == 0:
                memory.append(b.memory())
        b.answers(int(count))
        memory.append(b.memory())
        b.process.stdin.close()
        said = b.process.stderr.read()
        code = b.process.wait(60)
        with open(b.ini) as f:
            same = f.read() == INI
    print("%d datagrams and as many pieces as half of them on the line in %.0f s, resident (KiB): %s; the server ended with %d; its file is %s"
          % (b.sent, time.monotonic() - start, " ".join(memory), code, "as it was" if same else "CHANGED"))
    if said:
        print(said[:2000])
    return 0 if code == 0 and same and "ERROR" not in said else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
