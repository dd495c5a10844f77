# SPDX-License-Identifier: Apache-2.0
# The page in a real browser: the daemon with the demo model in front of pictures that change, and Chromium driven by its own protocol.
# Usage: browser.py BUILD SOURCE FOLDER [--screenshot FILE]
# Needs chromium, and PyPI's websocket-client and axe-playwright-python (for its axe.min.js).
import argparse, base64, json, os, pathlib, shutil, signal, socket, subprocess, sys, tempfile, threading, time, urllib.request

import websocket

parser = argparse.ArgumentParser()
parser.add_argument("build"), parser.add_argument("source"), parser.add_argument("folder")
parser.add_argument("--screenshot")
options = parser.parse_args()
build, source, folder = (pathlib.Path(x).resolve() for x in (options.build, options.source, options.folder))
folder.mkdir(parents=True, exist_ok=True)
failed = []


def check(good, what):
    print(("ok      " if good else "FAILED  ") + what, flush=True)
    if not good: failed.append(what)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


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

    def page(self):
        """A page of a context of its own, so that pages share no connections."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Network", "Runtime", "Log": self.call(domain + ".enable", session)
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
        (folder / name).write_bytes(base64.b64decode(shot))

    def close(self):
        self.process.terminate()
        self.process.wait(20)


AXE = """axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.impact + ' ' + v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))"""


def axe_file():
    for place in sys.path:
        found = list(pathlib.Path(place).glob("axe_playwright_python/axe.min.js")) if place else []
        if found: return found[0].read_text()
    sys.exit("no axe.min.js: pip install axe-playwright-python")


def daemon(work, port):
    blob = pathlib.Path(os.environ.get("OCELLI_MODEL", work + "/demo.gguf"))
    if not blob.exists():
        subprocess.run([build / "ocelli-convert", source / "tools/demo/checkpoint", "-o", blob], check=True, stdout=subprocess.DEVNULL)
    pathlib.Path(work, "ocelli.ini").write_text(
        f"[run]\nmodel = {blob}\nmotion = 0\nrate = 10\ndevice = cpu\n[source]\nuri = y4m:-\nevery = yes\n[web]\nport = {port}\n"
        f"[memory]\nfile = {work}/history\nevery = 0\n[templates]\ntemplate = a photo of a {{}}.\ntemplate = {{}}\n"
        "[defaults]\non = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\ngroup = things\n[tag pizza]\ngroup = things\n[tag sailboat]\ngroup = things\n"
        "[tag an umbrella and a duck]\n")
    pictures = source / "tools/demo/pictures"
    turns = [x for _ in range(400) for name in ("cat", "pizza", "sailboat") for x in (str(pictures / f"{name}.png"), "15")]
    frames = subprocess.Popen([build / "tests/frames", "30", *turns], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return frames, subprocess.Popen([build / "ocelli", "run", "-c", work + "/ocelli.ini"], stdin=frames.stdout, stdout=subprocess.PIPE,
                                    stderr=open(folder / "daemon.log", "w"), env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})


def answers(port):
    for _ in range(600):
        try: return urllib.request.urlopen(f"http://127.0.0.1:{port}/api/changes", timeout=5).read().count(b'"seq"') > 2
        except OSError: time.sleep(0.2)
    return False


TIMES = """new Promise(r => { const n = performance.getEntriesByType('navigation')[0];
  const look = () => document.documentElement.dataset.ready ? r(performance.now() - n.responseStart) : setTimeout(look, 2); look(); })"""


def usable(browser, page, port):
    browser.call("Page.navigate", page, url=f"http://127.0.0.1:{port}/")
    browser.until(page, "location.port !== '' && !!document.getElementById('main')")
    took = browser.run(page, TIMES)
    print(f"        usable {took:.0f} ms after the first byte")
    return took


def delays(browser, page, port):
    """Milliseconds from the frame's capture to the page, less what the daemon took to judge it: the age that the API gives an event at once."""
    script = """new Promise(r => { const got = []; const s = new EventSource('/api/stream');
      s.addEventListener('change', e => { const c = JSON.parse(e.data), t = performance.now(), n = c.n;
        const look = () => Number(document.documentElement.dataset.change) >= n ? got.push({age: c.age_ms, page: performance.now() - t}) : setTimeout(look, 1);
        look(); if (got.length >= 8) { s.close(); r(got); } }); })"""
    return browser.run(page, script)


def choose(browser, page, file):
    """As a person does in the dialogue of the file picker."""
    document = browser.call("DOM.getDocument", page)["root"]["nodeId"]
    node = browser.call("DOM.querySelector", page, nodeId=document, selector="#like")["nodeId"]
    browser.call("DOM.setFileInputFiles", page, nodeId=node, files=[str(file.resolve())])


