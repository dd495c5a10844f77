#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A flashed board reads the text file on its card; a folder stands for the board's /. The test writes good files as every system writes
# them, and each kind of bad input. It tries models, and a state partition that is full. Changes over the network have to stay. The program
# is killed while it writes: SETTINGS_KILLS=200 does so more often (tests/e2e/tools/settings_kills.py). OCELLI_BUILD, OCELLI_SOURCE,
# OCELLI_MODEL as in cli.sh.
# shellcheck disable=SC1111
set -u
. "$OCELLI_SOURCE/tests/e2e/tools/daemon.sh"
export OCELLI_DEVICE=cpu
settings=$OCELLI_BUILD/ocelli-settings
root=$work/root
card=$root/boot/firmware run=$root/run/ocelli-board etc=$root/state/ocelli/etc
ini=$etc/ocelli.ini
port=56913
key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f anna@laptop"

# A board without state, with an empty card.
new_board() {
    rm -rf "$root"
    mkdir -p "$card/models" "$root/etc" "$root/state" "$root/proc/device-tree" "$root/usr/share/zoneinfo/Europe" "$root/usr/share/ocelli/models" \
        "$root/usr/share/ocelli/boards/pi4" "$root/usr/share/ocelli/boards/pi5"
    printf 'raspberrypi,4-model-b\0brcm,bcm2711\0' >"$root/proc/device-tree/compatible"
    printf 'raspberrypi,400\nbrcm,bcm2711\n' >"$root/usr/share/ocelli/boards/pi4/compatible"
    printf 'brcm,bcm2712\n' >"$root/usr/share/ocelli/boards/pi5/compatible"
    printf '[run]\ndevice = cpu\nthreads = 3\nmodel = no.gguf\n[serve]\nserial = /dev/ttyNone@9600\n' >"$root/usr/share/ocelli/boards/pi4/ocelli.ini"
    printf 'root:!:19000:0:99999:7:::\nocelli:!:19000::::::\n' >"$root/etc/shadow"
    printf 'TZif2' >"$root/usr/share/zoneinfo/Europe/Berlin"
    printf 'no zone' >"$root/usr/share/zoneinfo/zone.tab"
    cp "$model" "$root/usr/share/ocelli/models/demo.gguf"
}
apply() {
    "$settings" apply --root "$root" "$@" >out 2>err || fail "$name: exit code $?"
    cmp -s err "$run/faults" || fail "$name: the faults are not those that were said"
}
# told WORDS: a fault has them
told() { grep -qF -e "$1" "$run/faults" || { fail "$name: not told: $1"; cat "$run/faults"; }; }
chosen() { test "$(readlink "$run/model.gguf")" = "../../$1" || fail "$name: model is $(readlink "$run/model.gguf") and not $1"; }
good() { test ! -s "$run/faults" || { fail "$name: there are faults"; cat "$run/faults"; }; }
has() { grep -qxF -e "$2" "$1" || { fail "$name: $1 has no line $2"; cat "$1"; }; }
has_not() { ! grep -qF -e "$2" "$1" || fail "$name: $1 has $2"; }
# What `ocelli run` would start with: paths of the board are below the root.
accepted() {
    sed "s|= /run|= $root/run|; s|= /boot|= $root/boot|; s|= /var/lib/ocelli|= $root/state/ocelli/lib|" "$ini" >"$etc/checked.ini"
    "$ocelli" check -c "$etc/checked.ini" >out 2>err || fail "$name: ocelli check refuses the ini"
    rm "$etc/checked.ini"
}

