#!/bin/bash
# How much traffic luanids takes before it loses packets, with tcpdump -w for comparison. Needs root and tcpreplay.
#
#   tools/loadtest.sh [MIX.pcap]               rising rates, each for SECONDS (10); a table
#   tools/loadtest.sh --soak MINUTES PPS [MIX] one rate for long: memory must stay flat, nothing may be lost
#   tools/loadtest.sh --short                  for CI, under 20 s: a low rate without loss, then far too much: what is lost
#                                              is counted to the packet, and memory stays within bounds
#
# tcpreplay sends the mix over a veth pair between two namespaces of our own; luanids, with the rules and scripts that
# ship, or tcpdump, each in a run of its own, reads at the other end. Addresses change with each round of the mix, but not in
# a soak: a network has so many hosts, and tables of hosts fill up to their caps with ever new ones (UNIQUE=yes shows
# that). Without a mix, the captures of testdata are one. Sender and reader share the cores of this machine: the rates say how both do, not what
# luanids does on a machine of its own.
#
# LUANIDS is the binary (default build/luanids), ARGS more arguments for it, RATES the rates in packets/s, NICE the priority of
# sender and readers (-20 to 19), for a machine that does other things meanwhile.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LUANIDS=${LUANIDS:-$ROOT/build/luanids}
SECONDS_EACH=${SECONDS_EACH:-10}
RATES=${RATES:-"10000 20000 40000 60000 80000 100000 150000 200000 300000 400000"}
ARGS=${ARGS:-}
NICE=${NICE:-0}
UNIQUE=${UNIQUE:-}
readonly ROOT LUANIDS A=lnload-a$$ B=lnload-b$$

die() { echo "tools/loadtest.sh: $*" >&2; exit 1; }
if ((EUID != 0)); then
  echo "tools/loadtest.sh: NOT RUN: needs root, for network namespaces and captures" >&2
  exit 77
fi
for tool in tcpreplay tcpdump ip; do
  command -v $tool >/dev/null || { echo "tools/loadtest.sh: NOT RUN: no $tool; apt-get install tcpreplay tcpdump iproute2" >&2; exit 77; }
done
[[ -x $LUANIDS ]] || die "no $LUANIDS: run make build, or set LUANIDS"

WORK=$(mktemp -d /tmp/luanids-load.XXXXXX)
READER=
down() {
  [[ -z $READER ]] || kill -KILL "$READER" 2>/dev/null || true
  ip netns del $A 2>/dev/null || true
  ip netns del $B 2>/dev/null || true
  rm -rf "$WORK"
}
trap down EXIT
trap 'exit 130' INT TERM

up() {
  ip netns del $A 2>/dev/null || true
  ip netns del $B 2>/dev/null || true
  ip netns add $A
  ip netns add $B
  ip link add a0 netns $A mtu 9000 type veth peer name b0 netns $B mtu 9000
  local ns
  for ns in $A:a0 $B:b0; do
    ip netns exec "${ns%:*}" sysctl -qw "net.ipv6.conf.${ns#*:}.disable_ipv6=1"
    ip -n "${ns%:*}" link set "${ns#*:}" up
  done
}

# mix: the packets that are sent, all Ethernet.
mix() {
  if [[ -n ${1:-} ]]; then echo "$1"; return; fi
  command -v mergecap >/dev/null || { echo "tools/loadtest.sh: NOT RUN: no mergecap (apt-get install wireshark-common), and no mix named" >&2; exit 77; }
  local f list=()
  for f in "$ROOT"/testdata/captures/*.pcap*; do
    case $f in *cooked* | *raw_ip* | *syn_flood*) ;; *) list+=("$f") ;; esac
  done
  mergecap -a -F pcap -w "$WORK/mix.pcap" "${list[@]}"
  echo "$WORK/mix.pcap"
}

# send PPS COUNT: prints how many packets were sent, and at what rate.
send() {
  local rate=(--pps="$1")
  [[ $1 != top ]] || rate=(--topspeed)
  nice -n "$NICE" ip netns exec $A tcpreplay -i a0 -K --loop=1000000 ${UNIQUE:+--unique-ip} --limit="$2" "${rate[@]}" "$MIX" >"$WORK/send" 2>&1 || true
  SENT=$(sed -n 's/.*Successful packets: *\([0-9]*\).*/\1/p' "$WORK/send")
  ACHIEVED=$(sed -n 's/^Rated: .*Mbps, \([0-9]*\).*/\1/p' "$WORK/send")
  [[ -n $SENT ]] || { cat "$WORK/send" >&2; die "tcpreplay failed"; }
}

luanids_start() {
  # shellcheck disable=SC2086
  nice -n "$NICE" ip netns exec $B "$LUANIDS" -i b0 --output none --json "$WORK/alerts.json" $ARGS 2>"$WORK/err" &
  READER=$!
  for _ in $(seq 200); do
    grep -q '^watching ' "$WORK/err" && return
    kill -0 $READER 2>/dev/null || { cat "$WORK/err" >&2; die "luanids does not start"; }
    sleep 0.1
  done
  die "luanids does not watch"
}

# memory PID FIELD: MiB.
memory() { awk -v f="$2:" '$1 == f {printf "%d", $2 / 1024}' "/proc/$1/status"; }

# cpu PID: seconds of user and system time.
cpu() { awk -v hz="$(getconf CLK_TCK)" '{sub(/.*\) /, ""); printf "%.2f", ($12 + $13) / hz}' "/proc/$1/stat"; }

