# SPDX-License-Identifier: Apache-2.0
# A board made of QEMU and a copy of the card's image: -M virt with Debian's U-Boot, two cores, the UART and the console as sockets, UDP
# and the page forwarded. It can be started, cut off and asked. Its FAT can be read and written while it is off (mtools). Only kernel.env of the card is
# changed: kernel arguments, among them a root shell on the console for tests.
import base64
import json
import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

FAT_OFFSET = 4 << 20
ARGUMENTS = "console=hvc0 loglevel=4 systemd.debug_shell=hvc0 systemd.mask=serial-getty@hvc0.service"


class Failed(Exception):
    pass


class Line:
    """One end of a socket: what came is kept, in a file too."""

    def __init__(self, path, log):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.heard, self.log, self.changed = b"", open(log, "ab"), threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            while got := self.socket.recv(65536):
                self.log.write(got)
                self.log.flush()
                with self.changed:
                    self.heard += got
                    self.changed.notify_all()
        except OSError:
            pass

    def send(self, text):
        self.socket.sendall(text.encode())

    def wait(self, words, timeout, begin=0):
        """Waits until `words` comes behind byte `begin`; gives the place behind it."""
        until = time.monotonic() + timeout
        with self.changed:
            while (at := self.heard.find(words, begin)) < 0:
                left = until - time.monotonic()
                if left <= 0:
                    raise Failed(f"no {words!r} in {timeout} s; the last: {self.heard[-300:]!r}")
                self.changed.wait(left)
            return at + len(words)


