#!/bin/sh
# Time of a stream.data callback that counts bytes, against libnids with the same callback in C: bench.sh CAPTURE
# (large, Ethernet, microseconds). Prints the seconds of CPU of each of three rounds and the ratio of the least.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
luanids=${LUANIDS:-$here/../../build/luanids}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/count.c" <<'C'
#include <nids.h>
#include <stdio.h>
static unsigned long long bytes;
static void tcp(struct tcp_stream *s, void **p) {
    if (s->nids_state == NIDS_JUST_EST) s->client.collect = s->server.collect = 1;
    else if (s->nids_state == NIDS_DATA) bytes += s->client.count_new + s->server.count_new;
}
int main(int c, char **v) {
    struct nids_chksum_ctl all = {0, 0, NIDS_DONT_CHKSUM, 0};
    nids_params.filename = v[1]; nids_params.scan_num_hosts = 0; nids_params.n_tcp_streams = 65536;
    if (!nids_init()) { puts(nids_errbuf); return 1; }
    nids_register_chksum_ctl(&all, 1); nids_register_tcp(tcp); nids_run(); printf("%llu bytes\n", bytes);
}
C
gcc -O2 -o "$tmp/count" "$tmp/count.c" -lnids -lpcap -l:libnet.so.1 -lgthread-2.0 -lglib-2.0
cat > "$tmp/nids.lua" <<'L'
local bytes = 0
nids.chksum_ctl { { "any", false } }
nids.register_tcp(function(tcp)
  if tcp.nids_state == nids.JUST_EST then tcp.client.collect, tcp.server.collect = true, true
  elseif tcp.nids_state == nids.DATA then bytes = bytes + tcp.client.count_new + tcp.server.count_new end
end)
nids.run()
print(bytes .. " bytes")
L
cat > "$tmp/event.lua" <<'L'
local n = 0
nids.on("stream.data", function(ev) n = n + 1 end)
L
cpu() { # the least seconds of CPU of three rounds
    for _ in 1 2 3; do
        { TIMEFORMAT='%U %S'; bash -c "TIMEFORMAT='%U %S'; time $* > /dev/null 2> $tmp/err"; } 2>&1 | tail -1
    done | awk '{ t = $1 + $2; if (!least || t < least) least = t } END { print least }'
}
c=$(cpu "$tmp/count" "$1")
face=$(cpu "$luanids" run "$tmp/nids.lua" -f "$1" --workers 1)
event=$(cpu "$luanids" -f "$1" -r none -s "$tmp/event.lua" --output none -q --workers 1)
echo "libnids $c s; register_tcp in Lua $face s; stream.data in Lua (all dissectors on) $event s"
awk -v c="$c" -v a="$face" -v b="$event" 'BEGIN { printf "ratio %.1f and %.1f (aim: at most 4)\n", a / c, b / c }'
