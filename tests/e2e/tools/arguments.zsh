# SPDX-License-Identifier: Apache-2.0
# arguments.zsh FOLDER COMMAND: the options that FOLDER's functions give to _arguments for a command; without one, the commands.
# Specifications are "(-m --model)-m+[text]:..." or "*--template=[text]:...".
_arguments() {
  local spec
  for spec in "$@"; do
    spec=${spec#\(*\)}
    spec=${spec#\*}
    [[ $spec == -* && $spec == *\[* ]] && print -r -- "${${spec%%\[*}%[+=]}"
  done
}
_describe() { print -rl -- "${(@)${(@P)argv[-1]}%%:*}" }
compset() { false }
if [[ $2 == ocelli-convert ]]; then
  source $1/_ocelli-convert
else
  words=(ocelli "$2" -) CURRENT=3
  [[ -z $2 ]] && words=(ocelli '') CURRENT=2
  source $1/_ocelli
fi
