#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a board speak docs/protocol.md? Against any implementation: conformance.py [--change] URI...

URI: udp://HOST[:PORT], serial:DEVICE[@BAUD], coap://HOST[:PORT]. With --change also what changes the board's tags (a tag named
"conformance test" comes and goes). A line a check that fails; exit code 1 then."""
import json
import os
import random
import re
import select
import socket
import struct
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/clients"))
import ocelli  # noqa: E402

NAME = "conformance test"
STATES = ("on", "off", "learning", "unknown")
failed = checks = 0


def check(good, what, *seen):
    global failed, checks
    checks += 1
    if not good:
        failed += 1
        print("FAIL %s: %s" % (what, " ".join(repr(s)[:200] for s in seen)))


# ---- lines ----

def crc(data):
    """CRC-16/X-25."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


class Lines:
    def __init__(self, uri):
        self.board = ocelli.Board(uri)
        self.wire = self.board.wire

    def flush(self):
        while any(True for _ in self.wire.lines(0.05)):
            pass

    def raw(self, data, wait=30.0):
        """The first line that is no push."""
        self.wire.send(data)
        until = time.monotonic() + wait
        while time.monotonic() < until:
            for line in self.wire.lines(until - time.monotonic()):
                if b'"push"' not in line:
                    return line
        return b""

    def json(self, data):
        line = self.raw(data)
        try:
            return json.loads(line)
        except ValueError:
            return {"error": "no JSON", "line": line}


def check_head(a, what):
    check(a.get("ok") is True and isinstance(a.get("seq"), int), what + ": ok, seq", a)
    check("age_ms" in a and (a["age_ms"] is None or a["age_ms"] >= 0), what + ": age_ms", a)


def check_tag(t, what):
    check(isinstance(t.get("tag"), str) and t.get("state") in STATES and 0 <= t.get("score", -1) <= 1, what, t)
    check({"margin", "cosine", "percentile"} <= set(t), what + ": fields", t)


def requests(b):
    for request in (b"ping", b"AT", b"at", b"  ping\t", b"#1 ping", b"#aZ9._:- ping", b"#" + b"x" * 32 + b" ping"):
        a = b.json(request)
        check(a.get("pong") == "ocelli" and a.get("protocol") == 1, "ping", request, a)
        check_head(a, "ping")
        check(a.get("id") == (request.split()[0][1:].decode() if request.startswith(b"#") else None), "id", request, a)
    a = b.board.ask("tags")
    check_head(a, "tags")
    check(isinstance(a.get("version"), int) and a.get("count", -1) >= len(a["tags"]), "tags: version, count", a)
    for t in a["tags"]:
        check_tag(t, "tags: a tag")
    scores = [(t["state"] != "on", -t["score"]) for t in a["tags"]]
    check(scores == sorted(scores), "tags: best first", scores)
    check(b.board.ask("tags", "from", str(a["count"]))["tags"] == [], "tags from the end")
    terse = b.raw(b"#t tags terse").decode()
    check(re.fullmatch(r"#t TAGS \d+ -?\d+( -|( \S+:[01]\.\d\d)+)", terse), "tags terse", terse)
    a = b.board.ask("prompts")
    check_head(a, "prompts")
    check(all(isinstance(t["tag"], str) for t in a["tags"]), "prompts", a)
    a = b.board.ask("status")
    check(a.get("protocol") == 1 and "model" in a and "program" in a, "status", a)
    check("uptime_s" not in a or isinstance(a.get("tags_drifted"), int) and "drift" in a and (a["drift"] is None or a["drift"] >= 0), "status: drift", a)
    verbs = b.board.ask("help")["help"].split()
    check({"ping", "tags", "watch", "unwatch", "prompts", "add", "set", "remove", "search", "status", "help"} <= set(verbs), "help", verbs)
    check("set" in b.board.ask("help", "set")["help"], "help set")
    a = b.json(b"search a cat")
    check(a.get("error") == "absent" or check_hits(a), "search", a)


