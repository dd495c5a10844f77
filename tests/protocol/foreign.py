#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every resource by a client that is not ours: aiocoap (PyPI) and cbor2. foreign.py FRAME.jpg coap://HOST:PORT|serial:DEVICE...
Over a serial line by aiocoap's own slipmux transport where it has one (its repository does, with pyserial-asyncio; no release up to
0.4.17): else its messages go through a bridge here, each in a frame."""
import asyncio
import json
import os
import sys
import termios
import tty

import aiocoap
import cbor2
from aiocoap.numbers import codes
from aiocoap.numbers.contentformat import ContentFormat

try:
    from aiocoap.config import SlipmuxDevice, SlipmuxParameters, TransportParameters
except ImportError:
    TransportParameters = None

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import conformance  # noqa: E402
from conformance import check  # noqa: E402

NAME = "foreign test"


# ---- slipmux: draft-bormann-t2trg-slipmux, RFC 1055, RFC 1662 appendix C ----

def fcs(data):
    return conformance.crc(data).to_bytes(2, "little")


class Bridge(asyncio.DatagramProtocol):
    """A datagram that comes in goes out as a frame, and the other way."""

    def __init__(self, device):
        self.fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd, termios.TCSANOW)
        self.pending, self.client = b"", None

    def connection_made(self, transport):
        self.transport = transport
        asyncio.get_running_loop().add_reader(self.fd, self.heard)

    def datagram_received(self, data, address):
        self.client = address
        body = b"\xa9" + data
        body += fcs(body)
        os.write(self.fd, b"\xc0" + body.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")

    def heard(self):
        *frames, self.pending = (self.pending + os.read(self.fd, 4096)).split(b"\xc0")
        for frame in frames:
            body = frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
            if body[:1] == b"\xa9" and fcs(body[:-2]) == body[-2:]:
                self.transport.sendto(body[1:-2], self.client)


# ---- requests ----

class Client:
    def __init__(self, context, base):
        self.context, self.base = context, base

    async def ask(self, code, path, payload=b"", **options):
        request = aiocoap.Message(code=code, uri=self.base + path, payload=payload, **options)
        return await asyncio.wait_for(self.context.request(request).response, 20)

    async def get(self, path, **options):
        return await self.ask(codes.GET, path, **options)


async def reading(c, frame):
    links = (await c.get("/.well-known/core")).payload.decode()
    check(all("</%s>" % p in links for p in ("tags", "events", "prompts", "status", "search", "frame")), "core", links)
    answer = await c.get("/tags")
    tags = json.loads(answer.payload)["tags"]
    check(answer.code == codes.CONTENT and len(tags) == 4 and answer.opt.etag, "tags", answer)
    check(answer.opt.content_format == ContentFormat.JSON, "JSON without Accept", answer)
    answer = await c.get("/tags", accept=ContentFormat.CBOR)
    check({t["tag"] for t in cbor2.loads(answer.payload)["tags"]} == {t["tag"] for t in tags}, "tags in CBOR", answer.payload)
    for accept, read in ((110, json.loads), (112, cbor2.loads)):
        answer = await c.get("/tags", accept=ContentFormat(accept))
        check(answer.opt.content_format == accept and len(read(answer.payload)) == 8, "tags in SenML", accept, answer.payload)
    check((await c.get("/tags", accept=ContentFormat(41))).code == codes.NOT_ACCEPTABLE, "tags in XML")
    answer = await c.get("/prompts")
    etag = answer.opt.etag
    check(len(json.loads(answer.payload)["tags"]) == 4, "prompts", answer.payload)
    check((await c.get("/prompts", etags=[etag])).code == codes.VALID, "ETag")
    check("n" in json.loads((await c.get("/events")).payload), "events")
    check(json.loads((await c.get("/status")).payload)["protocol"] == 1, "status")
    check(json.loads((await c.get("/search?q=a cat")).payload)["hits"], "search")
    answer = await c.get("/frame")
    check(answer.payload == frame and answer.opt.content_format == 22, "frame, in blocks", len(answer.payload))
    check((await c.get("/nothing")).code == codes.NOT_FOUND, "no such path")
    check((await c.ask(codes.POST, "/tags")).code == codes.METHOD_NOT_ALLOWED, "no such method")


async def changing(c):
    path = "/prompts?tag=" + NAME
    for code, body, want in ((codes.PUT, "a wörd\nagainst=nothing", codes.CHANGED), (codes.POST, "second", codes.CHANGED)):
        answer = await c.ask(code, path, body.encode())
        check(answer.code == want, str(code), answer)
    check(json.loads((await c.get(path)).payload)["values"] == ["a wörd", "second", "against=nothing"], "what they made")
    check((await c.ask(codes.PUT, path, b"x" * 3000)).code == codes.REQUEST_ENTITY_TOO_LARGE, "PUT in blocks")
    check((await c.ask(codes.PUT, path, b"{}", content_format=ContentFormat.JSON)).code == codes.UNSUPPORTED_CONTENT_FORMAT, "PUT of JSON")
    check((await c.ask(codes.PUT, path, b"\xff")).code == codes.BAD_REQUEST, "PUT of no UTF-8")
    check((await c.ask(codes.DELETE, path)).code == codes.DELETED, "DELETE")
    check((await c.ask(codes.DELETE, path)).code == codes.NOT_FOUND, "DELETE again")


async def observing(c, path, number):
    request = c.context.request(aiocoap.Message(code=codes.GET, uri=c.base + path, observe=0))
    heard = [number(json.loads((await asyncio.wait_for(request.response, 20)).payload))]

    async def listen():
        async for notification in request.observation:
            heard.append(number(json.loads(notification.payload)))
            if len(heard) == 8:  # a confirmable one among them
                return
    try:
        await asyncio.wait_for(listen(), 20)
    except asyncio.TimeoutError:
        pass
    request.observation.cancel()
    check(len(heard) == 8 and heard == sorted(set(heard)), "observing " + path, heard)


async def one(c, frame):
    before = conformance.failed
    await reading(c, frame)
    await changing(c)
    await observing(c, "/events", lambda a: a["n"])
    await observing(c, "/tags", lambda a: a["seq"])
    await c.context.shutdown()
    return conformance.failed == before


async def connect(uri):
    """A client, and the bridge it goes through, if any."""
    bridge = transports = None
    if uri.startswith("serial:") and TransportParameters:
        devices = {"board": SlipmuxDevice(device=uri[7:])}
        transports, uri = TransportParameters(slipmux=SlipmuxParameters(devices=devices)), "coap://board.dev.alt"
    elif uri.startswith("serial:"):
        bridge, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Bridge(uri[7:]), local_addr=("127.0.0.1", 0))
        uri = "coap://127.0.0.1:%d" % bridge.get_extra_info("sockname")[1]
    return Client(await aiocoap.Context.create_client_context(transports=transports), uri), bridge


async def main(frame, *uris):
    check(fcs(b"123456789") == b"\x6e\x90", "FCS")
    with open(frame, "rb") as f:
        frame = f.read()
    for uri in uris:
        client, bridge = await connect(uri)
        how = ", through our bridge" if bridge else ", slipmux of aiocoap's own" if client.base.endswith(".dev.alt") else ""
        print("%s%s: %s" % (uri, how, "ok" if await one(client, frame) else "failed"))
        if bridge:
            bridge.close()
    print("%d checks, %d failed" % (conformance.checks, conformance.failed))
    return 1 if conformance.failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