name="a good file"
new_board
cat >"$card/ocelli.txt" <<END
[board]
name = attic
timezone = Europe/Berlin
[wifi]
name = Käse # 7
password = pass "word" #1
country = de
hidden = yes
[WiFi]
name = " two "
password = 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
[wifi]
name = café
[login]
ssh_key = $key
ssh_key = no-pty,from="10.0.0.1 x" $key
password = secret words
[run]
rate = 5
[source]
uri = test:
[serve]
udp = $port
key = phone:0123456789abcdef0123456789abcdef
[tag cat]
on = 0.05
END
apply
good
has "$run/hostname" attic
has "$run/timezone" Europe/Berlin
test "$(readlink -f "$run/localtime")" = "$root/usr/share/zoneinfo/Europe/Berlin" || fail "$name: localtime leads elsewhere"
test "$(stat -c %a "$run/wpa_supplicant.conf" "$run/shadow" "$etc/keys" | tr '\n' ' ')" = "600 640 600 " || fail "$name: the secrets' permissions"
for line in country=DE "	ssid=4bc3a4736520232037" "	psk=d49bf4b78758a3a7de81d8a8962cbe7c9df70c95abf7655c690a511c130cc00b" "	scan_ssid=1" "	ssid=2074776f20" "	key_mgmt=WPA-PSK" "	ssid=636166c3a9" \
    "	psk=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" "	key_mgmt=NONE"; do has "$run/wpa_supplicant.conf" "$line"; done
test "$(grep -c network= "$run/wpa_supplicant.conf")" -eq 3 || fail "$name: not three networks"
has "$run/authorized_keys" "$key"
test "$(wc -l <"$run/authorized_keys")" -eq 2 || fail "$name: not two keys"
test -e "$run/ssh-wanted" || fail "$name: no ssh"
has "$etc/keys" phone:0123456789abcdef0123456789abcdef
for line in "rate = 5" "uri = test:" "udp = $port" "[tag cat]" "device = cpu" "threads = 3" "serial = /dev/ttyNone@9600" "coaps = 5684" "psk = keys" \
    "model = /run/ocelli-board/model.gguf" "state = /var/lib/ocelli"; do has "$ini" "$line"; done
for secret in phone: secret pass Käse "no.gguf" ssh-ed25519; do has_not "$ini" "$secret"; done
grep -q '^root:\$[y6]\$' "$run/shadow" || fail "$name: root has no password"
has "$run/shadow" "ocelli:!:19000::::::"
python3 - "$run/shadow" <<'END' || fail "$name: the password does not fit its hash"
import sys, warnings
warnings.simplefilter("ignore")
try: import crypt
except ImportError: sys.exit(0)
h = open(sys.argv[1]).readline().split(":")[1]
sys.exit(crypt.crypt("secret words", h) != h or crypt.crypt("secret word", h) == h)
END
cmp -s "$(readlink -f "$run/model.gguf")" "$root/usr/share/ocelli/models/demo.gguf" || fail "$name: not the demo model"
accepted
cp "$ini" first.ini
cp "$card/ocelli.txt" first.txt

name="forms of text"
for form in "utf-8 bom" "utf-16le bom" "utf-16be bom" "utf-16le" "utf-16be" crlf cr trailing upper hidden; do
    new_board
    python3 - "$form" first.txt "$card" <<'END' || fail "$name: $form"
import sys
form, text, card = sys.argv[1], open(sys.argv[2], encoding="utf-8", newline="").read(), sys.argv[3]
file, codec = "ocelli.txt", "utf-8"
if form == "crlf": text = text.replace("\n", "\r\n")
if form == "cr": text = text.replace("\n", "\r")
if form == "trailing": text = text.replace("\n", " \t \n").replace("[tag cat]", "\u00a0 [tag cat]")
if form == "upper": file = "OCELLI.TXT"
if form == "hidden": file, text = "ocelli.txt.txt", text.rstrip("\n")
if form.startswith("utf"): codec, text = form.split()[0], ("\ufeff" if "bom" in form else "") + text.replace("\n", "\r\n")
open(card + "/" + file, "wb").write(text.encode(codec))
END
    name="form $form"
    apply
    test "$form" = hidden && told "note: ocelli.txt.txt is taken for ocelli.txt" || good
    sed '/^$/d' "$ini" >got && sed '/^$/d' first.ini >want
    cmp -s got want || { fail "$name: another ini"; diff got want; }
    has "$run/wpa_supplicant.conf" "	ssid=4bc3a4736520232037"
    has "$run/hostname" attic
