#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks an ocelli board, over UDP or a serial line. One file, standard library only; docs/protocol.md is the protocol.

    board = Board("udp://192.168.1.20")          # or "serial:/dev/ttyUSB0@115200"
    print(board.ask("status"))                   # a dict; Refused when the board says no
    print(board.all("tags")["tags"])             # all of them, however many lines it takes; "prompts" too
    board.ask("set", "garage", "an open garage door", "against=a closed garage door")
    for push in board.watch():                   # changes, and "alive" every 10 s
        print(push)

From a shell: ocelli.py URI REQUEST..., ocelli.py URI watch
"""
import json
import os
import re
import select
import socket
import sys
import time
import zlib


class Refused(Exception):
    """The board's answer is an error: .word is of the list in docs/protocol.md."""

    def __init__(self, answer):
        self.word, self.answer = str(answer.get("error", "failed")), answer
        super().__init__(str(answer.get("message", self.word)))


def quote(word):
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", word):
        raise ValueError("%r has a control character" % word)
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' if not word or re.search(r'[\s"*]', word) else word


class Udp:
    def __init__(self, host, port):
        kind, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self.socket = socket.socket(kind, socket.SOCK_DGRAM)
        self.socket.connect(address)
        self.heard, self.refusals = False, 0

    def refused(self):
        """A board that has answered may be starting anew."""
        self.refusals += 1
        if self.refusals == 2 and not self.heard:
            raise ConnectionRefusedError("nothing listens there")

    def send(self, line):
        try:
            self.socket.send(line + b"\n")
        except ConnectionRefusedError:  # of what was sent before: this was not
            self.refused()
            self.socket.send(line + b"\n")

    def lines(self, wait):
        """What came within `wait` seconds, at most one."""
        if select.select([self.socket], [], [], max(wait, 0))[0]:
            try:
                line = self.socket.recv(2048).rstrip(b"\r\n")
                self.heard = True
                yield line
            except ConnectionRefusedError:
                self.refused()
                time.sleep(min(wait, 0.1))


class Serial:
    def __init__(self, device, baud):
        import termios
        self.fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.held = b""
        speed = getattr(termios, "B%d" % baud, None)
        if speed is None:
            raise ValueError("termios knows no %d baud" % baud)
        flags = termios.CS8 | termios.CREAD | termios.CLOCAL
        termios.tcsetattr(self.fd, termios.TCSANOW, [termios.IGNBRK, 0, flags, 0, speed, speed, [b"\0"] * 32])
        os.write(self.fd, b"\r")  # ends what noise may have begun; LF might begin a frame

    def send(self, line):
        data = line + b"\n"
        while data:
            select.select([], [self.fd], [])
            data = data[os.write(self.fd, data):]

    def lines(self, wait):
        if b"\n" not in self.held and select.select([self.fd], [], [], max(wait, 0))[0]:
            data = os.read(self.fd, 4096)
            if not data:
                raise ConnectionError("the serial device is gone")
            self.held = (self.held + data)[-8192:]
        while b"\n" in self.held:
            line, self.held = self.held.split(b"\n", 1)
            yield line.rstrip(b"\r")


class Board:
    def __init__(self, uri):
        udp = re.fullmatch(r"udp:(?://)?(\[[^]]+\]|[^:/]+)(?::(\d+))?/?", uri)
        serial = re.fullmatch(r"serial:(.+?)(?:@(\d+))?", uri)
        if not udp and not serial:
            raise ValueError("%r is neither udp://HOST[:PORT] nor serial:DEVICE[@BAUD]" % uri)
        self.wire = Udp(udp[1].strip("[]"), int(udp[2] or 5690)) if udp else Serial(serial[1], int(serial[2] or 115200))
        self.count = int.from_bytes(os.urandom(3), "big")
        self.pushes = []

    def read(self, wait):
        """Answers and pushes whose checksum is right; others never were."""
        for line in self.wire.lines(wait):
            line = re.sub(rb"^[\x00-\x1f\x7f-\xff]+", b"", line)  # before the first byte a half-duplex line gives some that nobody sent
            body, star, digits = line.rpartition(b"*")
            if star and re.fullmatch(rb"[0-9A-Fa-f]{8}", digits) and int(digits, 16) == zlib.crc32(body):
                yield body.decode("utf-8", "replace")

    def raw(self, line):
        """The answer to a line, parsed; asks again after 1, 2, 4 s. ValueError: too long."""
        self.count += 1
        name = "p%x" % self.count
        request = ("#%s %s" % (name, line)).encode()
        request += b"*%08X" % zlib.crc32(request)
        if len(request) + 1 > 1024:
            raise ValueError("a request is at most 1024 bytes with its id, checksum and end")
        for wait in (1, 2, 4, 8):
            self.wire.send(request)
            until = time.monotonic() + wait
            while time.monotonic() < until:
                for text in self.read(until - time.monotonic()):
                    answer = self.parse(text)
                    if "push" in answer:
                        self.pushes = self.pushes[-999:] + [answer]
                    elif answer.get("id") == name:
                        return answer
        raise TimeoutError("no answer to %r" % line)

    @staticmethod
    def parse(text):
        if text.startswith("{"):
            try:
                return json.loads(text)
            except RecursionError:
                raise ValueError("the answer is nested too deep: is it ocelli that answers?")
        name, text = re.match(r"(?:#(\S+) )?(.*)", text).groups()
        error = re.match(r"ERR (\S+)(?: (\S+))?", text)
        if not error:
            return {"id": name, "text": text}
        answer = {"id": name, "ok": False, "error": error[1]}
        return {**answer, "proof": error[2]} if error[2] else answer

    def ask(self, *words):
        """The answer as a dict; Refused if it is an error."""
        line = " ".join(quote(word) for word in words)
        answer = self.raw(line)
        if answer.get("error") == "prove" and "proof" in answer:
            self.raw("ping " + quote(answer["proof"]))
            answer = self.raw(line)
        if answer.get("ok") is False:
            raise Refused(answer)
        return answer

    def all(self, *words):
        """The answer of "tags" or "prompts", its pages put together. All are of one frame or version, or it begins again."""
        for _ in range(8):
            whole = self.ask(*words)
            key = next((k for k, v in whole.items() if isinstance(v, list)), None)
            stamp = whole.get("version"), words[0] == "tags" and whole.get("seq")
            while key and "next" in whole and words[0] in ("tags", "prompts"):
                if whole["next"] != len(whole[key]) or len(whole[key]) > 65535:
                    raise ValueError("pages that do not follow each other: is it ocelli that answers?")
                page = self.ask(*words, "from", str(whole["next"]))
                if (page.get("version"), words[0] == "tags" and page.get("seq")) != stamp:
                    break
                whole[key] += page.get(key) or []
                del whole["next"]
                if "next" in page:
                    if not page.get(key):
                        raise ValueError("an answer without an end: is it ocelli that answers?")
                    whole["next"] = page["next"]
            else:
                return whole
        raise ValueError("%s changes faster than its pages come: ask again, or for less" % words[0])

    def watch(self):
        """Changes and "alive" for ever. Each push has "n": one that is missing was lost. TimeoutError after 25 s of silence."""
        self.ask("watch")
        asked = heard = time.monotonic()
        while True:
            for text in self.read(1):
                answer = self.parse(text)
                if "push" in answer:
                    self.pushes.append(answer)
            while self.pushes:
                heard = time.monotonic()
                yield self.pushes.pop(0)
            if time.monotonic() - asked > 20:  # the lease is 60 s
                self.ask("watch")
                asked = heard = time.monotonic()
            if time.monotonic() - heard > 25:
                raise TimeoutError("nothing for 25 s")


def main(args):
    if len(args) < 2 or args[0] in ("-h", "--help"):
        print("Usage: ocelli.py URI REQUEST...   URI: udp://HOST[:PORT], serial:DEVICE[@BAUD]", file=sys.stderr)
        return 2
    try:
        board = Board(args[0])
        whole = len(args) < 3 or args[-2] != "from"
        for answer in board.watch() if args[1] == "watch" else [(board.all if whole else board.ask)(*args[1:])]:
            text = json.dumps(answer, ensure_ascii=False)
            print(re.sub("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", lambda c: "\\u%04x" % ord(c[0]), text), flush=True)  # a terminal would obey them
    except (Refused, OSError, ValueError) as fault:
        print("ocelli.py: %s" % fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
