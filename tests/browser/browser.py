# SPDX-License-Identifier: Apache-2.0
# The page in a real browser: the daemon with the demo model in front of pictures that change, and Chromium driven by its own protocol.
# Usage: browser.py BUILD SOURCE FOLDER [--screenshot FILE]
# Needs chromium, and PyPI's websocket-client and axe-playwright-python (for its axe.min.js).
import argparse, json, os, pathlib, shutil, sys, tempfile, time

from chromium import Board, Browser, usable

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


AXE = """axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.impact + ' ' + v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))"""


def axe_file():
    for place in sys.path:
        found = list(pathlib.Path(place).glob("axe_playwright_python/axe.min.js")) if place else []
        if found: return found[0].read_text()
    sys.exit("no axe.min.js: pip install axe-playwright-python")


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
    board = Board(build, source, work, folder / "daemon.log")
    port, browser = board.port, Browser(work)
    try:
        page = browser.page()
        visits = [usable(browser, page, port) for _ in range(6)]
        print("        ms after the first byte:", visits)
        check(min(x["ready"] for x in visits) < 300, "usable 300 ms after the first byte")
        check(min(x["tags"] for x in visits) < 300, "the tags are shown 300 ms after the first byte")
        time.sleep(10)
        got = board.delays(browser.run(page, "told"))
        print("        ms from a frame's judgement to the paint of its event:", [round(x) for x in got])
        check(len(got) >= 8 and got[len(got) // 2] < 200, "an event is on the page within 200 ms of its frame's judgement")
        check(browser.until(page, "document.querySelectorAll('#changes img').length > 3"), "events have pictures")
        check(browser.until(page, "document.getElementById('live').naturalWidth > 0"), "there is a live picture")
        browser.run(page, "document.getElementById('words').value = 'a cat'; document.getElementById('search').requestSubmit()")
        check(browser.until(page, "document.querySelectorAll('#hits li').length > 0"), "a search finds something")
        choose(browser, page, source / "tools/demo/pictures/pizza.png")
        check(browser.until(page, "document.querySelectorAll('#hits li').length > 0 && $('hits').textContent.includes('pizza')"), "a search by picture finds it")
        check(browser.run(page, "$('like-shown').naturalWidth > 0"), "the picture that is searched for is shown")
        time.sleep(float(os.environ.get("WAIT", 20)))
        browser.run(page, "scrollTo(0, 0)")
        browser.picture(page, folder / "desktop.png", 1280, 1000, False)
        browser.picture(page, folder / "dark.png", 1280, 1000, True)
        browser.picture(page, folder / "phone.png", 390, 1600, False)
        check(browser.run(page, "document.documentElement.scrollWidth <= innerWidth"), "a phone needs no scrolling to the side")
        axe = axe_file()
        for dark in False, True:
            browser.picture(page, folder / "axe.png", 1280, 1000, dark)
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
        drawn = []
        for dark in True, False:
            browser.picture(page, folder / ("editor-dark.png" if dark else "editor.png"), 1280, 1000, dark)
            drawn.append(browser.run(page, "$('e-line').toDataURL()"))
            faults = browser.run(page, AXE)
            check(not [x for x in faults if x.startswith(("serious", "critical"))], f"axe finds nothing serious in the editor ({'dark' if dark else 'light'}): {faults}")
        check(drawn[0] != drawn[1], "the editor's last hour is drawn anew when the style changes")
        seen = {e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"}
        check(all(u.startswith((f"http://127.0.0.1:{port}/", "blob:http://127.0.0.1", "about:")) for u in seen), f"no request to another host ({len(seen)} addresses)")
        errors = [e["params"]["entry"]["text"] for e in browser.events if e.get("method") == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"]
        errors += [json.dumps(e["params"])[:300] for e in browser.events if e.get("method") == "Runtime.exceptionThrown"]
        check(not errors, f"the browser tells of no fault {errors[:3]}")
        if options.screenshot: small(folder / "desktop.png", options.screenshot)
    finally:
        browser.close()
        board.close()
        shutil.rmtree(work, ignore_errors=True)
    return len(failed)


sys.exit(1 if main() else 0)
