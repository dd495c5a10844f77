#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/clients/ocelli.h in C++ without a warning, by the language that Arduino has.
cxx=${CXX:-c++}
command -v "$cxx" >/dev/null || { echo "SKIP: no C++ compiler"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$cxx" -std=gnu++11 -Wall -Wextra -Wconversion -Wshadow -Werror "$here/sketch.cpp" -o "$work/sketch" || exit 1
"$work/sketch" || { echo "FAIL step $?"; exit 1; }
