# SPDX-License-Identifier: Apache-2.0
# Many pages at once: none loses a change or its stream, events are painted soon, and the daemon's memory stays flat.
# Usage: pages.py BUILD SOURCE FOLDER PAGES CLIENTS SECONDS: so many pages of Chromium, and clients that follow the stream without one.
import json, pathlib, shutil, sys, tempfile, threading, time, urllib.request

from chromium import Board, Browser, usable

build, source, folder = (pathlib.Path(x).resolve() for x in sys.argv[1:4])
page_count, client_count, seconds = (int(x) for x in sys.argv[4:7])
folder.mkdir(parents=True, exist_ok=True)
failed = []


def check(good, what):
    print(("ok      " if good else "FAILED  ") + what, flush=True)
    if not good: failed.append(what)


class Client:
    def __init__(self, port):
        self.changes, self.tellings, self.port, self.ended = [], 0, port, None
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        kind = None
        try:
            for line in urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/stream", timeout=60):
                if line.startswith(b"event: "): kind = line[7:].strip()
                elif line.startswith(b"data: ") and kind == b"tags": self.tellings += 1
                elif line.startswith(b"data: "): self.changes.append((json.loads(line[6:])["n"], time.time() * 1000))
            self.ended = "the stream ended"
        except Exception as fault: self.ended = repr(fault)


def whole(numbers, last):
    return bool(numbers) and numbers == list(range(numbers[0], numbers[-1] + 1)) and numbers[-1] >= last - 2


def times(what, values):
    values = sorted(values)
    if values: print(f"        {what}: median {values[len(values) // 2]:.0f}, 99 % {values[len(values) * 99 // 100]:.0f}, worst {values[-1]:.0f} ms of {len(values)}", flush=True)
    return values


def load():
    with open("/proc/loadavg") as file: return file.read().split()[0]


def main():
    work = tempfile.mkdtemp(prefix="ocelli-pages-")
    board = Board(build, source, work, folder / "daemon.log", rate=4, still=60)
    browser = Browser(work)
    try:
        pages = []
        for _ in range(page_count):
            pages.append(browser.page(("Page", "Runtime")))
            print("        ms after the first byte:", usable(browser, pages[-1], board.port), flush=True)
        clients = [Client(board.port) for _ in range(client_count)]
        end, resident = time.time() + seconds, []
        while time.time() < end:
            time.sleep(min(60, max(end - time.time(), 0.1)))
            resident.append(board.resident())
            print(f"        {resident[-1]} KiB resident, a load of {load()}, changes: {len(clients[0].changes) if clients else '-'}", flush=True)
        last = json.load(urllib.request.urlopen(f"http://127.0.0.1:{board.port}/api/changes"))["n"]
        time.sleep(3)
        told = [browser.run(p, "told") for p in pages]
        for i, changes in enumerate(told):
            check(whole([c["n"] for c in changes], last), f"page {i}: {len(changes)} changes, none lost")
            check(browser.run(pages[i], "opened") == 1 and browser.run(pages[i], "failed") == 0, f"page {i}: one stream all the while")
            shown = browser.run(pages[i], "[...document.querySelectorAll('#tags li')].map(e => e.querySelector('.state').textContent).join()")
            check(len(shown.split(",")) == 4, f"page {i}: shows {shown}")
        check(all(whole([n for n, _ in c.changes], last) and not c.ended for c in clients), f"{len(clients)} clients: {[len(c.changes) for c in clients]} changes, none lost {[c.ended for c in clients if c.ended]}")
        if told: times("a frame's judgement to the paint of its event", [x for t in told for x in board.delays(t)])
        check(resident[-1] < resident[0] * 1.05 + 1024, f"memory is flat: {resident[0]} to {resident[-1]} KiB")
    finally:
        browser.close()
        board.close()
        shutil.rmtree(work, ignore_errors=True)
    return len(failed)


sys.exit(1 if main() else 0)
