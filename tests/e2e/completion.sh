#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completion and documents against --help:
# bash and zsh complete each option of each command, and no other. docs/cli.md tells each option and
# none that is not there; for run and learn docs/run.md does. Then values, files and addresses in bash, as typed.
set -u
command -v bash >/dev/null || { echo "SKIP: no bash"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $1"; failed=1; }
completion=$OCELLI_SOURCE/tools/completion
PATH=$OCELLI_BUILD:$PATH
# What bash offers when this is typed, a line each.
typed() { (cd "$work/place" && OCELLI_TYPED=$1 bash "$OCELLI_SOURCE/tests/e2e/tools/typed.bash" "$completion/ocelli.bash"); }
same() { # WHAT FILE FILE
    diff "$2" "$3" >"$work/diff" || { fail "$1"; cat "$work/diff"; }
}
options() { # of a help text or a document
    grep -oE -e '(^|[^[:alnum:]-])(--[a-z][a-z-]+|-[a-zA-Z])([^[:alnum:]-]|$)' | grep -oE -e '-(-[a-z][a-z-]+|[a-zA-Z])' | sort -u
}
help_of() { if [ "$1" = ocelli-convert ]; then ocelli-convert --help; elif [ -z "$1" ]; then ocelli --help; else ocelli "$1" --help; fi; }
mkdir "$work/place"

commands=$(ocelli --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
test "$(echo "$commands" | wc -l)" -ge 13 || fail "ocelli --help lists no commands"
echo "$commands" | sort >"$work/want"
typed 'ocelli ' | sort >"$work/got"
same "bash: the commands" "$work/want" "$work/got"

section() { # TITLE: of docs/cli.md, up to the next of its level
    awk -v title="## $1" '/^## / { on = $0 == title } on' "$OCELLI_SOURCE/docs/cli.md"
}
# An option's row of a table, and the usage.
told() { grep -E '^(\| `-|    ocelli|    +\[?-)' | sed 's/^\(| `[^|]*|\).*/\1/' | options; }
section 'What all commands share' | told >"$work/shared"
test "$(wc -l <"$work/shared")" -ge 8 || fail "docs/cli.md has no table of shared options"

for command in $commands ocelli-convert; do
    # Options stand at the beginning of a line: "  -m, --model BLOB" or "      --json".
    help_of "$command" | sed -n 's/^ \{2,6\}\(\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\)\).*/\1/p' | options >"$work/want"
    test -s "$work/want" || fail "$command --help shows no options"
    line="ocelli $command -"
    [ "$command" = ocelli-convert ] && line='ocelli-convert -'
    typed "$line" | sort >"$work/got"
    same "bash: the options of $command" "$work/want" "$work/got"
    case $command in
    run | learn)
        sed '/^## Keys/q' "$OCELLI_SOURCE/docs/run.md" >"$work/document"
        [ "$command" = run ] || sed -i '/only `run` has it/d; /^    ocelli run/d' "$work/document"
        told <"$work/document" | cat - "$work/shared" ;;
    query | watch) section "ocelli $command" | cat - "$work/query" 2>/dev/null | told; printf '%s\n' -h --help ;;
    password) section "ocelli $command" | told; printf '%s\n' -h --help ;;
    ocelli-convert) section ocelli-convert | told ;;
    *) section "ocelli $command" | told | cat - "$work/shared" ;;
    esac | sort -u >"$work/got"
    [ "$command" = query ] && section 'ocelli query' >"$work/query"
    same "docs: the options of $command (< help, > document)" "$work/want" "$work/got"
done
printf '%s\n' -h --help -V --version | sort >"$work/want"
typed 'ocelli -' | sort >"$work/got"
same "bash: ocelli itself" "$work/want" "$work/got"

# zsh: what the functions give to _arguments.
if command -v zsh >/dev/null; then
    for command in $commands ocelli-convert; do
        help_of "$command" | sed -n 's/^ \{2,6\}\(\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\)\).*/\1/p' | options >"$work/want"
        zsh "$OCELLI_SOURCE/tests/e2e/tools/arguments.zsh" "$completion" "$command" | sort -u >"$work/got"
        same "zsh: the options of $command" "$work/want" "$work/got"
    done
    zsh "$OCELLI_SOURCE/tests/e2e/tools/arguments.zsh" "$completion" '' | sort -u >"$work/got"
    ocelli --help | sed -n 's/^  \([a-z]*\)   *\([a-z].*\)/\1/p' | sort >"$work/want"
    same "zsh: the commands" "$work/want" "$work/got"
else
    echo "SKIP: zsh's part: no zsh"
fi

# Values, files, addresses. Each line: what is typed, and what is offered.
mkdir -p "$work/place/models" "$work/place/pictures"
touch "$work/place/clip.gguf" "$work/place/notes.txt" "$work/place/ocelli.ini" "$work/place/pictures/Cat.PNG" "$work/place/a b.gguf" \
    "$work/place/pictures/notes.txt" "$work/place/weights.safetensors"
offers() { # TYPED WORD...
    line=$1
    shift
    printf '%s\n' "$@" | sed '/^$/d' | sort >"$work/want"
    typed "$line" | sort >"$work/got"
    same "typed \"$line\"" "$work/want" "$work/got"
}
offers 'ocelli ru' run
offers 'ocelli bench --kind ' auto f16w dot mma
offers 'ocelli bench --kind=f' f16w
offers 'ocelli tag --device ' auto gpu cpu vulkan
offers 'ocelli tag --orientation ' exif ignore
offers 'ocelli embed --format n' npy
offers 'ocelli info -m c' clip.gguf
offers 'ocelli info --model=' clip.gguf 'a b.gguf' models pictures
offers 'ocelli run -c ' ocelli.ini models pictures
offers 'ocelli run -c ocelli.ini --s' --show
offers 'ocelli init --source ' camera: y4m:- y4m: raw: files: test:
offers 'ocelli init --source te' test:
offers 'ocelli init --source files:p' pictures
offers 'ocelli init ' models pictures
offers 'ocelli run --recording y4m:n' notes.txt
offers 'ocelli tag -m clip.gguf pictures/' pictures/Cat.PNG
offers 'ocelli embed --image pictures/Cat.PNG pictures/' pictures/Cat.PNG
offers 'ocelli embed --image pictures/Cat.PNG --te' --text
offers 'ocelli query udp' udp:// udp://localhost
offers 'ocelli query udp:' // //localhost
offers 'ocelli query udp://localhost ' ping tags prompts add set remove search status help
offers 'ocelli query --json udp://localhost st' status
offers 'ocelli query udp://localhost add ' ''
offers 'ocelli watch coaps:' //
offers 'ocelli bench -n ' ''
offers 'ocelli frob ' ''
offers 'ocelli-convert w' weights.safetensors
offers 'ocelli-convert weights.safetensors --na' --name
exit $failed