def small(source_file, to):
    """96 colours: the picture lies in the repository."""
    from PIL import Image
    Image.open(source_file).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(to, optimize=True)


def main():
    work = tempfile.mkdtemp(prefix="ocelli-browser-")
    port = free_port()
    frames, board = daemon(work, port)
    threading.Thread(target=lambda: [None for _ in board.stdout], daemon=True).start()
    browser = Browser(work)
    try:
        while not answers(port) and board.poll() is None: time.sleep(0.2)
        page = browser.page()
        usable(browser, page, port)
        check(min(usable(browser, page, port) for _ in range(5)) < 300, "usable 300 ms after the first byte")
        browser.until(page, "!!document.documentElement.dataset.change")
        time.sleep(3) # what a page fetches at its begin is over
        got = delays(browser, page, port)
        print("        ms from capture to the page's stream, and from there to the list:", [(round(x["age"]), round(x["page"])) for x in got])
        check(max(x["page"] for x in got) < 200, "an event is on the page within 200 ms of its message")
        check(browser.until(page, "document.querySelectorAll('#changes img').length > 3"), "events have pictures")
        check(browser.until(page, "document.getElementById('live').naturalWidth > 0"), "there is a live picture")
        browser.run(page, "document.getElementById('words').value = 'a cat'; document.getElementById('search').requestSubmit()")
        check(browser.until(page, "document.querySelectorAll('#hits li').length > 0"), "a search finds something")
        choose(browser, page, source / "tools/demo/pictures/pizza.png")
        check(browser.until(page, "document.querySelectorAll('#hits li').length > 0 && $('hits').textContent.includes('pizza')"), "a search by picture finds it")
        check(browser.run(page, "$('like-shown').naturalWidth > 0"), "the picture that is searched for is shown")
        time.sleep(float(os.environ.get("WAIT", 20)))
        browser.run(page, "scrollTo(0, 0)")
        browser.picture(page, "desktop.png", 1280, 1000, False)
        browser.picture(page, "dark.png", 1280, 1000, True)
        browser.picture(page, "phone.png", 390, 1600, False)
        check(browser.run(page, "document.documentElement.scrollWidth <= innerWidth"), "a phone needs no scrolling to the side")
        axe = axe_file()
        for dark in False, True:
            browser.picture(page, "axe.png", 1280, 1000, dark)
            browser.run(page, axe + "; 0")
            faults = browser.run(page, AXE)
            check(not [x for x in faults if x.startswith(("serious", "critical"))], f"axe finds nothing serious ({'dark' if dark else 'light'}): {faults}")
        browser.run(page, "openEditor('')")
        browser.run(page, """$('e-name').value = '<img src=x onerror=document.title=1>'; $('e-prompts').value = '<script>document.title=2</' + 'script>'; $('edit').requestSubmit()""")
        check(browser.until(page, "[...document.querySelectorAll('.tag-name')].some(e => e.textContent.startsWith('<img'))", 60), "a name of HTML is shown as text")
        check(browser.run(page, "document.title") == "ocelli", "it runs nothing")
        browser.run(page, "openEditor('cat')")
        browser.run(page, "$('e-try').focus(); $('e-try').click()")
        check(browser.until(page, "!$('e-line').hidden && /^On [1-9]/.test($('e-tried').textContent)", 40), "a tag is tried on the last hour: " + browser.run(page, "$('e-tried').textContent + $('e-fault').textContent"))
        for dark in True, False:
            browser.picture(page, "editor-dark.png" if dark else "editor.png", 1280, 1000, dark)
            faults = browser.run(page, AXE)
            check(not [x for x in faults if x.startswith(("serious", "critical"))], f"axe finds nothing serious in the editor ({'dark' if dark else 'light'}): {faults}")
        seen = {e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"}
        check(all(u.startswith((f"http://127.0.0.1:{port}/", "blob:http://127.0.0.1", "about:")) for u in seen), f"no request to another host ({len(seen)} addresses)")
        errors = [e["params"]["entry"]["text"] for e in browser.events if e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"]
        errors += [json.dumps(e["params"])[:300] for e in browser.events if e.get("method") == "Runtime.exceptionThrown"]
        check(not errors, f"the browser tells of no fault {errors[:3]}")
        if options.screenshot: small(folder / "desktop.png", options.screenshot)
    finally:
        browser.close()
        frames.kill(), board.send_signal(signal.SIGTERM)
        board.wait(20)
        shutil.rmtree(work, ignore_errors=True)
    return len(failed)


sys.exit(1 if main() else 0)
