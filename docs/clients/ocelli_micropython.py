# SPDX-License-Identifier: Apache-2.0
"""Asks an ocelli board from MicroPython, over a serial line or UDP. docs/protocol.md is the protocol.

    from machine import UART, Pin
    from ocelli_micropython import Board

    lamp = Pin("LED", Pin.OUT)
    board = Board(UART(1, 115200))            # or Board(Udp("192.168.1.20"))
    print(board.tags())                       # [("cat", 83), ("dog", 10)]: names, scores from 0 to 100
    for name, on in board.watch():            # changes, for ever; (None, None) every 10 s
        if name == "cat":
            lamp.value(on)

Try it on a PC: micropython ocelli_micropython.py udp://localhost watch (python3 runs it too).
Requests carry checksums, and only answers with a right one count. Blanks in names become "_".
"""
import select
import socket
import sys
import time

now_ms = getattr(time, "ticks_ms", None) or (lambda: int(time.monotonic() * 1000))
past_ms = getattr(time, "ticks_diff", None) or (lambda end, start: end - start)


class Refused(Exception):
    """The board says no; args[0] is a word of the list in docs/protocol.md, such as "busy"."""


def crc32(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xEDB88320 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF


class Udp:
    """A socket that looks like a serial line."""

    def __init__(self, host, port=5690):
        self.stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stream.connect(socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_DGRAM)[0][-1])

    def write(self, data):
        self.stream.send(data)

    def read(self):
        return self.stream.recv(1500)


class Device:
    """A serial device of a PC, which is set up already: stty -F PATH 115200 raw -echo"""

    def __init__(self, path):
        self.stream = open(path, "r+b", 0)

    def write(self, data):
        self.stream.write(data)

    def read(self):
        return self.stream.read(1)  # more would wait for more


class Board:
    def __init__(self, wire):
        self.wire, self.held, self.count, self.pushes = wire, b"", 0, []
        self.poll = select.poll()
        self.poll.register(getattr(wire, "stream", wire), select.POLLIN)

    def _lines(self, wait_ms):
        """Lines with a right checksum, without it, until wait_ms have passed."""
        start = now_ms()
        while past_ms(now_ms(), start) < wait_ms:
            if self.poll.poll(wait_ms - past_ms(now_ms(), start)):
                self.held = (self.held + (self.wire.read() or b""))[-2048:]
            while b"\n" in self.held:
                line, self.held = self.held.split(b"\n", 1)
                line = line.rstrip(b"\r")
                if line[-9:-8] == b"*" and line[-8:] == b"%08X" % crc32(line[:-9]):
                    yield line[:-9].decode()

    def ask(self, request):
        """The text of the answer, such as "TAGS 1234 87 cat:0.83". Asks again after 1, 2 and 4 s; OSError: no answer."""
        for wait_ms in (1000, 2000, 4000, 8000):
            self.count += 1
            name = "#m%d " % self.count
            line = (name + request).encode()
            self.wire.write(line + b"*%08X\n" % crc32(line))
            for text in self._lines(wait_ms):
                if text.startswith(name):
                    text = text[len(name):]
                elif text.startswith('{"id":"%s"' % name[1:-1]):  # to what is not terse the board answers in JSON
                    return text
                else:
                    self.pushes.append(text)
                    continue
                if text.startswith("ERR prove "):  # over UDP it first wants to know that the address is not forged
                    self.ask("ping " + text[10:])
                    return self.ask(request)
                if text.startswith("ERR "):
                    raise Refused(text[4:].split()[0])
                return text
        raise OSError("no answer to " + request)

    def tags(self):
        """Names and scores, 0 to 100; those that are on come first. At 50 the threshold is."""
        words = self.ask("tags terse").split(" ")[3:]
        pairs = [word.rsplit(":", 1) for word in words if ":" in word]
        return [(name, int(float(score) * 100 + 0.5)) for name, score in pairs]

    def watch(self):
        """(name, True or False) at each change, for ever; (None, None) every 10 s. OSError after 25 s of silence."""
        self.ask("watch terse")
        asked = heard = now_ms()
        while True:
            self.pushes += list(self._lines(100))
            while self.pushes:
                words = self.pushes.pop(0).split(" ")  # "#m2 ON 1 1401 15 cat:0.71"
                heard = now_ms()
                if len(words) > 5 and words[1] in ("ON", "OFF"):
                    yield words[5].rsplit(":", 1)[0], words[1] == "ON"
                elif len(words) > 1 and words[1] == "ALIVE":
                    yield None, None
            if past_ms(now_ms(), asked) > 20000:  # over UDP the board forgets who does not ask again within 60 s
                self.ask("watch terse")
                asked = heard = now_ms()
            if past_ms(now_ms(), heard) > 25000:
                raise OSError("nothing for 25 s")


def main(uri="udp://localhost", *words):
    if uri.startswith("udp://"):
        host, _, port = uri[6:].partition(":")
        board = Board(Udp(host, int(port or 5690)))
    else:
        board = Board(Device(uri))
    if words == ("watch",):
        for change in board.watch():
            print(*change)
    elif words in ((), ("tags",)):
        for tag in board.tags():
            print(*tag)
    else:
        print(board.ask(" ".join(words)))


if __name__ == "__main__":
    main(*sys.argv[1:])
