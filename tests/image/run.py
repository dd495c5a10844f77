#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py IMAGE WORK SCENARIO...: the card's image in QEMU. Scenarios: first, settings, model, updates, cuts, full, small, growth.
CUTS (20): how often the power is cut. UPDATE: the image's .update, for updates. MODEL: a .gguf, for model. SLOWER (1): factor on the
times that are allowed."""
import atexit
import json
import os
import random
import subprocess
import sys
import time

from board import Board, Failed

SLOWER = float(os.environ.get("SLOWER", "1"))
image, work, scenarios = sys.argv[1], sys.argv[2], sys.argv[3:]
port = 20000 + os.getpid() % 9000


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def board(name, **options):
    made = Board(image, os.path.join(work, name), port, **options)
    atexit.register(made.cut)
    return made


def expect(true, text):
    if not true:
        raise Failed(text)


def check_partitions(b):
    """File systems as a power cut leaves them, then repaired as the board does; nothing may be left to be done by hand."""
    layout = json.loads(subprocess.run(["sfdisk", "-J", b.card], capture_output=True, check=True).stdout)["partitiontable"]["partitions"]
    for number, check in ((0, ["fsck.fat", "-n"]), (1, ["e2fsck", "-fn"]), (3, ["e2fsck", "-fn"])):
        part = os.path.join(b.folder, "part")
        with open(b.card, "rb") as card, open(part, "wb") as out:
            card.seek(layout[number]["start"] * 512)
            left = layout[number]["size"] * 512
            out.truncate(left)
            at = 0
            while at < left:
                block = card.read(min(1 << 20, left - at))
                if block.strip(b"\0"):
                    out.seek(at)
                    out.write(block)
                at += len(block)
        done = subprocess.run([*check, part], capture_output=True, text=True)
        os.remove(part)
        expect(done.returncode == 0, f"partition {number + 1}: {done.stdout}{done.stderr}")


def first():
    """The image as it is: how long until a tag is told on the UART, how much memory is in use."""
    b = board("first")
    b.on()
    b.uart.wait(b"Starting kernel", 240 * SLOWER)
    say(f"U-Boot starts the kernel after {b.seconds():.1f} s")
    b.console.wait(b"#", 240 * SLOWER)
    say(f"systemd's first shell after {b.seconds():.1f} s")
    b.wait_tags(240 * SLOWER)
    say(f"a tag on the UART {b.seconds():.1f} s after power on")
    answer = b.wait_for("tags by UDP", lambda: b.ask("tags"), 60 * SLOWER)
    expect(answer["count"] == 5, f"tags by UDP: {answer}")
    time.sleep(20)
    say("memory:\n" + b.shell("free -m"))
    say("failed units: " + b.shell("systemctl --failed --no-legend --plain; cat /run/ocelli-board/faults"))
    say("slowest: " + b.shell("systemd-analyze time; systemd-analyze blame | head -25; systemd-analyze critical-chain ocelli.service", 300 * SLOWER))
    say("status: " + json.dumps(b.ask("status"))[:600])
    say("mounts: " + b.shell("findmnt -n -o TARGET,SOURCE,OPTIONS -t ext4,vfat,tmpfs | head -20; df -h /state | tail -1; stat -c '%U %n' /etc/ocelli /etc/ocelli/*"))
    expect("ro," in b.shell("findmnt -n -o OPTIONS /") + ",", "the root is not read-only")
    b.shell("systemctl start ocelli-status.service", 120 * SLOWER)
    b.off()
    text = b.read("ocelli-status.txt")
    say("ocelli-status.txt:\n" + text.replace("\r", ""))
    expect("QEMU" in text or "qemu" in text or "dummy-virt" in text, "ocelli-status.txt does not name the board")
    check_partitions(b)


def model():
    """A model of the user's own, copied into the folder models: it is used at the next start."""
    b = board("model")
    b.copy(os.environ["MODEL"], "models/own.gguf")
    b.on()
    answer = b.wait_for("status", lambda: (a := b.status()) and a["pictures"] and a, 900 * SLOWER)
    say(f"a picture {b.seconds():.0f} s after power on; model {answer['model']}, {answer['beyond_gpu_ms'] + answer['gpu_ms']:.0f} ms a picture")
    expect("demo" not in answer["model"] and not answer["faults"], f"the model was not taken: {answer}")
    time.sleep(30)
    say("memory:\n" + b.shell("free -m; grep VmHWM /proc/$(pidof ocelli)/status"))
    b.off()