def check_hits(a):
    hits = a.get("hits")
    whole = isinstance(hits, list) and all({"time", "score", "tags"} <= set(h) for h in hits)
    return whole and "since" in a and [h["score"] for h in hits] == sorted((h["score"] for h in hits), reverse=True)


def errors(b):
    wrong = {b"nonsense": "verb", b"Tags": "verb", b"#1": "verb", b"tags x y": "usage", b"tags from x": "usage", b"help nothing": "verb",
             b"# ping": "id", b"#a/b ping": "id", b"#" + b"x" * 33 + b" ping": "id", b"ping \xff": "utf8", b"ping \xc3": "utf8",
             b"ping \xed\xa0\x80": "utf8", b"ping \x01": "utf8", b"x" * 1024: "long", b"x " * 40: "long", b'prompts "x': "usage",
             b"ping*0000": "crc", b"prompts \"no such tag, surely\"": "none"}
    for request, word in wrong.items():
        a = b.json(request) if not request.startswith(b"ping*") else json.loads(b.raw(request).rpartition(b"*")[0] or b"{}")
        check(a.get("ok") is False and a.get("error") == word, "error " + word, request[:40], a)
    check(b.raw(b"#e tags terse x") == b"#e ERR usage", "terse error")
    for size in (1024, 2048, 60000) + ((100000,) if isinstance(b.wire, ocelli.Serial) else ()):  # over a datagram's most
        a = b.json(b'set "%s" "%s"' % (NAME.encode(), b"x" * size))
        check(a.get("error") == "long", "a prompt of %d bytes" % size, a)
    check(b.json(b"ping").get("ok") is True, "goes on after errors")


def sums(b):
    request = b"#s ping"
    for count, sum_of in ((4, crc), (8, zlib.crc32)):
        line = b.raw(request + b"*%0*x" % (count, sum_of(request)))
        body, _, digits = line.rpartition(b"*")
        check(body.startswith(b'{"id":"s"') and len(digits) == count and int(digits, 16) == sum_of(body), "checksum", line)
        line = b.raw(request + b"*%0*x" % (count, sum_of(request) ^ 1))
        check(b'"error":"crc"' in line, "wrong checksum", line)


VERDICTS = ("clean", "abstain", "flag", "blur", "drop")


def check_event(e, what):
    """A change of a tag, of a group, or of a policy where the board moderates."""
    check(e.get("state") in ("on", "off", "unknown", "learning") and all(isinstance(e.get(k), int) for k in ("n", "seq", "version")), what, e)
    check(e.get("verdict", "clean") in VERDICTS, what + ": verdict", e)
    if "policy" in e:
        check("tag" not in e and "group" not in e and e["state"] in ("on", "off") and e.get("action") in VERDICTS[2:] and "verdict" in e
              and isinstance(e.get("margin"), (int, float)) and isinstance(e.get("score"), (int, float)), what + ": a policy", e)
    else:
        check("tag" in e or "group" in e, what + ": of what", e)


def watching(b):
    b.wire.send(b"#w watch")
    a = json.loads(next(b.wire.lines(30), b"{}"))
    if a.get("error") == "prove":
        b.board.raw("ping " + a["proof"])
        a = b.json(b"#w watch")
    check(a.get("watch") is True and a.get("n") == 0 and a.get("heartbeat_s", 99) <= 10 and "lease_s" in a, "watch", a)
    until, n = time.monotonic() + 12, 0
    seen = None
    while time.monotonic() < until and seen != "alive":
        for line in b.wire.lines(1):
            push = json.loads(line)
            seen = push.get("push")
            check(push.get("id") == "w" and seen in ("alive", "change"), "push", push)
            check(push.get("n") == n + (seen == "change"), "push: n", n, push)
            n = push.get("n", n)
            if seen == "change":
                check_event(push, "push")
            if seen == "change" and time.monotonic() > until - 9:
                seen = "alive"  # a busy scene: changes keep it alive
    check(seen == "alive", "watch: a push within 12 s", seen)
    a = b.json(b"unwatch")
    check(a.get("watch") is False, "unwatch", a)


