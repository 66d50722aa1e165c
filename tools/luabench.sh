#!/usr/bin/env bash
# Prints how many events a second Lua handlers take, on a capture, through the binary: what a run costs with the script,
# less what it costs without, for an empty callback, a read of a field, an update of a store, and a callback that counts
# the bytes of streams; then what the detectors that ship add to a run.
#
#   tools/luabench.sh CAPTURE [ROUNDS]
#
# CPU seconds, the least of ROUNDS (5), one worker. The binary is build/luanids, or what LUANIDS names. testdata/libnids/bench.sh
# compares the same with libnids.
set -euo pipefail
(($# >= 1)) || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
capture=$1 rounds=${2:-5}
luanids=${LUANIDS:-$(dirname "$0")/../build/luanids}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

count='nids.on("exit", function() nids.log("events " .. n) end)'
# The base knows the event too: what it costs to find it is not the callback's.
script() { printf 'local n = 0\nlocal s = nids.store { key = "src.ip, dst.ip, dst.port", ttl = "1h" }\n%s\n' "$2" > "$tmp/$1.lua"; }
script empty 'nids.on("packet", function(ev) end)'
script read 'nids.on("packet", function(ev) local x = ev.dst.port end)'
script store 'nids.on("packet", function(ev) s:incr(ev) end)'
script stream 'nids.on("stream.data", function(ev) n = n + #ev.data end)'
printf 'local n = 0\nnids.on("packet", function() n = n + 1 end)\n%s\n' "$count" > "$tmp/packets.lua"
printf 'local n = 0\nnids.on("stream.data", function() n = n + 1 end)\n%s\n' "$count" > "$tmp/pieces.lua"

cpu() { # least CPU seconds of a run with these scripts
    local best=
    for ((i = 0; i < rounds; i++)); do
        local t
        t=$({ TIMEFORMAT='%U %S'; time "$luanids" -f "$capture" -r none -s "$1" --output none -q --workers 1 >/dev/null 2>"$tmp/err"; } 2>&1 | awk '{ print $1 + $2 }')
        best=$(awk -v a="${best:-1e9}" -v b="$t" 'BEGIN { print a < b ? a : b }')
    done
    echo "$best"
}
events() { "$luanids" -f "$capture" -r none -s "$1" --output none --workers 1 2>&1 | sed -n 's/.*events \([0-9]*\)$/\1/p'; }

none=$(cpu none)
packets=$(events "$tmp/packets.lua")
pieces=$(events "$tmp/pieces.lua")
printf '%-28s%12s%10s%14s\n' '' events 'CPU s' 'events/s'
row() { awk -v n="$1" -v e="$2" -v t="$3" -v b="$none" 'BEGIN { d = t - b; r = "too few"; if (d > 0.005) r = int(e / d); printf "%-28s%12d%10.2f%14s\n", n, e, t, r }'; }
printf '%-28s%12s%10.2f\n' 'no script' '' "$none"
row 'empty callback, each packet' "$packets" "$(cpu "$tmp/empty.lua")"
row 'a field, each packet' "$packets" "$(cpu "$tmp/read.lua")"
row 'a store, each packet' "$packets" "$(cpu "$tmp/store.lua")"
row 'bytes of streams' "$pieces" "$(cpu "$tmp/stream.lua")"
all=$(cpu default)
awk -v t="$all" -v b="$none" 'BEGIN { printf "%-28s%12s%10.2f   %.2f times no script\n", "detectors that ship", "", t, t / b }'