def settings():
    """Settings of every wrong kind: it comes up, and says what is wrong on the wire and on the card. The page opens to its password,
    and a broker that is not there is told."""
    b = board("settings")
    text = "\r\n".join(["[board]", "name = Böse Name", "nmae = x", "[wifi]", "name =", "[tag a red circle]", "prompt = balloon", "on = 0.03",
                        "[source]", "uri = test:", "[run]", "model = half.gguf", "[web]", "password = correct horse",
                        "[mqtt]", "host = 10.0.2.2", "port = 9", "user = ocelli", "password = secret", ""])
    b.write("ocelli.txt", b"\xff\xfe" + text.encode("utf-16-le"))
    with open(os.path.join(b.folder, "half"), "wb") as f:
        f.write(b"GGUF" + bytes(100000))
    b.copy(os.path.join(b.folder, "half"), "models/half.gguf")
    b.on()
    b.wait_tags(240 * SLOWER)
    answer = b.wait_for("the broker's fault", lambda: (a := b.status()) and any("MQTT" in f for f in a["faults"]) and a, 60 * SLOWER)
    say("faults: " + "\n    ".join(answer["faults"]))
    for word in ("name", "nmae", "wifi", "half.gguf", "MQTT broker 10.0.2.2"):
        expect(any(word in fault for fault in answer["faults"]), f"status does not tell of {word}: {answer['faults']}")
    wrong, _ = b.page("/api/tags", "correct horsf")
    right, tags = b.page("/api/tags", "correct horse")
    say(f"the page: {wrong} with a wrong password, {right} with the right one")
    expect(wrong == 401 and right == 200 and b"a red circle" in tags, f"the page: {wrong}, {right}, {tags}")
    b.shell("systemctl start ocelli-status.service", 120 * SLOWER)
    b.off()
    text = b.read("ocelli-status.txt")
    for word in ("nmae", "half.gguf"):
        expect(word in text, f"ocelli-status.txt does not tell of {word}: {text}")


def growth():
    """A larger card: the state fills it. The first start is cut while it grows."""
    b = board("growth")
    with open(b.card, "r+b") as card:
        card.truncate(os.path.getsize(b.card) + (700 << 20))
    for after in (2, 4, 6):
        b.on()
        b.uart.wait(b"Starting kernel", 240 * SLOWER)
        b.console.wait(b"#", 120 * SLOWER)
        time.sleep(after * random.random())
        b.cut()
    b.on()
    b.wait_tags(240 * SLOWER)
    size = int(b.shell("findmnt -n -b -o SIZE /state"))
    say(f"state: {size >> 20} MiB, after three cuts in the first start")
    expect(size > (650 << 20), "the state did not grow")
    b.off()
    check_partitions(b)


def small():
    """A card smaller than the image."""
    b = board("small")
    with open(b.card, "r+b") as card:
        card.truncate((4 + 512 + 1280 + 100) << 20)
    b.on()
    b.wait_tags(240 * SLOWER)
    answer = b.wait_for("status", b.status, 60)
    say(f"faults: {answer['faults']}")
    expect(any("smaller" in fault for fault in answer["faults"]), "status does not tell that the card is too small")
    b.off()


def full():
    """A full state partition."""
    b = board("full")
    b.on()
    b.wait_tags(240 * SLOWER)
    b.shell("dd if=/dev/zero of=/state/fill bs=1M; dd if=/dev/zero of=/state/fill2 bs=1k; sync", 120 * SLOWER)
    answer = b.serial("set new red balloon", 30)
    say(f"a change on a full disk: {answer}")
    expect(answer and not answer["ok"], "a change was acknowledged on a full disk")
    b.off()
    b.on()
    b.wait_tags(240 * SLOWER)
    answer = b.wait_for("faults", lambda: (a := b.status()) and a["faults"] and a, 90 * SLOWER)
    say(f"faults: {answer['faults']}")
    b.off()
    check_partitions(b)


