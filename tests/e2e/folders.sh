#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Folders of pictures given to `ocelli tag` and `ocelli embed`, the forms --csv and --svg, and the progress line on a terminal.
# OCELLI_BUILD, OCELLI_SOURCE, OCELLI_MODEL as in cli.sh. Needs jq and python3.
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
command -v python3 >/dev/null || skip "no python3"

# run CODE LINES ARGUMENT...: must exit with CODE and say LINES lines
run() {
    code=$1 lines=$2
    shift 2
    name="ocelli $*"
    "$ocelli" "$@" >out 2>err
    got=$?
    test $got -eq "$code" || fail "$name: exit code $got, not $code"
    test "$(wc -l <err)" -eq "$lines" || fail "$name: not $lines lines on stderr"
}
tag="tag -m $model -t cat -t pizza -t sailboat"
images() { jq -r .image out | tr '\n' ' '; }

# --- what a folder holds ---

mkdir -p pics/sub/deep pics/.hidden pics/none empty
cp "$pictures/cat.png" 'pics/b, "cat".png'
cp "$pictures/cat.png" pics/.hidden/x.png
cp "$pictures/pizza.png" pics/sub/p.PNG
cp "$pictures/sailboat.png" pics/sub/deep/s.png
cp "$pictures/cat.png" pics/a.png
echo note >pics/notes.txt
ln -s . pics/self && ln -s ../.. pics/sub/deep/up && mkfifo pics/pipe.png
run 0 0 $tag --json pics
test "$(images)" = 'pics/a.png pics/b, "cat".png ' || fail "$name: $(images)"
run 0 0 $tag --json -r pics/ "$pictures/pizza.png"
test "$(images)" = "pics/a.png pics/b, \"cat\".png pics/sub/deep/s.png pics/sub/p.PNG $pictures/pizza.png " || fail "$name: $(images)"
run 0 0 $tag --json --recursive pics/sub/deep/s.png pics/.hidden
test "$(images)" = 'pics/sub/deep/s.png pics/.hidden/x.png ' || fail "$name: $(images)"
run 1 1 $tag --json empty "$pictures/cat.png"
grep -q '^ocelli: empty: no picture in this folder; -r looks into the folders in it too$' err || fail "$name: what it says"
test "$(wc -l <out)" -eq 1 || fail "$name: the other one"
run 1 1 $tag -r pics/none
run 1 1 $tag nowhere
echo rubbish >pics/bad.jpg
ln -s nowhere pics/lost.png
run 1 3 $tag -r pics
grep -q '^ocelli: pics/bad.jpg: ' err && grep -q '^ocelli: pics/lost.png: ' err || fail "$name: which"
grep -q '^ocelli: 2 of 6 pictures could not be read$' err || fail "$name: how many"

# --- embed ---

run 1 3 embed -m "$model" -r --image pics
jq -se 'map(.input)==["pics/a.png","pics/b, \"cat\".png","pics/sub/deep/s.png","pics/sub/p.PNG"] and all(.[]; .kind=="image")' out >/dev/null ||
    fail "$name: what it embeds"
run 1 1 embed -m "$model" --format npy --image pics
rm pics/bad.jpg pics/lost.png
run 0 0 embed -m "$model" --format npy -r --text cat --image pics "$pictures/pizza.png" --text dog -o all.npy
python3 - <<'EOF' || fail "$name: rows"
import ast
bytes = open("all.npy", "rb").read()
shape = ast.literal_eval(bytes[10:128].decode())["shape"]
assert shape[0] == 7 and len(bytes) == 128 + 4 * 7 * shape[1], shape
EOF
run 1 1 embed -m "$model" --format npy --image empty

# --- csv ---

run 0 0 $tag --csv --top 2 -r pics
python3 - <<'EOF' || fail "$name: rows"
import csv
rows = list(csv.DictReader(open("out", newline="", encoding="utf-8")))
assert [(r["image"], r["rank"]) for r in rows][:4] == [("pics/a.png", "1"), ("pics/a.png", "2"), ('pics/b, "cat".png', "1"), ('pics/b, "cat".png', "2")]
assert [r["tag"] for r in rows if r["rank"] == "1"] == ["cat", "cat", "sailboat", "pizza"] and len(rows) == 8
assert all(0 <= float(r["score"]) <= 1 and -1 <= float(r["cosine"]) <= 1 and len(r) == 5 for r in rows)
EOF
printf '[tag cat]\nagainst = a wall\n[tag pizza]\n' >tags.ini
run 0 0 tag -m "$model" -T tags.ini --csv "$pictures/cat.png"
head -n 1 out | grep -qx 'image,rank,tag,score,cosine,margin,rival' && grep -q ',1,cat,.*,a wall$' out && grep -q ',2,pizza,.*,$' out ||
    fail "$name: columns"
"$ocelli" tag -m "$model" -T tags.ini --json "$pictures/cat.png" >json
jq -r '.tags[0]|"\(.score),\(.cosine),\(.margin)"' json | grep -qFf - out || fail "$name: other numbers than JSON has"
for forms in "--csv --json" "--svg x.svg --csv" "--svg x.svg --json"; do run 2 1 $tag $forms pics; done

