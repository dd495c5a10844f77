#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Saves an ini by hand, as editors do, while another client changes it over UDP: is each save still there when the next comes?
Usage: saves.py INI PORT SAVES PAUSE_MS [SETS_A_SECOND]. One save in three is written in place, the others beside and renamed.
Prints a line; exit 1: a save was lost, or no change was made."""
import os
import socket
import sys
import threading
import time

ini, port, saves, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]) / 1000
rate = float(sys.argv[5]) if len(sys.argv) > 5 else 40
over = threading.Event()
answers = {"ok": 0, "busy": 0, "failed": 0, "none": 0}
slowest = {"set": 0.0, "ping": 0.0}


def ask(link, text, kind):
    """Sends and waits; by id, as an answer may come after its time."""
    ask.id += 1
    mine, begun = f'"id":"{kind}{ask.id}"', time.monotonic()
    link.send(f"#{kind}{ask.id} {text}".encode())
    while time.monotonic() - begun < 20:
        try:
            got = link.recv(2000).decode()
        except socket.timeout:
            continue
        if mine in got:
            slowest[kind] = max(slowest[kind], time.monotonic() - begun)
            return got
    return ""


ask.id = 0


def client(kind, make, pause_s):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.connect(("127.0.0.1", port))
        link.settimeout(0.5)
        number = 0
        while not over.is_set():
            number += 1
            got = ask(link, make(number), kind)
            if kind == "set":
                word = "ok" if '"ok":true' in got else "busy" if '"busy"' in got else "failed" if got else "none"
                answers[word] += 1
            time.sleep(pause_s)


def read():
    with open(ini, "rb") as f:
        return f.read()


def save(number):
    lines = [line for line in read().split(b"\n") if not line.startswith(b"; save ")]
    text = b"; save %d\n" % number + b"\n".join(lines)
    name = ini if number % 3 == 0 else ini + "~"
    with open(name, "wb", buffering=0) as f:
        f.write(text[: len(text) // 2])
        f.write(text[len(text) // 2 :])
    if name != ini:
        os.rename(name, ini)


def is_saved(number):
    """What came out of an exchange may be on its way back for a moment."""
    for _ in range(1000):
        try:
            if read().startswith(b"; save %d\n" % number):
                return True
        except FileNotFoundError:
            pass
        time.sleep(0.002)
    return False


threads = [threading.Thread(target=client, args=("set", lambda n: f"set cat 'a cat {n}'", 1 / rate)),
           threading.Thread(target=client, args=("ping", lambda n: "ping", 0.05))]
for t in threads:
    t.start()
lost = 0
for i in range(1, saves + 1):
    save(i)
    time.sleep(pause)
    lost += not is_saved(i)
over.set()
for t in threads:
    t.join()
print(f"{saves} saves, {lost} lost; changes: {answers['ok']} made, {answers['busy']} busy, {answers['failed']} failed, "
      f"{answers['none']} not answered; slowest set {1000 * slowest['set']:.0f} ms, ping {1000 * slowest['ping']:.0f} ms")
sys.exit(lost > 0 or answers["ok"] == 0 or answers["failed"] > 0 or answers["none"] > 0)
