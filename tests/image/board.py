# SPDX-License-Identifier: Apache-2.0
# A board made of QEMU and a copy of the card's image: -M virt with Debian's U-Boot, two cores, the UART as a socket, UDP forwarded. It can be
# started, cut off and asked; its FAT can be read and written while it is off (mtools).
import os
import select
import shutil
import socket
import subprocess
import time

FAT_OFFSET = 4 << 20


class Failed(Exception):
    pass


class Board:
    def __init__(self, image, folder, udp_port, memory="1G", uboot="/usr/lib/u-boot/qemu_arm64/u-boot.bin", cores=2):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.udp_port, self.memory, self.uboot, self.cores = folder, udp_port, memory, uboot, cores
        self.card = os.path.join(folder, "card.img")
        self.console = os.path.join(folder, "console")
        self.process = self.uart = None
        self.heard = b""
        if image:
            subprocess.run(["cp", "--sparse=always", "--reflink=auto", image, self.card], check=True)
            self.write("kernel.env", "kernel_arguments=console=hvc0 loglevel=4\n")

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
        path = os.path.join(self.folder, "uart")
        if os.path.exists(path):
            os.remove(path)
        self.heard = b""
        command = ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", str(self.cores), "-m", self.memory,
                   "-nodefaults", "-nographic", "-bios", self.uboot,
                   "-drive", f"if=none,id=card,format=raw,cache=writeback,file={self.card}", "-device", "virtio-blk-pci,drive=card",
                   "-chardev", f"socket,id=uart,path={path},server=on,wait=off", "-serial", "chardev:uart",
                   "-device", "virtio-serial-pci", "-chardev", f"file,id=console,path={self.console},append=on",
                   "-device", "virtconsole,chardev=console",
                   "-netdev", f"user,id=net,hostfwd=udp:127.0.0.1:{self.udp_port}-:5690", "-device", "virtio-net-pci,netdev=net",
                   "-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset"]
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=open(os.path.join(self.folder, "qemu.err"), "wb"))
        while not os.path.exists(path):
            time.sleep(0.05)
            if self.process.poll() is not None:
                raise Failed(open(os.path.join(self.folder, "qemu.err")).read())
        self.uart = socket.socket(socket.AF_UNIX)
        self.uart.connect(path)

    def cut(self):
        self.process.kill()
        self.process.wait()
        self.uart.close()

    def seconds(self):
        return time.monotonic() - self.started

    # ---- what it says ----

    def wait_uart(self, words, timeout):
        """Waits until one of these byte strings comes on the UART; gives it."""
        words = [words] if isinstance(words, bytes) else words
        until = time.monotonic() + timeout
        while True:
            for word in words:
                if word in self.heard:
                    return word
            left = until - time.monotonic()
            if left <= 0:
                raise Failed(f"no {words} on the UART in {timeout} s; the last: {self.heard[-300:]!r}")
            if select.select([self.uart], [], [], min(left, 1))[0]:
                got = self.uart.recv(65536)
                if not got:
                    raise Failed("QEMU ended")
                self.heard += got

    def ask(self, line, timeout=2):
        """One request by UDP; the answer's text, or None."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(timeout)
            s.sendto(line.encode() + b"\n", ("127.0.0.1", self.udp_port))
            try:
                return s.recv(65536).decode()
            except (TimeoutError, ConnectionError):
                return None

    def wait_answer(self, line, timeout, wanted=lambda answer: True):
        until = time.monotonic() + timeout
        answer = None
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Failed("QEMU ended")
            answer = self.ask(line)
            if answer is not None and wanted(answer):
                return answer
            time.sleep(0.5)
        raise Failed(f"{line}: no such answer in {timeout} s; the last: {answer}")
