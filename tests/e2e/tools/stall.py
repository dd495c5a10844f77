#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a ping waits while the tags are edited, and how long a stop takes.

    stall.py OCELLI MODEL PORT TAGS GROUP EDITS

The daemon watches a test scene, with so many TAGS, all in one group or (GROUP -) in none. It gets so many
edits, each once the one before is in force; beside them a ping goes out every 2 ms. Then SIGTERM comes into the next edit. Prints
TAGS GROUP, the median and the longest wait of a ping, of an edit until it is in force, and the time of the stop, in ms.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ocelli, model, port, tags, group, edits = sys.argv[1], os.path.abspath(sys.argv[2]), *sys.argv[3:7]
port, tags, edits = int(port), int(tags), int(edits)


class Asker:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.count = 0

    def ask(self, words, wait):
        """The answer and how long it took, ms. None: it did not come."""
        self.count += 1
        began = time.monotonic()
        try:
            self.socket.send(("#%d %s" % (self.count, words)).encode())
            while True:
                self.socket.settimeout(max(began + wait - time.monotonic(), 0.001))
                answer = json.loads(self.socket.recv(2048))
                if answer.get("id") == str(self.count):
                    return answer, 1000 * (time.monotonic() - began)
        except (socket.timeout, ConnectionRefusedError):
            return None, 1000 * (time.monotonic() - began)


def write_ini(path):
    with open(path, "w") as ini:
        ini.write("[run]\nmodel = %s\nrate = 10\nmotion = 0\n[source]\nuri = test:64x64@10\n[serve]\nudp = %d\ncoap = %d\n" % (
            model, port, port + 1))
        ini.write("[defaults]\non = 0.9\noff = 0.8\n")
        for i in range(tags):
            ini.write("[tag thing %d]\nprompt = word%d\n" % (i, i % 64))
            if group != "-":
                ini.write("group = %s\n" % group)


def edit(asker, i):
    """Until it is in force, ms."""
    began = time.monotonic()
    answer, _ = asker.ask('set "thing %d" min_on=%d' % (i % tags, 1 + i % 50), 60)
    if not answer or not answer["ok"]:
        sys.exit("an edit failed: %s" % answer)
    while asker.ask("tags", 60)[0]["version"] != answer["version"]:
        time.sleep(0.01)
    return 1000 * (time.monotonic() - began)


class Pings(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.waits, self.over = [], False

    def run(self):
        asker = Asker()
        while not self.over:
            answer, wait = asker.ask("ping", 60)
            if answer or not self.over:
                self.waits.append(wait)
            time.sleep(0.002)


def main():
    work = tempfile.mkdtemp()
    path = os.path.join(work, "ocelli.ini")
    write_ini(path)
    daemon = subprocess.Popen([ocelli, "run", "-c", path], stdout=subprocess.DEVNULL)
    try:
        asker, pings, until = Asker(), Pings(), time.monotonic() + 300
        while not (asker.ask("tags", 1)[0] or {}).get("seq"):
            if daemon.poll() is not None or time.monotonic() > until:
                sys.exit("it does not start")
            time.sleep(0.05)
        pings.start()
        forces = sorted(edit(asker, i) for i in range(edits))
        pings.over = True
        pings.join()
        waits = sorted(pings.waits)
        asker.ask('set "thing 0" min_on=77', 60)
        time.sleep(0.05)
        began = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(120)
        stop = 1000 * (time.monotonic() - began)
        print("%5d %s ping %.1f %.1f edit %.0f %.0f stop %.0f" % (
            tags, group, waits[len(waits) // 2], waits[-1], forces[len(forces) // 2], forces[-1], stop))
        return code
    finally:
        if daemon.poll() is None:
            daemon.kill()
        shutil.rmtree(work)


sys.exit(main())
