# SPDX-License-Identifier: Apache-2.0
# For the scripts that type a document's ```sh blocks as they stand there, in a folder that looks like a clone after `make demo`. Sourced.
# A line with "# needs ..." behind two blanks needs something that is not here, and is not typed. Nor are lines that install packages
# or clone; `make demo` is done already. Ports are the test's own. A line whose command this machine or this build does not have is
# told and left out.
work=$(mktemp -d) || exit 1
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $1"; for file in err out; do test ! -s "$file" || sed "s|^|    $file: |" "$file" | tail -20 | cut -c 1-160; done; failed=1; }
command -v jq >/dev/null || { echo "SKIP: no jq"; exit 77; }
mkdir build && ln -s "$OCELLI_BUILD" build/release && ln -s "$OCELLI_SOURCE/tools" tools && ln -s "$OCELLI_SOURCE/docs" docs
build/release/ocelli-convert tools/demo/checkpoint --name ocelli-demo -o build/demo.gguf >out || { fail convert; exit 1; }
port=$((20000 + $$ % 6600 * 3)) # and the two behind it: those of another test begin 3 further

# Where a document waits a fixed time, wait as long as it takes; a minute, as others may use the processors.
until_true() {
    end=$(($(date +%s) + 60))
    while ! "$@" >/dev/null 2>&1; do
        test "$(date +%s)" -lt $end || { echo "in vain: $*" >&2; return 1; }
        sleep 0.1
    done
}
ask() { timeout 5 "$OCELLI_BUILD/ocelli" query "udp://localhost:$port" "$@" 2>/dev/null; }
events_are() { test "$(wc -l <"$events")" -ge "$1"; }
state_is() { ask tags | grep -Eq "^$1 +$2 "; }

has_command() { # PROGRAM [SUBCOMMAND]: here, and in this build
    case $1 in
    build/release/ocelli) "$OCELLI_BUILD/ocelli" --help | grep -q "^  *$2 " ;;
    *) command -v "$1" >/dev/null ;;
    esac
}
# left_out LINE: tells why this line is not typed
left_out() {
    case $1 in
    *"  # needs "*) printf "not typed: %s\n" "$1"; return 0 ;;
    "sudo apt-get install "* | "git clone "* | "cd ocelli" | "make demo") return 0 ;;
    *"release/ocelli "*) set -- "$1" build/release/ocelli "$(expr "$1" : '.*release/ocelli \([a-z]*\)')" ;;
    *coap-client-openssl*) set -- "$1" coap-client-openssl ;;
    *"| nc "*) set -- "$1" nc ;;
    *"| socat "* | "socat "*) set -- "$1" socat ;;
    ffmpeg*) set -- "$1" ffmpeg ;;
    *) return 1 ;;
    esac
    case $1 in
    *" --recording "*) "$OCELLI_BUILD/ocelli" learn --help | grep -q -- --recording || { printf 'SKIP: no --recording: %s\n' "$1"; return 0; } ;;
    esac
    has_command "$2" "${3:-}" && return 1
    printf "SKIP: no %s %s: %s\n" "$2" "${3:-}" "$1"
}
# steps DOCUMENT: its lines, with this test's ports. Every command has to stand in a ```sh block.
steps() {
    awk '/^```/ { kind = kind ? "" : substr($0, 4) " "; next } (kind == "" && /^    /) || (kind != "" && kind != "sh ")' "$OCELLI_SOURCE/$1" |
        grep -E '^ *(build/release/|sudo |ffmpeg |coap-client|git |make |\$ )' && fail "$1: commands outside of a sh block"
    "$OCELLI_BUILD/ocelli" run --help | grep -q -- --show && show=' --show' || show=
    sed -n '/^```sh$/,/^```$/p' "$OCELLI_SOURCE/$1" | sed -e "s/ --show/$show/" -e '/^```/d' -e "s/5690/$port/g" -e "s/5683/$((port + 1))/g" -e "s/5684/$((port + 2))/g" \
        -e "s|udp://localhost|&:$port|g" -e "s|coap://localhost|&:$((port + 1))|g" -e "s|coaps://localhost|&:$((port + 2))|g" |
        while IFS= read -r line; do left_out "$line" >>"$work/left" || printf '%s\n' "$line"; done
    sort -u "$work/left" >&2
}
# type_lines FILE: as a shell that ends at the first line that fails; what is said is in out and err
type_lines() {
    (
        trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
        set -e
        . "./$1"
    ) >out 2>err
    test $? -eq 0 || fail "a line of $1 fails"
}
