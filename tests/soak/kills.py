#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills `ocelli run` with SIGKILL at random moments, while tags are changed over UDP, what was learnt is saved and pictures
go into the history; starts it again each time and looks whether anything was lost.

usage: kills.py OCELLI MODEL FOLDER [KILLS] [SEED]
Lost is an acknowledged change that is not in ocelli.ini afterwards, a file that cannot be read any more, a history whose
integrity check fails, and a file left beside ocelli.ini once the daemon was started again.
"""
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time

TAGS = 12
INI = """; what people wrote
[run]
model = {model}
rate = 0
motion = 0
state = state
save_every = 1
[source]
uri = test:64x64@30
[memory]
file = history
every = 0
[serve]
udp = {port}
requests = 0
{tags}"""


def value_of(text, tag):
    """min_on of [tag NAME] as the file has it."""
    section = text.split(f"[tag {tag}]\n", 1)
    if len(section) < 2:
        return None
    for line in section[1].split("[", 1)[0].splitlines():
        if line.startswith("min_on"):
            return line.split("=")[1].strip()
    return None


class Board:
    def __init__(self, ocelli, folder, port):
        self.ocelli, self.folder, self.port, self.serial = ocelli, folder, port, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([self.ocelli, "run", "-c", "ocelli.ini"], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            if self.ask("ping", 0.2):
                return
        sys.exit(f"not started again: see {self.folder}/log")

    def ask(self, request, timeout):
        """The answer, or None; late ones of requests before are passed over."""
        self.serial += 1
        name = str(self.serial)
        try:
            self.socket.send(f"#{name} {request}\n".encode())
            until = time.monotonic() + timeout
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                answer = json.loads(self.socket.recv(2048))
                if answer.get("id") == name:
                    return answer
        except (OSError, ValueError):
            pass
        return None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def check(folder, wanted):
    """wanted: of each tag the last value that was acknowledged, and what was asked for after it. Gives the faults."""
    faults = []
    with open(os.path.join(folder, "ocelli.ini"), encoding="utf-8") as f:
        text = f.read()
    for tag, values in wanted.items():
        got = value_of(text, tag)
        if got not in values:
            faults.append(f"{tag}: min_on is {got}, not one of {values}")
        wanted[tag] = [got]
    history = os.path.join(folder, "history")
    if os.path.exists(history):
        with sqlite3.connect(history) as db:
            answer = db.execute("pragma integrity_check").fetchone()[0]
        db.close()
        if answer != "ok":
            faults.append(f"history: {answer}")
    return faults


def main():
    ocelli, model, folder = sys.argv[1:4]
    kills = int(sys.argv[4]) if len(sys.argv) > 4 else 200
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    chance = random.Random(seed)
    port = 20000 + os.getpid() % 12000
    os.makedirs(folder, exist_ok=True)
    tags = [f"thing {i}" for i in range(TAGS)]
    with open(os.path.join(folder, "ocelli.ini"), "w", encoding="utf-8") as f:
        f.write(INI.format(model=os.path.abspath(model), port=port, tags="".join(f"[tag {t}]\nmin_on = 0\n" for t in tags)))
    board, wanted = Board(os.path.abspath(ocelli), folder, port), {t: ["0"] for t in tags}
    acknowledged = asked = faults = value = 0
    for turn in range(kills):
        board.start()
        left = [name for name in os.listdir(folder) if name.endswith(".tmp")]
        if left:
            faults += 1
            print(f"kill {turn}: {left} were left behind after the start")
        until = time.monotonic() + (chance.uniform(11, 13) if chance.random() < 0.06 else chance.uniform(0.02, 2.5))  # the history is written each 10 s
        while time.monotonic() < until:
            tag, value = chance.choice(tags), value + 1
            request = f'set "{tag}" min_on={value % 3600}'
            wanted[tag].append(str(value % 3600))
            asked += 1
            if chance.random() < 0.03:  # killed with this one in flight
                board.socket.send(f"#k {request}\n".encode())
                time.sleep(chance.uniform(0, 0.02))
                break
            answer = board.ask(request, 5)
            if answer and answer.get("ok"):
                acknowledged += 1
                wanted[tag] = [str(value % 3600)]
        board.kill()
        for fault in check(folder, wanted):
            faults += 1
            print(f"kill {turn}: {fault}")
        if turn % 20 == 19:
            print(f"{turn + 1} kills, {asked} changes asked for, {acknowledged} acknowledged, {faults} faults", flush=True)
    if not acknowledged:
        sys.exit("no change was acknowledged: nothing was tested")
    with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as f:
        log = f.read()
    for word in ("not a state", "is no state", "malformed", "is broken"):
        if word in log:
            faults += 1
            print(f"the log has: {word}")
    print(f"{kills} kills (seed {seed}): {asked} changes asked for, {acknowledged} acknowledged, {faults} faults")
    sys.exit(faults > 0)


main()
