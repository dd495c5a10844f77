# SPDX-License-Identifier: Apache-2.0
# 500 connections that send their requests a byte at a time: the board answers over UDP all the while, and the page again when they were ended.
# Usage: slow.py SERVER
import socket, subprocess, sys, time

COUNT, LIMIT_S = 500, 60
board = subprocess.Popen([sys.argv[1], "--web", "0", "--change", "400"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
words = board.stdout.readline().split()
udp_port, port = int(words[1]), int(words[words.index("web") + 1])
if not port:
    board.stdin.close()
    print("SKIP: the page is not built in")
    sys.exit(77)
failed = False


def fail(what):
    global failed
    failed = True
    print("FAILED:", what)


def ping():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.sendto(b"ping\n", ("127.0.0.1", udp_port))
        try: return b"pong" in s.recv(2000)
        except OSError: return False


def page():
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in s.recv(2000)
    except OSError: return False


def memory():
    with open(f"/proc/{board.pid}/status") as lines:
        return int(next(x.split()[1] for x in lines if x.startswith("VmRSS")))


if not page(): fail("no page to begin with")
before = memory()
slow = []
for i in range(COUNT):
    s = socket.socket()
    s.settimeout(2)
    try:
        s.connect(("127.0.0.1", port))
        s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    except OSError: pass
    s.setblocking(False)
    slow.append(s)
open_ones, began, back = list(slow), time.monotonic(), None
while time.monotonic() - began < LIMIT_S and (open_ones or back is None):
    still = []
    for s in open_ones:
        try:
            s.send(b"y")
            if s.recv(1000): still.append(s)
        except BlockingIOError: still.append(s)
        except OSError: pass
    open_ones = still
    if not ping(): fail("no answer over UDP")
    if back is None and page(): back = time.monotonic() - began
    time.sleep(0.5)
print(f"the page answered after {back} s, {len(open_ones)} of {COUNT} are open after {time.monotonic() - began:.0f} s, "
      f"{memory() - before} kB more")
if back is None: fail("the page does not come back")
if open_ones: fail(f"{len(open_ones)} connections are still open")
if memory() - before > 30000: fail("the memory grew")
board.stdin.close()
if board.wait(20): fail("the board ended badly")
sys.exit(failed)
