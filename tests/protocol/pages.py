#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers in pages: pages.py SERVER OCELLI OCELLI.PY. Through a relay that is slow, so that frames and changes come between two
pages, each tag is told once, by lines, by CoAP and by the client in Python. A board that means harm gets one line and exit code 1."""
import json
import select
import socket
import subprocess
import sys
import threading
import time
import zlib

server, ocelli, client = sys.argv[1:4]
TAGS = 60
failures = 0


def fail(what):
    global failures
    failures += 1
    print("FAILED: %s" % what)


class Relay(threading.Thread):
    """Datagrams to and from a port, each so many seconds late."""

    def __init__(self, port, late):
        super().__init__(daemon=True)
        self.late, self.board = late, ("127.0.0.1", port)
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        self.start()

    def run(self):
        backs, waiting = {}, []
        while True:
            wait = max(waiting[0][0] - time.monotonic(), 0) if waiting else 1
            for s in select.select([self.front, *backs.values()], [], [], wait)[0]:
                data, sender = s.recvfrom(2048)
                if s is self.front:
                    if sender not in backs:
                        backs[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        backs[sender].connect(self.board)
                    waiting.append((time.monotonic() + self.late, backs[sender], data, None))
                else:
                    waiting += [(time.monotonic() + self.late, self.front, data, k) for k, v in backs.items() if v is s]
            while waiting and waiting[0][0] <= time.monotonic():
                _, out, data, to = waiting.pop(0)
                out.sendto(data, to) if to else out.send(data)


class Hostile(threading.Thread):
    """A board that answers each request with what `answer` makes of its words."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer, self.count = answer, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.uri = "udp://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            data, to = self.socket.recvfrom(2048)
            name, words = data.split(b"*")[0].replace(b'"', b"").decode()[1:].split(" ", 1)
            text = b'{"id":"%s",' % name.encode() + self.answer(self, words)
            self.socket.sendto(b"%s*%08X\n" % (text, zlib.crc32(text)), to)
            self.count += 1


def from_of(words):
    return int(words.split()[-1]) if "from" in words else 0


def run(*args):
    return subprocess.run(args, capture_output=True, timeout=60)


def names(outcome):
    return [tag["tag"] for line in outcome.stdout.splitlines() for tag in json.loads(line)["tags"]]


def check_whole(what, wanted, *args):
    outcome = run(*args)
    got = names(outcome) if outcome.returncode == 0 else []
    if sorted(got) != sorted(wanted):
        fail("%s: %d tags of %d, %d of them once: %s" % (what, len(got), len(wanted), len(set(got)), outcome.stderr.decode()))


