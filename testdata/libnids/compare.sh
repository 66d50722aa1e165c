#!/bin/sh
# Compares the libnids face with libnids itself: compare.sh CAPTURE... (needs libnids-dev, libglib2.0-dev, a C compiler,
# tcpdump and python3). Every connection must be the same, byte for byte, or differ for a reason that its packets show.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
luanids=${LUANIDS:-$here/../../build/luanids}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
gcc -O2 -o "$tmp/streams" "$here/streams.c" -lnids -lpcap -l:libnet.so.1 -lgthread-2.0 -lglib-2.0
for capture in "$@"; do
    case $capture in *.gz) gzip -dc "$capture" > "$tmp/raw.pcap" ;; *) cp "$capture" "$tmp/raw.pcap" ;; esac
    tcpdump -r "$tmp/raw.pcap" -w "$tmp/us.pcap" 2>/dev/null # libnids reads microseconds
    echo "== $capture, all ports"
    "$here/compare.py" "$luanids" "$tmp/streams" "$tmp/us.pcap"
    echo "== $capture, ports 80 8000 8080"
    "$here/compare.py" "$luanids" "$tmp/streams" "$tmp/us.pcap" 80 8000 8080
done
