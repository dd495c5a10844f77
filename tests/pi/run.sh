#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh FOLDER ARM64: ocelli with Debian 13's Vulkan driver of a Raspberry Pi 4 and 5, under qemu-user, on a pretended GPU (tools/v3dmeter).
# ocelli finds it, and takes it if a GPU is wanted. The pipelines of pipelines.c compile without spills that spills.txt does not accept.
# The validation layer, which knows the GPU's limits, stays silent. Nothing executes there: no result and no time is looked at.
# OCELLI_LONG=1: every pipeline; else those of the best form. ARM64: folder of tests/arm64/build.sh.
set -u
out=$1 arm64=$2
here=$(cd "$(dirname "$0")" && pwd)
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static mmdebstrap; do
    command -v $tool >/dev/null || { echo "SKIP: no $tool: install gcc-aarch64-linux-gnu, qemu-user-static and mmdebstrap"; exit 77; }
done
mkdir -p "$out" && out=$(cd "$out" && pwd)
driver=$out/driver
sh "$here/driver.sh" "$out" || exit 1
sh "$here/../arm64/build.sh" "$arm64" ocelli pi_pipelines || exit 1
arm64=$(cd "$arm64" && pwd)
failed=0
fail() { echo "FAILED: $1"; failed=1; }

# The driver compiles anew: what it kept would have no line in its report.
OCELLI_SOURCE=$(cd "$here/../.." && pwd)
# Debian 12's packages, which are only extracted, have libraries in /lib too.
export OCELLI_SOURCE OCELLI_CACHE='' MESA_SHADER_CACHE_DISABLE=1
export V3D_LIBRARIES="$arm64/root/usr/lib/aarch64-linux-gnu:$arm64/root/lib/aarch64-linux-gnu"
on() { "$driver/v3d" "$@"; } # 42|71 PROGRAM...

check_device() { # 42|71 NAME
    OCELLI_DEVICE=gpu on "$1" "$arm64/ocelli/ocelli" info >"$out/info-$1" 2>&1 || fail "$2: info"
    grep -q "^used  *$2.*(asked for)" "$out/info-$1" || { fail "$2 is not taken where a GPU is asked for"; cat "$out/info-$1"; }
    OCELLI_DEVICE=auto on "$1" "$arm64/ocelli/ocelli" info >"$out/info-$1" 2>&1 || fail "$2: info"
    grep -q "^used  *cpu.*($2.* is known to be slower)" "$out/info-$1" || { fail "$2: auto takes it"; cat "$out/info-$1"; }
}

compile() { # 42|71
    OCELLI_DEVICE=gpu OCELLI_VALIDATE=1 V3D_DEBUG=shaderdb on "$1" "$arm64/ocelli/tests/pi_pipelines" >"$out/made-$1" 2>&1
    echo "exit $?" >>"$out/made-$1"
}

# The driver's report of a pipeline, the last one before our line "made", with what spills.txt accepts of it.
judge() { # 42|71 NAME LEAST
    grep -qx 'exit 0' "$out/made-$1" || { fail "$2: pipelines"; grep -v -e '^asked' -e SHADER-DB "$out/made-$1" | tail -n 20; }
    awk -v gpu="$1" -v name="$2" -v least="$3" '
        FNR == NR { if ($1 == gpu) accepted[$2] = $3; next }
        /^asked$/ { spills = -1 }
        /SHADER-DB.* spills:fills/ { match($0, /[0-9]+:[0-9]+ spills/); spills = substr($0, RSTART) + 0; split(substr($0, RSTART), both, ":"); fills = both[2] + 0 }
        /^made / {
            made++
            if (spills < 0) { print "FAILED: " name ": the driver tells nothing of " $2 " " $3; bad = 1 }
            if (spills > accepted[$2]) { print "FAILED: " name ": " $2 " " $3 ": " spills " spills, " fills " fills"; bad = 1 }
            if (spills > 0) spilling++
        }
        END {
            if (made < least) { print "FAILED: " name ": " made + 0 " pipelines, not " least; bad = 1 }
            print name ": " made + 0 " pipelines, " spilling + 0 " with spills"
            exit bad
        }' "$here/spills.txt" "$out/made-$1" || failed=1
}

# For the reader: forms that the GPU cannot run, and in a short run the other forms.
tell_left_out() { # 42|71 NAME
    sed -n 's/^made \([^ ]*\) .*/\1/p' "$out/made-$1" | sort -u >"$out/names-$1"
    echo "$2, not made: $(find "$arm64/ocelli/shaders" -name '*.h' ! -name shaders.h -exec basename {} .h \; | sort | comm -23 - "$out/names-$1" | paste -sd ' ')"
}

check_device 42 'V3D 4.2'
check_device 71 'V3D 7.1'
compile 42 & first=$!
compile 71 & second=$!
wait $first
wait $second
least=20
[ "${OCELLI_LONG:-}" != 1 ] || least=100
judge 42 'V3D 4.2' $least
judge 71 'V3D 7.1' $least
tell_left_out 42 'V3D 4.2'
tell_left_out 71 'V3D 7.1'
exit $failed
