# SPDX-License-Identifier: Apache-2.0
"""ocelli-settings apply ended by SIGKILL at random moments, with another settings file each time, and changes over the network between:
afterwards the ini is one of those that were made, whole, and the next apply makes the one that is due. No change over the network is lost.
Usage: settings_kills.py PROGRAM ROOT TIMES"""
import os
import random
import subprocess
import sys
import time

program, root, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
seed = int(os.environ.get("SEED", time.time()))
print("SEED=%d" % seed)
random.seed(seed)
card, etc = root + "/boot/firmware/ocelli.txt", root + "/state/ocelli/etc/"
ini, before = etc + "ocelli.ini", etc + "ocelli.ini.before"
base = open(card, encoding="utf-8").read()


def read(path):
    try:
        return open(path, encoding="utf-8").read()
    except FileNotFoundError:
        return None


def check(condition, *what):
    if not condition:
        print("FAILED:", *what)
        sys.exit(1)


def settings(i):
    with open(card, "w", encoding="utf-8") as f:
        f.write(base + "[tag number %d]\nprompt = %s\n" % (i, "a thing " * 15))


def apply():
    """How long it took: where others use the processors that changes from round to round."""
    began = time.monotonic()
    check(subprocess.run([program, "apply", "--root", root], stderr=subprocess.DEVNULL).returncode == 0, "an apply to its end")
    return time.monotonic() - began


settings(0)
took = apply()
middle = 0
for i in range(1, times + 1):
    made = read(ini)
    changed = made + "[tag of the network %d]\n" % i if i % 2 else made
    with open(ini, "w", encoding="utf-8") as f:
        f.write(changed)
    settings(i)
    running = subprocess.Popen([program, "apply", "--root", root], stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, took * 1.2))
    running.kill()
    running.wait()
    left = read(ini)
    new = left is not None and "[tag number %d]" % i in left
    check(left == changed or new, "round", i, "the ini is neither the old nor the new one:", left)
    check(not new or left.endswith("faults = /run/ocelli-board/faults\n") or "coaps = 5684\n" in left, "round", i, "half an ini")
    middle += running.returncode == -9
    took = apply()
    whole = read(ini)
    check("[tag number %d]" % i in whole and "coaps = 5684" in whole, "round", i, "not the new ini")
    if i % 2:
        check(read(before) == changed, "round", i, "the changes over the network are lost")
    check(not [n for n in os.listdir(etc) if n.endswith(".tmp")], "round", i, "half-written files stay:", os.listdir(etc))
check(middle > times / 10, "only", middle, "of", times, "were ended while they ran")
print("%d of %d were ended while they ran" % (middle, times))
