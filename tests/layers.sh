#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a folder of runtime/ includes what its row in LAYERS does not grant, and when it would not see that.
# Usage: layers.sh RUNTIME
check() {
    cd "$1" || return 1
    grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.[ch]' --include='*.cpp' . | awk '
    function folder_of(path) { return sub(/\/[^\/]*$/, "", path) ? path : "api" }
    BEGIN {
        while ((getline line < "LAYERS") > 0) {
            sub(/#.*/, "", line)
            n = split(line, part, /[: \t]+/)
            if (part[1] != "") known[part[1]] = 1
            for (i = 2; i <= n; i++) if (part[i] != "") granted[part[1], part[i]] = 1
        }
    }
    {
        split($0, at, ":")
        file = substr(at[1], 3)
        folder = folder_of(file)
        if (!(folder in known)) { print file ": folder " folder " has no row in LAYERS"; bad = 1; next }
        if ($0 ~ /<vulkan/ && folder != "vk") { print $0 ": Vulkan belongs to vk"; bad = 1 }
        split($0, library, /[<>]/)
        split(library[2], ours, "/")
        if (library[2] ~ /\// && ours[1] in known) { print $0 ": write it with quotes"; bad = 1 }
        if ($0 !~ /"/) next
        split($0, quoted, "\"")
        if (quoted[2] !~ /\// && folder == "api") next
        if (quoted[2] !~ /\//) { print $0 ": write the folder, as in \"base/log.h\""; bad = 1; next }
        used = folder_of(quoted[2])
        if (used != folder && !((folder, used) in granted)) { print $0 ": " folder " may not use " used; bad = 1 }
        seen++
    }
    END { if (!seen) { print "no include seen: wrong folder?"; bad = 1 }; exit bad }'
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# try GOOD|BAD FILE INCLUDE: a tree of this one file
try() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/$(dirname "$2")"
    cp "$runtime/LAYERS" "$work/tree"
    printf '%s\n#include "base/log.h"\n' "$3" >"$work/tree/$2"
    (check "$work/tree") >"$work/said" && got=GOOD || got=BAD
    test $got = "$1" || { echo "$2 with $3 is taken as $got, not $1"; failed=1; }
}

runtime=$(cd "$1" && pwd) || exit 1
failed=0
(check "$runtime") || failed=1
try GOOD clip/x.c '#include "op/op.h"'
try GOOD clip/x.c '#include <sys/mman.h>'
try GOOD vk/x.c '#include <vulkan/vulkan.h>'
try GOOD x.c '#include "x.h"'
try BAD clip/x.c '#include "vk/device.h"'
try BAD clip/x.h '  #  include "vk/device.h"'
try BAD clip/x.c '#include <vk/device.h>'
try BAD clip/x.c '#include "../vk/device.h"'
try BAD clip/deep/x.c '#include "vk/device.h"'
try GOOD op/vulkan/x.c '#include "vk/device.h"'
try GOOD op/vulkan/x.c '#include "op/backend.h"'
try GOOD op/vulkan/x.c '#include "op/vulkan/vulkan.h"'
try BAD op/x.c '#include "vk/device.h"'
try BAD op/x.c '#include "op/vulkan/vulkan.h"'
try BAD op/cpu/x.c '#include "op/vulkan/vulkan.h"'
try BAD clip/x.c '#include "op/cpu/cpu.h"'
try BAD clip/x.c '#include "image.h"'
try BAD clip/x.c '#include <vulkan/vulkan.h>'
try BAD tag/x.cpp '#include "clip/config.h"'
try BAD base/x.c '#include "blob/blob.h"'
try BAD other/x.c '#include "base/log.h"'
exit $failed
