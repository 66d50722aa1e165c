#!/bin/bash
# Watches real traffic live, and compares: the alerts must be those of a replay of what tcpdump recorded beside it.
#
#   testdata/live/real.sh                      a choice of traffic, a browser's among it, about 4 minutes (make live-test)
#   testdata/live/real.sh --short              a few kinds, under 20 seconds (CI)
#   testdata/live/real.sh nmap_syn http_browse these (names as in testdata/make/all.sh --list)
#
# The traffic is that of testdata/make: real servers, clients and attack tools on hosts in network namespaces without
# a link to the outside. Checked for each: the alerts (rule, end points), that they were written within a second of their packet,
# that attacks raise some and harmless traffic none, that no packet was lost, and that SIGTERM ends luanids within a second. Needs root; LUANIDS names the binary (default:
# build/luanids), WORKERS how many rings (default 2), KEEP a folder for recordings and logs, ARGS more arguments for luanids.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8

SELF=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HERE=$(cd "$SELF/../make" && pwd)          # where the functions of testdata/make look for their files
LUANIDS=${LUANIDS:-$(cd "$SELF/../.." && pwd)/build/luanids}
WORKERS=${WORKERS:-2}
readonly HERE SELF LUANIDS WORKERS
readonly LIMIT_SECONDS=150
readonly SHORT=(web_attacks)
readonly CHOICE=(http_browse tls_browse web_attacks sqlmap nmap_syn nmap_sweep nmap_fin_xmas_null dns_lookup dns_tunnel_iodine
  ssh_login ssh_bruteforce smtp_mail http_ipv6 fragments reverse_shell icmp_tunnel ftp_session cooked_v2 browser)
# What must raise alerts, and what must not: the same alerts live and in the replay would also be none at all.
readonly ATTACKS=" web_attacks sqlmap nmap_syn nmap_sweep nmap_fin_xmas_null dns_tunnel_iodine ssh_bruteforce reverse_shell icmp_tunnel "
readonly HARMLESS=" http_browse tls_browse dns_lookup ssh_login smtp_mail http_ipv6 fragments ftp_session cooked_v2 browser "