done
name="8-bit text"
new_board
printf '[wifi]\r\nname = Caf\351\r\npassword = \223geheim12\224\r\ncountry = DE\r\n' >"$card/ocelli.txt"
apply
told "ocelli.txt line 2: it is not UTF-8"
told "note: ocelli.txt line 3: the curly quotes"
has "$run/wpa_supplicant.conf" "	ssid=436166c3a9"
has "$run/wpa_supplicant.conf" '	psk="geheim12"'

name="each fault, and the rest counts"
new_board
cat >"$card/ocelli.txt" <<END
colour = red
[board]
name = my board
timezone = Europe/Atlantis
size = 3
[wifi]
name =
password = 12345678
[wifi]
name = good
password = short
[wifi]
name = kept
password = 12345678
country = Germany
hidden = perhaps
nonsense
[login]
ssh_key = ssh-ed25519 AAAA anna
ssh_key = -----BEGIN OPENSSH PRIVATE KEY-----
ssh_key = $key
[run]
modle = x.gguf
state = /mnt
device = abacus
rate = fast
[sauce]
mild = yes
[serve]
udp = $port
coap = $port
psk = keys.txt
reach = mars
serial = tty@x
key = short:0123
key = phone:0123456789abcdef0123456789abcdef
[source]
uri = tset:
[source
rotation = 45
[tag cat]
on = 0.05
[tag dog]
on = many
example = none.png
prompt = a “dog”
prompt = “a dog”
[tag cat]
prompt = again
END
apply
for line in '1: unknown key "colour"' "3: name = my board is no host name" "4: timezone = Europe/Atlantis is not known" '5: "size" is not known in [board]' \
    "7: name of [wifi] has no value" "6: [wifi] has no good name" "11: the Wi-Fi password has 5 characters" "15: country = Germany" "16: hidden = perhaps" \
    "17: expected NAME = VALUE" "19: ssh_key is damaged" "20: ssh_key is a private key" '23: unknown key "modle"' "24: state = /mnt" "25: device = abacus" \
    "26: rate = " '27: unknown section "sauce"' "31: coap = $port: that port is taken" "32: psk = keys.txt" "33: reach = mars" '34: serial "tty@x"' \
    "35: key: a key is 32" "38: uri = tset:" "39: a section ends with ']'" "45: example" "48: tag \"cat\" again"; do told "ocelli.txt line $line"; done
told "note: ocelli.txt line 47: the curly quotes around the value"
has "$run/hostname" ocelli
has "$run/timezone" Etc/UTC
test "$(grep -c network= "$run/wpa_supplicant.conf")" -eq 1 || fail "$name: not one network"
has "$run/authorized_keys" "$key"
grep -q '^root:\*:' "$run/shadow" || fail "$name: root is not locked"
for line in "udp = $port" "[tag cat]" "[tag dog]" "prompt = a dog" "uri = camera:" "coap = 5683" "on = 0.05"; do has "$ini" "$line"; done
sed -i 's/^uri = camera:/uri = test:/' "$ini"
accepted
test "$(sed -n 's/^ocelli.txt line \([0-9]*\):.*/\1/p' "$run/faults" | sort -nc 2>&1)" = "" || fail "$name: not in the order of the file"

name="passwords"
new_board
cat >"$card/ocelli.txt" <<END
[source]
uri = http://127.0.0.1:9/now.jpg
user = camera
password = camera secret
[web]
password = correct "horse"
[mqtt]
host = 127.0.0.1
user = ocelli
password = "broker secret "
tls = yes
ca = broker.pem
[tag cat]
END
echo certificate >"$card/broker.pem"
apply
good
for line in "password = web-password" "password = mqtt-password" "password = source-password" "port = 8080" "ca = /boot/firmware/broker.pem"; do has "$ini" "$line"; done
for secret in secret horse; do has_not "$ini" "$secret"; done
test "$(stat -c %a "$etc"/*-password | tr '\n' ' ')" = "600 600 600 " || fail "$name: permissions"
has "$etc/source-password" "camera secret"
has "$etc/mqtt-password" "broker secret "
page_is() {
    python3 - "$etc/web-password" "$1" <<'END' || fail "$name: the page's password is not $1"
import hashlib, sys
kind, n, r, p, salt, hashed = open(sys.argv[1]).read().split()
made = hashlib.scrypt(sys.argv[2].encode(), salt=bytes.fromhex(salt), n=1 << int(n), r=int(r), p=int(p), maxmem=1 << 27, dklen=32)
sys.exit(made.hex() != hashed)
END
}
page_is 'correct "horse"'
accepted
cp "$ini" edited.ini && cp "$etc/web-password" hash
apply
good
cmp -s "$etc/web-password" hash || fail "$name: hashed again at each start"
sed -i 's/^password = correct.*/password = another one/' "$card/ocelli.txt"
apply
good
cmp -s "$ini" edited.ini || fail "$name: another password makes another ini"
page_is "another one"
sed -i "s/^password = another.*/password = $(cat hash)/" "$card/ocelli.txt"
apply
good
cmp -s "$etc/web-password" hash || fail "$name: the hash itself"
cat >"$card/ocelli.txt" <<END
[source]
uri = test:
[web]
password = short
port = 8080
key = key.pem
[mqtt]
host = 127.0.0.1
ca = none.pem
password =
[moderation]
policy = none.ini
[web]
password = scrypt 14 8 5 00
END
apply
for line in "4: the password of [web] has to have 8 to 256" "5: nobody but the board itself can open the page" "6: key = key.pem: on a board write https = yes" \
    "9: ca = none.pem: there is no such file" "10: the password of [mqtt] has no value" "12: policy = none.ini: there is no such file" "14: the password of [web] begins with"; do
    told "ocelli.txt line $line"
done
for line in "host = 127.0.0.1" "port = 8080"; do has "$ini" "$line"; done
has_not "$ini" password
test ! -e "$etc/web-password" && test ! -e "$etc/mqtt-password" && test ! -e "$etc/source-password" || fail "$name: one stays that the card has not any more"
accepted
echo '[policy x' >"$card/none.ini"
apply
told "ocelli.txt line 12: policy = none.ini: /boot/firmware/none.ini:1: "
has_not "$ini" policy
printf '[policy a cat]\nprompt = a cat\nthreshold = 0.1\n' >"$card/none.ini"
apply
has "$ini" "policy = /boot/firmware/none.ini"
printf '[policy a cat]\nprompt = a cat\nfalse_alarms = 1%%\nlearnt = 0.1\nlearnt_for = 1%% 0123456789abcdef\n' >"$card/none.ini"
apply
told "line 12: policy = none.ini: /boot/firmware/none.ini:4: \"a cat\" has learnt with another model"
has_not "$ini" policy
accepted

name="a model without a text tower"
new_board
printf '[tag the sea]\nprompt = the open sea\n[tag cat]\nprompt = a cat\n' >cat.ini
"$OCELLI_BUILD/ocelli-convert" "$OCELLI_SOURCE/tools/demo/checkpoint" -o "$card/models/own.gguf" --no-calibrate --prompts cat.ini --no-text \
    >/dev/null 2>&1 || fail "$name: no model"
printf '[source]\nuri = test:\n[tag cat]\nprompt = a cat\non = 0.3\n[tag mug]\nprompt = my own mug\non = 0.3\n' >"$card/ocelli.txt"
apply
chosen boot/firmware/models/own.gguf
told 'ocelli.txt line 6: tag "mug": no text tower and no vector of "my own mug" in this model'
has "$ini" "[tag cat]"
has_not "$ini" "[tag mug]"
accepted

name="no file"
new_board
apply
told "ocelli.txt is not on the card"
has "$ini" "uri = camera:"
test ! -e "$run/wpa_supplicant.conf" && test ! -e "$run/ssh-wanted" || fail "$name: Wi-Fi or ssh"
printf '\r\n \000\000' >"$card/ocelli.txt"
apply
told "ocelli.txt is empty"
name="noise"
head -c 300000 /dev/urandom >"$card/ocelli.txt"
apply
told "only the first 131072 are read"
has "$ini" "model = /run/ocelli-board/model.gguf"
name="a large file"
{ cat first.txt && head -c 6000000 /dev/zero | tr '\0' '#'; } >"$card/ocelli.txt"
apply
told "only the first 131072 are read"
has "$ini" "[tag cat]"

name="changes over the network stay"
new_board
cp first.txt "$card/ocelli.txt"
apply
printf '[tag from the network]\n' >>"$ini"
cp "$ini" edited.ini
apply
good
cmp -s "$ini" edited.ini || fail "$name: gone at the next start"
sed -i 's/^password = secret.*/password = another one/' "$card/ocelli.txt" # nothing of the ini
apply
cmp -s "$ini" edited.ini || fail "$name: gone with another password"
echo '[tag dog]' >>"$card/ocelli.txt"
apply
told "note: ocelli.txt was changed, so ocelli.ini was made anew"
has "$ini" "[tag dog]"
cmp -s "$ini.before" edited.ini || fail "$name: not kept"
echo '[tag car]' >>"$card/ocelli.txt"
apply
good
cmp -s "$ini.before" edited.ini || fail "$name: lost at the next change"
rm "$card/ocelli.txt"
cp "$ini" edited.ini
apply
cmp -s "$ini" edited.ini || fail "$name: gone with the file"
printf '\n[tag cut in its mid' >>"$ini"
apply
told "the daemon refuses the ocelli.ini that was there"
sed -i 's/^uri = camera:/uri = test:/' "$ini" # a camera needs its module
accepted

name="links that lead elsewhere"
echo precious >other
for file in "$ini" "$ini.made" "$ini.before" "$etc/keys"; do ln -sf "$work/other" "$file"; done
cp first.txt "$card/ocelli.txt"
apply
good
test "$(cat other)" = precious || fail "$name: written to"
for file in "$ini" "$ini.made" "$etc/keys"; do test ! -L "$file" || fail "$name: $file is a link"; done
has_not "$ini" precious

name="a time zone that is none"
new_board
for zone in zone.tab Europe ../../../etc/shadow /etc/shadow; do
    printf '[board]\ntimezone = %s\n' "$zone" >"$card/ocelli.txt"
    apply
    told "timezone = $zone is not known"
    has "$run/timezone" Etc/UTC
done

name="models"
new_board
cp first.txt "$card/ocelli.txt"
cp "$model" "$card/models/a10.GGUF" && cp "$model" "$card/models/a9.gguf" && echo mac >"$card/models/._z.gguf" && echo text >"$card/models/z.txt"
apply
good
chosen boot/firmware/models/a10.GGUF
head -c 100000 "$model" >"$card/models/b.gguf"
apply
told "this model is not used: /boot/firmware/models/b.gguf: "
chosen boot/firmware/models/a10.GGUF
rm "$card"/models/a*
echo "no blob" >"$card/models/b.gguf"
apply
told "/boot/firmware/models/b.gguf: "
chosen usr/share/ocelli/models/demo.gguf
python3 - "$model" "$card/models/b.gguf" <<'END'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
at = b.index(b"ocelli.version") + len("ocelli.version") + 4
b[at] = 9
open(sys.argv[2], "wb").write(b)
b[at], b[len(b) // 2] = 1, b[len(b) // 2] ^ 1
open(sys.argv[2].replace("b.gguf", "c.gguf"), "wb").write(b)
END
apply
told "/boot/firmware/models/b.gguf: "
told "/boot/firmware/models/c.gguf: "
chosen usr/share/ocelli/models/demo.gguf
rm "$card"/models/*.gguf
cp "$model" "$card/models/Mine.gguf" && cp "$model" "$card/models/zz.gguf"
sed -i 's/^rate = 5/rate = 5\nmodel = mine.gguf/' "$card/ocelli.txt"
apply
good
chosen boot/firmware/models/Mine.gguf
rm "$card/models/Mine.gguf"
apply
told "model = mine.gguf: there is no such file"
chosen usr/share/ocelli/models/demo.gguf
accepted

name="no state partition"
new_board
cp first.txt "$card/ocelli.txt"
apply --state-missing "its file system is damaged"
told "its file system is damaged"
has "$run/state-path" /run/ocelli-board/state
has "$run/state/ocelli/etc/ocelli.ini" "[tag cat]"
test ! -e "$ini" || fail "$name: state was written"
echo "the card has no fourth partition" >"$run/state-missing" # of who mounted something else in its place
apply
told "the card has no fourth partition"
has "$run/state-path" /state
has "$ini" "[tag cat]"
rm "$run/state-missing"
name="an update that failed"
mkdir "$root/state/system"
echo "the update did not work" >"$root/state/system/update-failed"
apply
told "the update did not work"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=64k none "$root/state" 2>/dev/null; then
    name="a full state partition"
    ln -sfn "$root/state" disk # for the trap
    head -c 100000 /dev/zero >"$root/state/filler" 2>/dev/null
    apply_said() { "$settings" apply --root "$root" >out 2>err || fail "$name: exit code $?"; }
    apply_said
    told "there is no good state partition"
    told "No space left"
    has "$run/state/ocelli/etc/ocelli.ini" "[tag cat]"
    rm "$root/state/filler"
    apply
    has "$run/state-path" /state
    has "$ini" "[tag cat]"
    head -c 100000 /dev/zero >"$root/state/filler" 2>/dev/null
    cp "$ini" edited.ini
    echo '[tag dog]' >>"$card/ocelli.txt"
    apply_said
    told "so the settings of before go on"
    cmp -s "$ini" edited.ini || fail "$name: the ini of before is gone"
    umount "$root/state"
    name="a state partition that cannot be written"
    mount -t tmpfs -o ro none "$root/state"
    apply_said
    told "there is no good state partition"
    umount "$root/state"
fi

name="the file on the card"
new_board
cp "$OCELLI_SOURCE/boards/image/ocelli.txt" "$card/ocelli.txt"
cp "$model" "$card/models/clip-b32.gguf"
echo certificate >"$card/broker-ca.pem"
apply
good
accepted 2>/dev/null
grep -n '^#[a-z[]' "$card/ocelli.txt" | cut -d : -f 1 >examples
test "$(wc -l <examples)" -gt 25 || fail "$name: few examples"
while read -r line; do
    sed "${line}s/^#//" "$OCELLI_SOURCE/boards/image/ocelli.txt" >"$card/ocelli.txt"
    name="the card's line $line"
    apply
    grep -v '^note: ' "$run/faults" >others
    # A Wi-Fi section needs its name, a page its password, and MQTT its broker.
    case $(sed -n "${line}p" "$card/ocelli.txt") in password\ *my\ network | country* | hidden* | port* | user* | password\ *that\ user | tls* | ca*) test "$(wc -l <others)" -eq 1 || fail "$name: faults" ;;
    *) test ! -s others || { fail "$name: faults"; cat others; } ;; esac
done <examples
name="all examples of the card"
sed 's/^#\([a-z[]\)/\1/' "$OCELLI_SOURCE/boards/image/ocelli.txt" >"$card/ocelli.txt"
apply
good

name="the status file"
new_board
cp first.txt "$card/ocelli.txt"
sed -i 's/^on = 0.05/&\nnonsense = 1/' "$card/ocelli.txt"
printf 'Raspberry Pi 4 Model B\0' >"$root/proc/device-tree/model"
apply
"$settings" status --root "$root" >out 2>err || fail "$name: exit code $?"
tr -d '\r' <"$card/ocelli-status.txt" >told
test "$(grep -c "$(printf '\r')$" "$card/ocelli-status.txt")" -eq "$(wc -l <told)" || fail "$name: not all lines end with CR LF"
for words in 'Raspberry Pi 4 Model B (defaults of "pi4")' "host name   attic" "daemon      does not answer" 'ocelli.txt line 27: unknown key "nonsense"' "udp $port coap 5683"; do
    grep -qF -e "$words" told || { fail "$name: no $words"; cat told; }
done
sed -i "s|= /run|= $root/run|; s|= /var/lib/ocelli|= $root/state/ocelli/lib|; s|^coaps.*||; s|^serial.*||" "$ini"
rm -f "$root/var" && start "$ini"
until_true 20 "$ocelli" query udp://localhost:$port ping || fail "$name: no daemon"
until_true 20 grep -q '"event":"on"\|runs:' err
"$ocelli" query udp://localhost:$port status >answer || fail "$name: no status"
until_true 5 sh -c "'$ocelli' query udp://localhost:$port status >answer; grep -q '^fault  *ocelli.txt line 27: ' answer" || fail "$name: the daemon does not tell the fault"
grep -q '^uptime_s' answer || fail "$name: no numbers beside the faults"
"$ocelli" query --json udp://localhost:$port status | jq -en 'inputs | .faults | length == 1' >/dev/null || fail "$name: not one fault"
"$settings" status --root "$root" 2>err || fail "$name: exit code $?"
tr -d '\r' <"$card/ocelli-status.txt" >told
for words in "daemon      answers" "(/usr/share/ocelli/models/demo.gguf)" "source      open (test:)" "  cat (fixed)" "tags        1"; do
    grep -qF -e "$words" told || { fail "$name: no $words"; cat told; }
done
inode=$(stat -c %i "$card/ocelli-status.txt")
"$settings" status --root "$root"
test "$(stat -c %i "$card/ocelli-status.txt")" = "$inode" || fail "$name: written again though nothing changed"
echo yet >"$run/faults"
flock "$run/card.lock" timeout 1 "$settings" status --root "$root" 2>err
test "$(stat -c %i "$card/ocelli-status.txt")" = "$inode" || fail "$name: written while another program has the card"
echo "another fault" >"$run/faults"
until_true 5 sh -c "'$ocelli' query udp://localhost:$port status | grep -q '^fault  *another fault'" || fail "$name: the file is not read again"
kill "$daemon" && wait "$daemon"
daemon=

name="wrong usage"
for words in "" "appply" "apply status" "apply --root" "apply --nonsense" "--root= apply"; do
    # shellcheck disable=SC2086
    "$settings" $words >out 2>err
    test $? -eq 2 && test "$(wc -l <err)" -eq 1 || fail "$name: \"$words\""
done
"$settings" --help >out && grep -q '^Usage: ' out || fail "$name: no help"

name="ended in the middle"
new_board
cp first.txt "$card/ocelli.txt"
python3 "$OCELLI_SOURCE/tests/e2e/tools/settings_kills.py" "$settings" "$root" "${SETTINGS_KILLS:-30}" >out 2>&1 || fail "$name"

name="units"
if command -v systemd-analyze >/dev/null && [ -d /usr/lib/systemd/system ]; then
    tree=$work/tree
    mkdir -p "$tree/usr/lib/systemd" "$tree/usr/lib/ocelli" "$tree/bin" "$tree/usr/bin" "$tree/usr/sbin"
    cp -r /usr/lib/systemd/system "$tree/usr/lib/systemd/"
    cp -r "$OCELLI_SOURCE"/boards/image/units/* "$tree/usr/lib/systemd/system/"
    sed 's|@OCELLI_BINDIR@|/usr/bin|' "$OCELLI_SOURCE/boards/generic/ocelli.service.in" >"$tree/usr/lib/systemd/system/ocelli.service"
    for file in usr/lib/ocelli/ocelli-settings usr/lib/ocelli/ocelli-state usr/lib/ocelli/ocelli-slot usr/lib/ocelli/ocelli-update bin/mount bin/sh bin/kill usr/sbin/wpa_supplicant usr/bin/ocelli; do
        cp /bin/true "$tree/$file"
    done
    for unit in "$OCELLI_SOURCE"/boards/image/units/*.*; do
        test -f "$unit" || continue
        systemd-analyze verify --man=no --root="$tree" "$(basename "$unit")" >out 2>&1 && test ! -s out || fail "$name: $(basename "$unit")"
    done
else
    echo "units: not verified: no systemd-analyze"
fi

test $failures -eq 0 || exit 1
echo ok
