#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A network camera, good or hostile: http_camera.py PORT_FILE FOLDER [CERTIFICATE KEY].

FOLDER/mode names what it does, read anew for each connection and each part; FOLDER/picture.jpg is what it shows; FOLDER/seen gets a line for each
request: its method, path, and whether it was let in. The port it listens on, of 127.0.0.1, goes to PORT_FILE."""
import base64
import hashlib
import http.server
import os
import re
import ssl
import sys
import time

port_file, folder = sys.argv[1:3]
USER, PASSWORD = "admin", "swordfish"


def read(name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def mode():
    return read("mode").decode().strip()


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Camera(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def note(self, text):
        with open(os.path.join(folder, "seen"), "a") as f:
            f.write(f"{self.command} {self.path} {text}\n")

    def digest_good(self, given):
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        a1 = md5(f"{USER}:camera:{PASSWORD}")
        a2 = md5(f"{self.command}:{fields.get('uri')}")
        wanted = md5(":".join([a1, fields.get("nonce", ""), fields.get("nc", ""), fields.get("cnonce", ""), "auth", a2]))
        return fields.get("response") == wanted and fields.get("uri") == self.path

    def let_in(self, how):
        given = self.headers.get("Authorization", "")
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if how == "basic" and given == basic or how == "digest" and given.startswith("Digest ") and self.digest_good(given):
            return True
        ask = 'Basic realm="camera"' if how == "basic" else 'Digest realm="camera", nonce="0123abc", qop="auth", algorithm=MD5'
        self.answer(401, "text/plain", b"log in", {"WWW-Authenticate": ask})
        return False

    def answer(self, code, kind, body, headers=None, length=None):
        self.send_response(code)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def start(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def stream(self, name):
        """Parts until the mode is another one. The name tells what is wrong with them."""
        kinds = {"stream-no-boundary": "multipart/x-mixed-replace", "stream-odd-type": "application/octet-stream"}
        self.start(kinds.get(name, "multipart/x-mixed-replace; boundary=frame"))
        line = b"--other" if name == "stream-wrong-boundary" else b"--frame"
        while mode() == name:
            jpeg = read("picture.jpg")
            length = {"stream-lies": 7, "stream-cut": len(jpeg)}.get(name, len(jpeg))
            head = line + b"\r\nContent-Type: image/jpeg\r\n"
            if name != "stream-no-boundary":
                head += b"Content-Length: %d\r\n" % length
            self.wfile.write(head + b"\r\n" + (jpeg[: len(jpeg) // 2] if name == "stream-cut" else jpeg) + b"\r\n")
            if name == "stream-cut":
                self.wfile.write(head + b"\r\n" + jpeg + b"\r\n")
            time.sleep(0.1)

    def hang(self, name):
        """Nothing, or a byte now and then, until the mode is another one."""
        if name == "drip":
            self.start("image/jpeg")
        while mode() == name:
            if name == "drip":
                self.wfile.write(b"\xff")
            time.sleep(0.2)
        self.close_connection = True

    def endless(self, name):
        """More than anybody should take."""
        try:
            if name == "headers":
                self.send_response(200)
                self.flush_headers()
                while mode() == name:
                    self.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
            self.start("image/jpeg")
            self.wfile.write(b"\xff\xd8\xff\xda\x00\x02" if name == "giant" else b"")
            while mode() == name:
                self.wfile.write(b"x" * 100000)
        except OSError:
            pass

    def do_GET(self):
        how = mode()
        jpeg = read("picture.jpg")
        self.note(how)
        if how in ("basic", "digest"):
            if self.let_in(how):
                self.note("in")
                self.answer(200, "image/jpeg", jpeg)
        elif how.startswith("stream"):
            self.stream(how)
        elif how in ("hang", "drip"):
            self.hang(how)
        elif how in ("headers", "giant", "junk"):
            self.endless(how)
        elif how in ("401", "404", "500"):
            self.answer(int(how), "text/plain", b"no")
        elif how == "html":
            self.answer(200, "text/html", b"<html>a log-in page</html>")
        elif how == "half":
            self.answer(200, "image/jpeg", jpeg[: len(jpeg) // 2], length=len(jpeg))
            self.close_connection = True
        elif how == "short":
            self.answer(200, "image/jpeg", jpeg, length=len(jpeg) // 2)
            self.close_connection = True
        elif how == "long":
            self.answer(200, "image/jpeg", jpeg, length=2 * len(jpeg))
            self.close_connection = True
        elif how == "redirect" and self.path.startswith("/snap"):
            self.answer(302, None, b"", {"Location": "/moved.jpg"})
        elif how == "circle":
            self.answer(302, None, b"", {"Location": self.path + "x"})
        elif how.startswith("to:"):
            self.answer(302, None, b"", {"Location": how[3:]})
        elif how == "bomb":
            self.answer(200, "image/jpeg", read("bomb.jpg"))
        else:
            self.answer(200, "image/jpeg", jpeg)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *unused):
        pass


server = Server(("127.0.0.1", 0), Camera)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(port_file + ".new", port_file)
server.serve_forever()
