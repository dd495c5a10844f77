#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ocelli-update and ocelli-slot of boards/image run on a folder that stands for a board. The card's partitions are files there. `mount`,
# `systemctl`, `sleep` and `sync` are stand-ins. The scripts get files that are cut, too large, of another base, with a wrong digest, or no
# update at all. They get several on the card, and two at once. They find what a power cut leaves, a damaged slot.env, and a card or a state
# partition that cannot be written. tests/image runs the same scripts in the whole image.
set -u
for tool in zstd flock; do command -v $tool >/dev/null || { echo "SKIP: no $tool"; exit 77; }; done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
board=$work/board card=$work/board/boot/firmware run=$work/board/run/ocelli-board
failed=0
fail() { echo "FAILED: $name: $1"; sed 's/^/    /' "$work/said"; failed=1; }

mkdir "$work/bin" "$work/lib"
for script in ocelli-update ocelli-slot; do
    sed "s@\(/boot/firmware\|/run/ocelli-board\|/state/\|/proc/\|/sys/class\|/etc/ocelli-base\|/usr/lib/ocelli\)@$board\1@g" \
        "$OCELLI_SOURCE/boards/image/lib/$script" >"$work/lib/$script"
    chmod 755 "$work/lib/$script"
done
printf '#!/bin/sh\n[ ! -e "%s/worn" ] || { echo "mount: write-protected" >&2; exit 1; }\n' "$board" >"$work/bin/mount"
# shellcheck disable=SC2016
printf '#!/bin/sh\ncase $1 in reboot) echo reboot >>"%s/reboots" ;; show) echo 7 ;; *) [ ! -e "%s/hangs" ] ;; esac\n' "$board" "$board" >"$work/bin/systemctl"
printf '#!/bin/sh\n' | tee "$work/bin/sleep" >"$work/bin/sync"
chmod 755 "$work"/bin/*
PATH=$work/bin:$PATH

new_board() { # SLOT: of the two that runs
    rm -rf "$board"
    mkdir -p "$card" "$run" "$board/state/system" "$board/proc/sys/vm" "$board/usr/lib/ocelli" "$board/etc" "$board/dev" \
        "$board/sys/class/block/card2" "$board/sys/class/block/card3"
    echo 4096 | tee "$board/sys/class/block/card2/size" >"$board/sys/class/block/card3/size"
    echo old | tee "$board/dev/card2" >"$board/dev/card3"
    echo "$board/dev/card" >"$run/partitions"
    : >"$run/faults"
    echo debian >"$board/etc/ocelli-base"
    cp "$work"/lib/* "$board/usr/lib/ocelli/"
    starts "$1"
    printf 'slot=%s\n' "$1" >"$card/slot.env"
}
starts() { # SLOT
    echo "quiet ocelli.slot=$1 ro" >"$board/proc/cmdline"
    case $1 in a) echo 2 ;; *) echo 3 ;; esac >"$run/root-partition"
}
update() { "$work/lib/ocelli-update" "$@" >"$work/said" 2>&1; }
slot() { "$work/lib/ocelli-slot" "$@" >"$work/said" 2>&1; }
env_is() { [ "$(tr '\n' ' ' <"$card/slot.env")" = "$1 " ] || fail "slot.env: $(tr '\n' ' ' <"$card/slot.env")"; }
told() { grep -q -e "$1" "$run/faults" "$board/state/system/update-failed" || fail "not told: $1"; }
untouched() { [ "$(cat "$board/dev/card3")" = old ] || fail "it was written"; env_is slot=a; }
refused() { # WORDS: told, off the card, nothing written
    update --from-card && fail "it is taken"
    told "$1"
    untouched
    ls "$card"/*.update >/dev/null 2>&1 && fail "it stays on the card, and is tried at each start"
}

mkdir "$work/made"
make_update() { # FILE VERSION [BASE] [SIZE] [DIGEST]
    head -c 700000 /dev/urandom >"$work/made/root.ext4"
    sum=$(sha256sum "$work/made/root.ext4" | cut -d' ' -f1)
    printf 'version=%s\nbase=%s\nsize=%s\nsha256=%s\n' "$2" "${3:-debian}" "${4:-700000}" "${5:-$sum}" >"$work/made/about"
    zstd -q -f "$work/made/root.ext4" -o "$work/made/root.ext4.zst"
    tar -cf "$1" -C "$work/made" about root.ext4.zst
}
make_update "$work/good" 0.2.0
cp "$work/made/root.ext4" "$work/good.root"
written() { cmp -s "$board/dev/card3" "$work/good.root" || fail "it is not in the slot"; env_is "slot=a try=b left=3"; }

name="from the card"
new_board a
cp "$work/good" "$card/ocelli-0.2.0.update"
mkdir "$card/zz.update"
update --from-card || fail "refused"
written
[ ! -e "$card/ocelli-0.2.0.update" ] || fail "it stays on the card"
[ -e "$board/reboots" ] || fail "it is not started"
name="from a pipe"
new_board a
update - <"$work/good" || fail "refused"
written
new_board a
# shellcheck disable=SC2002
cat "$work/good" | update - || fail "refused"
written
name="of a file"
new_board a
update "$work/good" || fail "refused"
written

name="older ones beside it"
new_board a
make_update "$card/ocelli-0.9.0.update" 0.9.0
cp "$work/good" "$card/ocelli-0.10.0.update"
update --from-card || fail "refused"
written
ls "$card"/*.update >/dev/null 2>&1 && fail "an older one stays, and would be next"

name="cut short"
for size in 0 100 700 1024 5000 300000; do
    new_board a
    head -c $size "$work/good" >"$card/x.update"
    update --from-card && fail "$size bytes are taken"
    told "update: "
    env_is slot=a
    [ ! -e "$card/x.update" ] || fail "$size bytes stay on the card"
done
name="no update"
new_board a
head -c 100000 /dev/urandom >"$card/x.update"
refused "x.update is no update of ocelli"
name="another base"
new_board a
make_update "$card/x.update" 1 raspios
refused "made of raspios"
name="no base that is known"
new_board a
rm "$board/etc/ocelli-base"
cp "$work/good" "$card/x.update"
update --from-card || fail "refused"
name="larger than the slot"
new_board a
make_update "$card/x.update" 1 debian 3000000
refused "larger than a slot"
name="no size"
for size in "-1" " " 0 12x; do
    new_board a
    make_update "$card/x.update" 1 debian "$size" e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    refused "does not tell its size"
done
name="a wrong digest"
new_board a
make_update "$card/x.update" 1 debian 700000 0123
update --from-card && fail "it is taken"
told "does not read back"
env_is slot=a
name="names that lead elsewhere"
new_board a
(cd "$work/made" && tar -cPf "$card/x.update" about ../made/root.ext4 /etc/hostname && ln -sf /etc/passwd about && tar -cf "$card/y.update" about root.ext4.zst && rm about)
update --from-card && fail "a link is taken"
env_is slot=a
update --from-card && fail "it is taken"
env_is slot=a
rm "$work/made"/*

name="an update on trial"
new_board a
printf 'slot=b\ntry=a\nleft=2\n' >"$card/slot.env"
cp "$work/good" "$card/x.update"
update --from-card && fail "it is taken"
[ "$(cat "$board/dev/card3")" = old ] || fail "the slot that is known to work was written"
[ -e "$card/x.update" ] || fail "the file is gone"
name="two at once"
new_board a
flock "$run/update.lock" "$work/lib/ocelli-update" - <"$work/good" >"$work/said" 2>&1 && fail "the second is taken"
grep -q "another update is being written" "$work/said" || fail "not told"
untouched
name="the card cannot be written"
new_board a
touch "$board/worn"
cp "$work/good" "$card/x.update"
update --from-card && fail "it is taken"
told "the card cannot be written"
untouched
name="the state partition cannot be written"
new_board a
rm -r "$board/state" && touch "$board/state"
cp "$work/good" "$card/x.update"
update --from-card || fail "refused"
written
[ ! -e "$card/x.update" ] || fail "it stays on the card"
new_board a
rm -r "$board/state" && touch "$board/state"
echo none >"$card/x.update"
update --from-card && fail "it is taken"
grep -q "no update of ocelli" "$run/faults" || fail "not told"
name="the power is cut before the file is removed"
new_board a
cp "$work/good" "$card/x.update"
update --from-card || fail "refused"
cp "$work/good" "$card/x.update"
tar -xOf "$work/good" about | sed -n 's/^sha256=//p' >"$board/state/system/update-written"
starts b
slot ready || fail "not kept"
env_is slot=b
update --from-card || fail "refused"
[ "$(cat "$board/dev/card2")" = old ] || fail "it is written once more"
[ ! -e "$card/x.update" ] || fail "it stays on the card"

name="slot.env is damaged"
for text in "" "slot=" "slot=x" "\\0\\0\\0" "left=3"; do
    new_board b
    # shellcheck disable=SC2059
    printf "$text" >"$card/slot.env"
    slot try a || fail "no update after \"$text\""
    env_is "slot=b try=a left=3"
done
new_board a
printf 'try=b\nleft=0\n' >"$card/slot.env"
slot ready || fail "ready"
env_is slot=a
told "did not get ready"
name="a try of what runs, or of no slot"
new_board a
for other in a c ""; do slot try "$other" && fail "\"$other\" is taken"; env_is slot=a; done
name="it cannot be kept"
new_board a
printf 'slot=b\ntry=a\nleft=2\n' >"$card/slot.env"
touch "$board/worn"
slot ready && fail "it says that it is kept"
told "cannot be kept"
[ $failed = 0 ] && echo "all as it should be"
exit $failed