def changes(b):
    ask = b.board.ask
    try:
        ask("remove", NAME)
    except ocelli.Refused as fault:
        check(fault.word == "none", "remove what is not there", fault.answer)
    v = [ask("add", NAME)["version"], ask("set", NAME, 'a "quoted" \\ prompt', "against=nothing", "on=0.2", "off=0.1")["version"],
         ask("add", NAME, "second")["version"]]
    check(v == sorted(set(v)), "version grows", v)
    a = ask("prompts", NAME)
    check(a["values"] == ['a "quoted" \\ prompt', "second", "against=nothing", "on=0.2", "off=0.1"], "values", a)
    check(ask("prompts", NAME, "from", "1")["values"][0] == "second", "values from 1")
    for words, word in ((("set", NAME), "usage"), (("set", NAME, "on=9"), "usage"), (("set", "", "x"), "usage"), (("remove", NAME, "third"), "none"),
                        (("set", NAME, "x" * 161), "long"), (("set", "n" * 129, "x"), "long"), (("add", NAME, "on=0.1"), "usage")):
        try:
            check(False, "refused", words, ask(*words))
        except ocelli.Refused as fault:
            check(fault.word == word, "refused: " + word, words, fault.answer)
    check(ask("prompts", NAME)["values"] == a["values"], "nothing changed by what was refused")
    check(b.json(b'remove "%s"' % NAME.encode()).get("error") == "crc", "a change without a checksum, where there were checksums")
    ask("remove", NAME)
    check(NAME not in [t["tag"] for t in ask("tags")["tags"]], "removed")


def noise(b):
    random.seed(1)
    for _ in range(300):
        b.wire.send(bytes(random.randrange(256) for _ in range(random.randrange(200))))
        b.flush() if _ % 50 == 49 else time.sleep(0.002)
    b.flush()
    time.sleep(1.2)
    b.wire.send(b"")
    b.flush()
    check(b.json(b"#after ping").get("id") == "after", "goes on after noise")


def lines(uri, change):
    b = Lines(uri)
    b.flush()
    requests(b)
    errors(b)
    watching(b)
    sums(b)
    if change:
        changes(b)
    noise(b)


# ---- CoAP: RFC 7252, as much as a test needs ----

