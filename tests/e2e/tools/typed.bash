# SPDX-License-Identifier: Apache-2.0
# typed.bash FILE: what FILE's completion offers for the command line OCELLI_TYPED, which bash has cut into words at spaces, = and :.
source "$1" || exit 1
COMP_LINE=$OCELLI_TYPED
COMP_POINT=${#COMP_LINE}
mapfile -t COMP_WORDS < <(sed 's/[=:]\+/\n&\n/g; s/ \+/\n/g' <<<"$COMP_LINE")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
before=$(shopt)
"$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \([^ ]*\) .*/\1/')" "${COMP_WORDS[0]}"
[[ $(shopt) = "$before" ]] || echo "the shell's options were changed"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
