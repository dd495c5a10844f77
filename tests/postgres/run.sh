#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `ocelli export` and `ocelli search --postgres` with a real PostgreSQL 17 and pgvector, Debian 13's, in a root of its own. As root; with
# the network the first time. Tells recall and time of the index. Usage: run.sh BUILD ROOT [COUNT [MODEL.gguf]]
set -u
build=$(cd "$1" && pwd) root=$2 count=${3:-20000} model=${4:-}
failed=0
fail() { echo "FAILED: $1"; failed=1; }
test -x "$root/usr/lib/postgresql/17/bin/postgres" || {
    rm -rf "$root"
    mmdebstrap --quiet --variant=apt --components=main --include=postgresql-17,postgresql-17-pgvector trixie "$root" || exit 1
}
work=$(mktemp -d) || exit 1
port=$((20000 + $$ % 6600 * 3)) url=postgresql://postgres@127.0.0.1:$port
inside() { chroot "$root" su postgres -c "$1"; }
pg() { inside "/usr/lib/postgresql/17/bin/pg_ctl -D /var/tmp/pictures $*" >>"$work/pg.log" 2>&1; }
trap 'pg -m immediate stop; rm -rf "$work" "$root/var/tmp/pictures"' EXIT
rm -rf "$root/var/tmp/pictures"
inside "/usr/lib/postgresql/17/bin/initdb -D /var/tmp/pictures --auth=trust -E UTF8 --locale=C.UTF-8" >"$work/initdb.log" 2>&1 || exit 1
cat >>"$root/var/tmp/pictures/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '/tmp'
dynamic_shared_memory_type = mmap
shared_buffers = 1GB
maintenance_work_mem = 3GB
max_wal_size = 4GB
CONF
start() { pg -l /var/tmp/pictures/log -w start || { echo "PostgreSQL does not start"; exit 1; }; }
# Every process of the server at once, as a power cut ends it; all of them are ours.
crash() {
    server=$(head -1 "$root/var/tmp/pictures/postmaster.pid") || return
    workers=$(ps -o pid= --ppid "$server")
    kill -9 $server $workers
    for again in $(seq 100); do kill -0 $server $workers 2>/dev/null || break; sleep 0.1; done
}
start
sql() { inside "psql -h 127.0.0.1 -p $port -X -At -v ON_ERROR_STOP=1 -d ${database:-postgres} -c \"$1\""; }
sql "CREATE DATABASE pictures" >/dev/null || exit 1
database=pictures url=$url/pictures

test -n "$model" || { model=$work/demo.gguf; "$build/ocelli-convert" tools/demo/checkpoint -o "$model" >/dev/null || exit 1; }
ocelli() { command=$1; shift; "$build/ocelli" "$command" -m "$model" --device cpu "$@"; }
send() { ocelli export --postgres "$url" -q "$@"; }

# Pictures: found as in the library itself.
ocelli index --library "$work/l.db" tools/demo/pictures >/dev/null || exit 1
send --library "$work/l.db" --board desk >"$work/out" || fail "export"
grep -q '^8 exported, 0 removed: 8 pictures of desk' "$work/out" || fail "export: $(cat "$work/out")"
send --library "$work/l.db" --board shelf >/dev/null || fail "a second board"
send --library "$work/l.db" --board desk | grep -q '^0 exported, 0 removed: 8 ' || fail "the same again"
ocelli search --library "$work/l.db" --json cat | jq -c '[.path, (.score * 100 | round)]' | sort >"$work/want"
ocelli search --postgres "$url" --board desk --json cat | jq -c '[.path, (.score * 100 | round)]' | sort >"$work/got"
cmp -s "$work/want" "$work/got" || fail "other answers: $(diff "$work/want" "$work/got")"
ocelli search --postgres "$url" --json -n 16 cat | jq -es 'length == 16 and .[0].score == .[1].score' >/dev/null || fail "two boards"
ocelli search --postgres "$url" --json --since 2001 --path "$PWD/tools/demo/pictures/pi" cat | jq -es 'length == 2' >/dev/null || fail "filters"
sql "UPDATE ocelli_picture SET sum = 0, tags = 'x' WHERE board = 'desk' AND id = 1" >/dev/null
sql "INSERT INTO ocelli_picture SELECT board, model, 99, taken, tags, path, sum, embedding FROM ocelli_picture WHERE board = 'desk' AND id = 2" >/dev/null
send --library "$work/l.db" --board desk | grep -q '^1 exported, 1 removed: 8 ' || fail "a changed row and one too many"