class Coap:
    def __init__(self, uri):
        match = re.fullmatch(r"coap://(\[[^]]+\]|[^:/]+)(?::(\d+))?/?", uri)
        kind, _, _, _, address = socket.getaddrinfo(match[1].strip("[]"), int(match[2] or 5683), type=socket.SOCK_DGRAM)[0]
        self.socket = socket.socket(kind, socket.SOCK_DGRAM)
        self.socket.connect(address)
        self.mid = random.randrange(65536)

    @staticmethod
    def options(pairs):
        data, last = b"", 0
        for number, value in sorted(pairs, key=lambda p: p[0]):
            head, extra = [], b""
            for n in (number - last, len(value)):
                head.append(n if n < 13 else 13 if n < 269 else 14)
                extra += b"" if n < 13 else bytes([n - 13]) if n < 269 else struct.pack(">H", n - 269)
            data += bytes([head[0] << 4 | head[1]]) + extra + value
            last = number
        return data

    @staticmethod
    def parse(data):
        """code, token, {number: [values]}, payload"""
        token, at, number, options = data[4:4 + (data[0] & 15)], 4 + (data[0] & 15), 0, {}
        while at < len(data) and data[at] != 0xFF:
            head, sizes = data[at], []
            at += 1
            for n in (head >> 4, head & 15):
                if n == 13:
                    n, at = data[at] + 13, at + 1
                elif n == 14:
                    n, at = struct.unpack(">H", data[at:at + 2])[0] + 269, at + 2
                sizes.append(n)
            number += sizes[0]
            options.setdefault(number, []).append(data[at:at + sizes[1]])
            at += sizes[1]
        return "%d.%02d" % (data[1] >> 5, data[1] & 31), token, options, data[at + 1:]

    def send(self, method, path, options=(), payload=b"", token=None):
        self.mid = (self.mid + 1) % 65536
        token = os.urandom(4) if token is None else token
        everything = [(11, p.encode()) for p in path.split("/")] + list(options)
        message = bytes([0x40 | len(token), method]) + struct.pack(">H", self.mid) + token + self.options(everything)
        self.socket.send(message + (b"\xff" + payload if payload else b""))
        return token

    def receive(self, wait):
        if select.select([self.socket], [], [], max(wait, 0))[0]:
            data = self.socket.recv(4096)
            if data[0] >> 4 & 3 == 0:  # confirmable
                self.socket.send(bytes([0x60, 0]) + data[2:4])
            return self.parse(data)
        return None

    def answer(self, token):
        """Not a notification that comes between."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            answer = self.receive(until - time.monotonic())
            if answer and answer[1] == token and answer[0] != "0.00":
                return answer
        return "none", b"", {}, b""

    def one(self, method, path, options=(), payload=b""):
        return self.answer(self.send(method, path, options, payload))

    def ask(self, method, path, options=(), payload=b""):
        """With the Echo that the board asks for, and all blocks."""
        answer = self.one(method, path, options, payload)
        if answer[0] == "4.01" and 252 in answer[2]:
            options = list(options) + [(252, answer[2][252][0])]
            answer = self.one(method, path, options, payload)
        body, block = answer[3], answer[2].get(23, [b""])[0]
        while answer[0].startswith("2") and block and block[-1] & 8:
            number = (int.from_bytes(block, "big") >> 4) + 1
            value = number << 4 | block[-1] & 7
            answer = self.one(method, path, list(options) + [(23, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))])
            body, block = body + answer[3], answer[2].get(23, [b""])[0]
        return answer[0], answer[2], body


def cbor(data, at=0):
    """RFC 8949: value and where it ends."""
    major, extra = data[at] >> 5, data[at] & 31
    at += 1
    if data[at - 1] in (0xBF, 0x9F):
        items = []
        while data[at] != 0xFF:
            item, at = cbor(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if major == 5 else items), at + 1
    if major == 7:
        return {20: (False, at), 21: (True, at), 22: (None, at)}[extra] if extra < 24 else (struct.unpack(">f", data[at:at + 4])[0], at + 4)
    size = 0 if extra < 24 else 1 << extra - 24
    value = extra if extra < 24 else int.from_bytes(data[at:at + size], "big")
    at += size
    if major == 3:
        return data[at:at + value].decode(), at + value
    return (value if major == 0 else -1 - value), at


def number(n):
    return n.to_bytes((n.bit_length() + 7) // 8, "big")


GET, POST, PUT, DELETE, FETCH = 1, 2, 3, 4, 5


def coap_reading(b):
    code, _, body = b.ask(GET, ".well-known/core")
    check(code == "2.05" and all(b"</%s>" % p in body for p in (b"tags", b"events", b"prompts", b"status", b"search", b"frame")), "core", code, body)
    code, options, body = b.ask(GET, "tags")
    a = json.loads(body or b"{}")
    check(code == "2.05" and options.get(12) == [b"\x32"] and 4 in options, "/tags", code, options)
    for t in a.get("tags", []):
        check_tag(t, "/tags: a tag")
    code, options, body = b.ask(GET, "tags", [(17, number(60))])
    check(code == "2.05" and {"seq", "age_ms", "tags"} <= set(cbor(body)[0]), "/tags CBOR", code, body)
    code, options, body = b.ask(GET, "tags", [(17, number(110))])
    check(code == "2.05" and all("n" in r for r in json.loads(body)), "/tags SenML", code, body)
    code, options, body = b.ask(GET, "tags", [(17, number(112))])
    check(code == "2.05" and all(0 in r for r in cbor(body)[0]), "/tags SenML+CBOR", code, body)
    check(b.ask(GET, "tags", [(17, number(41))])[0] == "4.06", "Accept of XML")
    code, options, body = b.ask(GET, "prompts")
    check(code == "2.05" and b.ask(GET, "prompts", [(4, options[4][0])])[0] == "2.03", "ETag of /prompts", code, options)
    check(b.ask(GET, "prompts", [(15, b"tag=no such tag, surely")])[0] == "4.04", "/prompts of no tag")
    check(b.ask(GET, "prompts", [(15, b"x=y")])[0] == "4.00", "unknown query")
    check(json.loads(b.ask(GET, "status")[2]).get("protocol") == 1, "/status")
    code, options, body = b.ask(GET, "search", [(15, b"q=a cat")])
    check(code == "5.01" or (code == "2.05" and check_hits(json.loads(body))), "/search", code, body)
    code, options, body = b.ask(GET, "frame")
    check(code in ("4.04", "5.01") or (code == "2.05" and options.get(12) == [b"\x16"] and body), "/frame", code)
    check(b.ask(GET, "nothing")[0] == "4.04", "no such resource")
    check(b.ask(POST, "tags")[0] == "4.05", "no such method")
    check(b.ask(GET, "tags", [(9, b"x")])[0] in ("4.02", "none"), "unknown critical option")


def png():
    """A small picture."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + os.urandom(24) for _ in range(8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def coap_picture(b):
    """Searching by a picture: whole, with words, in blocks of 64 bytes (RFC 7959), and what is none."""
    code, options, body = b.ask(PUT, "search", [(12, number(23))], png())
    if code == "5.01":  # no history
        return
    check(code == "2.04" and check_hits(json.loads(body)), "PUT of a picture", code, body)
    code, options, body = b.ask(FETCH, "search", [(15, b"q=a cat")], png())
    check(code == "2.05" and check_hits(json.loads(body)), "FETCH with a picture and words", code, body)
    code, options, body = b.ask(PUT, "search", [(12, number(42)), (17, number(60))], png())
    check(code == "2.04" and "hits" in cbor(body)[0], "PUT of a picture, CBOR", code, body)
    whole = png()
    parts = [whole[i:i + 64] for i in range(0, len(whole), 64)]
    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        block = [(27, number(i << 4 | (0 if last else 8) | 2))]
        code, options, body = b.ask(PUT, "search", block, part)
        check(code == ("2.04" if last else "2.31"), "block %d of a picture" % i, code, body)
        if i == 1:
            check(b.ask(PUT, "search", block, part)[0] == "2.31", "a block that comes again")
    check(check_hits(json.loads(body)), "a picture in blocks", body)
    check(b.ask(PUT, "search", [(27, number(5 << 4 | 8 | 2))], parts[0])[0] == "4.08", "a picture that begins with block 5")
    check(b.ask(PUT, "search", [(27, number(8 | 2)), (60, number((4 << 20) + 1))], parts[0])[0] == "4.13", "a picture over 4 MiB, as Size1 tells")
    check(b.ask(PUT, "search", [(12, number(42))], b"no picture")[0] == "4.00", "PUT of no picture")
    check(b.ask(PUT, "search", [(12, number(50))], b"{}")[0] == "4.15", "PUT of JSON as a picture")
    check(b.ask(PUT, "search")[0] == "4.00", "PUT without a picture")


