# SPDX-License-Identifier: Apache-2.0
# Chromium by its own protocol, and a daemon with the demo model whose page it opens. Needs chromium, and PyPI's websocket-client.
import base64, json, os, pathlib, shutil, signal, socket, subprocess, sys, threading, time, urllib.request

import websocket


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# In each page before its own script: the page's streams are counted, and each change with its time of arrival and that of the first paint with it in
# the list, in ms since 1970.
FOLLOW = """(() => { window.told = []; window.opened = 0; window.failed = 0;
  const Plain = window.EventSource, now = () => performance.timeOrigin + performance.now();
  window.EventSource = class extends Plain { constructor(...x) { super(...x); window.opened++;
    this.addEventListener('error', () => window.failed++);
    this.addEventListener('change', e => { const c = JSON.parse(e.data), t = {n: c.n, seq: c.seq, tag: c.tag, state: c.state, came: now(), shown: null};
      window.told.push(t);
      const look = () => { if (Number(document.documentElement.dataset.change) < c.n) requestAnimationFrame(look); else { const m = new MessageChannel(); m.port1.onmessage = () => t.shown = now(); m.port2.postMessage(0); } };
      requestAnimationFrame(look); }); } }; })()"""


class Browser:
    """Chromium's DevTools protocol: https://chromedevtools.github.io/devtools-protocol/"""

    def __init__(self, work):
        program = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("no chromium: apt-get install chromium")
        self.process = subprocess.Popen([program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                                         "--disable-component-update", "--disable-sync", "--no-first-run", "--remote-debugging-port=0",
                                         "--remote-allow-origins=*", f"--user-data-dir={work}/profile", "about:blank"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        place = pathlib.Path(work) / "profile/DevToolsActivePort"
        for _ in range(600):
            if place.exists() and place.read_text().count("\n"): break
            time.sleep(0.1)
        port, path = place.read_text().split("\n")[:2]
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=60)
        self.number, self.events = 0, []

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session: message["sessionId"] = session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == message["id"]:
                if "error" in answer: raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def page(self, domains=("Page", "Network", "Runtime", "Log")):
        """A page of a context of its own, so that pages share no connections. Of these domains Chromium tells what happens: of "Network" much."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in domains: self.call(domain + ".enable", session)
        self.call("Page.addScriptToEvaluateOnNewDocument", session, source=FOLLOW)
        return session

    def run(self, session, script, wait=True):
        answer = self.call("Runtime.evaluate", session, expression=script, awaitPromise=wait, returnByValue=True)
        if "exceptionDetails" in answer: raise RuntimeError(json.dumps(answer["exceptionDetails"])[:600])
        return answer["result"].get("value")

    def until(self, session, script, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            if self.run(session, script): return True
            time.sleep(0.05)
        return False

    def picture(self, session, name, width, height, dark):
        self.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        time.sleep(1.5)
        shot = self.call("Page.captureScreenshot", session, format="png")["data"]
        pathlib.Path(name).write_bytes(base64.b64decode(shot))

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Board:
    """The daemon in front of pictures that change every half second, and when it wrote each change to standard output."""

    def __init__(self, build, source, work, log, rate=10, still=15):
        self.port, self.judged = free_port(), {}
        blob = pathlib.Path(os.environ.get("OCELLI_MODEL", work + "/demo.gguf"))
        if not blob.exists():
            subprocess.run([build / "ocelli-convert", source / "tools/demo/checkpoint", "-o", blob], check=True, stdout=subprocess.DEVNULL)
        pathlib.Path(work, "ocelli.ini").write_text(
            f"[run]\nmodel = {blob}\nmotion = 0\nrate = {rate}\ndevice = cpu\n[source]\nuri = y4m:-\nevery = yes\n[web]\nport = {self.port}\n"
            f"[memory]\nfile = {work}/history\nevery = 0\n[templates]\ntemplate = a photo of a {{}}.\ntemplate = {{}}\n"
            "[defaults]\non = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\ngroup = things\n[tag pizza]\ngroup = things\n[tag sailboat]\ngroup = things\n"
            "[tag an umbrella and a duck]\n")
        pictures = source / "tools/demo/pictures"
        turns = [x for _ in range(400) for name in ("cat", "pizza", "sailboat") for x in (str(pictures / f"{name}.png"), str(still))]
        self.frames = subprocess.Popen([build / "tests/frames", "30", *turns], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process = subprocess.Popen([build / "ocelli", "run", "-c", work + "/ocelli.ini"], stdin=self.frames.stdout, stdout=subprocess.PIPE,
                                        stderr=open(log, "w"), env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        threading.Thread(target=self.read, daemon=True).start()
        while not self.answers() and self.process.poll() is None: time.sleep(0.2)

    def read(self):
        for line in self.process.stdout:
            now, event = time.time() * 1000, json.loads(line)
            if "tag" in event: self.judged[(event["frame"] + 1, event["tag"])] = now # the API counts frames from 1

    def answers(self):
        for _ in range(600):
            try: return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/changes", timeout=5).read().count(b'"seq"') > 2
            except OSError: time.sleep(0.2)
        return False

    def delays(self, told):
        """Of changes as FOLLOW notes them: ms from the line on standard output to the first paint with it."""
        return sorted(t["shown"] - self.judged[t["seq"], t["tag"]] for t in told if t["shown"] and (t["seq"], t["tag"]) in self.judged)

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as lines: return int(next(x.split()[1] for x in lines if x.startswith("VmRSS")))

    def close(self):
        self.frames.kill(), self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


USABLE = """(() => { const n = performance.getEntriesByType('navigation')[0], of = name => { const e = performance.getEntriesByName(name)[0]; return e ? Math.round(e.startTime - n.responseStart) : null; };
  return {ready: of('ready'), tags: of('tags'), painted: of('first-contentful-paint'), loaded: Math.round(n.loadEventEnd - n.responseStart)}; })()"""


def usable(browser, page, port):
    """ms from the first byte until the page can be used (its handlers are there), and until it shows the tags."""
    browser.call("Page.navigate", page, url=f"http://127.0.0.1:{port}/")
    browser.until(page, "location.port !== '' && performance.getEntriesByName('tags').length > 0 && performance.getEntriesByName('first-contentful-paint').length > 0")
    return browser.run(page, USABLE)