# Many: the server is killed in the middle, which is told in a line; what was sent is kept, and the next run sends the rest.
key=$(sqlite3 "$work/l.db" 'SELECT key FROM run') size=$(sqlite3 "$work/l.db" 'SELECT size FROM run')
"$build/tests/library_bench" "$work/many.db" "$count" "$key" "$size" | grep -v recall
send --library "$work/many.db" --board bench >"$work/out" 2>"$work/err" & exporter=$!
for again in $(seq 300); do
    test "$(sql "SELECT count(*) FROM ocelli_picture WHERE board = 'bench'")" = 0 || break
    sleep 0.1
done
tried=$again
crash
wait $exporter
code=$?
start
test "$tried" -lt 300 || fail "no row was sent in 30 s"
sent=$(sql "SELECT count(*) FROM ocelli_picture WHERE board = 'bench'")
test "$sent" -gt 0 || fail "nothing of it is kept"
test $code -eq 1 && test "$(wc -l <"$work/err")" -eq 1 && grep -q 'PostgreSQL: .*: what was sent before is kept' "$work/err" ||
    fail "a server that goes away: exit code $code, $(cat "$work/err")"
began=$(date +%s)
send --library "$work/many.db" --board bench >"$work/out" 2>"$work/err" || fail "after it came back: $(cat "$work/err")"
echo "$sent rows were there when the server went away; then: $(cat "$work/out"), $(($(date +%s) - began)) s with the index"
test "$(sql "SELECT count(*) || ' ' || count(DISTINCT id) FROM ocelli_picture WHERE board = 'bench'")" = "$count $count" || fail "rows are missing, or twice"
send --library "$work/many.db" --board bench | grep -q "^0 exported, 0 removed: $count " || fail "a row is another one after the crash"

# Recall: of the 10 best by comparing all, those among the 10 best by the index. 50 rows of the table are looked for.
near="SELECT q.id AS q, r.id FROM q, LATERAL (SELECT p.id FROM ocelli_picture p WHERE p.model = '$key' AND p.board = 'bench' ORDER BY p.embedding::halfvec($size) <#> q.embedding::halfvec($size) LIMIT 10) r"
cat >"$root/var/tmp/pictures/recall.sql" <<SQL
CREATE TEMP TABLE q AS SELECT id, embedding FROM ocelli_picture WHERE board = 'bench' ORDER BY id * 7919 % 1000003 LIMIT 50;
SET enable_indexscan = off;
CREATE TEMP TABLE exact AS $near;
SET enable_indexscan = on;
SET enable_seqscan = off;
SET hnsw.iterative_scan = strict_order;
SET hnsw.ef_search = 400;
CREATE TEMP TABLE warm AS $near;
\timing on
CREATE TEMP TABLE found AS $near;
\timing off
SELECT 'recall@10 ' || round(count(*) / 500.0, 4) FROM exact JOIN found USING (q, id);
SQL
inside "psql -h 127.0.0.1 -p $port -X -At -d pictures -f /var/tmp/pictures/recall.sql" | tee "$work/recall" | grep -v CREATE
recall=$(sed -n 's/^recall@10 //p' "$work/recall")
echo "time of 50 searches through the index: $(sed -n 's/^Time: //p' "$work/recall"), ef_search 400"
test "$(echo "${recall:-0} >= 0.95" | bc)" -eq 1 || fail "recall@10 is ${recall:-unknown}, not 0.95"
exit $failed