def coap_observe(b):
    code, options, body = b.ask(GET, "events")
    check(code == "2.05" and options.get(12) == [b"\x32"], "/events", code, options)
    for e in json.loads(body or b"{}").get("events", []):
        check_event(e, "/events")
    code, options, body = b.ask(GET, "events", [(17, number(60))])
    check(code == "2.05" and options.get(12) == [b"\x3c"], "/events CBOR", code, options)
    for e in cbor(body)[0].get("events", []):
        check_event(e, "/events CBOR")
    code, options, _ = b.ask(GET, "events", [(6, b"")])
    check(code == "2.05" and 6 in options, "Observe", code, options)


def coap_replays(b):
    """The same message again, as a network that doubles them sends it: the same is answered, once it is in force."""
    tag, mid = [(15, b"tag=" + NAME.encode())], b.mid
    for method in (PUT, POST, POST):
        token = os.urandom(4)
        codes = []
        for _ in range(3):
            b.mid = mid
            b.send(method, "prompts", tag, b"once", token)
            codes.append(b.answer(token)[0])
        check(codes == ["2.04"] * 3, "replayed", codes)
        mid += 1
    b.mid = mid
    check(json.loads(b.ask(GET, "prompts", tag)[2]).get("values") == ["once"], "what replays made")
    check(b.ask(DELETE, "prompts", tag)[0] == "2.02", "DELETE of it")


