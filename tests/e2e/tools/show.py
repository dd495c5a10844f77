# SPDX-License-Identifier: Apache-2.0
# show.py OCELLI PORT FRAMES PICTURE: the live table at a pseudo terminal. In the folder of ocelli.ini.
import fcntl, os, pty, re, select, signal, struct, subprocess, sys, termios, threading, time, tty

ocelli, port, frames, picture = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
PATIENCE = 60 * int(os.environ.get("SLOWER", "1"))
failures = 0


class Terminal:
    """Runs a command at a terminal of its own. `screen` is what a person sees."""

    def __init__(self, command, width=80, height=24, **variables):
        self.log, self.left, self.screen, self.at = b"", b"", [""] * height, [0, 0]
        self.alternate = False
        environment = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8", **variables)
        environment = {k: v for k, v in environment.items() if v is not None}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            os.execve("/bin/sh", ["sh", "-c", "exec 3>&-; " + command], environment)
        self.width, self.height = width, height

    def resize(self, width, height):
        self.width, self.height, self.screen = width, height, [""] * height
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds=0.05):
        """False: its end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            return False
        self.log += piece
        self.obey(piece)
        return piece != b""

    def obey(self, piece):
        """Only what the table uses: go to a row, erase the rest of a row or all, the alternate screen."""
        text = (self.left + piece).decode(errors="ignore")
        cut = re.search(r"\x1b(\[[?0-9;]*)?$", text)
        self.left = text[cut.start():].encode() if cut else b""
        for part in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|[^\x1b]+|\x1b", text[: cut.start()] if cut else text):
            if part == "\x1b[?1049h" or part == "\x1b[?1049l":
                self.alternate = part.endswith("h")
            elif re.fullmatch(r"\x1b\[\d+;1H", part):
                self.at = [int(part[2:-3]) - 1, 0]
                if self.at[0] < self.height:
                    self.screen[self.at[0]] = ""
            elif part == "\x1b[2J":
                self.screen = [""] * self.height
            elif part[0] != "\x1b" and self.alternate and self.at[0] < self.height:
                self.screen[self.at[0]] += part

    def wait(self, what, seconds=PATIENCE):
        """Until `what` of this terminal holds; False: it does not."""
        until = time.monotonic() + seconds
        while not what(self):
            if time.monotonic() > until or not self.read():
                return bool(what(self))
        return True

    def has(self, words):
        return self.wait(lambda t: any(words in row for row in t.screen))

    def keys(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=PATIENCE):
        """Its exit code (of a signal: less than 0); None: it goes on."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            while self.read(0.02) and time.monotonic() < until and not self.ended():
                pass
            if self.ended():
                while self.read(0.2) and select.select([self.fd], [], [], 0)[0]:
                    pass
                return os.waitstatus_to_exitcode(self.status)
        return None

    def ended(self):
        if not hasattr(self, "status"):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return hasattr(self, "status")

    def modes(self):
        return termios.tcgetattr(self.fd)[3] & (termios.ICANON | termios.ECHO)

    def state(self):
        return open(f"/proc/{self.pid}/stat").read().rsplit(")")[1].split()[0]

    def close(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def check(good, what, terminal=None):
    global failures
    if good:
        return
    failures += 1
    print("FAILED:", what)
    if terminal:
        print("\n".join("    " + row for row in terminal.screen if row))
        print("   ", terminal.log[-600:])


BOTH = termios.ICANON | termios.ECHO
LEAVE = b"\x1b[?25h"
run = f"exec '{ocelli}' run -c ocelli.ini --show"


def is_back(t):
    cursor = t.log.rfind(LEAVE) > t.log.rfind(b"\x1b[?25l")
    return not t.alternate and cursor and t.log.rfind(b"\x1b[?7h") > t.log.rfind(b"\x1b[?7l")


def table():
    t = Terminal(run)
    check(t.has("*  green"), "a tag that is on", t)
    check(t.has("shapes: green"), "its group", t)
    check(t.has("猫"), "a wide name", t)
    check(t.has("ocelli run ocelli.ini") and t.has("pictures/s") and t.has("test:160x120@20 160x120"), "the title", t)
    check(t.has("fixed") and t.has("│"), "rule and threshold", t)
    check(t.has("on       green"), "an event", t)
    check(t.has("runs: source"), "the line of the start stands below", t)
    check(t.alternate and t.modes() == 0, "keys come at once", t)
    check(b'{"event"' not in t.log, "JSON tears the table", t)
    text = open("ocelli.ini").read()
    open("ocelli.ini", "w").write(text + "colour = red\n")
    check(t.has('unknown key "colour"'), "a fault is told below the table", t)
    open("ocelli.ini", "w").write(text + "[tag a new one]\non = 0.9\n")
    check(t.has("a new one"), "an edit shows", t)
    t.keys(" ")
    check(t.wait(lambda t: t.screen[0].startswith("FROZEN")), "it freezes", t)
    t.read(0.3)
    frozen = list(t.screen)
    for _ in range(30):  # the scene changes meanwhile
        t.read(0.1)
    check(frozen == t.screen, "what is frozen moves", t)
    t.keys("f")
    check(t.wait(lambda t: t.screen[0].startswith("ocelli")), "it goes on", t)
    t.resize(46, 9)
    check(t.wait(lambda t: "q quit" in t.screen[8]), "it follows the size", t)
    t.keys("jj")
    check(t.wait(lambda t: t.screen[8].startswith(" 2-")), "it scrolls", t)
    t.keys("\x1b[A")
    check(t.wait(lambda t: t.screen[8].startswith(" 1-")), "an arrow scrolls back", t)
    t.resize(120, 40)
    check(t.has("a new one") and t.wait(lambda t: "q quit" in t.screen[39]), "it grows", t)
    t.keys("q")
    check(t.end() == 0, "q ends it", t)
    check(is_back(t), "the terminal is as it was", t)
    tail = t.log[t.log.rfind(LEAVE):].decode()
    check("runs: source" in tail and 'unknown key "colour"' in tail, "what was logged is said again at the end", t)
    t.close()
    open("ocelli.ini", "w").write(text)


def signals():
    t = Terminal(run)
    check(t.has("*  green"), "a tag that is on", t)
    t.keys("\x1a")
    check(t.wait(lambda t: t.state() == "T"), "Ctrl-Z stops it", t)
    t.read(0.3)
    check(is_back(t) and t.modes() == BOTH, "the terminal while it is stopped", t)
    t.screen = [""] * t.height
    os.kill(t.pid, signal.SIGCONT)
    check(t.has("*  green") and t.has("shapes: ") and t.alternate and t.modes() == 0, "it goes on", t)
    t.keys("\x03")
    check(t.end() == 0 and is_back(t), "Ctrl-C ends it", t)
    t.close()
    for number in (signal.SIGTERM, signal.SIGQUIT):
        t = Terminal("ulimit -c 0; " + run)
        check(t.has("*  green"), "a tag that is on", t)
        os.kill(t.pid, number)
        code = t.end()
        check(code == (0 if number == signal.SIGTERM else -number), f"{number} gives {code}", t)
        check(is_back(t), f"the terminal after {number}", t)
        t.close()


def stalls():
    t = Terminal(run)
    check(t.has("*  green"), "a tag that is on", t)
    t.keys("\x13")  # Ctrl-S: it takes no bytes
    time.sleep(1)
    t.keys("\x03")
    began = time.monotonic()
    code = t.end(PATIENCE)
    check(code == 0 and time.monotonic() - began < 10, f"a terminal that stalls: {code}", t)
    t.close()
    t = Terminal(run)
    check(t.has("*  green"), "a tag that is on", t)
    os.close(t.fd)  # the window is closed
    until = time.monotonic() + PATIENCE
    while not t.ended() and time.monotonic() < until:
        time.sleep(0.05)
    check(t.ended(), "it goes on without its terminal")
    t.fd = os.open("/dev/null", os.O_RDONLY)
    t.close()


def video():
    """Standard input is the video: keys come from the terminal all the same."""
    subprocess.run(f"'{frames}' 5 '{picture}' 200 >video.y4m", shell=True, check=True)
    text = open("ocelli.ini").read()
    text = text.replace("uri = test:160x120@20", "uri = y4m:-\nevery = yes")
    open("video.ini", "w").write(text.replace("motion = 0", "motion = 0\nrate = 4"))
    t = Terminal(f"'{ocelli}' run -c video.ini --show <video.y4m")
    check(t.has("y4m:-") and t.has("q quit"), "a video", t)
    t.keys("q")
    check(t.end() == 0 and is_back(t), "q ends a video", t)
    t.close()


def colours():
    t = Terminal(run, NO_COLOR="1")
    check(t.has("*  green"), "a tag that is on", t)
    check(not re.search(rb"\x1b\[[1-9;][0-9;]*m", t.log), "NO_COLOR has colours", t)
    t.keys("q")
    check(t.end() == 0, "q ends it", t)
    t.close()
    t = Terminal(run.replace("exec", "TERM=dumb exec") + " --for 4")
    check(t.end() == 0, "a dumb terminal", t)
    good = b"\x1b" not in t.log and b" on        green " in t.log and b"3 tags, " in t.log
    check(good, "lines on a dumb terminal", t)
    t.close()


def plain():
    done = subprocess.run([ocelli, "run", "-c", "ocelli.ini", "--show", "--for", "5"], capture_output=True)
    check(done.returncode == 0 and b"\x1b" not in done.stdout, "plain lines")
    change = rb"^\d\d:\d\d:\d\d on        green \d\.\d\d$"
    check(re.search(change, done.stdout, re.M), f"a change is a line: {done.stdout}")
    tag = rb"^    o[nf]+ +green +score .* threshold 0.020 fixed group shapes$"
    check(re.search(tag, done.stdout, re.M), f"the table: {done.stdout}")
    check(b"runs: source" in done.stderr, "the log goes where it always goes")
    command = f"'{ocelli}' run -c ocelli.ini --show; echo code $? >&2"
    done = subprocess.run(f"{{ {command}; }} | head -n 1", shell=True, capture_output=True, timeout=PATIENCE)
    check(b"its reader is gone\ncode 1\n" in done.stderr, f"a reader that goes: {done.stderr}")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([ocelli, "run", "-c", "ocelli.ini", "--show"], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE)
    said = done.stderr.splitlines()[-1]
    check(done.returncode == 1 and b"No space left on device" in said, f"a full disk: {said}")
    # A full pipe that another program made non-blocking is waited for.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    filled = sum(os.write(writer, b"x" * 4096) for _ in range(16))
    daemon = subprocess.Popen([ocelli, "run", "-c", "ocelli.ini", "--show"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    while b"runs: source" not in daemon.stderr.readline():
        pass
    time.sleep(1)
    got, piece = b"", b"x"
    while piece and not re.search(change, got[filled:], re.M):
        piece = os.read(reader, 65536)
        got += piece
    daemon.terminate()
    check(daemon.wait() == 0 and piece, "a pipe that does not block")
    os.close(reader)
    for wrong in ("learn -c ocelli.ini --show", "query --show udp://127.0.0.1 tags", "watch --show --json udp://127.0.0.1"):
        done = subprocess.run([ocelli] + wrong.split(), capture_output=True)
        check(done.returncode == 2 and done.stderr.count(b"\n") == 1, f"{wrong} is no wrong usage")


def wire():
    """Two serial devices with a cable between them."""
    ends = [pty.openpty(), pty.openpty()]
    for _, device in ends:
        tty.setraw(device)

    def carry():
        masters = [ends[0][0], ends[1][0]]
        while True:
            for ready in select.select(masters, [], [])[0]:
                os.write(masters[1 - masters.index(ready)], os.read(ready, 4096))

    threading.Thread(target=carry, daemon=True).start()
    return [os.ttyname(device) for _, device in ends]


def watch():
    log = open("watched", "w")
    text = open("ocelli.ini").read()
    devices = wire()
    text = text.replace("[serve]\n", f"[serve]\nserial = {devices[0]}\n")
    if "coap" in text:
        text = text.replace("[serve]\n", f"[serve]\ncoaps = {port + 2}\npsk = keys\n")
        with open(os.open("keys", os.O_CREAT | os.O_WRONLY, 0o600), "w") as keys:
            keys.write("me:00112233445566778899aabbccddeeff\n")
    open("watched.ini", "w").write(text)
    daemon = subprocess.Popen([ocelli, "run", "-c", "watched.ini"], stdout=subprocess.DEVNULL, stderr=log)
    until = time.monotonic() + PATIENCE
    udp, coaps = f"udp://127.0.0.1:{port}", f"--psk keys coaps://127.0.0.1:{port + 2}"
    uris = [udp, f"serial:{devices[1]}"] + [f"coap://127.0.0.1:{port + 1}", coaps] * ("coap" in text)
    ping = [ocelli, "query", udp, "ping"]
    while subprocess.run(ping, capture_output=True).returncode and time.monotonic() < until:
        time.sleep(0.2)
    for uri in uris:
        t = Terminal(f"exec '{ocelli}' watch --show {uri}")
        check(t.has("*  green") and t.has("shapes: green") and t.has("  blue") and t.has("猫"), f"{uri}: tags", t)
        places = [[i for i, row in enumerate(t.screen) if name in row[:16]] for name in ("  green", "  blue", "猫")]
        check(all(places) and places[0] < places[1] < places[2], f"{uri}: the order of the file: {places}", t)
        check(t.has("fixed") and t.has("│") and t.has("source open"), f"{uri}: rule, threshold, status", t)
        if uri in (udp, uris[2 % len(uris)]):  # lines and CoAP
            check(t.has("on       green"), f"{uri}: a change", t)
        t.keys("q")
        check(t.end() == 0 and is_back(t), f"{uri}: q ends it", t)
        t.close()
    done = subprocess.run(f"timeout -s INT 4 '{ocelli}' watch --show {udp}", shell=True, capture_output=True)
    tag = rb"^    o[nf]+ +green +score .* fixed group shapes$"
    check(b"\x1b" not in done.stdout and re.search(tag, done.stdout, re.M), f"watch, plain: {done.stdout}")
    daemon.terminate()
    daemon.wait()
    done = subprocess.run([ocelli, "watch", "--show", udp], capture_output=True, timeout=PATIENCE)
    check(done.returncode == 1 and done.stderr.count(b"\n") == 1, f"no board: {done.returncode} {done.stderr}")


for part in (table, signals, stalls, video, colours, plain, watch):
    began = time.monotonic()
    part()
    print(f"{part.__name__}: {time.monotonic() - began:.1f} s")
sys.exit(failures > 0)
