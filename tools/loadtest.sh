#!/bin/bash
# How much traffic luanids takes before it loses packets, with tcpdump -w for comparison. Needs root and tcpreplay.
#
#   tools/loadtest.sh [MIX.pcap]               rising rates, each for SECONDS_EACH (20); a table
#   tools/loadtest.sh --soak MINUTES PPS [MIX] one rate for long, a line a minute: memory must stay flat, nothing may be lost. It
#                                              ends MINUTES after it began to send, whatever the machine does meanwhile
#   tools/loadtest.sh --short                  for CI, under 20 s: a low rate without loss, then far too much: what is lost
#                                              is counted to the packet, and memory stays within bounds
#
# tcpreplay sends the mix over a veth pair between two namespaces of our own; luanids, with the rules and scripts that
# ship, or tcpdump, each in a run of its own, reads at the other end. Both have the same buffer: luanids RING MiB (64) in all, parted
# between its workers, tcpdump -B as much. Addresses change with each round of the mix, but not in
# a soak: a network has so many hosts, and tables of hosts fill up to their caps with ever new ones (UNIQUE=yes shows
# that). Without a mix, the captures of testdata are one. Sender and reader share the cores of this machine: the rates say how both do, not what
# luanids does on a machine of its own. READ_CPUS and SEND_CPUS (such as 0 and 1) keep them apart.
#
# LUANIDS is the binary (default build/luanids), ARGS more arguments for it, RATES the rates in packets/s or top, NICE the priority of
# sender and readers (-20 to 19), for a machine that does other things meanwhile, STOP=yes ends at the first rate at which both have lost.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LUANIDS=${LUANIDS:-$ROOT/build/luanids}
SECONDS_EACH=${SECONDS_EACH:-20}
RATES=${RATES:-"10000 20000 40000 60000 80000 100000 150000 200000 300000 400000"}
ARGS=${ARGS:-}
NICE=${NICE:-0}
RING=${RING:-64}
UNIQUE=${UNIQUE:-}
STOP=${STOP:-}
ALL=0-$(($(nproc) - 1))
READ_CPUS=${READ_CPUS:-$ALL}
SEND_CPUS=${SEND_CPUS:-$ALL}
WORKERS=$(taskset -c "$READ_CPUS" nproc)
readonly ROOT LUANIDS A=lnload-a$$ B=lnload-b$$

die() { echo "tools/loadtest.sh: $*" >&2; exit 1; }
if ((EUID != 0)); then
  echo "tools/loadtest.sh: NOT RUN: needs root, for network namespaces and captures" >&2
  exit 77
fi
for tool in tcpreplay tcpdump ip taskset; do
  command -v $tool >/dev/null || { echo "tools/loadtest.sh: NOT RUN: no $tool; apt-get install tcpreplay tcpdump iproute2" >&2; exit 77; }
done
[[ -x $LUANIDS ]] || die "no $LUANIDS: run make build, or set LUANIDS"

