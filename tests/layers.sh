#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a folder of runtime/ includes what its row in LAYERS does not grant.
# Usage: layers.sh RUNTIME
cd "$1" || exit 1
grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.[ch]' --include='*.cpp' . | awk '
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
        folder = file ~ /\// ? substr(file, 1, index(file, "/") - 1) : "api"
        if (!(folder in known)) { print file ": folder " folder " has no row in LAYERS"; bad = 1; next }
        if ($0 ~ /<vulkan/ && folder != "vk") { print $0 ": Vulkan belongs to vk"; bad = 1 }
        if ($0 !~ /"/) next
        split($0, quoted, "\"")
        if (quoted[2] !~ /\// && folder == "api") next
        if (quoted[2] !~ /\//) { print $0 ": write the folder, as in \"base/log.h\""; bad = 1; next }
        used = substr(quoted[2], 1, index(quoted[2], "/") - 1)
        if (used != folder && !((folder, used) in granted)) { print $0 ": " folder " may not use " used; bad = 1 }
        seen++
    }
    END { if (!seen) { print "no include seen: wrong folder?"; bad = 1 }; exit bad }'