def coap_changes(b):
    tag = [(15, b"tag=" + NAME.encode())]
    check(b.ask(PUT, "prompts", tag, "a wörd\nagainst=nothing".encode())[0] == "2.04", "PUT")
    check(b.ask(POST, "prompts", tag, b"second\r\n")[0] == "2.04", "POST")
    check(json.loads(b.ask(GET, "prompts", tag)[2]).get("values") == ["a wörd", "second", "against=nothing"], "what PUT and POST made")
    check(b.ask(PUT, "prompts", tag, b"\xff")[0] == "4.00", "PUT of no UTF-8")
    check(b.ask(PUT, "prompts", tag, b"x" * 161)[0] == "4.13", "PUT of a long text")
    check(b.ask(PUT, "prompts", tag, b"x" * 1025)[0] == "4.13", "PUT of a long body")
    check(b.ask(PUT, "prompts", tag + [(27, b"\x0e")], b"x" * 1024)[0] == "4.13", "PUT in blocks")
    check(b.ask(PUT, "prompts", tag + [(27, b"\x06\x4e"), (60, number(100000))], b"x" * 1024)[0] in ("4.13", "4.08"), "PUT, block 100 of 100 KB")
    check(b.ask(PUT, "prompts", tag + [(12, number(50))], b"[]")[0] == "4.15", "PUT of JSON")
    check(b.ask(PUT, "prompts", [], b"x")[0] == "4.00", "PUT without a tag")
    check(b.ask(DELETE, "prompts", tag)[0] == "2.02", "DELETE")
    check(b.ask(DELETE, "prompts", tag)[0] == "4.04", "DELETE again")


def coap_noise(b):
    random.seed(2)
    good = bytes([0x44, 1, 0, 0]) + b"abcd" + b.options([(11, b"tags"), (15, b"from=1")])
    for n in range(2000):
        data = bytearray(good if n % 2 else os.urandom(random.randrange(1, 60)))
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        try:
            b.socket.send(bytes(data[:random.randrange(1, len(data) + 1)]))
        except ConnectionRefusedError:
            check(False, "it is gone")
            return
        while b.receive(0.0005):
            pass
    while b.receive(0.2):
        pass
    check(b.ask(GET, "status")[0] == "2.05", "goes on after noise")


def coap(uri, change):
    b = Coap(uri)
    coap_reading(b)
    coap_picture(b)
    coap_observe(b)
    if change:
        coap_changes(b)
        coap_replays(b)
    coap_noise(b)


def main(args):
    change = "--change" in args
    for uri in [a for a in args if not a.startswith("--")]:
        before = failed
        (coap if uri.startswith("coap:") else lines)(uri, change)
        print("%s: %s" % (uri, "%d failed" % (failed - before) if failed > before else "ok"))
    print("%d checks, %d failed" % (checks, failed))
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