# --- svg ---

odd=$(printf 'a\001\033[31m<b>&"\377\342\200\256.png')
cp "$pictures/dog-and-balloon.png" "$odd"
run 0 0 tag -m "$model" -t 'a <dog> & "co"' -t balloon --svg tagged.svg "$odd"
test ! -s out || fail "$name: prints"
python3 - <<'EOF' || fail "$name: the drawing"
import base64, xml.etree.ElementTree as tree
text = open("tagged.svg", encoding="utf-8").read()
assert not [c for c in text if c < " " and c != "\n"] and "\u202e" not in text and len(text) < 60000
root = tree.fromstring(text)
svg = "{http://www.w3.org/2000/svg}"
texts = [t.text for t in root.iter(svg + "text")]
assert 'a <dog> & "co"' in texts and "balloon" in texts and texts[0].startswith("a??[31m<b>&\""), texts
image = root.find(svg + "image").get("href")
assert image.startswith("data:image/jpeg;base64,") and base64.b64decode(image[23:], validate=True)[:2] == b"\xff\xd8"
assert len(root.findall(svg + "rect")) >= 5
EOF
run 0 0 $tag --svg - "$pictures/cat.png"
tail -n 1 out | grep -qx '</svg>' || fail "$name: standard output"
python3 -c 'import sys; w, h = 1999, 3; sys.stdout.buffer.write(b"P6 %d %d 255\n" % (w, h) + bytes(range(256)) * (w * h * 3 // 256 + 1))' >flat.ppm
run 0 0 $tag --svg flat.svg flat.ppm
grep -q 'width="640" height="1" href=' flat.svg || fail "$name: not shrunk"
run 2 1 $tag --svg x.svg pics
run 2 1 $tag --svg x.svg pics/a.png pics/b*.png
run 2 1 $tag --svg "" pics/a.png
run 1 1 $tag --svg pics/a.png pics/a.png
run 1 1 $tag --svg x.svg nowhere.png
run 1 1 $tag --svg none/x.svg pics/a.png
test ! -e x.svg || fail "$name: written all the same"

# --- a terminal: a line that moves, and results that it does not tear ---

cat >terminal.py <<'EOF'
# terminal.py COMMAND...: what it writes to a terminal that is both its standard output and error
import fcntl, os, pty, struct, subprocess, sys, termios
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(os.environ.get("WIDTH", "80")), 0, 0))
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
os.close(theirs)
while True:
    try:
        bytes = os.read(ours, 65536)
    except OSError:
        break
    if not bytes:
        break
    sys.stdout.buffer.write(bytes)
sys.exit(child.wait())
EOF
mkdir many
i=0
while test $i -lt 400; do
    ln -s "$pictures/cat.png" many/$i.png
    i=$((i + 1))
done
echo rubbish >many/x.png
name="progress"
export TERM=xterm
python3 terminal.py "$ocelli" tag -m "$model" --device cpu --threads 1 -t cat -t pizza many >out 2>err
test $? -eq 1 || fail "$name: exit code"
python3 - <<'EOF' || fail "$name: torn, or none"
import re
screen = open("out", "rb").read().decode().replace("\r\n", "\n")
assert re.search(r"\r\d+/401 pictures  [\d.]+/s  \d+ s left\x1b\[K", screen), screen[:300]
shown = [line.split("\x1b[K")[-1] for line in screen.split("\n")] # what the last of each line leaves
assert sum(bool(re.fullmatch(r"many/\d+\.png", line)) for line in shown) == 400
assert sum(bool(re.fullmatch(r" +\d+\.\d\d%  +-?\d\.\d{3}  (cat|pizza)", line)) for line in shown) == 800
assert [line for line in shown if line.startswith("ocelli: ")] == [
    "ocelli: many/x.png: not a picture (PNG, JPEG, WebP, BMP, GIF, TGA or PNM)", "ocelli: 1 of 401 pictures could not be read"]
assert len(shown) == 400 * 3 + 3 and shown[-1] == "", shown[-3:]
EOF
python3 terminal.py "$ocelli" tag -m "$model" --device cpu --threads 1 -t cat -t pizza -q many >out 2>err
grep -q left out && fail "--quiet: progress"
TERM=dumb python3 terminal.py "$ocelli" tag -m "$model" --device cpu --threads 1 -t cat -t pizza many >out 2>err
grep -q /401 out && fail "TERM=dumb: progress"
name="a narrow terminal"
WIDTH=20 python3 terminal.py "$ocelli" tag -m "$model" --device cpu --threads 1 -t cat -t pizza many >out 2>err
tr '\r' '\n' <out | grep -q '/401 pictu' || fail "$name: no progress"
tr '\r' '\n' <out | grep '/401 ' | sed 's/.\[K.*//' | grep -q '.\{20\}' && fail "$name: a line that wraps"

exit $((failures > 0))