def cuts():
    """The power is cut at random moments while tags are changed and history is written: what was acknowledged is there."""
    b = board("cuts")
    b.write("ocelli.txt", b.read("ocelli.txt").replace("#file = /var/lib/ocelli/history.db", "file = /var/lib/ocelli/history.db")
            .replace("#rate = 5", "rate = 5"))
    acknowledged, changes = None, 0
    count = int(os.environ.get("CUTS", "20"))
    for cut in range(1, count + 1):
        b.on()
        b.wait_tags(300 * SLOWER)
        if acknowledged is not None:
            answer = b.wait_for("prompts", lambda: b.serial('prompts "counter"', 5), 30)
            number = int(answer["values"][0].split()[1]) if answer.get("ok") else -1
            expect(number >= acknowledged, f"cut {cut - 1}: {acknowledged} was acknowledged, the board has {answer}")
            changes = max(changes, number)
        until = time.monotonic() + random.uniform(1, 20)
        while time.monotonic() < until:
            changes += 1
            answer = b.serial(f'set counter "number {changes}"', 10)
            if answer and answer.get("ok"):
                acknowledged = changes
        b.cut()
        say(f"cut {cut}: {acknowledged} acknowledged")
    b.on()
    b.wait_tags(300 * SLOWER)
    answer = b.wait_for("prompts", lambda: b.serial('prompts "counter"', 5), 30)
    expect(int(answer["values"][0].split()[1]) >= acknowledged, f"{acknowledged} was acknowledged, the board has {answer}")
    history = b.shell("ls -l /var/lib/ocelli; cat /run/ocelli-board/faults")
    b.off()
    check_partitions(b)
    say(f"{count} of {count} power cuts survived, {acknowledged} changes; {history}")


def make_update(version, commands):
    """The image's update, with its root changed by debugfs' commands."""
    folder = os.path.join(work, "updates", version)
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["tar", "-xf", os.environ["UPDATE"], "-C", folder], check=True)
    root = os.path.join(folder, "root.ext4")
    subprocess.run(["zstd", "-q", "-d", "-f", "--rm", root + ".zst", "-o", root], check=True)
    for command in commands:
        subprocess.run(["debugfs", "-w", "-R", command, root], check=True, capture_output=True)
    digest = subprocess.run(["sha256sum", root], capture_output=True, check=True, text=True).stdout.split()[0]
    about = f"version={version}\nbase=debian\nsize={os.path.getsize(root)}\nsha256={digest}\n"
    with open(os.path.join(folder, "about"), "w") as f:
        f.write(about)
    subprocess.run(["zstd", "-q", "-f", "-1", "-T0", "--rm", root, "-o", root + ".zst"], check=True)
    update = os.path.join(work, "updates", f"ocelli-{version}.update")
    subprocess.run(["tar", "-cf", update, "-C", folder, "about", "root.ext4.zst"], check=True)
    return update


def updates():
    """An update that works is kept; three that do not, each broken in another way, give way to the version before."""
    garbage = os.path.join(work, "garbage")
    os.makedirs(work, exist_ok=True)
    with open(garbage, "wb") as f:
        f.write(os.urandom(1 << 20))
    version = os.path.join(work, "version")
    with open(version, "w") as f:
        f.write("0.2.0\n")
    b = board("updates")
    b.copy(make_update("0.2.0", ["rm etc/ocelli-image", f"write {version} etc/ocelli-image"]), "ocelli-0.2.0.update")
    b.on()
    # The card can be read from outside while the board runs.
    b.wait_for("a good update", lambda: b.read("slot.env").split() == ["slot=b"], 1500 * SLOWER)
    expect("0.2.0" in b.shell("cat /etc/ocelli-image"), "it is not the new version")
    say("a good update is kept")
    b.off()
    for number, (what, commands) in enumerate((("no kernel that starts", ["rm boot/vmlinuz", f"write {garbage} boot/vmlinuz"]),
                                               ("no systemd", ["rm usr/lib/systemd/systemd"]), ("no daemon", ["rm usr/bin/ocelli"]))):
        b.copy(make_update(f"0.3.{number}", commands), f"ocelli-0.3.{number}.update")
        b.on()
        b.wait_for(f"{what}: tried", lambda: "try=a" in b.read("slot.env"), 900 * SLOWER)
        begun, place = time.monotonic(), len(b.uart.heard)
        b.wait_for(f"{what}: the version before", lambda: b.read("slot.env").split() == ["slot=b"], 1800 * SLOWER)
        tries = b.uart.heard[place:].count(b"starting slot a")
        status = b.wait_for("an answer", b.status, 240 * SLOWER)
        expect(any("did not get ready" in fault for fault in status["faults"]), f"{what}: not told: {status['faults']}")
        say(f"{what}: the version before again after {tries} starts and {time.monotonic() - begun:.0f} s; {status['faults']}")
        b.off()
    check_partitions(b)


for name in scenarios:
    say(f"-- {name}: {globals()[name].__doc__}")
    globals()[name]()
say("all as it should be")
