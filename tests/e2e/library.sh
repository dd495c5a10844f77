#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libocelli shows the functions of include/ocelli.h, at most 26, and nothing else; the documents' example links with it alone. What is
# installed fits together.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
library=$OCELLI_BUILD/libocelli.so
grep -oE '\bocelli_[a-z_]+\(' "$OCELLI_SOURCE/include/ocelli.h" | tr -d '(' | sort -u >"$work/named" # also in comments
sed -n 's/^[a-z].*\b\(ocelli_[a-z_]*\)(.*/\1/p' "$OCELLI_SOURCE/include/ocelli.h" | sort >"$work/declared"
nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { print $3 }' | grep -v '^_\|^__\(asan\|odr_asan\)' | sort >"$work/shown"
failed=0
diff "$work/declared" "$work/shown" || { echo "libocelli shows (>) other functions than ocelli.h declares (<)"; failed=1; }
test "$(wc -l <"$work/declared")" -le 26 || { echo "more than 26 public functions"; failed=1; }
comm -23 "$work/named" "$work/declared" | grep . && { echo "ocelli.h speaks of functions that it does not declare"; failed=1; }
readelf -d "$OCELLI_BUILD/tests/example" | grep -q 'NEEDED.*libocelli' || { echo "the example does not use libocelli"; failed=1; }

DESTDIR=$work/root cmake --install "$OCELLI_BUILD" >/dev/null || { echo "cannot be installed"; failed=1; }
unit=$(find "$work/root" -path '*/lib/systemd/system/ocelli.service')
binary=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
test -x "$work/root$binary" || { echo "the unit starts $binary, which is not installed"; failed=1; }
grep -q "^u $(sed -n 's/^User=//p' "$unit") " "${unit%/systemd/*}/sysusers.d/ocelli.conf" || { echo "the unit's user is not made"; failed=1; }
exit $failed
