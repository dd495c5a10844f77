#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# portable_check.sh FILE...: fails if a program or library would not start on one of Debian 12 and 13, Ubuntu 22.04 and 24.04. There is a
# line for each reason: a library that is not on all of them under one name, or a symbol that the oldest of them does not have.
# OBJDUMP: of the files' machine (binutils reads them all where it was built for it).
set -u
# The oldest: Ubuntu 22.04 with glibc 2.35, OpenSSL 3.0.2, zlib 1.2.11, libpng 1.6.37, SQLite 3.37.2.
libraries='libc.so.6 libm.so.6 ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 libcrypto.so.3 libssl.so.3 libz.so.1 libpng16.so.16
    libwebp.so.7 libwebpdemux.so.2 libsqlite3.so.0 libcjson.so.1'
versions='GLIBC 2.35 OPENSSL 3.0.0 ZLIB 1.2.11 PNG16 0'
# Libraries without versions of symbols: what came after those of Ubuntu 22.04.
newer='sqlite3_(error_offset|vtab_distinct|vtab_in.*|vtab_rhs_value|db_name|value_encoding|is_interrupted|stmt_explain|.*_clientdata|set_errmsg)'
failed=0
test $# -gt 0 || { echo "portable_check.sh: no file" >&2; exit 2; }
for file; do
    "${OBJDUMP:-objdump}" -p -T "$file" 2>/dev/null | awk -v file="$file" -v libraries="$libraries" -v versions="$versions" -v newer="^$newer\$" '
    # -1, 0, 1: as a is older, the same, newer
    function compare(a, b,    m, n, i, p, q) {
        m = split(a, p, "."); n = split(b, q, ".")
        for (i = 1; i <= m || i <= n; i++) if (p[i] + 0 != q[i] + 0) return p[i] + 0 < q[i] + 0 ? -1 : 1
        return 0
    }
    function refuse(why) { print file ": " why; bad = 1 }
    BEGIN {
        n = split(libraries, list, /[ \n]+/); for (i = 1; i <= n; i++) allowed[list[i]] = 1
        n = split(versions, list, " "); for (i = 1; i < n; i += 2) most[list[i]] = list[i + 1]
    }
    $1 == "NEEDED" { seen++; if (!($2 in allowed)) refuse("needs " $2 ", which is not on all systems") }
    # What the loader itself has to know, as GLIBC_ABI_DT_RELR, has no symbol.
    NF == 4 && $1 ~ /^0x/ && $2 ~ /^0x/ && $4 !~ /_[0-9.]+$/ { refuse("needs " $4 ", which the oldest system does not have") }
    / \*UND\*/ {
        name = $NF; version = $(NF - 1); gsub(/[()]/, "", version)
        if (name ~ newer) refuse(name " is newer than the library of the oldest system")
        if (!match(version, /_[0-9.]+$/)) next
        of = substr(version, 1, RSTART - 1); number = substr(version, RSTART + 1)
        if (!(of in most)) { if (!unknown[version]++) refuse("symbols of " version ", such as " name ", are of a library that is not known here") }
        else if (compare(number, most[of]) > 0) refuse(name " is of " version ", newer than " of "_" most[of] (of == "GLIBC" ? ": link it on Debian 12 or Ubuntu 22.04" : ""))
    }
    END { if (!seen) refuse("cannot be read, or needs no library: no program of this kind"); exit bad }' || failed=1
done
exit $failed