class Board:
    def __init__(self, image, folder, udp_port, memory="1G", cores=2):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.udp_port, self.memory, self.cores = folder, udp_port, memory, cores
        self.uboot = os.environ.get("UBOOT", "/usr/lib/u-boot/qemu_arm64/u-boot.bin")
        self.card = os.path.join(folder, "card.img")
        self.process = self.uart = self.console = None
        if image:
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", image, self.card], check=True)
            self.write("kernel.env", self.read("kernel.env").strip().replace("console=tty1 quiet loglevel=4", ARGUMENTS) + "\n")

    # ---- the FAT, while the board is off ----

    def mtools(self, *command, **options):
        return subprocess.run([command[0], "-i", f"{self.card}@@{FAT_OFFSET}", *command[1:]], capture_output=True, **options)

    def write(self, name, text):
        path = os.path.join(self.folder, "put")
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        done = self.mtools("mcopy", "-o", path, f"::{name}")
        if done.returncode:
            raise Failed(f"{name}: {done.stderr.decode()}")

    def copy(self, path, name):
        if self.mtools("mcopy", "-o", path, f"::{name}").returncode:
            raise Failed(f"{name} could not be copied to the FAT")

    def read(self, name):
        return self.mtools("mtype", f"::{name}").stdout.decode(errors="replace")

    # ---- power ----

    def on(self):
        paths = {name: os.path.join(self.folder, name) for name in ("uart", "console")}
        for path in paths.values():
            if os.path.exists(path):
                os.remove(path)
        command = ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", str(self.cores), "-m", self.memory,
                   "-nodefaults", "-nographic", "-bios", self.uboot,
                   "-drive", f"if=none,id=card,format=raw,cache=writeback,file={self.card}", "-device", "virtio-blk-pci,drive=card",
                   "-chardev", f"socket,id=uart,path={paths['uart']},server=on,wait=off", "-serial", "chardev:uart",
                   "-device", "virtio-serial-pci", "-chardev", f"socket,id=console,path={paths['console']},server=on,wait=off",
                   "-device", "virtconsole,chardev=console",
                   "-netdev", f"user,id=net,hostfwd=udp:127.0.0.1:{self.udp_port}-:5690,hostfwd=tcp:127.0.0.1:{self.udp_port}-:8080", "-device", "virtio-net-pci,netdev=net",
                   "-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset"]
        self.started = time.monotonic()
        with open(os.path.join(self.folder, "qemu.err"), "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors)
        while not all(os.path.exists(path) for path in paths.values()):
            time.sleep(0.02)
            if self.process.poll() is not None:
                raise Failed(open(os.path.join(self.folder, "qemu.err")).read())
        self.uart = Line(paths["uart"], os.path.join(self.folder, "uart.log"))
        self.console = Line(paths["console"], os.path.join(self.folder, "console.log"))

    def cut(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def off(self, timeout=120):
        """Switches it off as a person does who may: by the shell."""
        self.console.send("\nsystemctl poweroff\n")
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed("it does not switch itself off") from None
        self.process = None

    def seconds(self):
        return time.monotonic() - self.started

    # ---- what it says ----

    def shell(self, command, timeout=60):
        """A command of the root shell on the console; gives what it printed."""
        # Without line editing, colours and pagers. Each time, as the board may have started again.
        self.console.send("\nexec env PS1= TERM=dumb SYSTEMD_PAGER= SYSTEMD_COLORS=0 /bin/sh\n")
        time.sleep(1)
        mark = f"done-{time.monotonic_ns()}"
        begin = len(self.console.heard)
        # So that the echo of the command is not taken for its end.
        self.console.send(f"\n{command}; echo {mark[:4]}''{mark[4:]}\n")
        end = self.console.wait(mark.encode(), timeout, begin)
        text = self.console.heard[begin:end].decode(errors="replace").replace("\r", "")
        return "\n".join(line for line in text.split("\n")[1:] if "echo done" not in line and mark not in line)

    def serial(self, request, timeout=10):
        """One request on the UART, with a checksum; gives the answer."""
        begin = len(self.uart.heard)
        self.uart.send("\r" + request + "\n")
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            for line in self.uart.heard[begin:].split(b"\n")[:-1]:
                if line.startswith(b'{"'):
                    try:
                        answer = json.loads(line)
                    except ValueError:
                        continue
                    if "push" not in answer:
                        return answer
            time.sleep(0.05)
        return None

    def ask(self, line, timeout=2):
        """One request by UDP; the answer, or None."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(timeout)
            s.connect(("127.0.0.1", self.udp_port))
            try:
                s.send(line.encode() + b"\n")
                answer = json.loads(s.recv(65536))
                if answer.get("error") == "prove":  # that this address is ours, before answers may be long
                    s.send(f"ping {answer['proof']}\n".encode())
                    s.recv(65536)
                    s.send(line.encode() + b"\n")
                    answer = json.loads(s.recv(65536))
                return answer
            except (TimeoutError, ConnectionError, ValueError):
                return None

    def page(self, path, password):
        """The HTTP status of a path of the page, asked with this password, and the answer; 0: none."""
        login = base64.b64encode(f"anna:{password}".encode()).decode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.udp_port}{path}", headers={"Authorization": f"Basic {login}"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, b""
        except OSError:
            return 0, b""

    def status(self):
        """`status` with all its faults, which may need more than one answer; None without one."""
        if not (answer := self.ask("status")):
            return None
        last = answer
        while "next" in last:
            if not (last := self.ask(f"status from {last['next']}")):
                return None
            answer["faults"] += last["faults"]
        return answer

    def wait_for(self, what, get, timeout):
        """Calls get() until it gives something; gives that."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Failed(f"{what}: QEMU ended: " + open(os.path.join(self.folder, "qemu.err")).read())
            if got := get():
                return got
            time.sleep(0.3)
        raise Failed(f"{what}: not in {timeout} s")

    def wait_tags(self, timeout=240):
        """Waits until the UART tells a tag that is on. Nothing is sent before the daemon answers over UDP: QEMU's UART tells nobody of a
        byte that comes while its 16 places are full."""
        self.uart.wait(b"Starting kernel", timeout)
        self.wait_for("an answer over UDP", lambda: self.ask("ping", 0.5), timeout)

        def tags():
            answer = self.serial("tags", 1)
            return answer if answer and any(tag["state"] == "on" for tag in answer.get("tags", [])) else None

        return self.wait_for("a tag on the UART", tags, timeout)