# shellcheck source=testdata/make/lib.sh
source "$HERE/lib.sh"
for part in "$HERE"/captures.d/*.sh; do
  # shellcheck disable=SC1090
  source "$part"
done
# shellcheck source=testdata/live/browser.sh
source "$SELF/browser.sh"

main() {
  local names=()
  if [[ ${1:-} == --one ]]; then one "$2"; return; fi
  if ((EUID != 0)); then
    echo "testdata/live/real.sh: NOT RUN: needs root, for network namespaces and captures" >&2
    exit 77
  fi
  [[ -x $LUANIDS ]] || die "no $LUANIDS: run make build, or set LUANIDS"
  case ${1:-} in
    --short) names=("${SHORT[@]}") ;;
    "") names=("${CHOICE[@]}") ;;
    *) names=("$@") ;;
  esac
  exec 9>/run/lock/luanids-testdata.lock
  flock -w 600 9 || die "another run is in progress"
  [[ -n ${NO_INSTALL:-} ]] || install_packages "${names[@]}"
  local n failed=()
  printf '%-22s %7s %7s %7s %9s %9s %7s\n' traffic packets alerts lost p99 worst end
  for n in "${names[@]}"; do
    [[ -n ${CONTENT[$n]:-} ]] || die "no traffic is called '$n'; try testdata/make/all.sh --list"
    timeout -k 10 "$LIMIT_SECONDS" "$SELF/real.sh" --one "$n" 9>&- &
    # shellcheck disable=SC2064
    trap "kill -TERM $! 2>/dev/null; wait; net_down; exit 130" INT TERM
    wait $! || failed+=("$n")
  done
  net_down
  ((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
}

one() {
  local name=$1
  WORK=$(mktemp -d /tmp/luanids-live.XXXXXX)
  chmod 755 "$WORK"
  # shellcheck disable=SC2064
  trap "finish \$? $name" EXIT
  trap 'exit 130' INT TERM
  net_down
  net_up
  cd "$WORK"
  exec 8>&2
  "cap_$name" >"$WORK/log" 2>&1
  both_stop
  compare "$name" "$WORK/capture.pcap"
}

finish() {
  trap - EXIT
  if (($1)); then
    tail -n 20 "$WORK/log" "$WORK/live.err" >&8 2>&1 || true
    echo "testdata/live: $2 failed (status $1)" >&8
  fi
  if [[ -n ${KEEP:-} ]]; then cp -r "$WORK" "$KEEP/$2"; fi
  net_down
  rm -rf "$WORK"
  exit "$1"
}

# Some traffic ends its recording itself.
eval "$(declare -f capture | sed '1s/capture/tcpdump_start/')"
eval "$(declare -f capture_stop | sed '1s/capture_stop/tcpdump_stop/')"
NIDS=
capture() {
  local h=$1 dev=$2
  ip netns exec "$PREFIX$h" "$LUANIDS" -i "$dev" --bpf 'not dst host ff02::16' --workers "$WORKERS" --output none ${ARGS:-} \
    --json "$WORK/live.json" --eve "$WORK/live.eve" 2>"$WORK/live.err" &
  NIDS=$!
  for _ in $(seq 100); do
    grep -q '^watching ' "$WORK/live.err" && break
    kill -0 $NIDS 2>/dev/null || { cat "$WORK/live.err"; return 1; }
    sleep 0.1
  done
  tcpdump_start "$@"
}

capture_stop() { both_stop; }
both_stop() {
  [[ -n $NIDS ]] || return 0
  tcpdump_stop
  kill -USR1 "$NIDS"
  sleep 0.3
  local t=${EPOCHREALTIME/./}
  kill -TERM "$NIDS"
  wait "$NIDS" || { echo "luanids ended with status $?"; return 1; }
  ENDED=$(((${EPOCHREALTIME/./} - t) / 1000))
  NIDS=
}

# alerts FILE: what alerts are compared by.
alerts() {
  jq -r '[.rule_id // .id, .kind // .type, .src // .src_ip, .src_port // 0, .dst // .dst_ip, .dst_port // 0, .proto] | map(tostring) | join(" ")' "$1" | sort
}

compare() {
  local name=$1 pcap=$2 packets lost p99 worst
  "$LUANIDS" -f "$pcap" --bpf 'not dst host ff02::16' --output none --json "$WORK/replay.json" -q --no-progress
  alerts "$WORK/live.json" >"$WORK/live.set"
  alerts "$WORK/replay.json" >"$WORK/replay.set"
  packets=$(sed -n 's/^\([0-9,]*\) packets, .*/\1/p' "$WORK/live.err")
  lost=$(sed -n 's/^lost: \([0-9,]*\) packets dropped by the kernel/\1/p' "$WORK/live.err")
  p99=$(sed -n 's/.* at the median, \(.*\) at the 99th.*/\1/p' "$WORK/live.err")
  worst=$(sed -n 's/.* percentile, \(.*\) at most.*/\1/p' "$WORK/live.err")
  printf '%-22s %7s %7d %7s %9s %9s %5dms\n' "$name" "$packets" "$(wc -l <"$WORK/live.set")" "${lost:-0}" "${p99:--}" "${worst:--}" "$ENDED"
  if ! diff "$WORK/replay.set" "$WORK/live.set" >"$WORK/diff"; then
    echo "$name: alerts of the replay (<) and live (>) differ:"
    cat "$WORK/diff"
    return 1
  fi >&8
  if declare -F "check_$name" >/dev/null; then "check_$name" || return 1; fi
  [[ $ATTACKS != *" $name "* || -s $WORK/live.set ]] || { echo "$name: an attack raised no alert" >&8; return 1; }
  [[ $HARMLESS != *" $name "* || ! -s $WORK/live.set ]] || { echo "$name: harmless traffic raised alerts:"; cat "$WORK/live.set"; return 1; } >&8
  [[ -z $lost ]] || { echo "$name: packets were lost" >&8; return 1; }
  ((ENDED < 1000)) || { echo "$name: SIGTERM took $ENDED ms" >&8; return 1; }
  [[ ! $worst =~ ^[0-9.]+s$|[0-9]m[0-9] ]] || { echo "$name: an alert took $worst" >&8; return 1; }
}

main "$@"