def check_pages():
    board = subprocess.Popen([server, "--change", "15"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ports = board.stdout.readline().split()
    udp, coap = int(ports[1]), int(ports[3])
    for i in range(TAGS):
        added = run(ocelli, "query", "udp://127.0.0.1:%d" % udp, "add", "thing %d" % i)
        if added.returncode:
            fail("add: %s" % added.stderr)
    wanted = names(run(ocelli, "query", "--json", "udp://127.0.0.1:%d" % udp, "prompts"))
    if len(wanted) < TAGS:
        fail("%d tags" % len(wanted))
    for late in 0.01, 0.03:
        lines, blocks = Relay(udp, late), Relay(coap, late)
        for verb in "tags", "prompts":
            uri = "udp://127.0.0.1:%d" % lines.port
            check_whole("%s by lines" % verb, wanted, ocelli, "query", "--json", uri, verb)
            check_whole("%s by ocelli.py" % verb, wanted, "python3", client, uri, verb)
            if coap:
                check_whole("%s by CoAP" % verb, wanted, ocelli, "query", "--json", "coap://127.0.0.1:%d" % blocks.port, verb)
    board.stdin.close()
    board.wait()


def refused(what, uri, args, wanted):
    for program in ([ocelli, "query"], [ocelli, "query", "--json"], ["python3", client]):
        outcome = run(*program, uri, *args)
        lines = outcome.stderr.decode().splitlines()
        if outcome.returncode != 1 or outcome.stdout or len(lines) != 1 or wanted not in lines[0]:
            fail("%s: %s: exit code %d, %d bytes, %s" % (what, program, outcome.returncode, len(outcome.stdout), lines))


def check_hostile():
    page = b'"ok":true,"seq":%d,"version":1,"count":%d,"tags":[%s],"next":%d}'
    tag = b'{"tag":"a","state":"off","score":0}'
    same = Hostile(lambda h, words: page % (1, 9, tag, 1))
    refused("next is always 1", same.uri, ["tags"], "do not follow each other")
    empty = Hostile(lambda h, words: page % (1, 9, b"", from_of(words) + 1))
    refused("pages of nothing", empty.uri, ["tags"], "is it ocelli")
    endless = Hostile(lambda h, words: page % (1, 9, b",".join([b"1"] * 400), from_of(words) + 400))
    refused("pages without an end", endless.uri, ["tags"], "is it ocelli")
    moving = Hostile(lambda h, words: page % (h.count, 9, tag, from_of(words) + 1))
    refused("another frame each time", moving.uri, ["tags"], "changes faster")
    broken = Hostile(lambda h, words: b'"ok":true,"tags":[')
    refused("no JSON", broken.uri, ["tags"], "")
    deep = Hostile(lambda h, words: b'"ok":true,"tags":' + b"[" * 900)
    refused("nested", deep.uri, ["tags"], "")
    escapes = Hostile(lambda h, words: b'"ok":true,"tags":[{"tag":"\x1b[2J\xc2\x9b2J\x9b\x7f"}]}')
    for program in ([ocelli, "query"], [ocelli, "query", "--json"], ["python3", client]):
        outcome = run(*program, escapes.uri, "tags")
        if any(c < 32 and c != 10 or c == 127 for c in outcome.stdout + outcome.stderr) or b"\xc2\x9b" in outcome.stdout:
            fail("an escape reaches the terminal: %s %r" % (program, outcome.stdout))
    if json.loads(run(ocelli, "query", "--json", escapes.uri, "tags").stdout)["tags"][0]["tag"][:4] != "\x1b[2J":
        fail("what was escaped is another text")
    turned = Hostile(lambda h, words: '"ok":true,"tags":[{"tag":"a\u202eb\u2066\u061c"}]}'.encode())
    if (name := run(ocelli, "query", turned.uri, "tags").stdout.split()[0]) != b"a?b??":
        fail("letters in another order: %r" % name)
    if not (out := run(ocelli, "query", "--json", turned.uri, "tags").stdout).isascii() or json.loads(out)["tags"][0]["tag"] != "a\u202eb\u2066\u061c":
        fail("letters in another order as JSON: %r" % out)
    if not json.loads(out := run("python3", client, turned.uri, "tags").stdout) or not out.isascii():
        fail("letters in another order from ocelli.py: %r" % out)
    said = Hostile(lambda h, words: '"ok":false,"error":"none","message":"a\u202eb"}'.encode())
    if (err := run(ocelli, "query", said.uri, "tags").stderr) and not err.isascii():
        fail("letters in another order on standard error: %r" % err)


def check_other_answers():
    """What answers something else has not done what was asked."""
    answers = {"ping": b'"pong":"ocelli"', "tags": b'"tags":[]', "prompts": b'"version":7,"tags":[{"tag":"a","values":[]}]',
               "prompts a": b'"tag":"a","values":[]', "add a": b'"version":7', "set a b": b'"version":7', "remove a": b'"version":7',
               "search a": b'"since":null,"hits":[]', "status": b'"program":"ocelli"', "help": b'"help":"me"'}
    fits = {("tags", "prompts"), ("add a", "prompts"), ("set a b", "prompts"), ("remove a", "prompts"), ("prompts", "tags")}
    fits |= {(a, b) for a in ("add a", "set a b", "remove a") for b in ("add a", "set a b", "remove a")}
    for given in answers:
        board = Hostile(lambda h, words: b'"ok":true,"seq":1,%s}' % answers[given])
        for asked in answers:
            outcome = run(ocelli, "query", board.uri, *asked.split())
            if asked == given or (asked, given) in fits:
                if outcome.returncode:
                    fail("%s, answered by %s: %s" % (asked, given, outcome.stderr))
            elif outcome.returncode != 1 or outcome.stdout or b"that is no answer to %s" % asked.split()[0].encode() not in outcome.stderr:
                fail("%s takes the answer to %s: %r %s" % (asked, given, outcome.stdout, outcome.stderr))


check_pages()
check_hostile()
check_other_answers()
sys.exit(failures > 0)