luanids_stop() {
  kill -USR1 $READER 2>/dev/null || { cat "$WORK/err" >&2; die "luanids has ended"; }
  sleep 0.3
  P99=$(sed -n 's/.* at the median, \(.*\) at the 99th.*/\1/p' "$WORK/err" | tail -1)
  PEAK=$(memory $READER VmHWM)
  CPU=$(cpu $READER)
  kill -TERM $READER
  wait $READER || { cat "$WORK/err" >&2; die "luanids ended with an error"; }
  READER=
  SEEN=$(sed -n 's/^\([0-9,]*\) packets, .*/\1/p' "$WORK/err" | tr -d ,)
  LOST=$(sed -n 's/^lost: \([0-9,]*\) packets dropped by the kernel/\1/p' "$WORK/err" | tr -d ,)
  LOST=${LOST:-0}
}

tcpdump_run() {
  nice -n "$NICE" ip netns exec $B tcpdump -i b0 -n -Z root -w "$WORK/reference.pcap" 2>"$WORK/tcpdump" &
  READER=$!
  for _ in $(seq 100); do grep -q 'listening on' "$WORK/tcpdump" && break; sleep 0.1; done
  send "$1" "$2"
  sleep 1
  kill -TERM $READER
  wait $READER || true
  READER=
  DUMP_LOST=$(sed -n 's/^\([0-9]*\) packets* dropped by kernel/\1/p' "$WORK/tcpdump")
  rm -f "$WORK/reference.pcap"
}

percent() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f%%", b ? 100 * a / b : 0}'; }

ramp() {
  UNIQUE=yes
  local r n first_dump='' first_luanids=''
  MIX=$(mix "${1:-}")
  echo "$(nproc) cores, load average $(cut -d' ' -f1 /proc/loadavg), $(uname -r); $SECONDS_EACH s each; mix: $(basename "$MIX")"
  printf '%9s | %9s %10s %8s | %9s %10s %8s %7s %7s %8s\n' 'wanted/s' 'tcpdump/s' lost share 'luanids/s' lost share 'CPU s' 'MiB' p99
  for r in $RATES; do
    n=$((r * SECONDS_EACH))
    up
    tcpdump_run "$r" $n
    local dump_rate=$ACHIEVED dump_sent=$SENT
    up
    luanids_start
    send "$r" $n
    sleep 1
    luanids_stop
    printf '%9d | %9d %10d %8s | %9d %10d %8s %7s %7d %8s\n' "$r" "$dump_rate" "$DUMP_LOST" "$(percent "$DUMP_LOST" "$dump_sent")" \
      "$ACHIEVED" "$LOST" "$(percent "$LOST" "$SENT")" "$CPU" "$PEAK" "${P99:--}"
    ((SEEN + LOST == SENT)) || echo "          of $SENT sent, $((SENT - SEEN - LOST)) are not accounted for"
    ((DUMP_LOST == 0)) || first_dump=${first_dump:-$dump_rate}
    ((LOST == 0)) || first_luanids=${first_luanids:-$ACHIEVED}
  done
  echo "first loss: tcpdump at ${first_dump:-no rate}, luanids at ${first_luanids:-no rate} packets/s"
}

soak() {
  local minutes=$1 pps=$2 i every steps base
  MIX=$(mix "${3:-}")
  up
  luanids_start
  send "$pps" $((minutes * 60 * pps)) &
  local sender=$!
  steps=$((minutes * 4)) every=15
  printf '%6s %9s %9s %9s\n' seconds 'RSS MiB' 'CPU s' 'drops'
  base=0
  for i in $(seq $steps); do
    sleep $every
    kill -USR1 $READER
    sleep 0.2
    local rss drops
    rss=$(memory $READER VmRSS)
    drops=$(sed -n 's/^  capture.kernel_drops *\([0-9,]*\)/\1/p' "$WORK/err" | tail -1)
    printf '%6d %9d %9s %9s\n' $((i * every)) "$rss" "$(cpu $READER)" "${drops:-0}"
    # A fifth of the time is for tables to fill: flows live until their time-outs.
    ((i * 5 > steps || base)) || true
    if ((i * 5 >= steps && base == 0)); then base=$rss; fi
  done
  wait $sender
  sleep 1
  local rss
  rss=$(memory $READER VmRSS)
  luanids_stop
  echo "seen $SEEN, lost $LOST; resident memory $base MiB after a fifth of the time, $rss MiB at the end, $PEAK MiB at most; CPU $CPU s; alerts within ${P99:--} (99th percentile)"
  ((LOST == 0)) || die "packets were lost"
  ((rss <= base + base / 5 + 16)) || die "memory grew from $base to $rss MiB"
}

short() {
  MIX=$(mix)
  up
  luanids_start
  send 2000 8000
  sleep 0.5
  luanids_stop
  echo "2000 packets/s: sent $SENT, seen $SEEN, lost $LOST, $PEAK MiB"
  ((SEEN + LOST == SENT)) || die "of $SENT packets $((SENT - SEEN - LOST)) are not accounted for"
  ((LOST == 0)) || die "packets were lost at a rate that any machine should take"
  local quiet=$PEAK
  up
  ARGS="$ARGS --set capture.ring_size=4mb --workers 1" luanids_start_with
  send top 300000
  sleep 1
  luanids_stop
  echo "$ACHIEVED packets/s into a ring of 4 MiB: sent $SENT, seen $SEEN, lost $LOST, $PEAK MiB"
  ((SEEN + LOST == SENT)) || die "of $SENT packets $((SENT - SEEN - LOST)) are not accounted for"
  ((PEAK < quiet + 600)) || die "memory grew from $quiet to $PEAK MiB"
}
luanids_start_with() { luanids_start; }

case ${1:-} in
  --soak) [[ $# -ge 3 ]] || die "--soak MINUTES PPS [MIX]"; soak "$2" "$3" "${4:-}" ;;
  --short) short ;;
  -*) die "unknown option $1: see the head of this script" ;;
  *) ramp "${1:-}" ;;
esac