WORK=$(mktemp -d /tmp/luanids-load.XXXXXX)
READER='' SENDER=''
down() {
  trap - EXIT
  local ns
  for ns in $A $B; do # what runs in our namespaces, and only that
    ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
  done
  wait 2>/dev/null || true
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

# reader COMMAND...: runs it at the receiving end, with the reader's share of the machine. $! is the command itself.
reader() { exec taskset -c "$READ_CPUS" nice -n "$NICE" ip netns exec $B "$@"; }

# send PPS SECONDS [COUNT]: sets how many packets were SENT, and at what rate that was ACHIEVED.
send() {
  local rate=(--pps="$1")
  [[ $1 != top ]] || rate=(--topspeed)
  taskset -c "$SEND_CPUS" nice -n "$NICE" ip netns exec $A tcpreplay -i a0 -K --loop=1000000000 ${UNIQUE:+--unique-ip} \
    --duration="$2" ${3:+--limit="$3"} "${rate[@]}" "$MIX" >"$WORK/send" 2>&1 || true
  sent
}
sent() {
  SENT=$(sed -n 's/.*Successful packets: *\([0-9]*\).*/\1/p' "$WORK/send")
  ACHIEVED=$(sed -n 's/^Rated: .*Mbps, \([0-9]*\).*/\1/p' "$WORK/send")
  [[ -n $SENT ]] || { cat "$WORK/send" >&2; die "tcpreplay failed"; }
}

luanids_start() {
  : >"$WORK/err"
  # shellcheck disable=SC2086
  reader "$LUANIDS" -i b0 --output none --json "$WORK/alerts.json" --workers "$WORKERS" --set "capture.ring_size=$((RING / WORKERS))mb" \
    $ARGS 2>"$WORK/err" &
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

# latency: of alerts, as the last SIGUSR1 had it.
latency() {
  P50=$(sed -n 's/.*from packet to alert: \(.*\) at the median.*/\1/p' "$WORK/err" | tail -1)
  P99=$(sed -n 's/.* at the median, \(.*\) at the 99th.*/\1/p' "$WORK/err" | tail -1)
}

luanids_stop() {
  kill -USR1 $READER 2>/dev/null || { cat "$WORK/err" >&2; die "luanids has ended"; }
  sleep 0.3
  latency
  PEAK=$(memory $READER VmHWM)
  CPU=$(cpu $READER)
  kill -TERM $READER
  wait $READER || { tail -n 20 "$WORK/err" >&2; die "luanids ended with an error"; }
  READER=
  SEEN=$(sed -n 's/^\([0-9,]*\) packets, .*/\1/p' "$WORK/err" | tr -d ,)
  LOST=$(sed -n 's/^lost: \([0-9,]*\) packets dropped by the kernel/\1/p' "$WORK/err" | tr -d ,)
  LOST=${LOST:-0}
}

tcpdump_run() {
  : >"$WORK/tcpdump"
  reader tcpdump -i b0 -n -Z root -B $((RING * 1024)) -w "$WORK/reference.pcap" 2>"$WORK/tcpdump" &
  READER=$!
  for _ in $(seq 100); do grep -q 'listening on' "$WORK/tcpdump" && break; sleep 0.1; done
  send "$1" "$2"
  sleep 1
  CPU=$(cpu $READER)
  kill -TERM $READER
  wait $READER || true
  READER=
  DUMP_LOST=$(sed -n 's/^\([0-9]*\) packets* dropped by kernel/\1/p' "$WORK/tcpdump")
  rm -f "$WORK/reference.pcap"
}

percent() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f%%", b ? 100 * a / b : 0}'; }

about() {
  echo "$(nproc) cores, reading on $READ_CPUS with $WORKERS workers, sending on $SEND_CPUS, nice $NICE; load average $(cut -d' ' -f1 /proc/loadavg); $(uname -r)"
  echo "buffer $RING MiB; mix: $(basename "$MIX"), $(capinfos -Tmrzc "$MIX" 2>/dev/null | awk -F'[\t,]' '{printf "%d packets of %d bytes on average", $2, $3}')"
}

ramp() {
  UNIQUE=yes
  local r first_dump='' first_luanids=''
  MIX=$(mix "${1:-}")
  about
  echo "$SECONDS_EACH s each; CPU in seconds, for luanids with what it takes to load its rules; latency from packet to alert"
  printf '%9s | %9s %9s %7s %6s | %9s %9s %7s %6s %6s %8s %8s %5s\n' 'wanted/s' 'tcpdump/s' lost share 'CPU' 'luanids/s' lost share 'CPU' 'MiB' median p99 load
  for r in $RATES; do
    up
    tcpdump_run "$r" "$SECONDS_EACH"
    local dump_rate=$ACHIEVED dump_sent=$SENT dump_cpu=$CPU
    up
    luanids_start
    send "$r" "$SECONDS_EACH"
    sleep 1
    luanids_stop
    printf '%9s | %9d %9d %7s %6.1f | %9d %9d %7s %6.1f %6d %8s %8s %5s\n' "$r" "$dump_rate" "$DUMP_LOST" "$(percent "$DUMP_LOST" "$dump_sent")" "$dump_cpu" \
      "$ACHIEVED" "$LOST" "$(percent "$LOST" "$SENT")" "$CPU" "$PEAK" "${P50:--}" "${P99:--}" "$(cut -d' ' -f1 /proc/loadavg)"
    ((SEEN + LOST == SENT)) || echo "          of $SENT sent, $((SENT - SEEN - LOST)) are not accounted for"
    ((DUMP_LOST == 0)) || first_dump=${first_dump:-$dump_rate}
    ((LOST == 0)) || first_luanids=${first_luanids:-$ACHIEVED}
    [[ -z $STOP || -z $first_dump || -z $first_luanids ]] || break
  done
  echo "first loss: tcpdump at ${first_dump:-no rate}, luanids at ${first_luanids:-no rate} packets/s"
}

# counter NAME: as the last SIGUSR1 had it.
counter() {
  local n
  n=$(sed -n "s/^  $1 *\([0-9,]*\)\$/\1/p" "$WORK/err" | tail -1 | tr -d ,)
  echo "${n:-0}"
}

soak() {
  local minutes=$1 pps=$2 minute base=0 rss=0 drops before=0 packets packets_before=0 begun
  MIX=$(mix "${3:-}")
  up
  luanids_start
  about
  send "$pps" $((minutes * 60)) &
  SENDER=$!
  begun=$EPOCHSECONDS
  printf '%6s %9s %9s %9s %9s %9s %8s %8s %8s %5s\n' minute packets/s dropped 'RSS MiB' 'heap' 'CPU s' alerts median p99 load
  for minute in $(seq "$minutes"); do
    while ((EPOCHSECONDS < begun + minute * 60)); do
      kill -0 $READER 2>/dev/null || { tail -n 20 "$WORK/err" >&2; die "luanids has ended"; }
      sleep 1
    done
    kill -USR1 $READER
    sleep 0.3
    rss=$(memory $READER VmRSS)
    drops=$(counter capture.kernel_drops)
    packets=$(counter capture.packets)
    latency
    printf '%6d %9d %9d %9d %9s %9s %8s %8s %8s %5s\n' "$minute" $(((packets - packets_before) / 60)) $((drops - before)) "$rss" \
      "$(sed -n 's/^  memory: \(.*\) in use.*/\1/p' "$WORK/err" | tail -1 | tr -d ' ')" "$(cpu $READER)" "$(counter detect.alert)" "${P50:--}" "${P99:--}" "$(cut -d' ' -f1 /proc/loadavg)"
    before=$drops packets_before=$packets
    # A fifth of the time is for tables to fill: flows live until their time-outs.
    if ((minute * 5 >= minutes && base == 0)); then base=$rss; fi
  done
  # tcpreplay keeps its time itself, but not on a machine that stands still.
  for _ in $(seq 50); do kill -0 $SENDER 2>/dev/null || break; sleep 0.1; done
  ip netns pids $A | xargs -r kill -INT 2>/dev/null || true
  wait $SENDER || true
  SENDER=
  sent
  sleep 1
  luanids_stop
  echo "sent $SENT at $ACHIEVED packets/s, seen $SEEN, lost $LOST; resident memory $base MiB after a fifth of the time, $rss MiB at the end, $PEAK MiB at most, rings ($RING MiB) among it; CPU $CPU s; alerts within ${P99:--} (99th percentile)"
  ((SEEN + LOST == SENT)) || echo "of $SENT sent, $((SENT - SEEN - LOST)) are not accounted for"
  ((LOST == 0)) || die "packets were lost"
  ((rss <= base + base / 5 + 16)) || die "memory grew from $base to $rss MiB"
}

short() {
  MIX=$(mix)
  up
  luanids_start
  send 2000 10 8000
  sleep 0.5
  luanids_stop
  echo "2000 packets/s: sent $SENT, seen $SEEN, lost $LOST, $PEAK MiB"
  ((SEEN + LOST == SENT)) || die "of $SENT packets $((SENT - SEEN - LOST)) are not accounted for"
  ((LOST == 0)) || die "packets were lost at a rate that any machine should take"
  local quiet=$PEAK
  up
  WORKERS=1 RING=4 luanids_start
  send top 30 300000
  sleep 1
  luanids_stop
  echo "$ACHIEVED packets/s into a ring of 4 MiB: sent $SENT, seen $SEEN, lost $LOST, $PEAK MiB"
  ((SEEN + LOST == SENT)) || die "of $SENT packets $((SENT - SEEN - LOST)) are not accounted for"
  ((PEAK < quiet + 600)) || die "memory grew from $quiet to $PEAK MiB"
}

case ${1:-} in
  --soak) [[ $# -ge 3 ]] || die "--soak MINUTES PPS [MIX]"; soak "$2" "$3" "${4:-}" ;;
  --short) short ;;
  -*) die "unknown option $1: see the head of this script" ;;
  *) ramp "${1:-}" ;;
esac
